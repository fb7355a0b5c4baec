"""Deaths by the month in which they are known, and the months in which a zero is a zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.members.facts import Facts
from coalition_models.timelines.calendar import (
    AsOf,
    Integers,
    find_until,
    month_number,
    window_sum,
)
from coalition_models.timelines.given import needed
from coalition_models.timelines.keys import shared_codes

__all__ = [
    "Deaths",
    "Undated",
    "check_undated",
    "known_deaths",
    "undated_choices",
    "undated_deaths",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Undated = Literal["january", "spread", "drop"]


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
    #: coalition to how many of its deaths have no month
    without_month: Mapping[str, str] = field(default_factory=dict)

    @property
    def choices(self) -> dict[str, object]:
        """What to tell of them beside a builder's choices; empty if there are none."""
        told: dict[str, object] = {}
        if self.left_out:
            told["rows_outside_coverage"] = self.left_out
        if self.without_month:
            told["deaths_without_month"] = dict(self.without_month)
        return told

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


def known_deaths(facts: Facts, as_of: AsOf, undated: Undated, builder: str) -> Deaths:
    """Deaths by the month in which they are known, dated ones and the rest of each year.

    Raises
    ------
    DataError
        If the facts hold no deaths.
    CoverageError
        If they hold deaths of a coalition without its coverage.
    """
    table = needed(facts, "deaths", builder)
    coverage = _months(facts.table("coverage"))
    without = [c for c in dict.fromkeys(table["coalition"]) if c not in coverage]
    if without:
        raise CoverageError(
            "give coverage={coalition: (first month, last month)} with the deaths: only within it "
            f"does a missing row mean that nobody died; not given for {first_few(without)}"
        )
    given = len(table)
    table = _covered(table, coverage)
    dated = np.ones(len(table), dtype=bool)
    if "date_precision" in table.columns:
        dated = (table["date_precision"] != "year").to_numpy(dtype=bool)
    month = month_number(table["date"])
    number = table["deaths"].to_numpy(dtype=np.float64)
    no_month = _without_month(table["coalition"], number, dated)
    row = np.arange(len(table))
    if undated == "drop":
        # without a single dated death a zero would say nothing
        seen, blind = set(table["coalition"][dated]), set(table["coalition"][~dated])
        coverage = {name: w for name, w in coverage.items() if name in seen or name not in blind}
        row = row[dated]
        month, number = month[row], number[row]
    elif undated == "spread":
        times = np.where(dated, 1, 12)
        row = np.repeat(row, times)
        which = np.arange(len(row)) - np.repeat(np.cumsum(times) - times, times)
        spread = ~dated[row]
        month = np.where(spread, month[row] // 12 * 12 + which, month[row])
        number = np.where(spread, number[row] / 12, number[row])
    else:
        # known on 1 January: at the start of that month, so one month earlier than its events
        january = (month // 12 + 1) * 12
        month = np.where(dated, month, january - 1 if as_of == "start" else january)
    return Deaths(
        coalition=table["coalition"].to_numpy(dtype=object)[row],
        cow=table["cow"].to_numpy(dtype=np.int64)[row],
        month=month,
        number=number,
        dated=dated[row],
        coverage=coverage,
        left_out=given - len(table),
        without_month=no_month,
    )


def _without_month(coalition: pd.Series, number: Floats, dated: Flags) -> dict[str, str]:
    """How many deaths of each coalition have no month, where there are any."""
    names = coalition.to_numpy(dtype=object)
    return {
        str(name): f"{number[(names == name) & ~dated].sum():g} of {number[names == name].sum():g}"
        for name in dict.fromkeys(names[~dated])
    }


def undated_deaths(facts: Facts) -> list[str]:
    """Coalitions some of whose deaths are known by the year only.

    Examples
    --------
    >>> import coalition_models as cm
    >>> undated_deaths(cm.facts("iraq"))
    ['iraq']
    """
    table = facts.table("deaths")
    if table is None or "date_precision" not in table.columns:
        return []
    return list(dict.fromkeys(table.loc[(table["date_precision"] == "year"), "coalition"]))


def undated_choices(undated: Undated, late: Sequence[str]) -> dict[str, object]:
    """What to tell of deaths without a month, and whether they make a column look ahead.

    Examples
    --------
    >>> undated_choices("january", ["iraq"])
    {'undated': 'next 1 January', 'look_ahead': False}
    """
    told = "next 1 January" if undated == "january" else undated
    return {"undated": told, "look_ahead": undated == "spread" and bool(late)}


def _covered(table: pd.DataFrame, coverage: dict[str, tuple[int, int]]) -> pd.DataFrame:
    """Leave out deaths outside the months covered: sums count from where the coverage begins."""
    month = month_number(table["date"])
    low = table["coalition"].map({name: w[0] for name, w in coverage.items()}).to_numpy()
    high = table["coalition"].map({name: w[1] for name, w in coverage.items()}).to_numpy()
    return table[(month >= low) & (month <= high)]


def _months(coverage: pd.DataFrame | None) -> dict[str, tuple[int, int]]:
    """First and last month covered of each coalition, counted from year 0."""
    if coverage is None:
        return {}
    rows = coverage[coverage["table"] == "deaths"]
    low, high = month_number(rows["first"]).tolist(), month_number(rows["last"]).tolist()
    return dict(zip(rows["coalition"], zip(low, high, strict=True), strict=True))
