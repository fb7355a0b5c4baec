"""A list with long holes between its rows tells of no exits in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

COW = {"UGA": 500, "KEN": 501, "ETH": 530, "ZMB": 551}


def irregular(seed: int, low: int, high: int, count: int = 8) -> pd.DataFrame:
    """Strengths at irregular dates, from ``low`` to ``high`` months apart."""
    rng = np.random.default_rng(seed)
    parts = []
    for state, cow in COW.items():
        steps = rng.integers(low, high + 1, count)
        months = pd.Period("2007-03", "M") + np.cumsum(steps)
        days = [month.to_timestamp() + pd.Timedelta(days=int(rng.integers(27))) for month in months]
        parts.append(pd.DataFrame({"state": state, "cow": cow, "date": days, "troops": 100}))
    return pd.concat(parts, ignore_index=True).assign(coalition="amisom")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("low", "high"), [(5, 5), (5, 14), (7, 30)])
def test_no_exit_of_a_sparse_list_is_early(seed, low, high):
    """31 rows at irregular dates gave 31 spells, 28 of them left early, without a word."""
    rows = irregular(seed, low, high)
    with pytest.warns(cm.CoalitionWarning, match=r"exits lie .*gap=.*complete=True"):
        spells = cm.spells_from_levels(rows)
    assert (spells["exit_kind"] != "early").all()
    assert set(spells["exit_kind"]) <= {"unknown", "ongoing", "mission_end"}
    assert spells["peak_troops"].eq(100).all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("high", "gap"), [(3, 3), (5, 5), (14, 36)])
def test_a_gap_as_wide_as_the_holes_makes_one_spell(seed, high, gap):
    rows = irregular(seed, 1, high)
    spells = cm.spells_from_levels(rows, gap=gap, end_margin=200)
    assert len(spells) == len(COW)
    assert set(spells["exit_kind"]) <= {"ongoing", "mission_end"}


@pytest.mark.parametrize("gone", [4, 6])
def test_a_monthly_list_still_tells_who_left(gone):
    rows = irregular(0, 1, 1, count=24)
    left = (rows["state"] == "ETH") & (rows.groupby("state").cumcount() >= gone)
    spells = cm.spells_from_levels(rows[~left]).set_index("state")
    assert spells["exit_kind"].to_dict() == {
        "UGA": "ongoing", "KEN": "ongoing", "ETH": "early", "ZMB": "ongoing"
    }  # fmt: skip
