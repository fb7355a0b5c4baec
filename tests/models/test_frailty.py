"""Shared frailty in Cox models: against R's coxph, at the edge, and what is refused."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import integrate, special

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError
from coalition_models.kernels.priors import KINDS

HERE = Path(__file__).resolve().parent.parent / "fixtures" / "r"
R = json.loads((HERE / "frailty.json").read_text())
ALL = pd.DataFrame(json.loads((HERE / "groups.json").read_text())["data"])
DATA = ALL[~((ALL["number"] % 3 == 0) & (ALL["stop"] <= 1))]


def fitted(formula: str, data: pd.DataFrame = DATA, **choices: object) -> cm.Fit:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*events for.*")
        return cm.frailty(formula, data, **{"id": ["state", "spell"], **choices})


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("distribution", ["gamma", "gaussian"])
def test_against_coxph(distribution, ties):
    want = R[distribution][ties]
    found = fitted("event ~ x + left", distribution=distribution, ties=ties)
    np.testing.assert_allclose(found.coefficients[:-1], want["coefficients"], rtol=1e-6)
    assert found.coefficients[-1] == pytest.approx(want["variance"], rel=1e-6)
    np.testing.assert_allclose(found.std_errors[:-1], want["se"], rtol=1e-6)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_marginal_likelihood_and_the_test_on_the_boundary(ties):
    want = R["gamma"][ties]
    found = fitted("event ~ x + left", ties=ties)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    plain = cm.cox("event ~ x + left", DATA, ties=ties, id=["state", "spell"])
    statistic = 2 * (found.log_likelihood - plain.log_likelihood)
    assert statistic > 5
    row = found.tidy().iloc[-1]
    assert row["term"] == "variance(state)"
    assert row["p_value"] == pytest.approx(0.5 * special.chdtrc(1, statistic), rel=1e-8)
    assert found.test_model()["df"].tolist() == [2, 2]


def test_strata_against_coxph():
    found = fitted("event ~ x", strata="spell")
    assert found.coefficients[0] == pytest.approx(R["strata"]["coefficients"], rel=1e-6)
    assert found.coefficients[1] == pytest.approx(R["strata"]["variance"], rel=1e-6)


def test_penalty_of_gamma_by_differences_and_integration():
    _, slope, bend, _ = KINDS["log-gamma"](np.array([0.3]), 1.0, 0.5)
    step = 1e-6
    up, down = (KINDS["log-gamma"](np.array([0.3 + s]), 1.0, 0.5) for s in (step, -step))
    assert slope[0] == pytest.approx((up[0][0] - down[0][0]) / (2 * step), rel=1e-6)
    assert bend[0] == pytest.approx(-(up[1][0] - down[1][0]) / (2 * step), rel=1e-6)
    # a gamma variate of mean 1 and variance 1/2 has this density, but for its constant
    area = integrate.quad(
        lambda u: np.exp(KINDS["log-gamma"](np.array([u]), 1.0, 0.5)[0][0]), -30, 6
    )[0]
    assert area == pytest.approx(special.gamma(2) / 2**2, rel=1e-6)


@pytest.mark.parametrize("distribution", ["gamma", "gaussian"])
def test_order_names_origin_unit_and_cuts_change_nothing(distribution):
    """Late entry, ties and strata; a row cut in two is at risk as long as before."""
    rng = np.random.default_rng(11)
    group, x = rng.integers(0, 12, 90), rng.normal(size=90)
    entry = np.floor(rng.uniform(0, 4, 90))
    hazard = 0.12 * rng.gamma(1.0, 1.0, 12)[group] * np.exp(0.6 * x)
    leaves, ends = rng.exponential(1 / hazard), rng.uniform(2, 10, 90)
    rows = pd.DataFrame(
        {
            "start": entry,
            "stop": entry + np.ceil(np.minimum(leaves, ends)),
            "event": (leaves < ends).astype(int),
            "x": x,
            "side": rng.integers(0, 2, 90),
            "group": group,
        }
    )
    middle = np.floor((rows["start"] + rows["stop"]) / 2)
    cut = middle > rows["start"]
    early = rows.assign(stop=middle.where(cut, rows["stop"]), event=rows["event"].where(~cut, 0))
    others = {
        "order": rows.sample(frac=1, random_state=1),
        "names": rows.assign(group=[f"z{50 - one}" for one in group]),
        "origin": rows.assign(start=rows["start"] + 2003, stop=rows["stop"] + 2003),
        "unit": rows.assign(x=1e5 * rows["x"]),
        "cuts": pd.concat([early, rows[cut].assign(start=middle[cut])]),
    }

    def found(data: pd.DataFrame, unit: float = 1.0) -> list[float]:
        fit = cm.frailty("event ~ x", data, group="group", strata="side", distribution=distribution)
        assert fit.coefficients[1] > 0.05
        return [unit * fit.coefficients[0], fit.coefficients[1], unit * fit.std_errors[0],
                fit.log_likelihood]  # fmt: skip

    one = found(rows)
    for name, data in others.items():
        again = found(data, 1e5 if name == "unit" else 1.0)
        np.testing.assert_allclose(again, one, rtol=1e-8, err_msg=name)


def test_without_differences_it_is_cox():
    rng = np.random.default_rng(4)
    rows = pd.DataFrame({"state": np.repeat(np.arange(30), 6), "x": rng.normal(size=180)})
    rows["stop"] = np.tile([1.0, 2, 3, 4, 5, 6], 30) + rng.uniform(0, 0.5, 180)
    rows["event"] = 1
    with pytest.warns(CoalitionWarning, match="estimated at nil"):
        found = cm.frailty("event ~ x", rows, start=None)
    plain = cm.cox("event ~ x", rows, start=None)
    np.testing.assert_allclose(found.coefficients, [plain.coefficients[0], 0.0])
    assert found.std_errors[0] == pytest.approx(plain.std_errors[0])
    assert found.tidy()["p_value"].iloc[-1] == 1.0


def test_predictions_and_frailties():
    found = fitted("event ~ x + left", offset="exposure")
    np.testing.assert_allclose(found.predict(), found.predict(DATA))
    np.testing.assert_allclose(found.predict(kind="ratio"), np.exp(found.predict()))
    rows = found.augment()
    factors = np.exp(rows.groupby("state")["log_frailty"].first())
    assert factors.mean() == pytest.approx(1.0, rel=1e-8)  # of a gamma frailty
    assert 0.4 < found.concordance < 1
    assert any("enter late" in remark for remark in found.remarks)


def test_a_saved_fit_keeps_its_groups(tmp_path):
    found = fitted("event ~ x + left")
    found.save(tmp_path / "one.fit", DATA)
    again = cm.load_fit(tmp_path / "one.fit")
    np.testing.assert_allclose(again.coefficients, found.coefficients, rtol=1e-9)


@pytest.mark.parametrize("distribution", ["gamma", "gaussian"])
def test_sums_and_predictions_need_no_error_of_the_variance(distribution):
    """The variance has none; what does not hold it has an error all the same."""
    found = fitted("event ~ x + left", distribution=distribution)
    assert np.isnan(found.covariance[-1]).all()
    V = found.covariance[:2, :2]
    sums = cm.linear_combination(found, ["x - left", "x + variance(state)"])
    assert sums["std_error"][0] == pytest.approx(np.sqrt(V[0, 0] + V[1, 1] - 2 * V[0, 1]))
    assert np.isnan(sums["std_error"][1])
    told = found.predictions(DATA[:9], kind="linear")
    X = DATA[["x", "left"]].to_numpy()
    centred = X[:9] - X.mean(axis=0)
    errors = np.sqrt(np.einsum("ij,jk,ik->i", centred, V, centred))
    np.testing.assert_allclose(told["std_error"], errors, rtol=1e-5)


@pytest.mark.parametrize("distribution", ["gamma", "gaussian"])
def test_likelihood_ratio_of_terms_beside_the_same_frailty(distribution):
    small, large = (
        fitted(formula, distribution=distribution) for formula in ("event ~ x", "event ~ x + left")
    )
    found = cm.lr_test(small, large).iloc[-1]
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    assert found["df"] == 1
    assert found["statistic"] == pytest.approx(statistic)
    assert found["p_value"] == pytest.approx(special.chdtrc(1, statistic))
    other = fitted("event ~ x + left", distribution=distribution, group="spell")
    with pytest.raises(DataError, match=r"not nested.*variance\(state\)"):
        cm.lr_test(small, other)


def test_refused():
    for option in ({"weights": "weight"}, {"cluster": "region"}, {"penalty": "firth"}):
        with pytest.raises(DataError, match="is for"):
            cm.Specification("frailty_gamma", "event ~ x", group="state", **option)
    spec = cm.Specification("frailty_gamma", "event ~ x", group="state", variance="robust")
    with pytest.raises(DataError, match="not known with a frailty"):
        cm.fit(spec, DATA)
    with pytest.raises(DataError, match="needs group="):
        cm.fit(cm.Specification("frailty_gamma", "event ~ x"), DATA)
    with pytest.raises(DataError, match="'gamma' or 'gaussian'; found 'stable'"):
        fitted("event ~ x", distribution="stable")
    with pytest.raises(FitError, match="one value only"):
        fitted("event ~ x", DATA.assign(all="A"), group="all")
    many = pd.concat([DATA] * 3, ignore_index=True)
    many["own"] = np.arange(len(many))
    with pytest.raises(DataError, match="offered for 1000"):
        fitted("event ~ x", many, group="own", id=["own"])
    with pytest.raises(DataError, match="predict_survival"):
        cm.predict_survival(fitted("event ~ x"), {"x": [0.0]})


@pytest.mark.slow
def test_bias_and_coverage():
    rng = np.random.default_rng(9)
    found, inside, spreads = [], [], []
    for _ in range(60):
        rows = pd.DataFrame({"state": np.repeat(np.arange(50), 5), "x": rng.normal(size=250)})
        factor = rng.gamma(2, 0.5, size=50)[rows["state"]]
        rows["stop"] = rng.exponential(size=250) / (factor * np.exp(0.7 * rows["x"]))
        rows["event"] = 1
        fit = cm.frailty("event ~ x", rows, start=None)
        row = fit.tidy().iloc[0]
        found.append(row["estimate"] - 0.7)
        inside.append(row["conf_low"] <= 0.7 <= row["conf_high"])
        spreads.append(fit.coefficients[-1])
    assert abs(np.mean(found)) < 0.04
    assert np.mean(inside) > 0.87
    assert 0.38 < np.mean(spreads) < 0.62
