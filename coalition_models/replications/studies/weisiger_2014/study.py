"""Weisiger (2014): which conquered states resist, 35 cases."""

from __future__ import annotations

import pandas as pd

from coalition_models.models.specification import Specification
from coalition_models.replications.linear import least_squares
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "rescale"]

_TERMS = (
    "conqueror_polity", "log_distance", "terrain", "log_soldiers_per_area", "income",
    "coordinating_leader",
)  # fmt: skip
_FORMULA = f"resistance ~ {' + '.join(_TERMS)}"


def rescale(cases: pd.DataFrame) -> pd.DataFrame:
    """Divide numbers by two standard deviations, and take the mean off all covariates.

    Examples
    --------
    >>> cases = pd.DataFrame(dict.fromkeys(_TERMS, [0.0, 1.0, 2.0]))
    >>> cases["coordinating_leader"] = [0, 0, 1]
    >>> rescale(cases)[["terrain", "coordinating_leader"]].round(2).to_numpy().tolist()
    [[-0.5, -0.33], [0.0, -0.33], [0.5, 0.67]]
    """
    values = cases[list(_TERMS)].astype("float64")
    spread = (2 * values.std()).where(values.nunique() > 2, 1.0)
    return cases.assign(**((values - values.mean()) / spread))


STUDY = Study(
    name="weisiger-2014",
    article="weisiger_2014",
    question="When does conquest meet guerrilla resistance?",
    sources=("conquest-resistance",),
    tables={
        "Resistance": "three estimators on 35 cases (documentation of R's crdata, after Table 2)"
    },
    recipe=(
        "Covariates less their mean; numbers by two standard deviations.",
        "F of the logits is Wald's statistic of the slopes over their number.",
        "AIC, BIC and log likelihood under Firth's penalty are the unpenalised ones.",
    ),
    models=(
        Model(
            "Resistance",
            "least squares",
            least_squares,
            prepare=rescale,
            options={"outcome": "resistance", "terms": _TERMS},
        ),
        Model("Resistance", "logit", Specification("logit", _FORMULA, time=None), prepare=rescale),
        Model(
            "Resistance",
            "logit, Firth",
            Specification("logit", _FORMULA, time=None, penalty="firth"),
            prepare=rescale,
        ),
    ),
    deviations={
        "weights": "R's glm takes the weights of its last step but one; with a stricter tolerance "
        "it gives ours"
    },
)
