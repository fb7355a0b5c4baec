"""Which supporters of a government are members of another research set at the same time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.designs.closing_missions import FEWEST_SUPPORTERS
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.load import load

__all__ = ["UN_FORCE", "members_elsewhere"]

#: what is said of supporters beside a force of the United Nations who are on none of its lists
UN_FORCE = "un, by its force there"


def members_elsewhere(rows: pd.DataFrame, *, revision: int | None = None) -> pd.Series:
    """Name the research set in which each supporter-year stands already; empty where none.

    Parameters
    ----------
    rows : DataFrame
        ``mission, party, gw, year``: the government supported and the supporter, by their
        Gleditsch-Ward numbers.
    revision : int, optional
        Of the bundled facts; the newest by default.

    Returns
    -------
    Series
        A bundled coalition whose members are all listed, where the state is its member in that
        year and the government supported is the coalition's host or lead state; ``un``, where it
        is on the lists or maps of a UN force in that country in that year; and
        :data:`UN_FORCE`, where four or more supporters are on them: a force of the United Nations
        is then coded as a party, and its smallest contributors are on no map.
    """
    found = pd.Series("", index=rows.index)
    listed = _un_contributors()
    keys = list(zip(rows["party"], rows["gw"], rows["year"], strict=True))
    un = pd.Series([key in listed for key in keys], index=rows.index)
    by_year = [rows["mission"], rows["year"]]
    beside = un.astype(int).groupby(by_year).transform("sum") >= FEWEST_SUPPORTERS
    found[beside] = UN_FORCE
    found[un] = "un"
    for name, members in _bundled_members(revision).items():
        mine = pd.Series([key in members for key in keys], index=rows.index)
        found[mine & (found == "")] = name
    return found


def _bundled_members(revision: int | None) -> dict[str, set[tuple[int, int, int]]]:
    """Coalition -> (government, member, year), the government being its host or its lead."""
    coalitions = load("coalitions", revision=revision)
    complete = coalitions[coalitions["participation_complete"] == "yes"]
    members = load("participation", revision=revision)
    members = members.assign(
        gw=from_cow(members["cow"], to="gw", dates=members["entry"], missing="na")
    )
    ends = complete.set_index("coalition")["mandate_end"]
    first = members["entry"].dt.year
    last = members["exit"].fillna(members["coalition"].map(ends)).dt.year
    states = members["gw"].astype("Int64")
    found = {}
    for name, host, lead, start in complete[
        ["coalition", "host_state", "lead_state", "start"]
    ].itertuples(index=False, name=None):
        parties = [code for code in (host, lead) if isinstance(code, str)]
        days = pd.Series([start] * len(parties))
        cow = to_cow(pd.Series(parties, dtype=object), days, system="iso3")
        governments = [int(code) for code in from_cow(cow, to="gw", dates=days)]
        mine = members.index[(members["coalition"] == name) & members["gw"].notna()]
        found[str(name)] = {
            (government, int(states[i]), year)
            for government in governments
            for i in mine
            for year in range(int(first[i]), int(last[i]) + 1)
        }
    return found


def _un_contributors() -> set[tuple[int, int, int]]:
    """(host, contributor, year) of UN missions with troops, on lists 2009-14 or on maps."""
    totals = load("un-mission-totals").dropna(subset=["cow"])
    host = totals.groupby("mission")["cow"].first()
    lists, maps = load("ipi-contributions"), load("geopko-contributors")
    lists = lists[lists["troops"] >= 1].assign(year=lambda rows: rows["date"].dt.year)
    both = pd.concat([one[["mission", "cow", "year"]] for one in (lists, maps)])
    both = both.assign(host=both["mission"].map(host)).dropna(subset=["host", "cow"])
    both = both.drop_duplicates().astype({"host": "int64", "cow": "int64"})
    days = pd.Series(pd.to_datetime(both["year"].astype(str) + "-07-01").to_numpy())
    codes = [
        from_cow(pd.Series(both[name].to_numpy()), to="gw", dates=days, missing="na")
        for name in ("host", "cow")
    ]
    known = np.flatnonzero(codes[0].notna() & codes[1].notna())
    years = both["year"].to_numpy()
    return {(int(codes[0][i]), int(codes[1][i]), int(years[i])) for i in known}
