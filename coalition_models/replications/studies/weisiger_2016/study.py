"""Weisiger (2016): who stops fighting while partners go on; his models on our coalition wars."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from coalition_models.designs.set_tables import with_partners
from coalition_models.features.side_strength import add_side_strength
from coalition_models.models.specification import Specification
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between, set_panel
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["STUDY", "war_months"]

_TERM = "recent_exits_3m"
_OTHERS = "side_strength + cinc_share + democracy_polity + leader_change"
_HIS = Specification("cox", f"event ~ {_TERM} + {_OTHERS}", ties="breslow", cluster="coalition")
_CONTROLS = "side_strength + cinc_share"


def war_months(_: pd.DataFrame) -> pd.DataFrame:
    """Partner-months of the coalition wars of this package, while a partner fights."""
    panel, _left = with_partners(set_panel("wars"))
    return add_side_strength(panel)


def _curve(members: pd.DataFrame) -> SpecCurve:
    return curve_between(
        _HIS,
        _TERM,
        war_months(members),
        ties=True,
        clusters=("coalition", "state"),
        controls={"his": _OTHERS, "capabilities": _CONTROLS, "none": ""},
        terms=("recent_exits_3m", "recent_exits_6m", "recent_exits_12m"),
    )


STUDY = Study(
    name="weisiger-2016",
    article="weisiger_2016",
    kind="in spirit",
    question="When do states abandon their partners during a war?",
    sources=("war_participation", "cow-interstate-wars", "cow-capabilities", "polity5", "archigos"),
    tables={"Exit": "Cox, Breslow, clustered by coalition", "Ours": "the same, other ways"},
    recipe=("Voluntary exits while a partner fought on for more than 30 days.",),
    models=(
        Model("Exit", "controls", replace(_HIS, formula=f"event ~ {_TERM} + {_CONTROLS}"),
              prepare=war_months),
        Model("Exit", "full", _HIS, prepare=war_months),
        Model("Ours", "Efron", replace(_HIS, ties="efron"), prepare=war_months),
        Model("Ours", "by state", replace(_HIS, cluster="state"), prepare=war_months),
        Model("Ours", "Firth", replace(_HIS, cluster=None, penalty="firth"), prepare=war_months),
    ),
    same=(
        "partners in interstate wars, from the list of the Correlates of War; a complete end of "
        "fighting that partners did not want; Cox regression with Breslow's ties, errors by "
        "coalition; recent exits of partners, the coalition's and the own share of capabilities, "
        "democracy, new leader.",
    ),
    differs=(
        "months, not days; exits as coded here.",
        "fronts shared with partners and daily losses, the article's two findings, are in no open "
        "source: what it claims of them is not put to these data.",
        "separate-peace promises, integrated command, past cooperation, terrain, regime aims and "
        "deaths are left out.",
        "the signs below are of his argument; what his tables say of these terms was not seen.",
    ),
    claims=(
        Claim("a partner's recent exit raises exit", "Exit", "full", _TERM, "+"),
        Claim("a stronger side is left less", "Exit", "full", "side_strength", "-"),
        Claim("important members leave less", "Exit", "full", "cinc_share", "-"),
        Claim("a new leader raises exit", "Exit", "full", "leader_change", "+"),
    ),
    curve=_curve,
)  # fmt: skip
