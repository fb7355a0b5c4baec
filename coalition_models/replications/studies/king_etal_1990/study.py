"""King, Alt, Burns and Laver (1990): how long cabinets last."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.replications.lifetimes import hazard_form, time_form
from coalition_models.replications.linear import complete
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.rank_tests import group_tests
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "gamma_regression", "investiture_test"]

_FULL, _TEACHING = "cabinet-durations-kabl", "cabinet-durations-zelig"
_TERMS = (
    "fractionalization", "polarization", "formation_attempts", "investiture", "majority",
    "post_election", "caretaker",
)  # fmt: skip
_TWO = ("fractionalization", "majority")


def gamma_regression(rows: pd.DataFrame) -> Estimated:
    """Gamma regression of durations with the inverse link, censoring passed over.

    The dispersion is Pearson's. As in R, the AIC takes the deviance over n in its place.
    """
    y, X, _ = complete(rows, "duration", _TWO)
    # from the regression of 1/y with weights y squared, as R's glm starts
    point = np.linalg.lstsq(X * y[:, None], np.ones(len(y)), rcond=None)[0]
    for _ in range(_STEPS):
        mu = 1 / (X @ point)
        inverse = np.linalg.inv(X.T @ (X * (mu**2)[:, None]))
        point = point + inverse @ X.T @ (mu - y)
    mu = 1 / (X @ point)
    dispersion = float(((y / mu - 1) ** 2).sum() / (len(y) - len(point)))
    spread = float(2 * (y / mu - 1 - np.log(y / mu)).sum()) / len(y)
    log_likelihood = stats.gamma.logpdf(y, 1 / spread, scale=mu * spread).sum()
    model = {"dispersion": dispersion, "aic": 2 * (len(point) + 1) - 2 * log_likelihood}
    errors = np.asarray(np.sqrt(dispersion * np.diag(inverse)), np.float64)
    return Estimated(("Intercept", *_TWO), np.asarray(point, np.float64), errors, model)


#: Newton steps, more than enough
_STEPS = 30


def investiture_test(rows: pd.DataFrame) -> Estimated:
    """Log-rank test between cabinets that must pass a vote and others."""
    found = group_tests(
        rows.assign(years=rows["duration"], left=rows["ended"]), by="investiture"
    ).others
    expected = {
        (f"investiture = {which}", "expected"): found[str(which), "events"]
        - found[str(which), "logrank_statistic"]
        for which in (0, 1)
    }
    return Estimated(model={"chi2": found["model", "logrank_chi2"]}, others=expected)


def _asked(terms: tuple[str, ...], distribution: str) -> dict[str, str]:
    formula = f"ended ~ {' + '.join(terms)}"
    return {"formula": formula, "distribution": distribution, "stop": "duration"}


STUDY = Study(
    name="king-etal-1990",
    article="king_etal_1990",
    question="What makes cabinets last?",
    sources=(_FULL, _TEACHING),
    tables={
        "Zelig": "models with two covariates (documentation of R's Zelig)",
        "Slides": "models with seven covariates and a log-rank test (course slides of C. Zorn)",
    },
    recipe=(
        "An end within a year of the constitutional end of the term is censored.",
        "Zelig: effects on the logarithm of time, as R's survreg; the gamma regression passes over "
        "censoring.",
        "Slides: log hazard ratios; scale and shape as R's eha, errors by the delta method.",
    ),
    models=(
        *(
            Model(
                "Zelig", distribution, time_form, source=_TEACHING,
                options=_asked(_TWO, distribution),
            )
            for distribution in ("exponential", "weibull", "lognormal")
        ),
        Model("Zelig", "gamma regression", gamma_regression, source=_TEACHING),
        *(
            Model("Slides", distribution, hazard_form, options=_asked(_TERMS, distribution))
            for distribution in ("exponential", "weibull")
        ),
        Model("Slides", "log-rank", investiture_test),
    ),
    deviations={
        "stop": "R's glm stops at its default tolerance; with a stricter one it gives ours",
    },
    left_out="the article's own table, which was not seen",
)  # fmt: skip
