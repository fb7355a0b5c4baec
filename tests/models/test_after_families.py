"""What is asked of a fit, of families beside Cox and the binary ones: right, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(scope="module")
def panel():
    made = cm.simulate_panel(
        members=150, hazard=0.03, coefficients={"risk": 0.6, "near": 0.4}, seed=5
    )
    own = np.where(np.arange(len(made)) % 2 == 0, "own", "end")
    kind = np.where(made["event"] == 1, own, "stays")
    return made.assign(kind=kind, before="in", after=np.where(kind == "stays", "in", kind))


def fitted(name, panel):
    made = {
        "weibull": lambda: cm.parametric("event ~ risk + near", panel, distribution="weibull"),
        "piecewise": lambda: cm.parametric(
            "event ~ risk + near", panel, distribution="piecewise", cuts=[6, 12]
        ),
        "cure": lambda: cm.cure("event ~ risk", panel, at_risk="~ near", starts=3),
        "causes": lambda: cm.cause_specific("kind ~ risk", panel, none="stays"),
        "moves": lambda: cm.multistate("after ~ risk", panel, origin="before"),
        "fine_gray": lambda: cm.fine_gray(
            "kind ~ risk", panel, cause="own", none="stays", changing="last"
        ),
        "multinomial": lambda: cm.multinomial("kind ~ risk", panel, none="stays"),
    }
    return made[name]()


ALL = ("weibull", "piecewise", "cure", "causes", "moves", "fine_gray", "multinomial")


@pytest.mark.parametrize("name", ALL)
def test_every_family_is_saved_and_comes_back(panel, tmp_path, name):
    fit = fitted(name, panel)
    fit.save(tmp_path / "a.fit", panel)
    again = cm.load_fit(tmp_path / "a.fit")
    np.testing.assert_array_equal(again.coefficients, fit.coefficients)
    assert again.spec == fit.spec
    assert str(again) == str(fit)


def test_other_kinds_of_exit_are_other_data(panel, tmp_path):
    swapped = panel.assign(kind=panel["kind"].replace({"own": "end", "end": "own"}))
    with pytest.raises(cm.DataError, match="data must be the rows"):
        fitted("multinomial", panel).save(tmp_path / "x.fit", swapped)


@pytest.mark.parametrize("name", ALL)
def test_what_a_family_cannot_do_is_refused_by_name(panel, name):
    fit = fitted(name, panel)
    for ask in (
        fit.residuals,
        lambda: cm.adjusted_survival(fit, panel, "risk", times=[6]),
        lambda: cm.expected_duration(fit, {"risk": [0, 1]}, 12),
        lambda: cm.marginal_effects(fit, panel),
        lambda: cm.marginal_effects(fit, panel, horizon=6),
    ):
        with pytest.raises(cm.DataError, match=f"is for cox, .* not for {fit.family.name}"):
            ask()


@pytest.mark.parametrize("kind", ["hazard", "survival", "median"])
def test_errors_of_an_exponential_model_are_those_by_hand(panel, kind):
    """log hazard a + xb: its error s is that of the linear predictor, others follow from it."""
    fit = cm.parametric("event ~ risk", panel, distribution="exponential")
    rows = panel[:5]
    X = np.column_stack([np.ones(5), rows["risk"]])
    hazard = np.exp(X @ fit.coefficients)
    s = np.sqrt(np.einsum("ij,jk,ik->i", X, fit.covariance, X))
    lasts = (rows["stop"] - rows["start"]).to_numpy()
    stays = np.exp(-hazard * lasts)
    value, error = {
        "hazard": (hazard, hazard * s),
        "survival": (stays, stays * hazard * lasts * s),
        "median": (np.log(2) / hazard, np.log(2) / hazard * s),
    }[kind]
    found = fit.predictions(rows, kind=kind)
    np.testing.assert_allclose(found["estimate"], value, rtol=1e-8)
    np.testing.assert_allclose(found["std_error"], error, rtol=1e-6)
    if kind == "survival":
        middle, half = np.log(value / (1 - value)), 1.959964 * error / (value * (1 - value))
        np.testing.assert_allclose(found["conf_low"], 1 / (1 + np.exp(half - middle)), rtol=1e-6)
    else:
        np.testing.assert_allclose(found["conf_high"], value * np.exp(1.959964 * s), rtol=1e-6)


def test_limits_of_chances_and_hazards_are_possible_values(panel):
    for name in ("cure", "multinomial", "weibull"):
        fit = fitted(name, panel)
        for kind in fit.family.predictions:
            found = fit.predictions(panel, kind=kind.replace("<kind>", "own"))
            assert (found["conf_low"] <= found["estimate"]).all()
            assert (found["estimate"] <= found["conf_high"]).all()
            if kind.split()[0] in ("probability", "survival", "at_risk", "still_at_risk"):
                assert found["conf_low"].ge(0).all()
                assert found["conf_high"].le(1).all()
            elif kind in ("hazard", "median"):
                assert found["conf_low"].gt(0).all()


def test_ratios_of_one_kind_have_the_limits_of_its_linear_predictor(panel):
    fit = fitted("causes", panel)
    ratio = fit.predictions(panel[:9], kind="ratio own")
    linear = fit.predictions(panel[:9], kind="linear own")
    np.testing.assert_allclose(ratio["conf_low"], np.exp(linear["conf_low"]))


def test_likelihoods_of_one_kind_of_model_compare(panel):
    one = cm.parametric("event ~ risk", panel, distribution="weibull")
    two = fitted("weibull", panel)
    found = cm.lr_test(one, two)
    assert found["df"][1] == 1
    assert found["statistic"][1] == pytest.approx(2 * (two.log_likelihood - one.log_likelihood))
    pair = [cm.cause_specific(f"kind ~ {x}", panel, none="stays") for x in ("risk", "risk + near")]
    assert cm.lr_test(*pair)["df"][1] == 2


def test_likelihoods_of_two_kinds_of_model_do_not(panel):
    merged = panel.assign(kind=panel["kind"].replace({"own": "gone", "end": "gone"}))
    one = cm.multinomial("kind ~ risk", merged, none="stays")
    with pytest.raises(cm.DataError, match="differ in kinds of exit"):
        cm.lr_test(one, fitted("multinomial", panel))
    cuts = cm.parametric("event ~ risk", panel, distribution="piecewise", cuts=[9])
    with pytest.raises(cm.DataError, match="not nested"):
        cm.lr_test(cuts, fitted("piecewise", panel))
    near = cm.cure("event ~ near", panel, at_risk="~ near", starts=2)
    extra = panel.assign(size=np.cos(np.arange(len(panel))))
    other = cm.cure("event ~ risk + size", extra, at_risk="~ near", starts=2)
    with pytest.raises(cm.DataError, match="lacks near of"):
        cm.lr_test(near, other)


def test_a_member_of_a_parametric_fit_leaves_as_survival_says(panel):
    fit = fitted("weibull", panel)
    there = panel.groupby("state")["event"].max().eq(0).idxmax()
    early = panel[(panel["state"] == there) & (panel["stop"] <= 6)]
    found = cm.exit_probability(fit, early, there, 3)
    last = early.iloc[[-1]]
    ahead = last.assign(start=last["stop"], stop=last["stop"] + 3)
    assert found.probability == pytest.approx(1 - fit.predict(ahead, kind="survival").item())


def test_effects_that_change_over_time_are_for_cox_alone(panel):
    with pytest.raises(cm.FormulaError, match="is for cox"):
        cm.cause_specific("kind ~ tt(risk, 'log')", panel, none="stays")
