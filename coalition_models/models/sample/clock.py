"""The fit's own time among its covariates, under its name or another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, counted, first_few
from coalition_models.models.sample.checks import by_member, rounding_of
from coalition_models.models.sample.columns import as_numbers
from coalition_models.models.sample.rows import Frame

__all__ = ["Clock", "check_clock", "check_pace", "clocks_among", "note_of_gaps"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
#: times seen, in order, and a column's value at each
Clock = tuple[Floats, Floats]

#: below so many times a column may rise with them by chance
_FEWEST = 5
#: with one row for each time, it takes more of them
_FEWEST_ALONE = 8
#: looked at first, so that other columns cost nothing
_GLANCE = 64
#: fewer successive rows say nothing about how a panel was made
_FEWEST_PAIRS = 20


def clocks_among(
    data: Frame,
    names: Sequence[str],
    stop: Floats,
    known: Mapping[str, Floats] | None = None,
) -> dict[str, Clock]:
    """Find columns that are the time itself: another unit, origin or power of it.

    Such a column has one value for each time, and rises (or falls) with it from each time to the
    next. ``known`` holds the numbers of columns that were read before.

    Examples
    --------
    >>> import numpy as np
    >>> stop = np.tile(np.arange(1.0, 7.0), 2)
    >>> frame = pd.DataFrame({"t2": stop**2, "risk": stop % 4})
    >>> list(clocks_among(frame, ["t2", "risk"], stop))
    ['t2']
    """
    found = {}
    glance = stop[:_GLANCE]
    order = np.argsort(glance, kind="stable")
    later = np.diff(glance[order]) > 0
    for name in names:
        if known is not None and name in known:
            values: Floats | None = known[name]
        else:
            values = as_numbers(data[name]) if name in data.columns else None
        if values is None or not _rises(values[:_GLANCE][order], later):
            continue
        whole = np.argsort(stop, kind="stable")
        if _rises(values[whole], np.diff(stop[whole]) > 0):
            grid, first = np.unique(stop, return_index=True)
            enough = _FEWEST if len(stop) >= 2 * len(grid) else _FEWEST_ALONE
            if len(grid) >= enough:
                found[name] = (grid, values[first])
    return found


def _rises(values: Floats, later: Flags) -> bool:
    """Whether values in the order of time move one way with each later time, and only then."""
    step = values[1:] - values[:-1]
    moved = step[later]
    if not moved.size or step[~later].any():
        return False
    return bool((moved > 0).all() or (moved < 0).all())


def check_clock(
    formula: str,
    named: Mapping[str, str],
    index: pd.Index,
    times: tuple[Floats, Floats],
    event: Floats,
    strata: Integers | None,
) -> None:
    """Refuse time among the covariates of rows that span several event times.

    A row keeps one value of its covariates, so its own end would be known before it comes.
    ``named`` says of each such column where it stands: in the formula, or in an option.

    Raises
    ------
    FormulaError
        Naming the columns and the first rows.
    """
    if not named:
        return
    start, stop = times
    layers = np.zeros(len(stop), dtype=np.int64) if strata is None else strata
    spanning = np.zeros(len(stop), dtype=bool)
    for layer in np.unique(layers):
        mine = layers == layer
        known = np.unique(stop[mine & (event == 1)])
        low = np.searchsorted(known, start[mine] + rounding_of(start[mine]), "right")
        high = np.searchsorted(known, stop[mine] - rounding_of(stop[mine]), "left")
        spanning[mine] = high > low
    if spanning.any():
        where = " and ".join(
            f"{name} ({place})" if place else name for name, place in named.items()
        )
        raise FormulaError(
            f"{formula!r} names {where}, the rows' own time, but "
            f"{counted(spanning.sum(), 'row')} ({first_few(index[spanning], 5)}) span several "
            "event times and have one value for all of them: split the rows at the event times "
            "first. Where the time of entry itself is meant, give it a column of its own"
        )


def note_of_gaps(members: Integers | None, start: Floats, stop: Floats) -> list[str]:
    """Say that most rows of a member do not follow on the one before, as in thinned-out panels."""
    if members is None:
        return []
    order = by_member(members, start, stop)
    if order is not None:
        members, start, stop = members[order], start[order], stop[order]
    same = members[1:] == members[:-1]
    # at most so many, before rounding is allowed for: most panels end here
    if 2 * np.count_nonzero(same & (start[1:] > stop[:-1])) <= np.count_nonzero(same):
        return []
    before, after = stop[:-1][same], start[1:][same]
    gaps = after > before + rounding_of(before)
    if len(gaps) < _FEWEST_PAIRS or gaps.sum() <= len(gaps) / 2:
        return []
    at = int(np.flatnonzero(gaps)[0])
    return [
        f"most rows of a member ({gaps.sum()} of {len(gaps)}) do not follow on the one before "
        f"(one ends at {before[at]:g}, the next begins at {after[at]:g}): who has no row at an "
        "event time is not in its risk set. Rows thinned out of shorter ones need the start and "
        "stop of the whole period"
    ]


def check_pace(data: Frame, members: Integers | None, start: Floats) -> None:
    """Refuse panels of two lengths in one: a month of the one would count as much as a quarter.

    A panel that remembers its making has one length, and needs no look.

    Raises
    ------
    DataError
        Where time runs more than twice as fast by the calendar for some members as for others.
    """
    days = data["period"] if "period" in data.columns else None
    if members is None or days is None or getattr(days.dtype, "kind", "") != "M":
        return
    day = days.to_numpy("datetime64[D]").astype(np.int64)
    order = np.lexsort((start, members))
    who, step, moved = members[order], np.diff(start[order]), np.diff(day[order])
    # the first period of a member may be begun late, so its length by the clock is no measure
    inner = np.append(False, who[2:] == who[:-2]) & (step > 0) & (moved > 0)
    if not inner.any():
        return
    # the usual pace of each, since a clock may stand still while a member is away
    usual = pd.Series(moved[inner] / step[inner]).groupby(who[1:][inner]).median()
    fast = usual > 2 * usual.min()
    if fast.any():
        rows = first_few(data.index[np.isin(members, usual.index[fast])], 5)
        raise DataError(
            "the data have rows of two lengths: from row to row a step of the clock is "
            f"{usual.min():.0f} days for some members, but {usual.max():.0f} for others "
            f"(rows {rows}). Build all of the panel with one period"
        )
