"""Who took part: dates as they are read from a file, and where the lines end."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.report.figures.plots import participation_lines

OWN = pd.DataFrame(
    {
        "coalition": "amisom",
        "state": ["UGA", "KEN", "ETH", "ZMB"],
        "cow": [500, 501, 530, 551],
        "spell": 1,
        "entry": ["2007-03-06", "2012-02-01", "2014-01-22", "2013-05-01"],
        "exit": [None, None, "2018-09-15", "2015-01-01"],
        "exit_kind": ["ongoing", "ongoing", "early", "scheduled"],
    }
)


def ends(plot):
    lines = plot.data.set_index("state")
    return lines.loc["UGA", "exit"], lines.loc["KEN", "exit"], lines.loc["ETH", "exit"]


def test_those_still_there_reach_the_mandate_and_an_arrow_says_that_they_go_on():
    day = pd.Timestamp
    early = day("2018-09-15")
    mandate = cm.plot.participation(OWN, mandate_end="2018-12-31")
    assert ends(mandate) == (day("2018-12-31"), day("2018-12-31"), early)
    assert ends(cm.plot.participation(OWN)) == (early, early, early)
    assert ends(cm.plot.participation(OWN, until="2020-01-01"))[0] == day("2020-01-01")
    late = cm.plot.participation(OWN, mandate_end="2010-01-01")
    assert ends(late)[0] == early
    arrows = [line for line in mandate.figure.axes[0].lines if line.get_marker() == ">"]
    assert [len(line.get_xdata()) for line in arrows] == [2]


@pytest.mark.parametrize(
    "change",
    [
        {"exit": lambda t: pd.to_datetime(t["exit"])},
        {"entry": lambda t: pd.to_datetime(t["entry"]).dt.date},
        {"exit_kind": lambda t: t["exit_kind"].astype("category")},
        {"state": lambda t: t["state"].astype("string"), "entry": lambda t: t["entry"].str[:7]},
    ],
)
def test_dates_and_words_of_every_kind_give_the_same_lines(change):
    expected = participation_lines(OWN)
    found = participation_lines(OWN.assign(**change))
    assert found[["state", "exit", "row"]].values.tolist() == (
        expected[["state", "exit", "row"]].values.tolist()
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"exit": "15/09/2018"}, "column exit must hold dates such as"),
        ({"entry": "2018-13-01"}, "column entry must hold dates such as"),
        ({"entry": None}, "column entry is empty for UGA"),
        ({"exit": None}, "no spell has an exit: give until="),
        ({"exit_kind": None}, "unknown exit_kind None"),
    ],
)
def test_what_cannot_be_drawn_is_named(change, words):
    with pytest.raises(cm.DataError, match=words):
        cm.plot.participation(OWN.assign(**change))


def test_states_are_called_by_their_names():
    assert set(participation_lines(OWN)["label"]) == {"Uganda", "Kenya", "Ethiopia", "Zambia"}
    odd = OWN.assign(state=["A", "B", "C", "D"], cow=0)
    assert set(participation_lines(odd)["label"]) == {"A", "B", "C", "D"}
    named = OWN.assign(name=["a", "b", "c", None])
    assert participation_lines(named)["label"].tolist()[0] == "Zambia"


def test_a_timeline_says_what_is_not_known():
    table = pd.DataFrame(
        {
            "coalition": ["amisom"],
            "start": pd.to_datetime(["2007-03-01"]),
            "mandate_end": pd.to_datetime(["2018-12-31"]),
            "lead_state": ["UGA"],
        }
    )
    own = OWN.assign(entry=pd.to_datetime(OWN["entry"]), exit=pd.to_datetime(OWN["exit"]))
    plot = cm.plot.timeline(cm.build_panel(own, coalitions=table), "ETH")
    lanes, toll = plot.figure.axes
    assert [t.get_text() for t in lanes.texts] == ["none known", "none known"]
    assert [t.get_text() for t in toll.texts] == ["none known"]
    assert lanes.get_title(loc="left") == "Ethiopia in amisom"
    assert [t.get_text() for t in plot.figure.legends[0].get_texts()] == ["exit"]
