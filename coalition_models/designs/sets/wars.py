"""Partners in interstate wars, 1848-2003, by month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.designs.set_features import LEADERS_BY_PERIOD
from coalition_models.designs.set_record import Counts, OwnTable, SetRecord
from coalition_models.designs.set_tables import (
    coalition_rows,
    leader_terms,
    read_facts,
    renumbered,
    with_partners,
)
from coalition_models.members.facts import Facts
from coalition_models.sources.codes import from_cow
from coalition_models.sources.load import load

__all__ = ["SET"]


def _strict() -> tuple[Facts, Counts]:
    return _facts("voluntary_exit_30d")


def _wide() -> tuple[Facts, Counts]:
    return _facts("voluntary_exit_any")


def _facts(outcome: str) -> tuple[Facts, Counts]:
    codings = load("war_participation", extended=True)
    members = _spells(codings, outcome)
    by = members.groupby("coalition")
    coalitions = coalition_rows(members, by["entry"].min(), by["exit"].max())
    sources = ("war_participation", "cow-interstate-wars")
    return read_facts(members, coalitions.assign(framework="war"), sources), {
        "doubtful": int(codings["contested"].sum()),
        "artefacts": int((codings["exit_kind"] == "coding_artifact").sum()),
    }


def _spells(codings: pd.DataFrame, outcome: str) -> pd.DataFrame:
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
    return renumbered(members)


def _leaders(_: Facts) -> pd.DataFrame:
    return leader_terms("archigos")


_MAIN = SetRecord(
    name="wars",
    title="Coalition partners in interstate wars, 1848-2003",
    place="interstate wars",
    order=7,
    facts=_strict,
    own_tables=(OwnTable("leadership", "leaders", "archigos", _leaders),),
    source="cow-interstate-wars",
    sources=("war_participation", "cow-interstate-wars"),
    outcome="the state stopped fighting by its own decision, for good, while a partner fought on "
    "for more than 30 days",
    features=(LEADERS_BY_PERIOD, "contagion", "regime", "capability"),
    unsupported={
        "commitment": "strengths by month are not known",
        "elections": "no source has election days from 1848 on",
        "casualties": "deaths are known for the whole war only",
        "risk": "roles of contingents are not coded",
        "alliance": "the side's lead state is not coded",
        "preferences": "votes in the United Nations begin in 1946",
    },
    limits=(
        "{doubtful} endings could be coded otherwise; {artefacts} are features of the list and "
        "not of the war, and are censored.",
        "The end is the real halt where it differs from that of the Correlates of War.",
        "Iraq 2003 and Afghanistan 2001 hold the conventional phase only.",
        "Conquest censors; so does a pause after which the state fights again.",
    ),
    clusters=("coalition", "state"),
    tested=with_partners,
)

SET = replace(
    _MAIN,
    others=(
        replace(
            _MAIN,
            variant="wide",
            facts=_wide,
            outcome="the state stopped fighting by its own decision, for good, or its stop ended "
            "the war for its partners",
        ),
    ),
)
