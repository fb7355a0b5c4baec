"""Dated losses in the bundled facts, and the months in which a missing row means none."""

from __future__ import annotations

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.members.fact_tables import coverage_table
from coalition_models.sources.catalog import NEWEST
from coalition_models.sources.load import load

__all__ = ["bundled_coverage", "bundled_deaths"]

_COLUMNS = ["coalition", "state", "cow", "date", "date_precision", "deaths"]
_YEAR = ["coalition", "state", "cow", "year"]


def bundled_coverage(revision: int) -> pd.DataFrame:
    """Months in which a missing row means that nobody died.

    Examples
    --------
    >>> sorted(bundled_coverage(1)["coalition"])
    ['iraq', 'isaf', 'rsm']
    """
    known = load("coverage", revision=revision)
    return coverage_table(known[known["table"] == "deaths"])


def bundled_deaths(revision: int) -> pd.DataFrame:
    """Dated losses, and the rest of each year's total without a month, where there is coverage.

    American deaths of Iraq and ISAF are counted by day. In the years which that count covers it
    stands alone, though the yearly table differs by a few in Afghanistan; in a year that it
    covers in part the rest of the yearly total has no month.

    Examples
    --------
    >>> deaths = bundled_deaths(2).query("coalition == 'iraq' and state == 'USA'")
    >>> int(deaths["deaths"].sum()), sorted(set(deaths["date_precision"]))
    (4371, ['day'])
    """
    dated, yearly = (
        load("fatal_incidents", revision=revision),
        load("fatalities", revision=revision),
    )
    dated = dated[_COLUMNS]
    if revision == NEWEST:
        lead, whole = _lead_deaths()
        dated = pd.concat([dated, lead], ignore_index=True)
        counted = pd.MultiIndex.from_frame(yearly[["coalition", "state", "year"]]).isin(whole)
        yearly = yearly[~counted]
    together = pd.concat([dated, _rest(dated, yearly)], ignore_index=True)
    if revision != NEWEST:
        return together
    return together[together["coalition"].isin(bundled_coverage(revision)["coalition"])]


def _rest(dated: pd.DataFrame, yearly: pd.DataFrame) -> pd.DataFrame:
    per_year = dated.assign(year=dated["date"].dt.year).groupby(_YEAR)["deaths"].sum()
    rest = yearly.merge(per_year.rename("dated").reset_index(), on=_YEAR, how="left")
    number = rest["deaths"] - rest["dated"].fillna(0)
    if (number < 0).any():
        bad = rest[(number < 0).to_numpy()]
        names = [f"{r.coalition} {r.cow} {r.year}" for r in bad.itertuples(index=False)]
        raise DataError(f"more dated deaths than the year's total: {first_few(names)}")
    left = rest.assign(
        deaths=number.astype("int64"),
        date=pd.to_datetime(rest["year"].astype(str) + "-07-01"),
        date_precision="year",
    )
    return left.loc[(number > 0).to_numpy(), _COLUMNS]


def _lead_deaths() -> tuple[pd.DataFrame, pd.MultiIndex]:
    """Deaths of the lead state by day, and the years which they cover from end to end."""
    known = load("coverage")
    ends = known[known["table"] == "lead_deaths"].set_index("coalition")
    months = bundled_coverage(NEWEST).set_index("coalition")
    table = load("lead_deaths")
    # coverage of the coalition as a whole ends with that of its other members
    last = table["coalition"].map(months["last"]) + pd.offsets.MonthEnd(0)
    inside = table[(table["date"] <= last).to_numpy(dtype=bool)].assign(date_precision="day")
    whole = [
        (name, "USA", year)
        for name, first, end in zip(ends.index, ends["first"], ends["last"], strict=True)
        # before the operation nobody had died in it
        for year in range(first.year, end.year + 1)
        if pd.Timestamp(year, 12, 31) <= end
    ]
    return inside[_COLUMNS], pd.MultiIndex.from_tuples(whole)
