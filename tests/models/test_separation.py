"""Separation, constant and collinear columns: exact, against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coalition_models.errors import FitError
from coalition_models.kernels.separating import binary_direction
from coalition_models.models.separation import (
    describe_separation,
    involved,
    refuse_aliased,
)


def separated_by_search(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether a direction (a, b) with integer slopes separates one covariate and a constant."""
    for sign in (1, -1):
        with_event, without = sign * x[y == 1], sign * x[y == 0]
        if not len(with_event) or not len(without) or with_event.min() >= without.max():
            return True
    return False


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=3, max_size=12))
def test_one_covariate_against_search(rows):
    x = np.array([float(value) for value, _ in rows])
    y = np.array([float(flag) for _, flag in rows])
    if len(np.unique(x)) < 2:
        return
    found = binary_direction(np.column_stack([np.ones(len(x)), x]), y)
    assert (found is not None) == separated_by_search(x, y)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 1)] * 3), min_size=4, max_size=14))
def test_two_flags_against_all_corners(rows):
    table = np.array(rows, dtype=float)
    X, y = np.column_stack([np.ones(len(table)), table[:, :2]]), table[:, 2]
    found = binary_direction(X, y)
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * X
    # With 0/1 covariates an integer direction within [-2, 2] separates if any does.
    by_hand = any(
        (signed @ d >= 0).all() and (signed @ d > 0).any()
        for d in itertools.product(range(-2, 3), repeat=3)
    )
    assert (found is not None) == by_hand
    if found is not None:
        assert (signed @ found >= -1e-7).all()


def test_scale_and_size_do_not_matter():
    rng = np.random.default_rng(4)
    X = np.column_stack([np.ones(20_000), 1e6 * rng.normal(size=(20_000, 3))])
    y = (rng.random(20_000) < 0.02).astype(float)
    assert binary_direction(X, y) is None
    wall = (y == 0) & (rng.random(20_000) < 0.01)
    direction = binary_direction(np.column_stack([X, wall]), y)
    assert direction is not None
    assert involved(direction, np.ptp(np.column_stack([X, wall]), axis=0)) == (4,)


def test_messages():
    x = np.array([[0.0, 5.0], [0.0, 4.0], [1.0, 1.0], [1.0, 2.0]])
    labels = pd.Index(["ESP", "POL", "ITA", "UKR"])

    def said(columns, event, sign):
        return describe_separation(
            columns, sign, x, np.array(event), ["wall", "risk"], labels, "the others"
        ).message

    none = said((0,), [True, False, False, False], lambda j: -1.0)
    assert "no event among the 2 rows with wall = 1 (rows ITA, UKR)" in none
    assert "The estimate of wall is infinite" in none
    every = said((0,), [True, False, True, True], lambda j: 1.0)
    assert "every one of the 2 rows with wall = 1 has the event" in every
    number = said((1,), [True, True, False, False], lambda j: 1.0)
    assert "each of the 2 events has the highest risk among the others (rows ESP, POL)" in number
    both = said((0, 1), [True, False, False, True], lambda j: 0.0)
    assert "no single term, but a combination of wall, risk" in both
    assert "The estimates of wall, risk are infinite" in both


def test_aliased():
    with pytest.raises(FitError, match="constant in 9 rows: flat"):
        refuse_aliased(np.diag([1.0, 0.0]), ["risk", "flat"], "in 9 rows")
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 5))
    X[:, 3] = X[:, 0] - X[:, 1]
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    with pytest.raises(FitError, match="collinear in 200 rows: a, b, d;"):
        refuse_aliased(X.T @ X / 200, list("abcde"), "in 200 rows")
    refuse_aliased(X[:, [0, 1, 2, 4]].T @ X[:, [0, 1, 2, 4]] / 200, list("abce"), "in 200 rows")
