"""Cox regression on (start, stop] rows: arrays in, frozen dataclasses of arrays out.

The front of the room: sort once with ``prepare``, then ``fit`` and what follows from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._maximise import maximise
from coalition_models.kernels._newton import inverse
from coalition_models.kernels._panel import Floats, Prepared
from coalition_models.kernels._prepare import prepare
from coalition_models.kernels._shared import with_columns, with_weights
from coalition_models.kernels._sums import Derivatives, derivatives

__all__ = [
    "CoxFit",
    "Prepared",
    "evaluate",
    "fit",
    "linear_predictor",
    "prepare",
    "with_columns",
    "with_weights",
]


@dataclass(frozen=True)
class CoxFit:
    """A Cox regression on the user's scale.

    Attributes
    ----------
    coefficients : array, shape (p,)
        NaN for aliased columns.
    covariance, information : arrays, shape (p, p)
        Inverse information (NaN in aliased rows and columns), and the information.
    log_likelihood, log_likelihood_null : float
        At the maximum and with all coefficients zero (the offset stays).
    score_null : array, shape (p,)
        Gradient at zero.
    score_test : float
        Rao's statistic of all coefficients at zero; degrees of freedom = columns not aliased.
    iterations : int
    converged : bool
        Whether a maximum was reached; False if it lies at infinity.
    gradient_norm : float
        Length of the next Newton step in standard errors.
    diverging : array of bool, shape (p,)
        Coefficients without a finite maximum (monotone likelihood); values and errors mean nothing.
    aliased : array of bool, shape (p,)
        Columns constant within every risk set or collinear with those before them.
    direction : array, shape (p,), or None
        Direction on the user's scale along which the likelihood grows without end.
    """

    coefficients: Floats
    covariance: Floats
    information: Floats
    log_likelihood: float
    log_likelihood_null: float
    score_null: Floats
    score_test: float
    iterations: int
    converged: bool
    gradient_norm: float
    diverging: NDArray[np.bool_]
    aliased: NDArray[np.bool_]
    direction: Floats | None


def evaluate(prepared: Prepared, beta: ArrayLike) -> Derivatives:
    """Log partial likelihood, score and information at ``beta``, all on the user's scale.

    Examples
    --------
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> evaluate(data, [0.0]).log_likelihood, -np.log(6.0)
    (-1.79..., np.float64(-1.79...))
    """
    b = np.asarray(beta, dtype=float) * prepared.scale
    panel = prepared.panel
    found = derivatives(panel, np.arange(b.size), panel.weights, b, prepared.ties == "efron")
    unit = prepared.scale
    return Derivatives(
        found.log_likelihood, found.score * unit, found.information * np.outer(unit, unit)
    )


def linear_predictor(prepared: Prepared, beta: ArrayLike, X: ArrayLike) -> Floats:
    """Linear predictor of rows of ``X``, with zero at the centre of the rows at risk (no offset).

    Examples
    --------
    >>> data = prepare([0, 0], [1, 2], [1, 1], [[1.0], [3.0]])
    >>> linear_predictor(data, [0.5], [[2.0], [4.0]])
    array([0., 1.])
    """
    return np.asarray(
        (np.asarray(X, dtype=float) - prepared.centre) @ np.asarray(beta, dtype=float)
    )


def fit(
    prepared: Prepared,
    *,
    initial: ArrayLike | None = None,
    max_iterations: int = 60,
    tolerance: float = 1e-8,
) -> CoxFit:
    """Maximise the partial likelihood.

    Parameters
    ----------
    prepared : Prepared
        Sorted rows from ``prepare``.
    initial : array-like, shape (p,), optional
        Where to start (warm start); zero by default.
    max_iterations : int
        Newton steps; a finite maximum takes 4 to 12.
    tolerance : float
        Largest last step, in standard errors; that step is then taken, so the error is its square.

    Returns
    -------
    CoxFit
        Never raises for a maximum at infinity, collinear columns or lack of convergence: look at
        ``diverging``, ``aliased`` and ``converged``.

    Examples
    --------
    >>> data = prepare([0, 0, 0, 0], [1, 2, 3, 4], [1, 1, 1, 1], [[0.0], [1.0], [1.0], [0.0]])
    >>> result = fit(data)
    >>> result.converged, float(np.exp(result.coefficients[0]).round(4))  # the golden ratio
    (True, 1.618)
    """
    panel, unit = prepared.panel, prepared.scale
    p = prepared.n_columns
    found = maximise(
        panel,
        np.arange(p),
        panel.weights,
        _start(initial, prepared),
        efron=prepared.ties == "efron",
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    full = _Expand(p, found.cols, unit)
    return CoxFit(
        coefficients=full.vector(found.beta, np.nan, -1),
        covariance=full.matrix(inverse(found.at.information), np.nan, -1),
        information=full.matrix(found.at.information, 0.0, 1),
        log_likelihood=found.at.log_likelihood,
        log_likelihood_null=found.null.log_likelihood,
        score_null=found.null.score * unit,
        score_test=found.score_test,
        iterations=found.iterations,
        converged=found.converged,
        gradient_norm=found.decrement,
        diverging=full.flags(found.direction),
        aliased=found.aliased,
        direction=None if found.direction is None else full.vector(found.direction, 0.0, -1),
    )


def _start(initial: ArrayLike | None, prepared: Prepared) -> Floats:
    if initial is None:
        return np.zeros(prepared.n_columns)
    values = np.asarray(initial, dtype=float)
    if values.shape != (prepared.n_columns,) or not np.isfinite(values).all():
        raise DataError(
            f"Expected {prepared.n_columns} finite starting values, found shape {values.shape}. "
            "Pass one per column, or none to start at zero."
        )
    return values * prepared.scale


@dataclass(frozen=True)
class _Expand:
    """Put results for some standardised columns back among all of them, on the user's scale."""

    p: int
    cols: NDArray[np.int64]
    unit: Floats

    def vector(self, values: Floats, fill: float, power: int) -> Floats:
        out = np.full(self.p, fill)
        out[self.cols] = values * self.unit[self.cols] ** power
        return out

    def matrix(self, values: Floats | None, fill: float, power: int) -> Floats:
        if values is not None and self.cols.size == self.p:  # every column, in order
            whole = self.unit**power
            return np.asarray(values * (whole[:, None] * whole))
        out = np.full((self.p, self.p), fill)
        if values is None:
            out[np.ix_(self.cols, self.cols)] = np.nan
            return out
        u = self.unit[self.cols] ** power
        out[np.ix_(self.cols, self.cols)] = values * np.outer(u, u)
        return out

    def flags(self, direction: Floats | None) -> NDArray[np.bool_]:
        out = np.zeros(self.p, dtype=bool)
        if direction is not None:
            out[self.cols] = np.abs(direction) > 1e-7
        return out
