"""Guards before a fit: outcome, times, histories, weights, number of events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, counted, first_few
from coalition_models.models.sample.columns import (
    all_finite,
    as_numbers,
    found_instead,
    plain_value,
    require_columns,
)
from coalition_models.models.sample.rows import Frame, values_of

__all__ = [
    "DEFAULT_ID",
    "Histories",
    "by_member",
    "check_enough_events",
    "check_event",
    "check_history",
    "check_numbers",
    "check_times",
    "default_id",
    "histories_of",
    "names_of",
    "raise_all",
    "rounding_of",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: the columns that make one member's history in a panel of this package
DEFAULT_ID = ("coalition", "state", "spell")

#: times that differ by no more than this share of themselves differ by rounding only
_ROUNDING = 1.5e-8


@dataclass(frozen=True)
class Histories:
    """Whose history each row belongs to."""

    columns: tuple[str, ...]
    codes: Integers
    count: int


def names_of(value: str | Sequence[str] | None, argument: str) -> tuple[str, ...]:
    """Read an argument that takes one column name, several or none.

    Examples
    --------
    >>> names_of("state", "cluster"), names_of(["state", "coalition"], "cluster")
    (('state',), ('state', 'coalition'))
    """
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else tuple(value) if np.iterable(value) else ()
    if not names or not all(isinstance(name, str) for name in names):
        raise DataError(f"{argument} takes a column name or a list of them, not {value!r}")
    return names


def default_id(data: pd.DataFrame, id: str | Sequence[str] | None) -> tuple[str, ...]:
    """Columns of one member's history: those given, or coalition, state and spell if all there."""
    if id is not None:
        names = names_of(id, "id")
        require_columns(data, names, f"id={id!r}")
        return names
    return DEFAULT_ID if all(name in data.columns for name in DEFAULT_ID) else ()


def histories_of(data: pd.DataFrame, member: tuple[str, ...]) -> Histories:
    """Number the members, in the order in which they appear; none of ``member`` may be missing."""
    keys = data[list(member)].reset_index(drop=True)  # an index may be named like a column
    groups = keys.groupby(list(member), sort=False, observed=True)
    codes = np.asarray(groups.ngroup(), dtype=np.int64)
    return Histories(member, codes, int(codes.max()) + 1)


def check_event(data: Frame, name: str) -> tuple[Floats, list[str], list[str]]:
    """Read the event column as 0 and 1.

    Returns
    -------
    values, problems, notes
        ``problems`` lists what is wrong; the values are then not to be used.
    """
    held = values_of(data, name)
    if isinstance(held, np.ndarray) and held.dtype.kind in "iuf":
        plain = held.astype(float)
        if ((plain == 0) | (plain == 1)).all():
            return plain, [], []
    column = data[name]
    gaps = column.isna().to_numpy()
    problems = []
    if gaps.any():
        problems.append(
            f"event column {name!r} is missing in {counted(gaps.sum(), 'row')} "
            f"({first_few(data.index[gaps])}): whether the event happened must be known; code it, "
            "or leave these rows out before fitting"
        )
    numbers = as_numbers(column)
    if numbers is None:
        return np.zeros(len(column)), [*problems, _explain_words(name, column[~gaps])], []
    values = np.where(gaps, 0.0, numbers)
    known = column[~gaps]
    if isinstance(known.dtype, pd.CategoricalDtype):
        known = known.astype(object)
    if len(known) and pd.api.types.infer_dtype(known) == "boolean":
        return values, problems, [f"event column {name!r} is Boolean: True counts as the event"]
    if not np.all((values == 0) | (values == 1)):
        problems.append(_explain_coding(name, values[~gaps], data.index[~gaps]))
    return values, problems, []


def _explain_words(name: str, column: pd.Series) -> str:
    kinds = column.unique()
    shown = first_few(repr(plain_value(value)) for value in kinds)
    cure = f"(df[{name!r}] == 'exit').astype(int)"
    if all(isinstance(value, str) and value.strip() in ("0", "1", "0.0", "1.0") for value in kinds):
        cure = f"df[{name!r}] = pd.to_numeric(df[{name!r}])"
    return (
        f"event column {name!r} must hold 0 and 1 (or False and True), found {shown}; make it, "
        f"for instance {cure}"
    )


