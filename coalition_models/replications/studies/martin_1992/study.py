"""Martin (1992): cooperation in economic sanctions and what they cost the leading state."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from coalition_models.replications.maximise import Floats, maximise
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "ordered_logit"]

_TERMS = ("military", "cooperation")
_LEVELS = ("net gain", "little effect", "modest loss", "major loss")


def ordered_logit(rows: pd.DataFrame) -> Estimated:
    """Ordered logit of the cost, with a threshold between each two neighbouring levels."""
    X = rows[list(_TERMS)].to_numpy(float)
    cost = rows["cost"].to_numpy(int)

    def log_likelihood(at: Floats) -> float:
        inner = 1 / (1 + np.exp(X @ at[:2] - at[2:, None]))
        below = np.vstack([np.zeros(len(cost)), inner, np.ones(len(cost))])
        at_level = below[cost, np.arange(len(cost))] - below[cost - 1, np.arange(len(cost))]
        total: float = np.log(at_level).sum()
        return total

    found = maximise(log_likelihood, np.array([0.0, 0.0, -1.0, 0.0, 1.0]))
    between = [f"{low}|{high}" for low, high in pairwise(_LEVELS)]
    model = {"deviance": -2 * found.value, "aic": 2 * (len(found.point) - found.value)}
    return Estimated((*_TERMS, *between), found.point, found.std_errors, model)


STUDY = Study(
    name="martin-1992",
    article="martin_1992",
    question="Does cooperation in sanctions go with costs of the leading state?",
    sources=("sanctions-cooperation",),
    tables={"Cost of sanctions": "ordered logit of the cost (documentation of R's Zelig)"},
    recipe=("78 cases; cost from net gain to major loss; inverse observed information.",),
    models=(Model("Cost of sanctions", "ordered logit", ordered_logit),),
    deviations={
        "stop": "the optimiser of R's polr stops at its default tolerance; with a stricter one it "
        "gives ours",
    },
)
