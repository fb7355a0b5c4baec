"""Contingents in missions of the United Nations, by month, and by year as on the missions' maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import cast

import pandas as pd

from coalition_models.designs.set_features import (
    ELECTIONS_BY_PERIOD,
    IDEAL_POINTS,
    LEADERS_BY_PERIOD,
)
from coalition_models.designs.set_record import Counts, OwnTable, SetRecord
from coalition_models.designs.set_tables import (
    REIGN_LEADERS,
    REIGN_VOTES,
    coalition_rows,
    read_facts,
)
from coalition_models.members.facts import Facts
from coalition_models.members.spells import spells_from_levels
from coalition_models.sources.load import load

__all__ = ["SET", "renamed_missions"]


@lru_cache(maxsize=1)
def renamed_missions() -> Mapping[str, str]:
    """UN missions that went on under another name, with that name.

    Examples
    --------
    >>> renamed_missions()["MONUC"]
    'MONUSCO'
    """
    table = load("renamed_missions")
    return MappingProxyType(dict(zip(table["mission"], table["renamed"], strict=True)))


def by_month(gap: int, renamed: Mapping[str, str]) -> tuple[Facts, Counts]:
    """Facts of contingents by month, with gaps of so many months bridged.

    Examples
    --------
    ``by_month(3, renamed_missions())``; it needs external sources.
    """
    rows = load("ipi-contributions").rename(columns={"iso3": "state", "mission": "coalition"})
    # rows without troops stay in: they show that the mission went on
    members = spells_from_levels(rows, gap=gap, renamed=renamed, minimum=1)
    ends = rows.groupby(rows["coalition"].replace(dict(renamed)))["date"].max()
    totals = load("un-mission-totals")
    starts = totals.groupby(totals["mission"].replace(dict(renamed)))["date"].min()
    levels = rows.assign(coalition=rows["coalition"].replace(dict(renamed)))
    coalitions = coalition_rows(members, starts, ends)
    facts = read_facts(members, coalitions, ("ipi-contributions", "un-mission-totals"), levels)
    return facts, {
        "begin": int((~members["entry_known"]).sum()),
        "spells": len(members),
        "gap": gap,
        "joined": ", ".join(f"{a} with {b}" for a, b in renamed.items()) or "none",
        "observed": int((rows["troops"] >= 1).sum()),
    }


def _joined() -> tuple[Facts, Counts]:
    return by_month(3, renamed_missions())


def _as_named() -> tuple[Facts, Counts]:
    return by_month(2, {})


def _by_year() -> tuple[Facts, Counts]:
    rows = load("geopko-contributors").rename(columns={"iso3": "state", "mission": "coalition"})
    rows = rows.assign(date=pd.to_datetime(rows["year"].astype(str) + "-07-01"))
    bridged = _between_maps(
        rows.assign(coalition=rows["coalition"].replace(dict(renamed_missions())))
    )
    # presence on the maps counts; the size of many units is not known
    members = spells_from_levels(
        pd.concat([rows, bridged]),
        level="n_locations",
        minimum=1,
        gap=0,
        period="year",
        end_margin=0,
        # not every mission is on the maps
        renamed={a: b for a, b in renamed_missions().items() if a in set(rows["coalition"])},
    )
    sizes = rows.assign(coalition=rows["coalition"].replace(dict(renamed_missions())))
    peak = sizes.groupby(["coalition", "state"])["troops_standard"].max()
    keys = pd.MultiIndex.from_frame(members[["coalition", "state"]])
    members["peak_troops"] = peak.reindex(keys).to_numpy()
    by = sizes.groupby("coalition")["date"]
    members["exit_known"] = members["exit_known"].where(
        members["exit_known"].isna(), _next_maps(members, rows)
    )
    coalitions = coalition_rows(members, by.min(), by.max())
    return read_facts(members, coalitions, ("geopko-contributors",)), {
        "bridged": len(bridged),
        "unknown": int(rows["troops_standard"].isna().sum()),
        "rows": len(rows),
        "back": int((members["spell"] > 1).sum()),
    }


def _between_maps(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows for years in which a mission has no map, of those on the maps before and after."""
    maps = rows.groupby("coalition")["year"].agg(lambda years: sorted(set(years)))
    found = []
    for mission, years in maps.items():
        mine = rows[rows["coalition"] == mission]
        for before, after in pairwise(years):
            on_both = set(mine.loc[mine["year"] == after, "cow"])
            stayed = mine[(mine["year"] == before) & mine["cow"].isin(on_both)]
            found += [
                stayed.assign(year=year, date=pd.Timestamp(year, 7, 1))
                for year in range(before + 1, after)
            ]
    return pd.concat(found) if found else rows.iloc[:0]


