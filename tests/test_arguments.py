"""The checker of arguments: what the annotation allows passes, anything else is named."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
import pytest

from coalition_models.arguments import as_day, as_days, check_arguments, check_workers
from coalition_models.errors import DataError


def sample(
    table: pd.DataFrame | None = None,
    *,
    months: int = 6,
    share: float = 0.5,
    strict: bool = False,
    how: Literal["a", "b"] = "a",
    kinds: str | Sequence[str] = "x",
    windows: Sequence[int] = (1,),
    effects: Mapping[str, float] | None = None,
    day: str | pd.Timestamp | None = None,
) -> None:
    check_arguments(sample, locals())


@pytest.mark.parametrize(
    "right",
    [
        {"months": np.int64(3)},
        {"months": 6.0},
        {"share": 1},
        {"share": np.float32(0.5)},
        {"share": float("inf")},
        {"strict": np.True_},
        {"strict": 1},
        {"how": "c"},  # which strings there are, the function says
        {"kinds": ["x", "y"]},
        {"kinds": np.array(["x", "y"])},
        {"kinds": pd.Index(["x"])},
        {"kinds": {"x": 1}.keys()},
        {"windows": range(3)},
        {"windows": pd.Series([1, 2])},
        {"effects": {"risk": 1}},
        {"day": datetime.date(2003, 3, 20)},
        {"day": np.datetime64("2003-03-20")},
    ],
)
def test_what_the_annotation_allows_passes(right):
    sample(**right)


def test_what_can_be_read_once_is_not_read():
    once = (kind for kind in ("x", "y"))
    sample(kinds=once)
    assert list(once) == ["x", "y"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"table": [1]}, "table must be a pandas DataFrame or None, not list [1]"),
        ({"months": "6"}, "months must be a whole number, not '6'"),
        ({"months": True}, "months must be a whole number, not True"),
        ({"months": 6.5}, "months must be a whole number, not 6.5"),
        ({"months": None}, "months must be a whole number, not None"),
        ({"months": float("inf")}, "months must be a whole number, not inf"),
        ({"share": "0.5"}, "share must be a number, not '0.5'"),
        ({"share": float("nan")}, "share must be a number, not nan"),
        ({"share": np.array([0.5])}, "share must be a number, not ndarray"),
        ({"strict": "yes"}, "strict must be True or False, not 'yes'"),
        ({"how": 1}, "how must be one of 'a', 'b', not 1"),
        ({"kinds": [1]}, "kinds must be a string or a list of strings, not list [1]"),
        ({"kinds": {"x": 1}}, "kinds must be a string or a list of strings, not dict {'x': 1}"),
        ({"windows": "12"}, "windows must be a list of whole numbers, not '12'"),
        ({"windows": ["a" * 80]}, "windows must be a list of whole numbers, not list"),
        (
            {"effects": {"risk": "high"}},
            "effects must be a mapping (dict) of strings to numbers or None, "
            "not dict {'risk': 'high'}",
        ),
    ],
)
def test_a_wrong_type_is_named_with_what_it_must_be(wrong, message):
    with pytest.raises(DataError) as caught:
        sample(**wrong)
    assert str(caught.value) == message


def test_all_wrong_arguments_are_named_at_once():
    with pytest.raises(DataError, match=r"months must be .*; share must be "):
        sample(months="6", share="x")


@pytest.mark.parametrize("wrong", [5, 2003.0, "someday", float("nan"), pd.NaT, [1]])
def test_what_is_no_date_is_refused(wrong):
    with pytest.raises(DataError, match="until must be a date such as"):
        as_day(wrong, "until")


def test_days_and_workers_that_are_right():
    assert as_day(None, "until") is None
    assert as_day(datetime.date(2008, 12, 31), "until") == pd.Timestamp("2008-12-31")
    assert check_workers(np.int64(2)) == 2
    for wrong in (0, -1, 1.5, "2", None):
        with pytest.raises(DataError, match="workers must be a whole number of 1 or more"):
            check_workers(wrong)


@pytest.mark.parametrize(
    "wrong", [np.int64(2005), True, "2006", "03/04/2004", "13/04/2004", "April 2004", "20040413",
              pd.Period("2004-04", "M"), pd.Timestamp("2004-04-30", tz="UTC")]
)  # fmt: skip
def test_only_dates_that_read_one_way_are_dates(wrong):
    with pytest.raises(DataError, match="until must be a date such as"):
        as_day(wrong, "until")
    with pytest.raises(DataError, match="column day must hold dates such as"):
        as_days(pd.Series([wrong], dtype=object), "day")


def test_columns_of_dates():
    days = ["2004-04-13", "2004-04", "2004-04-13 12:30", "2004-04-13T12:30:00", None]
    noon = pd.Timestamp(2004, 4, 13, 12, 30)
    expected = pd.to_datetime(
        [pd.Timestamp(2004, 4, 13), pd.Timestamp(2004, 4, 1), noon, noon, None]
    )
    assert as_days(pd.Series(days), "day").equals(pd.Series(expected))
    assert as_days(pd.Series(expected), "day").equals(pd.Series(expected))


def spans(coverage: Mapping[str, tuple[str, str]] | None = None) -> None:
    check_arguments(spans, locals())


@pytest.mark.parametrize("pair", [(2003, 2009), ("2003-01",), "2003", ("2003", "2004", "2005")])
def test_what_is_no_pair_is_named_as_that(pair):
    spans({"iraq": ("2003-01", "2009-12")})
    spans({"iraq": ["2003-01", "2009-12"]})
    with pytest.raises(
        DataError, match=r"coverage must be a mapping \(dict\) of strings to pairs of"
    ):
        spans({"iraq": pair})
