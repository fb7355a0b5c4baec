"""Residuals of a Cox model, exact under Efron's and Breslow's ties, in the caller's row order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.kernels._panel import Floats, Integers, Panel, Prepared
from coalition_models.kernels._sums import (
    Spans,
    TieTerms,
    bin_sums,
    long_spans,
    predictor,
    span_sums,
    tie_terms,
)

__all__ = [
    "Schoenfeld",
    "dfbeta",
    "expected_events",
    "martingale",
    "scaled_schoenfeld",
    "schoenfeld",
    "score_residuals",
    "sorted_scores",
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
    spans: Spans | None  # None where no row is at risk at several event times


def _pieces(panel: Panel, cols: Integers, weights: Floats, beta: Floats, efron: bool) -> _Pieces:
    total, tied = bin_sums(panel, cols, weights, beta, full=False)
    event = np.zeros(panel.columns.shape[1])
    event[panel.event_rows] = 1.0
    terms = tie_terms(panel, weights, total[:, 0], tied[:, 0], efron)
    spans = long_spans(panel) if panel.first.size else None
    return _Pieces(np.exp(predictor(panel, cols, beta)), total, tied, terms, event, spans)


def _fitted(prepared: Prepared, beta: ArrayLike) -> tuple[_Pieces, Integers]:
    """Pieces at ``beta`` (NaN counts as zero) with all columns and the panel's own weights."""
    b = np.nan_to_num(np.asarray(beta, dtype=float), nan=0.0) * prepared.scale
    cols = np.arange(prepared.n_columns)
    panel = prepared.panel
    return _pieces(panel, cols, panel.weights, b, prepared.ties == "efron"), cols


def _accumulate(
    panel: Panel, last: Integers, spans: Spans | None, increments: Floats, at_event: Floats
) -> Floats:
    """Sum of increments over each sorted row's bins; an event's own bin counts ``at_event``."""
    out = increments[last]
    if spans is not None:
        out[int(panel.single_ptr[-1]) :] = span_sums(panel, increments, spans)
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
    events = np.zeros(prepared.n_rows)
    events[prepared.kept[prepared.panel.event_rows]] = 1.0
    return events - expected_events(prepared, beta)


def expected_events(prepared: Prepared, beta: ArrayLike) -> Floats:
    """Events expected of each row (n,): the hazard it accumulates, zero if never at risk.

    The event less the martingale residual, without the digits that this difference loses where
    little is expected.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 1], [2, 3, 3], [1, 1, 0], [[0.0], [1.0], [0.0]])
    >>> expected_events(data, [0.0]).round(4).tolist()
    [0.3333, 0.8333, 0.8333]
    """
    at, _ = _fitted(prepared, beta)
    own = at.terms.c1 - at.terms.c2
    hazard = _accumulate(prepared.panel, prepared.last, at.spans, at.terms.c1, own)
    return _restore(prepared, at.risk * hazard)


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
    at, cols = _fitted(prepared, beta)
    out = np.zeros((prepared.n_rows, prepared.n_columns))
    for j, values in enumerate(_scores(prepared.panel, prepared.last, cols, at)):
        out[prepared.kept, j] = values * prepared.scale[j]
    return out


def sorted_scores(
    panel: Panel, last: Integers, cols: Integers, weights: Floats, beta: Floats, efron: bool
) -> Iterator[Floats]:
    """Score residuals of each column in turn: standardised, unweighted, in sorted order."""
    return _scores(panel, last, cols, _pieces(panel, cols, weights, beta, efron))


def _scores(panel: Panel, last: Integers, cols: Integers, at: _Pieces) -> Iterator[Floats]:
    """One covariate at a time, which keeps the memory at one extra column."""
    t, s1, d1 = at.terms, at.total[:, 1:], at.tied[:, 1:]
    hazard = _accumulate(panel, last, at.spans, t.c1, t.c1 - t.c2)
    drift = s1 * t.e1[:, None] - d1 * t.e2[:, None]
    drift_event = s1 * (t.e1 - t.e2)[:, None] - d1 * (t.e2 - t.e3)[:, None]
    means = _event_means(at)
    rows, bins = panel.event_rows, last[panel.event_rows]
    for j, column in enumerate(cols):
        line = panel.columns[column]
        pull = _accumulate(panel, last, at.spans, drift[:, j], drift_event[:, j])
        value = -at.risk * (line * hazard - pull)
        value[rows] += line[rows] - means[bins, j]
        yield value


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
    return np.asarray(score @ np.nan_to_num(np.asarray(covariance, dtype=float), nan=0.0))


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
    at, _ = _fitted(prepared, beta)
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
    cov = np.nan_to_num(np.asarray(covariance, dtype=float), nan=0.0)
    b = np.nan_to_num(np.asarray(beta, dtype=float), nan=0.0)
    scaled = plain.residuals @ cov * plain.rows.size + b
    return Schoenfeld(plain.rows, plain.times, plain.strata, scaled)
