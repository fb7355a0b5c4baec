"""Newton's method with step halving for concave log-likelihoods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import has_numba
from coalition_models.kernels._panel import Floats
from coalition_models.kernels._sums import Derivatives

__all__ = ["Maximum", "aliased_columns", "inverse", "newton"]

# A covariate whose variance given the others is below this share of its own is collinear.
_COLLINEAR = 1e-11


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
    if has_numba():
        from coalition_models.kernels import _matrix_loops

        result = np.empty_like(information)
        return result if _matrix_loops.invert(information, result) else None
    size = np.sqrt(np.diag(information))
    if not (np.isfinite(information).all() and (size > 0).all()):
        return None
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
    max_step: float = np.inf,
) -> Maximum:
    """Climb to the maximum from ``beta``.

    Stops when the Newton decrement (the step's length in standard errors) is at most ``tolerance``,
    having evaluated there, and then takes that last step; or when neither the log-likelihood nor
    the step can be improved for rounding. ``stop_early(iteration, beta, step)`` may end it
    unconverged.
    """
    here = evaluate(beta)
    step = np.zeros_like(beta)
    decrement = before = np.inf
    iterations = 0
    for iterations in range(1, max_iterations + 1):
        bread = inverse(here.information)
        if bread is None or not np.isfinite(here.score).all():
            return Maximum(beta, here, iterations - 1, False, np.inf, step)
        step = bread @ here.score
        decrement = float(np.sqrt(max(float(here.score @ step), 0.0)))
        stalled = decrement <= 1e-5 and decrement > 0.5 * before
        if decrement <= tolerance or stalled:
            return Maximum(beta + step, here, iterations, True, decrement, step)
        before = decrement
        if stop_early is not None and stop_early(iterations, beta, step):
            return Maximum(beta, here, iterations, False, decrement, step)
        longest = float(np.abs(step).max())
        move = step * min(1.0, max_step / longest) if longest > 0 else step
        found = _improve(evaluate, beta, move, here)
        if found is None:
            rounding = decrement <= 1e-5
            return Maximum(beta, here, iterations, rounding, decrement, step)
        beta, here = found
    return Maximum(beta, here, iterations, False, decrement, step)


def _improve(
    evaluate: Callable[[Floats], Derivatives], beta: Floats, move: Floats, here: Derivatives
) -> tuple[Floats, Derivatives] | None:
    """Take the step, halved until the log-likelihood does not fall by more than rounding."""
    slack = 1e-13 * (1.0 + abs(here.log_likelihood))
    for _ in range(30):
        there = evaluate(beta + move)
        if (
            np.isfinite(there.log_likelihood)
            and there.log_likelihood >= here.log_likelihood - slack
        ):
            return beta + move, there
        move = move / 2
    return None
