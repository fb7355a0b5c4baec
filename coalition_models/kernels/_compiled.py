"""The compiled loops as Python calls them: arrays are checked here, then handed over.

What each loop computes stands in ``c/*.c``. Calls release the interpreter's lock.
"""

from __future__ import annotations

import ctypes
from ctypes import c_double, c_int, c_int64, c_void_p
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import table
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = [
    "choices",
    "climb",
    "cluster_scores",
    "count_pairs",
    "counting_order",
    "derivatives",
    "exponential",
    "gather",
    "invert",
    "locate",
    "mark_aliased",
    "moments",
    "subset_starts",
]

Flags = NDArray[np.bool_]

FLOAT, INT, BOOL = np.dtype(np.float64), np.dtype(np.int64), np.dtype(np.bool_)
_P, _I, _D = c_void_p, c_int64, c_double
# In the order of the struct Kernels in c/kernels.h.
_TYPES: dict[str, tuple[Any, ...]] = {
    "locate": (_I, *[_P] * 7),
    "count_rows": (_I, _I, _P, _P, _P),
    "order_rows": (_I, _I, _P, _P, _P, _P),
    "moments": (_I, _I, _P, _I, _I, _P, _P, _P, _P),
    "gather": (_I, _I, _P, _I, _I, _P, _P, _P, _P),
    "derivatives": (_P, _I, _P, _P, _P, _I, _I, _P, _P, _P, _P),
    "climb": (_P, _I, _P, _P, _I, _I, _D, _P, _P, _P, _P, _P, _P, _P),
    "cluster_scores": (_P, _I, _P, _P, _P, _I, _P, _I, _P),
    "fit_some": (_P, _I, _I),
    "mark_aliased": (_I, _P, _D, _P),
    "invert": (_I, _P, _P, _P),
    "subset_starts": (_I, _I, _P, _P, _P, _P),
    "count_pairs": (_P, _P, _P, _P, _P, _P, _I, _P),
    "exponential": (_I, _P, _P),
    "choices": (_I, _I, _I, *[_P] * 7),
}


@cache
def _function(name: str) -> Any:
    addresses = table()
    if addresses is None:
        raise RuntimeError("the compiled loops are not at hand: ask has_compiled() first")
    made = ctypes.CFUNCTYPE(c_int, *_TYPES[name])
    return made(addresses[list(_TYPES).index(name)])


def call(name: str, *arguments: object) -> None:
    if _function(name)(*arguments):
        raise MemoryError(f"no memory left for the compiled loop {name}")


def spot(array: NDArray[Any], dtype: np.dtype[Any], *shape: int) -> int:
    """Address of an array, once it is known to be what the loop takes it for."""
    if array.dtype != dtype or array.shape != shape or not array.flags.c_contiguous:
        raise TypeError(
            f"a compiled loop takes contiguous {dtype} of shape {shape}, found {array.dtype} of "
            f"shape {array.shape}"
        )
    return _address(array)


def _address(array: NDArray[Any]) -> int:
    address: int = array.__array_interface__["data"][0]  # array.ctypes.data, in half the time
    return address


def spot_weights(weights: Floats, rows: int) -> int | None:
    return spot(weights, FLOAT, rows) if weights.size else None


class _Panel(ctypes.Structure):
    _fields_ = [
        ("rows", _I), ("stride", _I), ("bins", _I),
        *[(name, _P) for name in (
            "columns", "offset", "single_ptr", "long_ptr", "first", "leave_ptr", "leave_rows",
            "event_ptr", "event_rows", "closes", "response",
        )],
    ]  # fmt: skip


def struct_of(panel: Panel) -> tuple[Any, int]:
    """The struct of a panel, checked and made once, and its address."""
    known = panel.handed_over
    if not known:
        p, m = panel.columns.shape
        bins = panel.closes.shape[0]
        pointers = (panel.single_ptr, panel.long_ptr, panel.leave_ptr, panel.event_ptr)
        single, long, leave, event = (spot(array, INT, bins + 1) for array in pointers)
        struct = _Panel(
            m, m, bins, spot(panel.columns, FLOAT, p, m), spot_weights(panel.offset, m), single,
            long, spot(panel.first, INT, m - int(panel.single_ptr[-1])), leave,
            spot(panel.leave_rows, INT, int(panel.leave_ptr[-1])), event,
            spot(panel.event_rows, INT, int(panel.event_ptr[-1])), spot(panel.closes, BOOL, bins),
            spot_weights(panel.response, m),
        )  # fmt: skip
        known.append((struct, ctypes.addressof(struct)))
    found: tuple[Any, int] = known[0]
    return found


