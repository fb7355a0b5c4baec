"""Von Borzyskowski and Vabulas (2019): withdrawal from organisations; their terms on operations."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between, set_panel
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["STUDY", "operation_years"]

_TERM = "recent_exits_12m"
_OTHERS = "ideal_distance_coalition + polity2 + leader_change"
_THEIRS = Specification(
    "logit", f"event ~ {_TERM} + {_OTHERS}", time="cubic", cluster="coalition", small_sample=True
)


def operation_years(_: pd.DataFrame) -> pd.DataFrame:
    """Years of states that sent troops to another state's conflict."""
    return set_panel("interventions")


def _curve(members: pd.DataFrame) -> SpecCurve:
    return curve_between(
        _THEIRS,
        _TERM,
        operation_years(members),
        clusters=("coalition", "state"),
        controls={"theirs": _OTHERS, "distance": "ideal_distance_coalition", "none": ""},
    )


STUDY = Study(
    name="borzyskowski-vabulas-2019",
    article="borzyskowski_vabulas_2019",
    kind="in spirit",
    question="When do states leave what they joined with others?",
    sources=("ucdp-conflicts", "polity5", "ideal-points", "reign-leaders"),
    tables={"Exit": "logit, cubic time, clustered by operation", "Ours": "the same, other ways"},
    recipe=("State-years; Stata's finite-sample factor.",),
    models=(
        Model("Exit", "contagion", replace(_THEIRS, formula=f"event ~ {_TERM}"),
              prepare=operation_years),
        Model("Exit", "preferences",
              replace(_THEIRS, formula=f"event ~ {_TERM} + ideal_distance_coalition"),
              prepare=operation_years),
        Model("Exit", "all", _THEIRS, prepare=operation_years),
        Model("Ours", "by state", replace(_THEIRS, cluster="state"), prepare=operation_years),
        Model("Ours", "Firth", replace(_THEIRS, cluster=None, small_sample=None, penalty="firth"),
              prepare=operation_years),
    ),
    same=(
        "a logit of withdrawal with cubic time, errors by what is left; contagion, distance of "
        "preferences from the others in votes of the United Nations, democracy, change of "
        "government.",
    ),
    differs=(
        "military operations, not organisations; exits of any partner in the last year, not of a "
        "leading state.",
        "Firth's penalty in place of the correction for rare events; a new leader in place of a "
        "new orientation; nationalism and traits of organisations are left out.",
    ),
    claims=(
        Claim("exits of others raise exit", "Exit", "all", _TERM, "+"),
        Claim("distance of preferences raises exit", "Exit", "all", "ideal_distance_coalition",
              "+"),
        Claim("democracy raises exit", "Exit", "all", "polity2", "+"),
        Claim("a new orientation does not matter", "Exit", "all", "leader_change", "0"),
    ),
    curve=_curve,
)  # fmt: skip
