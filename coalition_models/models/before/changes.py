"""A table of changes, each from a time on, joined to rows that are cut where a change falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import as_days, check_arguments
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.models.before.cutting import Pieces, TimedRows, cut, in_pieces, read_rows
from coalition_models.models.sample.checks import DEFAULT_ID, names_of, rounding_of
from coalition_models.models.sample.columns import (
    as_numbers,
    found_instead,
    plain_value,
    refuse_repeated_columns,
    require_columns,
)
from coalition_models.record import record_of, with_features
from coalition_models.tables.plain import in_native_order, plain_table

__all__ = ["merge_changes"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: days in a unit of the rows' time
_DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}


@dataclass(frozen=True)
class _Changes:
    """Changes in the order of group and time, with the values that they bring."""

    group: Integers
    time: Floats
    table: pd.DataFrame


def merge_changes(
    rows: pd.DataFrame,
    changes: pd.DataFrame,
    *,
    on: str | Sequence[str] | None = None,
    time: str = "time",
    origin: str | None = None,
    unit: str = "month",
    event: str | None = "event",
    start: str | None = "start",
    stop: str = "stop",
) -> pd.DataFrame:
    """Join a table of changes to rows at risk: each value holds from its time to the next change.

    A row is cut where a change falls inside it. At the very time of a change the old value still
    holds, and the new one from just after it, so that what changed at the time of an event is no
    cause of it: as R's ``tmerge`` with ``tdc()``.

    Parameters
    ----------
    rows : DataFrame
        Rows at risk on (start, stop].
    changes : DataFrame
        One row per member and time, with the columns ``on``, ``time`` and one or more columns of
        values. A missing value says that this column did not change then.
    on : str or sequence of str, optional
        Columns of both tables that tell whose change it is, such as ``"state"``; default:
        ``coalition, state, spell``.
    time : str
        Column of ``changes``: numbers on the clock of ``start`` and ``stop``, or dates where
        ``origin`` says which date is time 0.
    origin : str, optional
        Column of ``rows`` with the date of each row's time 0, such as ``"entry"``.
    unit : {"day", "week", "month", "year"}
        Of the rows' time, for dates: a month is 365.25/12 days.
    event, start, stop : str
        Columns of ``rows``, as in :func:`split_rows`.

    Returns
    -------
    DataFrame
        The rows, cut, with the columns of values and what the panel remembers. Before its first
        change a value is missing, or what the rows held where they have the column already.

    Raises
    ------
    DataError
        Changes without a key or time, two that disagree, dates without ``origin``.

    Warns
    -----
    CoalitionWarning
        For changes of members that have no row, and those after a member's last row.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": ["ESP", "POL"], "start": [0, 0], "stop": [3, 5],
    ...                    "event": [1, 1]})
    >>> votes = pd.DataFrame({"state": ["ESP", "ESP", "POL"], "time": [0, 2, 9],
    ...                       "left": [0, 1, 1]})
    >>> cm.merge_changes(df, votes.iloc[:2], on="state")
      state  start  stop  event  left
    0   ESP      0     2      0   0.0
    1   ESP      2     3      1   1.0
    2   POL      0     5      1   NaN
    """
    check_arguments(merge_changes, locals())
    if unit not in _DAYS:
        raise DataError(f"unit must be one of {', '.join(_DAYS)}; found {unit!r}")
    keys = DEFAULT_ID if on is None else names_of(on, "on")
    refuse_repeated_columns(changes)
    require_columns(rows, keys, "merge_changes(on=)")
    require_columns(changes, [*keys, time], "the table of changes")
    own = read_rows(rows, start, stop, event, "merge_changes")
    values = [name for name in changes.columns if name not in (*keys, time)]
    _check_values(values, own, origin)
    if own.data[list(keys)].isna().any(axis=None):
        raise DataError(f"the rows have gaps in {', '.join(keys)}: whose changes are theirs?")
    group, count, found = _read(own, changes, keys, time, origin, unit)
    _tell_of_unused(own, group, found, count)
    each = np.split(found.time, np.searchsorted(found.group, np.arange(1, count)))
    pieces = cut(own.start, own.stop, [np.unique(times) for times in each], group)
    out = in_pieces(own, pieces)
    for name in values:
        out[name] = _held(name, own, pieces, group, found)
    if record_of(own.data).panel:
        with_features(out, {name: {"source": "given"} for name in values})
    return out


def _check_values(values: Sequence[str], rows: TimedRows, origin: str | None) -> None:
    if not values:
        raise DataError("the table of changes has no column of values")
    fixed = {name for name in (*rows.names, origin) if name is not None}
    clash = [name for name in values if name in fixed]
    if clash:
        raise DataError(
            f"the changes have the columns {first_few(clash)}, which are the rows' own times, "
            "event or origin: rename or drop them"
        )


def _read(
    rows: TimedRows,
    changes: pd.DataFrame,
    keys: Sequence[str],
    time: str,
    origin: str | None,
    unit: str,
) -> tuple[Integers, int, _Changes]:
    """Number the groups and bring the changes on the rows' clock, in order."""
    gaps = changes[[*keys, time]].isna().any(axis=1)
    if gaps.any():
        raise DataError(
            f"changes without {', '.join(keys)} or {time} in rows {first_few(changes.index[gaps])}"
        )
    zeros = None if origin is None else _origins(rows.data, origin)
    # dates are counted from an origin of the rows' own, so whose it is counts as well
    left = plain_table(rows.data[list(keys)], "the rows").reset_index(drop=True)
    right = plain_table(changes[list(keys)], "the changes").reset_index(drop=True)
    both = pd.concat([left, right], ignore_index=True)
    codes = _numbered(both)
    mine, theirs = codes[: len(left)], codes[len(left) :]
    table = in_native_order(changes).reset_index(drop=True)
    if zeros is None:
        when = as_numbers(changes[time])
        if when is None:
            raise DataError(
                f"column {time!r} of the changes must hold numbers on the clock of the rows, "
                f"{found_instead(changes[time])}; for dates give origin=, the column of the rows "
                "with the date of their time 0, such as 'entry'"
            )
    else:
        mine, theirs, when, table = _by_origin(mine, theirs, zeros, table, time, unit)
    if not np.isfinite(when).all():
        raise DataError(f"column {time!r} of the changes holds infinite times")
    order = np.lexsort((when, theirs))
    found = _Changes(theirs[order], when[order], table.iloc[order].reset_index(drop=True))
    return mine, int(max(mine.max(), theirs.max(initial=0))) + 1, found


