"""A median is the first time at which no more than half are left, to the last fraction."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


def median_by_fractions(data: pd.DataFrame) -> float:
    left = Fraction(1)
    for time in sorted(data.loc[data["event"] == 1, "stop"].unique()):
        at_risk = int(((data["start"] < time) & (data["stop"] >= time)).sum())
        gone = int(((data["stop"] == time) & (data["event"] == 1)).sum())
        left *= Fraction(at_risk - gone, at_risk)
        if left <= Fraction(1, 2):
            return float(time)
    return float("nan")


def test_median_of_twenty_four_exits_is_the_twelfth():
    curve = cm.survival_curve(pd.DataFrame({"stop": range(1, 25), "event": 1}), start=None)
    assert float(np.squeeze(curve.median())) == 12


@pytest.mark.parametrize("unit", [1.0, 1 / 12, 30.4375, 1e-3])
def test_median_of_every_even_number_in_other_units(unit):
    for n in range(2, 121, 2):
        rows = pd.DataFrame({"start": 0.0, "stop": np.arange(1, n + 1) * unit, "event": 1})
        median = float(np.squeeze(cm.survival_curve(rows).median()))
        assert median == pytest.approx(n / 2 * unit), n


@pytest.mark.parametrize("kind", ["ties", "late entry", "censored", "split rows"])
def test_median_where_half_are_left_in_other_data(kind):
    for n in (4, 8, 12, 24, 28, 30, 38, 44, 60):
        stop = np.arange(1, n + 1)
        rows = pd.DataFrame({"start": 0, "stop": stop, "event": 1})
        if kind == "ties":
            rows["stop"] = (stop + 1) // 2
        if kind == "late entry":
            rows["start"] = np.where(stop > n // 2, n // 4, 0)
        if kind == "censored":
            rows.loc[rows["stop"] > n // 2, "event"] = 0
        if kind == "split rows":
            cut = rows[rows["stop"] > 1]
            rows = pd.concat([rows.assign(stop=1, event=(rows["stop"] == 1) * 1),
                              cut.assign(start=1)], ignore_index=True)  # fmt: skip
        found = float(np.squeeze(cm.survival_curve(rows).median()))
        assert found == median_by_fractions(rows), n


@pytest.mark.parametrize("seed", range(3))
def test_medians_of_groups_are_those_of_the_groups(seed):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, 90)
    rows = pd.DataFrame(
        {
            "start": start,
            "stop": start + rng.integers(1, 12, 90),
            "event": (rng.random(90) < 0.7).astype(int),
            "side": rng.choice(list("abc"), 90),
        }
    )
    medians = cm.survival_curve(rows, by="side").median()
    for side, part in rows.groupby("side"):
        np.testing.assert_equal(float(medians[side]), median_by_fractions(part))
