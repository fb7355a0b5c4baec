"""Sort a (start, stop] data set once, so that every later fit is one pass per iteration."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError, first_few
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._panel import Floats, Integers, Panel, Prepared, Ties
from coalition_models.kernels._times import snap_times

__all__ = ["prepare"]


def prepare(
    start: ArrayLike,
    stop: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    strata: ArrayLike | None = None,
    weights: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    ties: Ties = "efron",
) -> Prepared:
    """Sort (start, stop] rows for Cox regression.

    A row is at risk at the event times t of its stratum with start < t <= stop. Rows of weight zero
    are dropped before ties are formed, as if absent; rows at risk at no event time carry no
    information and are set aside. Both are counted in the result.

    Parameters
    ----------
    start, stop : array-like, shape (n,)
        Interval of each row, open at ``start`` and closed at ``stop``, any unit.
    event : array-like, shape (n,)
        0 or 1: whether the event happened at ``stop``.
    X : array-like, shape (n, p)
        Covariates, constant over the row's interval.
    strata : array-like, shape (n,), optional
        Rows are compared within a stratum only.
    weights : array-like, shape (n,), optional
        Case weights, not negative.
    offset : array-like, shape (n,), optional
        Added to the linear predictor with coefficient one.
    ties : {"efron", "breslow"}
        Approximation for events at equal times.

    Returns
    -------
    Prepared

    Raises
    ------
    DataError
        If lengths differ, values are not finite, an interval has no length, an event is not 0 or 1,
        a weight is negative, or no event is left. All failures are listed at once.

    Examples
    --------
    >>> data = prepare([0, 0, 1, 0], [2, 3, 3, 1], [1, 1, 0, 0], [[0.0], [1.0], [0.0], [1.0]])
    >>> data.n_events, data.n_at_risk_rows, data.event_times
    (2, 3, array([2., 3.]))
    """
    begin, end = np.asarray(start, dtype=float), np.asarray(stop, dtype=float)
    design = np.asarray(X, dtype=float)
    flags = np.asarray(event)
    case = None if weights is None else np.asarray(weights, dtype=float)
    shift = None if offset is None else np.asarray(offset, dtype=float)
    groups = None if strata is None else np.asarray(strata)
    _check_shapes(begin, end, flags, design, case, shift, groups, ties)
    _check_values(begin, end, flags, case, shift)
    happened = flags.astype(bool)
    alive = None if case is None or (case > 0).all() else np.flatnonzero(case > 0)
    begin, end = _snap(begin, end, alive)
    codes, values = _codes(groups)
    times, time_strata, stratum_ptr = _event_times(end, happened, codes, values.size, case)
    first, last = _locate(begin, end, codes, times, stratum_ptr)
    if alive is not None and case is not None:
        first[case == 0] = times.size
    order, counts = _order(first, last, times.size)
    centre, centres, scale, columns = _columns(design, first, last, order, codes, values.size)
    shift_centre = 0.0 if shift is None else float(shift[order].mean())
    panel = _panel(
        columns,
        np.empty(0) if case is None else case[order],
        np.empty(0) if shift is None else shift[order] - shift_centre,
        first, last, order, counts, happened, stratum_ptr,
    )  # fmt: skip
    return Prepared(
        panel=panel,
        kept=order,
        n_rows=begin.size,
        n_zero_weight=0 if case is None else int((case == 0).sum()),
        n_at_risk_rows=order.size,
        n_events=panel.event_rows.size,
        event_times=times,
        event_strata=time_strata,
        stratum_values=values,
        stratum_codes=codes,
        start=begin,
        stop=end,
        event=happened,
        weights=np.empty(0) if case is None else case,
        offset=np.empty(0) if shift is None else shift,
        offset_centre=shift_centre,
        centre=centre,
        stratum_centres=centres,
        scale=scale,
        ties=ties,
    )


def _snap(start: Floats, stop: Floats, alive: Integers | None) -> tuple[Floats, Floats]:
    """Times of the rows that weigh anything, snapped to each other; the others as they are."""
    if alive is None:
        return snap_times(start, stop)
    start, stop = start.copy(), stop.copy()
    start[alive], stop[alive] = snap_times(start[alive], stop[alive])
    return start, stop


def _check_shapes(
    start: Floats,
    stop: Floats,
    event: NDArray[np.generic],
    X: Floats,
    weights: Floats | None,
    offset: Floats | None,
    strata: NDArray[np.generic] | None,
    ties: str,
) -> None:
    if ties not in ("efron", "breslow"):
        raise DataError(f"ties must be one of 'efron', 'breslow'; found {ties!r}.")
    n = start.shape[0] if start.ndim == 1 else -1
    named = {"start": start, "stop": stop, "event": event, "strata": strata}
    named |= {"weights": weights, "offset": offset}
    wrong = [
        f"{name} has shape {array.shape}"
        for name, array in named.items()
        if array is not None and array.shape != (n,)
    ]
    if X.ndim != 2 or X.shape[0] != n:
        wrong.append(f"X has shape {X.shape}")
    if wrong:
        raise DataError(
            "Expected one value per row and X with one line per row; found "
            f"{'; '.join(wrong)} beside {start.shape} starts. Pass arrays of one length."
        )


def _check_values(
    start: Floats,
    stop: Floats,
    event: NDArray[np.generic],
    weights: Floats | None,
    offset: Floats | None,
) -> None:
    problems: list[str] = []

    def note(bad: NDArray[np.bool_], what: str) -> None:
        if bad.any():
            rows = np.flatnonzero(bad)
            problems.append(f"{what} in {rows.size} row(s): {first_few(rows)}")

    note(~(np.isfinite(start) & np.isfinite(stop)), "start or stop is not finite")
    note(start >= stop, "start is not before stop")
    if event.dtype != np.bool_:
        note(~((event == 0) | (event == 1)), "event is neither 0 nor 1")
    if weights is not None:
        note(~(np.isfinite(weights) & (weights >= 0)), "weight is negative or not finite")
    if offset is not None:
        note(~np.isfinite(offset), "offset is not finite")
    if problems:
        raise DataError(
            "Every row needs a finite start < stop, an event of 0 or 1 and a weight of at least 0; "
            "found: " + "; ".join(problems) + ". Correct or remove these rows."
        )


def _codes(strata: NDArray[np.generic] | None) -> tuple[Integers, NDArray[np.generic]]:
    if strata is None:
        return np.empty(0, np.int64), np.zeros(1)
    values, codes = np.unique(strata, return_inverse=True)
    return codes.astype(np.int64, copy=False), values


def _event_times(
    stop: Floats,
    event: NDArray[np.bool_],
    codes: Integers,
    n_strata: int,
    weights: Floats | None,
) -> tuple[Floats, Integers, Integers]:
    """Distinct event times by stratum, their stratum, and where each stratum begins."""
    counted = event if weights is None else event & (weights > 0)
    rows = np.flatnonzero(counted)
    if rows.size == 0:
        raise DataError(
            "A Cox model needs at least one event; found none among the rows with a positive "
            "weight. Check how the event is coded and which rows were selected."
        )
    when = stop[rows]
    where = codes[rows] if codes.size else np.zeros(rows.size, np.int64)
    order = np.lexsort((when, where))
    when, where = when[order], where[order]
    new = np.ones(when.size, dtype=bool)
    new[1:] = (np.diff(when) > 0) | (np.diff(where) > 0)
    when, where = when[new], where[new]
    ptr = np.searchsorted(where, np.arange(n_strata + 1)).astype(np.int64)
    return when, where, ptr


def _locate(
    start: Floats, stop: Floats, codes: Integers, times: Floats, stratum_ptr: Integers
) -> tuple[Integers, Integers]:
    if has_compiled():
        from coalition_models.kernels import _compiled

        return _compiled.locate(start, stop, codes, times, stratum_ptr)
    distinct = np.unique(times)
    width = distinct.size + 1
    stratum = np.repeat(np.arange(stratum_ptr.size - 1), np.diff(stratum_ptr))
    keys = stratum * width + np.searchsorted(distinct, times, side="right")
    base = codes * width if codes.size else np.zeros(1, np.int64)
    first = np.searchsorted(
        keys, base + np.searchsorted(distinct, start, side="right"), side="right"
    )
    last = np.searchsorted(keys, base + np.searchsorted(distinct, stop, side="right"), side="right")
    return first.astype(np.int64), last.astype(np.int64) - 1


def _order(first: Integers, last: Integers, n_bins: int) -> tuple[Integers, Integers]:
    if has_compiled():
        from coalition_models.kernels import _compiled

        return _compiled.counting_order(first, last, n_bins)
    rows = np.flatnonzero(first <= last)
    key = last[rows] + n_bins * (first[rows] < last[rows])
    order = rows[np.argsort(key, kind="stable")]
    counts = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=2 * n_bins))])
    return order, counts.astype(np.int64)


def _columns(
    X: Floats, first: Integers, last: Integers, order: Integers, codes: Integers, n_strata: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Centre, centre of each stratum, scale, and the sorted, standardised covariates.

    Rows are compared within their stratum only. So is the scale: that of covariates far apart
    between strata would leave no digits for what differs within them.
    """
    if not codes.size:
        centre, scale, sorted_rows = _standardised(X, first, last, order, None)
        return centre, centre[None, :], scale, sorted_rows
    with np.errstate(invalid="ignore", over="ignore"):  # reported where they are standardised
        centres = _stratum_centres(X[order], codes[order], n_strata)
        inside = X - centres[codes]
    largest = np.abs(centres).max(axis=0)
    rest, scale, sorted_rows = _standardised(inside, first, last, order, largest)
    centres += rest
    share = np.bincount(codes[order], minlength=n_strata) / order.size
    return share @ centres, centres, scale, sorted_rows


