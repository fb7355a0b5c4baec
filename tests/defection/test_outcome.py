"""Defections as the outcome of a panel: who is at risk of what, row by row."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.coding import code_defections
from coalition_models.defection.outcome import panel_events
from coalition_models.errors import DataError
from coalition_models.record import record_of


@pytest.fixture
def panel(made_up):
    spells = made_up.members(
        [
            ("POL", 1, "2005-01-10", "2005-06-20", "early"),
            ("ESP", 1, "2005-02-10", "2005-12-31", "mission_end"),
        ]
    )
    return cm.build_panel(spells, coalitions=made_up.coalitions("2005-12-31"))


def defections(*rows):
    frame = pd.DataFrame(rows, columns=["state", "date", "kind"])
    return frame.assign(coalition="made_up", spell=1, date=pd.to_datetime(frame["date"]))


CASES = (
    ("POL", "2005-03-15", "partial_cut"),
    ("POL", "2005-05-15", "re_role"),
    ("POL", "2005-06-20", "full"),
    ("ESP", "2005-04-15", "caveat"),
)


def rows_of(out, state):
    return out[out["state"] == state].reset_index(drop=True)


def test_first_event_ends_the_risk(panel):
    out = panel_events(panel, defections(*CASES))
    poland = rows_of(out, "POL")
    assert poland["event"].tolist() == [0, 0, 1]
    assert poland["cause"].tolist() == ["", "", "partial_cut"]
    assert rows_of(out, "ESP")["event"].tolist() == [0, 0, 1]
    assert record_of(out).notes["events"]["rows_no_longer_at_risk"] == 3 + 8
    assert panel["event"].sum() == 1  # the caller's frame is as it was


def test_kinds_that_do_not_count_leave_the_risk_as_it_was(panel):
    out = panel_events(panel, defections(*CASES), kinds=("full",))
    assert rows_of(out, "POL")["event"].tolist() == [0, 0, 0, 0, 0, 1]
    assert rows_of(out, "ESP")["event"].sum() == 0
    assert len(rows_of(out, "ESP")) == 11
    # a full exit that does not count censors: the panel's own event is gone
    cuts = panel_events(panel, defections(("POL", "2005-06-20", "full")), kinds=("partial_cut",))
    assert rows_of(cuts, "POL")["event"].tolist() == [0] * 6


def test_competing_kinds_end_each_others_risk(panel):
    out = panel_events(
        panel, defections(*CASES), kinds=("full", "partial_cut", "caveat"), how="competing"
    )
    assert out["cause"].value_counts().drop("").to_dict() == {"partial_cut": 1, "caveat": 1}
    assert record_of(out).notes["events"]["events"] == {"full": 0, "partial_cut": 1, "caveat": 1}


def test_repeated_events_keep_the_member_at_risk_of_the_next(panel):
    out = panel_events(panel, defections(*CASES), how="repeated")
    poland = rows_of(out, "POL")
    assert poland["event"].tolist() == [0, 0, 1, 0, 1, 1]
    assert poland["order"].tolist() == [1, 1, 1, 2, 2, 3]
    assert poland["gap_start"].tolist() == [0, 1, 2, 0, 1, 0]
    assert poland["gap_stop"].tolist() == [1, 2, 3, 1, 2, 1]
    spain = rows_of(out, "ESP")
    assert len(spain) == 11
    assert spain["order"].tolist() == [1] * 3 + [2] * 8


def test_nobody_is_at_risk_after_leaving(panel):
    early = defections(("POL", "2005-02-15", "full"), ("POL", "2005-04-15", "caveat"))
    for how in ("first", "competing", "repeated"):
        out = panel_events(panel, early, how=how)
        assert rows_of(out, "POL")["event"].tolist() == [0, 1]


def test_the_gravest_of_two_in_a_row_is_the_event_and_the_other_is_listed(panel):
    both = defections(("POL", "2005-06-01", "caveat"), ("POL", "2005-06-20", "full"))
    out = panel_events(panel, both)
    assert rows_of(out, "POL")["cause"].tolist()[-1] == "full"
    assert list(record_of(out).notes["events"]["not_in_a_row"]) == [
        {
            "defection": "made_up POL-1 caveat 2005-06-01",
            "reason": "a graver defection in the same period",
        }
    ]


def test_defections_outside_the_rows_are_listed(panel):
    strange = defections(("POL", "2005-09-01", "full"), ("KOR", "2005-03-01", "full"))
    out = panel_events(panel, strange)
    assert out["event"].sum() == 0
    assert [row["reason"] for row in record_of(out).notes["events"]["not_in_a_row"]] == [
        "not at risk in that period",
        "the spell is not in the panel",
    ]


def test_late_entry_keeps_its_clock_before_the_first_event(made_up):
    spells = made_up.members([("POL", 1, "2005-01-10", "2005-12-31", "mission_end")])
    panel = cm.build_panel(
        spells, coalitions=made_up.coalitions("2005-12-31"), truncate_before="2005-04-01"
    )
    out = panel_events(panel, defections(("POL", "2005-06-15", "partial_cut")), how="repeated")
    assert out["gap_start"].tolist()[:4] == [3, 4, 5, 0]


def test_rows_by_quarter_and_year(made_up):
    spells = made_up.members([("POL", 1, "2005-01-10", "2006-12-31", "early")])
    for period, row in (("quarter", 4), ("year", 1)):
        panel = cm.build_panel(spells, coalitions=made_up.coalitions("2007-12-31"), period=period)
        out = panel_events(panel, defections(("POL", "2006-02-15", "partial_cut")))
        assert out["event"].tolist() == [0] * row + [1]


def test_spells_already_running_need_another_clock(made_up):
    series = pd.concat(
        [
            made_up.monthly("POL", "2010-01-31", [500] * 6),
            made_up.monthly("ESP", "2010-01-31", [50] * 24),
        ]
    )
    spells = cm.spells_from_levels(series)
    table = made_up.coalitions("2011-12-31").assign(start=pd.Timestamp("2008-01-01"))
    with pytest.raises(DataError, match="already running"):
        cm.build_panel(spells, coalitions=table)
    panel = cm.build_panel(spells, coalitions=table, clock="coalition")
    out = panel_events(panel, code_defections(spells, rule="tago-2009"))
    poland = rows_of(out, "POL")
    assert poland["event"].tolist() == [0] * 5 + [1]
    assert poland["start"].iloc[0] == 24


def test_iraq_has_its_21_exits_under_the_rule_that_asks_for_exits_only():
    iraq = cm.load("participation").query("coalition == 'iraq'")
    panel = cm.build_panel(iraq)
    out = panel_events(panel, code_defections(iraq, rule="tago-2009"))
    assert out["event"].sum() == 21
    assert record_of(out).notes["events"]["not_in_a_row"] == ()
    assert out[["state", "spell", "period"]].equals(panel[["state", "spell", "period"]])
    assert out["event"].equals(panel["event"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"how": "all"}, "first, competing, repeated"),
        ({"kinds": ("left",)}, "kinds must be among"),
        ({"kinds": ()}, "kinds must be among"),
    ],
)
def test_wrong_options(panel, change, words):
    with pytest.raises(DataError, match=words):
        panel_events(panel, defections(*CASES), **change)


def test_wrong_tables(panel):
    with pytest.raises(DataError, match="lacks the columns stop"):
        panel_events(panel.drop(columns="stop"), defections(*CASES))
    with pytest.raises(DataError, match="lacks the columns date"):
        panel_events(panel, defections(*CASES).drop(columns="date"))
    bare = panel.copy()
    bare.attrs = {}
    with pytest.raises(DataError, match="period='month'"):
        panel_events(bare, defections(*CASES))
    assert panel_events(bare, defections(*CASES), period="month")["event"].sum() == 2


def test_dates_and_kinds_that_are_none_are_refused(panel):
    right = defections(*CASES)
    for wrong, words in (
        ({"kind": "exit"}, "kinds of defections are full, .*found exit"),
        ({"date": "03/04/2005"}, "column date must hold dates such as .*'03/04/2005'"),
        ({"date": "31/12/2005"}, "column date must hold dates such as"),
        ({"date": pd.Period("2005-03", "M")}, "column date must hold dates such as"),
        ({"date": pd.NaT}, "without a date: made_up POL-1"),
    ):
        with pytest.raises(DataError, match=words):
            panel_events(panel, right.assign(**wrong))
    written = right.assign(date=right["date"].dt.strftime("%Y-%m-%d"))
    pd.testing.assert_frame_equal(panel_events(panel, written), panel_events(panel, right))


def test_a_panel_whose_periods_are_text_is_refused(panel):
    with pytest.raises(DataError, match="column period must hold date values"):
        panel_events(panel.assign(period=panel["period"].astype(str)), defections(*CASES))


def test_keys_that_could_not_be_joined_are_refused(panel):
    text = defections(*CASES).astype({"spell": str})
    with pytest.raises(DataError, match="column spell must hold integer values"):
        panel_events(panel, text)
    with pytest.raises(DataError, match="column spell must hold integer values"):
        panel_events(panel.astype({"spell": str}), defections(*CASES))
