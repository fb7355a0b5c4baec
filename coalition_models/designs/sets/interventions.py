"""States that sent troops to another state's conflict, by year."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
from coalition_models.members.facts import Facts
from coalition_models.members.spells import spells_from_levels
from coalition_models.sources.codes import from_cow
from coalition_models.sources.load import load

__all__ = ["SET"]


def _facts() -> tuple[Facts, Counts]:
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
    members = _spells(rows)
    by = rows.groupby("coalition")["date"]
    ends = by.max() + pd.offsets.YearEnd(0)
    coalitions = coalition_rows(members, by.min(), ends).assign(framework="intervention")
    return read_facts(members, coalitions, ("ucdp-conflicts",)), {
        "alone": alone,
        "unknown": int((~members["entry_known"]).sum()),
        "rows": len(rows),
    }


def _spells(rows: pd.DataFrame) -> pd.DataFrame:
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
    return renumbered(members)


SET = SetRecord(
    name="interventions",
    title="States that sent troops to another state's conflict, 1946-2024",
    place="interventions in other states' conflicts",
    order=6,
    facts=_facts,
    own_tables=(REIGN_VOTES, REIGN_LEADERS),
    source="ucdp-conflicts",
    sources=("ucdp-conflicts",),
    period="year",
    clock="coalition",
    outcome="a supporter is gone in a year in which others still support the same side",
    features=(
        ELECTIONS_BY_PERIOD, LEADERS_BY_PERIOD, "contagion", "regime", "capability", IDEAL_POINTS,
    ),
    unsupported={
        "commitment": "strengths are not known",
        "casualties": "no source has the supporters' deaths by year",
        "risk": "roles of contingents are not coded",
        "alliance": "the side's lead state is not coded",
    },
    limits=(
        "Conflict sides that ever had two supporters; {alone} supporter-years on sides with one "
        "are left out.",
        "A year in which the conflict is not active has no row: support that ends with the "
        "fighting is censored, and a later return is a new spell.",
        "Members of UN and African Union forces in Mali, the Central African Republic and the "
        "Democratic Republic of the Congo are coded as warring parties.",
        "Small contributors are missing or late. Nothing tells whether an exit was planned.",
        "Time counts from the side's first year ({unknown} spells may have begun before 1946).",
    ),
    notes=("{rows} supporter-years",),
    clusters=("state", "coalition"),
    tested=with_partners,
)  # fmt: skip