def _stratum_centres(rows: Floats, codes: Integers, n_strata: int) -> Floats:
    """Mean of the rows at risk of each stratum (S, p), zero where there are none."""
    present, one = np.unique(codes, return_index=True)
    centres = np.zeros((n_strata, rows.shape[1]))
    # Distances from one of the rows, so that a constant is met to the last digit.
    centres[present] = rows[one]
    count = np.maximum(np.bincount(codes, minlength=n_strata), 1)
    for j, line in enumerate((rows - centres[codes]).T):
        centres[:, j] += np.bincount(codes, line, minlength=n_strata) / count
    return centres


def _standardised(
    X: Floats, first: Integers, last: Integers, order: Integers, origin: Floats | None
) -> tuple[Floats, Floats, Floats]:
    """Centre, scale and the sorted covariates; ``origin`` is what was subtracted before."""
    sorted_rows: Floats | None = None
    if has_compiled():
        from coalition_models.kernels import _compiled

        centre, scale = _compiled.moments(X, first, last)
    else:
        sorted_rows = np.ascontiguousarray(X[order].T)
        with np.errstate(invalid="ignore", over="ignore"):  # reported just below
            reference = sorted_rows[:, 0].copy()
            sorted_rows -= reference[:, None]
            rest = sorted_rows.mean(axis=1)
            sorted_rows -= rest[:, None]
            centre = reference + rest
            scale = np.array([np.sqrt(np.dot(line, line) / line.size) for line in sorted_rows])
    unusable = ~(np.isfinite(centre) & np.isfinite(scale))
    if unusable.any():
        raise DataError(
            "Covariates must be finite; found missing or infinite values in column(s) "
            f"{first_few(np.flatnonzero(unusable))}. Drop or complete these rows."
        )
    # A column that is constant up to rounding becomes zero: its information is nil, not noise blown
    # up to unit variance.
    constant = scale <= 1e-13 * (np.abs(centre) if origin is None else origin)
    scale[constant] = 1.0
    factor = np.where(constant, 0.0, 1.0 / scale)
    if sorted_rows is None:
        return centre, scale, _compiled.gather(X, order, centre, factor)
    for line, by in zip(sorted_rows, factor, strict=True):
        line *= by
    return centre, scale, sorted_rows