def _origins(data: pd.DataFrame, origin: str) -> pd.Series:
    require_columns(data, [origin], "origin=")
    if getattr(data[origin].dtype, "kind", "") != "M" or data[origin].isna().any():
        raise DataError(f"column {origin!r} of the rows must hold a date in every row")
    if getattr(data[origin].dtype, "tz", None) is not None:
        raise DataError(
            f"column {origin!r} of the rows must hold dates without a time zone, as the changes "
            f"do: data[{origin!r}].dt.tz_localize(None)"
        )
    return data[origin].reset_index(drop=True)


def _numbered(keys: pd.DataFrame) -> Integers:
    """A number per combination."""
    groups = keys.groupby(list(keys.columns), sort=False, observed=True)
    return np.asarray(groups.ngroup(), dtype=np.int64)


def _by_origin(
    mine: Integers,
    theirs: Integers,
    zeros: pd.Series,
    table: pd.DataFrame,
    time: str,
    unit: str,
) -> tuple[Integers, Integers, Floats, pd.DataFrame]:
    """Count dates from each origin that the rows of a key have: each is a group of its own."""
    dates = as_days(table[time], time)
    pairs = pd.DataFrame({"key": mine, "zero": zeros})
    numbers = _numbered(pairs)
    known = pairs.assign(group=numbers).drop_duplicates()
    joined = pd.DataFrame({"key": theirs, "row": np.arange(len(theirs))}).merge(
        known, on="key", how="left"
    )
    lost = joined["group"].isna().to_numpy()
    fresh = int(numbers.max()) + 1 + np.cumsum(lost)
    group = np.where(lost, fresh, joined["group"].fillna(0)).astype(np.int64)
    at = joined["row"].to_numpy()
    since = dates.to_numpy("datetime64[ns]")[at] - joined["zero"].to_numpy("datetime64[ns]")
    days: Floats = since / np.timedelta64(1, "D")
    when: Floats = np.where(lost, 0.0, days / _DAYS[unit])
    return numbers, group, when, table.iloc[at].reset_index(drop=True)


def _tell_of_unused(rows: TimedRows, group: Integers, found: _Changes, count: int) -> None:
    """Warn of changes that no row can show."""
    last = np.full(count, -np.inf)
    np.maximum.at(last, group, rows.stop)
    ends = last[found.group]
    strangers, late = np.isneginf(ends), found.time >= ends
    said = [
        f"{counted(int(lost.sum()), 'change')} {why}"
        for lost, why in (
            (strangers, "of members that have no row"),
            (late & ~strangers, "at or after the end of a member's last row"),
        )
        if lost.any()
    ]
    if said:
        warn(f"merge_changes(): without effect are {' and '.join(said)}")


def _held(name: str, rows: TimedRows, pieces: Pieces, group: Integers, found: _Changes) -> Any:
    """A column's value in each piece: that of the last change at or before its start."""
    known = found.table[name].notna().to_numpy()
    who, when = found.group[known], found.time[known]
    values = found.table.loc[known, name].reset_index(drop=True)
    _refuse_two_values(name, who, when, values)
    before = (
        rows.data[name].iloc[pieces.row].reset_index(drop=True)
        if name in rows.data.columns
        else pd.Series(np.nan, index=range(len(pieces.row)), dtype=object)
    )
    at = _latest(who, when, group[pieces.row], pieces.start + rounding_of(pieces.start))
    if not len(values):
        return before.infer_objects().array
    taken = values.iloc[np.maximum(at, 0)].reset_index(drop=True)
    if (at >= 0).all():
        return taken.array
    if name not in rows.data.columns:
        return taken.where(at >= 0).array
    return taken.astype(object).where(at >= 0, before.astype(object)).infer_objects().array


def _latest(who: Integers, when: Floats, group: Integers, time: Floats) -> Integers:
    """Position of the last of the changes, sorted by group and time, up to a time; -1 for none."""
    changes = len(when)
    kind = np.r_[np.zeros(changes), np.ones(len(time))]
    order = np.lexsort((kind, np.r_[when, time], np.r_[who, group]))
    latest = np.maximum.accumulate(np.where(order < changes, order, -1))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = latest
    at = place[changes:]
    mine = (at >= 0) & (np.append(who, -1)[at] == group)
    return np.where(mine, at, -1)


def _refuse_two_values(name: str, who: Integers, when: Floats, values: pd.Series) -> None:
    same = (np.diff(who) == 0) & (np.abs(np.diff(when)) <= rounding_of(when[1:], when[:-1]))
    other = values.iloc[1:].to_numpy() != values.iloc[:-1].to_numpy()
    if (same & other).any():
        at = int(np.flatnonzero(same & other)[0])
        raise DataError(
            f"two changes of {name} at one time disagree: {plain_value(values[at])!r} and "
            f"{plain_value(values[at + 1])!r} at {when[at]:g} (on the rows' clock); keep one"
        )
