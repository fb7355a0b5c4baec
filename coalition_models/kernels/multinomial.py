"""Numbers behind the multinomial logit: chances, scores, information, and the climb."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._panel import Floats, Integers

__all__ = ["MultinomialFit", "MultinomialPieces", "chances", "fit", "multinomial_pieces"]

#: a maximum is reached when a further step moves no linear predictor by this much
_STILL = 1e-9
_MOST_STEPS = 60


@dataclass(frozen=True, eq=False)
class MultinomialPieces:
    """Log-likelihood, row scores (n, K p) and information (K p, K p), outcome by outcome."""

    log_likelihood: float
    scores: Floats
    information: Floats


@dataclass(frozen=True, eq=False)
class MultinomialFit:
    """Coefficients (K, p) against outcome 0, and the pieces there.

    ``converged`` says that no step is left, which is so too where a likelihood without a maximum is
    flat to rounding: chances are then next to 0 or 1.
    """

    coefficients: Floats
    at: MultinomialPieces
    converged: bool
    iterations: int


def chances(X: Floats, beta: Floats) -> Floats:
    """Probability of each outcome (n, 1 + K), the one compared with first.

    Examples
    --------
    >>> chances(np.ones((1, 1)), np.array([[0.0], [0.0]])).round(3).tolist()
    [[0.333, 0.333, 0.333]]
    """
    eta = np.hstack([np.zeros((len(X), 1)), X @ beta.T])
    eta -= eta.max(axis=1, keepdims=True)
    size = np.exp(eta)
    return np.asarray(size / size.sum(axis=1, keepdims=True))


def multinomial_pieces(
    X: Floats, codes: Integers, beta: Floats, weights: Floats | None = None
) -> MultinomialPieces:
    """What variances are made of, at given coefficients.

    Examples
    --------
    >>> X, codes = np.ones((4, 1)), np.array([0, 1, 1, 2])
    >>> at = multinomial_pieces(X, codes, np.log([[2.0], [1.0]]))
    >>> at.scores.sum(axis=0).round(12).tolist(), at.information.round(3).tolist()
    ([0.0, 0.0], [[1.0, -0.5], [-0.5, 0.75]])
    """
    p = chances(X, beta)
    kinds, width = beta.shape
    case = np.ones(len(X)) if weights is None else weights
    own = p[np.arange(len(X)), codes]
    rest = [case * ((codes == k + 1) - p[:, k + 1]) for k in range(kinds)]
    information = np.empty((kinds * width, kinds * width))
    for j in range(kinds):
        for k in range(j + 1):
            spread = case * p[:, j + 1] * ((j == k) - p[:, k + 1])
            block = X.T @ (X * spread[:, None])
            rows, columns = slice(j * width, (j + 1) * width), slice(k * width, (k + 1) * width)
            information[rows, columns] = block
            information[columns, rows] = block.T
    with np.errstate(divide="ignore"):
        height = float(case @ np.log(own))
    return MultinomialPieces(height, np.hstack([X * r[:, None] for r in rest]), information)


def fit(
    X: Floats,
    codes: Integers,
    kinds: int,
    weights: Floats | None = None,
    start: Floats | None = None,
) -> MultinomialFit:
    """Maximise by Newton's steps, each halved until it leads up.

    Parameters
    ----------
    X : array, shape (n, p)
        Of columns of about one scale; the first is the intercept.
    codes : array of int, shape (n,)
        Outcomes 0 to ``kinds``; 0 is compared with.
    kinds : int
    weights : array, shape (n,), optional
    start : array, shape (kinds, p), optional

    Examples
    --------
    >>> found = fit(np.ones((4, 1)), np.array([0, 1, 1, 2]), 2)
    >>> found.converged, np.exp(found.coefficients).round(6).tolist()
    (True, [[2.0], [1.0]])
    """
    beta = np.zeros((kinds, X.shape[1])) if start is None else start
    at = multinomial_pieces(X, codes, beta, weights)
    for step_number in range(1, _MOST_STEPS + 1):
        score = at.scores.sum(axis=0)
        step = np.linalg.lstsq(at.information, score, rcond=1e-15)[0].reshape(beta.shape)
        move = float(np.abs(X @ step.T).max())
        if not np.isfinite(move):
            return MultinomialFit(beta, at, False, step_number)
        if move < _STILL:
            return MultinomialFit(beta + step, at, True, step_number)
        again = multinomial_pieces(X, codes, beta + step, weights)
        while not again.log_likelihood >= at.log_likelihood - _slack(at) and move > _STILL:
            step, move = step / 2, move / 2
            again = multinomial_pieces(X, codes, beta + step, weights)
        beta, at = beta + step, again
    return MultinomialFit(beta, at, False, _MOST_STEPS)


def _slack(at: MultinomialPieces) -> float:
    """Rounding error of the log-likelihood."""
    return 1e-12 * (1.0 + abs(at.log_likelihood))
