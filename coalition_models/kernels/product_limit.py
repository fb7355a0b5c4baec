"""Kaplan-Meier estimate from arrays: weighted counts, Greenwood's or a clustered variance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._panel import Floats, Integers

__all__ = ["ProductLimit", "RiskRows", "area", "product_limit"]

#: numbers held at once where influence is summed by group
_HELD = 4_000_000


@dataclass(frozen=True)
class RiskRows:
    """Rows at risk on (start, stop]; ``groups`` number those whose influence is summed."""

    start: Floats
    stop: Floats
    event: Floats
    weights: Floats | None = None
    groups: Integers | None = None


@dataclass(frozen=True)
class ProductLimit:
    """One entry per event time; ``variance`` is that of the logarithm of survival.

    ``at_risk`` and ``events`` are sums of weights where there are any.
    """

    times: Floats
    at_risk: NDArray[Any]
    events: NDArray[Any]
    survival: Floats
    variance: Floats


def product_limit(rows: RiskRows) -> ProductLimit:
    """Multiply the shares that stay at each event time.

    The variance is Greenwood's; with ``groups`` the infinitesimal jackknife's: the squared change
    of the logarithm of survival through each group, summed, as in R's ``survfit(cluster=)``.

    Examples
    --------
    >>> rows = RiskRows(np.zeros(3), np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0]))
    >>> product_limit(rows).survival.round(3).tolist()
    [0.667, 0.333]
    """
    happened = rows.event == 1
    times, counts = np.unique(rows.stop[happened], return_counts=True)
    at_risk: NDArray[Any]
    events: NDArray[Any]
    if rows.weights is None:
        begun = np.searchsorted(np.sort(rows.start), times)
        gone = np.searchsorted(np.sort(rows.stop), times)
        at_risk, events = begun - gone, counts
    else:
        at_risk = _sum_before(rows.start, rows.weights, times)
        at_risk = at_risk - _sum_before(rows.stop, rows.weights, times)
        place = np.searchsorted(times, rows.stop[happened])
        events = np.bincount(place, rows.weights[happened], len(times)).astype(float)
        at_risk = np.where(np.isclose(at_risk, events, rtol=1e-12), events, at_risk)
    survival = np.asarray(np.cumprod(1 - events / at_risk), dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        if rows.groups is None:
            variance = np.asarray(np.cumsum(events / (at_risk * (at_risk - events))), dtype=float)
        else:
            variance = np.zeros(len(times))
            for moves in _moves(rows, times, at_risk, events):
                variance += (np.cumsum(moves, axis=1) ** 2).sum(axis=0)
    return ProductLimit(times, at_risk, events, survival, variance)


def area(rows: RiskRows, curve: ProductLimit, origin: float, horizon: float) -> tuple[float, float]:
    """Area under the curve from ``origin`` to ``horizon``, and its variance.

    Examples
    --------
    >>> rows = RiskRows(np.zeros(3), np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.0]))
    >>> area(rows, product_limit(rows), 0.0, 3.0)[0]
    2.0
    """
    seen = curve.times < horizon
    times, survival = curve.times[seen], curve.survival[seen]
    ends = np.append(times[1:], horizon) if len(times) else np.empty(0)
    pieces = survival * (ends - times)
    mean = (times[0] if len(times) else horizon) - origin + pieces.sum()
    later = np.cumsum(pieces[::-1])[::-1]
    at_risk = curve.at_risk[seen].astype(float)
    events = curve.events[seen].astype(float)
    if rows.groups is None:
        left = at_risk - events
        # who all left at once leave no area behind, and no variance of it
        part = np.divide(events, at_risk * left, out=np.zeros(len(left)), where=left > 0)
        return float(mean), float((later**2 * part).sum())
    variance = 0.0
    for moves in _moves(rows, times, at_risk, events):
        variance += float(((moves @ later) ** 2).sum())
    return float(mean), variance


def _sum_before(ends: Floats, weights: Floats, times: Floats) -> Floats:
    """Weights of the rows whose end lies before each time."""
    order = np.argsort(ends, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weights[order])])
    result: Floats = sums[np.searchsorted(ends[order], times)]
    return result


def _moves(
    rows: RiskRows,
    times: Floats,
    at_risk: NDArray[Any],
    events: NDArray[Any],
) -> Iterator[Floats]:
    """Change of log survival through each group at each event time (groups, K), some at a time."""
    groups = np.zeros(0, dtype=np.int64) if rows.groups is None else rows.groups
    n, d = at_risk.astype(float), events.astype(float)
    weights = np.ones(len(rows.stop)) if rows.weights is None else rows.weights
    first = np.searchsorted(times, rows.start, side="right")
    last = np.searchsorted(times, rows.stop, side="right")
    event = (rows.event == 1) & (rows.stop <= (times[-1] if len(times) else -np.inf))
    count, size = int(groups.max()) + 1, max(1, _HELD // max(len(times), 1))
    left = n - d
    for low in range(0, count, size):
        mine = np.flatnonzero((groups >= low) & (groups < low + size))
        shape = (min(size, count - low), len(times) + 1)
        entered, left_now = np.zeros(shape), np.zeros(shape)
        who = groups[mine] - low
        np.add.at(entered, (who, first[mine]), weights[mine])
        np.add.at(entered, (who, last[mine]), -weights[mine])
        own = mine[event[mine]]
        np.add.at(left_now, (groups[own] - low, last[own] - 1), weights[own])
        risk = np.cumsum(entered[:, :-1], axis=1)
        pull = left_now[:, :-1] - risk * (d / n)
        yield -np.divide(pull, left, out=np.zeros(pull.shape), where=left > 0)
