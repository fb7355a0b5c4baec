"""Residuals of a Cox fit, of every kind that R's ``residuals.coxph`` has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import residuals as kernel
from coalition_models.kernels.cox import Prepared

__all__ = ["KINDS", "deviance", "residuals"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def deviance(event: Floats, expected: Floats) -> Floats:
    """Martingale residuals made symmetric: their signed root in units of the likelihood.

    Examples
    --------
    >>> deviance(np.array([1.0]), np.array([1.0])).tolist()
    [0.0]
    """
    martingale = event - expected
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(event > 0, event * np.log(expected), 0.0)
    signed: Floats = np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + logs), 0.0))
    return signed


def _dfbetas(rows: Prepared, beta: Floats, covariance: Floats) -> Floats:
    return np.asarray(kernel.dfbeta(rows, beta, covariance) / np.sqrt(np.diag(covariance)))


_BY_ROW: dict[str, Callable[[Prepared, Floats, Floats], Floats]] = {
    "martingale": lambda rows, beta, _: kernel.martingale(rows, beta),
    "score": lambda rows, beta, _: kernel.score_residuals(rows, beta),
    "dfbeta": kernel.dfbeta,
    "dfbetas": _dfbetas,
}
_BY_EVENT: dict[str, Callable[[Prepared, Floats, Floats], kernel.Schoenfeld]] = {
    "schoenfeld": lambda rows, beta, _: kernel.schoenfeld(rows, beta),
    "scaled_schoenfeld": kernel.scaled_schoenfeld,
}

#: kind -> whether it has one value per coefficient
KINDS = {
    "martingale": False,
    "deviance": False,
    "score": True,
    "dfbeta": True,
    "dfbetas": True,
    "schoenfeld": True,
    "scaled_schoenfeld": True,
}


def residuals(
    rows: Prepared, event: Floats, beta: Floats, covariance: Floats, kind: str
) -> tuple[Floats, Integers | None]:
    """Residuals by row, or by event with the places of their rows.

    ``covariance`` is the model-based one, also where a robust one is printed.
    """
    if kind == "deviance":
        return deviance(event, kernel.expected_events(rows, beta)), None
    if kind in _BY_ROW:
        return np.asarray(_BY_ROW[kind](rows, beta, covariance)), None
    found = _BY_EVENT[kind](rows, beta, covariance)
    return found.residuals, found.rows
