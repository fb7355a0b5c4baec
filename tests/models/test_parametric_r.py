"""Parametric and split-population fits against R, number by number.

``tests/fixtures/r/parametric.R`` made the numbers: ``survreg`` where rows enter at 0, likelihoods
written out with R's distributions where they enter late, a Poisson regression for the pieces.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "r" / "parametric.json"
DIRECT = ["exponential", "weibull", "gompertz", "lognormal", "loglogistic", "gamma", "gengamma"]
#: without the small-sample factor, 23 clusters are few: the house says so
pytestmark = pytest.mark.filterwarnings("ignore:.*clusters in group")


@cache
def fixture() -> dict:
    return json.loads(FIXTURE.read_text(encoding="utf-8"))


@cache
def rows(name: str = "data") -> pd.DataFrame:
    return pd.DataFrame(fixture()[name]).astype({"event": int})


def agrees(fit, expected, *, rtol=1e-6, clustered=None):
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"], rtol=1e-9)
    np.testing.assert_allclose(fit.coefficients, expected["coefficients"], rtol=rtol, atol=1e-7)
    np.testing.assert_allclose(fit.std_errors, expected["se_model"], rtol=rtol)
    if clustered is not None:
        np.testing.assert_allclose(clustered.std_errors, expected["se_cluster"], rtol=rtol)


def both(formula, data, **options):
    plain = cm.parametric(formula, data, **options)
    return plain, cm.parametric(formula, data, cluster="group", **options)


@pytest.mark.parametrize("distribution", DIRECT)
def test_late_entry_and_changing_covariates(distribution):
    fit, clustered = both("event ~ x + z", rows(), id="member", distribution=distribution)
    agrees(fit, fixture()["fits"][distribution]["late"], clustered=clustered)


@pytest.mark.parametrize("distribution", DIRECT)
def test_weights_and_offset(distribution):
    fit, clustered = both(
        "event ~ x + z", rows(), id="member", distribution=distribution, weights="w", offset="off"
    )
    agrees(fit, fixture()["fits"][distribution]["weighted"], clustered=clustered)


@pytest.mark.parametrize("distribution", DIRECT)
def test_strata_have_their_own_baseline_and_shape(distribution):
    fit, clustered = both(
        "event ~ x + z", rows(), id="member", distribution=distribution, strata="layer"
    )
    # R's levels are sorted, ours stand in the order of the data
    order = sorted(
        range(len(fit.names)),
        key=lambda j: (
            0 if fit.names[j].startswith("Intercept") else 1 if fit.names[j] in "xz" else 2,
            fit.names[j].split("[")[0] == "Q",
            fit.names[j],
        ),
    )
    expected = fixture()["fits"][distribution]["strata"]
    np.testing.assert_allclose(fit.log_likelihood, expected["log_likelihood"], rtol=1e-9)
    for got, key in (
        (fit.coefficients, "coefficients"),
        (fit.std_errors, "se_model"),
        (clustered.std_errors, "se_cluster"),
    ):
        np.testing.assert_allclose(got[order], expected[key], rtol=1e-6)


def test_pieces_of_constant_hazard():
    fit, clustered = both(
        "event ~ x + z", rows(), id="member", distribution="piecewise", cuts=[5, 10, 20]
    )
    agrees(fit, fixture()["fits"]["piecewise"]["late"], clustered=clustered)


@pytest.mark.parametrize("case", range(8))
def test_survreg(case):
    expected = fixture()["survreg"][case]
    weights = None if expected["kind"] == "plain" else "w"
    fit, clustered = both(
        "event ~ x + z", rows("plain"), start=None, id="member", weights=weights,
        distribution=expected["distribution"],
    )  # fmt: skip
    likelihoods = [fit.log_likelihood, fit.log_likelihood_null]
    wanted = [expected["log_likelihood"], expected["log_likelihood_null"]]
    np.testing.assert_allclose(likelihoods, wanted, rtol=1e-9)
    medians = fit.predict(kind="median").head(5)
    np.testing.assert_allclose(medians, expected["medians"], rtol=1e-6)
    coefficients, errors, robust = (
        as_survreg(fit), as_survreg_errors(fit), as_survreg_errors(clustered),
    )  # fmt: skip
    np.testing.assert_allclose(coefficients, expected["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(errors, expected["se_model"][: len(errors)], rtol=1e-6)
    np.testing.assert_allclose(robust, expected["se_cluster"][: len(robust)], rtol=1e-6)


def jacobian(fit) -> np.ndarray:
    """From hazards to times: minus the coefficient over the shape, and minus the log shape."""
    if fit.family.scale == "log time ratio":
        return np.eye(len(fit.names))
    if fit.family.name == "exponential":
        return -np.eye(3)
    shape, beta = np.exp(fit.coefficients[3]), fit.coefficients[:3]
    way = -np.eye(4)
    way[:3, :3] /= shape
    way[:3, 3] = beta / shape
    return way


def as_survreg(fit) -> np.ndarray:
    if fit.family.scale == "log time ratio":
        return fit.coefficients[:3]
    shape = np.exp(fit.coefficients[3]) if len(fit.names) == 4 else 1.0
    return -fit.coefficients[:3] / shape


def as_survreg_errors(fit) -> np.ndarray:
    way = jacobian(fit)
    return np.sqrt(np.diag(way @ fit.covariance @ way.T))


@pytest.mark.parametrize("distribution", ["exponential", "weibull"])
def test_time_ratios_stand_beside_hazard_ratios(distribution):
    expected = next(
        one
        for one in fixture()["survreg"]
        if one["distribution"] == distribution and one["kind"] == "plain"
    )
    fit = cm.parametric(
        "event ~ x + z", rows("plain"), start=None, id="member", distribution=distribution
    )
    table = fit.native.time_ratios
    assert table["term"].tolist() == ["x", "z"]
    np.testing.assert_allclose(table["estimate"], expected["coefficients"][1:], rtol=1e-6)
    np.testing.assert_allclose(table["std_error"], expected["se_model"][1:3], rtol=1e-6)
    np.testing.assert_allclose(table["ratio"], np.exp(table["estimate"]))
    assert "time ratios (95% limits): x " in str(fit)


@pytest.mark.parametrize("case", ["negative", "near_lognormal"])
def test_generalised_gamma_of_either_sign(case):
    own = fixture()["gengamma"][case]
    data = pd.DataFrame(own["data"]).astype({"event": int})
    fit, clustered = both("event ~ x", data, start=None, distribution="gengamma")
    agrees(fit, own["fit"], clustered=clustered)


@pytest.mark.parametrize("distribution", ["weibull", "loglogistic"])
def test_split_populations(distribution):
    options = {"at_risk": "~ z", "distribution": distribution, "id": "member", "starts": 5}
    fit = cm.cure("event ~ x", rows(), **options)
    clustered = cm.cure("event ~ x", rows(), cluster="group", **options)
    agrees(fit, fixture()["cure"][distribution], clustered=clustered)
