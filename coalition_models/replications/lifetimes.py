"""Parametric models in the forms in which other programs print them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.tools.numdiff import approx_fprime_cs

from coalition_models.models.fit import Fit
from coalition_models.models.parametric.api import parametric
from coalition_models.replications.numbers import MODEL, Estimated, Key, numbers_of

__all__ = ["hazard_form", "natural_form", "time_form"]

Floats = npt.NDArray[np.float64]
_HALF = float(stats.norm.isf(0.025))
_MODEL = (
    "rows", "events", "dropped", "log_likelihood", "log_likelihood_null", "likelihood_ratio", "aic",
)  # fmt: skip
#: distribution -> what its location and its other parameter are called in natural units
_NATURAL = {
    "weibull": ("scale", "shape"),
    "lognormal": ("meanlog", "sdlog"),
    "gengamma": ("mu", "sigma"),
}


def _fit(rows: pd.DataFrame, formula: str, distribution: str, stop: str) -> Fit:
    return parametric(formula, rows, distribution=distribution, start=None, stop=stop)


def _changed(
    fit: Fit, names: tuple[str, ...], change: Callable[[Floats], Floats], **others: float
) -> Estimated:
    """Estimates as a function of the fit's own, with standard errors by the delta method."""
    slope = np.atleast_2d(np.asarray(approx_fprime_cs(fit.coefficients, change), np.float64))
    errors = np.sqrt(np.diag(slope @ fit.covariance @ slope.T))
    found = numbers_of(fit, [(MODEL, name) for name in _MODEL])
    model = {quantity: value for (_, quantity), value in found.items()} | others
    return Estimated(names, change(fit.coefficients), errors, model)


def time_form(rows: pd.DataFrame, *, formula: str, distribution: str, stop: str) -> Estimated:
    """Effects on the logarithm of time and, but for the exponential, ``log(scale)``.

    As R's ``survreg`` has it; ``distribution`` is exponential, weibull or lognormal.
    """
    fit = _fit(rows, formula, distribution, stop)
    names = (*fit.names[:-1], "log(scale)")
    if "log(sigma)" in fit.names:
        return _changed(fit, names, lambda at: at)
    if "log(shape)" not in fit.names:
        return _changed(fit, fit.names, lambda at: -at)
    return _changed(fit, names, lambda at: np.append(-at[:-1] / np.exp(at[-1]), -at[-1]))


def hazard_form(rows: pd.DataFrame, *, formula: str, distribution: str, stop: str) -> Estimated:
    """Log hazard ratios with ``log(scale)`` and, for the Weibull, ``log(shape)``.

    As R's ``eha`` has it; ``distribution`` is exponential or weibull.
    """
    fit = _fit(rows, formula, distribution, stop)
    if "log(shape)" not in fit.names:
        names = (*fit.names[1:], "log(scale)")
        return _changed(fit, names, lambda at: np.append(at[1:], -at[0]))
    names = (*fit.names[1:-1], "log(scale)", "log(shape)")
    return _changed(
        fit, names, lambda at: np.concatenate([at[1:-1], [-at[0] / np.exp(at[-1])], at[-1:]])
    )


def natural_form(rows: pd.DataFrame, *, formula: str, distribution: str, stop: str) -> Estimated:
    """Parameters in natural units, effects on the logarithm of time, as R's ``flexsurv`` has it.

    Limits of positive parameters are on the log scale.
    """
    fit = _fit(rows, formula, distribution, stop)
    location, spread = _NATURAL[distribution]
    shaped = "log(shape)" in fit.names
    last = fit.names.index("log(shape)" if shaped else "log(sigma)")
    terms, rest = fit.names[1:last], fit.names[last + 1 :]

    def change(at: Floats) -> Floats:
        if not shaped:
            return np.concatenate([at[:last], at[last:]])
        return np.append(-at[:last] / np.exp(at[last]), at[last])

    logs = _changed(fit, (location, *terms, spread, *rest), change)
    positive = ("scale", "shape", "sdlog", "sigma")
    point, errors, others = logs.coefficients.copy(), logs.std_errors.copy(), {}
    for place, name in enumerate(logs.names):
        if name in positive:
            value, half = np.exp(point[place]), _HALF * errors[place]
            others[name, "conf_low"] = value * np.exp(-half)
            others[name, "conf_high"] = value * np.exp(half)
            point[place], errors[place] = value, value * errors[place]
    model = dict(logs.model) | {
        "censored": logs.model["rows"] - logs.model["events"],
        "time_at_risk": float(rows[stop].sum()),
        "parameters": len(point),
    }
    means: dict[Key, float] = {(term, "data_mean"): float(rows[term].mean()) for term in terms}
    return Estimated(logs.names, point, errors, model, others | means)
