"""A state's timeline: what is listed, on which day, and that it can be drawn."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.report.figures.timelines import plot_timeline, timeline


@pytest.fixture(scope="module")
def iraq():
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


def of(data, kind):
    return data[data["kind"] == kind].reset_index(drop=True)


def test_spain(iraq):
    data = timeline(iraq, "ESP")
    assert of(data, "election")["start"].tolist() == [pd.Timestamp("2004-03-14")]
    assert of(data, "exit")["start"].tolist() == [pd.Timestamp("2004-04-27")]
    leaders = of(data, "leader")
    assert leaders["label"].tolist() == ["Aznar", "Rodriguez Zapatero"]
    assert leaders.loc[0, "end"] == leaders.loc[1, "start"] == pd.Timestamp("2004-04-17")
    rows = iraq[iraq["state"] == "ESP"]
    presence = of(data, "presence")
    assert presence.loc[0, "start"] == rows["period"].min()
    assert presence.loc[0, "end"] == pd.Timestamp("2004-04-30")
    assert presence.loc[0, "label"] == "early"


@pytest.mark.parametrize("state", ["ESP", "POL", "ITA", "GBR", "UKR"])
def test_no_death_is_lost(iraq, state):
    """Dated deaths and the rest of each year add up to the yearly totals."""
    data = timeline(iraq, state, margin=120)
    toll = cm.load("fatalities").query("coalition == 'iraq' and state == @state")["deaths"].sum()
    drawn = data.loc[data["kind"].isin(["death", "death_undated"]), "size"].sum()
    assert drawn == toll


def test_a_censored_state_has_no_exit(iraq):
    stays = iraq.groupby("state")["event"].sum()
    state = stays.index[stays == 0][0]
    data = timeline(iraq, state)
    assert of(data, "exit").empty
    assert len(of(data, "presence")) == iraq.loc[iraq["state"] == state, "spell"].nunique()


def test_every_state_can_be_drawn_in_every_period():
    members = cm.load("participation")
    for period in ("month", "year"):
        panel = cm.build_panel(members, coalitions=["iraq"], period=period)
        for state in ("ESP", "BGR", "TON", "ISL"):
            assert plot_timeline(panel, state).to_bytes("svg")


def test_the_same_panel_gives_the_same_bytes(iraq):
    one, two = plot_timeline(iraq, "ITA"), plot_timeline(iraq, "ITA")
    assert one.to_bytes("svg") == two.to_bytes("svg")
    pd.testing.assert_frame_equal(one.data, timeline(iraq, "ITA"))


def test_own_tables(iraq):
    day = pd.Timestamp("2004-01-10")
    mine = timeline(
        iraq,
        "ESP",
        elections=pd.DataFrame({"cow": [230, 325], "date": day, "kind": "legislative"}),
        leaders=pd.DataFrame(
            {"cow": [230], "leader": ["A"], "start": [day], "end": [pd.NaT]}
        ).astype({"end": "datetime64[ns]"}),
        deaths=pd.DataFrame({"coalition": ["iraq"], "cow": [230], "date": [day], "deaths": [3]}),
    )
    assert of(mine, "election")["start"].tolist() == [day]
    assert of(mine, "death")["size"].tolist() == [3]
    assert of(mine, "death_undated").empty
    assert of(mine, "leader")["label"].tolist() == ["A"]


def test_the_exit_of_a_spell_of_ones_own_is_dated_to_its_period():
    spells = pd.DataFrame(
        {
            "coalition": ["own"],
            "state": ["ESP"],
            "spell": [1],
            "entry": [pd.Timestamp("2003-03-05")],
            "exit": [pd.Timestamp("2003-03-20")],
            "exit_kind": ["early"],
        }
    )
    coalitions = pd.DataFrame(
        {
            "coalition": ["own"],
            "start": [pd.Timestamp("2003-01-01")],
            "mandate_end": [pd.Timestamp("2004-12-31")],
            "lead_state": ["USA"],
        }
    )
    panel = cm.build_panel(spells, coalitions=coalitions)
    assert len(panel) == 1
    data = timeline(panel, "ESP")
    assert of(data, "exit")["start"].tolist() == [pd.Timestamp("2003-03-01")]


def test_what_is_not_there_is_named(iraq):
    with pytest.raises(cm.DataError, match="no state 'FRA' in the panel; it has ALB"):
        timeline(iraq, "FRA")
    both = cm.build_panel(cm.load("participation"), coalitions=["iraq", "isaf"])
    with pytest.raises(cm.DataError, match="name the coalition: ESP is in iraq, isaf"):
        timeline(both, "ESP")
    assert len(timeline(both, "ESP", coalition="isaf"))
    with pytest.raises(cm.DataError, match="ESP is not in 'rsm', but in iraq, isaf"):
        timeline(both, "ESP", coalition="rsm")
    with pytest.raises(cm.DataError, match="lacks the columns exit_kind"):
        timeline(iraq.drop(columns="exit_kind"), "ESP")
