"""States that sent troops to another state's conflict, by year."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from coalition_models.designs.closing_missions import mass_exits
from coalition_models.designs.joined_sides import join_sides
from coalition_models.designs.other_sets import members_elsewhere
from coalition_models.designs.set_features import (
    ELECTIONS_BY_PERIOD,
    IDEAL_POINTS,
    LEADERS_BY_PERIOD,
)
from coalition_models.designs.set_record import Counts, SetRecord
from coalition_models.designs.set_tables import (
    REIGN_LEADERS,
    REIGN_VOTES,
    coalition_rows,
    read_facts,
    renumbered,
    with_partners,
)
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spells import spells_from_levels
from coalition_models.members.timing import LEFT_OUT
from coalition_models.sources.codes import from_cow
from coalition_models.sources.load import load

__all__ = ["SET"]


def _as_listed() -> tuple[Facts, Counts]:
    """Each conflict side for itself, and every exit as it stands."""
    rows, alone = _with_company(_sides())
    return _facts(rows, _spells(rows)), {"alone": alone, **_told(rows, _spells(rows))}


def _everyone() -> tuple[Facts, Counts]:
    """One spell per state and mission; exits at the end of a mission are none."""
    sides, _ = _with_company(_sides())
    rows, alone = _with_company(join_sides(load("ucdp-conflicts")))
    joined = _spells(rows)
    members = mass_exits(joined)
    listed, one = _told(sides, _spells(sides)), _told(rows, joined)
    return _facts(rows, members), {
        **one,
        "alone": alone,
        "listed": listed["rows"],
        "listed_exits": listed["exits"],
        "mass": one["exits"] - int((members["exit_kind"] == "early").sum()),
        "elsewhere": "stay in",
    }


def _others_left_out(revision: int | None = None) -> tuple[Facts, Counts]:
    """The same without members of other research sets, who stay partners."""
    facts, counts = _everyone()
    members = facts.members
    if members is None:
        return facts, counts
    rows = join_sides(load("ucdp-conflicts"))
    marked = rows.assign(elsewhere=members_elsewhere(rows, revision=revision)).query(
        "elsewhere != ''"
    )
    years = marked[["mission", "gw", "year", "elsewhere"]].drop_duplicates()
    pairs = members.reset_index().merge(
        years, left_on=["coalition", "gw"], right_on=["mission", "gw"]
    )
    inside = pairs["year"].between(pairs["entry"].dt.year, pairs["exit"].dt.year)
    # of several sets the first in time counts
    first = pairs[inside].sort_values("year").groupby("index")["elsewhere"].first()
    name = first.reindex(members.index)
    left = members.assign(**{LEFT_OUT: ("member of " + name).fillna("")})
    length = left["exit"].dt.year - left["entry"].dt.year + 1
    early = left["exit_kind"] == "early"
    told = [
        f"{which}: {int(length[part].sum())} rows, {int(early[part].sum())} exits"
        for which, part in name.groupby(name).groups.items()
    ]
    tables = {"members": left, "coalitions": facts.coalitions}
    return trusted_facts(tables, {"members": ("ucdp-conflicts", *_LISTS)}), {
        **counts,
        "elsewhere": f"are left out, though they stay partners ({'; '.join(told)})",
    }


def _sides() -> pd.DataFrame:
    conflicts = load("ucdp-conflicts")
    rows = conflicts[conflicts["role"] == "secondary"]
    return rows.assign(mission="ucdp " + rows["conflict_id"].astype(str) + " " + rows["side"])


def _with_company(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Missions that ever had two supporters, and the number of supporter-years of others."""
    states = rows.groupby("mission")["gw"].transform("nunique")
    return rows[states >= 2], int((states < 2).sum())


def _facts(rows: pd.DataFrame, members: pd.DataFrame) -> Facts:
    by = pd.to_datetime(rows["year"].astype(str) + "-12-31").groupby(rows["mission"])
    coalitions = coalition_rows(members, by.min(), by.max() + pd.offsets.YearEnd(0))
    return read_facts(members, coalitions.assign(framework="intervention"), ("ucdp-conflicts",))


def _told(rows: pd.DataFrame, members: pd.DataFrame) -> dict[str, int]:
    return {
        "unknown": int((~members["entry_known"]).sum()),
        "rows": len(rows[["mission", "gw", "year"]].drop_duplicates()),
        "exits": int((members["exit_kind"] == "early").sum()),
    }


