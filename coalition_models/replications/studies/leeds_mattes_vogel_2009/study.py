"""Leeds, Mattes and Vogel (2009): new sources of support, democracy, and broken commitments."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.features.support_change import add_support_change
from coalition_models.models.specification import Specification
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between, set_panel
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["STUDY", "supported_years"]

_TERM = "support_change"
_BOTH = "support_by_democracy"
_OTHERS = f"{_BOTH} + democracy_polity + capability_change_20 + regime_change + cinc_share"
_THEIRS = Specification(
    "logit", f"event ~ {_TERM} + {_OTHERS}", time="cubic", cluster="coalition", small_sample=True
)
_FIRTH = replace(_THEIRS, cluster=None, small_sample=None, penalty="firth")
_ALONE = f"event ~ {_TERM} + capability_change_20 + cinc_share"


def supported_years(_: pd.DataFrame) -> pd.DataFrame:
    """Years of states that sent troops to another's conflict, with changes of leaders' support."""
    panel = add_support_change(set_panel("interventions"))
    return panel.assign(**{_BOTH: panel[_TERM] * panel["democracy_polity"]})


def _curve(members: pd.DataFrame) -> SpecCurve:
    return curve_between(
        _THEIRS,
        _TERM,
        supported_years(members),
        clusters=("coalition", "state"),
        controls={
            "theirs": _OTHERS,
            "10 per cent": _OTHERS.replace("change_20", "change_10"),
            "interaction alone": f"{_BOTH} + democracy_polity",
        },
    )


STUDY = Study(
    name="leeds-mattes-vogel-2009",
    article="leeds_mattes_vogel_2009",
    kind="in spirit",
    question="Do leaders with a new base of support break commitments?",
    sources=("ucdp-conflicts", "chisols", "polity5", "cow-capabilities"),
    tables={"Exit": "logit, cubic time, Firth's penalty"},
    recipe=("State-years; limits by profile likelihood.",),
    models=(
        Model("Exit", "with democracy", _FIRTH, prepare=supported_years),
        Model("Exit", "10 per cent",
              replace(_FIRTH, formula=_FIRTH.formula.replace("change_20", "change_10")),
              prepare=supported_years),
        Model("Exit", "nondemocracies", replace(_FIRTH, formula=_ALONE),
              prepare=supported_years, where="democracy_polity == 0"),
        Model("Exit", "democracies", replace(_FIRTH, formula=_ALONE),
              prepare=supported_years, where="democracy_polity == 1"),
    ),
    same=(
        "logit with cubic time; change of the leader's source of support "
        "from their own data, its product with democracy, change of power, change of regime; "
        "thresholds of 10 and 20 per cent; the sample split by regime.",
    ),
    differs=(
        "the commitment is a military operation and its end an exit, not the violation of an "
        "alliance treaty.",
        "new outside alliance, asymmetry, formality and cooperation of a treaty have no "
        "counterpart; the change of regime is left out where the sample is split.",
        "a change of support and its product with democracy set exits apart, so that their "
        "logit has no finite estimate: Firth's penalty, and no clusters.",
    ),
    claims=(
        Claim("a new source of support raises exit of nondemocracies", "Exit", "with democracy",
              _TERM, "+"),
        Claim("in democracies less", "Exit", "with democracy", _BOTH, "-"),
        Claim("in democracies not at all", "Exit", "democracies", _TERM, "0"),
    ),
    curve=_curve,
)  # fmt: skip
