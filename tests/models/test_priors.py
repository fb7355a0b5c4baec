"""Priors on coefficients: modes against R, limits on the profile, and what is refused."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError
from coalition_models.models.cox.posterior import cox_priors
from coalition_models.models.priors import read_prior, read_priors

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "rare_events.json").read_text()
)
DATA = pd.DataFrame(R["data"])


def binary(formula: str, data: pd.DataFrame = DATA, **choices: object) -> cm.Fit:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*events for.*")
        return cm.logit(formula, data, **{"time": None, "id": "member", **choices})


def hazards(formula: str, data: pd.DataFrame = DATA, **choices: object) -> cm.Fit:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*events for.*")
        return cm.cox(formula, data, **{"id": "member", **choices})


@pytest.mark.parametrize(
    "case", R["priors"], ids=lambda c: f"{c['link']}-{c['prior']}-{c['formula'][8:]}"
)
def test_modes_against_r(case):
    found = binary(case["formula"], link=case["link"], prior=case["prior"])
    # those of R come from differences of the log posterior
    np.testing.assert_allclose(found.coefficients[1:], case["slopes"], rtol=1e-6, atol=1e-7)


def test_log_f_is_data_augmentation():
    want = R["augmented"]
    found = binary("event ~ x + left", prior="log-F(1, 1) per unit")
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se"], rtol=1e-6)
    limits = found.tidy()[["conf_low", "conf_high"]]
    np.testing.assert_allclose(limits, want["limits"], rtol=1e-6)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize(
    ("prior", "slope"),
    [
        ("log-F(2, 2) per unit", lambda b: 1 - 2 / (1 + np.exp(-b))),
        ("t(4, 0.7) per unit", lambda b: -5 * b / (4 * 0.49 + b**2)),
        ("normal(0.3) per unit", lambda b: -b / 0.09),
    ],
)
def test_the_mode_with_weights_and_an_offset_by_hand(link, prior, slope):
    """There the slopes of the likelihood and of the log prior are equal and opposite."""
    data = DATA.assign(weight=0.5 + np.arange(len(DATA)) % 3, shift=np.cos(np.arange(len(DATA))))
    found = binary("event ~ x + left", data, link=link, prior=prior, weights="weight",
                   offset="shift")  # fmt: skip
    columns = np.array([found.values_of(name) for name in found.names])
    event, weight = data["event"].to_numpy(float), data["weight"].to_numpy()

    def likelihood(b):
        eta = b @ columns + data["shift"].to_numpy()
        p = {"logit": special.expit, "probit": special.ndtr,
             "cloglog": lambda e: -np.expm1(-np.exp(e))}[link](eta)  # fmt: skip
        return weight @ np.log(np.where(event == 1, p, 1 - p))

    b, step = found.coefficients, 1e-5
    pull = [(likelihood(b + step * e) - likelihood(b - step * e)) / (2 * step)
            for e in np.eye(len(b))]  # fmt: skip
    wanted = [-slope(value) if name in ("x", "left") else 0.0
              for name, value in zip(found.names, b, strict=True)]  # fmt: skip
    np.testing.assert_allclose(pull, wanted, atol=1e-5)
    assert max(map(abs, wanted)) > 0.05


def test_cox_against_r():
    normal = hazards("event ~ x + left", prior="normal(0.5) per unit")
    np.testing.assert_allclose(normal.coefficients, R["cox"]["ridge"], rtol=1e-6)
    for ties, want in R["cox"]["log_f"].items():
        found = hazards("event ~ x + left", prior="log-F(1, 1) per unit", ties=ties)
        np.testing.assert_allclose(found.coefficients, want, rtol=1e-6)


@pytest.mark.parametrize("prior", ["log-F(1, 1)", "t(4, 1)", "normal(0.5)"])
@pytest.mark.parametrize("model", [binary, hazards])
def test_limits_and_p_values_lie_on_the_profile(model, prior):
    found = model("event ~ x + left", prior=prior)
    objective, back = found.engine.pulled.objective, found.engine.pulled.back
    j = found.names.index("x")
    outer = np.linalg.inv(back)

    def height(b):
        return objective.state(outer @ b).penalised

    def held(value):
        free = [k for k in range(len(found.names)) if k != j]

        def loss(rest):
            b = np.empty(len(found.names))
            b[j], b[free] = value, rest
            return -height(b)

        start = found.coefficients[free]
        best = optimize.minimize(
            loss, start, method="Nelder-Mead",
            options={"xatol": 1e-10, "fatol": 1e-12, "maxiter": 5000, "maxfev": 5000},
        )  # fmt: skip
        return -best.fun

    row = found.tidy().iloc[j]
    for bound in (row["conf_low"], row["conf_high"]):
        fall = 2 * (height(found.coefficients) - held(bound))
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-5)
    fall = 2 * (height(found.coefficients) - held(0.0))
    assert row["p_value"] == pytest.approx(stats.chi2.sf(fall, 1), rel=1e-4)


@pytest.mark.parametrize("model", [binary, hazards])
@pytest.mark.parametrize("prior", ["log-F(1, 1)", "t(4, 1)", "normal(0.5)"])
def test_the_unit_of_a_covariate_decides_nothing(model, prior):
    one = model("event ~ x + size", prior=prior)
    two = model("event ~ x + size", DATA.assign(size=1000 * DATA["size"] + 7), prior=prior)
    j = one.names.index("size")
    assert one.coefficients[j] == pytest.approx(1000 * two.coefficients[j], rel=1e-6)
    assert one.tidy()["p_value"][j] == pytest.approx(two.tidy()["p_value"][j], rel=1e-5)
    assert one.coefficients[j - 1] == pytest.approx(two.coefficients[j - 1], rel=1e-6)


@pytest.mark.parametrize("model", [binary, hazards])
def test_separation_is_finite_and_the_note_says_so(model):
    with pytest.raises(FitError, match="wall"):
        model("event ~ x + wall")
    found = model("event ~ x + wall", prior="log-F(1, 1)")
    assert np.isfinite(found.tidy().drop(columns="term").to_numpy()).all()
    assert any("wall (no finite estimate without it)" in remark for remark in found.remarks)


@pytest.mark.parametrize("model", [binary, hazards])
def test_terms_without_a_prior_still_run_off(model):
    with pytest.raises(FitError, match="no finite maximum: wall, on which there is no prior"):
        model("event ~ x + wall", prior={"x": "normal(1)"})
    found = model("event ~ x + wall", prior={"wall": "log-F(1, 1)"})
    assert np.isfinite(found.std_errors).all()


@pytest.mark.parametrize("model", [binary, hazards])
def test_a_very_wide_prior_is_none(model):
    plain, wide = model("event ~ x + size"), model("event ~ x + size", prior="normal(1e5)")
    np.testing.assert_allclose(plain.coefficients, wide.coefficients, rtol=1e-6)
    np.testing.assert_allclose(plain.std_errors, wide.std_errors, rtol=1e-6)
    note = next(remark for remark in wide.remarks if "the prior is on" in remark)
    assert f"estimate without it {plain.coefficients[-1]:.4g}" in note


def test_split_rows_and_rows_never_at_risk_do_not_move_a_cox_mode():
    last = DATA.sort_values("stop").iloc[[-1]]
    never = last.assign(member=99, state="S99", start=500.0, stop=501.0, event=0, size=900.0)
    halves = pd.concat(
        [DATA.assign(stop=DATA["stop"] - 0.5, event=0), DATA.assign(start=DATA["stop"] - 0.5)]
    )
    want = hazards("event ~ x + size", prior="t(4, 1)").coefficients
    for data in (pd.concat([DATA, never]), halves):
        found = hazards("event ~ x + size", data, prior="t(4, 1)")
        np.testing.assert_allclose(found.coefficients, want, rtol=1e-8)


@pytest.mark.parametrize("model", [binary, hazards])
def test_a_case_weight_is_so_many_rows(model):
    copies = DATA.loc[DATA.index.repeat(DATA["weight"])].reset_index(drop=True)
    copies["member"] = np.arange(len(copies))
    ties = {} if model is binary else {"ties": "breslow"}
    one = model("event ~ x + size", prior="log-F(2, 2)", weights="weight", **ties)
    two = model("event ~ x + size", copies, prior="log-F(2, 2)", **ties)
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-7)


def test_strata_offset_and_test_of_all_terms():
    found = hazards("event ~ x", prior="normal(1)", strata="left", offset="exposure")
    table = found.test_model()
    assert table["test"].tolist() == ["penalised likelihood ratio"]
    assert table["p_value"][0] == pytest.approx(found.tidy()["p_value"][0], rel=1e-5)
    every = binary("event ~ x + left", prior="normal(1)").test_model()
    assert every["df"].tolist() == [2]


def test_two_tops_are_told():
    # far from zero to the last digit, and a prior that knows only zero
    rng = np.random.default_rng(2)
    x = np.repeat([0.0, 1.0], 40)
    y = (rng.random(80) < np.where(x == 1, 0.999, 0.02)).astype(float)
    y[:2], y[40] = 1.0, 0.0
    data = pd.DataFrame({"event": y, "x": x})
    with pytest.warns(CoalitionWarning, match="two tops"):
        cm.logit("event ~ x", data, time=None, prior="t(1, 0.002)")


def test_without_a_cluster_the_prior_stays_the_same():
    for model in (binary, hazards):
        found = model("event ~ x + left", prior="log-F(1, 1)")
        groups = pd.factorize(DATA["state"])[0].astype(np.int64)
        again = found.engine.without(groups, found.estimates, found.names.index("x"))
        keep = DATA[groups != 3]
        one = model("event ~ x + left", keep, prior="log-F(1, 1) per unit")  # x: another contrast
        assert again.coefficient.shape == (30,)
        assert np.isfinite(again.p_value).all()
        assert abs(again.coefficient[3] - one.coefficients[found.names.index("x")]) < 0.2


def test_a_specification_keeps_priors_in_one_form():
    one = cm.Specification("logit", "event ~ x", prior={"x": "normal( 1.0 )"})
    assert one == replace(one, convention="R")
    assert one.prior == (("x", "normal(1)"),)
    assert hash(one)
    assert "prior normal(1) on x" in str(one)
    fits = cm.fit_many([replace(one, time=None), replace(one, prior="t(7,2.5)", time=None)], DATA)
    assert [fit.choices.penalty for fit in fits] == ["prior normal(1) on x", "prior t(7, 2.5)"]
    assert "Prior t(7, 2.5): the mode, limits and p-values by its profile." in fits[1].summary()


@pytest.mark.parametrize(
    "text",
    ["cauchy(1)", "normal", "normal(1, 2)", "t(4)", "normal(-1)", "normal(nan)", "log-F(1, 2)",
     "normal(a)", "t(1, 2, 3)"],
)  # fmt: skip
def test_no_prior(text):
    with pytest.raises(DataError, match="prior"):
        read_prior(text)


@pytest.mark.parametrize("model", [binary, hazards])
def test_refused(model):
    with pytest.raises(DataError, match="no clustered form"):
        model("event ~ x", prior="normal(1)", cluster="state")
    with pytest.raises(DataError, match="give one of them"):
        model("event ~ x", prior="normal(1)", penalty="firth")
    with pytest.raises(FormulaError, match="names 'y', which is no term here"):
        model("event ~ x", prior={"y": "normal(1)"})
    with pytest.raises(DataError, match="names no term"):
        model("event ~ x", prior={})


def test_cox_contrast_is_two_deviations_within_risk_sets():
    found = hazards("event ~ x + left", prior="normal(1)")
    priors = cox_priors(read_priors("normal(1)"), found.engine.sample, found.engine.prepared)
    assert priors.contrast[1] == 1.0
    assert priors.contrast[0] == pytest.approx(2 * DATA["x"].std(), rel=0.1)
