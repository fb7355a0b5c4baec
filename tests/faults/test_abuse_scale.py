"""Discrete models give the same errors whatever unit and origin a covariate has."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy import optimize, special

import coalition_models as cm

TIME = ["stop/100", "(stop/100)^2", "(stop/100)^3"]


@pytest.fixture(scope="module")
def simulated():
    return cm.simulate_panel(members=80, hazard=0.03, coefficients={"x": 0.5}, seed=1)


@pytest.fixture(scope="module")
def iraq():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    return panel.assign(year=panel["period"].dt.year)


def errors(data, formula="event ~ x", **options):
    return cm.logit(formula, data, penalty="firth", **options).std_errors


@pytest.mark.parametrize("scale", [1e5, 1e6, 1e7, 1e9, 1e12, 1e-12, -1e8, 3.7e-5])
def test_firth_errors_in_large_and_small_units(simulated, scale):
    plain = errors(simulated)
    found = errors(simulated.assign(x=simulated["x"] * scale))
    right = plain / np.array([1, abs(scale), 1, 1, 1])
    np.testing.assert_allclose(found, right, rtol=1e-6)
    assert plain[0] > 0.3


def by_fisher(fit, data):
    """Errors of a logit from the inverse information, its columns standardised first."""
    t = data["stop"].to_numpy(float) / 100
    x = data["population"].to_numpy(float)
    design = np.column_stack([np.ones(len(t)), x, t, t**2, t**3])
    scale = np.sqrt((design**2).mean(axis=0))
    p = 1 / (1 + np.exp(-(design @ fit.coefficients)))
    columns = design / scale
    information = columns.T @ ((p * (1 - p))[:, None] * columns)
    return np.sqrt(np.diag(np.linalg.inv(information))) / scale


@pytest.mark.parametrize("unit", [1.0, 1e-3, 1e-6, 1e3])
def test_population_in_persons_is_that_in_millions(iraq, unit):
    """Iraq's members by population of the year before: errors 6.4e-9 per person and 0.885."""
    years = cm.load("state_years")[["cow", "year", "population"]]
    years = years.assign(year=years["year"] + 1, population=years["population"] * unit)
    data = iraq.merge(years, on=["cow", "year"], how="left").dropna(subset=["population"])
    fit = cm.logit("event ~ population", data, penalty="firth")
    np.testing.assert_allclose(fit.std_errors, by_fisher(fit, data), rtol=1e-6)
    assert fit.std_errors[1] * unit == pytest.approx(6.46e-9, rel=5e-3)
    assert fit.std_errors[0] == pytest.approx(0.885, abs=2e-3)
    tidy = fit.tidy().set_index("term")
    assert (tidy["conf_low"] < tidy["conf_high"]).all()
    last = cm.predict_survival(fit, {"population": 4e7 * unit}).table.iloc[-1]
    assert last["conf_high"] - last["conf_low"] > 0.1
    smallest = cm.detectable_effects(fit).set_index("term")["smallest"]
    assert smallest["Intercept"] > 1


@pytest.mark.parametrize("origin", [0, 2003, -1500, 20_000])
def test_firth_with_calendar_years(iraq, origin):
    panel = cm.add_casualties(iraq.drop(columns="year"))
    panel["year"] = panel["period"].dt.year - origin
    fit = cm.logit("event ~ log_deaths_12m + year", panel, penalty="firth")
    assert fit.converged
    near = cm.logit(
        "event ~ log_deaths_12m + year", panel.assign(year=panel["year"] + origin - 2005),
        penalty="firth",
    )  # fmt: skip
    np.testing.assert_allclose(fit.coefficients[1:], near.coefficients[1:], rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors[1:], near.std_errors[1:], rtol=1e-6)


def jackknifed(data, link):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.CoalitionWarning)  # few clusters
            fit = cm.logit("event ~ x", data, cluster="state", variance="jackknife", link=link)
    except cm.FitError as error:
        return str(error)
    return round(float(fit.std_errors[1]), 6)


@pytest.mark.parametrize("link", ["logit", "probit"])
@pytest.mark.parametrize("seed", [160, 3, 8, 21])
def test_a_jackknife_says_the_same_of_any_origin(link, seed):
    data = cm.simulate_panel(members=9, hazard=0.05, coefficients={"x": 1.5}, periods=18, seed=seed)
    first = jackknifed(data, link)
    for origin in (1000.0, 1e4, 2004.0, 1e6):
        moved = jackknifed(data.assign(x=data["x"] + origin), link)
        assert moved == (first if isinstance(first, str) else pytest.approx(first, rel=1e-4))
    small = jackknifed(data.assign(x=data["x"] * 1e-6), link)
    if isinstance(first, str):
        assert small == first
    else:
        assert small / 1e6 == pytest.approx(first, rel=1e-5)


def best(data, link):
    """Largest log-likelihood that a general optimiser finds, on orthogonal columns."""
    t = data["stop"].to_numpy(float) / 100
    design = np.linalg.qr(np.column_stack([np.ones(len(t)), data["x"], t, t**2, t**3]))[0]
    y = data["event"].to_numpy(float)
    chance = {
        "logit": special.expit, "probit": special.ndtr,
        "cloglog": lambda eta: -np.expm1(-np.exp(np.minimum(eta, 30))),
    }[link]  # fmt: skip

    def fall(beta):
        p = np.clip(chance(design @ beta), 1e-300, 1 - 1e-16)
        return -(y * np.log(p) + (1 - y) * np.log1p(-p)).sum()

    beta = np.zeros(5)
    for method in ("BFGS", "Nelder-Mead", "BFGS"):
        beta = optimize.minimize(fall, beta, method=method, options={"maxiter": 5000}).x
    return -fall(beta)


@pytest.mark.parametrize(
    ("seed", "members", "hazard", "effect", "periods", "link"),
    [
        (21, 9, 0.05, 1.5, 18, "logit"),
        (21, 9, 0.05, 1.5, 18, "probit"),
        (8, 9, 0.05, 1.5, 18, "probit"),
        (8, 9, 0.05, 1.5, 18, "logit"),
        (35, 5, 0.06, 1.1568290431730148, 22, "cloglog"),
    ],
)
def test_a_finite_maximum_is_reached_whatever_the_way_there(
    seed, members, hazard, effect, periods, link
):
    """Newton's method from nothing overshoots in some of these; the top is finite in all."""
    data = cm.simulate_panel(
        members=members, hazard=hazard, coefficients={"x": effect}, periods=periods, seed=seed
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cm.CoalitionWarning)  # few events
        fit = cm.logit("event ~ x", data, link=link)
    assert fit.converged
    assert np.isfinite(fit.std_errors).all()
    assert fit.log_likelihood == pytest.approx(best(data, link), abs=1e-4)
    native = np.asarray(fit.native.params, dtype=float)
    np.testing.assert_allclose(native, fit.coefficients, rtol=1e-3)


def test_a_refit_that_takes_the_second_way_is_no_traceback():
    """Without one state the first step meets a matrix without inverse; each refit has a top."""
    data = cm.simulate_panel(members=9, hazard=0.05, coefficients={"x": 1.5}, periods=18, seed=8)
    found = jackknifed(data, "logit")
    refits = []
    for state in data["state"].unique():
        rest = data[data["state"] != state]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cm.CoalitionWarning)
            refits.append(cm.logit("event ~ x", rest).coefficients[1])
            whole = cm.logit("event ~ x", data).coefficients[1]
    by_hand = np.sqrt(8 / 9 * ((np.array(refits) - whole) ** 2).sum())
    assert found == pytest.approx(by_hand, rel=1e-4)
