"""Residuals of a discrete-time fit."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import binomial

__all__ = ["KINDS", "residuals"]

Floats = npt.NDArray[np.float64]

#: kind -> whether it has one value per coefficient
KINDS = {
    "response": False,
    "pearson": False,
    "deviance": False,
    "score": True,
    "dfbeta": True,
    "dfbetas": True,
}
_SMALLEST = 1e-300


def residuals(
    X: Floats,
    y: Floats,
    eta: Floats,
    link: str,
    weights: Floats | None,
    covariance: Floats,
    kind: str,
) -> Floats:
    """Residuals by row, with its case weight as R's ``glm`` has it; ``response`` is without.

    Pearson's and the deviance's count the root of the weight, so that their squares add up to the
    statistic; those with one value per coefficient count the weight.

    ``dfbeta`` is the one-step change of the coefficients through each row: its score times the
    inverse information, as :func:`coalition_models.kernels.residuals.dfbeta` for a Cox model.
    """
    shape = binomial.LINKS[link]
    p, q = shape.probability(eta), shape.complement(eta)
    rest = np.where(y == 1, q, -p)
    if kind == "response":
        return np.asarray(rest)
    root = 1.0 if weights is None else np.sqrt(weights)
    if kind == "pearson":
        return np.asarray(root * rest / np.sqrt(np.maximum(p * q, _SMALLEST)))
    if kind == "deviance":
        chance = np.maximum(np.where(y == 1, p, q), _SMALLEST)
        return np.asarray(root * np.sign(rest) * np.sqrt(-2 * np.log(chance)))
    scores = binomial.pieces(X, y, eta, link, weights).scores
    if kind == "score":
        return scores
    moves = scores @ covariance
    return np.asarray(moves if kind == "dfbeta" else moves / np.sqrt(np.diag(covariance)))
