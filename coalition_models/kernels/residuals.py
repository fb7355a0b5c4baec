"""Residuals of a Cox model, exact under Efron's and Breslow's ties, in the caller's row order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import TieTerms, bin_sums, tie_terms

__all__ = [
    "Schoenfeld",
    "dfbeta",
    "martingale",
    "scaled_schoenfeld",
    "schoenfeld",
    "score_residuals",
]


@dataclass(frozen=True)
class Schoenfeld:
    """One residual per event, ordered by stratum and time.

    ``rows`` (d,) is the event's row in the caller's table, ``times`` and ``strata`` (codes) where
    it happened, ``residuals`` (d, p).
    """

    rows: Integers
    times: Floats
    strata: Integers
    residuals: Floats


@dataclass(frozen=True)
class _Pieces:
    """Everything residuals need, on the standardised scale and in sorted order."""

    risk: Floats  # (m,) exp(predictor)
    total: Floats  # (K, 1 + p)
    tied: Floats
    terms: TieTerms
    event: Floats  # (m,) 0/1


def _pieces(prepared: Prepared, beta: ArrayLike) -> _Pieces:
    panel = prepared.panel
    b = np.asarray(beta, dtype=float) * prepared.scale
    cols = np.arange(prepared.n_columns)
    total, tied = bin_sums(panel, cols, panel.weights, b, full=False)
    eta = b @ panel.columns
    if panel.offset.size:
        eta = eta + panel.offset
    event = np.zeros(eta.size)
    event[panel.event_rows] = 1.0
    terms = tie_terms(panel, panel.weights, total[:, 0], tied[:, 0], prepared.ties == "efron")
    return _Pieces(np.exp(np.clip(eta, -708.0, 709.0)), total, tied, terms, event)


def _accumulate(prepared: Prepared, increments: Floats, at_event: Floats) -> Floats:
    """Sum of increments over each sorted row's bins; an event's own bin counts ``at_event``."""
    panel = prepared.panel
    last = prepared.last
    out = increments[last]
    n_single = int(panel.single_ptr[-1])
    if n_single < last.size:
        before = np.concatenate(
            [np.zeros((1, *increments.shape[1:])), np.cumsum(increments, axis=0)]
        )
        # Sums of earlier bins only, so that the last bin stays exact.
        out[n_single:] += before[last[n_single:]] - before[panel.first]
    rows = panel.event_rows
    out[rows] += (at_event - increments)[last[rows]]
    return np.asarray(out)


def _restore(prepared: Prepared, values: Floats) -> Floats:
    out = np.zeros((prepared.n_rows, *values.shape[1:]))
    out[prepared.kept] = values
    return out


def martingale(prepared: Prepared, beta: ArrayLike) -> Floats:
    """Martingale residuals (n,): events less expected events of each row, zero if never at risk.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 1], [2, 3, 3], [1, 1, 0], [[0.0], [1.0], [0.0]])
    >>> martingale(data, [0.0]).round(4).tolist()
    [0.6667, 0.1667, -0.8333]
    """
    at = _pieces(prepared, beta)
    hazard = _accumulate(prepared, at.terms.c1, at.terms.c1 - at.terms.c2)
    return _restore(prepared, at.event - at.risk * hazard)


def score_residuals(prepared: Prepared, beta: ArrayLike) -> Floats:
    """Score residuals (n, p) without case weights, as R's ``residuals(fit, type = "score")``.

    Their weighted sum over rows is the score; each carries its share of Efron's tie correction.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> bool(abs(score_residuals(data, fit(data).coefficients).sum()) < 1e-12)
    True
    """
    at = _pieces(prepared, beta)
    t, s1, d1 = at.terms, at.total[:, 1:], at.tied[:, 1:]
    hazard = _accumulate(prepared, t.c1, t.c1 - t.c2)
    drift = s1 * t.e1[:, None] - d1 * t.e2[:, None]
    drift_event = s1 * (t.e1 - t.e2)[:, None] - d1 * (t.e2 - t.e3)[:, None]
    # One covariate at a time keeps the memory at one extra column.
    out = np.zeros((prepared.n_rows, prepared.n_columns))
    means = _event_means(at)
    rows, bins = prepared.panel.event_rows, prepared.last[prepared.panel.event_rows]
    for j, line in enumerate(prepared.panel.columns):
        value = -at.risk * (line * hazard - _accumulate(prepared, drift[:, j], drift_event[:, j]))
        value[rows] += line[rows] - means[bins, j]
        out[prepared.kept, j] = value * prepared.scale[j]
    return out


def _event_means(at: _Pieces) -> Floats:
    """Mean covariates of each bin's risk set, averaged over its tied events (K, p)."""
    t = at.terms
    mass = np.where(t.mass > 0, t.mass, 1.0)[:, None]
    result: Floats = (at.total[:, 1:] * t.c1[:, None] - at.tied[:, 1:] * t.c2[:, None]) / mass
    return result


def dfbeta(prepared: Prepared, beta: ArrayLike, covariance: ArrayLike) -> Floats:
    """Approximate change of the coefficients (n, p) through each row, with its case weight.

    R's ``residuals(fit, type = "dfbeta", weighted = TRUE)``; ``covariance`` is the model-based one.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> result = fit(data)
    >>> dfbeta(data, result.coefficients, result.covariance).shape
    (3, 1)
    """
    score = score_residuals(prepared, beta)
    if prepared.weights.size:
        score *= prepared.weights[:, None]
    return np.asarray(score @ np.asarray(covariance, dtype=float))


def schoenfeld(prepared: Prepared, beta: ArrayLike) -> Schoenfeld:
    """Schoenfeld residuals: covariates of each event less their mean in its risk set.

    Unweighted, as R's default; under Efron the mean is averaged over the tied events.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> schoenfeld(data, [0.0]).residuals.ravel().round(4).tolist()
    [0.3333, -0.5, 0.0]
    """
    at = _pieces(prepared, beta)
    rows = prepared.panel.event_rows
    bins = prepared.last[rows]
    residuals = prepared.panel.columns[:, rows].T - _event_means(at)[bins]
    return Schoenfeld(
        rows=prepared.kept[rows],
        times=prepared.event_times[bins],
        strata=prepared.event_strata[bins],
        residuals=residuals * prepared.scale,
    )


def scaled_schoenfeld(prepared: Prepared, beta: ArrayLike, covariance: ArrayLike) -> Schoenfeld:
    """Scaled Schoenfeld residuals: events x residual x covariance + coefficient, as R's.

    ``covariance`` is the model-based one, also where a robust one is printed, as in R.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> scaled_schoenfeld(data, [0.0], [[2.0]]).residuals.ravel().round(4).tolist()
    [2.0, -3.0, 0.0]
    """
    plain = schoenfeld(prepared, beta)
    cov = np.asarray(covariance, dtype=float)
    scaled = plain.residuals @ cov * plain.rows.size + np.asarray(beta, dtype=float)
    return Schoenfeld(plain.rows, plain.times, plain.strata, scaled)
