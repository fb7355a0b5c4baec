"""A difference split over steps: by hand, and that the parts sum to it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.sensitivity import split_difference

RNG = np.random.default_rng(1)
TABLE = pd.DataFrame(list(product("ab", "xyz", [0, 1])), columns=["unit", "ends", "window"])
TABLE["estimate"] = RNG.normal(size=len(TABLE))
START = {"unit": "a", "ends": "x", "window": 0}
STEPS = [("unit", "b"), ("ends", "y"), ("ends", "z"), ("window", 1)]


def at(**chosen):
    rows = TABLE
    for name, value in chosen.items():
        rows = rows[rows[name] == value]
    return float(rows["estimate"].iloc[0])


def test_parts_sum_to_the_difference_and_steps_of_one_dimension_keep_their_order():
    found = split_difference(TABLE, START, STEPS)
    gap = at(unit="b", ends="z", window=1) - at(**START)
    assert found["change"].sum() == pytest.approx(gap)
    assert found["orders"].eq(12).all()  # 4! orders, in half of which y comes before z
    assert found["from"].tolist() == ["a", "x", "y", 0]


def test_two_steps_by_hand():
    found = split_difference(TABLE, START, [("unit", "b"), ("window", 1)])
    first = at(unit="b", ends="x", window=0) - at(**START)
    last = at(unit="b", ends="x", window=1) - at(unit="a", ends="x", window=1)
    assert found["change"].iloc[0] == pytest.approx((first + last) / 2)
    assert found["least"].iloc[0] == pytest.approx(min(first, last))


def test_what_is_missing_is_said():
    gaps = TABLE.assign(problem="")
    gaps.loc[0, ["estimate", "problem"]] = [np.nan, "no event"]
    found = split_difference(gaps, START, STEPS)
    assert found["change"].isna().any()
    assert "no event" in " ".join(found["problem"])
    with pytest.raises(DataError, match="holds 0 rows with unit a, ends x, window 7"):
        split_difference(TABLE, {**START, "window": 7}, [("unit", "b")])
    with pytest.raises(DataError, match="no option of side"):
        split_difference(TABLE, START, [("side", "b")])
    with pytest.raises(DataError, match="one step to 8"):
        split_difference(TABLE, START, [])
