"""Numbers behind discrete-time models: links, scores, information and Firth's penalty."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, special, stats

__all__ = ["LINKS", "Pieces", "firth_logit", "firth_profile", "log_likelihood", "pieces"]

Floats = npt.NDArray[np.float64]

_SMALLEST = 1e-300


@dataclass(frozen=True)
class Link:
    """Probability, its derivative, and the derivative's derivative divided by it."""

    probability: Callable[[Floats], Floats]
    complement: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    curvature: Callable[[Floats], Floats]


def _cloglog_slope(eta: Floats) -> Floats:
    slope: Floats = np.exp(eta - np.exp(np.minimum(eta, 700.0)))
    return slope


LINKS = {
    "logit": Link(
        special.expit,
        lambda eta: special.expit(-eta),
        lambda eta: special.expit(eta) * special.expit(-eta),
        lambda eta: 1 - 2 * special.expit(eta),
    ),
    "probit": Link(
        special.ndtr,
        lambda eta: special.ndtr(-eta),
        lambda eta: np.exp(-0.5 * eta**2) / np.sqrt(2 * np.pi),
        lambda eta: -eta,
    ),
    "cloglog": Link(
        lambda eta: -np.expm1(-np.exp(np.minimum(eta, 700.0))),
        lambda eta: np.exp(-np.exp(np.minimum(eta, 700.0))),
        _cloglog_slope,
        lambda eta: 1 - np.exp(np.minimum(eta, 700.0)),
    ),
}


@dataclass(frozen=True)
class Pieces:
    """What variances are made of: row scores (n, p) and both informations (p, p)."""

    scores: Floats
    expected: Floats
    observed: Floats


def pieces(X: Floats, y: Floats, eta: Floats, link: str, weights: Floats | None) -> Pieces:
    """Scores and informations of a binary model at a linear predictor."""
    shape = LINKS[link]
    p, q, slope = shape.probability(eta), shape.complement(eta), shape.slope(eta)
    spread = np.maximum(p * q, _SMALLEST)
    case = np.ones_like(y) if weights is None else weights
    residual = np.where(y == 1, q, -p)
    scores = (case * residual * slope / spread)[:, None] * X
    expected_weight = case * slope**2 / spread
    # d/d eta of slope/spread, by the quotient rule; zero for the logit, whose two forms agree.
    bend = slope * shape.curvature(eta) / spread - slope**2 * (1 - 2 * p) / spread**2
    observed_weight = expected_weight - case * residual * bend
    return Pieces(
        scores, X.T @ (expected_weight[:, None] * X), X.T @ (observed_weight[:, None] * X)
    )


def log_likelihood(y: Floats, eta: Floats, link: str, weights: Floats | None) -> float:
    """Bernoulli log-likelihood at a linear predictor.

    Examples
    --------
    >>> import numpy as np
    >>> round(log_likelihood(np.array([1.0, 0.0]), np.zeros(2), "logit", None), 4)
    -1.3863
    """
    shape = LINKS[link]
    chance = np.where(y == 1, shape.probability(eta), shape.complement(eta))
    logs = np.log(np.maximum(chance, _SMALLEST))
    return float(logs.sum() if weights is None else weights @ logs)


@dataclass(frozen=True)
class FirthLogit:
    """Penalised maximum: estimate, inverse information, penalised log-likelihood."""

    coefficients: Floats
    covariance: Floats
    penalised: float
    iterations: int
    converged: bool


def firth_logit(
    X: Floats,
    y: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
    fixed: int | None = None,
    max_iterations: int = 200,
    tolerance: float = 1e-10,
) -> FirthLogit:
    """Maximise the logit likelihood times the square root of the information's determinant.

    Firth (1993), Heinze and Schemper (2002). ``fixed`` holds one coefficient at its ``start``,
    with the determinant of the full information, for profiles.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> firth_logit(X, np.array([0.0, 0.0, 1.0, 1.0])).coefficients.round(4)
    array([-1.6094,  3.2189])
    """
    case = np.ones_like(y) if weights is None else weights
    shift = np.zeros_like(y) if offset is None else offset
    beta = np.zeros(X.shape[1]) if start is None else start.copy()
    free = np.array([j for j in range(X.shape[1]) if j != fixed])
    here = _firth_state(X, y, case, shift, beta)
    converged = False
    iterations = 0
    while not converged and iterations < max_iterations:
        iterations += 1
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.score[free])
        longest = float(np.abs(X @ step).max())
        step *= min(1.0, 5.0 / longest) if longest > 0 else 1.0
        if float(np.abs(here.score[free] @ step[free])) < tolerance**2:
            converged = True
            continue
        for _ in range(40):
            there = _firth_state(X, y, case, shift, beta + step)
            if there.penalised >= here.penalised - 1e-12 * (1 + abs(here.penalised)):
                break
            step /= 2
        beta, here = beta + step, there
    covariance = np.asarray(np.linalg.inv(here.information), dtype=np.float64)
    return FirthLogit(beta, covariance, here.penalised, iterations, converged)


@dataclass(frozen=True)
class _FirthState:
    score: Floats
    information: Floats
    penalised: float


def _firth_state(X: Floats, y: Floats, case: Floats, shift: Floats, beta: Floats) -> _FirthState:
    eta = X @ beta + shift
    p = special.expit(eta)
    weight = case * p * special.expit(-eta)
    information = X.T @ (weight[:, None] * X)
    sign, log_determinant = np.linalg.slogdet(information)
    if sign <= 0:
        return _FirthState(np.zeros_like(beta), information, -np.inf)
    leverage = weight * np.einsum("ij,jk,ik->i", X, np.linalg.inv(information), X, optimize=True)
    score = X.T @ (case * (y - p) + leverage * (0.5 - p))
    value = log_likelihood(y, eta, "logit", case) + 0.5 * float(log_determinant)
    return _FirthState(score, information, value)


def firth_profile(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    level: float | None,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    """Profile limits (p, 2) at ``level``, or likelihood-ratio p-values (p,) if it is None."""
    errors = np.sqrt(np.diag(best.covariance))

    def drop(j: int, value: float) -> float:
        start = best.coefficients.copy()
        start[j] = value
        fit = firth_logit(X, y, weights=weights, offset=offset, start=start, fixed=j)
        return 2 * (best.penalised - fit.penalised)

    count = len(errors)
    if level is None:
        return np.array([stats.chi2.sf(max(drop(j, 0.0), 0.0), 1) for j in range(count)])
    cut = float(stats.chi2.ppf(level, 1))
    limits = np.empty((count, 2))
    for j in range(count):
        for side, sign in enumerate((-1.0, 1.0)):
            limits[j, side] = _cross(
                lambda v, j=j: drop(j, v) - cut,  # type: ignore[misc]
                float(best.coefficients[j]),
                sign * float(errors[j]),
                cut,
            )
    return limits


def _cross(gap: Callable[[float], float], centre: float, unit: float, cut: float) -> float:
    """Where the profile falls below the cut, walking outward from the maximum."""
    inside, outside = centre, centre + unit * np.sqrt(cut)
    for _ in range(60):
        if gap(outside) > 0:
            return float(optimize.brentq(gap, inside, outside, xtol=1e-10, rtol=1e-12))
        inside, outside = outside, outside + 1.5 * (outside - centre)
    return float(np.copysign(np.inf, unit))
