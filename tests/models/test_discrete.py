"""Discrete-time models: against R, against statsmodels, and when they cannot be estimated."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError
from coalition_models.kernels import binomial
from coalition_models.models.discrete.api import logit
from coalition_models.models.fit import Fit

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "logit.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])
DESIGNS = {
    "plain": "event ~ x1 + x2 + region",
    "weights": "event ~ x1 + x2 + region",
    "offset": "event ~ x1 + region",
}


def quiet(formula: str, data: pd.DataFrame = DATA, **choices: object) -> Fit:
    """Fit without the reminder that twenty clusters are few, which has its own test."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*clusters in", category=CoalitionWarning)
        return logit(formula, data, **choices)


def like(case: dict, **choices: object) -> Fit:
    variant = case["variant"]
    return quiet(
        DESIGNS[variant],
        time=None if case["time"] == "none" else case["time"],
        link=case["link"],
        weights="weight" if variant == "weights" else None,
        offset="exposure" if variant == "offset" else None,
        id=["member"],
        **choices,
    )


@pytest.mark.parametrize(
    "case", FIXTURE["fits"], ids=lambda c: f"{c['link']}-{c['time']}-{c['variant']}"
)
class TestAgainstR:
    def test_estimates(self, case):
        fit = like(case)
        # glm() stops on the deviance, which leaves its coefficients right to about 1e-6 where the
        # cubic's columns are nearly collinear and the link is not the canonical one.
        loose = case["link"] != "logit" and case["time"] == "cubic"
        np.testing.assert_allclose(
            fit.coefficients, case["coefficients"], rtol=2e-6 if loose else 1e-7
        )
        np.testing.assert_allclose(fit.std_errors, case["se_model"], rtol=1e-6)
        assert fit.log_likelihood == pytest.approx(case["log_likelihood"], rel=1e-10)

    def test_clustered(self, case):
        fit = like(case, cluster="state")
        np.testing.assert_allclose(fit.std_errors, case["se_cluster"], rtol=1e-6)

    def test_clustered_without_factor(self, case):
        fit = like(case, cluster="state", small_sample=False)
        np.testing.assert_allclose(fit.std_errors, case["se_cluster_plain"], rtol=1e-6)

    def test_two_way(self, case):
        fit = like(case, cluster=["state", "stop"])
        np.testing.assert_allclose(fit.std_errors, case["se_two_way"], rtol=1e-6)

    def test_information_criteria(self, case):
        row = like(case).glance().iloc[0]
        assert row["aic"] == pytest.approx(case["aic"])
        assert row["bic"] == pytest.approx(case["bic"])


