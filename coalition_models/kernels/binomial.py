"""Numbers behind discrete-time models: links, scores and information."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coalition_models.lazy import lazy_module

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

__all__ = ["LINKS", "Link", "Pieces", "log_likelihood", "pieces", "row_terms"]

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
        lambda eta: special.expit(eta),
        lambda eta: special.expit(-eta),
        lambda eta: special.expit(eta) * special.expit(-eta),
        lambda eta: 1 - 2 * special.expit(eta),
    ),
    "probit": Link(
        lambda eta: special.ndtr(eta),
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
    pull, expected, observed = row_terms(y, eta, link, weights)
    return Pieces(pull[:, None] * X, X.T @ (expected[:, None] * X), X.T @ (observed[:, None] * X))


def row_terms(
    y: Floats, eta: Floats, link: str, weights: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Derivative of each row's log-likelihood by its predictor, and minus the second one.

    Returns
    -------
    tuple of arrays, shape (n,)
        The derivative; the expected and the observed second one.

    Examples
    --------
    >>> import numpy as np
    >>> [part.item() for part in row_terms(np.ones(1), np.zeros(1), "logit", None)]
    [0.5, 0.25, 0.25]
    """
    shape = LINKS[link]
    p, q, slope = shape.probability(eta), shape.complement(eta), shape.slope(eta)
    # a ratio that stays in range where chance and slope both leave it
    ratio = slope / np.maximum(p * q, _SMALLEST)
    case = np.ones_like(y) if weights is None else weights
    residual = np.where(y == 1, q, -p)
    expected_weight = case * slope * ratio
    # d/d eta of the ratio, by the quotient rule; zero for the logit, whose two forms agree.
    bend = ratio * shape.curvature(eta) - ratio**2 * (1 - 2 * p)
    observed_weight = expected_weight - case * residual * bend
    return case * residual * ratio, expected_weight, observed_weight


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
