"""What an estimation hands over, and the part of it that an engine works with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "Estimates"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Estimates:
    """Coefficients with names and covariance: what predictions and tests start from."""

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a maximisation found, and what must be said of it.

    ``covariance`` is of the kind asked for, ``model_covariance`` the inverse information, both of
    shape (p, p); ``log_likelihood_null`` is that without the formula's terms. ``remarks`` may be
    warnings; ``notes`` only stand below the fit.
    """

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    remarks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    native: object | None = None
