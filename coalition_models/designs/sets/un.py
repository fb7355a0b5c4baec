"""Contingents in missions of the United Nations, by month, and by year as on the missions' maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import cast

import pandas as pd

from coalition_models.designs.closing_missions import wound_down
from coalition_models.designs.set_features import (
    ELECTIONS_BY_PERIOD,
    IDEAL_POINTS,
    LEADERS_BY_PERIOD,
)
from coalition_models.designs.set_record import Counts, Feature, OwnTable, SetRecord
from coalition_models.designs.set_tables import (
    REIGN_LEADERS,
    REIGN_VOTES,
    coalition_rows,
    read_facts,
)
from coalition_models.features.commitment import add_commitment
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spells import spells_from_levels
from coalition_models.members.timing import LEFT_OUT
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


def by_month(
    gap: int, renamed: Mapping[str, str], *, closing: bool = False
) -> tuple[Facts, Counts]:
    """Facts of contingents by month, with gaps of so many months bridged.

    With ``closing``, exits in the last twelve months of a mission that closed are its end.

    Examples
    --------
    ``by_month(3, renamed_missions())``; it needs external sources.
    """
    rows = load("ipi-contributions").rename(columns={"iso3": "state", "mission": "coalition"})
    # rows without troops stay in: they show that the mission went on
    members = spells_from_levels(rows, gap=gap, renamed=renamed, minimum=1)
    ends = rows.groupby(rows["coalition"].replace(dict(renamed)))["date"].max()
    listed = int((members["exit_kind"] == "early").sum())
    if closing:
        members = wound_down(members, ends, ends < ends.max())
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
        "listed": listed,
        "closing": listed - int((members["exit_kind"] == "early").sum()),
    }


def _joined() -> tuple[Facts, Counts]:
    return by_month(3, renamed_missions())


def _contingents() -> tuple[Facts, Counts]:
    return _by_size(tokens=False)


def _tokens() -> tuple[Facts, Counts]:
    return _by_size(tokens=True)


def _by_size(*, tokens: bool) -> tuple[Facts, Counts]:
    """Contingents that ever had ten persons, or the others; all stay partners of each other."""
    facts, counts = by_month(3, renamed_missions(), closing=True)
    members = cast(pd.DataFrame, facts.members)
    small = members["peak_troops"] < TOKEN
    away = ~small if tokens else small
    reason = f"peak strength {'of' if tokens else 'under'} {TOKEN} persons{' or more' * tokens}"
    tables = {name: facts.table(name) for name in TABLES}
    tables["members"] = members.assign(**{LEFT_OUT: away.map({True: reason, False: ""})})
    early = members["exit_kind"] == "early"
    return trusted_facts(tables, facts.sources), {
        **counts,
        "away": f"{int(away.sum())} spells with {int((away & early).sum())} exits",
    }


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
    listed = int((members["exit_kind"] == "early").sum())
    members = wound_down(members, by.max(), by.max() < rows["date"].max())
    return read_facts(members, coalitions, ("geopko-contributors",)), {
        "listed": listed,
        "closing": listed - int((members["exit_kind"] == "early").sum()),
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


def _lagged_commitment(panel: pd.DataFrame) -> pd.DataFrame:
    return add_commitment(panel, strength_lag=12)


#: fewer persons at the peak are staff officers and observers
TOKEN = 10
#: a contingent that goes home is small before it is gone
_LAGGED = Feature("commitment", _lagged_commitment)

_START = (
    "{begin} of {spells} spells were already running in November 2009, so time counts from "
    "the mission's start; missions older than November 1990 count from then.",
    "Missions joined under one name: {joined}. Gaps of up to {gap} missing months are bridged, "
    "so a bridged month is at risk although nobody was reported.",
    "Nothing tells whether an exit or a cut was planned, agreed or asked for by the UN.",
    "Data end in August 2014: the last year is cut short.",
)
_CLOSING = (
    "Exits in the last twelve months of a mission that closed are its wind-down: {closing} of "
    "{listed} are censored."
)
_AWAY = (
    f"Contingents whose peak is under {TOKEN} persons are staff officers and observers, a variant "
    "of its own (tokens): {away}."
)
_LAG = (
    "Strengths are those of twelve months before, since a contingent that goes home is small "
    "before it is gone; the first year of a spell, and of the data, has none."
)

_MAIN = SetRecord(
    name="un",
    title="Troop contingents in UN missions, 2009-2014",
    place="the UN's missions",
    order=5,
    facts=_contingents,
    own_tables=(
        REIGN_VOTES,
        REIGN_LEADERS,
        OwnTable("casualties", "deaths", "un-fatalities", _deaths),
    ),
    source="ipi-contributions",
    sources=("ipi-contributions", "un-mission-totals"),
    clock="coalition",
    outcome="a troop contingent was last seen more than 3 months before the data end, or more "
    "than 12 before its mission closed; why it left is not coded",
    features=(
        ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "casualties", _LAGGED, "contagion", "regime",
        "capability", IDEAL_POINTS,
    ),
    unsupported={
        "risk": "roles of contingents are not coded",
        "alliance": "a UN mission has no lead state",
    },
    limits=(*_START, _CLOSING, _AWAY, _LAG),
    notes=("{observed} observed member-months with troops",),
    clusters=("state", "coalition"),
)  # fmt: skip

_LISTED = replace(
    _MAIN,
    variant="as_listed",
    facts=_joined,
    outcome="a troop contingent was last seen more than 3 months before the mission's last "
    "month; why it left is not coded",
    features=(
        ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "casualties", "commitment", "contagion", "regime",
        "capability", IDEAL_POINTS,
    ),
    limits=(
        *_START,
        "As first registered: staff officers count as contingents, the wind-down of a mission as "
        "exits, and strengths are those of the month before.",
    ),
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
        _CLOSING,
    ),
    notes=(),
)

SET = replace(
    _MAIN,
    others=(
        replace(
            _MAIN,
            variant="tokens",
            title="Tokens of under ten persons in UN missions, 2009-2014",
            facts=_tokens,
            limits=(*_START, _CLOSING, f"Contingents of {TOKEN} persons or more: {{away}}.", _LAG),
        ),
        _LISTED,
        replace(_LISTED, variant="as_named", facts=_as_named),
        _MAPS,
    ),
)
