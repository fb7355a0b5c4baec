"""Where rows are cut: pieces of (start, stop] at times that may differ by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.models.sample.checks import (
    Histories,
    check_event,
    check_history,
    check_times,
    raise_all,
    rounding_of,
)
from coalition_models.models.sample.columns import (
    refuse_repeated_columns,
    require_columns,
    require_times,
)
from coalition_models.record import keep_record
from coalition_models.tables.plain import in_native_order

__all__ = ["Pieces", "TimedRows", "cut", "in_pieces", "no_event", "read_rows"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TimedRows:
    """Rows with their times, checked; ``event`` is zeros where there is no such column."""

    data: pd.DataFrame
    start: Floats
    stop: Floats
    event: Floats
    names: tuple[str | None, str, str | None]


@dataclass(frozen=True)
class Pieces:
    """Pieces in the order of their rows: of which row each is, when, and whether it is the last."""

    row: Integers
    start: Floats
    stop: Floats
    last: Flags


def read_rows(
    data: pd.DataFrame,
    start: str | None,
    stop: str,
    event: str | None,
    where: str,
    history: Histories | None = None,
) -> TimedRows:
    """Check event, times and, where given, histories of rows that are to be cut."""
    refuse_repeated_columns(data)
    data = in_native_order(data)
    require_times(data, start, stop, where)
    happened = np.zeros(len(data))
    problems: list[str] = []
    if event is not None:
        require_columns(data, [event], where)
        happened, problems, _ = check_event(data, event)
    if data.empty:
        raise DataError("the data have no rows")
    if start is None and "start" in data.columns:
        problems.append(
            "start=None makes a column 'start', which the data have already: name it with start="
        )
    first, last, wrong = check_times(data, start, stop)
    problems += wrong
    if history is not None and not problems:
        problems += check_history(data, history, first, last)
    raise_all(problems)
    return TimedRows(data, first, last, happened, (start, stop, event))


def cut(
    start: Floats,
    stop: Floats,
    times: Sequence[Floats],
    group: Integers | None = None,
) -> Pieces:
    """Cut each row at the sorted times of its group that lie inside it, up to rounding.

    Parameters
    ----------
    start, stop : ndarray, shape (n,)
    times : sequence of sorted arrays, one per group
    group : ndarray of int, shape (n,), optional
        Which times are a row's; -1 for none. Default: the only ones.

    Examples
    --------
    >>> import numpy as np
    >>> found = cut(np.array([0.0, 2.0]), np.array([3.0, 4.0]), [np.array([1.0, 2.0, 4.0])])
    >>> found.row.tolist(), found.start.tolist(), found.stop.tolist()
    ([0, 0, 0, 1], [0.0, 1.0, 2.0, 2.0], [1.0, 2.0, 3.0, 4.0])
    """
    low = np.zeros(len(start), dtype=np.int64)
    high = low.copy()
    begins = np.concatenate([[0], np.cumsum([len(own) for own in times])]).astype(np.int64)
    for number, own in enumerate(times):
        mine = slice(None) if group is None else np.flatnonzero(group == number)
        near = np.searchsorted(own, start[mine] + rounding_of(start[mine]), side="right")
        far = np.searchsorted(own, stop[mine] - rounding_of(stop[mine]), side="left")
        low[mine] = begins[number] + near
        high[mine] = begins[number] + np.maximum(near, far)
    every = np.concatenate(list(times)) if times else np.empty(0)
    count = high - low + 1
    row = np.repeat(np.arange(len(start)), count)
    place = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    last = place == count[row] - 1
    begin, end = start[row].copy(), stop[row].copy()
    inner = ~last
    end[inner] = every[low[row[inner]] + place[inner]]
    later = place > 0
    begin[later] = every[low[row[later]] + place[later] - 1]
    return Pieces(row, begin, end, last)


def in_pieces(rows: TimedRows, pieces: Pieces) -> pd.DataFrame:
    """The rows in pieces: the event stays with the last, all other columns are copied.

    Columns that nothing was done to keep their type; the index is new where rows were cut.
    """
    start, stop, event = rows.names
    out = rows.data.iloc[pieces.row].copy()
    if len(out) > len(rows.data):
        out.index = pd.RangeIndex(len(out))
        for name, values, held in (
            (start or "start", pieces.start, rows.start),
            (stop, pieces.stop, rows.stop),
        ):
            dtype = rows.data[name].dtype if name in rows.data.columns else held.dtype
            out[name] = _in_type(values, dtype)
        if event is not None:
            out[event] = out[event].where(pieces.last, no_event(rows.data[event]))
    elif start is None:
        out["start"] = pieces.start
    return keep_record(out, rows.data)


def _in_type(values: Floats, dtype: object) -> npt.NDArray[np.float64] | npt.NDArray[np.int64]:
    """Whole numbers where the column held such and still can."""
    whole = isinstance(dtype, np.dtype) and dtype.kind in "iu"
    return values.astype(np.int64) if whole and (values == np.rint(values)).all() else values


def no_event(column: pd.Series) -> Any:
    """How the column says that nothing happened."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return next((value for value in dtype.categories if value == 0), 0)
    return False if pd.api.types.infer_dtype(column) == "boolean" else 0
