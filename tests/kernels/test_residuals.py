"""Residuals: their sums are the score, their parts what the definition says."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.clusters import clustered_covariance, clustered_scores
from coalition_models.kernels.cox import evaluate, fit, prepare
from coalition_models.kernels.jackknife import jackknife_by_cluster
from coalition_models.kernels.residuals import (
    dfbeta,
    martingale,
    scaled_schoenfeld,
    schoenfeld,
    score_residuals,
)
from coalition_models.kernels.variance import cluster_codes, sandwich, two_way_sandwich

TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def test_martingale_by_hand():
    """Two of three die at time 1: Efron's increments are 1/3 and 1/2; an event takes half of the
    second, hence 1 - 1/3 - 1/4; the survivor -1/3 - 1/2."""
    data = prepare([0] * 3, [1, 1, 2], [1, 1, 0], [[1.0], [0.0], [0.0]])
    np.testing.assert_allclose(martingale(data, [0.0]), [5 / 12, 5 / 12, -5 / 6])


@TIES
def test_score_residuals_are_the_derivative_by_row_weight(make_rows, gradient, ties):
    """Under Breslow a row's residual is the derivative of the score by its weight, less what the
    weight does through others: summed against weights both give the score itself."""
    rows = make_rows(8)
    data = prepare(
        rows.start,
        rows.stop,
        rows.event,
        rows.X,
        strata=rows.strata,
        weights=rows.weights,
        ties=ties,
    )
    beta = np.array([0.3, 0.1])
    total = (score_residuals(data, beta) * rows.weights[:, None]).sum(axis=0)
    np.testing.assert_allclose(total, evaluate(data, beta).score, rtol=1e-10)
    events = schoenfeld(data, beta)
    np.testing.assert_allclose(
        (events.residuals * rows.weights[events.rows, None]).sum(axis=0), total, rtol=1e-10
    )


def test_dfbeta_approximates_leaving_a_row_out_without_ties(make_rows):
    rows = make_rows(2, n=400)
    stop = rows.stop + np.linspace(0, 0.5, rows.stop.size)
    data = prepare(rows.start, stop, rows.event, rows.X)
    full = fit(data)
    change = dfbeta(data, full.coefficients, full.covariance)
    rows_out = np.argsort(-np.abs(change[:, 0]))[:5]
    for row in rows_out:
        weights = np.ones(rows.start.size)
        weights[row] = 0
        without = fit(prepare(rows.start, stop, rows.event, rows.X, weights=weights))
        exact = full.coefficients - without.coefficients
        np.testing.assert_allclose(change[row], exact, rtol=0.2, atol=2e-4)


@TIES
def test_clustered_covariance_is_the_sandwich_of_score_residuals(make_rows, ties):
    rows = make_rows(11, p=3)
    data = prepare(
        rows.start, rows.stop, rows.event, rows.X, weights=rows.weights, ties=ties,
        offset=rows.offset,
    )  # fmt: skip
    result = fit(data)
    slow = sandwich(
        score_residuals(data, result.coefficients) * rows.weights[:, None],
        result.covariance,
        rows.clusters,
    )
    fast = clustered_covariance(data, result.coefficients, result.covariance, rows.clusters)
    np.testing.assert_allclose(fast, slow, rtol=1e-10)
    moved = dfbeta(data, result.coefficients, result.covariance)
    codes, count = cluster_codes(rows.clusters)
    sums = np.stack([moved[codes == g].sum(axis=0) for g in range(count)])
    np.testing.assert_allclose(fast, sums.T @ sums, rtol=1e-10)


def test_cluster_labels_may_be_anything(make_rows):
    rows = make_rows(11)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    result = fit(data)
    names = np.array([f"state {c:02d}" for c in range(15)])
    covariances = [
        clustered_covariance(data, result.coefficients, result.covariance, labels)
        for labels in (
            rows.clusters,
            names[rows.clusters],
            names[::-1][rows.clusters],
            rows.clusters * 10_000_000 - 5,
            (rows.clusters * 10 - 100).astype(np.int8),
        )
    ]
    for other in covariances[1:]:
        np.testing.assert_allclose(other, covariances[0], rtol=1e-12)


def test_two_way_is_one_plus_other_less_both(make_rows):
    rows = make_rows(11)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    result = fit(data)
    u = score_residuals(data, result.coefficients)
    both = [f"{a}/{b}" for a, b in zip(rows.clusters, rows.strata, strict=True)]
    expected = (
        sandwich(u, result.covariance, rows.clusters)
        + sandwich(u, result.covariance, rows.strata)
        - sandwich(u, result.covariance, both)
    )
    found = two_way_sandwich(u, result.covariance, rows.clusters, rows.strata)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_allclose(
        two_way_sandwich(u, result.covariance, rows.clusters, rows.clusters),
        sandwich(u, result.covariance, rows.clusters),
        rtol=1e-12,
    )


def test_jackknife_leaves_out_one_cluster_at_a_time(make_rows):
    rows = make_rows(13)
    full = fit(prepare(rows.start, rows.stop, rows.event, rows.X))
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    found = jackknife_by_cluster(data, full.coefficients, rows.clusters)
    labels = np.unique(rows.clusters)
    refits = []
    for label in labels:
        stay = rows.clusters != label
        refits.append(
            fit(prepare(rows.start[stay], rows.stop[stay], rows.event[stay], rows.X[stay]))
        )
    distance = np.stack([r.coefficients for r in refits]) - full.coefficients
    expected = (labels.size - 1) / labels.size * distance.T @ distance
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-7)
    assert found.usable.all()
    np.testing.assert_array_equal(found.labels, labels)


def test_schoenfeld_rows_and_scaling(make_rows):
    rows = make_rows(14)
    data = prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata)
    result = fit(data)
    plain = schoenfeld(data, result.coefficients)
    assert rows.event[plain.rows].all()
    np.testing.assert_array_equal(plain.times, rows.stop[plain.rows])
    np.testing.assert_array_equal(plain.strata, rows.strata[plain.rows])
    scaled = scaled_schoenfeld(data, result.coefficients, result.covariance)
    # The residuals sum to zero, so the scaled ones average to the coefficients.
    np.testing.assert_allclose(scaled.residuals.mean(axis=0), result.coefficients, rtol=1e-9)


def test_wrong_labels_are_refused(make_rows):
    rows = make_rows(14)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    with pytest.raises(DataError, match="one cluster label per row"):
        clustered_scores(data, [0.0, 0.0], [1, 2])
    with pytest.raises(DataError, match="one cluster label per row"):
        sandwich([[1.0]], [[1.0]], [1, 2])
    with pytest.raises(DataError, match="at least two"):
        jackknife_by_cluster(data, [0.0, 0.0], np.ones(rows.start.size))
