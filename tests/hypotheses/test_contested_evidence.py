"""What a contested finding hangs on: shares by hand, exchanges, and sentences that follow facts."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.contested import contest
from coalition_models.hypotheses.contested_cells import UNITS
from coalition_models.hypotheses.contested_joint import _table_z
from coalition_models.hypotheses.election_decisions import election_decisions, short_term

OPTIONS = {"windows": [0, 2], "dates": ["announced", "main"], "draws": 39}
CLOSELY = {**OPTIONS, "windows": [2], "outcomes": ["early"], "draws": 19}


@pytest.fixture(scope="module")
def iraq_contest():
    return contest("elections", "iraq", **OPTIONS)


@pytest.mark.slow
def test_the_dimension_table_of_decisions_is_in_the_combinations(iraq_contest):
    """Two months around, decisions, second revision: 5.72 with 8 of 21 exits exposed."""
    row = iraq_contest.table.query(
        "unit == 'state-month' and side == 'around' and window == 2 and date == 'announced' "
        "and outcome == 'early'"
    ).iloc[0]
    assert round(row["ratio"], 2) == 5.72
    assert (row["exposed_events"], row["events"]) == (8, 21)


def test_leaders_in_office_at_the_mandates_end_are_all_who_are_compared(iraq_contest):
    rows = iraq_contest.table.query("side == 'ahead' and window == 2 and date == 'main'")
    rows = rows[rows["outcome"] == "early"].set_index("unit")
    cases = cm.leader_cases("iraq")
    ended = cases[cases["ended_by"] == "mission_end"]
    known = ended["election_near"].notna()
    assert rows.loc[UNITS[1], "stay_yes"] == ended["election_near"].eq(1).sum()
    assert rows.loc[UNITS[1], ["stay_yes", "stay_no"]].sum() <= known.sum()
    assert rows.loc[UNITS[1], "events"] == rows.loc[UNITS[2], "events"]
    assert rows.loc[UNITS[2], "n"] > rows.loc[UNITS[1], "n"]
    more = iraq_contest.table.query("side == 'ahead' and window == 2 and date == 'main'")
    more = more[more["outcome"] != "early"].set_index("unit")
    scheduled = int((cases["ended_by"] == "scheduled").sum())
    added = more.loc[UNITS[2], "events"] - rows.loc[UNITS[2], "events"]
    assert 0 < added <= scheduled


def test_the_split_sums_to_the_gap(iraq_contest):
    split = iraq_contest.decomposition()
    for _, part in split.groupby("path"):
        gap = np.log(part["ratio_to"].iloc[0] / part["ratio_from"].iloc[0])
        assert part["change"].sum() == pytest.approx(gap)
        assert (part["least"] <= part["change"]).all()
    assert set(split["dimension"]) == {"unit", "side", "window", "date", "outcome"}


def test_the_score_of_a_table_by_hand():
    gone = np.array([True, True, False, False, False])
    exposed = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 0.0], [0.0, 0.0], [1.0, 0.0]])
    # 2 of 3 exposed among 2 exits of 5: mean 6/5, variance 3*2*2*3 / (25*4)
    assert _table_z(gone, exposed).tolist() == pytest.approx([(2 - 1.2) / 0.6, 0.0])


def test_leaders_who_left_office_are_in_no_joint_test(iraq_contest):
    joint = iraq_contest.evidence.joint
    listed = iraq_contest.table
    listed = listed[listed["unit"].isin(UNITS[:2]) & listed["problem"].eq("")]
    assert joint.loc[joint["family"] == "all listed", "specifications"].eq(len(listed)).all()
    assert joint["p_value"].between(1 / 40, 1).all()


def test_what_falls_is_dated_by_departure(iraq_contest):
    falls = iraq_contest.evidence.falls.set_index("label")
    row = falls.loc["2 months around"]
    assert abs(row["z"]) > 1.96 > abs(row["z_by_departure"])
    assert row["redated"] == len(row["redated_which"].split(", "))
    assert row["exact"]
    assert np.isnan(falls.loc["2 months ahead", "redated"])


def test_leaders_leave_office_near_elections_and_mandates_do_not(iraq_contest):
    ends = iraq_contest.evidence.endings.set_index(["label", "ended_by"])["share"]
    assert ends["2 months around", "left_office"] > 2 * ends["2 months around", "mission_end"]


def test_early_elections_are_told_or_unknown(alone):
    patch = alone()
    try:
        found = election_decisions(cm.facts("iraq")).set_index("state")
    finally:
        patch.undo()
    assert set(found["snap_before"]) == {"unknown"}
    assert found.loc["ESP", "months_before"] == 1
    facts = cm.facts("iraq")
    votes = cm.load("elections")
    snap = votes.assign(scheduled=np.where(votes["state"] == "ESP", "no", "yes"))
    snap = snap[["cow", "date", "kind", "round", "scheduled"]]
    own = election_decisions(facts.replace(elections=snap)).set_index("state")
    assert own.loc["ESP", "snap_before"] == "yes"
    assert own.loc["POL", "snap_before"] == "no"
    assert short_term(found.reset_index(), "before").sum() >= 1


def _moved(state, date):
    """Facts in which a state's decision is dated otherwise."""
    facts = cm.facts("iraq")
    members = facts.members.copy()
    at = members["state"].eq(state)
    members.loc[at, "announced"] = pd.Timestamp(date)
    return facts.replace(members=members)


def test_a_changed_fact_changes_the_sentences(iraq_contest):
    """Spain's decision came a month after its election; a year before it, it is not exposed."""
    ours = contest("elections", _moved("ESP", "2003-08-20"), **CLOSELY)
    for text in ("in_short", "findings"):
        before, after = getattr(iraq_contest, text)(), getattr(ours, text)()
        assert len(set(before) - set(after)) >= 2
    again = contest("elections", _moved("ESP", "2003-08-20"), **CLOSELY)
    pd.testing.assert_frame_equal(again.evidence.joint, ours.evidence.joint)
    said = next(text for text in ours.in_short() if text.startswith("Decisions"))
    assert re.search(r"around [\d.]+ \([^)]*; 7 of 21 exits exposed\)", said)
    assert "8 of 21" in iraq_contest.in_short()[0]


@pytest.mark.slow
@pytest.mark.mirror
def test_democracy_has_the_same_form(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = contest("democracy", "iraq", dates=["announced", "main"], draws=19)
    assert found.choices == ("unit", "measure", "date", "outcome")
    assert set(found.evidence.bounds["label"]) == {"polity", "bmr"}
    assert found.evidence.joint["family"].iloc[0] == "all listed"
    assert found.evidence.decisions.empty
    assert any("hidden bias" in text for text in found.findings())


@pytest.mark.mirror
def test_reign_says_which_elections_were_early(mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    found = election_decisions(cm.facts("iraq")).set_index("state")
    assert found.loc["ESP", "snap_before"] == "no"
    # the parliament decides, and REIGN lists presidents
    assert found.loc["POL", "snap_before"] == "unknown"
    assert len(found) == cm.facts("iraq").members["exit_kind"].eq("early").sum()
