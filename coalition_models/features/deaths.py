"""Deaths by the month in which they are known, and the months in which a zero is a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import as_day
from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.features.common import (
    AsOf,
    Integers,
    find_until,
    known_table,
    month_number,
    window_sum,
)
from coalition_models.features.keys import shared_codes
from coalition_models.features.own_tables import own_table

__all__ = ["DEATHS_COVERAGE", "Coverage", "Deaths", "Undated", "check_undated", "known_deaths"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Undated = Literal["january", "spread", "drop"]
#: coalition to the first and last month in which all its deaths are known
Coverage = Mapping[str, Sequence[str | pd.Timestamp]]

#: first and last month in which a missing row means that nobody died, by coalition
DEATHS_COVERAGE = {
    "iraq": ("2003-01", "2009-12"),
    "isaf": ("2001-01", "2014-12"),
    "rsm": ("2015-01", "2017-12"),
}


@dataclass(frozen=True)
class Deaths:
    """Deaths as (coalition, state) codes, months and numbers, with the months covered.

    ``dated`` marks the losses whose own month is known.
    """

    coalition: npt.NDArray[np.object_]
    cow: Integers
    month: Integers
    number: Floats
    dated: Flags
    coverage: dict[str, tuple[int, int]]
    #: rows of a table of one's own outside the months covered
    left_out: int = 0

    @property
    def choices(self) -> dict[str, object]:
        """What to tell of them beside a builder's choices; empty if there are none."""
        return {"rows_outside_coverage": self.left_out} if self.left_out else {}

    def keys(self, coalitions: pd.Series, cow: pd.Series) -> tuple[Integers, Integers]:
        """Common whole-number keys of (coalition, state) for the deaths and for some rows."""
        return shared_codes([self.coalition, self.cow], [coalitions, cow])

    def codes(self, coalitions: pd.Series) -> tuple[Integers, Integers]:
        """Common whole-number codes of the coalitions of the deaths and of some rows."""
        return shared_codes([self.coalition], [coalitions])

    def sum(self, group: Integers, at: Integers, low: Integers, high: Integers) -> Floats:
        """Deaths of a group in the months ``low`` to ``high``; exact for whole numbers."""
        total = window_sum(group, self.month, self.number, at, low, high)
        # deaths spread over a year are twelfths: differences of sums must not leave dust
        rounded: Floats = np.round(total, 9)
        return rounded

    def faded(self, group: Integers, at: Integers, until: Integers, half_life: float) -> Floats:
        """Sum of deaths, each worth half as much for every half-life since."""
        order = np.lexsort((self.month, group))
        key, month, number = group[order], self.month[order], self.number[order]
        running = np.zeros(len(order))
        held = 0.0
        for i in range(len(order)):
            same = i > 0 and key[i] == key[i - 1]
            held = held * 0.5 ** ((month[i] - month[i - 1]) / half_life) if same else 0.0
            held += number[i]
            running[i] = held
        found = find_until(key, month, at, until)
        if not len(order):
            return np.zeros(len(at))
        age = np.where(found >= 0, until - month[found], 0)
        return np.where(found >= 0, running[found] * np.exp2(-age / half_life), 0.0)

    def inside(self, coalitions: pd.Series, until: Integers) -> Flags:
        """Whether all deaths up to a month are known."""
        low = coalitions.map({c: w[0] for c, w in self.coverage.items()}).to_numpy(dtype=float)
        high = coalitions.map({c: w[1] for c, w in self.coverage.items()}).to_numpy(dtype=float)
        # before the first covered month the operation had not begun, so nobody had died in it
        return np.asarray((until >= low - 1) & (until <= high), dtype=bool)


def check_undated(undated: str) -> Undated:
    """Check what to do with deaths of which only the year is known.

    Examples
    --------
    >>> check_undated("january")
    'january'
    """
    if undated in ("january", "spread", "drop"):
        return cast(Undated, undated)
    raise DataError(
        "undated must be 'january' (known on the next 1 January), 'spread' (over the months of "
        f"the year, which looks ahead) or 'drop' (dated deaths only), not {undated!r}"
    )