def _spells(rows: pd.DataFrame) -> pd.DataFrame:
    levels = rows.assign(
        coalition=rows["mission"],
        # a state keeps its Gleditsch-Ward number where its name or COW number changes
        state=rows["gw"].astype(str),
        date=pd.to_datetime(rows["year"].astype(str) + "-12-31"),
        present=1,
    )
    members = spells_from_levels(
        levels, level="present", gap=0, period="year", end_margin=0, complete=True
    ).drop(columns="peak_troops")
    members["gw"] = members["state"].astype("int64")
    last = int(rows["year"].max())
    year_out = members["exit"].dt.year
    members["exit_kind"] = np.select(
        [(year_out == last).to_numpy(), _goes_on(rows, members)],
        ["ongoing", "early"],
        "mission_end",
    )
    begun = rows.groupby("mission")["conflict_start"].min().dt.year
    members["entry_known"] |= members["coalition"].map(begun) >= int(rows["year"].min())
    members["state"] = from_cow(members["cow"], dates=members["entry"])
    return renumbered(members)


def _goes_on(rows: pd.DataFrame, members: pd.DataFrame) -> np.ndarray:
    """Whether others still support, in the next year, a side that the state supported last."""
    sides = set(zip(rows["conflict_id"], rows["side"], rows["year"] - 1, strict=True))
    keys = zip(rows["conflict_id"], rows["side"], rows["year"], strict=True)
    ends = rows.assign(outlived=[key in sides for key in keys])
    by = ends.groupby(["mission", "gw", "year"])["outlived"].any()
    mine = [members["coalition"], members["gw"], members["exit"].dt.year]
    return by.reindex(pd.MultiIndex.from_arrays(mine)).to_numpy(dtype=bool)


_LISTS = ("participation", "ipi-contributions", "geopko-contributors", "un-mission-totals")
_LIMITS = (
    "Missions that ever had two supporters; {alone} supporter-years on those with one are left "
    "out.",
    "A year in which the conflict is not active has no row: support that ends with the fighting "
    "is censored, and a later return is a new spell.",
    "Members of UN and African Union forces in Mali, the Central African Republic and the "
    "Democratic Republic of the Congo are coded as warring parties.",
    "Small contributors are missing or late. Nothing tells whether an exit was planned.",
    "Time counts from the mission's first year ({unknown} spells may have begun before 1946).",
)
_CLEANED = (
    "Conflict sides of one government that a state supports in the same year are one mission: "
    "{rows} supporter-years with {exits} exits in place of {listed} with {listed_exits} by side.",
    "Where half or more of four or more supporters leave in a year, it is the mission that ends: "
    "{mass} exits are censored.",
    "Members of other research sets {elsewhere}.",
)

_MAIN = SetRecord(
    name="interventions",
    title="States that sent troops to another state's conflict, 1946-2024",
    place="interventions in other states' conflicts",
    order=6,
    facts=_others_left_out,
    own_tables=(REIGN_VOTES, REIGN_LEADERS),
    source="ucdp-conflicts",
    sources=("ucdp-conflicts", *_LISTS),
    period="year",
    clock="coalition",
    outcome="a supporter is gone in a year in which others still support the same side, and "
    "fewer than half left with it",
    features=(
        ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "contagion", "regime", "capability", IDEAL_POINTS,
    ),
    unsupported={
        "commitment": "strengths are not known",
        "casualties": "no source has the supporters' deaths by year",
        "risk": "roles of contingents are not coded",
        "alliance": "the side's lead state is not coded",
    },
    limits=(*_CLEANED, *_LIMITS),
    notes=("{rows} supporter-years",),
    clusters=("state", "coalition"),
    tested=with_partners,
)  # fmt: skip

SET = replace(
    _MAIN,
    others=(
        replace(_MAIN, variant="revision1", facts=partial(_others_left_out, 1)),
        replace(_MAIN, variant="everyone", facts=_everyone, sources=("ucdp-conflicts",)),
        replace(
            _MAIN,
            variant="as_listed",
            facts=_as_listed,
            sources=("ucdp-conflicts",),
            outcome="a supporter is gone in a year in which others still support the same side",
            limits=(
                *_LIMITS,
                "As first registered: ends of missions count as exits, and states that are in "
                "several conflicts of one government leave several times.",
            ),
        ),
    ),
)
