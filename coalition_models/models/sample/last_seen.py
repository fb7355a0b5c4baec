"""Events whose date is known to lie between two times only: which rows could hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.sample.checks import rounding_of
from coalition_models.models.sample.columns import as_numbers, found_instead, require_columns
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.intervals import Intervals
from coalition_models.models.variance import Note

__all__ = ["interval_note", "read_intervals", "refuse_torn"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def read_intervals(
    sample: Sample, data: pd.DataFrame, column: str, *, whole_rows: bool = False
) -> Intervals:
    """Number the rows in which each event with an uncertain date can have happened.

    Parameters
    ----------
    sample : Sample
        With times.
    data : DataFrame
        The rows given.
    column : str
        Last time at which a member that left was seen; read in rows with the event only, where
        ``stop`` is an exact date.
    whole_rows : bool
        Rows are periods: ``start`` is an exact date, and no date lies within a period.

    Raises
    ------
    DataError
        A date that is missing, after the row's end, before the member's first row, or before an
        earlier event.
    """
    require_columns(data, [column], f"last_seen={column!r}")
    values = as_numbers(data[column])
    if values is None:
        raise DataError(
            f"last_seen column {column!r} must hold numbers (time), {found_instead(data[column])}"
        )
    if sample.start is None or sample.stop is None:
        raise DataError("last_seen= needs the start and stop of each row")
    seen, start, stop = sample.used(values), sample.start, sample.stop
    ended = sample.event == 1
    _check(sample, seen, stop, ended, column)
    if whole_rows:
        _refuse_halves(sample, seen, ended, column)
    group, since = np.full(len(stop), -1, dtype=np.int64), np.zeros(len(stop))
    exact = start if whole_rows else stop
    uncertain = np.flatnonzero(ended & (seen < exact - rounding_of(exact)))
    members = np.arange(len(stop)) if sample.members is None else sample.members
    order = np.lexsort((stop, members))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    first = np.searchsorted(members[order], members[uncertain])
    close = seen[uncertain] + rounding_of(seen[uncertain])
    group[uncertain], since[uncertain] = np.arange(len(uncertain)), seen[uncertain]
    for number in np.flatnonzero(start[uncertain] > close).tolist():  # seen before the row began
        row = int(uncertain[number])
        held = _rows_since(sample, order[first[number] : int(place[row]) + 1], seen[row])
        group[held], since[held] = number, seen[row]
    if not len(uncertain) and ended.any():
        raise DataError(
            f"in every row with the event {column!r} leaves no doubt, so all dates are exact: "
            "leave last_seen= out" + (", or use logit() or cloglog()" if whole_rows else "")
        )
    return Intervals(group, since)


def _rows_since(sample: Sample, order: Integers, seen: float) -> list[int]:
    """Rows that may hold the event of the last in ``order``, a member's, back to ``seen``."""
    start, stop = np.asarray(sample.start), np.asarray(sample.stop)
    close = float(rounding_of(np.array([seen]))[0])
    held = [int(order[-1])]
    for before in order[-2::-1].tolist():
        if start[held[-1]] <= seen + close:
            return held
        if sample.event[before] == 1 and stop[before] > seen + close:
            raise DataError(
                f"row {sample.index[held[0]]} was last seen at {seen:g}, before its member's "
                f"earlier event (at {stop[before]:g})"
            )
        if stop[before] <= seen + close:
            return held
        held.append(before)
    if start[held[-1]] <= seen + close:
        return held
    cure = "" if sample.member_count else "; name its earlier rows by id="
    raise DataError(
        f"row {sample.index[held[0]]} was last seen at {seen:g}, before the first row of its "
        f"member (from {start[held[-1]]:g}): a member is seen at its entry at the latest{cure}"
    )


def _check(sample: Sample, seen: Floats, stop: Floats, ended: Flags, column: str) -> None:
    missing = ended & ~np.isfinite(seen)
    if missing.any():
        raise DataError(
            f"{column!r} is missing in {counted(missing.sum(), 'row')} with the event (rows "
            f"{first_few(sample.index[missing])}): where the date is exact, write the row's end"
        )
    late = ended & (seen > stop + rounding_of(stop))
    if late.any():
        raise DataError(
            f"{column!r} lies after the row's end in rows {first_few(sample.index[late])}: a "
            "member is seen before it has left"
        )


def _refuse_halves(sample: Sample, seen: Floats, ended: Flags, column: str) -> None:
    """A period is one chance, which cannot be divided by a date within."""
    if sample.start is None or sample.stop is None:
        return
    ends = np.unique(np.concatenate([sample.start, sample.stop]))
    own = np.where(ended, seen, ends[0])
    near = np.clip(np.searchsorted(ends, own), 1, len(ends) - 1)
    apart = np.minimum(np.abs(ends[near] - own), np.abs(own - ends[near - 1]))
    start, stop = sample.start, sample.stop
    known = seen >= stop - rounding_of(stop)
    within = ended & ~known & ((apart > rounding_of(own)) | (seen > start + rounding_of(start)))
    if within.any():
        raise DataError(
            f"{column!r} lies within a period in rows {first_few(sample.index[within])}: periods "
            "are not divided, so give the end of the last period in which the member was seen"
        )


def interval_note(sample: Sample, column: str | None) -> tuple[Note, ...]:
    """What stands below the fit."""
    if sample.intervals is None:
        return ()
    count = len(np.unique(sample.intervals.group[sample.intervals.group >= 0]))
    events = int(sample.event.sum())
    return (Note(f"{counted(count, 'event')} of {events} known to lie in ({column}, stop] only"),)


def refuse_torn(sample: Sample, clusters: Sequence[Integers]) -> None:
    """The rows that may hold one event are one contribution: of one cluster and of one weight."""
    intervals = sample.intervals
    if intervals is None:
        return
    marks: list[tuple[str, npt.NDArray[Any]]] = [("clusters", codes) for codes in clusters]
    if sample.weights is not None:
        marks.append(("weights", sample.weights))
    for what, codes in marks:
        found = pd.Series(codes).groupby(np.where(intervals.group >= 0, intervals.group, -1))
        torn = found.nunique().drop(-1, errors="ignore")
        bad = torn.index[torn > 1]
        if len(bad):
            rows = sample.index[np.isin(intervals.group, bad)]
            raise DataError(
                f"rows {first_few(rows)} may hold one event and have several {what}: they "
                "are one contribution to the likelihood, and must have one"
            )
