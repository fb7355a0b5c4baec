"""Own deaths in the coalition: recent, in all, and how they fade."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.features.common import (
    AsOf,
    Integers,
    attach,
    calendar_of,
    check_as_of,
    month_number,
    window_sum,
)
from coalition_models.sources.catalog import load

__all__ = ["DEATHS_COVERAGE", "Deaths", "add_casualties", "known_deaths"]

#: first and last month in which a missing row means that nobody died, by coalition
DEATHS_COVERAGE = {
    "iraq": ("2003-01", "2009-12"),
    "isaf": ("2001-01", "2014-12"),
    "rsm": ("2015-01", "2017-12"),
}


@dataclass(frozen=True)
class Deaths:
    """Deaths as (coalition, state) codes, months and numbers, with the months covered."""

    coalition: npt.NDArray[np.object_]
    cow: Integers
    month: Integers
    number: npt.NDArray[np.float64]
    coverage: dict[str, tuple[int, int]]

    def keys(self, coalitions: pd.Series, cow: pd.Series) -> tuple[Integers, Integers]:
        """Common whole-number keys of (coalition, state) for the deaths and for some rows."""
        both = pd.concat([pd.Series(self.coalition), coalitions], ignore_index=True)
        codes = pd.factorize(both)[0].astype(np.int64) * 1000
        n = len(self.coalition)
        return codes[:n] + self.cow, codes[n:] + cow.to_numpy(dtype=np.int64)


def add_casualties(
    panel: pd.DataFrame,
    *,
    half_life: float = 6,
    as_of: str = "start",
    data: pd.DataFrame | None = None,
    coverage: dict[str, tuple[str, str]] | None = None,
) -> pd.DataFrame:
    """Add a member's own deaths in the coalition.

    Deaths whose month is not known enter on the next 1 January: by then the year's toll is
    public. Nothing is spread over the year.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    half_life : float
        Months after which a death weighs half in ``deaths_weighted``.
    as_of : {"start", "end"}
        Whether deaths within the period count (``"end"``).
    data : DataFrame, optional
        Your own table, one row per dated loss: ``coalition, cow, date, deaths``. Needs
        ``coverage``, because only you know where a missing row means that nobody died.
    coverage : dict, optional
        With ``data``: coalition to first and last month covered, ``{"mali": ("2013-01",
        "2020-12")}``.

    Returns
    -------
    DataFrame
        A copy with ``deaths_12m`` (own deaths in the last 12 months), ``log_deaths_12m`` (its
        log1p), ``deaths_cumulative`` (since the coverage begins), ``deaths_weighted``. Missing
        outside the coverage (Iraq 2003-09, Afghanistan 2001-17), never zero.

    Notes
    -----
    Cumulative deaths as in Tago (2009). 141 of 317 non-American deaths in Iraq have no month.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> italy = cm.add_casualties(panel).query("state == 'ITA'").set_index("period")
    >>> float(italy.loc["2003-12-01", "deaths_12m"])
    17.0
    """
    moment = check_as_of(as_of)
    if not half_life > 0:
        raise DataError(f"half_life must be a positive number of months, not {half_life!r}")
    calendar = calendar_of(panel, ("coalition", "cow", "period"))
    deaths = known_deaths(moment, data, coverage)
    group, at = deaths.keys(panel["coalition"], panel["cow"])
    until = calendar.known(moment)
    recent = window_sum(group, deaths.month, deaths.number, at, until - 11, until)
    total = window_sum(group, deaths.month, deaths.number, at, np.zeros_like(until), until)
    weighted = _weighted(group, deaths, at, until, half_life)
    inside = _inside(panel["coalition"], until, deaths.coverage)
    columns = {
        "deaths_12m": recent,
        "log_deaths_12m": np.log1p(recent),
        "deaths_cumulative": total,
        "deaths_weighted": weighted,
    }
    return attach(
        panel,
        {name: np.where(inside, value, np.nan) for name, value in columns.items()},
        sources=["fatalities", "fatal_incidents"] if data is None else [],
        choices={"half_life": half_life, "as_of": moment, "undated": "next 1 January"},
    )


def known_deaths(
    as_of: AsOf,
    data: pd.DataFrame | None = None,
    coverage: dict[str, tuple[str, str]] | None = None,
) -> Deaths:
    """Deaths by the month in which they are known, dated ones and the rest of each year.

    Raises
    ------
    CoverageError
        If a table of one's own comes without its coverage.
    """
    if data is not None:
        return _own(data, coverage)
    dated = load("fatal_incidents")
    yearly = load("fatalities")
    per_year = (
        dated.assign(year=dated["date"].dt.year)
        .groupby(["coalition", "cow", "year"])["deaths"]
        .sum()
        .rename("dated")
        .reset_index()
    )
    rest = yearly.merge(per_year, on=["coalition", "cow", "year"], how="left")
    rest["undated"] = rest["deaths"] - rest["dated"].fillna(0)
    if (rest["undated"] < 0).any():
        bad = rest[rest["undated"] < 0]
        names = [f"{r.coalition} {r.cow} {r.year}" for r in bad.itertuples(index=False)]
        raise DataError(f"more dated deaths than the year's total: {first_few(names)}")
    rest = rest[rest["undated"] > 0]
    # known on 1 January: at the start of that month, so one month earlier than its events
    january = (rest["year"].to_numpy(dtype=np.int64) + 1) * 12
    enters = january - 1 if as_of == "start" else january
    return Deaths(
        coalition=np.concatenate([dated["coalition"], rest["coalition"]]),
        cow=np.concatenate([dated["cow"], rest["cow"]]).astype(np.int64),
        month=np.concatenate([month_number(dated["date"]), enters]),
        number=np.concatenate([dated["deaths"], rest["undated"]]).astype(float),
        coverage={name: _months(*window) for name, window in DEATHS_COVERAGE.items()},
    )


def _own(data: pd.DataFrame, coverage: dict[str, tuple[str, str]] | None) -> Deaths:
    absent = [c for c in ("coalition", "cow", "date", "deaths") if c not in data.columns]
    if absent:
        raise DataError(f"the table of deaths lacks the columns {', '.join(absent)}")
    without = [c for c in dict.fromkeys(data["coalition"]) if c not in (coverage or {})]
    if coverage is None or without:
        raise CoverageError(
            "give coverage={coalition: (first month, last month)}: only within it does a missing "
            f"row mean that nobody died; not given for {first_few(without)}"
        )
    return Deaths(
        coalition=data["coalition"].to_numpy(dtype=object),
        cow=data["cow"].to_numpy(dtype=np.int64),
        month=month_number(data["date"]),
        number=data["deaths"].to_numpy(dtype=float),
        coverage={name: _months(*window) for name, window in coverage.items()},
    )


def _months(first: str, last: str) -> tuple[int, int]:
    low, high = month_number(pd.Series(pd.to_datetime([first, last])))
    return int(low), int(high)


def _inside(
    coalitions: pd.Series, until: Integers, coverage: dict[str, tuple[int, int]]
) -> npt.NDArray[np.bool_]:
    """Whether the twelve months that end at ``until`` reach into covered months only."""
    low = coalitions.map({name: window[0] for name, window in coverage.items()}).to_numpy(float)
    high = coalitions.map({name: window[1] for name, window in coverage.items()}).to_numpy(float)
    # before the first covered month the operation had not begun, so nobody had died in it
    return (until >= low - 1) & (until <= high)


def _weighted(
    group: Integers, deaths: Deaths, at: Integers, until: Integers, half_life: float
) -> npt.NDArray[np.float64]:
    """Sum of deaths, each worth half as much for every half-life since."""
    decay = np.log(2.0) / half_life
    anchor = int(deaths.month.max()) if len(deaths.month) else 0
    # weights relative to a fixed month keep one cumulative sum; exact for any row
    grown = deaths.number * np.exp(decay * (deaths.month - anchor))
    total = window_sum(group, deaths.month, grown, at, np.zeros_like(until), until)
    faded: npt.NDArray[np.float64] = total * np.exp(-decay * (until - anchor))
    return faded