def _columns(panel: Panel, cols: Integers, beta: Floats) -> tuple[int, int, int]:
    """Number of columns, and where they and their coefficients stand."""
    p = cols.shape[0]
    known = cols.tolist()  # few, so that Python is faster
    if p and not 0 <= min(known) <= max(known) < panel.columns.shape[0]:
        raise TypeError(f"columns {cols} are not among the {panel.columns.shape[0]} of the panel")
    return p, spot(cols, INT, p), spot(beta, FLOAT, p)


def locate(
    start: Floats, stop: Floats, codes: Integers, times: Floats, stratum_ptr: Integers
) -> tuple[Integers, Integers]:
    """First bin after ``start`` and last bin not after ``stop``, within the row's stratum."""
    n = start.shape[0]
    start, stop = np.ascontiguousarray(start), np.ascontiguousarray(stop)
    first, last = np.empty(n, np.int64), np.empty(n, np.int64)
    call(
        "locate", n, spot(start, FLOAT, n), spot(stop, FLOAT, n),
        spot(codes, INT, n) if codes.size else None, spot(times, FLOAT, int(stratum_ptr[-1])),
        spot(stratum_ptr, INT, stratum_ptr.size), spot(first, INT, n), spot(last, INT, n),
    )  # fmt: skip
    return first, last


def counting_order(first: Integers, last: Integers, n_bins: int) -> tuple[Integers, Integers]:
    """Rows at risk by (single or long, last bin), in the caller's order within; and counts."""
    n = first.shape[0]
    counts = np.empty(2 * n_bins + 1, np.int64)
    where = spot(first, INT, n), spot(last, INT, n), _address(counts)
    call("count_rows", n, n_bins, *where)
    order = np.empty(counts[-1], np.int64)
    call("order_rows", n, n_bins, *where, _address(order))
    return order, counts


def _steps(X: Floats) -> tuple[Floats, int, int]:
    """A matrix in any layout, and the distances of its rows and columns in numbers."""
    size = X.itemsize
    if X.dtype != FLOAT or not X.flags.aligned or any(step % size for step in X.strides):
        X = np.ascontiguousarray(X, dtype=float)
    return X, X.strides[0] // size, X.strides[1] // size


def moments(X: Floats, first: Integers, last: Integers) -> tuple[Floats, Floats]:
    """Mean and standard deviation of each covariate over the rows at risk."""
    X, row, column = _steps(X)
    n, p = X.shape
    mean, spread = np.empty(p), np.empty(p)
    call(
        "moments", n, p, _address(X), row, column, spot(first, INT, n), spot(last, INT, n),
        _address(mean), _address(spread),
    )  # fmt: skip
    return mean, spread


def gather(X: Floats, order: Integers, centre: Floats, factor: Floats) -> Floats:
    """Copy the ordered rows, standardised, into one contiguous line per covariate."""
    X, row, column = _steps(X)
    m, p = order.shape[0], X.shape[1]
    out = np.empty((p, m))
    call(
        "gather", m, p, _address(X), row, column, spot(order, INT, m), spot(centre, FLOAT, p),
        spot(factor, FLOAT, p), _address(out),
    )  # fmt: skip
    return out


