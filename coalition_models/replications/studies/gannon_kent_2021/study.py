"""Gannon and Kent (2021): what states send to the coalition in Afghanistan."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.replications.linear import least_squares
from coalition_models.replications.numbers import Estimated
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "add_logs", "within_states"]

_OUTCOME = "troops_share"
_POLITICS = (
    "potential_gain", "un_agreement", "democracy", "casualties", "us_ally", "capability",
)  # fmt: skip
_FIXED = tuple(term for term in _POLITICS if term != "un_agreement")
_COLUMNS = {
    "Baseline": ("potential_gain",),
    "Political Controls": _POLITICS,
    "All Controls": (*_POLITICS, "log_income_total", "log_income", "distance"),
}


def add_logs(states: pd.DataFrame) -> pd.DataFrame:
    """Add logarithms, without the rows of Afghanistan, Iceland and the United States.

    Examples
    --------
    >>> states = pd.DataFrame({"cow": [2, 200], "income_total": 1.0, "income": [1.0, np.e]})
    >>> add_logs(states)[["cow", "log_income"]].to_numpy().tolist()
    [[200.0, 1.0]]
    """
    rows = states[~states["cow"].isin([2, 395, 700])]
    logs = {
        f"log_{name}": np.log(rows[name].where(rows[name] > 0))
        for name in ("income_total", "income")
    }
    return rows.assign(**logs)


def within_states(rows: pd.DataFrame) -> Estimated:
    """Least squares on deviations from each state's mean over its complete rows.

    The adjusted R-squared sets the residual variance, states counted, against the variance of the
    deviations with n - 1 degrees of freedom, as in R's plm.
    """
    used = rows[["cow", _OUTCOME, *_FIXED]].astype("float64").dropna()
    apart = used - used.groupby("cow").transform("mean").reindex(columns=used.columns)
    y, X = apart[_OUTCOME].to_numpy(), apart[list(_FIXED)].to_numpy()
    inverse = np.linalg.inv(X.T @ X)
    coefficients = inverse @ X.T @ y
    residual, total = float(((y - X @ coefficients) ** 2).sum()), float((y**2).sum())
    degrees = len(used) - used["cow"].nunique() - len(_FIXED)
    errors = np.sqrt(residual / degrees * np.diag(inverse))
    model = {
        "rows": len(used),
        "dropped": len(rows) - len(used),
        "r_squared": 1 - residual / total,
        "r_squared_adjusted": 1 - residual / degrees / (total / (len(used) - 1)),
    }
    return Estimated(_FIXED, coefficients, errors, model)


STUDY = Study(
    name="gannon-kent-2021",
    article="gannon_kent_2021",
    question="Do states without a strong alliance send more, in hope of one?",
    sources=("isaf-contributions",),
    tables={"Table 1": "share of armed forces in Afghanistan (accepted manuscript)"},
    recipe=(
        "Without Afghanistan, Iceland and the United States; each model takes its complete rows.",
        "Least squares with standard errors of the model: nothing is clustered by state.",
        "Limits are the normal's. AIC, BIC and likelihood count the variance as a parameter.",
        "Fixed effects: deviations from each state's mean.",
    ),
    models=(
        *(
            Model(
                "Table 1",
                name,
                least_squares,
                prepare=add_logs,
                options={"outcome": _OUTCOME, "terms": terms},
            )
            for name, terms in _COLUMNS.items()
        ),
        Model("Table 1", "Fixed Effects", within_states, prepare=add_logs),
    ),
)
