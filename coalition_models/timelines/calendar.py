"""What all feature builders share: the calendar of a panel, look-ups by state and month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import FAR, check_count
from coalition_models.errors import AbsentError, DataError, counted, first_few, warn
from coalition_models.members.periods import PERIODS, Period, panel_period
from coalition_models.record import record_of
from coalition_models.sources.fetch import places
from coalition_models.sources.load import load
from coalition_models.tables.contract import is_day

__all__ = [
    "AsOf",
    "Calendar",
    "calendar_of",
    "check_as_of",
    "check_window",
    "entry_month",
    "find_from",
    "find_until",
    "known_table",
    "month_number",
    "no_less_than_a_period",
    "short_window",
    "window_sum",
]

AsOf = Literal["start", "end"]
Integers = npt.NDArray[np.int64]

#: more months than any calendar year number needs, so that group and month fit in one key
_STRIDE = 1_000_000


def known_table(name: str, *, extended: bool = False) -> pd.DataFrame:
    """Load a table once per session, because every builder reads it again; never change it.

    It is loaded again when the folders of external sources are others than before.

    Examples
    --------
    >>> known_table("coalitions") is known_table("coalitions")
    True
    """
    return _kept_table(name, extended, *places())


@lru_cache(maxsize=32)
def _kept_table(name: str, extended: bool, mirror: str | None, cache: str | None) -> pd.DataFrame:
    return load(name, extended=extended)


@dataclass(frozen=True)
class Calendar:
    """Months that each row of a panel covers, counted from year 0."""

    first: Integers
    last: Integers
    months: int

    def known(self, as_of: AsOf) -> Integers:
        """Last month whose events are known: the one before the period, or its own last."""
        return self.first - 1 if as_of == "start" else self.last


def check_as_of(as_of: str) -> AsOf:
    """Check the moment of knowledge.

    Examples
    --------
    >>> check_as_of("start")
    'start'
    """
    if as_of in ("start", "end"):
        return cast(AsOf, as_of)
    raise DataError(
        "as_of must be 'start' (only what was known when the period began) or 'end' "
        f"(also what happened within it), not {as_of!r}"
    )


def check_window(window: int, name: str = "window", *, most: int = FAR) -> int:
    """Check a number of months, 100 years of them at most.

    Examples
    --------
    >>> check_window(6)
    6
    """
    return check_count(window, name, of="months", most=most)


def short_window(
    window: int, calendar: Calendar, as_of: AsOf, columns: str = "its columns"
) -> dict[str, object]:
    """Warn of a window that looks back over less than one period, and note it.

    As of the start of a year, the last six months are July to December before it: what happened
    from January to June is seen by no row at all. A window of 0 sees nothing at all, so that what
    looks back (``columns``) is constant. Knowledge of the end of the period misses nothing.

    Returns
    -------
    dict
        What to add to a builder's choices; empty where nothing is missed.

    Examples
    --------
    >>> import numpy as np
    >>> short_window(6, Calendar(np.array([24048]), np.array([24048]), 1), "start")
    {}
    """
    if as_of == "end" or window >= calendar.months:
        return {}
    if window == 0:
        return _note(
            f"window of 0 months: {columns} 0 in every row",
            "as of the start of a period; take a window of 1 or more, or as_of='end'",
        )
    return _note(
        f"window of {window} months shorter than the period of {calendar.months}",
        f"what happened in the first {calendar.months - window} months of a period is near in no "
        f"row; take window={calendar.months}, or shorter periods",
    )


def _note(what: str, why: str) -> dict[str, object]:
    warn(f"a {what}: {why}")
    return {"note": what}


def calendar_of(panel: pd.DataFrame, needed: Sequence[str] = ("cow", "period")) -> Calendar:
    """Read the months that each row covers.

    The length of a period stands in the panel's record; where a frame has none it is read off two
    successive rows of one spell. Rows that contradict it are refused, see
    :func:`coalition_models.members.periods.panel_period`.
    """
    absent = [name for name in needed if name not in panel.columns]
    if absent:
        raise AbsentError(
            f"the panel lacks the columns {', '.join(absent)}; build_panel() makes them"
        )
    if panel.columns.has_duplicates:
        twice = dict.fromkeys(panel.columns[panel.columns.duplicated()])
        raise DataError(f"the panel has repeated columns: {first_few(twice)}; keep one of each")
    if not is_day(panel["period"].dtype):
        raise DataError(_no_days(panel["period"]))
    empty = panel[list(needed)].isna()
    if empty.to_numpy().any():
        names = [name for name in needed if empty[name].any()]
        rows = panel.index[empty.any(axis=1).to_numpy()]
        raise DataError(f"{' and '.join(names)} missing in rows {first_few(rows)} of the panel")
    first = month_number(panel["period"])
    months = 12 // PERIODS[_period_name(panel)]
    return Calendar(first, first + months - 1, months)


def no_less_than_a_period(panel: pd.DataFrame, window: int) -> int:
    """Window in months, widened to the panel's period: a shorter one misses part of each row.

    Examples
    --------
    >>> from coalition_models import build_panel, facts
    >>> no_less_than_a_period(build_panel(facts("iraq"), period="year"), 6)
    12
    """
    return max(window, calendar_of(panel).months)


def _no_days(period: pd.Series) -> str:
    """What a panel's periods must be, and what makes dates of what they are, as after a file."""
    dtype, cure = period.dtype, "pd.to_datetime(df['period'])"
    if isinstance(dtype, pd.PeriodDtype):
        cure = "df['period'].dt.start_time"
    elif isinstance(dtype, pd.DatetimeTZDtype):
        cure = "df['period'].dt.tz_localize(None)"
    elif pd.api.types.is_numeric_dtype(dtype):
        cure = "pd.to_datetime(df['period'], format='%Y') of a year"
    shown = first_few(dict.fromkeys(repr(value) for value in period[:3]))
    return (
        "column period must hold the first day of each row's period, as dates without a time "
        f"zone; found {dtype} ({shown}): df['period'] = {cure}"
    )


