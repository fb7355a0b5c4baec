"""Spells from strengths: renamed missions and states, sparse lists, and when an exit is known."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.spells import follow_renamed

D = pd.to_datetime
L = pd.DataFrame({"coalition": list("ABC"), "state": "POL", "cow": 290, "troops": 5,
                  "date": D(["2008-01-31", "2008-02-29", "2008-03-31"])})  # fmt: skip


@pytest.mark.parametrize(
    ("renamed", "names"),
    [
        ({"A": "B", "B": "C"}, {"C"}),
        ({"B": "C", "A": "B"}, {"C"}),
        ({"C": "B", "B": "A"}, {"A"}),
        ({"A": "C"}, {"B", "C"}),
        ({"A": "D", "B": "D", "C": "D"}, {"D"}),
    ],
)
def test_names_that_changed_twice_are_followed(renamed, names):
    spells = cm.spells_from_levels(L, renamed=renamed)
    assert set(spells["coalition"]) == names
    if len(names) == 1:
        assert spells["exit_kind"].tolist() == ["ongoing"]


@pytest.mark.parametrize("wrong", [{"AA": "B"}, {"A": "B", "Z": "C"}])
def test_old_names_that_no_row_bears_are_refused(wrong):
    with pytest.raises(cm.DataError, match=r"bears the old name (AA|Z); the names are A"):
        cm.spells_from_levels(L, renamed=wrong)


@pytest.mark.parametrize(
    "wrong", [{"A": "B", "B": "A"}, {"A": "A"}, {"A": "B", "B": "C", "C": "A"}]
)
def test_names_that_lead_in_a_circle_are_refused(wrong):
    with pytest.raises(cm.DataError, match="circle: A"):
        follow_renamed(wrong, L["coalition"])
    with pytest.raises(cm.DataError, match="circle: A"):
        cm.spells_from_levels(L, renamed=wrong)


def test_a_profile_follows_names_too():
    renamed = {"A": "B", "B": "C"}
    spells = cm.spells_from_levels(L, renamed=renamed)
    profile = cm.operational_profile(spells, L, renamed=renamed)
    assert profile["troops"].tolist() == [5, 5, 5]
    assert profile["basis"].tolist() == ["observed"] * 3
    with pytest.raises(cm.DataError, match="no row bears the old name"):
        cm.operational_profile(spells, L, renamed={"AA": "C"})


def series(names, cows, first="2006-04-30", coalition="UNX"):
    return pd.DataFrame({"coalition": coalition, "state": names, "cow": cows, "troops": 5,
                         "date": pd.date_range(first, periods=len(names), freq="ME")})  # fmt: skip


@pytest.mark.parametrize(
    ("names", "cows", "first", "last"),
    [
        (["SCG"] * 2 + ["SRB"] * 6, 345, "2006-04-30", "SRB"),
        (["SUN"] * 3 + ["RUS"] * 4, 365, "1991-10-31", "RUS"),
        (["YUG"] * 2 + ["SCG"] * 4, 345, "2002-12-31", "SCG"),
        (["DEU"] * 6, [260] * 3 + [255] * 3, "1990-07-31", "DEU"),
    ],
)
def test_a_state_that_goes_on_under_another_name_has_not_left(names, cows, first, last):
    (spell,) = cm.spells_from_levels(series(names, cows, first)).itertuples()
    assert (spell.state, spell.exit_kind) == (last, "ongoing")
    one = cm.spells_from_levels(series(names, cows, first))
    table = pd.DataFrame({"coalition": ["UNX"], "start": ["1980-01-01"],
                          "mandate_end": ["2010-12-31"], "lead_state": [None]})  # fmt: skip
    panel = cm.build_panel(one, coalitions=table, clock="coalition", until=str(one["exit"].iloc[0]))
    assert panel["event"].sum() == 0


def test_one_state_under_two_names_at_a_time_is_refused():
    both = pd.concat([series(["SCG"] * 6, 345), series(["SRB"] * 6, 345)])
    with pytest.raises(cm.DataError, match=r"two names at a time: UNX SCG and SRB \(COW 345\)"):
        cm.spells_from_levels(both)


def sparse(step, count=8, states=("POL", "ESP", "ITA")):
    cow = {"POL": 290, "ESP": 230, "ITA": 325}
    parts = [
        pd.DataFrame({"coalition": "c", "state": s, "cow": cow[s], "troops": 100,
                      "date": pd.date_range("2004-01-31", periods=count, freq=f"{step}ME")})
        for s in states
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.mark.parametrize("step", [5, 9, 14])
def test_exits_in_holes_of_a_sparse_list_are_no_events(step):
    rows = sparse(step)
    with pytest.warns(cm.CoalitionWarning, match=rf"21 of 21 exits lie .* {step - 1} miss"):
        spells = cm.spells_from_levels(rows)
    assert (spells["exit_kind"] == "early").sum() == 0
    assert (spells["exit_kind"] == "unknown").sum() == 21
    assert spells.loc[spells["exit_kind"] == "unknown", "exit_known"].isna().all()
    table = pd.DataFrame({"coalition": ["c"], "start": ["2004-01-01"],
                          "mandate_end": ["2020-12-31"], "lead_state": [None]})  # fmt: skip
    panel = cm.build_panel(spells, coalitions=table, clock="coalition")
    assert panel["event"].sum() == 0
    assert any("not known whether or when it left" in n for n in cm.record_of(panel).panel["notes"])
    with pytest.raises(cm.DataError, match="exit_kinds must be"):
        cm.build_panel(spells, coalitions=table, clock="coalition", exit_kinds=["unknown"])


def test_a_wide_enough_gap_or_period_has_no_holes():
    assert set(cm.spells_from_levels(sparse(9), gap=8)["exit_kind"]) == {"ongoing"}
    assert set(cm.spells_from_levels(sparse(9), period="year")["exit_kind"]) == {"ongoing"}


def test_a_list_that_is_known_to_be_complete_has_no_holes():
    spells = cm.spells_from_levels(sparse(9), complete=True)
    assert spells["exit_kind"].value_counts().to_dict() == {"early": 21, "ongoing": 3}
    assert spells["exit_known"].notna().sum() == 21


def test_a_row_of_nobody_tells_of_an_exit_in_a_sparse_list():
    rows = sparse(9)
    left = (rows["state"] == "ESP") & (rows["date"] > "2006-01-01")
    rows.loc[left, "troops"] = 0
    with pytest.warns(cm.CoalitionWarning, match="holes"):
        spells = cm.spells_from_levels(rows)
    spain = spells.query("state == 'ESP'")["exit_kind"].tolist()
    assert spain == ["unknown", "unknown", "early"]


def test_an_exit_of_a_monthly_list_stays_early():
    months = sparse(1, 24)
    gone = (months["state"] == "ESP") & (months["date"] > "2004-06-30")
    spells = cm.spells_from_levels(months[~gone])
    assert spells.query("state == 'ESP'")["exit_kind"].tolist() == ["early"]


@pytest.mark.parametrize(
    ("gap", "margin", "day"),
    [(3, 3, "2004-10-31"), (2, 3, "2004-10-31"), (5, 0, "2004-12-31"), (0, 0, "2004-07-31")],
)
def test_an_exit_is_known_when_neither_gap_nor_margin_can_undo_it(gap, margin, day):
    months = sparse(1, 24)
    gone = (months["state"] == "ESP") & (months["date"] > "2004-06-30")
    spells = cm.spells_from_levels(months[~gone], gap=gap, end_margin=margin).set_index("state")
    assert str(spells.loc["ESP", "exit_known"])[:10] == day
    assert pd.isna(spells.loc["POL", "exit_known"])


def made_up(seed):
    rng = np.random.default_rng(seed)
    cows = {"POL": 290, "ESP": 230, "ITA": 325, "DNK": 390, "NLD": 210, "BEL": 211}
    rows = []
    for coalition in ("c", "d"):
        for state, cow in cows.items():
            there = np.repeat(rng.random(12) < 0.6, rng.integers(1, 9, 12))[:48]
            days = pd.date_range("2004-01-31", periods=48, freq="ME")[: len(there)][there]
            rows += [(coalition, state, cow, int(rng.integers(1, 500)), day) for day in days]
    frame = pd.DataFrame(rows, columns=["coalition", "state", "cow", "troops", "date"])
    return frame[~((frame["coalition"] == "d") & (frame["date"] > "2006-12-31"))]


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 4))]
)
@pytest.mark.parametrize(("gap", "margin"), [(3, 3), (1, 4), (4, 1)])
@pytest.mark.parametrize("cut", ["2005-03-31", "2006-01-31", "2006-11-30"])
def test_sources_cut_at_a_date_change_no_earlier_row(seed, gap, margin, cut):
    """As of the start of a month, only what the lists of the months before it show is known."""
    levels = made_up(seed)
    table = pd.DataFrame({"coalition": ["c", "d"], "start": ["2003-12-01"] * 2,
                          "mandate_end": ["2007-12-31"] * 2, "lead_state": [None] * 2})  # fmt: skip

    def spells(rows):
        return cm.spells_from_levels(rows, gap=gap, end_margin=margin)

    def own(source):
        troops = source[["coalition", "cow", "date", "troops"]]
        return cm.Facts(members=spells(source), coalitions=table, troops=troops)

    panel = cm.build_panel(own(levels), clock="coalition")
    rows = panel[panel["period"] <= pd.Timestamp(cut) + pd.Timedelta(days=1)]
    known = levels[levels["date"] <= cut]
    rows = rows[rows["coalition"].isin(known["coalition"])]

    def built(source):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.CoalitionWarning)  # nothing else is known of them
            out = cm.add_contagion(rows, facts=own(source))
            out = cm.add_commitment(out, facts=own(source))
        return out.drop(columns=["exit_kind"])

    full, short = built(levels), built(known)
    assert full["earlier_defectors"].sum() > 0
    pd.testing.assert_frame_equal(full, short)
