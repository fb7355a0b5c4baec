"""Values from one day to another: both days count, and what overlaps is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.timelines.in_force import day_number, in_force


def days(*texts):
    return day_number(pd.Series(pd.to_datetime(list(texts))))


def table(*rows):
    return pd.DataFrame(rows, columns=["cow", "kind", "start", "end", "x"])


def test_first_and_last_day_are_in_force_and_what_has_no_end_still_is():
    held = table(
        (230, "a", "2004-01-01", "2004-01-31", 1.0), (230, "a", "2004-02-01", None, 2.0),
        (230, "b", "2004-01-10", "2004-01-20", 3.0),
    )  # fmt: skip
    rows = pd.DataFrame({"cow": [230] * 6 + [200], "kind": list("aaaabba")})
    on = days(
        "2003-12-31", "2004-01-01", "2004-01-31", "2030-01-01", "2004-01-20", "2004-01-21",
        "2004-01-15",
    )  # fmt: skip
    found = in_force(rows, held, "x", ["cow", "kind"], on, what="table of rules")
    np.testing.assert_array_equal(found, [np.nan, 1, 1, 2, 3, np.nan, np.nan])


def test_days_before_1970_and_the_last_that_pandas_knows_are_positive():
    assert (days("1678-01-01", "2262-01-01") > 0).all()
    assert np.diff(days("2004-02-28", "2004-03-01")).tolist() == [2]


def test_what_cannot_be_in_force_is_refused_all_at_once():
    rows, on = pd.DataFrame({"cow": [230], "kind": ["a"]}), days("2004-01-01")
    cases = [
        (table((230, "a", "2004-01-02", "2004-01-01", 1.0)), r"an end before it: row 0 \(230 a\)"),
        (table((230, "a", None, "2004-01-01", 1.0)), "no start"),
        (
            table((230, "a", "2004-01-01", None, 1.0), (230, "a", "2004-05-01", None, 2.0)),
            r"overlap an earlier one: row 1 \(230 a\)",
        ),
        (table((230, "a", "2004-01-01", None, 1.0)).drop(columns="end"), "end"),
        (table((230, "a", "soon", None, 1.0)), "start"),
    ]
    for held, message in cases:
        with pytest.raises(DataError, match=message):
            in_force(rows, held, "x", ["cow", "kind"], on, what="table of rules")
