"""Iqbal and Zorn (2008): what the assassination of leaders changes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from coalition_models.replications.numbers import Estimated, Key
from coalition_models.replications.studies.iqbal_zorn_2008.random_intercept import (
    random_intercept,
)
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "complete_rows", "welch"]

_TERMS = (
    "log_population", "years_since_1900", "cold_war", "log_income", "log_growth",
    "log_openness", "democracy", "democracy_squared", "regulated", "assassination",
    "assassination_regulated",
)  # fmt: skip
_OUTCOMES = {
    "unrest": "Table 2", "instability": "Table 2", "internal_conflict": "Table 3",
    "internationalized_conflict": "Table 3", "combined_conflict": "Table 3",
}  # fmt: skip
_SAMPLES = {"all": "", "unregulated": "regulated == 0", "regulated": "regulated == 1"}


def complete_rows(states: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows of the model of unrest, on which all tests of Table 1 are made."""
    return states.dropna(subset=["unrest", *_TERMS])


def welch(rows: pd.DataFrame, *, outcome: str) -> Estimated:
    """Compare an outcome after a year without (0) and with (1) an assassination.

    Examples
    --------
    >>> rows = pd.DataFrame({"assassination": [0, 0, 1, 1], "unrest": [1.0, 2.0, 3.0, 6.0]})
    >>> round(welch(rows, outcome="unrest").others["difference", "t"], 3)
    -1.897
    """
    values = rows[outcome].astype("float64")
    parts = [values[rows["assassination"] == which] for which in (0, 1)]
    others: dict[Key, float] = {}
    for name, part in zip(("group 0", "group 1", "combined"), (*parts, values), strict=True):
        error = part.std() / np.sqrt(len(part))
        half = stats.t.isf(0.025, len(part) - 1) * error
        found = {
            "rows": len(part), "mean": part.mean(), "std_error": error, "sd": part.std(),
            "conf_low": part.mean() - half, "conf_high": part.mean() + half,
        }  # fmt: skip
        others |= {(name, what): float(value) for what, value in found.items()}
    spreads = np.array([part.var() / len(part) for part in parts])
    error = np.sqrt(spreads.sum())
    df = spreads.sum() ** 2 / sum(
        spread**2 / (len(part) - 1) for spread, part in zip(spreads, parts, strict=True)
    )
    mean = parts[0].mean() - parts[1].mean()
    t, half = mean / error, stats.t.isf(0.025, df) * error
    found = {
        "mean": mean, "std_error": error, "conf_low": mean - half, "conf_high": mean + half,
        "t": t, "df": df, "p_less": stats.t.cdf(t, df), "p_greater": stats.t.sf(t, df),
        "p_two_sided": 2 * stats.t.sf(abs(t), df),
    }  # fmt: skip
    others |= {("difference", what): float(value) for what, value in found.items()}
    return Estimated(others=others)


def _tests(table: str) -> tuple[Model, ...]:
    return tuple(
        Model(table, f"{outcome}, {sample}", welch, where, complete_rows,
              options={"outcome": outcome})
        for outcome in _OUTCOMES
        for sample, where in _SAMPLES.items()
    )  # fmt: skip


def _models(table: str) -> tuple[Model, ...]:
    return tuple(
        Model(table or own, outcome, random_intercept,
              options={"outcome": outcome, "terms": _TERMS})
        for outcome, own in _OUTCOMES.items()
    )  # fmt: skip


STUDY = Study(
    name="iqbal-zorn-2008",
    article="iqbal_zorn_2008",
    question="Do assassinations of leaders bring unrest and conflict?",
    sources=("assassinations",),
    tables={
        "Table 1": "tests of means by assassination",
        "Table 2": "unrest and instability, random intercepts",
        "Table 3": "conflict, random intercepts",
        "Log, tests": "the authors' log of the same tests",
        "Log, models": "the authors' log of the same models",
    },
    recipe=(
        "Tests: Welch's, on the complete rows of the model of unrest; printed p one-sided.",
        "Models: normal intercept by state, maximum likelihood, complete rows of each outcome.",
        "Standard errors of the observed information of coefficients and both standard deviations.",
        "Limits of standard deviations on the log scale, of rho on the probit scale.",
        "Text: the p of .01 of assassinations is one-sided, the p of .35 where regulated is not.",
    ),
    models=(*_tests("Table 1"), *_models(""), *_tests("Log, tests"), *_models("Log, models")),
    deviations={
        "hessian": "standard errors apart by a ten-thousandth of themselves at most: Stata seems "
        "to take the information a little before the maximum",
        "rounded": "the article rounds its own log otherwise",
    },
)
