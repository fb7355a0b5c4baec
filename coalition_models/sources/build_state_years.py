"""Derive the table of state-years from the Penn World Table, UN votes, NATO and US aid."""

from __future__ import annotations

import pandas as pd

__all__ = ["STATE_YEAR_COLUMNS", "build_state_years"]

YEARS = range(1988, 2022)

STATE_YEAR_COLUMNS = [
    "state",
    "cow",
    "year",
    "population",
    "gdp_per_capita",
    "nato_member",
    "ideal_point",
    "ideal_point_distance_us",
    "us_military_aid",
]


def build_state_years(
    members: pd.DataFrame,
    first_years: pd.Series,
    world_table: pd.DataFrame,
    ideal_points: pd.DataFrame,
    nato: pd.DataFrame,
    aid: pd.DataFrame,
) -> pd.DataFrame:
    """Put the yearly characteristics of the member states together, 1988-2021.

    What a source does not cover is missing, never zero. A state that became independent later
    begins in that year.

    Parameters
    ----------
    members : DataFrame
        ``state, cow`` of the states wanted.
    first_years : Series
        First year of each state as a member of the state system, by ``cow``.
    world_table, ideal_points, aid : DataFrame
        What the readers of ``penn-world-table``, ``ideal-points`` and ``us-military-aid`` return.
    nato : DataFrame
        The table ``nato_accession``.
    """
    grid = members.merge(pd.DataFrame({"year": list(YEARS)}), how="cross")
    grid = grid[grid["year"] >= grid["cow"].map(first_years).fillna(YEARS[0])]
    wealth = world_table[["cow", "year", "population", "gdp_per_capita"]].dropna(subset="cow")
    wealth = wealth.assign(
        population=(wealth["population"] * 1e6).round().astype("Int64"),
        gdp_per_capita=wealth["gdp_per_capita"].round(2),
    )
    opinion = ideal_points[["cow", "year", "ideal_point", "distance_us"]]
    opinion = opinion.rename(columns={"distance_us": "ideal_point_distance_us"}).round(5)
    out = grid.merge(wealth, on=["cow", "year"], how="left", validate="1:1")
    out = out.merge(opinion, on=["cow", "year"], how="left", validate="1:1")
    out = out.merge(_yearly_aid(aid), on=["cow", "year"], how="left", validate="1:1")
    joined = out["cow"].map(nato.set_index("ccode")["accession_date"].dt.year)
    # A state outside the list never joined: the list of accessions is complete.
    out["nato_member"] = (joined <= out["year"]).fillna(False).astype(int)
    return out.sort_values(["state", "year"], ignore_index=True)[STATE_YEAR_COLUMNS]


def _yearly_aid(aid: pd.DataFrame) -> pd.DataFrame:
    """Sum the payments of one recipient and fiscal year."""
    rows = aid.dropna(subset=["cow"])
    payments = rows.groupby(["cow", "year"])["military_aid"].sum(min_count=1)
    total = pd.DataFrame(payments).reset_index()
    dollars = total["military_aid"].astype("Float64").round().astype("Int64")
    return total[["cow", "year"]].assign(us_military_aid=dollars)