def _explain_coding(name: str, values: Floats, index: pd.Index) -> str:
    found, counts = np.unique(values, return_counts=True)
    listing = first_few(f"{v:g} ({counted(c, 'row')})" for v, c in zip(found, counts, strict=True))
    if set(found) <= {1.0, 2.0}:
        return (
            f"event column {name!r} is coded {listing}; some programs read 2 as the event and 1 "
            f"as none, here the event is 1. Recode it: df[{name!r}] = "
            f"(df[{name!r}] == 2).astype(int)"
        )
    wrong = ~((values == 0) | (values == 1))
    return (
        f"event column {name!r} must hold 0 and 1, found {listing}; others than 0 and 1 in rows "
        f"{first_few(index[wrong])}. Several kinds of exit need one 0/1 column per kind"
    )


def check_times(data: Frame, start: str | None, stop: str) -> tuple[Floats, Floats, list[str]]:
    """Read start and stop; a row is at risk after its start, up to and with its stop.

    Without a column of starts every row enters at 0.
    """
    problems: list[str] = []
    entry = np.zeros(len(data)) if start is None else _read_time(data, start, problems)
    ends = [entry, _read_time(data, stop, problems)]
    gap = ends[1] - ends[0]
    largest = max(float(np.abs(end).max(initial=0.0)) for end in ends)
    if not problems:
        problems += _too_fine(ends, largest)
    if not problems and gap.min(initial=np.inf) <= _ROUNDING * largest:
        tolerance = rounding_of(*ends)
        reversed_rows = ends[0] > ends[1] + tolerance
        empty = ~reversed_rows & (gap <= tolerance)
        lengthen = (
            ". Who leaves in the period of entry was at risk for part of it: give such rows half "
            "a period, or count time from the period's beginning; who was never at risk is left out"
        )
        for rows, what, cure in (
            (reversed_rows, ("ends before it starts", "end before they start"), ""),
            (empty, ("has no length", "have no length"), lengthen),
        ):
            if rows.any():
                problems.append(
                    f"{counted(rows.sum(), 'row', *what)} ({_show(data.index, ends, rows)}); a row "
                    f"is at risk on ({start or 0}, {stop}], so {start or 0} must be smaller than "
                    f"{stop}{cure}"
                )
    return ends[0], ends[1], problems


def _too_fine(ends: Sequence[Floats], largest: float) -> list[str]:
    """Times that are apart, but would count as one: rounding is judged by their size.

    Rounding of sums and quotients stays far below 1e-11 of a time, and whole numbers have none;
    what lies between that and the tolerance was meant to differ.
    """
    whole = all((end == np.rint(end)).all() for end in ends)
    if whole and _ROUNDING * largest < 1:
        return []
    times = np.unique(np.concatenate(list(ends)))
    near = np.diff(times)
    tolerance = max(_ROUNDING, _ROUNDING * float(np.abs(times).mean()))
    lost = np.flatnonzero((near <= tolerance) & (whole | (near > 1e-11 * max(largest, 1.0))))
    if not lost.size:
        return []
    i = int(lost[0])
    return [
        f"times such as {float(times[i])!r} and {float(times[i + 1])!r} lie so close for their "
        "size that they would count as one time; count time from a later origin (subtract the "
        "earliest start from both columns)"
    ]


def _read_time(data: Frame, name: str, problems: list[str]) -> Floats:
    held = values_of(data, name)
    if isinstance(held, np.ndarray) and held.dtype.kind in "iuf":
        values: Floats | None = held.astype(float)
    else:
        column = data[name]
        values = None if pd.api.types.is_bool_dtype(column.dtype) else as_numbers(column)
    if values is None:
        problems.append(
            f"column {name!r} must hold numbers (time since the chosen origin), "
            f"{found_instead(column)}"
        )
        return np.zeros(len(column))
    if not all_finite(values):
        bad = ~np.isfinite(values)
        if bad.any():
            problems.append(
                f"column {name!r} is missing or infinite in {counted(bad.sum(), 'row')} "
                f"({first_few(data.index[bad])}); a row without times cannot be placed"
            )
    return values


def rounding_of(one: Floats, two: Floats | None = None) -> Floats:
    """How far apart two times may lie and still be one."""
    size: Floats = np.abs(one) if two is None else np.maximum(np.abs(one), np.abs(two))
    return _ROUNDING * size


