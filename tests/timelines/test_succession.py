"""Three leaders of one state, by hand: a change, a vacancy, and one of whom little is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.timelines.leader_terms import terms_of
from coalition_models.timelines.succession import (
    irregular_entry,
    party_columns,
    since_entry,
    support_columns,
    support_known,
    time_in_office,
)


def month(text):
    year, number = map(int, text.split("-"))
    return year * 12 + number - 1


@pytest.fixture
def terms():
    table = pd.DataFrame(
        {
            "cow": 230,
            "leader": ["A", "B", "C"],
            "start": pd.to_datetime(["2000-01-15", "2003-06-10", "2004-03-05"]),
            "end": pd.to_datetime(["2003-06-10", "2003-12-01", None]),
            "party": ["left", "right", None],
            "left_right": [3.0, 7.0, None],
            "entry": ["regular", "irregular", "unknown"],
            "source_change": [None, "yes", "no"],
        }
    )
    return terms_of("effective", table, extended=False)


KNOWN = ("2003-05", "2003-08", "2004-01", "2004-04", "2005-04")


@pytest.fixture
def now(terms):
    return terms.in_office(np.full(5, 230), np.array([month(text) for text in KNOWN]))


def at(terms, now, moment):
    known = np.array([month(text) for text in KNOWN])
    return time_in_office(terms, np.full(5, 230), now, known, 6, moment)


def test_time_in_office_counts_from_the_month_of_taking_it(terms, now):
    assert now.tolist() == [0, 1, -1, 2, 2]
    found = at(terms, now, "end")
    nan = np.nan
    np.testing.assert_array_equal(found["tenure_months"], [40, 2, nan, 1, 13])
    np.testing.assert_array_equal(found["leader_change"], [0, 1, nan, 1, 0])
    # the office is vacant since December
    np.testing.assert_array_equal(found["months_since_leader_change"], [40, 2, 1, 1, 13])
    # when a period begins, the month before it is over
    later = at(terms, now, "start")
    np.testing.assert_array_equal(later["tenure_months"], found["tenure_months"] + 1)


def test_parties_are_compared_with_the_predecessors(terms, now):
    new = at(terms, now, "end")["leader_change"] == 1
    found = party_columns(terms, now, new)
    nan = np.nan
    # the first has no predecessor but is not new; of the third no party is known
    np.testing.assert_array_equal(found["party_change"], [0, 1, nan, nan, nan])
    np.testing.assert_array_equal(found["left_right"], [3, 7, nan, nan, nan])
    np.testing.assert_array_equal(found["left_right_change"], [0, 4, nan, nan, nan])


def test_the_leader_at_entry_is_compared_with_the_one_now(terms):
    sender, now = np.array([0, 0, 0, -1, 2, 1]), np.array([0, 1, 2, 1, 2, 0])
    found = since_entry(terms, now, sender)
    np.testing.assert_array_equal(found["joined_under_other_leader"], [0, 1, 1, np.nan, 0, 0])
    np.testing.assert_array_equal(
        found["left_right_since_entry"], [0, 4, np.nan, np.nan, np.nan, 0]
    )


def test_manner_of_entry_and_source_of_support(terms, now):
    np.testing.assert_array_equal(irregular_entry(terms, now), [0, 1, np.nan, np.nan, np.nan])
    new = at(terms, now, "end")["leader_change"] == 1
    sender = np.array([0, 0, 0, 1, -1])
    found = support_columns(terms, now, new, sender)
    np.testing.assert_array_equal(found["support_change"], [0, 1, 0, 0, 0])
    np.testing.assert_array_equal(found["support_changed_since_entry"], [0, 1, 0, 0, np.nan])
    assert "support_changed_since_entry" not in support_columns(terms, now, new, None)
    cow, known = np.array([230, 200]), np.full(2, month("2003-08"))
    assert support_known(terms, cow, known, None).tolist() == [True, False]
    assert not support_known(terms, cow, known, "archigos").any()
