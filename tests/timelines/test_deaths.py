"""Deaths by month: sums, how they fade, where a zero is a zero, and those without a month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoverageError, DataError
from coalition_models.timelines.deaths import (
    Deaths,
    check_undated,
    known_deaths,
    undated_choices,
    undated_deaths,
)


@pytest.fixture
def deaths():
    return Deaths(
        coalition=np.array(["x", "x", "y"], dtype=object),
        cow=np.array([2, 2, 2]),
        month=np.array([10, 12, 11]),
        number=np.array([1.0, 3.0, 5.0]),
        dated=np.ones(3, dtype=bool),
        coverage={"x": (10, 20)},
    )


def test_sums_are_of_the_member_or_of_the_coalition(deaths):
    rows = pd.Series(["x", "x", "y"]), pd.Series([2, 3, 2])
    low, high = np.array([10, 10, 11]), np.array([11, 12, 11])
    assert deaths.sum(*deaths.keys(*rows), low, high).tolist() == [1, 0, 5]
    assert deaths.sum(*deaths.codes(rows[0]), low, high).tolist() == [1, 4, 5]


def test_a_death_weighs_half_after_the_half_life(deaths):
    group, at = deaths.keys(pd.Series(["x"] * 3), pd.Series([2, 2, 3]))
    faded = deaths.faded(group, at, np.array([14, 9, 14]), 2)
    # of the first four months ago a quarter is left, of the three of two months ago a half each
    assert faded.tolist() == [0.25 + 1.5, 0, 0]
    assert deaths.faded(group, at, np.array([14] * 3), np.inf).tolist() == [4, 4, 0]


def test_a_zero_is_a_zero_within_the_coverage(deaths):
    until = np.array([8, 9, 20, 21, 15])
    inside = deaths.inside(pd.Series(["x", "x", "x", "x", "y"]), until)
    assert inside.tolist() == [False, True, True, False, False]


def test_deaths_of_a_year_come_next_january_spread_or_not_at_all():
    table = pd.DataFrame(
        {"coalition": "x", "state": "ITA", "date": ["2003-05-12", "2003-07-01"],
         "deaths": [2, 12], "date_precision": ["day", "year"]}
    )  # fmt: skip
    facts = cm.Facts(deaths=table, coverage={"x": ("2003-01", "2005-12")})
    assert undated_deaths(facts) == ["x"]
    may, january = 2003 * 12 + 4, 2004 * 12
    start = known_deaths(facts, "start", "january", "add_risk")
    # known when January begins, so that it is counted before the month of its own
    assert dict(zip(start.month, start.number, strict=True)) == {may: 2, january - 1: 12}
    end = known_deaths(facts, "end", "january", "add_risk")
    assert dict(zip(end.month, end.number, strict=True)) == {may: 2, january: 12}
    spread = known_deaths(facts, "end", "spread", "add_risk")
    by_month = pd.Series(spread.number).groupby(spread.month).sum()
    assert by_month.to_dict() == {2003 * 12 + m: 1 + 2 * (m == 4) for m in range(12)}
    dropped = known_deaths(facts, "end", "drop", "add_risk")
    assert (dropped.month.tolist(), dropped.number.tolist()) == ([may], [2])


def test_what_is_told_of_them():
    assert undated_choices("spread", ["x"]) == {"undated": "spread", "look_ahead": True}
    assert undated_choices("spread", [])["look_ahead"] is False
    assert undated_choices("drop", ["x"]) == {"undated": "drop", "look_ahead": False}
    assert check_undated("spread") == "spread"
    with pytest.raises(DataError, match=r"'january'.*'spread'.*'drop'.* not 'later'"):
        check_undated("later")
    table = pd.DataFrame({"coalition": ["x"], "state": ["ITA"], "date": ["2003-05"], "deaths": [1]})
    with pytest.raises(CoverageError, match="give coverage="):
        known_deaths(cm.Facts(deaths=table), "start", "january", "add_risk")
    with pytest.raises(DataError, match="add_risk needs deaths"):
        known_deaths(cm.Facts(), "start", "january", "add_risk")
