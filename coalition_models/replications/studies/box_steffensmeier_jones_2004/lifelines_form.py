"""Durations of missions as Python's lifelines prints them, at the maximum that it aims at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import optimize, special, stats
from statsmodels.tools.numdiff import approx_fprime, approx_hess3

from coalition_models.models.cox.api import cox
from coalition_models.replications.numbers import Estimated, Key

__all__ = ["gamma_regression", "lifelines_cox", "lifelines_single", "log_likelihood"]

Floats = npt.NDArray[np.float64]
_CLOSE = {"xatol": 1e-10, "fatol": 1e-12, "maxiter": 40_000, "maxfev": 40_000}
#: distribution -> its parameters, and how they make it
_SINGLE: Mapping[str, tuple[tuple[str, str], Callable[[float, float], Any]]] = {
    "weibull": (("lambda", "rho"), lambda scale, shape: stats.weibull_min(shape, scale=scale)),
    "lognormal": (("mu", "sigma"), lambda mu, sigma: stats.lognorm(sigma, scale=np.exp(mu))),
}
_NEWTON = 3
_PARTS = ("mu", "sigma", "lambda")


def lifelines_cox(rows: pd.DataFrame) -> Estimated:
    """The Cox model with Efron's ties; p-values as bits too."""
    fit = cox("ended ~ civil + interstate", rows, start=None, stop="months", variance="model")
    model = {"rows": float(len(rows)), "censored": float((rows["ended"] == 0).sum())}
    return _with_tests(tuple(fit.names), fit.coefficients, fit.std_errors, model, {})


def lifelines_single(rows: pd.DataFrame, *, distribution: str) -> Estimated:
    """A distribution without covariates; positive parameters are tested against one."""
    time, ended = rows["months"].to_numpy(float), rows["ended"].to_numpy(float) == 1
    named, made = _SINGLE[distribution]

    def loss(at: Floats) -> float:
        law = made(*at)
        return -float(np.where(ended, law.logpdf(time), law.logsf(time)).sum())

    start = np.array([np.log(time).mean() if "mu" in named else time.mean(), 1.0])
    found, least, errors = _climb(loss, start)
    count = len(named)
    model = {
        "aic": 2 * (count + least),
        "bic": count * np.log(len(rows)) + 2 * least,
    }
    against = {name: 0.0 if name == "mu" else 1.0 for name in named}
    return _with_tests(named, found, errors, model, against)


def gamma_regression(rows: pd.DataFrame) -> Estimated:
    """Prentice's generalised gamma whose three parameters depend on the kind of war, a number.

    1 for civil wars, 2 for wars between states, 3 for internationalised civil wars; sigma is on
    the log scale.
    """
    time, ended = rows["months"].to_numpy(float), rows["ended"].to_numpy(float) == 1
    kind = np.where(rows["civil"] == 1, 1.0, np.where(rows["interstate"] == 1, 2.0, 3.0))
    alone = np.ones((len(rows), 1))
    both = np.column_stack([alone, kind])
    single, most, _ = _climb(
        lambda at: -log_likelihood(at, time, ended, alone),
        np.array([np.log(time).mean(), 0.0, -0.9]),
    )
    found, least, errors = _climb(
        lambda at: -log_likelihood(at, time, ended, both),
        np.column_stack([single, np.zeros(3)]).ravel(),
    )
    names = tuple(f"{part}: {term}" for part in _PARTS for term in ("Intercept", "war_type"))
    ratio = 2 * (most - least)
    p = stats.chi2.sf(ratio, len(_PARTS))
    model = {
        "rows": len(rows), "events": ended.sum(), "censored": (~ended).sum(),
        "log_likelihood": -least, "aic": 2 * (len(names) + least),
        "bic": 2 * least + len(names) * np.log(len(rows)),
        "likelihood_ratio": ratio, "likelihood_ratio_bits": -np.log2(p),
    }  # fmt: skip
    return _with_tests(names, found, errors, model, {})


def log_likelihood(at: Floats, time: Floats, ended: npt.NDArray[np.bool_], X: Floats) -> float:
    """Of (3 p,) coefficients of mu, log sigma and lambda; lambda must be below nought.

    Examples
    --------
    >>> time, ended = np.array([1.0, 2.0]), np.array([True, False])
    >>> at = np.array([0.0, 0.0, -1.0])
    >>> round(log_likelihood(at, time, ended, np.ones((2, 1))), 4)  # 1 / T is exponential
    -1.9328
    """
    mu, log_sigma, shape = (X @ at.reshape(3, -1).T).T
    if (shape >= 0).any():
        return -np.inf
    w = (np.log(time) - mu) / np.exp(log_sigma)
    k, u = shape**-2, np.exp(shape * w) / shape**2
    density = np.log(-shape) - log_sigma - np.log(time) + k * np.log(u) - u - special.gammaln(k)
    with np.errstate(divide="ignore"):
        staying = np.log(special.gammainc(k, u))
    return float(np.where(ended, density, staying).sum())


def _climb(loss: Callable[[Floats], float], start: Floats) -> tuple[Floats, float, Floats]:
    """Where a loss is least, its value there, and standard errors from its curvature."""
    at = optimize.minimize(loss, start, method="Nelder-Mead", options=_CLOSE).x
    for _ in range(_NEWTON):
        at = at - np.linalg.solve(approx_hess3(at, loss), approx_fprime(at, loss, centered=True))
    errors = np.sqrt(np.diag(np.linalg.inv(approx_hess3(at, loss))))
    return at, loss(at), errors


def _with_tests(
    names: Sequence[str],
    values: Floats,
    errors: Floats,
    model: Mapping[str, float],
    against: Mapping[str, float],
) -> Estimated:
    """Estimates with z, p and its bits, each against nought or another value."""
    others: dict[Key, float] = {}
    for name, value, error in zip(names, values, errors, strict=True):
        z = (value - against.get(name, 0.0)) / error
        p = 2 * stats.norm.sf(abs(z))
        others |= {(name, "z"): z, (name, "p_value"): p, (name, "p_bits"): -np.log2(p)}
    return Estimated(tuple(names), np.asarray(values), np.asarray(errors), dict(model), others)
