"""The families that statsmodels and lifelines have, as ``families.py`` times them."""

from __future__ import annotations

from collections.abc import Callable

import lifelines
import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.discrete.conditional_models import ConditionalLogit

__all__ = ["in_python"]

NAMES = list("abcd")


def in_python(data: pd.DataFrame) -> dict[str, tuple[str, Callable[[], object]]]:
    """Family -> the package, and a fit of it."""
    times = data[[*NAMES, "stop", "event"]]
    X = np.column_stack([np.ones(len(data)), data[NAMES], np.log(data["stop"])])
    y, kinds, states = (data[name].to_numpy() for name in ("year_event", "year_kind", "state"))
    links = sm.families.links
    cuts = list(np.quantile(data.loc[data["event"] == 1, "stop"], (0.25, 0.5, 0.75)))

    def aft(fitter: object) -> Callable[[], object]:
        return lambda: fitter.fit(times, "stop", "event")  # type: ignore[attr-defined]

    def glm(link: object) -> Callable[[], object]:
        model = sm.GLM(y, X, sm.families.Binomial(link=link))
        return lambda: model.fit(cov_type="cluster", cov_kwds={"groups": states})

    lifetimes = {
        "weibull": lifelines.WeibullAFTFitter(),
        "lognormal": lifelines.LogNormalAFTFitter(),
        "loglogistic": lifelines.LogLogisticAFTFitter(),
        "piecewise": lifelines.PiecewiseExponentialRegressionFitter(cuts),
    }
    out = {name: ("lifelines", aft(fitter)) for name, fitter in lifetimes.items()}
    binary = {"logit": links.Logit(), "probit": links.Probit(), "cloglog": links.CLogLog()}
    out |= {name: ("statsmodels", glm(link)) for name, link in binary.items()}
    out["multinomial"] = "statsmodels", lambda: sm.MNLogit(kinds, X).fit(disp=0)
    out["conditional_logit"] = (
        "statsmodels",
        lambda: ConditionalLogit(y, X[:, 1:5], groups=states).fit(disp=0),
    )
    return out