def _next_maps(members: pd.DataFrame, rows: pd.DataFrame) -> pd.Series:
    """Last day of the year of a mission's next map, which shows who has left; or the year after."""
    renamed = rows["coalition"].replace(dict(renamed_missions()))
    maps = rows["year"].groupby(renamed).agg(lambda years: sorted(set(years))).to_dict()
    shown = []
    for mission, left in zip(members["coalition"], members["exit"].dt.year, strict=True):
        later = [year for year in maps[mission] if year > left]
        shown.append(pd.Timestamp(int(later[0] if later else left + 1), 12, 31))
    return pd.Series(shown, index=members.index)


def _deaths(facts: Facts) -> pd.DataFrame:
    deaths = load("un-fatalities").dropna(subset=["cow", "date"]).astype({"cow": "int64"})
    # of contingents: neither police nor civilians, many of them hired where the mission is
    deaths = deaths[deaths["personnel"] == "military"]
    rows = deaths.assign(coalition=deaths["mission"].replace(dict(renamed_missions())), deaths=1)
    missions = cast(pd.DataFrame, facts.coalitions)["coalition"]
    inside = rows[rows["coalition"].isin(missions)]
    return inside[["coalition", "cow", "date", "deaths"]].reset_index(drop=True)


def _small_contingents(panel: pd.DataFrame, persons: int = 10) -> tuple[pd.DataFrame, str]:
    exits = panel[panel["event"] == 1]
    small = int((exits["peak_troops"] < persons).sum())
    return panel, (
        f"; {small} of {len(exits)} exits are of contingents that never had {persons} persons, so "
        "see what the grid says of the others"
    )


_MAIN = SetRecord(
    name="un",
    title="Troop contingents in UN missions, 2009-2014",
    place="the UN's missions",
    order=5,
    facts=_joined,
    own_tables=(
        REIGN_VOTES,
        REIGN_LEADERS,
        OwnTable("casualties", "deaths", "un-fatalities", _deaths),
    ),
    source="ipi-contributions",
    sources=("ipi-contributions", "un-mission-totals"),
    clock="coalition",
    outcome="a troop contingent was last seen more than 3 months before the mission's last "
    "month; why it left is not coded",
    features=(
        ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "casualties", "commitment", "contagion", "regime",
        "capability", IDEAL_POINTS,
    ),
    unsupported={
        "risk": "roles of contingents are not coded",
        "alliance": "a UN mission has no lead state",
    },
    limits=(
        "{begin} of {spells} spells were already running in November 2009, so time counts from "
        "the mission's start; missions older than November 1990 count from then.",
        "Missions joined under one name: {joined}. Gaps of up to {gap} missing months are bridged, "
        "so a bridged month is at risk although nobody was reported.",
        "Nothing tells whether an exit or a cut was planned, agreed or asked for by the UN.",
        "Data end in August 2014: the last year is cut short.",
    ),
    notes=("{observed} observed member-months with troops",),
    clusters=("state", "coalition"),
    tested=_small_contingents,
)  # fmt: skip

_MAPS = replace(
    _MAIN,
    variant="geopko",
    title="Troop contributors on the maps of UN missions, 1994-2024",
    facts=_by_year,
    source="geopko-contributors",
    sources=("geopko-contributors",),
    period="year",
    outcome="a contributor is no longer on the maps of a mission that goes on",
    unsupported={"commitment": "strengths are not known", **_MAIN.unsupported},
    limits=(
        "Maps appear at irregular intervals; an exit lies between two maps. {bridged} "
        "member-years without any map of the mission are bridged.",
        "{unknown} of {rows} member-years have no known size, and the others are unit standards, "
        "not head-counts: falls in strength are not ranked.",
        "{back} spells are returns after at least one year off the maps.",
        "Missions that began before 1994 count from their first map.",
    ),
    notes=(),
)

SET = replace(_MAIN, others=(replace(_MAIN, variant="as_named", facts=_as_named), _MAPS))
