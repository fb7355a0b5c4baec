"""Times up to rounding: equal ones meet, others stay, and nothing may lose its length."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels._times import snap_times


def test_times_that_rounding_parts_meet_at_the_smallest():
    start, stop = snap_times(np.zeros(3), np.array([0.1 + 0.2, 0.3, 0.4]))
    assert stop.tolist() == [0.3, 0.3, 0.4]
    assert start.tolist() == [0, 0, 0]
    # an end and a beginning meet too
    start, stop = snap_times(np.array([0.0, 0.1 + 0.2]), np.array([0.3, 0.5]))
    assert start[1] == stop[0]


def test_whole_numbers_and_times_apart_are_left_as_they_are():
    for first, last in (
        (np.array([0.0, 1.0]), np.array([1.0, 2.0])),
        (np.array([0.0, 0.1]), np.array([0.5, 0.6])),
        (np.array([]), np.array([])),
    ):
        start, stop = snap_times(first, last)
        assert start is first
        assert stop is last


def test_a_row_as_short_as_rounding_is_refused_by_number():
    with pytest.raises(DataError, match=r"1 row\(s\): 1\. Correct"):
        snap_times(np.array([0.0, 0.3]), np.array([1.5, 0.1 + 0.2]))
