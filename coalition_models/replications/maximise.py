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

    at: Floats
    value: float
    covariance: Floats

    @property
    def std_errors(self) -> Floats:
        """Square roots of the covariance's diagonal."""
        return np.sqrt(np.diag(self.covariance))


def maximise(log_likelihood: Callable[[Floats], float], start: Floats) -> Maximum:
    """Climb from a start to the nearest maximum, at last by Newton steps.

    Parameters
    ----------
    log_likelihood : callable
        Takes the parameters (p,), gives the sum over rows; analytic, since it is differentiated
        by complex steps.
    start : ndarray, shape (p,)

    Raises
    ------
    FitError
        If no maximum is reached.

    Examples
    --------
    >>> found = maximise(lambda b: -((b[0] - 2) ** 2), np.zeros(1))
    >>> found.at.round(6), found.std_errors.round(6)
    (array([2.]), array([0.707107]))
    """

    def loss(at: Floats) -> float:
        value = -log_likelihood(at)
        return float(value) if np.isfinite(value) else 1e300

    def slope(at: Floats) -> Floats:
        found: Floats = approx_fprime_cs(at, log_likelihood)
        return -found

    with np.errstate(all="ignore"):  # a step too far is taken back
        at: Floats = optimize.minimize(loss, start, jac=slope, method="BFGS").x
    for _ in range(_STEPS):
        score = -slope(at)
        information = -np.asarray(approx_hess_cs(at, log_likelihood), dtype=np.float64)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError as error:
            raise FitError(f"no maximum: the information is singular at {at.round(4)}") from error
        if 0 <= score @ step < _REACHED:
            return Maximum(at, -loss(at), np.asarray(np.linalg.inv(information), np.float64))
        at = at + step
    raise FitError(f"no maximum within {_STEPS} Newton steps, at {at.round(4)}")
