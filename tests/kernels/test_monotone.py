"""Infinite coefficients are found, large ones are not mistaken for them."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.kernels.batch import fit_many_weights
from coalition_models.kernels.cox import evaluate, fit, prepare


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def separated(rows, share=0.3, seed=0):
    """A dummy that is one at every event and at some other rows."""
    other = np.random.default_rng(seed).random(rows.start.size) < share
    return np.where(rows.event == 1, 1.0, other)


@pytest.mark.parametrize("unit", [1.0, -1.0, 1e6, 1e-6])
def test_a_separating_dummy_is_named(make_rows, unit):
    rows = make_rows(21, n=300)
    X = np.column_stack([rows.X, separated(rows) * unit])
    result = fit(prepare(rows.start, rows.stop, rows.event, X))
    assert result.diverging.tolist() == [False, False, True]
    assert not result.converged
    assert np.sign(result.direction[2]) == np.sign(unit)
    # The likelihood does grow along the direction named.
    data = prepare(rows.start, rows.stop, rows.event, X)
    values = [
        evaluate(data, result.coefficients + t * result.direction).log_likelihood for t in (0, 1, 2)
    ]
    assert values[0] < values[1] <= values[2]


def test_one_exception_makes_it_finite(make_rows):
    rows = make_rows(21, n=300)
    dummy = separated(rows)
    dummy[np.flatnonzero(rows.event)[3]] = 0.0
    result = fit(prepare(rows.start, rows.stop, rows.event, np.column_stack([rows.X, dummy])))
    assert result.converged
    assert not result.diverging.any()
    assert result.coefficients[2] > 2


@pytest.mark.parametrize("size", [5.0, 50.0])
def test_large_but_finite_coefficients_raise_no_alarm(size):
    """One of n at risk has the event; x = 1 / size in standard units moves the odds by e."""
    rng = np.random.default_rng(4)
    n = 400
    x = rng.normal(size=n) / size
    time = np.ceil(rng.exponential(1 / np.exp(size * x)) * 20)
    result = fit(prepare(np.zeros(n), time, np.ones(n), x[:, None]))
    assert result.converged
    assert not result.diverging.any()
    assert result.coefficients[0] == pytest.approx(size, rel=0.2)


def test_a_strong_dummy_with_a_coefficient_near_ten():
    """At every time one event in 20,000 equal rows, half of them with x = 1; one of many events has
    x = 0: exp(b) = 9,999, by the ratio of events to rows."""
    n_times, n = 200, 100
    start = np.repeat(np.arange(n_times), n).astype(float)
    x = np.tile(np.r_[1.0, np.zeros(n - 1)], n_times)
    event = np.tile(np.r_[1, np.zeros(n - 1, dtype=int)], n_times)
    event[0], event[1] = 0, 1  # the one exception, at the first time
    result = fit(prepare(start, start + 1, event, x[:, None]))
    # Score: 199 = 200 r / (r + 99), hence r = 199 * 99.
    assert result.coefficients[0] == pytest.approx(np.log(199 * 99), rel=1e-10)
    assert result.converged
    assert not result.diverging.any()


def test_a_combination_of_columns_is_found(make_rows):
    """Neither column separates alone; their sum does."""
    rows = make_rows(23, n=300)
    dummy = separated(rows)
    noise = np.random.default_rng(1).normal(size=dummy.size)
    X = np.column_stack([dummy + noise, dummy - noise])
    result = fit(prepare(rows.start, rows.stop, rows.event, X))
    assert result.diverging.all()
    ratio = result.direction[0] / result.direction[1]
    assert ratio == pytest.approx(1.0, rel=1e-6)


def test_a_category_without_events_diverges_with_long_rows():
    """Right-censored, ordered: the next to die always has the highest x."""
    time = np.arange(1.0, 31.0)
    noise = np.random.default_rng(2).normal(size=30)
    result = fit(prepare(np.zeros(30), time, np.ones(30), np.column_stack([-time, noise])))
    assert result.diverging[0]
    assert not result.converged


def test_separation_within_strata_only(make_rows):
    """x separates in every stratum but not overall."""
    rows = make_rows(25, n=300)
    x = separated(rows) + 5.0 * rows.strata * np.where(rows.strata == 1, -1, 1)
    stratified = fit(prepare(rows.start, rows.stop, rows.event, x[:, None], strata=rows.strata))
    pooled = fit(prepare(rows.start, rows.stop, rows.event, x[:, None]))
    assert stratified.diverging.all()
    assert pooled.converged
    assert not pooled.diverging.any()


def test_weights_of_zero_can_separate(make_rows):
    rows = make_rows(21, n=300)
    dummy = separated(rows)
    odd = np.flatnonzero(rows.event)[3]
    dummy[odd] = 0.0
    weights = np.ones(rows.start.size)
    weights[odd] = 0.0
    X = np.column_stack([rows.X, dummy])
    result = fit(prepare(rows.start, rows.stop, rows.event, X, weights=weights))
    assert result.diverging.tolist() == [False, False, True]


@pytest.mark.parametrize("far", [10.0, 20.0, 40.0])
def test_a_start_far_out_does_not_hide_it(make_rows, far):
    rows = make_rows(21, n=300)
    X = np.column_stack([rows.X, separated(rows)])
    data = prepare(rows.start, rows.stop, rows.event, X)
    result = fit(data, initial=[0.0, 0.0, far])
    assert result.diverging.tolist() == [False, False, True]
    assert not result.converged
    many = fit_many_weights(data, np.ones((2, 300)), start=[0.0, 0.0, far])
    assert many.diverging[:, 2].all()
    assert not many.converged.any()
