"""Random intercept: against lme4 and a direct likelihood, on the edge, and what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.kernels.random_intercept import RandomIntercept

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "groups.json").read_text()
)
DATA = pd.DataFrame(R["data"])


def fitted(formula: str, data: pd.DataFrame = DATA, **choices: object) -> cm.Fit:
    given = {"time": None, "id": ["state", "spell"], **choices}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(clusters in|events for).*")
        return cm.random_intercept(formula, data, **given)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_against_r(link):
    found, want = fitted("event ~ x + left", link=link), R["random"][link]
    # those of R come from differences of the marginal likelihood; lme4 stops at about 1e-7
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se"], rtol=1e-5)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    np.testing.assert_allclose(found.coefficients, R["lme4"][link]["coefficients"], rtol=1e-6)


def test_offset_against_r():
    found, want = fitted("event ~ left", offset="exposure"), R["random"]["offset"]
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se"], rtol=1e-5)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_integral_and_its_derivatives(link):
    rng = np.random.default_rng(3)
    X = np.column_stack([np.ones(30), rng.normal(size=30)])
    y = (rng.random(30) < 0.3).astype(float)
    rows = RandomIntercept(X, y, link, 0.1 * X[:, 1], np.arange(30) // 10)
    theta = np.array([-1.0, 0.4, 0.9])
    at = rows.at(theta)
    inverse = {
        "logit": special.expit, "probit": special.ndtr, "cloglog": lambda e: -np.expm1(-np.exp(e)),
    }[link]  # fmt: skip
    total = 0.0
    for group in range(3):
        mine = rows.groups == group

        def density(b, mine=mine):
            p = inverse(X[mine] @ theta[:2] + 0.1 * X[mine, 1] + theta[2] * b)
            return np.prod(np.where(y[mine] == 1, p, 1 - p)) * np.exp(-(b**2) / 2)

        total += np.log(integrate.quad(density, -9, 9, epsabs=0, epsrel=1e-11)[0])
    assert at.value == pytest.approx(total - 1.5 * np.log(2 * np.pi), rel=1e-10)
    step = 1e-5 * np.eye(3)
    slope = [(rows.at(theta + h).value - rows.at(theta - h).value) / 2e-5 for h in step]
    np.testing.assert_allclose(at.scores.sum(axis=0), slope, rtol=1e-6, atol=1e-7)
    bend = [
        (rows.at(theta - h).scores - rows.at(theta + h).scores).sum(axis=0) / 2e-5 for h in step
    ]
    np.testing.assert_allclose(at.information, bend, rtol=1e-5, atol=1e-6)


def test_on_the_edge_it_is_the_logit():
    rng = np.random.default_rng(5)
    flat = pd.DataFrame({"state": np.repeat(np.arange(40), 10), "x": rng.normal(size=400)})
    # as many events in every state, so that states differ less than by chance
    flat["event"] = np.tile([1, 0, 0, 0, 0] * 2, 40)
    with pytest.warns(cm.errors.CoalitionWarning, match="estimated at nil"):
        found = cm.random_intercept("event ~ x", flat, time=None)
    plain = cm.logit("event ~ x", flat, time=None)
    assert found.coefficients[-1] == 0.0
    assert np.isnan(found.std_errors[-1])
    np.testing.assert_allclose(found.coefficients[:-1], plain.coefficients, rtol=1e-7)
    np.testing.assert_allclose(found.std_errors[:-1], plain.std_errors, rtol=1e-6)
    assert found.tidy()["p_value"].iloc[-1] == 1.0


def test_the_variance_is_tested_on_its_boundary():
    found = fitted("event ~ x + left")
    plain = cm.logit("event ~ x + left", DATA, time=None, id=["state", "spell"])
    statistic = 2 * (found.log_likelihood - plain.log_likelihood)
    row = found.tidy().iloc[-1]
    assert row["term"] == "sd(state)"
    assert row["p_value"] == pytest.approx(0.5 * special.chdtrc(1, statistic), rel=1e-8)
    assert 0 < row["conf_low"] < row["estimate"] < row["conf_high"]
    assert "likelihood ratio against none" in " ".join(found.summary().split())
    assert found.test_model()["df"].tolist() == [2, 2]  # the terms, not the standard deviation


def test_predictions():
    found = fitted("event ~ x + left", time="linear")
    for kind in ("probability", "linear", "marginal"):
        np.testing.assert_allclose(found.predict(kind=kind), found.predict(DATA, kind=kind))
    eta, sd = float(found.predict(kind="linear").iloc[0]), found.coefficients[-1]

    def density(b):
        return special.expit(eta + sd * b) * np.exp(-(b**2) / 2) / np.sqrt(2 * np.pi)

    marginal = found.predict(kind="marginal").iloc[0]
    assert marginal == pytest.approx(integrate.quad(density, -9, 9)[0], rel=1e-8)
    rows = found.augment()
    by_state = rows.groupby("state")[["group_intercept", "event"]].mean()
    assert by_state.corr().iloc[0, 1] > 0.8


def test_clusters_and_jackknife():
    by_state = fitted("event ~ x", cluster="state")
    robust = fitted("event ~ x", variance="robust")
    np.testing.assert_allclose(by_state.std_errors, robust.std_errors, rtol=1e-9)
    regions = fitted("event ~ x", cluster="region", variance="jackknife")
    parts = [fitted("event ~ x", DATA[DATA["region"] != r]) for r in DATA["region"].unique()]
    moves = np.array([part.coefficients - regions.coefficients for part in parts])
    np.testing.assert_allclose(regions.covariance, moves.T @ moves * 5 / 6, rtol=1e-4, atol=1e-8)


def test_unit_and_origin_decide_nothing():
    one = fitted("event ~ x + left")
    two = fitted("event ~ x + left", DATA.assign(x=1e5 * DATA["x"] + 2e7))
    np.testing.assert_allclose(one.coefficients[1] / 1e5, two.coefficients[1], rtol=1e-6)
    np.testing.assert_allclose(one.coefficients[2:], two.coefficients[2:], rtol=1e-6)


def test_a_saved_fit_keeps_its_groups(tmp_path):
    found = fitted("event ~ x + left")
    found.save(tmp_path / "one.fit", DATA)
    again = cm.load_fit(tmp_path / "one.fit")
    np.testing.assert_allclose(again.coefficients, found.coefficients, rtol=1e-9)


def test_refused():
    with pytest.raises(DataError, match=r"weights='weight' is for"):
        cm.Specification("random_logit", "event ~ x", group="state", weights="weight")
    with pytest.raises(DataError, match=r"group='state' is for"):
        cm.Specification("logit", "event ~ x", group="state")
    with pytest.raises(DataError, match="needs group="):
        cm.fit(cm.Specification("random_logit", "event ~ x"), DATA)
    with pytest.raises(DataError, match="lie in several clusters"):
        fitted("event ~ x", cluster="spell")
    with pytest.raises(DataError, match="link must be one of"):
        fitted("event ~ x", link="log")
    with pytest.raises(FitError, match="one value only"):
        fitted("event ~ x", DATA.assign(all="A"), group="all")
    wall = DATA.assign(wall=((DATA["event"] == 0) & (DATA["x"] < -0.3)).astype(int))
    with pytest.raises(FitError, match="wall"):
        fitted("event ~ x + wall", wall)
    with pytest.raises(DataError, match="has no column"):
        fitted("event ~ x").values_of("sd(state)")


@pytest.mark.slow
def test_bias_and_coverage():
    rng = np.random.default_rng(8)
    found, inside, spreads = [], [], []
    for _ in range(200):
        state = np.repeat(np.arange(40), 15)
        x = rng.normal(size=600)
        eta = -2 + 0.7 * x + rng.normal(0, 0.8, 40)[state]
        y = (rng.random(600) < special.expit(eta)).astype(int)
        data = pd.DataFrame({"state": state, "x": x, "event": y})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = cm.random_intercept("event ~ x", data, time=None)
        row = fit.tidy().iloc[1]
        found.append(row["estimate"] - 0.7)
        inside.append(row["conf_low"] <= 0.7 <= row["conf_high"])
        spreads.append(fit.coefficients[-1])
    assert abs(np.mean(found)) < 0.03
    assert 0.91 < np.mean(inside) < 0.985
    assert 0.65 < np.mean(spreads) < 0.85
