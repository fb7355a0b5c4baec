"""Barrilleaux and Rainey (2014): governors on Medicaid, a completely separated covariate."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.models.discrete.api import logit
from coalition_models.models.specification import Specification
from coalition_models.replications.linear import glm_as_r
from coalition_models.replications.numbers import MODEL, Estimated
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "add_democrat", "cells", "separated"]

_OTHERS = (
    "favorable", "republican_legislature", "uninsured", "fiscal_balance", "multiplier",
    "nonwhite", "metropolitan",
)  # fmt: skip
_WITHOUT = f"opposes ~ {' + '.join(_OTHERS)}"


def add_democrat(states: pd.DataFrame) -> pd.DataFrame:
    """Add ``democratic_governor``, 0 or 1.

    Examples
    --------
    >>> add_democrat(pd.DataFrame({"republican_governor": [0.4, -0.6]})).iloc[:, -1].tolist()
    [0, 1]
    """
    return states.assign(democratic_governor=(states["republican_governor"] < 0).astype(int))


def separated(rows: pd.DataFrame) -> Estimated:
    """Maximum likelihood where a covariate separates: it runs off, the others have a limit.

    The limit is the fit without the states that the covariate predicts perfectly. The covariate
    itself is tested by its likelihood ratio and by its score where its coefficient is nought.
    """
    limit = logit(_WITHOUT, rows[rows["democratic_governor"] == 0], time=None)
    without = logit(_WITHOUT, rows, time=None)
    ratio = 2 * (limit.log_likelihood - without.log_likelihood)
    Z = np.column_stack([without.values_of(name) for name in without.names])
    p = without.predict().to_numpy()
    x, weight = rows["democratic_governor"].to_numpy(float), p * (1 - p)
    shared = Z.T @ (weight * x)
    score = x @ (rows["opposes"].to_numpy(float) - p)
    variance = x @ (weight * x) - shared @ np.linalg.solve(Z.T @ (Z * weight[:, None]), shared)
    term = "democratic_governor"
    others = {
        (term, "likelihood_ratio"): ratio,
        (term, "likelihood_ratio_df"): 1.0,
        (term, "likelihood_ratio_p"): float(stats.chi2.sf(ratio, 1)),
        (term, "score_p"): float(stats.chi2.sf(score**2 / variance, 1)),
        (MODEL, "deviance_without"): -2 * without.log_likelihood,
        (MODEL, "residual_df_without"): len(rows) - len(without.names),
    }
    return Estimated(limit.names, limit.coefficients, limit.std_errors, others=others)


def cells(rows: pd.DataFrame) -> Estimated:
    """Count states by what their governor does and is."""
    counts = rows.groupby(["opposes", "democratic_governor"]).size()
    return Estimated(
        others={
            (f"opposes = {opposes}, democratic governor = {democrat}", "rows"): float(
                counts.get((opposes, democrat), 0)
            )
            for opposes in (0, 1)
            for democrat in (0, 1)
        }
    )


STUDY = Study(
    name="barrilleaux-rainey-2014",
    article="barrilleaux_rainey_2014",
    question="Why did governors oppose the expansion of Medicaid?",
    sources=("medicaid-opposition",),
    tables={
        "Separation": "estimators and tests under separation (Rainey 2023)",
        "Help page": "R's logit where it stops (documentation of R's crdata)",
    },
    recipe=(
        "No Democratic governor opposes: the coefficient has no finite maximum.",
        "Maximum likelihood: the limit of the other coefficients; likelihood ratio and score test.",
        "Firth: Wald's p-values, as printed.",
        "Help page: R's start and stopping rule, since what it prints is where it stopped.",
    ),
    models=(
        Model("Separation", "maximum likelihood", separated, prepare=add_democrat),
        Model(
            "Separation",
            "Firth",
            Specification(
                "logit", f"opposes ~ democratic_governor + {' + '.join(_OTHERS)}", time=None,
                penalty="firth",
            ),
            prepare=add_democrat,
        ),
        Model(
            "Help page",
            "logit, where R stops",
            glm_as_r,
            options={
                "outcome": "opposes", "terms": ("republican_governor", *_OTHERS),
                "family": "binomial",
            },
        ),
        Model("Help page", "test", separated, prepare=add_democrat),
        Model("Help page", "counts", cells, prepare=add_democrat),
    ),
    deviations={
        "rounding": "the coefficient runs off, and its standard error where R stopped depends on "
        "how numbers are rounded on the way"
    },
    left_out="27 numbers with Cauchy priors",
)  # fmt: skip
