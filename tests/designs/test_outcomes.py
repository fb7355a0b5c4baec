"""What counts as the event of a set, and by which date."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.closing_missions import mass_exits, wound_down
from coalition_models.designs.joined_sides import join_sides
from coalition_models.designs.outcomes import announced_shares
from coalition_models.errors import DataError

COALITIONS = pd.DataFrame(
    {
        "coalition": ["x"],
        "start": ["2003-01-01"],
        "mandate_end": ["2004-12-31"],
        "lead_state": ["USA"],
    }
)


def members(kinds, announced):
    return pd.DataFrame(
        {
            "coalition": "x",
            "state": ["ESP", "ITA", "POL", "NLD", "DNK", "NOR"][: len(kinds)],
            "entry": "2003-02-01",
            "exit": [f"2004-0{i + 2}-15" for i in range(len(kinds))],
            "exit_kind": kinds,
            "announced": announced,
        }
    )


def toy(kinds, announced, **choices):
    facts = cm.Facts(members=members(kinds, announced), coalitions=COALITIONS)
    return analysis_set(facts, features=False, **choices)


DAY = "2004-01-05"


def test_scheduled_ends_count_where_they_are_asked_for():
    kinds = ["early", "scheduled", "mission_end"]
    assert toy(kinds, [None] * 3).panel["event"].sum() == 1
    both = toy(kinds, [None] * 3, outcome="early or scheduled")
    assert both.panel["event"].sum() == 2
    assert both.record.event == "early or scheduled exit"
    said = both.sheet.set_index("item")["value"]
    assert "a fixed term that was not renewed" in said["event"]


def test_an_outcome_that_a_set_cannot_tell_is_refused():
    with pytest.raises(DataError, match="no exit of 'x' is coded as scheduled"):
        toy(["early", "mission_end"], [None] * 2, outcome="early or scheduled")
    with pytest.raises(DataError, match="are not coded in 'x', so that a defection in part"):
        toy(["early"], [None], outcome="any defection")
    with pytest.raises(DataError, match="outcome must be one of early, early or scheduled, any"):
        toy(["early"], [None], outcome="late")
    with pytest.raises(DataError, match="exit_date must be one of main, announced, last"):
        toy(["early"], [None], exit_date="said")
    with pytest.raises(DataError, match="made of rows whose event is theirs"):
        analysis_set("leaders", outcome="early or scheduled")


def test_two_clocks_are_mixed_for_a_third_at_most():
    fine = toy(["early"] * 3, [DAY, DAY, None], exit_date="announced")
    limit = [text for text in fine.sheet["value"] if "announcement" in text]
    assert "early 2 of 3" in limit[0]
    with pytest.raises(DataError, match=r"early 1 of 2, so that 50% would count.*exit_date='main'"):
        toy(["early"] * 2, [DAY, None], exit_date="announced")
    # the same kinds by kind: the scheduled one is the culprit
    with pytest.raises(DataError, match="early 1 of 1, scheduled 0 of 1"):
        toy(
            ["early", "scheduled"], [DAY, None], exit_date="announced",
            outcome="early or scheduled",
        )  # fmt: skip


def test_a_rule_that_dates_by_announcement_is_held_to_the_same():
    found = toy(["early"] * 2, [DAY, None])
    with pytest.raises(DataError, match="mix two clocks"):
        found.recode("mello-2020")
    # the rows alone count no events: the column tells which date each has
    marks = found.dated("announced").query("event == 1")["exit_dated_by"]
    assert marks.tolist() == ["announced", "main"]
    assert toy(["early"] * 2, [DAY, DAY]).recode("mello-2020")["event"].sum() == 2


def test_any_defection_in_iraq():
    found = analysis_set("iraq", features=False, outcome="any defection")
    coded = analysis_set("iraq", features=False).recode("mcinnis-coded")
    assert found.panel["event"].sum() == coded["event"].sum()
    assert len(found.panel) == len(coded)
    # another rule starts from all rows again
    assert found.recode("tago-2009")["event"].sum() == 21
    assert found.dated("main")["event"].sum() == 21


def test_defections_in_part_have_days_of_their_own():
    panel = cm.build_panel(cm.facts("iraq"), exit_date="announced")
    rows = panel.assign(cause=["cut" if e else "" for e in panel["event"]])
    assert announced_shares(rows).loc["cut", "announced"] == 0


def test_sides_that_share_a_supporter_in_a_year_are_one_mission():
    rows = pd.DataFrame(
        {
            "conflict_id": [1, 1, 2, 2, 3, 3, 4, 4, 4],
            "side": list("AAAAAABBB"),
            "year": [2013, 2013, 2013, 2013, 2014, 2014, 2013, 2013, 2013],
            "role": ["primary", "secondary"] * 3 + ["secondary"] * 2 + ["primary"],
            # France helps Mali in two conflicts of 2013, in a third a year later, and rebels
            "gw": [432, 220, 432, 220, 432, 220, 220, 500, 0],
        }
    )
    rows.loc[rows["gw"] == 0, "role"] = "rebel"
    missions = join_sides(rows)["mission"].tolist()
    assert missions == ["ucdp 1 A", "ucdp 1 A", "ucdp 3 A", "ucdp 4 B", "ucdp 4 B"]


def test_half_of_four_is_an_end_and_half_of_two_is_not():
    day = pd.to_datetime
    four = pd.DataFrame(
        {
            "coalition": "x",
            "state": list("ABCDE"),
            "entry": day(["2001-12-31"] * 4 + ["2005-12-31"]),
            "exit": day(["2003-12-31"] * 2 + ["2004-12-31"] + ["2009-12-31"] * 2),
            "exit_kind": ["early"] * 3 + ["ongoing"] * 2,
            "exit_known": day(["2004-12-31"] * 3 + [None] * 2),
        }
    )
    found = mass_exits(four)
    # of two who were there in 2004 one left: a decision
    assert found["exit_kind"].tolist() == ["mission_end"] * 2 + ["early"] + ["ongoing"] * 2
    assert found["exit_known"].isna().tolist() == [True, True, False, True, True]
    assert four["exit_kind"].tolist()[:2] == ["early"] * 2
    open_mission = wound_down(
        four, four.groupby("coalition")["exit"].max(), pd.Series({"x": False})
    )
    assert open_mission.equals(four)