def entry_month(panel: pd.DataFrame) -> Integers:
    """First month of the period in which each row's spell began.

    It is read off the column ``entry``, which :func:`build_panel` makes. A panel of one's own
    without it must have ``start`` in whole periods that run with ``period``; what cannot be told
    from them is refused.

    Examples
    --------
    >>> import coalition_models as cm
    >>> late = cm.build_panel(cm.load("participation"), coalitions=["iraq"],
    ...                       clock="coalition", truncate_before="2006-01-01")
    >>> poland = late[late["state"] == "POL"]
    >>> int(entry_month(poland)[0]) == 2003 * 12 + 2
    True
    """
    calendar = calendar_of(panel, ("coalition", "cow", "spell", "period"))
    by = [panel[c].to_numpy() for c in ("coalition", "cow", "spell")]
    if "entry" in panel.columns:
        return _recorded_entry(panel, calendar, by)
    return _inferred_entry(panel, calendar, by)


def _recorded_entry(
    panel: pd.DataFrame, calendar: Calendar, by: list[npt.NDArray[np.generic]]
) -> Integers:
    day = panel["entry"]
    if not is_day(day.dtype) or day.isna().any():
        raise DataError(
            "column entry of the panel must hold the day on which each spell began, in every row; "
            f"found {day.dtype} with {counted(int(day.isna().sum()), 'row')} empty"
        )
    # in step with the rows: a quarter or year of entry counts from its first month
    entry: Integers = month_number(day) // calendar.months * calendar.months
    one = pd.Series(entry).groupby(by).transform("min").to_numpy() == entry
    wrong = ~one | (entry > calendar.first)
    if wrong.any():
        raise DataError(
            "column entry of the panel must hold one day per spell, no later than its first "
            f"period; it does not in {_spells_of(panel, wrong)}"
        )
    return entry


