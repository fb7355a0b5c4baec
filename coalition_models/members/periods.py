"""Calendar periods as whole numbers: months, quarters and years counted from year 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.tables.plain import refuse_collections

__all__ = ["PERIODS", "Period", "as_period", "panel_period", "period_number", "period_start"]

Period = Literal["month", "quarter", "year"]
#: periods in a year
PERIODS: dict[str, int] = {"month": 12, "quarter": 4, "year": 1}


def as_period(period: str) -> Period:
    """Check the name of a period.

    Examples
    --------
    >>> as_period("month")
    'month'
    """
    if period in PERIODS:
        return cast(Period, period)
    raise DataError(f"period must be one of month, quarter, year, not {period!r}")


def period_number(dates: pd.Series, period: Period) -> pd.Series:
    """Number the calendar period of each date; a missing date stays missing.

    Examples
    --------
    >>> import pandas as pd
    >>> period_number(pd.Series(pd.to_datetime(["2004-04-27", None])), "month").tolist()
    [24051, <NA>]
    """
    if not (isinstance(dates.dtype, np.dtype) and dates.dtype.kind == "M"):
        months = dates.dt.year * 12 + dates.dt.month - 1
        slow: pd.Series = (months // (12 // PERIODS[period])).astype("Int64")
        return slow
    # pandas' parts of dates, in a tenth of the time
    held = dates.to_numpy()
    months = held.astype("datetime64[M]").astype(np.int64) + 1970 * 12
    numbers = pd.arrays.IntegerArray(months // (12 // PERIODS[period]), np.isnat(held))
    return pd.Series(numbers, index=dates.index, name=dates.name)


def period_start(numbers: npt.NDArray[np.int64], period: Period) -> npt.NDArray[np.datetime64]:
    """First day of numbered periods.

    Examples
    --------
    >>> import numpy as np
    >>> str(period_start(np.array([24051]), "month")[0])[:10]
    '2004-04-01'
    """
    months = numbers * (12 // PERIODS[period])
    since_epoch = (months - 1970 * 12).astype("datetime64[M]")
    return since_epoch.astype("datetime64[ns]")


def panel_period(panel: pd.DataFrame, named: str | None = None) -> Period | None:
    """Tell from its own rows how long the periods of a panel are.

    A panel may have lost its record, or kept it although its rows are others by now (as after
    ``groupby().last()``), so the rows decide: the smallest step between two rows of one spell,
    which must be the commonest. Gaps within a spell are longer steps, and say nothing.

    Parameters
    ----------
    panel : DataFrame
        ``period`` and whatever tells the spells apart; ``start`` if it is there.
    named : {"month", "quarter", "year"}, optional
        What the panel, or its user, says.

    Returns
    -------
    str or None
        None where no spell has two rows and nothing is named.

    Raises
    ------
    DataError
        Rows that contradict the name, rows of two lengths, and periods that are not the first day
        of a month, quarter or year: read as such they would look months ahead.

    Examples
    --------
    >>> days = pd.to_datetime(["2003-01-01", "2004-01-01", "2006-01-01"])
    >>> panel_period(pd.DataFrame({"spell": 1, "period": days}))
    'year'
    >>> panel_period(pd.DataFrame({"spell": 1, "period": days + pd.offsets.YearEnd(0)}))
    Traceback (most recent call last):
    coalition_models.errors.DataError: period must be the first day of each year, found 2003-12-31,
    2004-12-31, 2006-12-31; for instance df['period'].dt.to_period('Y').dt.start_time
    """
    names: dict[int, Period] = {12 // n: cast(Period, name) for name, n in PERIODS.items()}
    known = next((m for m, name in names.items() if name == named), None)
    months = (panel["period"].dt.year * 12 + panel["period"].dt.month - 1).to_numpy(np.int64)
    steps = _steps(panel, months)
    smallest = int(steps["months"].min()) if len(steps) else None
    length = smallest if known is None else known
    # without the number of the spell, rows of one state may be of spells far apart
    told = known is None or "spell" in panel.columns
    if told and smallest is not None and length is not None:
        if smallest >= length:
            _refuse_mixed(panel, steps, smallest if known is None else length)
        counts = steps["months"].value_counts()
        usual = int(counts.index.to_numpy()[0])
        # rows chosen at random leave steps of the period; rows of another length hardly any
        if smallest < length or 3 * counts.get(length, 0) < counts[usual]:
            raise DataError(_contradiction(named, usual, names))
    if length is None or length not in names:
        return None
    _refuse_other_days(panel["period"], months, names[length], length)
    return names[length]


def _contradiction(named: str | None, usual: int, names: Mapping[int, Period]) -> str:
    said = f"is said to have one row per {named}, but" if named else "has rows of odd lengths:"
    meant = f" (period={names[usual]!r})" if usual in names else ""
    return (
        f"the panel {said} most rows of a spell are {usual} months after the one before: it was "
        f"changed since it was built. Build it anew with the period wanted{meant}"
    )


def _steps(panel: pd.DataFrame, months: npt.NDArray[np.int64]) -> pd.DataFrame:
    """Steps from row to row within spells: where, and how long by the calendar and the clock."""
    by = [c for c in ("coalition", "state", "cow", "spell") if c in panel.columns]
    code = np.zeros(len(panel), dtype=np.int64)
    for name in by:
        refuse_collections(panel[name], "the panel")
        part = pd.factorize(panel[name].astype(object))[0]
        code = pd.factorize(code * (part.max(initial=0) + 2) + part + 1)[0]
    order = np.lexsort((months, code))
    clock = np.full(len(panel), np.nan)
    if "start" in panel.columns:
        clock = pd.to_numeric(panel["start"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    step = np.diff(months[order])
    frame = pd.DataFrame(
        {"row": order[1:], "spell": code[order][1:], "months": step, "clock": np.diff(clock[order])}
    )
    same = code[order][1:] == code[order][:-1]
    found: pd.DataFrame = frame[same & (step > 0) & bool(by)]
    return found


def _refuse_mixed(panel: pd.DataFrame, steps: pd.DataFrame, length: int) -> None:
    """Refuse rows of two lengths: months beside quarters."""
    timed = steps[(steps["clock"] > 0).to_numpy(dtype=bool)]
    if len(timed) == len(steps):
        # a row of the clock is as long for every spell; days and years of the clock are allowed
        pace = timed["months"] / timed["clock"]
        odd = pace > 2 * pace.min() if len(pace) else pace.astype(bool)
        bad = timed.loc[odd, "row"]
    else:
        short = steps["months"] == length
        groups = [steps["spell"]]
        if "coalition" in panel.columns:
            names = panel["coalition"].astype(object).to_numpy()[steps["row"]]
            groups.append(pd.Series(names, index=steps.index))
        none = pd.Series(False, index=steps.index)
        for key, least in zip(groups, (2, 1), strict=False):
            by = short.groupby(key)
            none |= ~by.transform("any") & (by.transform("size") >= least)
        bad = steps.loc[none, "row"]
    if len(bad):
        columns = [c for c in ("coalition", "state", "cow", "spell") if c in panel.columns]
        some = panel.iloc[bad.to_numpy()][columns].drop_duplicates()
        spells = [" ".join(map(str, row)) for row in some.itertuples(index=False)]
        raise DataError(
            f"the panel has rows of two lengths: some are of {length} "
            f"month{'' if length == 1 else 's'}, others longer ({first_few(spells)}). Build all "
            "of it with one period"
        )


def _refuse_other_days(
    days: pd.Series, months: npt.NDArray[np.int64], name: Period, length: int
) -> None:
    first = pd.Series(period_start(months // length * length, "month"), index=days.index)
    wrong = (days != first).to_numpy(dtype=bool)
    if wrong.any():
        found = dict.fromkeys(f"{day:%Y-%m-%d}" for day in days[wrong])
        raise DataError(
            f"period must be the first day of each {name}, found {first_few(found, limit=3)}; for "
            f"instance df['period'].dt.to_period('{name[0].upper()}').dt.start_time"
        )