def test_period_dummies_leave_out_periods_without_event():
    fit = quiet("event ~ x1 + x2", time="dummies", cluster="state", id=["member"])
    expected = FIXTURE["dummies"]
    assert fit.counts.rows == expected["rows"]
    assert sum(fit.counts.left_out.values()) == len(DATA) - expected["rows"]
    order = [0, 1, 2, *range(3, len(fit.names))]
    np.testing.assert_allclose(fit.coefficients[order], expected["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors[order], expected["se_cluster"], rtol=1e-6)
    assert "periods without an event" in str(fit)


def test_firth_against_brglm2():
    fit = logit("event ~ x1 + x2", DATA, time="linear", penalty="firth", id=["member"])
    np.testing.assert_allclose(fit.coefficients, FIXTURE["firth"]["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(fit.std_errors, FIXTURE["firth"]["se_model"], rtol=1e-5)


def test_firth_stays_finite_under_separation():
    fit = logit("event ~ x1 + wall", DATA, time=None, penalty="firth", id=["member"])
    expected = FIXTURE["firth_separated"]["coefficients"]
    np.testing.assert_allclose(fit.coefficients, expected, rtol=1e-6)
    tidy = fit.tidy().set_index("term")
    assert tidy.loc["wall", "conf_low"] < tidy.loc["wall", "estimate"] < 0
    assert np.isfinite(tidy[["conf_low", "conf_high"]].to_numpy()).all()


def test_firth_limits_lie_on_the_profile():
    fit = logit("event ~ x1", DATA, time=None, penalty="firth", id=["member"])
    X = np.column_stack([np.ones(len(DATA)), DATA["x1"]])
    y = DATA["event"].to_numpy(dtype=float)

    def penalised(slope: float) -> float:
        best = -np.inf
        for intercept in np.linspace(-4, -1, 6001):
            eta = X @ np.array([intercept, slope])
            p = 1 / (1 + np.exp(-eta))
            information = X.T @ ((p * (1 - p))[:, None] * X)
            value = np.where(y == 1, np.log(p), np.log1p(-p)).sum()
            best = max(best, value + 0.5 * np.linalg.slogdet(information)[1])
        return best

    row = fit.tidy().set_index("term").loc["x1"]
    top = penalised(row["estimate"])
    for bound in ("conf_low", "conf_high"):
        assert 2 * (top - penalised(row[bound])) == pytest.approx(3.841459, abs=2e-4)


def test_jackknife_is_the_spread_of_leave_one_out_fits():
    fit = quiet("event ~ x1 + x2", time=None, cluster="state", variance="jackknife", id=["member"])
    states = DATA["state"].unique()
    moves = np.array(
        [
            logit("event ~ x1 + x2", DATA[DATA["state"] != s], time=None, id=["member"])
            .coefficients - fit.coefficients
            for s in states
        ]
    )  # fmt: skip
    expected = (len(states) - 1) / len(states) * moves.T @ moves
    np.testing.assert_allclose(fit.covariance, expected, rtol=1e-6)


@pytest.mark.parametrize("link", ["probit", "cloglog"])
def test_stata_uses_the_observed_information(link):
    fit = logit("event ~ x1 + x2", DATA, time=None, link=link, convention="stata", id=["member"])
    X = np.column_stack([np.ones(len(DATA)), DATA[["x1", "x2"]].to_numpy()])
    y = DATA["event"].to_numpy(dtype=float)
    width, p = 1e-4, 3
    hessian = np.empty((p, p))
    for i in range(p):
        for j in range(p):
            total = 0.0
            for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
                beta = fit.coefficients.copy()
                beta[i] += a * width
                beta[j] += b * width
                total += a * b * binomial.log_likelihood(y, X @ beta, link, None)
            hessian[i, j] = total / (4 * width**2)
    expected = np.sqrt(np.diag(np.linalg.inv(-hessian)))
    np.testing.assert_allclose(fit.std_errors, expected, rtol=1e-4)
    other = logit("event ~ x1 + x2", DATA, time=None, link=link, id=["member"])
    assert not np.allclose(fit.std_errors, other.std_errors, rtol=1e-4)


def test_native_is_the_statsmodels_result():
    fit = logit("event ~ x1 + x2", DATA, time=None, id=["member"])
    np.testing.assert_allclose(np.asarray(fit.native.params), fit.coefficients, rtol=1e-6)


def test_wild_scales_do_not_change_the_fit():
    plain = logit("event ~ x1 + x2", DATA, time=None, id=["member"])
    wild = DATA.assign(x1=DATA["x1"] * 1e8, x2=DATA["x2"] + 1e7)
    fit = logit("event ~ x1 + x2", wild, time=None, id=["member"])
    assert "wild scales" in str(fit)
    assert fit.coefficients[1] * 1e8 == pytest.approx(plain.coefficients[1], rel=1e-6)
    assert fit.coefficients[2] == pytest.approx(plain.coefficients[2], rel=1e-5)
    assert fit.std_errors[2] == pytest.approx(plain.std_errors[2], rel=1e-5)


def test_predictions_and_residuals():
    fit = logit("event ~ x1 + region", DATA, id=["member"])
    rows = fit.augment()
    assert rows["residual"].sum() == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(fit.predict(DATA), rows["probability"], rtol=1e-10)
    assert 0.5 < fit.concordance < 1
    with pytest.raises(FormulaError, match="east"):
        fit.predict(DATA.assign(region="east"))


def test_concordance_counts_pairs():
    fit = logit("event ~ x1", DATA, time=None, id=["member"])
    score = fit.predict(kind="linear").to_numpy()
    with_event, without = score[DATA["event"] == 1], score[DATA["event"] == 0]
    difference = with_event[:, None] - without[None, :]
    assert fit.concordance == pytest.approx(((difference > 0) + (difference == 0) / 2).mean())


def test_separated_term_is_named():
    with pytest.raises(FitError, match=r"no event among the .* rows with wall = 1.*firth"):
        logit("event ~ x1 + wall", DATA, time=None, id=["member"])


def test_separated_term_on_request():
    with pytest.warns(CoalitionWarning, match="infinite"):
        fit = logit("event ~ x1 + wall", DATA, time=None, id=["member"], allow_nonconvergence=True)
    assert not fit.converged
    assert np.isnan(fit.std_errors[2])
    assert np.isfinite(fit.std_errors[:2]).all()


def test_separating_combination_is_named():
    data = DATA.assign(v=DATA["x1"], w=5 * DATA["event"] - DATA["x1"])
    with pytest.raises(FitError, match="a combination of v, w"):
        logit("event ~ v + w", data, time=None, id=["member"])


@pytest.mark.parametrize(
    ("change", "formula", "choices", "error", "message"),
    [
        ({}, "event ~ x1", {"stop": "month"}, FormulaError, "time='cubic' counts time at risk"),
        ({"event": 0}, "event ~ x1", {}, FitError, "no event"),
        ({"flat": 2.0}, "event ~ x1 + flat", {}, FitError, "constant in the .*: flat"),
        ({"twin": DATA["x1"] * 2}, "event ~ x1 + twin", {}, FitError, "collinear.*x1, twin"),
        ({}, "event ~ x1", {"penalty": "firth", "cluster": "state"}, DataError, "no clustered"),
        ({"stop": DATA["stop"] - 1}, "event ~ x1", {"time": "log"}, DataError, "no length"),
    ],
)
def test_refusals(change, formula, choices, error, message):
    with pytest.raises(error, match=message):
        logit(formula, DATA.assign(**change), id=["member"], **choices)


def test_uneven_rows_are_said():
    data = DATA.copy()
    data.loc[0, "start"] = -3.0
    with pytest.warns(CoalitionWarning, match="rows last from 1 to 4"):
        logit("event ~ x1", data, id=["member"])


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"link": "log"}, "link must be one of logit"),
        ({"penalty": "ridge"}, "penalty must be"),
        ({"time": "spline"}, "time must be one of"),
        ({"convention": "SAS"}, "convention must be one of"),
        ({"variance": "HC3"}, "variance must be one of"),
        ({"link": "probit", "penalty": "firth"}, "is for cox, logit fits, not for probit"),
    ],
)
def test_options_are_listed(choices, message):
    with pytest.raises(ValueError, match=message):
        logit("event ~ x1", DATA, id=["member"], **choices)
