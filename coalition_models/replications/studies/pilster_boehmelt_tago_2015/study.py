"""Pilster, Boehmelt and Tago (2015): new leaders and premature withdrawal, after their abstract."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between, set_panel
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["STUDY", "operations"]

_TERM = "leader_change"
_SINCE = "joined_under_other_leader"
_CONTROLS = "democracy_polity + cinc_share"
_COX = Specification("cox", f"event ~ {_TERM} + {_CONTROLS}", ties="efron", cluster="coalition")
_FIRTH = replace(_COX, cluster=None, penalty="firth")
#: the years of the article
_THEIRS = "until_2001"


def operations(_: pd.DataFrame) -> pd.DataFrame:
    """Years of states that sent troops to another state's conflict."""
    panel = set_panel("interventions")
    return panel.assign(until_2001=panel["period"].dt.year <= 2001)


def _curve(members: pd.DataFrame) -> SpecCurve:
    return curve_between(
        _COX,
        _TERM,
        operations(members),
        ties=True,
        clusters=("coalition", "state"),
        controls={"after theirs": _CONTROLS, "none": ""},
        terms=(_TERM, _SINCE),
    )


STUDY = Study(
    name="pilster-boehmelt-tago-2015",
    article="pilster_boehmelt_tago_2015",
    kind="in spirit",
    question="Do changes of leader end participation in coalitions before its time?",
    sources=("ucdp-conflicts", "reign-leaders", "polity5", "cow-capabilities"),
    tables={"Until 2001": "after theirs: Cox by year", "All years": "to the end of the data"},
    recipe=("State-years; Efron's ties; Firth's penalty where an estimate would be infinite.",),
    models=(
        Model("Until 2001", "leader alone", replace(_FIRTH, formula=f"event ~ {_TERM}"),
              prepare=operations, where=_THEIRS),
        Model("Until 2001", "controls", _FIRTH, prepare=operations, where=_THEIRS),
        Model("Until 2001", "since joining",
              replace(_FIRTH, formula=f"event ~ {_SINCE} + {_CONTROLS}"),
              prepare=operations, where=_THEIRS),
        Model("All years", "by coalition", _COX, prepare=operations),
        Model("All years", "Breslow", replace(_COX, ties="breslow"), prepare=operations),
        Model("All years", "by state", replace(_COX, cluster="state"), prepare=operations),
        Model("All years", "Firth", _FIRTH, prepare=operations),
        Model("All years", "logit, cubic time",
              Specification("logit", f"event ~ {_TERM} + {_CONTROLS}", cluster="coalition"),
              prepare=operations),
    ),
    same=("partners in operations since 1946; premature withdrawal; change of leader.",),
    differs=(
        "after, not with, their specification: their estimator, covariates and number of cases "
        "were not seen.",
        "operations are supporters in conflicts of the Uppsala program, by year.",
        "until 2001 no state left in a year after a change of leader, nor under a leader who came "
        "after it had joined: the estimates of these years are finite by Firth's penalty only.",
    ),
    claims=(
        Claim("a change of leader raises premature withdrawal", "Until 2001", "controls", _TERM,
              "+"),
        Claim("and so it does in all years", "All years", "by coalition", _TERM, "+"),
    ),
    curve=_curve,
)  # fmt: skip