def derivatives(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    full: bool,
    score: Floats,
    information: Floats,
    sums: Floats | None = None,
) -> float:
    """Log partial likelihood at ``beta``; writes score, information (if ``full``) and ``sums``.

    ``sums`` (K, 2, size) takes for each bin the totals over its risk set and its tied events; size
    is 1 + p, or with ``full`` 1 + p + p (p + 1) / 2.
    """
    p, chosen, at = _columns(panel, cols, beta)
    size = 1 + p + (p * (p + 1) // 2 if full else 0)
    totals = None if sums is None else spot(sums, FLOAT, panel.closes.shape[0], 2, size)
    value = c_double()
    call(
        "derivatives", struct_of(panel)[1], p, chosen,
        spot_weights(weights, panel.columns.shape[1]), at, efron, full, spot(score, FLOAT, p),
        spot(information, FLOAT, p, p), totals,
        ctypes.addressof(value),
    )  # fmt: skip
    return value.value


def climb(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    max_iterations: int,
    tolerance: float,
    score: Floats,
    information: Floats,
    loglik: float,
) -> tuple[float, int, bool, float]:
    """Newton's method from ``beta``, where the derivatives are known; both are moved along.

    Returns the log-likelihood, the iterations, whether it converged and the last step's length.
    """
    p, chosen, at = _columns(panel, cols, beta)
    value, decrement, iterations, converged = c_double(loglik), c_double(), c_int64(), c_int64()
    call(
        "climb", struct_of(panel)[1], p, chosen, spot_weights(weights, panel.columns.shape[1]),
        efron, max_iterations, tolerance, at, spot(score, FLOAT, p), spot(information, FLOAT, p, p),
        *(ctypes.addressof(out) for out in (value, decrement, iterations, converged)),
    )  # fmt: skip
    return value.value, iterations.value, bool(converged.value), decrement.value


def cluster_scores(
    panel: Panel,
    cols: Integers,
    weights: Floats,
    beta: Floats,
    efron: bool,
    codes: Integers,
    scores: Floats,
) -> None:
    """Weighted score residuals summed by cluster ``codes`` (m,) into ``scores`` (G, p)."""
    p, chosen, at = _columns(panel, cols, beta)
    m, groups = panel.columns.shape[1], scores.shape[0]
    call(
        "cluster_scores", struct_of(panel)[1], p, chosen, spot_weights(weights, m), at, efron,
        spot_codes(codes, m, groups), groups, spot(scores, FLOAT, groups, p),
    )  # fmt: skip


def spot_codes(codes: Integers, rows: int, groups: int) -> int:
    if rows and codes.size and not 0 <= int(codes.min()) <= int(codes.max()) < groups:
        raise TypeError(f"codes of {groups} clusters lie between 0 and {groups - 1}")
    return spot(codes, INT, rows)


def choices(
    X: Floats, taken: Floats, left: Floats, events: Integers
) -> tuple[Floats, Floats, Floats]:
    """Chances that so many rows of each group are chosen, their mean and the sum of their spreads.

    ``X`` (L, S, p); ``taken`` and ``left`` (L, S) are each row's chance to be chosen and not.
    """
    size, groups, p = X.shape
    if events.size and not 0 <= int(events.min()) <= int(events.max()) <= size:
        raise TypeError(f"of {size} rows as many are chosen at most")
    total, mean, spread = np.empty(groups), np.empty((groups, p)), np.empty((p, p))
    rows = (spot(np.ascontiguousarray(chance), FLOAT, size, groups) for chance in (taken, left))
    call(
        "choices", size, groups, p, spot(X, FLOAT, size, groups, p), *rows,
        spot(events, INT, groups), _address(total), _address(mean), _address(spread),
    )  # fmt: skip
    return total, mean, spread


def mark_aliased(information: Floats, mass: float, flags: Flags) -> None:
    """Mark columns that carry nothing beyond those before."""
    p = flags.shape[0]
    call("mark_aliased", p, spot(information, FLOAT, p, p), mass, spot(flags, BOOL, p))


def invert(information: Floats, out: Floats) -> bool:
    """Invert a positive definite matrix through its Cholesky root; False if it is singular."""
    p = information.shape[0]
    definite = c_int64()
    call(
        "invert", p, spot(information, FLOAT, p, p), spot(out, FLOAT, p, p),
        ctypes.addressof(definite),
    )  # fmt: skip
    return bool(definite.value)


def subset_starts(information: Floats, beta: Floats, masks: Flags) -> Floats:
    """Where each subset's maximum lies if the full log-likelihood is a parabola."""
    subsets, p = masks.shape
    masks = np.ascontiguousarray(masks)
    starts = np.empty((subsets, p))
    call(
        "subset_starts", p, subsets, spot(information, FLOAT, p, p), spot(beta, FLOAT, p),
        spot(masks, BOOL, subsets, p), _address(starts),
    )  # fmt: skip
    return starts


def count_pairs(
    panel: Panel,
    rank: Integers,
    weights: Floats,
    is_event: Flags,
    leaving: Integers,
    leaving_ptr: Integers,
    n_ranks: int,
) -> tuple[float, float, float]:
    """Weights of pairs (event, later row) with the event's score higher, lower, equal."""
    m, bins = panel.columns.shape[1], panel.closes.shape[0]
    counts = np.empty(3)
    call(
        "count_pairs", struct_of(panel)[1], spot_codes(rank, m, n_ranks), spot(weights, FLOAT, m),
        spot(is_event, BOOL, m), spot(leaving, INT, int(leaving_ptr[-1])),
        spot(leaving_ptr, INT, bins + 1), n_ranks, _address(counts),
    )  # fmt: skip
    return float(counts[0]), float(counts[1]), float(counts[2])


def exponential(values: Floats) -> Floats:
    """Exponentials as the loops compute them, for tests.

    Examples
    --------
    >>> from coalition_models.kernels._backend import has_compiled
    >>> bool(not has_compiled() or exponential(np.zeros(1))[0] == 1.0)
    True
    """
    out = np.empty(values.shape[0])
    call("exponential", out.size, spot(values, FLOAT, out.size), _address(out))
    return out
