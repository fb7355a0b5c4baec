"""Maximum likelihood for estimators that only one study needs: numbers in, estimates out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize
from statsmodels.tools.numdiff import approx_fprime_cs, approx_hess_cs

from coalition_models.errors import FitError

__all__ = ["Maximum", "maximise"]

Floats = npt.NDArray[np.float64]
#: Newton's decrement below which the maximum is reached
_REACHED = 1e-16
_STEPS = 50


@dataclass(frozen=True)
class Maximum:
    """Where a log likelihood is highest, its value there, and the inverse observed information."""

    point: Floats
    value: float
    covariance: Floats

    @property
    def std_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))


def maximise(
    log_likelihood: Callable[[Floats], float],
    start: Floats,
    score: Callable[[Floats], Floats] | None = None,
) -> Maximum:
    """Climb from a start to the nearest maximum, at last by Newton steps.

    Parameters
    ----------
    log_likelihood : callable
        Takes the parameters (p,), gives the sum over rows; analytic, since it is differentiated
        by complex steps.
    start : ndarray, shape (p,)
    score : callable, optional
        The slope (p,) of the log likelihood, analytic too, where it is known: the information is
        then exact to rounding.

    Raises
    ------
    FitError
        If no maximum is reached.

    Examples
    --------
    >>> found = maximise(lambda b: -((b[0] - 2) ** 2), np.zeros(1))
    >>> found.point.round(6), found.std_errors.round(6)
    (array([2.]), array([0.707107]))
    """

    def loss(at: Floats) -> float:
        value = -log_likelihood(at)
        return float(value) if np.isfinite(value) else 1e300

    def slope(at: Floats) -> Floats:
        found = approx_fprime_cs(at, log_likelihood) if score is None else score(at)
        return -np.asarray(found, np.float64)

    def curvature(at: Floats) -> Floats:
        if score is None:
            return np.asarray(approx_hess_cs(at, log_likelihood), np.float64)
        found = np.asarray(approx_fprime_cs(at, score), np.float64)
        return (found + found.T) / 2

    with np.errstate(all="ignore"):  # a step too far is taken back
        at: Floats = optimize.minimize(loss, start, jac=slope, method="BFGS").x
    for _ in range(_STEPS):
        upward, information = -slope(at), -curvature(at)
        try:
            step = np.linalg.solve(information, upward)
        except np.linalg.LinAlgError as error:
            raise FitError(f"no maximum: the information is singular at {at.round(4)}") from error
        if 0 <= upward @ step < _REACHED:
            return Maximum(at, -loss(at), np.asarray(np.linalg.inv(information), np.float64))
        at = at + step
    raise FitError(f"no maximum within {_STEPS} Newton steps, at {at.round(4)}")
