"""Climb to a maximum of a log-likelihood that need not be concave, by guarded Newton steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.kernels._newton import inverse
from coalition_models.kernels._sums import Derivatives

__all__ = ["Climb", "climb"]

Floats = npt.NDArray[np.float64]

#: a maximum is reached when the step that is left is this short in standard errors
_STILL = 1e-9
#: below this a step that brings nothing is rounding
_ROUNDING = 1e-5
#: no parameter moves further at once; predictors are of standardised columns
_LONGEST = 2.0


@dataclass(frozen=True)
class Climb:
    """Where the climb ended; ``covariance`` is the inverse information there."""

    theta: Floats
    at: Derivatives
    covariance: Floats
    converged: bool
    iterations: int
    decrement: float


def climb(
    evaluate: Callable[[Floats], Derivatives], start: Floats, *, most_steps: int = 60
) -> Climb:
    """Climb from ``start``: Newton where the surface bends down, towards it where it does not.

    Examples
    --------
    >>> def hill(x):
    ...     bend = np.array([[12 * (x[0] - 3) ** 2]])
    ...     return Derivatives(-((x[0] - 3) ** 4), -4 * (x - 3) ** 3, bend)
    >>> climb(hill, np.array([2.0])).theta.round(1)
    array([3.])
    """  # fmt: skip
    theta, at = start, evaluate(start)
    before, decrement, steps = np.inf, np.inf, 0
    for steps in range(1, most_steps + 1):
        step, bends = _step(at)
        decrement = float(np.sqrt(max(float(at.score @ step), 0.0)))
        if not np.isfinite(decrement):
            break
        stalled = decrement <= _ROUNDING and decrement > 0.5 * before
        short = float(np.abs(step).max(initial=0.0)) <= 1e-3
        if bends and short and (decrement <= _STILL or stalled):
            return _arrived(evaluate, theta + step, steps, decrement)
        before = decrement
        found = _improve(evaluate, theta, at, step)
        if found is None:
            ended = bends and short and decrement <= _ROUNDING
            return _ended(theta, at, ended, steps, decrement)
        theta, at = found
    return _ended(theta, at, False, steps, decrement)


def _step(at: Derivatives) -> tuple[Floats, bool]:
    """A step that leads up, no longer than allowed; whether it is Newton's own."""
    bread = inverse(at.information)
    if bread is not None:
        step = np.asarray(bread @ at.score)
        return step * min(1.0, _LONGEST / max(float(np.abs(step).max(initial=0.0)), 1e-300)), True
    if not (np.isfinite(at.information).all() and np.isfinite(at.score).all()):
        return np.full(len(at.score), np.nan), False
    values, vectors = np.linalg.eigh(at.information)
    size = np.maximum(np.abs(values), 1e-6 * np.abs(values).max(initial=1e-300))
    step = vectors @ ((vectors.T @ at.score) / size)
    return step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300)), False


def _improve(
    evaluate: Callable[[Floats], Derivatives], theta: Floats, at: Derivatives, step: Floats
) -> tuple[Floats, Derivatives] | None:
    slack = 1e-13 * (1.0 + abs(at.log_likelihood))
    share = 1.0
    for _ in range(40):
        there = evaluate(theta + share * step)
        if np.isfinite(there.score).all() and there.log_likelihood >= at.log_likelihood - slack:
            return theta + share * step, there
        share /= 2
    return None


def _arrived(
    evaluate: Callable[[Floats], Derivatives], theta: Floats, steps: int, decrement: float
) -> Climb:
    return _ended(theta, evaluate(theta), True, steps, decrement)


def _ended(theta: Floats, at: Derivatives, converged: bool, steps: int, decrement: float) -> Climb:
    bread = inverse(at.information)
    if bread is None:
        return Climb(theta, at, np.full(at.information.shape, np.nan), False, steps, decrement)
    return Climb(theta, at, bread, converged, steps, decrement)
