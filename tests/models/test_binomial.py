"""Links, scores and informations against numerical derivatives."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.kernels.binomial import LINKS, log_likelihood, pieces

RNG = np.random.default_rng(8)
X = np.column_stack([np.ones(60), RNG.normal(size=(60, 2))])
Y = (RNG.random(60) < 0.3).astype(float)
BETA = np.array([-0.8, 0.3, -0.5])
WEIGHTS = RNG.uniform(0.5, 2, size=60)


@pytest.mark.parametrize("link", sorted(LINKS))
class TestLinks:
    def test_slope_and_curvature(self, link):
        shape, eta, h = LINKS[link], np.linspace(-6, 2.5, 41), 1e-5
        slope = (shape.probability(eta + h) - shape.probability(eta - h)) / (2 * h)
        np.testing.assert_allclose(shape.slope(eta), slope, rtol=1e-6, atol=1e-10)
        bend = (shape.slope(eta + h) - shape.slope(eta - h)) / (2 * h)
        np.testing.assert_allclose(
            shape.curvature(eta) * shape.slope(eta), bend, rtol=1e-6, atol=1e-9
        )

    def test_complement_keeps_small_chances(self, link):
        shape = LINKS[link]
        np.testing.assert_allclose(shape.probability(np.array([-2.0, 1.0])), 1 - shape.complement(
            np.array([-2.0, 1.0])), rtol=1e-12)  # fmt: skip
        assert 0 < shape.probability(np.array([-30.0]))[0] < 1e-12

    def test_scores_are_the_gradient(self, link):
        h = 1e-6
        gradient = [
            (
                log_likelihood(Y, X @ (BETA + e), link, WEIGHTS)
                - log_likelihood(Y, X @ (BETA - e), link, WEIGHTS)
            )
            / (2 * h)
            for e in h * np.eye(3)
        ]
        found = pieces(X, Y, X @ BETA, link, WEIGHTS)
        np.testing.assert_allclose(found.scores.sum(axis=0), gradient, rtol=1e-6)

    def test_observed_information_is_minus_the_hessian(self, link):
        h = 1e-6
        columns = [
            (
                pieces(X, Y, X @ (BETA - e), link, WEIGHTS).scores.sum(axis=0)
                - pieces(X, Y, X @ (BETA + e), link, WEIGHTS).scores.sum(axis=0)
            )
            / (2 * h)
            for e in h * np.eye(3)
        ]
        found = pieces(X, Y, X @ BETA, link, WEIGHTS)
        np.testing.assert_allclose(found.observed, np.array(columns), rtol=1e-5)

    def test_expected_information_is_the_mean_of_the_observed(self, link):
        p = LINKS[link].probability(X @ BETA)
        ones = pieces(X, np.ones(60), X @ BETA, link, p).observed
        zeros = pieces(X, np.zeros(60), X @ BETA, link, 1 - p).observed
        found = pieces(X, Y, X @ BETA, link, None)
        np.testing.assert_allclose(found.expected, ones + zeros, rtol=1e-9)
