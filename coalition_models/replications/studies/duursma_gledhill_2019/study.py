"""Duursma and Gledhill (2019): elections and the size of contingents, after their summaries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.errors import warn
from coalition_models.features.elections import add_elections
from coalition_models.models.specification import Specification
from coalition_models.replications.linear import least_squares
from coalition_models.replications.study import Claim, Model, Study
from coalition_models.replications.ways import curve_between, set_panel
from coalition_models.sensitivity.curve_result import SpecCurve

__all__ = ["STUDY", "contingent_months"]

_TERM = "election_of_democracy"
_OTHERS = ("election_near", "democracy_polity", "log_gdp_per_capita", "cinc")
_LARGE = Specification(
    "logit", f"large ~ {_TERM} + {' + '.join(_OTHERS)}", time=None, cluster="state"
)
_LEAVES = replace(_LARGE, formula=f"event ~ {_TERM} + {' + '.join(_OTHERS)}", time="cubic")
#: persons from which the summary calls a contingent large
_MANY = 250


def contingent_months(_: pd.DataFrame) -> pd.DataFrame:
    """Months of contingents in missions of the United Nations, 1990 on."""
    panel = add_elections(set_panel("un"), preset="duursma-gledhill2019")
    panel = panel[panel["period"].dt.year >= 1990].reset_index(drop=True)
    known = panel["troops"].notna()
    if not known.all():
        warn(
            f"{int((~known).sum())} of {len(panel)} contingent-months are left out: their strength "
            "is not known"
        )
    panel = panel[known].reset_index(drop=True)
    troops = panel["troops"]
    made: pd.DataFrame = panel.assign(
        **{_TERM: panel["election_near"] * panel["democracy_polity"]},
        log_size=np.log(troops.where(troops > 0)),
        large=(troops >= _MANY).astype("int64"),
    )
    return made


def _curve(members: pd.DataFrame) -> SpecCurve:
    return curve_between(
        _LARGE,
        _TERM,
        contingent_months(members),
        clusters=("state", "coalition"),
        controls={
            "after theirs": " + ".join(_OTHERS),
            "without wealth and power": "election_near + democracy_polity",
        },
    )


STUDY = Study(
    name="duursma-gledhill-2019",
    article="duursma_gledhill_2019",
    kind="in spirit",
    question="Do elections shrink what democracies give to peacekeeping?",
    sources=("un-mission-totals", "geopko-contributors", "polity5", "nelda"),
    tables={"Size": "after theirs: size of contingents", "Ours": "large contingents, and exit"},
    recipe=(
        "Contingent-months from 1990 whose strength is known; an election within twelve months.",
    ),
    models=(
        Model("Size", "log of persons", least_squares, prepare=contingent_months,
              options={"outcome": "log_size", "terms": (_TERM, *_OTHERS)}),
        Model("Size", "errors by state", least_squares, prepare=contingent_months,
              options={"outcome": "log_size", "terms": (_TERM, *_OTHERS), "cluster": "state"}),
        Model("Ours", "250 persons or more", _LARGE, prepare=contingent_months),
        Model("Ours", "early exit", _LEAVES, prepare=contingent_months),
    ),
    same=(
        "contributions to the United Nations since the 1990s; democracy, an election on the "
        "horizon; 250 persons as a large contingent.",
    ),
    differs=(
        "after, not with, their specification: model, covariates and horizon were not seen; a year "
        "is assumed, by month and mission, not by state and year.",
        "errors are by state; beside them, for the sizes, those that take months for independent, "
        "which they are not.",
        "the curve is of large contingents, the logit.",
        "states that give nothing are not in these rows, so that whether to give is not asked.",
    ),
    claims=(
        Claim("an election ahead shrinks contingents of democracies", "Size", "errors by state",
              _TERM, "-"),
        Claim("democracies give small contingents", "Size", "errors by state", "democracy_polity",
              "-"),
    ),
    curve=_curve,
)  # fmt: skip
