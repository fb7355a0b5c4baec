"""Box-Steffensmeier and Jones (2004): how long UN peacekeeping missions last."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import optimize, special
from statsmodels.tools.numdiff import approx_hess3

from coalition_models.models.after.nonparametric import survival_curve
from coalition_models.models.specification import Specification
from coalition_models.replications.lifetimes import natural_form
from coalition_models.replications.numbers import Estimated, Key
from coalition_models.replications.studies.box_steffensmeier_jones_2004.lifelines_form import (
    gamma_regression,
    lifelines_cox,
    lifelines_single,
)
from coalition_models.replications.study import Model, Study

__all__ = ["STUDY", "generalised_gamma", "listed", "survival_at", "with_duration"]

_FAR = 365.25


def with_duration(missions: pd.DataFrame) -> pd.DataFrame:
    """Keep the missions that have a duration: 54 of 58."""
    return missions.dropna(subset=["months"])


def listed(rows: pd.DataFrame) -> Estimated:
    """Kaplan-Meier at each end of a mission, limits on the log(-log) scale, as Stata lists it."""
    curve = survival_curve(rows, event="ended", start=None, stop="months", interval="log-log")
    others: dict[Key, float] = {}
    for row in curve.table.to_dict("records"):
        name = f"month {row['time']:g}"
        gone = (rows["months"] == row["time"]) & (rows["ended"] == 0)
        values = {
            "at_risk": row["at_risk"], "events": row["events"], "censored": gone.sum(),
            "survival": row["survival"], "std_error": row["std_error"],
            "conf_low": row["conf_low"], "conf_high": row["conf_high"],
        }  # fmt: skip
        others |= {(name, what): float(value) for what, value in values.items()}
    return Estimated(others=others)


def survival_at(rows: pd.DataFrame, *, month: float = _FAR) -> Estimated:
    """Kaplan-Meier at a time, limits on the log scale, as R prints it."""
    curve = survival_curve(rows, event="ended", start=None, stop="months", interval="log")
    reached = curve.table[curve.table["time"] <= month]
    last = reached.iloc[-1]
    values = {
        "at_risk": (rows["months"] >= month).sum(), "events": reached["events"].sum(),
        "survival": last["survival"], "std_error": last["std_error"],
        "conf_low": last["conf_low"], "conf_high": last["conf_high"],
    }  # fmt: skip
    others = {(f"month {month:g}", what): float(value) for what, value in values.items()}
    return Estimated(others=others)


def generalised_gamma(rows: pd.DataFrame) -> Estimated:
    """Prentice's generalised gamma without covariates: mu, sigma (limits on the log scale), Q.

    For Q below nought, as here.
    """
    time, ended = rows["months"].to_numpy(float), rows["ended"].to_numpy(float) == 1

    def loss(at: np.ndarray) -> float:
        mu, log_sigma, Q = at
        w = (np.log(time) - mu) / np.exp(log_sigma)
        k, u = Q**-2, np.exp(Q * w) / Q**2
        density = np.log(abs(Q)) - log_sigma - np.log(time) + k * np.log(u)
        density = density - u - special.gammaln(k)
        staying = np.log(special.gammainc(k, u))
        return -float(np.where(ended, density, staying).sum())

    start = np.array([np.log(time).mean(), 0.0, -0.5])
    found = optimize.minimize(loss, start, method="Nelder-Mead", options=_CLOSE)
    point = found.x
    errors = np.sqrt(np.diag(np.linalg.inv(approx_hess3(point, loss))))
    sigma, half = np.exp(point[1]), 1.959963984540054 * errors[1]
    model = {
        "rows": len(rows), "events": ended.sum(), "censored": (~ended).sum(),
        "time_at_risk": time.sum(), "log_likelihood": -found.fun, "parameters": 3,
        "aic": 2 * (3 + found.fun),
    }  # fmt: skip
    limits = {("sigma", "conf_low"): sigma * np.exp(-half)}
    limits[("sigma", "conf_high")] = sigma * np.exp(half)
    return Estimated(
        ("mu", "sigma", "Q"),
        np.array([point[0], sigma, point[2]]),
        errors * [1, sigma, 1],
        model,
        limits,
    )


_CLOSE = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 5000, "maxfev": 5000}
_FORMULA = "ended ~ civil + interstate"


def _asked(distribution: str) -> dict[str, str]:
    return {"formula": _FORMULA, "distribution": distribution, "stop": "months"}


STUDY = Study(
    name="box-steffensmeier-jones-2004",
    article="box_steffensmeier_jones_2004",
    question="Do peacekeeping missions last longer in civil wars or between states?",
    sources=("peacekeeping-missions",),
    tables={
        "Survival": "Kaplan-Meier (authors' Stata log; page by M. L. Davies)",
        "Durations": "parametric models (page by M. L. Davies, R's flexsurv)",
        "Cox": "Cox model, Efron (the same page)",
        "Lifelines": "the same by Python's lifelines (the same page)",
    },
    recipe=(
        "54 missions with a duration, in months (the page says days).",
        "Reference: internationalised civil wars.",
        "Limits of positive parameters on the log scale; effects on the logarithm of time.",
        "The kind of war as a factor is the same model: its numbers were printed twice.",
        "Lifelines: the generalised gamma takes the kind of war as a number from 1 to 3; positive "
        "parameters without covariates are tested against one.",
    ),
    models=(
        Model("Survival", "list", listed, prepare=with_duration),
        Model("Survival", "at 365.25", survival_at, prepare=with_duration),
        Model("Durations", "generalised gamma, none", generalised_gamma, prepare=with_duration),
        *(
            Model(
                "Durations", name, natural_form, prepare=with_duration,
                options=_asked(distribution),
            )
            for name, distribution in (
                ("generalised gamma", "gengamma"), ("generalised gamma, factor", "gengamma"),
                ("Weibull", "weibull"),
                ("log-normal", "lognormal"),
            )
        ),
        Model(
            "Cox",
            "Cox, Efron",
            Specification("cox", _FORMULA, start=None, stop="months", variance="model"),
            prepare=with_duration,
        ),
        Model("Lifelines", "generalised gamma", gamma_regression, prepare=with_duration),
        Model(
            "Lifelines", "Weibull, none", lifelines_single, prepare=with_duration,
            options={"distribution": "weibull"},
        ),
        Model(
            "Lifelines", "log-normal, none", lifelines_single, prepare=with_duration,
            options={"distribution": "lognormal"},
        ),
        Model("Lifelines", "Cox", lifelines_cox, prepare=with_duration),
    ),
    deviations={
        "stop": "the optimiser of R's flexsurv stopped a little earlier",
        "early": "lifelines stops at its default precision, a little before the maximum",
        "penalty": "lifelines prints these with a penalty of 0.0001; ours are without one",
        "rotated": "lifelines 0.30 gives each parameter of this regression the standard error of "
        "another one, and tests and limits follow from it",
        "counts": "lifelines counts three parameters of six",
    },
)  # fmt: skip
