"""Sums over the risk set of each event time, and the derivatives they give, in plain numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = [
    "Derivatives",
    "Spans",
    "TieTerms",
    "bin_sums",
    "derivatives",
    "event_totals",
    "log_terms",
    "long_spans",
    "predictor",
    "risk_totals",
    "span_sums",
    "tie_terms",
]


@dataclass(frozen=True)
class Derivatives:
    """Log partial likelihood, its score (p,) and information (p, p)."""

    log_likelihood: float
    score: Floats
    information: Floats


@dataclass(frozen=True)
class TieTerms:
    """What each bin's log terms contribute; f is 0, 1/d, ... (Efron) or 0 (Breslow).

    ``c1`` sums w / den, ``c2`` w f / den, ``e1`` w / den^2, ``e2`` w f / den^2, ``e3``
    w f^2 / den^2 over the log terms, where w is the events' mean weight and den the risk total less
    f times the events' own.
    """

    mass: Floats
    log_terms: Floats
    c1: Floats
    c2: Floats
    e1: Floats
    e2: Floats
    e3: Floats


def derivatives(
    panel: Panel, cols: Integers, weights: Floats, beta: Floats, efron: bool
) -> Derivatives:
    """Evaluate the log partial likelihood for the covariates ``cols``; compiled where it can be."""
    p = beta.size
    if has_compiled():
        from coalition_models.kernels import _compiled

        score, information = np.empty(p), np.empty((p, p))
        value = _compiled.derivatives(panel, cols, weights, beta, efron, True, score, information)
        return Derivatives(value, score, information)
    return _numpy_derivatives(panel, cols, weights, beta, efron)


def bin_sums(
    panel: Panel, cols: Integers, weights: Floats, beta: Floats, full: bool
) -> tuple[Floats, Floats]:
    """Risk-set and tied-event totals per bin: risk, risk x, and with ``full`` risk x x' (lower).

    Both have shape (K, 1 + p) or (K, 1 + p + p (p + 1) / 2); events of weight zero do not count.
    """
    if has_compiled():
        from coalition_models.kernels import _compiled

        p = beta.size
        size = 1 + p + (p * (p + 1) // 2 if full else 0)
        sums = np.zeros((panel.closes.size, 2, size))
        _compiled.derivatives(
            panel, cols, weights, beta, True, full, np.empty(p), np.empty((p, p)), sums
        )
        return sums[:, 0], sums[:, 1]
    return _numpy_sums(panel, cols, weights, beta, full)


def log_terms(panel: Panel, weights: Floats, efron: bool) -> tuple[Integers, Floats, Floats]:
    """Bin, weight and fraction f of every log term: one per event of positive weight."""
    bins = np.repeat(np.arange(panel.closes.size), np.diff(panel.event_ptr))
    mass = weights[panel.event_rows] if weights.size else np.ones(bins.size)
    bins, mass = bins[mass > 0], mass[mass > 0]
    n = panel.closes.size
    count = np.bincount(bins, minlength=n)
    mean = np.bincount(bins, mass, minlength=n) / np.maximum(count, 1)
    place = np.arange(bins.size) - (np.cumsum(count) - count)[bins]
    fraction = place / count[bins] if efron else np.zeros(bins.size)
    return bins, mean[bins], fraction


def tie_terms(panel: Panel, weights: Floats, risk: Floats, tied: Floats, efron: bool) -> TieTerms:
    """Terms of the log denominators, from the totals ``risk`` and ``tied`` (K,) of each bin."""
    bins, w, fraction = log_terms(panel, weights, efron)

    def total(values: Floats) -> Floats:
        summed: Floats = np.bincount(bins, values, minlength=risk.size).astype(float)
        return summed

    den = risk[bins] - fraction * tied[bins]
    g = 1.0 / den
    return TieTerms(
        mass=total(w),
        log_terms=total(w * np.log(den)),
        c1=total(w * g),
        c2=total(w * fraction * g),
        e1=total(w * g * g),
        e2=total(w * fraction * g * g),
        e3=total(w * fraction**2 * g * g),
    )


def predictor(panel: Panel, cols: Integers, beta: Floats) -> Floats:
    """Linear predictor of each sorted row with its offset, held to the range of exp."""
    eta = panel.offset.copy() if panel.offset.size else np.zeros(panel.columns.shape[1])
    for j, b in zip(cols, beta, strict=True):
        eta += b * panel.columns[j]
    return np.clip(eta, -708.0, 709.0)


def _numpy_sums(
    panel: Panel, cols: Integers, weights: Floats, beta: Floats, full: bool
) -> tuple[Floats, Floats]:
    p = beta.size
    risk = np.exp(predictor(panel, cols, beta))
    if weights.size:
        risk *= weights
    lower = [(j, h) for j in range(p) for h in range(j + 1)] if full else []
    size = 1 + p + len(lower)
    total = np.zeros((panel.closes.size, size))
    tied = np.zeros((panel.closes.size, size))

    spans = long_spans(panel)

    def put(at: int, values: Floats) -> None:
        total[:, at] = risk_totals(panel, values, spans)
        tied[:, at] = event_totals(panel, values)

    put(0, risk)
    for j in range(p):
        put(1 + j, risk * panel.columns[cols[j]])
    for at, (j, h) in enumerate(lower, start=1 + p):
        put(at, risk * panel.columns[cols[j]] * panel.columns[cols[h]])
    return total, tied


def _segments(values: Floats, ptr: Integers) -> Floats:
    """Sum of values[ptr[k]:ptr[k + 1]] for each k, zero where empty."""
    out = np.zeros(ptr.size - 1)
    filled = np.flatnonzero(np.diff(ptr) > 0)
    if filled.size:
        out[filled] = np.add.reduceat(values[: ptr[-1]], ptr[filled])
    return out


def event_totals(panel: Panel, values: Floats) -> Floats:
    """Sum a value of each sorted row over the events of each bin."""
    return _segments(values[panel.event_rows], panel.event_ptr)


def risk_totals(panel: Panel, values: Floats, spans: Spans | None = None) -> Floats:
    """Sum a value of each sorted row over the risk set of each bin, adding only."""
    n_single = int(panel.single_ptr[-1])
    out = _segments(values[:n_single], panel.single_ptr)
    if n_single == values.size:
        return out
    at = long_spans(panel) if spans is None else spans
    long = values[n_single:]
    size = at.levels * at.width
    places = np.bincount(at.head, long, minlength=size) + np.bincount(at.tail, long, minlength=size)
    for level, line in enumerate(places.reshape(at.levels, at.width)):
        halves = line.reshape(-1, 2, 1 << level)
        heads = np.cumsum(halves[:, 0], axis=1)
        tails = np.cumsum(halves[:, 1, ::-1], axis=1)[:, ::-1]
        out += np.stack([heads, tails], axis=1).ravel()[: out.size]
    return out


def span_sums(panel: Panel, values: Floats, spans: Spans) -> Floats:
    """Sum a value of each bin over the bins of each long row, adding only.

    A difference of two running sums would lose every digit where values elsewhere, in another
    stratum or at another time, are larger by many orders.
    """
    padded = np.zeros(spans.width)
    padded[: values.size] = values
    table = np.empty((spans.levels, spans.width))
    for level, line in enumerate(table):
        halves = padded.reshape(-1, 2, 1 << level)
        heads = np.cumsum(halves[:, 0, ::-1], axis=1)[:, ::-1]
        tails = np.cumsum(halves[:, 1], axis=1)
        line[:] = np.stack([heads, tails], axis=1).ravel()
    places = table.ravel()
    return np.asarray(places[spans.head] + places[spans.tail])


@dataclass(frozen=True)
class Spans:
    """Where long rows enter tables of running sums, one table (of ``width`` bins) per level.

    The bins of a long row straddle the middle of exactly one aligned block of 2, 4, 8, ... bins. Up
    to the middle they are covered by a running sum forwards from the row's first bin, from the
    middle on by one backwards from its last: every sum adds, none subtracts, none loses digits.
    """

    head: Integers
    tail: Integers
    levels: int
    width: int


def long_spans(panel: Panel) -> Spans:
    """Find the block that each long row straddles: the highest bit in which its ends differ."""
    bins = panel.closes.size
    last = np.repeat(np.arange(bins), np.diff(panel.long_ptr))
    level = np.frexp((panel.first ^ last).astype(float))[1] - 1
    levels = max(1, (bins - 1).bit_length())
    width = 1 << levels
    return Spans(level * width + panel.first, level * width + last, levels, width)


def _numpy_derivatives(
    panel: Panel, cols: Integers, weights: Floats, beta: Floats, efron: bool
) -> Derivatives:
    p = beta.size
    total, tied = _numpy_sums(panel, cols, weights, beta, full=True)
    terms = tie_terms(panel, weights, total[:, 0], tied[:, 0], efron)
    rows = panel.event_rows
    w = weights[rows] if weights.size else np.ones(rows.size)
    events = panel.columns[np.ix_(cols, rows)]
    eta = predictor(panel, cols, beta)
    a, t = total[:, 1 : 1 + p], tied[:, 1 : 1 + p]
    score = events @ w - (a.T @ terms.c1 - t.T @ terms.c2)
    second = np.zeros((p, p))
    second[np.tril_indices(p)] = total[:, 1 + p :].T @ terms.c1 - tied[:, 1 + p :].T @ terms.c2
    second = second + np.tril(second, -1).T
    cross = (a * terms.e2[:, None]).T @ t
    outer = (a * terms.e1[:, None]).T @ a - cross - cross.T + (t * terms.e3[:, None]).T @ t
    return Derivatives(float(w @ eta[rows] - terms.log_terms.sum()), score, second - outer)