def _show(index: pd.Index, ends: Sequence[Floats], rows: npt.NDArray[np.bool_]) -> str:
    at = np.flatnonzero(rows)
    return first_few(f"row {index[int(i)]}: ({ends[0][i]:g}, {ends[1][i]:g}]" for i in at)


def check_history(data: Frame, histories: Histories, start: Floats, stop: Floats) -> list[str]:
    """List rows of one member that overlap or stand twice."""
    codes = histories.codes
    order = by_member(codes, start, stop)
    if order is None:
        found = np.flatnonzero((codes[1:] == codes[:-1]) & (start[1:] < stop[:-1]))
        here, before = found + 1, found
    else:
        here, before = order[1:], order[:-1]
        found = np.flatnonzero((codes[here] == codes[before]) & (start[here] < stop[before]))
        here, before = here[found], before[found]
    tolerance = rounding_of(start[here], stop[before])
    overlapping = start[here] < stop[before] - tolerance
    if not overlapping.any():
        return []
    twice = (
        overlapping
        & (np.abs(start[here] - start[before]) <= tolerance)
        & (np.abs(stop[here] - stop[before]) <= tolerance)
    )
    problems = []
    for pairs, what, cure in (
        (twice, ("stands twice", "stand twice"), "leave the copies out"),
        (overlapping & ~twice, ("overlaps", "overlap"), "a member is at risk once at a time"),
    ):
        if pairs.any():
            listing = first_few(
                f"{_label(data, histories.columns, i)} rows {data.index[j]} and {data.index[i]}: "
                f"({start[j]:g}, {stop[j]:g}] and ({start[i]:g}, {stop[i]:g}]"
                for i, j in zip(here[pairs], before[pairs], strict=True)
            )
            verb = what[int(pairs.sum() > 1)]
            problems.append(
                f"{counted(pairs.sum(), 'pair')} of rows of one member {verb} ({listing}); {cure}, "
                f"or tell members apart with id= (now {', '.join(histories.columns)})"
            )
    return problems


def by_member(codes: Integers, start: Floats, stop: Floats) -> Integers | None:
    """Order by member, then time; None where the rows stand in it already."""
    same = codes[1:] == codes[:-1]
    if ((codes[1:] > codes[:-1]) | (same & (start[1:] >= start[:-1]))).all():
        return None
    return np.lexsort((stop, start, codes)).astype(np.int64, copy=False)


def _label(data: Frame, columns: Sequence[str], row: int) -> str:
    return " ".join(str(data[name].iloc[row]) for name in columns)


def check_numbers(data: Frame, name: str, what: str, *, negative: bool) -> tuple[Floats, list[str]]:
    """Read a column of weights or offsets; also what keeps it from being used."""
    column = data[name]
    values = as_numbers(column)
    if values is None:
        return np.ones(len(column)), [
            f"{what} column {name!r} must hold numbers, {found_instead(column)}"
        ]
    bad = np.isinf(values) | ((values < 0) & (not negative))
    if bad.any():
        rule = "finite" if negative else "finite and not negative"
        rows = first_few(data.index[bad])
        return values, [f"{what} column {name!r} must be {rule}; it is not in {rows}"]
    return values, []


def raise_all(problems: Sequence[str]) -> None:
    """Raise one error for everything that is wrong with the data."""
    if len(problems) == 1:
        raise DataError(problems[0])
    if problems:
        listing = "\n".join(f"  - {problem}" for problem in problems)
        raise DataError(f"{len(problems)} things keep these data from being used:\n{listing}")


def check_enough_events(event: Floats, terms: int, name: str) -> str:
    """Refuse a fit without events; word the warning where there are fewer events than terms."""
    events = int(event.sum())
    if events == 0:
        raise FitError(
            f"no event: column {name!r} is 0 in all {counted(len(event), 'row')} used, so nothing "
            "can be estimated. Check the coding, the sample, and rows dropped for missing values"
        )
    if events < terms:
        return (
            f"{events} event{'s' if events > 1 else ''} for {terms} coefficients: estimates rest "
            "on almost nothing; use fewer terms, or penalty='firth'"
        )
    return ""
