"""Newton's method with step halving for concave log-likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._panel import Floats
from coalition_models.kernels._sums import Derivatives

__all__ = ["LAST_STEP", "Maximum", "aliased_columns", "inverse", "newton"]

# A covariate whose variance given the others is below this share of its own is collinear.
_COLLINEAR = 1e-11
# Below this length (in standard errors) a step that brings nothing is rounding error.
_ROUNDING = 1e-5
# Far out along a monotone direction steps keep their length while standard errors grow, so that
# they come to look short; a maximum also needs a short last step of standardised coefficients.
LAST_STEP = 1e-3
# Matrices beyond this are LAPACK's, which works in blocks.
_LARGE = 100


@dataclass(frozen=True)
class Maximum:
    """Where Newton's method stopped; ``steps`` are the last full steps it wanted to take."""

    beta: Floats
    at: Derivatives
    iterations: int
    converged: bool
    decrement: float
    step: Floats


def aliased_columns(information: Floats, mass: float) -> NDArray[np.bool_]:
    """Columns that carry no information beyond those before them (unit-variance covariates).

    Examples
    --------
    >>> import numpy as np
    >>> aliased_columns(np.array([[1.0, 1.0], [1.0, 1.0]]), 10.0)
    array([False,  True])
    """
    p = information.shape[0]
    if has_compiled():
        from coalition_models.kernels import _compiled

        flags = np.zeros(p, dtype=bool)
        _compiled.mark_aliased(np.ascontiguousarray(information), mass, flags)
        return flags
    left = information.copy()
    own = np.diag(information).copy()
    aliased = np.zeros(p, dtype=bool)
    for j in range(p):
        if not left[j, j] > max(_COLLINEAR * own[j], 1e-14 * mass):
            aliased[j] = True
            continue
        left[j + 1 :, j + 1 :] -= np.outer(left[j + 1 :, j], left[j, j + 1 :]) / left[j, j]
    return aliased


def inverse(information: Floats) -> Floats | None:
    """Inverse of a positive definite matrix, or None where it is singular to working precision."""
    if has_compiled() and len(information) <= _LARGE:
        from coalition_models.kernels import _compiled

        own = np.ascontiguousarray(information)
        result = np.empty_like(own)
        return result if _compiled.invert(own, result) else None
    own = np.diag(information)
    if not (np.isfinite(information).all() and (own > 0).all()):
        return None
    size = np.sqrt(own)
    try:
        root = np.linalg.inv(np.linalg.cholesky(information / np.outer(size, size)))
    except np.linalg.LinAlgError:
        return None
    return np.asarray((root.T @ root) / np.outer(size, size))


def newton(
    evaluate: Callable[[Floats], Derivatives],
    beta: Floats,
    *,
    max_iterations: int,
    tolerance: float,
    stop_early: Callable[[int, Floats, Floats], bool] | None = None,
) -> Maximum:
    """Climb to the maximum from ``beta``.

    Stops when the Newton decrement (the step's length in standard errors) is at most ``tolerance``,
    having evaluated there, and then takes that last step; or when neither the log-likelihood nor
    the step can be improved for rounding. ``stop_early(iteration, beta, step)`` may end it
    unconverged.
    """
    here = _look(evaluate, beta)
    before = np.inf
    iteration = 0
    for iteration in range(1, max_iterations + 1):
        decrement = here.decrement
        if not np.isfinite(decrement):
            return Maximum(here.beta, here.at, iteration - 1, False, np.inf, here.step)
        near = float(np.abs(here.step).max()) <= LAST_STEP
        stalled = decrement <= _ROUNDING and decrement > 0.5 * before
        if near and (decrement <= tolerance or stalled):
            return Maximum(here.beta + here.step, here.at, iteration, True, decrement, here.step)
        before = decrement
        if stop_early is not None and stop_early(iteration, here.beta, here.step):
            return Maximum(here.beta, here.at, iteration, False, decrement, here.step)
        there = _improve(evaluate, here)
        if there is None:
            return Maximum(
                here.beta, here.at, iteration, near and decrement <= _ROUNDING, decrement, here.step
            )
        here = there
    return Maximum(here.beta, here.at, iteration, False, here.decrement, here.step)


@dataclass(frozen=True)
class _Place:
    """A point, its derivatives, and the step Newton would take from there."""

    beta: Floats
    at: Derivatives
    step: Floats
    decrement: float


def _look(evaluate: Callable[[Floats], Derivatives], beta: Floats) -> _Place:
    at = evaluate(beta)
    bread = inverse(at.information)
    if bread is None or not (np.isfinite(at.score).all() and np.isfinite(at.log_likelihood)):
        return _Place(beta, at, np.zeros_like(beta), np.inf)
    step = bread @ at.score
    return _Place(beta, at, step, float(np.sqrt(max(float(at.score @ step), 0.0))))


def _improve(evaluate: Callable[[Floats], Derivatives], here: _Place) -> _Place | None:
    """Take the step, halved until the log-likelihood does not fall by more than rounding.

    Nor may the next step be more than twice as long in standard errors: where a step overshoots to
    a region in which the likelihood is a straight line, it would be endless.
    """
    slack = 1e-13 * (1.0 + abs(here.at.log_likelihood))
    longest = max(2.0 * here.decrement, 1e-3)
    share = 1.0
    for _ in range(40):
        there = _look(evaluate, here.beta + share * here.step)
        if there.at.log_likelihood >= here.at.log_likelihood - slack and there.decrement <= longest:
            return there
        share /= 2
    return None
