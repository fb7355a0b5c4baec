"""Discrete time against ``glm``, ``vcovCL`` and ``brglm2``; Firth's Cox by direct maximisation."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning
from coalition_models.kernels.firth import fit_firth
from coalition_models.models.fit import Fit

FOLDER = Path(__file__).resolve().parent.parent / "fixtures" / "r"
FIXTURE, FIRTH = (
    json.loads((FOLDER / f"suite_{part}.json").read_text()) for part in ("discrete", "firth")
)
DATA = pd.DataFrame(FIXTURE["data"])
close = np.testing.assert_allclose
#: glm() stops on the deviance: away from the canonical link, and where the cubic's columns are
#: nearly collinear, its coefficients are then right to fewer digits
LOOSE = {("probit", "cubic"): 1e-5, ("cloglog", "cubic"): 1e-5}


def quiet(formula: str, data: pd.DataFrame = DATA, **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return cm.logit(formula, data, **choices)


def like(r: dict, **choices: object) -> Fit:
    return quiet(
        "event ~ x1 + x2 + region",
        link=r["link"],
        time=None if r["time"] == "none" else r["time"],
        weights="weight" if r["variant"] == "weights" else None,
        offset="o" if r["variant"] == "offset" else None,
        id="state",
        **choices,
    )


@pytest.mark.parametrize("r", FIXTURE["fits"], ids=lambda r: "-".join(list(r.values())[:3]))
def test_links_durations_and_variances(r):
    tolerance = LOOSE.get((r["link"], r["time"]), 1e-7 if r["link"] == "logit" else 2e-6)
    fit = like(r)
    close((fit.coefficients - r["coefficients"]) / r["model"], 0, atol=tolerance)
    close(fit.std_errors, r["model"], tolerance)
    close(fit.log_likelihood, r["loglik"], 1e-9)
    close(fit.glance()["aic"], r["aic"], 1e-9)
    close(like(r, cluster="state").std_errors, r["clustered"], tolerance)
    close(like(r, cluster=["state", "stop"]).std_errors, r["two_way"], tolerance)
    data = DATA.assign(row=range(len(DATA)))
    by_row = quiet(
        "event ~ x1 + x2 + region", data, link=r["link"], variance="robust", id="row",
        time=None if r["time"] == "none" else r["time"], small_sample=False,
        weights="weight" if r["variant"] == "weights" else None,
        offset="o" if r["variant"] == "offset" else None,
    )  # fmt: skip
    close(by_row.std_errors, r["row"], tolerance)


def test_jackknife_is_the_spread_of_the_refits():
    fit = quiet("event ~ x1 + x2", time="linear", cluster="state", variance="jackknife", id="state")
    close(fit.covariance, FIXTURE["jackknife"]["covariance"], 1e-7)


@pytest.mark.parametrize("r", FIXTURE["firth"], ids=lambda r: f"{r['terms']} {r['time']}")
def test_firth_against_brglm2(r):
    """Also where a column separates, which has no finite maximum without the penalty."""
    data = DATA.assign(wall=((DATA["event"] == 0) & (DATA["x1"] > 0.6)).astype(int))
    fit = quiet("event ~ " + r["terms"], data, time=r["time"], penalty="firth", id="state")
    close(fit.coefficients, r["coefficients"], 1e-7)
    close(fit.std_errors, r["errors"], 1e-6)


@pytest.mark.parametrize("r", FIRTH["fits"], ids=lambda r: f"{r['name']}-{r['ties']}")
def test_firth_cox_against_direct_maximisation(r):
    """Two coefficients infinite without the penalty; weights, strata and tied events."""
    data = pd.DataFrame(r["data"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        fit = cm.cox(
            "event ~ " + r["terms"], data, ties=r["ties"], penalty="firth", strata=r["strata"],
            weights="use" if "use" in data else None,
        )  # fmt: skip
    errors = np.array(r["errors"])
    close((fit.coefficients - r["coefficients"]) / errors, 0, atol=1e-8)
    close(fit.std_errors, errors, 1e-8)
    own = fit_firth(fit.engine.prepared)
    both = [own.penalised_log_likelihood_null, own.penalised_log_likelihood]
    close(both, r["loglik"], 1e-9)
    limits = fit.tidy()[["conf_low", "conf_high"]].to_numpy()
    # R's root finder stops at 1e-11 of an interval of some ten errors, on differences of logs
    close((limits - np.array(r["limits"])) / errors[:, None], 0, atol=1e-6)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("time", ["cubic", "log", "linear"])
def test_survival_is_the_product_of_staying(link, time):
    """Its error by a numerical derivative of minus the logarithm of that product."""
    fit = quiet("event ~ x1", link=link, time=time, cluster="state", id="state")
    path = pd.DataFrame({"start": range(6), "stop": range(1, 7), "x1": np.linspace(-1, 1, 6)})
    table = cm.predict_survival(fit, path).table.iloc[1:]
    clock = path["stop"].to_numpy() / 100
    columns = {
        "cubic": [clock, clock**2, clock**3], "log": [np.log(path["stop"])], "linear": [clock],
    }[time]  # fmt: skip
    X = np.column_stack([np.ones(6), path["x1"], *columns])
    stay = {
        "logit": lambda eta: -np.logaddexp(0, eta),
        "probit": lambda eta: np.log(_normal_below(-eta)),
        "cloglog": lambda eta: -np.exp(eta),
    }[link]

    def hazard(b: np.ndarray) -> np.ndarray:
        return -np.cumsum(stay(X @ b))

    b, slopes = fit.coefficients, []
    for j, error in enumerate(fit.std_errors):
        step = 1e-3 * error * np.eye(len(b))[j]
        eight = 8 * (hazard(b + step) - hazard(b - step))
        four = hazard(b + 2 * step) - hazard(b - 2 * step)
        slopes.append((eight - four) / (12e-3 * error))
    slope = np.array(slopes).T
    close(table["cumulative_hazard"], hazard(b), 1e-9)
    close(table["survival"], np.exp(-hazard(b)), 1e-9)
    variance = np.einsum("ki,ij,kj->k", slope, fit.covariance, slope)
    close(table["std_error"], np.sqrt(variance), 1e-6)


def _normal_below(x: np.ndarray) -> np.ndarray:
    from scipy.stats import norm

    return np.asarray(norm.cdf(x))
