"""Compiled passes that sort a panel: locate rows among event times, count, gather."""

from __future__ import annotations

import numpy as np

from coalition_models.kernels._backend import compiled
from coalition_models.kernels._panel import Floats, Integers

__all__ = ["counting_order", "gather", "locate", "moments"]


@compiled
def locate(
    start: Floats, stop: Floats, codes: Integers, times: Floats, stratum_ptr: Integers
) -> tuple[Integers, Integers]:
    """First bin after ``start`` and last bin not after ``stop``, within the row's stratum."""
    n = start.shape[0]
    first = np.empty(n, np.int64)
    last = np.empty(n, np.int64)
    with_strata = codes.shape[0] > 0
    for i in range(n):
        s = codes[i] if with_strata else 0
        low, high = stratum_ptr[s], stratum_ptr[s + 1]
        t = start[i]
        end = high
        while low < end:
            middle = (low + end) >> 1
            if times[middle] <= t:
                low = middle + 1
            else:
                end = middle
        first[i] = low
        t = stop[i]
        end = high
        while low < end:
            middle = (low + end) >> 1
            if times[middle] <= t:
                low = middle + 1
            else:
                end = middle
        last[i] = low - 1
    return first, last


@compiled
def counting_order(first: Integers, last: Integers, n_bins: int) -> tuple[Integers, Integers]:
    """Rows at risk by (single or long, last bin), in the caller's order within; and counts."""
    counts = np.zeros(2 * n_bins + 1, np.int64)
    n = first.shape[0]
    for i in range(n):
        if first[i] <= last[i]:
            key = last[i] + (n_bins if first[i] < last[i] else 0)
            counts[key + 1] += 1
    for k in range(2 * n_bins):
        counts[k + 1] += counts[k]
    order = np.empty(counts[2 * n_bins], np.int64)
    position = counts[:-1].copy()
    for i in range(n):
        if first[i] <= last[i]:
            key = last[i] + (n_bins if first[i] < last[i] else 0)
            order[position[key]] = i
            position[key] += 1
    return order, counts


@compiled
def moments(X: Floats, first: Integers, last: Integers) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each covariate over the rows at risk.

    Sums are of distances, first from one of the rows, then from the mean, so that a large offset
    costs no digits.
    """
    n, p = X.shape
    mean, shift, spread = np.zeros(p), np.zeros(p), np.zeros(p)
    count = 0
    for i in range(n):
        if first[i] <= last[i]:
            if count == 0:
                for j in range(p):
                    shift[j] = X[i, j]
            count += 1
            for j in range(p):
                mean[j] += X[i, j] - shift[j]
    for j in range(p):
        mean[j] = shift[j] + mean[j] / count
    for i in range(n):
        if first[i] <= last[i]:
            for j in range(p):
                d = X[i, j] - mean[j]
                spread[j] += d * d
    for j in range(p):
        spread[j] = np.sqrt(spread[j] / count)
    return mean, spread


@compiled
def gather(X: Floats, order: Integers, centre: Floats, factor: Floats) -> Floats:
    """Copy the ordered rows, standardised, into one contiguous line per covariate."""
    m = order.shape[0]
    p = X.shape[1]
    out = np.empty((p, m))
    for i in range(m):
        row = order[i]
        for j in range(p):
            out[j, i] = (X[row, j] - centre[j]) * factor[j]
    return out
