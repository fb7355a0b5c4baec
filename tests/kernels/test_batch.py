"""Batches equal one-by-one fits, whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.clusters import clustered_covariance
from coalition_models.kernels.cox import fit, prepare

ENGINES = pytest.mark.parametrize("engine", ["compiled", "numpy"])
TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])


@pytest.fixture
def _engine(engine, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if engine == "numpy" else "0")


def draws(count, size, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack(
        [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(count)]
    ).astype(float)


@ENGINES
@TIES
@pytest.mark.usefixtures("_engine")
def test_reweighted_fits_equal_single_fits(make_rows, ties):
    """Small samples on purpose: some draws leave a coefficient infinite, all flags must agree."""
    rows = make_rows(31, n=90, p=3, rate=0.25)
    rows.X[:, 2] = rows.X[:, 2] > 1.2
    data = prepare(rows.start, rows.stop, rows.event, rows.X, weights=rows.weights, ties=ties)
    labels, codes = np.unique(rows.clusters, return_inverse=True)
    factors = draws(40, labels.size)
    many = fit_many_weights(data, factors, clusters=rows.clusters, clustered=True)
    finite = 0
    for b, line in enumerate(factors):
        weights = rows.weights * line[codes]
        if not (weights[rows.event == 1] > 0).any():
            assert not many.converged[b]
            continue
        single = prepare(rows.start, rows.stop, rows.event, rows.X, weights=weights, ties=ties)
        one = fit(single)
        assert one.converged == many.converged[b]
        np.testing.assert_array_equal(one.diverging, many.diverging[b])
        np.testing.assert_array_equal(one.aliased, many.aliased[b])
        if one.converged:
            finite += 1
            np.testing.assert_allclose(many.coefficients[b], one.coefficients, rtol=1e-8, atol=1e-8)
            np.testing.assert_allclose(many.log_likelihood[b], one.log_likelihood, rtol=1e-10)
            np.testing.assert_allclose(many.variance_model[b], np.diag(one.covariance), rtol=1e-7)
            robust = clustered_covariance(single, one.coefficients, one.covariance, rows.clusters)
            np.testing.assert_allclose(many.variance_cluster[b], np.diag(robust), rtol=1e-7)
        else:
            assert np.isnan(many.variance_cluster[b]).all()
    assert 5 < finite < 40


@ENGINES
@pytest.mark.usefixtures("_engine")
def test_weightings_of_rows(make_rows):
    rows = make_rows(32)
    data = prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata)
    factors = draws(6, rows.start.size)
    many = fit_many_weights(data, factors)
    for b, line in enumerate(factors):
        one = fit(
            prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata, weights=line)
        )
        np.testing.assert_allclose(many.coefficients[b], one.coefficients, rtol=1e-8)
    assert np.isnan(many.variance_cluster).all()


@ENGINES
@pytest.mark.usefixtures("_engine")
def test_column_subsets_equal_single_fits(make_rows):
    rows = make_rows(33, p=5)
    X = np.column_stack([rows.X, rows.X[:, 0] - rows.X[:, 1]])  # collinear if all three are used
    data = prepare(rows.start, rows.stop, rows.event, X, offset=rows.offset)
    masks = np.random.default_rng(0).random((20, 6)) < 0.5
    masks[0] = True
    masks[1] = False
    many = fit_many_columns(data, masks, clusters=rows.clusters)
    for b, mask in enumerate(masks):
        assert np.isnan(many.coefficients[b, ~mask]).all()
        if not mask.any():
            assert many.converged[b]
            continue
        single = prepare(rows.start, rows.stop, rows.event, X[:, mask], offset=rows.offset)
        one = fit(single)
        robust = clustered_covariance(single, one.coefficients, one.covariance, rows.clusters)
        np.testing.assert_array_equal(many.aliased[b, mask], one.aliased)
        np.testing.assert_allclose(many.coefficients[b, mask], one.coefficients, rtol=1e-8)
        np.testing.assert_allclose(many.variance_cluster[b, mask], np.diag(robust), rtol=1e-7)
    assert many.aliased[0, 5]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_change_a_bit(make_rows, threads):
    rows = make_rows(34, p=4)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    factors = draws(50, np.unique(rows.clusters).size)
    one = fit_many_weights(data, factors, clusters=rows.clusters, threads=1)
    two = fit_many_weights(data, factors, clusters=rows.clusters, threads=threads)
    for name in ("coefficients", "variance_model", "log_likelihood", "converged", "diverging"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_a_draw_without_events_is_flagged(make_rows):
    rows = make_rows(35)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    many = fit_many_weights(data, [(rows.event == 0).astype(float), np.ones(rows.start.size)])
    assert many.converged.tolist() == [False, True]
    assert np.isnan(many.coefficients[0]).all()


def test_bad_requests_are_refused(make_rows):
    rows = make_rows(36)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    with pytest.raises(DataError, match="weightings of 120 rows"):
        fit_many_weights(data, np.ones((2, 5)))
    with pytest.raises(DataError, match="not negative"):
        fit_many_weights(data, -np.ones((2, 120)))
    with pytest.raises(ValueError, match="needs clusters"):
        fit_many_weights(data, np.ones((2, 120)), clustered=True)
    with pytest.raises(DataError, match="booleans"):
        fit_many_columns(data, [[1, 0]])
    with pytest.raises(DataError, match="one cluster label per row"):
        fit_many_columns(data, [[True, False]], clusters=[1])
