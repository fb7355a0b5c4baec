"""Standardised columns, and the way back to coefficients of the columns as given."""

from __future__ import annotations

import numpy as np

from coalition_models.kernels.standard import standardise


def test_columns_have_mean_zero_and_spread_one_and_constants_stay():
    X = np.column_stack([np.ones(4), [1e9, 1e9 + 1, 1e9 + 2, 1e9 + 3], [5.0] * 4])
    found = standardise(X)
    Z = found.matrix(X)
    np.testing.assert_allclose(Z[:, 1].mean(), 0, atol=1e-9)
    np.testing.assert_allclose((Z[:, 1] ** 2).mean(), 1, rtol=1e-9)
    assert Z[:, 0].tolist() == [1.0] * 4
    assert Z[:, 2].tolist() == [0.0] * 4


def test_predictors_are_the_same_on_both_scales():
    rng = np.random.default_rng(1)
    X = np.column_stack([np.ones(50), rng.normal(100, 3, 50), rng.normal(-2, 0.1, 50)])
    beta = np.array([0.3, -0.2, 4.0])
    found = standardise(X)
    inside = found.inner(beta)
    np.testing.assert_allclose(found.matrix(X) @ inside, X @ beta, rtol=1e-12)
    np.testing.assert_allclose(found.outer(inside), beta, rtol=1e-12)
    np.testing.assert_allclose(found.back @ inside, beta, rtol=1e-12)
    half = rng.normal(size=(3, 3))
    np.testing.assert_allclose(
        found.covariance(half @ half.T), found.back @ half @ half.T @ found.back.T, rtol=1e-12
    )