def _panel(
    columns: Floats,
    weights: Floats,
    offset: Floats,
    first: Integers,
    last: Integers,
    order: Integers,
    counts: Integers,
    event: NDArray[np.bool_],
    stratum_ptr: Integers,
) -> Panel:
    n_bins = (counts.size - 1) // 2
    single_ptr, long_ptr = counts[: n_bins + 1], counts[n_bins:]
    long_first = first[order[single_ptr[-1] :]]
    opens = np.zeros(n_bins, dtype=bool)
    closes = np.zeros(n_bins, dtype=bool)
    filled = np.diff(stratum_ptr) > 0
    opens[stratum_ptr[:-1][filled]] = True
    closes[stratum_ptr[1:][filled] - 1] = True
    leaving = np.flatnonzero(~opens[long_first])
    leaving = leaving[np.argsort(long_first[leaving], kind="stable")]
    leave_ptr = np.searchsorted(long_first[leaving], np.arange(n_bins + 1))
    events = np.flatnonzero(event[order])
    event_bin = last[order[events]]
    by_bin = np.lexsort((order[events], event_bin))
    event_ptr = np.searchsorted(event_bin[by_bin], np.arange(n_bins + 1))
    return Panel(
        columns=columns,
        weights=weights,
        offset=offset,
        single_ptr=single_ptr.copy(),
        long_ptr=long_ptr.copy(),
        first=long_first,
        leave_ptr=leave_ptr.astype(np.int64),
        leave_rows=(leaving + single_ptr[-1]).astype(np.int64),
        event_ptr=event_ptr.astype(np.int64),
        event_rows=events[by_bin].astype(np.int64),
        closes=closes,
    )
