"""Find out whether a partial likelihood grows without end in some direction.

It does exactly if a direction d exists such that, at every event time, the events' d'x equals the
highest d'x of the risk set, and exceeds some of it at one event time or more. That is a linear
programme, solved here with constraints added as they are violated, so that its size stays near the
number of event times however many rows there are.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._panel import Floats, Integers, Panel
from coalition_models.kernels._sums import bin_sums

__all__ = ["recession_direction"]

_FEASIBLE = 1e-9
#: standardised covariates of events at one time that differ by more are not equal to any solver
_CLEAR = 1e-3
_ROUNDS = 200
_FEW_ROWS = 2000


def recession_direction(
    panel: Panel, cols: Integers, weights: Floats, guess: Floats | None = None
) -> Floats | None:
    """Direction (largest entry 1 or -1) along which the log-likelihood never falls, or None.

    ``weights`` decides which rows count (those above zero); an empty array means all. ``guess``
    (the last Newton step) saves the linear programme where a single column diverges.
    """
    events, event_bins = _counted_events(panel, weights)
    bins = np.unique(event_bins)
    lead = np.searchsorted(event_bins, bins)
    X = panel.columns[cols]
    top = X[:, events[lead]].T  # (B, p) covariates of one event per bin
    equal = X[:, events].T - top[np.searchsorted(bins, event_bins)]
    equal = equal[np.abs(equal).max(axis=1) > 0]
    gain = _gain(panel, cols, weights, top, bins)
    if not np.abs(gain).max() > 0:
        return None
    spans = _Spans(panel, weights, bins)
    # one column alone can only move the way of its gain
    single = np.sign(gain) if cols.size == 1 else _lone_column(guess)
    if single is not None and gain @ single > _gain_floor(gain):
        apart = float(np.abs(equal @ single).max(initial=0.0))
        rows, at = spans.worst(single @ X, top @ single)
        within = bool(((top[at] - X[:, rows].T) @ single >= 0).all())
        if within and apart == 0:
            return single
        if cols.size == 1 and (not within or apart > _CLEAR):
            return None
    cuts = spans.all_cuts(X, top)
    for _ in range(_ROUNDS):
        direction = _solve(gain, equal, cuts)
        if direction is None or gain @ direction <= _gain_floor(gain):
            return None
        value = direction @ X
        rows, at = spans.worst(value, top @ direction)
        fresh = top[at] - X[:, rows].T
        size = np.linalg.norm(fresh, axis=1)
        broken = fresh @ direction < -_FEASIBLE * np.maximum(size, 1e-300)
        if not broken.any():
            return np.asarray(direction / np.abs(direction).max())
        cuts = np.vstack([cuts, fresh[broken] / size[broken, None]])
    return None


def _gain_floor(gain: Floats) -> float:
    return 1e-7 * (1.0 + float(np.abs(gain).sum()))


def _lone_column(guess: Floats | None) -> Floats | None:
    """Unit step along the only column that a step moves noticeably."""
    if guess is None or not np.isfinite(guess).all():
        return None
    size = np.abs(guess)
    moved = np.flatnonzero(size > 1e-3 * size.max())
    if moved.size != 1:
        return None
    unit = np.zeros(guess.size)
    unit[moved] = np.sign(guess[moved])
    return unit


def _counted_events(panel: Panel, weights: Floats) -> tuple[Integers, Integers]:
    bins = np.repeat(np.arange(panel.closes.size), np.diff(panel.event_ptr))
    real = weights[panel.event_rows] > 0 if weights.size else np.ones(bins.size, dtype=bool)
    return panel.event_rows[real], bins[real]


def _gain(panel: Panel, cols: Integers, weights: Floats, top: Floats, bins: Integers) -> Floats:
    """Sum over bins of the events' covariates less the risk set's mean (zero if flat)."""
    flat = replace(panel, offset=np.empty(0))
    total, _ = bin_sums(flat, cols, weights, np.zeros(cols.size), full=False)
    mean = total[bins, 1:] / total[bins, :1]
    result: Floats = (top - mean).sum(axis=0)
    return result


def _solve(gain: Floats, equal: Floats, cuts: Floats) -> Floats | None:
    from scipy.optimize import linprog  # slow to import, seldom needed

    answer = linprog(
        -gain / np.abs(gain).max(),
        A_ub=-cuts if cuts.size else None,
        b_ub=np.zeros(len(cuts)) if cuts.size else None,
        A_eq=equal if equal.size else None,
        b_eq=np.zeros(len(equal)) if equal.size else None,
        bounds=(-1.0, 1.0),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10},
    )
    return np.asarray(answer.x) if answer.status == 0 else None


class _Spans:
    """Which bins each counted row must not exceed, with range minima over them."""

    def __init__(self, panel: Panel, weights: Floats, bins: Integers) -> None:
        n_single = int(panel.single_ptr[-1])
        all_bins = np.arange(panel.closes.size)
        single = np.repeat(all_bins, np.diff(panel.single_ptr))
        last = np.concatenate([single, np.repeat(all_bins, np.diff(panel.long_ptr))])
        first = np.concatenate([single[:n_single], panel.first])
        low = np.searchsorted(bins, first)
        high = np.searchsorted(bins, last, side="right") - 1
        counted = low <= high
        if weights.size:
            counted &= weights > 0
        self.rows = np.flatnonzero(counted)
        self.low, self.high = low[self.rows], high[self.rows]
        self.level = np.frexp((self.high - self.low + 1).astype(float))[1] - 1

    def all_cuts(self, X: Floats, top: Floats) -> Floats:
        """Every constraint at once where they are few and each row has one; else none to start."""
        if self.rows.size > _FEW_ROWS or (self.low < self.high).any():
            return np.empty((0, X.shape[0]))
        cuts = top[self.low] - X[:, self.rows].T
        size = np.linalg.norm(cuts, axis=1)
        return np.asarray(cuts[size > 0] / size[size > 0, None])

    def worst(self, value: Floats, limit: Floats) -> tuple[Integers, Integers]:
        """For every bin that is some row's tightest: the row that exceeds it most, and the bin."""
        table = _range_minima(limit, int(self.level.max()))
        left = table[self.level, self.low]
        right = table[self.level, self.high - (1 << self.level) + 1]
        tightest = np.where(limit[left] <= limit[right], left, right)
        excess = value[self.rows] - limit[tightest]
        order = np.lexsort((-excess, tightest))
        lead = np.ones(order.size, dtype=bool)
        lead[1:] = np.diff(tightest[order]) > 0
        return self.rows[order[lead]], tightest[order[lead]]


def _range_minima(limit: Floats, levels: int) -> NDArray[np.int64]:
    """Index of the smallest limit among 2^level bins from each bin on."""
    table = np.zeros((levels + 1, limit.size), dtype=np.int64)
    table[0] = np.arange(limit.size)
    for level in range(1, levels + 1):
        half = 1 << (level - 1)
        n = limit.size - 2 * half + 1
        if n <= 0:
            break
        a, b = table[level - 1, :n], table[level - 1, half : half + n]
        table[level, :n] = np.where(limit[a] <= limit[b], a, b)
    return table
