"""Rows as observed: groups in their own order, and who is at risk at a time, by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.models.after.observed import count_at_risk, numbered


def test_groups_are_numbered_in_their_own_order():
    df = pd.DataFrame({"region": ["b", "a", "b"], "old": [1, 0, 0]}, index=[7, 8, 9])
    codes, labels = numbered(df, ["region"])
    assert (codes.tolist(), labels) == ([1, 0, 1], ["a", "b"])
    codes, labels = numbered(df, ["region", "old"])
    assert (codes.tolist(), len(labels)) == ([2, 0, 1], 3)


def test_without_columns_all_rows_are_one_group():
    codes, labels = numbered(pd.DataFrame({"x": [1, 2]}), [])
    assert (codes.tolist(), labels) == ([0, 0], [""])


def test_missing_groups_are_refused_by_row():
    df = pd.DataFrame({"region": ["b", None]}, index=[7, 8])
    with pytest.raises(cm.DataError, match="column region is missing in rows 8"):
        numbered(df, ["region"])


def test_a_row_is_at_risk_after_its_start_up_to_its_stop():
    spans = {
        "a": (np.array([0.0, 2.0]), np.array([2.0, 5.0])),
        "b": (np.array([1.0]), np.array([3.0])),
    }
    found = count_at_risk(spans, [0, 2, 3, 6])
    assert found["a"].tolist() == [1, 1, 1, 0]
    assert found["b"].tolist() == [0, 1, 1, 0]


def test_curves_of_kinds_and_of_any_exit_divide_and_count_rows_alike():
    df = pd.DataFrame(
        {
            "start": [0, 0, 2, 2, 0],
            "stop": [2, 3, 4, 5, 5],
            "event": [1, 1, 1, 0, 1],
            "g": list("ababa"),
        }
    )
    one = cm.survival_curve(df, by="g")
    other = cm.cumulative_incidence(df, by="g")
    pd.testing.assert_frame_equal(one.at_risk([0, 2, 3, 5]), other.at_risk([0, 2, 3, 5]))
    alive = one.table.set_index(["group", "time"])["survival"]
    gone = other.table.set_index(["group", "time"])["incidence"]
    np.testing.assert_allclose(alive + gone, 1.0, rtol=0, atol=1e-14)
