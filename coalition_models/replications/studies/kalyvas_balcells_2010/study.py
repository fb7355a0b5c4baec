"""Kalyvas and Balcells (2010): how civil wars are fought, before and after the Cold War."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.discrete.discrete_model import MNLogit

from coalition_models.models.specification import Specification
from coalition_models.replications.numbers import Estimated, Key
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "complete_wars", "multinomial_logit", "probabilities"]

_TERMS = ("rough_terrain", "ethnic", "income", "after_1990")
_BASE, _OTHERS = "irregular", ("conventional", "non-conventional")


def complete_wars(wars: pd.DataFrame) -> pd.DataFrame:
    """Keep the wars without a gap; ethnic war is 1 or 2, as in the printed models.

    Examples
    --------
    >>> wars = pd.DataFrame({"technology": ["irregular", None], "rough_terrain": 1.0,
    ...                      "ethnic": [0, 1], "income": 1.0, "after_1990": 0})
    >>> complete_wars(wars)[["ethnic", "conventional"]].to_numpy().tolist()
    [[1, 0]]
    """
    rows = wars.dropna(subset=["technology", *_TERMS])
    return rows.assign(
        ethnic=rows["ethnic"] + 1,
        **{name: (rows["technology"] == name).astype(int) for name in _OTHERS},
    ).rename(columns={"non-conventional": "non_conventional"})


def _design(rows: pd.DataFrame) -> np.ndarray:
    return np.column_stack([np.ones(len(rows)), rows[list(_TERMS)].to_numpy(float)])


def _fitted(rows: pd.DataFrame) -> MNLogit:
    technology = rows["technology"].map({_BASE: 0, _OTHERS[0]: 1, _OTHERS[1]: 2}).to_numpy(int)
    return MNLogit(technology, _design(rows)).fit(method="newton", tol=1e-12, disp=False)


def multinomial_logit(rows: pd.DataFrame) -> Estimated:
    """Multinomial logit against irregular wars, each term as ``technology: term``."""
    found = _fitted(rows)
    names = [f"{other}: {term}" for other in _OTHERS for term in ("Intercept", *_TERMS)]
    null, value = float(found.llnull), float(found.llf)
    ratio, degrees = 2 * (value - null), len(names) - len(_OTHERS)
    others: dict[Key, float] = {
        (f"technology: {name}", "rows"): float((rows["technology"] == name).sum())
        for name in (_BASE, *_OTHERS)
    }
    for term in ("after_1990", "ethnic"):
        counts = rows[term].astype(int).value_counts()
        others |= {(f"{term} = {level}", "rows"): float(n) for level, n in counts.items()}
    model = {
        "log_likelihood": value,
        "log_likelihood_null": null,
        "log_likelihood_equal": -len(rows) * np.log(3),
        "likelihood_ratio": ratio,
        "likelihood_ratio_df": degrees,
        "likelihood_ratio_p": float(stats.chi2.sf(ratio, degrees)),
        "parameters": len(names),
        "parameters_null": len(_OTHERS),
        "aic": 2 * (len(names) - value),
    }
    errors = np.asarray(found.bse).ravel(order="F")
    return Estimated(tuple(names), np.asarray(found.params).ravel(order="F"), errors, model, others)


def probabilities(rows: pd.DataFrame) -> Estimated:
    """Predicted probabilities before and after 1990, other covariates at their means."""
    at = np.tile(_design(rows).mean(axis=0), (2, 1))
    at[:, -1] = [0, 1]
    predicted = _fitted(rows).predict(at)
    return Estimated(
        others={
            (f"after_1990 = {after}, {name}", "probability"): float(predicted[after, place])
            for after in (0, 1)
            for place, name in enumerate((_BASE, *_OTHERS))
        }
    )


STUDY = Study(
    name="kalyvas-balcells-2010",
    article="kalyvas_balcells_2010",
    question="How did the end of the Cold War change the way civil wars are fought?",
    sources=("rebellion-technologies",),
    tables={"Technologies": "multinomial and binary logits (replication by A. Fogarty)"},
    recipe=(
        "137 of 147 wars are complete; irregular wars are the base.",
        "Ethnic war is 1 or 2, which moves the constant and nothing else.",
        "The binary logits leave out the wars of the third kind.",
    ),
    models=(
        Model("Technologies", "multinomial logit", multinomial_logit, prepare=complete_wars),
        Model("Technologies", "probabilities", probabilities, prepare=complete_wars),
        Model(
            "Technologies",
            "logit, conventional",
            Specification("logit", f"conventional ~ {' + '.join(_TERMS)}", time=None),
            "non_conventional == 0",
            complete_wars,
        ),
        Model(
            "Technologies",
            "logit, non-conventional",
            Specification("logit", f"non_conventional ~ {' + '.join(_TERMS)}", time=None),
            "conventional == 0",
            complete_wars,
        ),
    ),
    left_out="simulated intervals, which depend on the draws",
    deviations={
        "stop": "R's multinom stops at its default tolerance; the maximum differs in the seventh "
        "digit"
    },
)