def _inferred_entry(
    panel: pd.DataFrame, calendar: Calendar, by: list[npt.NDArray[np.generic]]
) -> Integers:
    """Entry of a panel without the column: where its clock begins, if that can be told."""
    cure = "give the day on which each spell began in a column entry, as build_panel() does"
    first: Integers = pd.Series(calendar.first).groupby(by).transform("min").to_numpy()
    if "start" not in panel.columns:
        raise DataError(f"the panel has neither entry nor start: {cure}")
    start = pd.to_numeric(panel["start"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    origin = calendar.first - start * calendar.months
    agreed = pd.Series(origin).groupby(by).transform("min").to_numpy() == origin
    odd = ~(np.isfinite(start) & (start == np.floor(start)) & agreed)
    if odd.any():
        raise DataError(
            "start must count whole periods in step with the column period, but does not in "
            f"{_spells_of(panel, odd)}; {cure}"
        )
    began: Integers = origin.astype(np.int64)
    choices = record_of(panel).panel
    late = began > first
    if late.any():
        raise DataError(
            "start is below 0, as if the spell had begun after its first rows, in "
            f"{_spells_of(panel, late)}; {cure}"
        )
    if choices.get("clock") == "entry":
        return began
    # one origin for all spells of a coalition may be the coalition's own
    shared = pd.Series(began).groupby(by[0]).transform("nunique").to_numpy() == 1
    if choices.get("clock") is None and not shared.any():
        return began
    unclear = (first > began) & (shared if choices.get("clock") is None else True)
    if choices.get("clock") == "coalition" and choices.get("truncate_before") is None:
        return first
    if unclear.any():
        raise DataError(
            "nothing tells whether a spell whose rows do not begin at start 0 began before them: "
            f"{_spells_of(panel, unclear)}; {cure}"
        )
    return began


def _spells_of(panel: pd.DataFrame, rows: npt.NDArray[np.bool_]) -> str:
    some = panel.loc[rows, ["coalition", "cow", "spell"]].drop_duplicates()
    return first_few(" ".join(map(str, row)) for row in some.itertuples(index=False))


def _period_name(panel: pd.DataFrame) -> Period:
    found = panel_period(panel, record_of(panel).panel.get("period"))
    if found is None:
        raise DataError(
            "cannot tell whether the rows are months, quarters or years; set "
            "it with cm.merge(...) or build_panel(period=)"
        )
    return found


def month_number(dates: pd.Series) -> Integers:
    """Count months from year 0.

    Examples
    --------
    >>> import pandas as pd
    >>> month_number(pd.Series(pd.to_datetime(["2004-03-14"]))).tolist()
    [24050]
    """
    numbers: Integers = (dates.dt.year * 12 + dates.dt.month - 1).to_numpy(dtype=np.int64)
    return numbers


def _ordered(group: Integers, month: Integers) -> tuple[Integers, Integers]:
    order = np.lexsort((month, group))
    return order, _key(group[order], month[order])


def _key(group: Integers, month: Integers) -> Integers:
    """One number for a group and a month; a month beyond all others stays within its group."""
    key: Integers = group * _STRIDE + np.clip(month, 0, _STRIDE - 1)
    return key


def find_until(
    group: Integers, month: Integers, at_group: Integers, at_month: Integers
) -> Integers:
    """Position of the last event of a group in or before a month; -1 if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> find_until(np.array([2, 2]), np.array([5, 9]), np.array([2, 2, 3]), np.array([8, 4, 8]))
    array([ 0, -1, -1])
    """
    order, keys = _ordered(group, month)
    place = np.searchsorted(keys, _key(at_group, at_month), side="right") - 1
    found = np.where(place >= 0, order[np.maximum(place, 0)], -1) if len(order) else place
    same = (found >= 0) & (group[found] == at_group) if len(order) else np.zeros(len(place), bool)
    return np.where(same, found, -1)


def find_from(group: Integers, month: Integers, at_group: Integers, at_month: Integers) -> Integers:
    """Position of the first event of a group in or after a month; -1 if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> find_from(np.array([2, 2]), np.array([5, 9]), np.array([2, 2, 3]), np.array([8, 4, 8]))
    array([ 1,  0, -1])
    """
    order, keys = _ordered(group, month)
    place = np.searchsorted(keys, _key(at_group, at_month), side="left")
    inside = place < len(order)
    if not len(order):
        return np.full(len(at_group), -1, dtype=np.int64)
    found = order[np.minimum(place, len(order) - 1)]
    return np.where(inside & (group[found] == at_group), found, -1)


def window_sum(
    group: Integers,
    month: Integers,
    value: npt.NDArray[np.float64],
    at_group: Integers,
    low: Integers,
    high: Integers,
) -> npt.NDArray[np.float64]:
    """Sum the values of a group over the months ``low`` to ``high``, both included.

    Examples
    --------
    >>> import numpy as np
    >>> window_sum(np.array([2, 2]), np.array([5, 9]), np.array([1.0, 3.0]),
    ...            np.array([2, 2]), np.array([0, 6]), np.array([9, 8]))
    array([4., 0.])
    """
    order, keys = _ordered(group, month)
    total = np.concatenate([[0.0], np.cumsum(value[order])])
    upper = np.searchsorted(keys, _key(at_group, high), side="right")
    lower = np.searchsorted(keys, _key(at_group, low), side="left")
    sums: npt.NDArray[np.float64] = total[np.maximum(upper, lower)] - total[lower]
    return sums
