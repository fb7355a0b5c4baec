"""Tago (2009): which partners leave the occupation of Iraq, and when; his models on our data."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.features.casualties import add_casualties
from coalition_models.features.commitment import add_commitment
from coalition_models.features.contagion import add_contagion
from coalition_models.features.elections import add_elections
from coalition_models.features.former_communist import add_former_communist
from coalition_models.features.leadership import add_leadership
from coalition_models.inference.wild_test import wild_score
from coalition_models.members.panel import build_panel
from coalition_models.models.running import fit
from coalition_models.models.specification import Specification
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import month_number

__all__ = ["STUDY", "iraq_months", "wild"]

_COMMON = (
    "election_month + leader_change + troops_100 + deaths_cumulative + earlier_defectors "
    "+ former_communist"
)
_FULL = f"event ~ parliamentary + executive_constraints + {_COMMON}"
_BRESLOW = Specification("cox", _FULL, ties="breslow")
#: the term of the wild test and of the curve
_ELECTION = "election_month"


def iraq_months(members: pd.DataFrame) -> pd.DataFrame:
    """State-months of the partners in Iraq with the nearest to his covariates."""
    panel = build_panel(members, coalitions=["iraq"])
    panel = add_elections(panel, preset="tago2009")
    panel = add_leadership(panel)
    panel = add_casualties(panel)
    panel = add_commitment(panel)
    panel = add_contagion(panel)
    panel = add_former_communist(panel)
    panel = panel.assign(troops_100=panel["troops"] / 100, year=panel["period"].dt.year - 1)
    return _with_institutions(panel)


def _with_institutions(panel: pd.DataFrame) -> pd.DataFrame:
    """Parliamentary government and limits on the executive, of the year before."""
    forms = load("bjornskov-rode").dropna(subset=["cow"])
    forms = forms.assign(
        parliamentary=forms["regime"].str.contains("parliamentary", case=False).astype("float64")
    ).drop_duplicates(["cow", "year"])
    limits = load("polity5").dropna(subset=["cow"]).drop_duplicates(["cow", "year"])
    keys = ["cow", "year"]
    joined = panel[keys].astype("int64")
    for table, name in ((forms, "parliamentary"), (limits, "executive_constraints")):
        part = table[[*keys, name]].astype({"cow": "int64", "year": "int64", name: "float64"})
        joined = joined.merge(part, on=keys, how="left", validate="many_to_one")
    values = {name: joined[name].to_numpy() for name in joined.columns if name not in keys}
    return panel.assign(month=month_number(panel["period"]), **values)


def wild(rows: pd.DataFrame) -> Estimated:
    """The wild cluster bootstrap of the election's score, by state."""
    spec = replace(_BRESLOW, cluster="state")
    with_estimate = fit(spec, rows)
    found = wild_score(with_estimate, _ELECTION, draws=9999)
    return Estimated(others={(_ELECTION, "wild_p"): found.p_value})


def _curve(members: pd.DataFrame) -> SpecCurve:
    rows = iraq_months(members)
    right = _FULL.partition("~")[2].replace(f"{_ELECTION} + ", "").strip()
    return curve_between(
        replace(_BRESLOW, cluster="state"),
        _ELECTION,
        rows,
        ties=True,
        controls={
            "his": right,
            "without limits": right.replace("executive_constraints + ", ""),
            "without parliamentary": right.replace("parliamentary + ", ""),
            "none": "",
        },
    )


STUDY = Study(
    name="tago-2009",
    article="tago_2009",
    kind="in spirit",
    question="Which partners leave the occupation of Iraq, and when?",
    sources=("participation", "bjornskov-rode", "polity5"),
    tables={"His": "Cox, Breslow, no clustering", "Ours": "the first of them, other ways"},
    recipe=(
        "Hazard by month since entry; early exits only.",
        "Covariates as of the month before; institutions of the year before.",
    ),
    models=(
        Model("His", "(1)", _BRESLOW, prepare=iraq_months),
        Model(
            "His",
            "(2) without veto players",
            replace(_BRESLOW, formula=f"event ~ parliamentary + {_COMMON}"),
            prepare=iraq_months,
        ),
        Model(
            "His",
            "(3) without parliamentary",
            replace(_BRESLOW, formula=f"event ~ executive_constraints + {_COMMON}"),
            prepare=iraq_months,
        ),
        Model("Ours", "clustered", replace(_BRESLOW, cluster="state"), prepare=iraq_months),
        Model(
            "Ours",
            "Efron",
            replace(_BRESLOW, cluster="state", ties="efron"),
            prepare=iraq_months,
        ),
        Model("Ours", "Firth", replace(_BRESLOW, penalty="firth"), prepare=iraq_months),
        Model("Ours", "wild", wild, prepare=iraq_months),
    ),
    same=(
        "partners in Iraq by month, exit as event; Cox regression with Breslow's ties and the "
        "model's standard errors; election, leadership change, number of troops, cumulative "
        "casualties, earlier defectors, former communist states.",
    ),
    differs=(
        "members, exits and covariates are coded here, to the end of 2008.",
        "constitutional war powers are left out: no open source has them.",
        "veto players are limits on the executive of Polity, parliamentary is the form of "
        "government of Bjornskov and Rode; his measures were not seen.",
        "an election is one in the same month and a leadership change one of the last six months, "
        "which is assumed of his.",
    ),
    claims=(
        Claim("elections speed exit", "His", "(1)", _ELECTION, "+"),
        Claim("leadership change does not matter", "His", "(1)", "leader_change", "0"),
        Claim("divided power does not matter", "His", "(1)", "executive_constraints", "0"),
        Claim("parliamentary government does not matter", "His", "(1)", "parliamentary", "0"),
    ),
    curve=_curve,
)
