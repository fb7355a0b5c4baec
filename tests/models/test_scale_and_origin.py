"""Units and origins of covariates change no discrete-time result, whatever penalty or variance."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, FitError
from coalition_models.kernels import firth_logit as firth_module
from coalition_models.kernels.firth_logit import firth_limits, firth_logit, firth_p_values
from coalition_models.models.discrete.api import logit

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@cache
def panel() -> pd.DataFrame:
    return cm.simulate_panel(members=24, hazard=0.06, coefficients={"x": 0.5, "z": -0.4}, seed=1)


def moved(scale: float, origin: float) -> pd.DataFrame:
    data = panel()
    return data.assign(x=data["x"] * scale + origin * scale)


def numbers(fit, scale):
    """Slope, errors and limits of x on its first unit, and what must not move at all."""
    tidy = fit.tidy().set_index("term")
    x = tidy.loc["x", ["estimate", "std_error", "conf_low", "conf_high"]].to_numpy(float) * scale
    rest = tidy.drop(index=["Intercept", "x"])[["estimate", "std_error", "conf_low", "conf_high"]]
    p_values = tidy.drop(index="Intercept")["p_value"]
    return np.r_[x, rest.to_numpy().ravel(), p_values, fit.predict(), fit.log_likelihood]


FITS = {
    "firth": {"penalty": "firth"},
    "robust": {"variance": "robust"},
    "jackknife": {"variance": "jackknife", "cluster": "state"},
    "probit jackknife": {"variance": "jackknife", "cluster": "state", "link": "probit"},
    "cloglog clustered": {"cluster": "state", "link": "cloglog"},
}


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e9, 1e12, -3e7])
@pytest.mark.parametrize("kind", ["firth", "robust", "jackknife"])
def test_units(kind, scale):
    plain = numbers(logit("event ~ x + z", panel(), **FITS[kind]), 1.0)
    fit = logit("event ~ x + z", moved(scale, 0.0), **FITS[kind])
    found = numbers(fit, abs(scale))
    if scale < 0:
        found[[0, 2, 3]] = -found[[0, 3, 2]]
    np.testing.assert_allclose(found, plain, rtol=2e-6, atol=1e-9)
    assert not any("flat" in remark for remark in fit.remarks)


@pytest.mark.parametrize("origin", [1000.0, 2004.0, 1e4, 1e6, -1e8])
@pytest.mark.parametrize("kind", sorted(FITS))
def test_origins(kind, origin):
    plain = numbers(logit("event ~ x + z", panel(), **FITS[kind]), 1.0)
    found = numbers(logit("event ~ x + z", moved(1.0, origin), **FITS[kind]), 1.0)
    digits = 1e-6 if abs(origin) <= 1e6 else 1e-4
    np.testing.assert_allclose(found, plain, rtol=digits, atol=1e-7)


def test_firth_intercept_and_its_limits_follow_the_origin():
    """The intercept of a moved covariate is a sum of coefficients, and its profile is theirs."""
    data = panel()
    at_two = logit("event ~ x + z", data.assign(x=data["x"] - 2.0), penalty="firth").tidy()
    dummy = data.assign(lifted=1.0)  # the same model, its intercept held where x is 2
    design = np.column_stack([dummy["lifted"], data["x"] - 2.0, data["z"]])
    plain = np.column_stack([dummy["lifted"], data["x"], data["z"]])
    y = data["event"].to_numpy(float)
    moved_fit, fit_ = firth_logit(design, y), firth_logit(plain, y)
    limits = firth_limits(design, y, moved_fit, 0.95)
    b, V = fit_.coefficients, fit_.covariance
    assert moved_fit.coefficients[0] == pytest.approx(b[0] + 2 * b[1], rel=1e-9)
    assert moved_fit.covariance[0, 0] == pytest.approx(V[0, 0] + 4 * V[0, 1] + 4 * V[1, 1])
    for bound in limits[0]:
        held = optimize.minimize(
            lambda rest, bound=bound: -penalised(design, y, np.r_[bound, rest]),
            moved_fit.coefficients[1:], method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-11, "maxiter": 10_000, "maxfev": 10_000},
        )  # fmt: skip
        fall = 2 * (moved_fit.penalised + held.fun)
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)
    assert at_two["conf_low"][0] < at_two["estimate"][0] < at_two["conf_high"][0]


def penalised(design, y, beta):
    eta = design @ beta
    p = 1 / (1 + np.exp(-eta))
    information = design.T @ ((p * (1 - p))[:, None] * design)
    return float((y * eta - np.logaddexp(0, eta)).sum() + 0.5 * np.linalg.slogdet(information)[1])


@pytest.mark.parametrize("kind", ["population", "year", "seconds"])
def test_firth_with_everyday_units(kind):
    """Persons, calendar years, seconds since 1970: errors as of standardised columns."""
    data = panel()
    rng = np.random.default_rng(3)
    made = {
        "population": np.exp(rng.normal(16, 1.5, len(data))),
        "year": 2003 + data["stop"] // 12 + rng.integers(0, 3, len(data)),
        "seconds": 1.05e9 + 2.6e6 * data["stop"] + rng.normal(size=len(data)) * 1e7,
    }[kind]
    data = data.assign(v=made, w=(made - made.mean()) / made.std())
    one = logit("event ~ x + v", data, penalty="firth")
    two = logit("event ~ x + w", data, penalty="firth")
    scale = np.polyfit(data["v"], data["w"], 1)[0]
    np.testing.assert_allclose(one.std_errors[2], two.std_errors[2] * scale, rtol=1e-6)
    np.testing.assert_allclose(one.std_errors[[1, 3]], two.std_errors[[1, 3]], rtol=1e-6)
    np.testing.assert_allclose(one.tidy()["p_value"][1:], two.tidy()["p_value"][1:], rtol=1e-5)
    one_curve = cm.predict_survival(one, {"x": [0.0]}).table
    two_curve = cm.predict_survival(two, {"x": [0.0]}).table
    columns = one_curve.select_dtypes("number").columns
    np.testing.assert_allclose(one_curve[columns], two_curve[columns], rtol=1e-5)


def test_a_profile_that_does_not_settle_names_the_term(monkeypatch):
    X = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1.0]])
    y = np.array([0, 1, 0, 1, 1, 0.0])
    best = firth_logit(X, y)
    ended = firth_module._Rows.climb
    monkeypatch.setattr(
        firth_module._Rows, "climb",
        lambda self, start, free, **how: replace(ended(self, start, free, **how), converged=False),
    )  # fmt: skip
    with pytest.raises(FitError, match=r"profile of year does not settle .* errors from its"):
        firth_p_values(X, y, best, names=["year", "cost"])


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize(("scale", "origin"), [(1, 0), (1, 1000), (1, 2004), (1e-6, 0), (1, 1e6)])
def test_a_refit_without_a_maximum_is_one_whatever_the_units(link, scale, origin):
    """Without s1 every event has the higher x: always refused, always for s1 alone."""
    rng = np.random.default_rng(160)
    state = np.repeat([f"s{i}" for i in range(1, 9)], 12)
    x = rng.normal(size=96)
    event = (x > 1.0).astype(int)
    own = state == "s1"
    event[own] = rng.integers(0, 2, own.sum())
    data = pd.DataFrame(
        {"state": state, "event": event, "x": x * scale + origin, "z": rng.normal(size=96)}
    )
    with pytest.raises(FitError, match="without s1 the model has no finite maximum"):
        logit("event ~ x + z", data, time=None, link=link, cluster="state", variance="jackknife")


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_far_out_is_no_maximum(link):
    """The climb ends where chances are 0 and 1 to rounding; that is separation, and refused."""
    data = pd.DataFrame(
        {"event": [0] * 20 + [1] * 20, "x": np.r_[np.arange(20), 20 + np.arange(20.0)]}
    )
    data["z"] = np.tile([0.0, 1.0], 20)
    with pytest.raises(FitError, match="separation"):
        logit("event ~ x + z", data, time=None, link=link)
    weights = pd.Series(1.0, index=data.index)
    broken = pd.concat([data, data.iloc[[0]].assign(event=1)], ignore_index=True)
    broken["w"] = [*weights, 0.0]  # the row that would mend it counts as absent
    with pytest.raises(FitError, match=r"separation|no convergence"):
        logit("event ~ x + z", broken, time=None, link=link, weights="w")


def test_flat_is_said():
    """A Cox likelihood that is the same to the last digit from 40 to 260: its top means nothing."""
    strata = np.repeat(np.arange(7), 2)
    held = pd.DataFrame(
        {"start": 0, "stop": [1, 2] * 7, "event": [1, 0] * 7, "s": strata,
         "x": [1, 0] * 6 + [0, 1], "o": [0] * 12 + [300, 0]}
    )  # fmt: skip
    for scale in (1.0, 1e-6, 1e6):
        data = held.assign(x=held["x"] * scale)
        with pytest.warns(CoalitionWarning, match="flat about its maximum: other values of x"):
            fit = cm.cox("event ~ x", data, strata="s", offset="o")
        assert any("flat about its maximum" in remark for remark in fit.remarks)
    light = held.assign(o=0.0, w=[1.0] * 12 + [1e-30] * 2)
    with pytest.warns(CoalitionWarning, match="flat"):
        cm.cox("event ~ x", light, strata="s", weights="w")
    with warnings.catch_warnings():
        warnings.simplefilter("error", CoalitionWarning)
        near = held.assign(o=[0] * 12 + [3, 0], z=np.tile([0.3, 0.1, 0.7], 5)[:14])
        assert cm.cox("event ~ x", near, strata="s", offset="o").converged
