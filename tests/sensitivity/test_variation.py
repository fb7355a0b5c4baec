"""Shares of variance by hand, in full and broken crossings."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity.variation import variance_shares


def crossing() -> pd.DataFrame:
    rows = pd.DataFrame(list(product("xy", (1, 2, 3), (False, True))), columns=["a", "b", "c"])
    a, b = (rows["a"] == "y").astype(float), rows["b"].astype(float)
    return rows.assign(estimate=2 * a + b + a * (b == 2))


def test_a_full_crossing_adds_up_to_one() -> None:
    found = variance_shares(crossing(), ["a", "b", "c"], "estimate").set_index("choice")["share"]
    assert found.sum() == pytest.approx(1.0)
    assert found["c"] == pytest.approx(0.0)
    table = crossing()
    total = table["estimate"].var(ddof=0)
    assert found["a"] == pytest.approx(table.groupby("a")["estimate"].mean().var(ddof=0) / total)
    assert found["b"] == pytest.approx(table.groupby("b")["estimate"].mean().var(ddof=0) / total)
    assert found["a x b"] > 0
    assert found.index[-1] == "rest"


def test_rows_without_a_result_are_left_out() -> None:
    table = crossing()
    table.loc[[0, 5], "estimate"] = np.nan
    found = variance_shares(table, ["a", "b", "c"], "estimate")
    assert found["share"].between(0, 1).all()
    assert variance_shares(table.assign(estimate=1.0), ["a"], "estimate").empty
    assert variance_shares(table.head(2), ["a"], "estimate").empty
    with pytest.raises(cm.DataError, match="no column absent"):
        variance_shares(table, ["absent"], "estimate")