def known_deaths(
    as_of: AsOf,
    data: pd.DataFrame | None = None,
    coverage: Coverage | None = None,
    undated: Undated = "january",
) -> Deaths:
    """Deaths by the month in which they are known, dated ones and the rest of each year.

    Raises
    ------
    CoverageError
        If a table of one's own comes without its coverage.
    """
    if data is not None:
        return _own(data, coverage)
    if coverage is not None:
        raise DataError(
            "coverage= says where deaths of your own are complete, and none are given (data= of "
            "add_casualties, losses= of add_risk); the bundled deaths have coverage of their own"
        )
    dated = known_table("fatal_incidents")
    rest = _rest_of_years(dated, known_table("fatalities"), as_of, undated)
    covered = DEATHS_COVERAGE
    if undated == "drop":
        # without a single dated death a zero would say nothing
        covered = {name: w for name, w in covered.items() if name in set(dated["coalition"])}
    months = np.concatenate([month_number(dated["date"]), rest["month"].to_numpy(dtype=np.int64)])
    return Deaths(
        coalition=np.concatenate([dated["coalition"], rest["coalition"]]),
        cow=np.concatenate([dated["cow"], rest["cow"]]).astype(np.int64),
        month=months,
        number=np.concatenate([dated["deaths"], rest["number"]]).astype(float),
        dated=np.arange(len(months)) < len(dated),
        coverage=_months(covered),
    )


def _rest_of_years(
    dated: pd.DataFrame, yearly: pd.DataFrame, as_of: AsOf, undated: Undated
) -> pd.DataFrame:
    """Deaths of each year that have no month, and the months in which they count."""
    key = ["coalition", "cow", "year"]
    per_year = dated.assign(year=dated["date"].dt.year).groupby(key)["deaths"].sum()
    rest = yearly.merge(per_year.rename("dated").reset_index(), on=key, how="left")
    rest["number"] = rest["deaths"] - rest["dated"].fillna(0)
    bad = rest[rest["number"] < 0]
    if len(bad):
        names = [f"{r.coalition} {r.cow} {r.year}" for r in bad.itertuples(index=False)]
        raise DataError(f"more dated deaths than the year's total: {first_few(names)}")
    rest = rest[rest["number"] > 0]
    if undated == "drop":
        return rest.iloc[:0].assign(month=0)
    if undated == "spread":
        shares = rest.loc[rest.index.repeat(12)].copy()
        shares["month"] = shares["year"] * 12 + np.tile(np.arange(12), len(rest))
        return shares.assign(number=shares["number"] / 12)
    # known on 1 January: at the start of that month, so one month earlier than its events
    january = (rest["year"] + 1) * 12
    return rest.assign(month=january - 1 if as_of == "start" else january)


def _own(data: pd.DataFrame, coverage: Coverage | None) -> Deaths:
    needed = ["coalition", "cow", "date", "deaths"]
    data = own_table(data, needed, "table of deaths", numbers=["deaths"], dates=["date"])
    empty = data[needed].isna().any(axis=1)
    wrong = empty | (data["deaths"] < 0).fillna(False)
    if wrong.any():
        rows = first_few(data.index[wrong.to_numpy(dtype=bool)])
        raise DataError(f"the table of deaths has missing or negative values in rows {rows}")
    without = [c for c in dict.fromkeys(data["coalition"]) if c not in (coverage or {})]
    if coverage is None or without:
        raise CoverageError(
            "give coverage={coalition: (first month, last month)}: only within it does a missing "
            f"row mean that nobody died; not given for {first_few(without)}"
        )
    months = _months(coverage)
    inside = _covered(data, months)
    left_out, data = len(data) - len(inside), inside
    return Deaths(
        coalition=data["coalition"].to_numpy(dtype=object),
        cow=data["cow"].to_numpy(dtype=np.int64),
        month=month_number(data["date"]),
        number=data["deaths"].to_numpy(dtype=float),
        dated=np.ones(len(data), dtype=bool),
        coverage=months,
        left_out=left_out,
    )


def _covered(data: pd.DataFrame, months: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Leave out deaths outside the months covered: sums count from where the coverage begins."""
    month = month_number(data["date"])
    window = data["coalition"].map(months)
    first, last = (window.map(lambda w, i=i: w[i]).to_numpy(np.int64) for i in (0, 1))
    outside = (month < first) | (month > last)
    return data[~outside]


def _months(coverage: Coverage) -> dict[str, tuple[int, int]]:
    """First and last month covered of each coalition, counted from year 0."""
    months, problems = {}, []
    for name, window in coverage.items():
        if isinstance(window, str) or len(window) != 2:
            problems.append(f"{name} has {window!r}")
            continue
        try:
            low, high = (as_day(day, f"coverage of {name}") for day in window)
        except DataError as error:
            problems.append(str(error))
            continue
        if low is None or high is None or high < low:
            problems.append(f"{name} ends before it begins: {window!r}")
        else:
            months[name] = (low.year * 12 + low.month - 1, high.year * 12 + high.month - 1)
    if problems:
        raise DataError(
            "coverage must map each coalition to its first and last month, such as "
            f"{{'mali': ('2013-01', '2020-12')}}; {'; '.join(problems)}"
        )
    return months
