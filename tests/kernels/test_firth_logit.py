"""Firth's logit by hand, and its profiles by search."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize, stats

from coalition_models.kernels.firth_logit import firth_limits, firth_logit, firth_p_values

RNG = np.random.default_rng(8)
X = np.column_stack([np.ones(60), RNG.normal(size=(60, 2))])
Y = (RNG.random(60) < 0.3).astype(float)
WALL = np.where(Y == 0, (X[:, 1] > 0).astype(float), 0.0)


def penalised(design: np.ndarray, beta: np.ndarray) -> float:
    eta = design @ beta
    p = 1 / (1 + np.exp(-eta))
    information = design.T @ ((p * (1 - p))[:, None] * design)
    return float((Y * eta - np.logaddexp(0, eta)).sum() + 0.5 * np.linalg.slogdet(information)[1])


def profiled(design: np.ndarray, j: int, value: float, start: np.ndarray) -> float:
    free = [k for k in range(design.shape[1]) if k != j]

    def loss(rest: np.ndarray) -> float:
        beta = np.empty(design.shape[1])
        beta[j], beta[free] = value, rest
        return -penalised(design, beta)

    options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 20_000, "maxfev": 20_000}
    found = optimize.minimize(loss, start[free], method="Nelder-Mead", options=options)
    return -float(found.fun)


@pytest.mark.parametrize(
    "design", [X, np.column_stack([X[:, :2], WALL])], ids=["plain", "separated"]
)
def test_limits_and_p_values_lie_on_the_profile(design):
    best = firth_logit(design, Y)
    assert best.penalised == pytest.approx(penalised(design, best.coefficients), abs=1e-10)
    limits = firth_limits(design, Y, best, 0.95)
    p_values = firth_p_values(design, Y, best)
    for j in range(3):
        for bound in limits[j]:
            fall = 2 * (best.penalised - profiled(design, j, bound, best.coefficients))
            assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)
        fall = 2 * (best.penalised - profiled(design, j, 0.0, best.coefficients))
        assert p_values[j] == pytest.approx(stats.chi2.sf(fall, 1), rel=1e-4, abs=1e-12)
    assert (limits[:, 0] < best.coefficients).all()
    assert (limits[:, 1] > best.coefficients).all()


def test_firth_by_hand():
    # Two groups of two: log((y + 1/2) / (n - y + 1/2)) in each, so -log 5 and 2 log 5.
    design = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    found = firth_logit(design, np.array([0.0, 0.0, 1.0, 1.0]))
    np.testing.assert_allclose(found.coefficients, [-np.log(5), 2 * np.log(5)], rtol=1e-9)
    assert found.converged


def test_firth_weights_are_copies():
    weights = np.where(np.arange(60) % 2, 1.0, 2.0)
    copies = np.repeat(np.arange(60), weights.astype(int))
    one = firth_logit(X, Y, weights=weights)
    two = firth_logit(X[copies], Y[copies])
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-7)
