"""Marks of values and rows: equal for equal ones of any type, different for others."""

from __future__ import annotations

import numpy as np
import pandas as pd

import coalition_models as cm
from coalition_models.fingerprints import row_marks, value_marks, whole_mark


def test_equal_values_have_one_mark_in_every_type():
    for some, others in (
        (pd.Series([0.0, 1.0, 2.0]), pd.Series([0, 1, 2], dtype="int32")),
        (pd.Series([0.0, 1.0]), pd.Series([-0.0, True], dtype=float)),
        (pd.Series([1.0, np.nan]), pd.Series([1, None], dtype="Int64")),
        (pd.Series(["a", None], dtype=object), pd.Series(["a", None], dtype="string")),
        (pd.Series(["a", "b"]), pd.Series(["a", "b"], dtype="category")),
        (
            pd.Series(pd.to_datetime(["2004-01-01"])).astype("datetime64[s]"),
            pd.Series(pd.to_datetime(["2004-01-01"])),
        ),
    ):
        np.testing.assert_array_equal(value_marks(some), value_marks(others))
        assert whole_mark(some) == whole_mark(others)


def test_other_values_and_another_order_have_other_marks():
    base = pd.Series([1.0, 2.0, 3.0])
    assert whole_mark(base) != whole_mark(base[::-1])
    assert whole_mark(base) != whole_mark(base + 1e-12)
    large = pd.Series([2**53, 2**53 + 1])
    assert len(set(value_marks(large).tolist())) == 2


def test_rows_of_a_panel_are_told_apart_in_any_order():
    panel = cm.build_panel(cm.facts("iraq"))
    marks = row_marks(panel)
    assert len(set(marks.tolist())) == len(panel)
    np.testing.assert_array_equal(row_marks(panel[::-1]), marks[::-1])
    assert row_marks(panel.drop(columns="period")) is None
    assert row_marks(pd.concat([panel, panel["cow"]], axis=1)) is None
