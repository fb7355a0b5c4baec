"""King and Zeng (2001): rare disputes, corrected for case-control sampling and small numbers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.discrete.api import logit
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "relogit"]

Floats = npt.NDArray[np.float64]

_FORMULA = (
    "dispute ~ major_power + contiguous + power_balance + max_democracy + min_democracy "
    "+ peace_years"
)
#: disputes among all dyad-years from which the peaceful ones were sampled
_POPULATION = 1042 / 303772


def relogit(
    rows: pd.DataFrame, *, correct: Literal["prior", "weights"], share: float = _POPULATION
) -> Estimated:
    """Fit a logit to a case-control sample and take off the bias of rare events.

    Parameters
    ----------
    rows : DataFrame
    correct : {"prior", "weights"}
        Correct the sampling in the constant, or by weighting rows.
    share : float
        Share of events in the population.

    Notes
    -----
    The bias is the coefficient vector of a weighted regression (King and Zeng 2001, appendix),
    with weights in both ways of correcting, as in the software that printed the numbers.
    """
    observed = float(rows["dispute"].mean())
    of_events, of_others = share / observed, (1 - share) / (1 - observed)
    weighted = rows.assign(weight=np.where(rows["dispute"] == 1, of_events, of_others))
    by_weight = correct == "weights"
    fit = logit(_FORMULA, weighted, time=None, weights="weight" if by_weight else None)
    X = np.column_stack([fit.values_of(name) for name in fit.names])
    event = weighted["dispute"].to_numpy(float)
    probability = fit.predict().to_numpy()
    bias = _bias(X, probability, weighted["weight"].to_numpy(float), of_events)
    coefficients = fit.coefficients - bias
    errors = fit.std_errors
    if by_weight:
        scores = X * ((event - probability) * weighted["weight"].to_numpy(float))[:, None]
        sandwich = fit.model_covariance @ scores.T @ scores @ fit.model_covariance
        errors = np.sqrt(np.diag(sandwich) * len(X) / (len(X) - X.shape[1]))
    else:
        odds = (1 - share) / share * observed / (1 - observed)
        coefficients = coefficients - np.log(odds) * (np.array(fit.names) == "Intercept")
    deviance = -2 * fit.log_likelihood
    model = {"deviance": deviance, "aic": deviance + 2 * len(fit.names)}
    return Estimated(fit.names, coefficients, errors, model)


def _bias(X: Floats, probability: Floats, weights: Floats, of_events: float) -> Floats:
    W = probability * (1 - probability) * weights
    inverse = np.linalg.inv(X.T @ (X * W[:, None]))
    leverage = np.einsum("ij,jk,ik->i", X, inverse, X)
    xi = 0.5 * leverage * ((1 + of_events) * probability - of_events)
    bias: Floats = inverse @ X.T @ (W * xi)
    return bias


STUDY = Study(
    name="king-zeng-2001",
    article="king_zeng_2001",
    question="What makes disputes between two states likely, when disputes are rare?",
    sources=("rare-disputes",),
    tables={"Disputes": "rare-events logit of disputes (documentation of R's Zelig)"},
    recipe=(
        "1,042 disputes and twice as many peaceful dyad-years; share in the population "
        "1042/303772.",
        "Prior correction: plain standard errors; the bias is weighted in this variant too.",
        "Weighting: sandwich by row times n/(n-k).",
    ),
    models=(
        Model("Disputes", "relogit, prior correction", relogit, options={"correct": "prior"}),
        Model("Disputes", "relogit, weighting", relogit, options={"correct": "weights"}),
    ),
)
