"""Members, strengths and coalitions behind each analysis set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np
import pandas as pd

from coalition_models.defection.profile import operational_profile
from coalition_models.errors import DataError
from coalition_models.members.facts import Facts, bundled_facts
from coalition_models.members.spells import spells_from_levels
from coalition_models.sources.codes import from_cow
from coalition_models.sources.load import load

__all__ = ["SetData", "renamed_missions", "set_data"]


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


@dataclass(frozen=True)
class SetData:
    """What an analysis set is made of.

    ``members`` are all spells, the lead state included where there is one; ``coalitions`` has
    ``coalition, lead_state, start, mandate_end``; ``profile`` follows strengths, if any are
    known; ``outcome`` says in words what the event is; ``limits`` what the reader must know;
    ``facts`` are those that hold all this, where it was not gathered from other sources.
    """

    title: str
    members: pd.DataFrame
    coalitions: pd.DataFrame
    period: str
    clock: str
    outcome: str
    limits: tuple[str, ...]
    sources: tuple[str, ...]
    profile: pd.DataFrame | None = None
    changes: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None
    deaths: pd.DataFrame | None = None
    coverage: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    facts: Facts | None = None


def set_data(name: str, variant: str) -> SetData:
    """Gather what a set is made of; ``variant`` is one of the set's own.

    Examples
    --------
    >>> len(set_data("iraq", "main").members)
    52
    """
    makers: dict[tuple[str, str], Callable[[], SetData]] = {
        ("iraq", "main"): lambda: _bundled("iraq"),
        ("isaf", "main"): lambda: _bundled("isaf"),
        ("un", "main"): lambda: _un_months(3, renamed_missions()),
        ("un", "as_named"): lambda: _un_months(2, {}),
        ("un", "geopko"): _un_years,
        ("interventions", "main"): _interventions,
        ("wars", "main"): lambda: _wars("voluntary_exit_30d"),
        ("wars", "wide"): lambda: _wars("voluntary_exit_any"),
    }
    if (name, variant) not in makers:
        known = [v for n, v in makers if n == name]
        names = ", ".join(dict.fromkeys(n for n, _ in makers))
        raise DataError(
            f"the set {name!r} has the variants {', '.join(known)}, not {variant!r}"
            if known
            else f"no analysis set named {name!r}; known: {names}"
        )
    return makers[name, variant]()


def _bundled(name: str) -> SetData:
    everyone = load("participation")
    table = load("coalitions")
    complete = table.loc[table["participation_complete"] == "yes", "coalition"]
    ranked = everyone[everyone["coalition"].isin(complete) & (everyone["exit_kind"] != "leader")]
    members = everyone[everyone["coalition"] == name].reset_index(drop=True)
    title = str(table.set_index("coalition").loc[name, "name"])
    return SetData(
        title=title,
        members=members,
        coalitions=table[table["coalition"] == name].reset_index(drop=True),
        period="month",
        clock="entry",
        outcome="the main contingent left early: before the mandate's end and not at the end of a "
        "term fixed when it deployed",
        limits=(
            f"{int(members['exit_kind_alt'].notna().sum())} exits could be coded otherwise by a "
            "fair reader (exit_kind_alt).",
            f"{int(members['entry_confidence'].eq('low').sum())} entries and "
            f"{int(members['exit_confidence'].eq('low').sum())} exits are dated with low "
            "confidence.",
            "Strengths are lists at irregular dates; years without a list have no known fall. The "
            "falls of all complete coalitions are in the profile, so that they are ranked "
            "together unless the rule says otherwise.",
        ),
        sources=("participation", "coalitions", "troops", "profile_changes"),
        profile=operational_profile(ranked),
        changes=load("profile_changes"),
        facts=bundled_facts((name,)),
    )


def _un_months(gap: int, renamed: Mapping[str, str]) -> SetData:
    rows = load("ipi-contributions").rename(columns={"iso3": "state", "mission": "coalition"})
    # rows without troops stay in: they show that the mission went on
    members = spells_from_levels(rows, gap=gap, renamed=renamed, minimum=1)
    ends = rows.groupby(rows["coalition"].replace(dict(renamed)))["date"].max()
    totals = load("un-mission-totals")
    starts = totals.groupby(totals["mission"].replace(dict(renamed)))["date"].min()
    begin = int((~members["entry_known"]).sum())
    observed = int((rows["troops"] >= 1).sum())
    joined = ", ".join(f"{a} with {b}" for a, b in renamed.items()) or "none"
    return SetData(
        title="Troop contingents in UN missions, 2009-2014",
        members=members,
        coalitions=_missions(members, starts, ends),
        period="month",
        clock="coalition",
        outcome="a troop contingent was last seen more than 3 months before the mission's last "
        "month; why it left is not coded",
        limits=(
            f"{begin} of {len(members)} spells were already running in November 2009, so time "
            "counts from the mission's start; missions older than November 1990 count from then.",
            f"Missions joined under one name: {joined}. Gaps of up to {gap} missing months are "
            "bridged, so a bridged month is at risk although nobody was reported.",
            "Nothing tells whether an exit or a cut was planned, agreed or asked for by the UN.",
            "Data end in August 2014: the last year is cut short.",
        ),
        sources=("ipi-contributions", "un-mission-totals"),
        profile=operational_profile(members, rows, renamed=renamed),
        levels=rows.assign(coalition=rows["coalition"].replace(dict(renamed))),
        notes=(f"{observed} observed member-months with troops",),
    )


def _missions(members: pd.DataFrame, starts: pd.Series, ends: pd.Series) -> pd.DataFrame:
    names = sorted(set(members["coalition"]))
    first = members.groupby("coalition")["entry"].min()
    start = starts.reindex(names).fillna(first.reindex(names))
    return pd.DataFrame(
        {
            "coalition": names,
            # a mission of the United Nations has no lead state
            "lead_state": pd.Series([None] * len(names), dtype="object"),
            "framework": "un",
            "start": np.minimum(start.to_numpy(), first.reindex(names).to_numpy()),
            "mandate_end": ends.reindex(names).to_numpy(),
        }
    )


def _un_years() -> SetData:
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
    unknown = int(rows["troops_standard"].isna().sum())
    by = sizes.groupby("coalition")["date"]
    members["exit_known"] = members["exit_known"].where(
        members["exit_known"].isna(), _next_maps(members, rows)
    )
    back = int((members["spell"] > 1).sum())
    return SetData(
        title="Troop contributors on the maps of UN missions, 1994-2024",
        members=members,
        coalitions=_missions(members, by.min(), by.max()),
        period="year",
        clock="coalition",
        outcome="a contributor is no longer on the maps of a mission that goes on",
        limits=(
            f"Maps appear at irregular intervals; an exit lies between two maps. {len(bridged)} "
            "member-years without any map of the mission are bridged.",
            f"{unknown} of {len(rows)} member-years have no known size, and the others are unit "
            "standards, not head-counts: falls in strength are not ranked.",
            f"{back} spells are returns after at least one year off the maps.",
            "Missions that began before 1994 count from their first map.",
        ),
        sources=("geopko-contributors",),
    )


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


def _interventions() -> SetData:
    conflicts = load("ucdp-conflicts")
    rows = conflicts[conflicts["role"] == "secondary"].copy()
    sides = rows.groupby(["conflict_id", "side"])["gw"].transform("nunique")
    alone = int((sides < 2).sum())
    rows = rows[sides >= 2]
    rows = rows.assign(
        coalition="ucdp " + rows["conflict_id"].astype(str) + " " + rows["side"].astype(str),
        # a state keeps its Gleditsch-Ward number where its name or COW number changes
        state=rows["gw"].astype(str),
        date=pd.to_datetime(rows["year"].astype(str) + "-12-31"),
        present=1,
    )
    members = spells_from_levels(
        rows, level="present", gap=0, period="year", end_margin=0, complete=True
    ).drop(columns="peak_troops")
    last = int(rows["year"].max())
    year_out = members["exit"].dt.year
    seen = set(zip(rows["coalition"], rows["year"], strict=True))
    go_on = [key in seen for key in zip(members["coalition"], year_out + 1, strict=True)]
    members["exit_kind"] = np.select(
        [(year_out == last).to_numpy(), np.array(go_on)], ["ongoing", "early"], "mission_end"
    )
    begun = rows.groupby("coalition")["conflict_start"].min().dt.year
    members["entry_known"] |= members["coalition"].map(begun) >= int(rows["year"].min())
    members["state"] = from_cow(members["cow"], dates=members["entry"])
    members = _renumbered(members)
    by = rows.groupby("coalition")["date"]
    ends = by.max() + pd.offsets.YearEnd(0)
    unknown = int((~members["entry_known"]).sum())
    return SetData(
        title="States that sent troops to another state's conflict, 1946-2024",
        members=members,
        coalitions=_missions(members, by.min(), ends).assign(framework="intervention"),
        period="year",
        clock="coalition",
        outcome="a supporter is gone in a year in which others still support the same side",
        limits=(
            "Conflict sides that ever had two supporters; "
            f"{alone} supporter-years on sides with one are left out.",
            "A year in which the conflict is not active has no row: support that ends with the "
            "fighting is censored, and a later return is a new spell.",
            "Members of UN and African Union forces in Mali, the Central African Republic and the "
            "Democratic Republic of the Congo are coded as warring parties.",
            "Small contributors are missing or late. Nothing tells whether an exit was planned.",
            f"Time counts from the side's first year ({unknown} spells may have begun before "
            "1946).",
        ),
        sources=("ucdp-conflicts",),
        notes=(f"{len(rows)} supporter-years",),
    )


def _renumbered(members: pd.DataFrame) -> pd.DataFrame:
    ordered = members.sort_values(["coalition", "state", "entry"], ignore_index=True)
    ordered["spell"] = ordered.groupby(["coalition", "state"]).cumcount() + 1
    return ordered


def _wars(outcome: str) -> SetData:
    codings = load("war_participation", extended=True)
    iso3 = from_cow(codings["cow"], to="iso3", dates=codings["end"], missing="na")
    side = codings["war_num"].astype(str) + " side " + codings["side"].astype(str)
    kind = np.select(
        [
            codings[outcome].eq(1).to_numpy(dtype=bool),
            codings["exit_kind"].isin(["conquered", "state_dissolved"]).to_numpy(dtype=bool),
        ],
        ["early", "exogenous"],
        "mission_end",
    )
    members = pd.DataFrame(
        {
            "coalition": "war " + side,
            # states of the time without an ISO code keep their name
            "state": iso3.fillna(codings["state"]),
            "cow": codings["cow"].astype("int64"),
            "name": codings["state"],
            "entry": codings["start"],
            "exit": codings["combat_end"],
            "exit_kind": kind,
            "war_exit_kind": codings["exit_kind"],
            "exit_kind_reason": codings["reason"],
            "exit_source": codings["source"],
            "exit_confidence": codings["confidence"],
            "contested": codings["contested"],
        }
    )
    members = _renumbered(members)
    ends = members.groupby("coalition")["exit"].max()
    starts = members.groupby("coalition")["entry"].min()
    doubtful = int(codings["contested"].sum())
    artefacts = int((codings["exit_kind"] == "coding_artifact").sum())
    return SetData(
        title="Coalition partners in interstate wars, 1848-2003",
        members=members,
        coalitions=_missions(members, starts, ends).assign(framework="war"),
        period="month",
        clock="entry",
        outcome="the state stopped fighting by its own decision"
        + (
            ", for good, while a partner fought on for more than 30 days"
            if outcome == "voluntary_exit_30d"
            else ", for good, or its stop ended the war for its partners"
        ),
        limits=(
            f"{doubtful} endings could be coded otherwise; {artefacts} are features of the list "
            "and not of the war, and are censored.",
            "The end is the real halt where it differs from that of the Correlates of War.",
            "Iraq 2003 and Afghanistan 2001 hold the conventional phase only.",
            "Conquest censors; so does a pause after which the state fights again.",
        ),
        sources=("war_participation", "cow-interstate-wars"),
    )
