"""Parametric models: by hand, by property, by abuse, and a published table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models.errors import DataError, FitError, FormulaError
from coalition_models.models.parametric.api import DISTRIBUTIONS

SMOOTH = [name for name in DISTRIBUTIONS if name != "piecewise"]


@pytest.fixture(scope="module")
def panel():
    panel = cm.simulate_panel(
        members=120, hazard=0.06, coefficients={"risk": 0.5, "size": 0.2}, seed=3
    )
    return panel.assign(group=panel["state"].factorize()[0] % 40)


@pytest.fixture
def three():
    return pd.DataFrame({"stop": [2.0, 3.0, 4.0], "event": [1, 1, 0]})


def test_a_constant_hazard_by_hand():
    data = pd.DataFrame(
        {"stop": [2.0, 3.0, 4.0, 1.0, 1.0], "event": [1, 1, 0, 1, 0], "x": [0, 0, 0, 1, 1]}
    )
    fit = cm.parametric("event ~ x", data, start=None, distribution="exponential")
    # two events in 9 units against one in 2
    np.testing.assert_allclose(fit.coefficients, [np.log(2 / 9), np.log((1 / 2) / (2 / 9))])
    np.testing.assert_allclose(fit.std_errors, [np.sqrt(1 / 2), np.sqrt(1 / 2 + 1)])
    assert fit.log_likelihood == pytest.approx(2 * np.log(2 / 9) - 2 + np.log(1 / 2) - 1)
    assert fit.log_likelihood_null == pytest.approx(3 * np.log(3 / 11) - 3)
    assert fit.predict(kind="survival").iloc[0] == pytest.approx(np.exp(-4 / 9))
    assert fit.predict(kind="hazard").tolist() == pytest.approx([2 / 9] * 3 + [0.5] * 2)
    assert fit.predict(kind="median").iloc[3] == pytest.approx(np.log(2) / 0.5)
    np.testing.assert_allclose(fit.augment()["martingale"].sum(), 0, atol=1e-12)


def test_pieces_by_hand():
    data = pd.DataFrame({"stop": [1.0, 2.0, 4.0, 4.0], "event": [1, 0, 1, 0], "x": [0, 1, 1, 0]})
    fit = cm.parametric("event ~ x", data, start=None, distribution="piecewise", cuts=[2.0])
    assert fit.names[:2] == ("log hazard (0, 2]", "log hazard after 2")
    again = data.assign(start=0.0, half=0)
    cut = pd.concat([again.assign(stop=again["stop"].clip(upper=2), event=[1, 0, 0, 0]),
                     again[again["stop"] > 2].assign(start=2.0, half=1)])  # fmt: skip
    same = cm.parametric("event ~ x", cut, distribution="piecewise", cuts=[2.0])
    np.testing.assert_allclose(fit.coefficients, same.coefficients)
    plain = cm.parametric("event ~ x + half", cut, distribution="exponential")
    np.testing.assert_allclose(fit.coefficients[0], plain.coefficients[0], rtol=1e-7)
    np.testing.assert_allclose(fit.coefficients[2], plain.coefficients[1], rtol=1e-7)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_splitting_a_row_changes_nothing(distribution):
    rng = np.random.default_rng(4)
    time = np.exp(2.5 + 0.8 * rng.normal(size=300))
    last = pd.DataFrame({"start": rng.uniform(0, 6, 300), "stop": np.minimum(time, 30)})
    last = last.assign(event=(time < 30) * 1, risk=rng.normal(size=300))
    last = last[last["stop"] > last["start"]]
    halves = last.assign(middle=(last["start"] + last["stop"]) / 2)
    two = pd.concat([halves.assign(stop=halves["middle"], event=0),
                     halves.assign(start=halves["middle"])], ignore_index=True)  # fmt: skip
    options = {"distribution": distribution}
    if distribution == "piecewise":
        options["cuts"] = [10, 20]
    one = cm.parametric("event ~ risk", last, **options)
    other = cm.parametric("event ~ risk", two, **options)
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(one.std_errors, other.std_errors, rtol=1e-6)


@settings(max_examples=5, deadline=None)
@given(unit=st.floats(1e-4, 1e4), distribution=st.sampled_from(SMOOTH))
def test_the_unit_of_time_moves_levels_only(unit, distribution):
    panel = cm.simulate_panel(members=80, hazard=0.02, coefficients={"risk": 0.5}, seed=3)
    moved = panel.assign(start=panel["start"] * unit, stop=panel["stop"] * unit)
    one = cm.parametric("event ~ risk", panel, distribution=distribution)
    two = cm.parametric("event ~ risk", moved, distribution=distribution)
    np.testing.assert_allclose(one.coefficients[1], two.coefficients[1], rtol=1e-6)
    np.testing.assert_allclose(one.std_errors[1], two.std_errors[1], rtol=1e-6)
    events = one.counts.events
    lift = one.log_likelihood - two.log_likelihood
    np.testing.assert_allclose(lift, events * np.log(unit), rtol=1e-8, atol=1e-7)


def test_nested_distributions_are_ordered(panel):
    height = {
        name: cm.parametric("event ~ risk", panel, distribution=name).log_likelihood
        for name in SMOOTH
    }
    assert height["exponential"] <= min(height[n] for n in ("weibull", "gompertz", "gamma")) + 1e-9
    assert max(height["weibull"], height["lognormal"]) <= height["gengamma"] + 1e-8


def test_a_piece_for_each_event_month_is_cox(panel):
    months = sorted(panel.loc[panel["event"] == 1, "stop"].unique())
    panel = panel[panel["stop"].isin(months)]
    fit = cm.parametric("event ~ risk", panel, distribution="piecewise", cuts=months[:-1])
    cox = cm.cox("event ~ risk", panel, ties="breslow")
    np.testing.assert_allclose(fit.coefficients[-1], cox.coefficients[0], rtol=1e-6)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_every_part_of_the_house_takes_it(distribution, panel):
    fit = cm.parametric("event ~ risk + size", panel, distribution=distribution, cluster="group")
    if distribution in ("weibull", "piecewise", "lognormal"):
        again = cm.parametric(
            "event ~ risk + size", panel, distribution=distribution, cluster="group",
            variance="jackknife",
        )  # fmt: skip
        np.testing.assert_allclose(fit.std_errors, again.std_errors, rtol=0.35)
        assert again.reference == "t"
    assert fit.test_model()["df"].tolist() == [2, 2]
    assert 0.5 < fit.concordance < 0.9
    assert set(fit.test_terms()["term"]) >= {"risk", "size"}
    assert len(str(fit).splitlines()) > 8
    curve = cm.predict_survival(fit, {"risk": [-1, 1]}, times=[3, 7.5, 20])
    assert curve.table.groupby("scenario")["survival"].is_monotonic_decreasing.all()
    assert curve.table["survival"].between(0, 1).all()
    for kind in fit.family.predictions:
        np.testing.assert_allclose(
            fit.predict(kind=kind), fit.predict(panel.loc[fit.engine.sample.index], kind=kind)
        )
    for name in fit.names:
        assert np.isfinite(fit.values_of(name)).all()
    assert cm.fit(fit.spec, panel).log_likelihood == fit.log_likelihood


def test_survival_of_a_path_is_the_product_of_its_rows(panel):
    fit = cm.parametric("event ~ risk", panel, distribution="lognormal")
    path = pd.DataFrame({"start": [0.0, 4.0, 9.0], "stop": [4.0, 9.0, 15.0], "risk": [0, 1, -1]})
    rows = fit.predict(path, kind="survival")
    found = cm.predict_survival(fit, path, times=[4, 9, 15]).table["survival"]
    np.testing.assert_allclose(found, rows.cumprod())


def test_a_smooth_curve_has_many_points_and_hits_the_times_asked(panel):
    fit = cm.parametric("event ~ risk", panel, distribution="weibull")
    curve = cm.predict_survival(fit, {"risk": 0}).table
    assert len(curve) > 50
    shape, level = np.exp(fit.coefficients[2]), fit.coefficients[0]
    expected = np.exp(-np.exp(level) * curve["time"] ** shape)
    np.testing.assert_allclose(curve["survival"], expected, rtol=1e-10)


def test_leaving_one_cluster_out(panel):
    fit = cm.parametric("event ~ risk", panel, distribution="weibull", cluster="group")
    groups = fit.engine.sample.clusters[0]
    some = fit.engine.without(groups, fit.estimates, 1)
    keep = groups != 0
    alone = cm.parametric("event ~ risk", panel.loc[fit.engine.sample.index[keep]],
                          cluster="group", small_sample=True)  # fmt: skip
    np.testing.assert_allclose(some.coefficient[0], alone.coefficients[1], rtol=1e-7)
    np.testing.assert_allclose(some.std_error[0], alone.std_errors[1], rtol=1e-7)


def test_many_specifications_share_rows(panel):
    specs = [cm.Specification("weibull", f"event ~ {x}") for x in ("risk", "size", "risk + size")]
    together = cm.fit_many(specs, panel)
    for spec, one in zip(specs, together, strict=True):
        assert one.coefficients.tolist() == cm.fit(spec, panel).coefficients.tolist()


def test_strata_and_their_refusals(panel):
    data = panel.assign(half=np.where(panel["size"] > 0, "big", "small"))
    fit = cm.parametric("event ~ risk", data, distribution="weibull", strata="half", id="state")
    assert sorted(fit.names[:2]) == ["Intercept[big]", "Intercept[small]"]
    assert {*fit.names[3:]} == {"log(shape)[big]", "log(shape)[small]"}
    assert fit.test_model()["df"].tolist() == [1, 1]
    assert len(fit.native.time_ratios) == 2
    curves = [
        cm.predict_survival(fit, {"risk": 0}, stratum=s, times=[10]) for s in ("big", "small")
    ]
    assert curves[0].table["survival"].item() != curves[1].table["survival"].item()
    assert len(fit.predict(data.head(3), kind="hazard")) == 3
    with pytest.raises(DataError, match="no such stratum"):
        fit.predict(data.head(3).assign(half="none"))
    with pytest.raises(DataError, match="the data need half"):
        fit.predict(panel.head(3))
    empty = data.assign(event=np.where(data["half"] == "big", data["event"], 0))
    with pytest.raises(FitError, match=r"no event for Intercept\[small\]"):
        cm.parametric("event ~ risk", empty, strata="half", id="state")


@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
def test_separation_is_named(distribution, panel):
    wall = panel.assign(wall=((panel["event"] == 0) & (panel["size"] > 0.8)).astype(int))
    with pytest.raises(FitError, match=r"separation.*no event among .* wall = 1.*cox\("):
        cm.parametric("event ~ wall + risk", wall, distribution=distribution)
    if distribution in ("gamma", "gengamma"):  # slow to climb where there is no top
        return
    with pytest.warns(cm.CoalitionWarning, match="monotone likelihood"):
        fit = cm.parametric("event ~ wall + risk", wall, distribution=distribution,
                            allow_nonconvergence=True)  # fmt: skip
    assert not fit.converged
    assert np.isnan(fit.std_errors[fit.names.index("wall")])
    assert np.isfinite(fit.std_errors[fit.names.index("risk")])
    with pytest.raises(DataError, match="finite maximum"):
        cm.predict_survival(fit, {"risk": 0})


def test_what_cannot_be_estimated(panel):
    with pytest.raises(FitError, match="constant"):
        cm.parametric("event ~ one", panel.assign(one=1))
    with pytest.raises(FitError, match="collinear"):
        cm.parametric("event ~ risk + twice", panel.assign(twice=2 * panel["risk"] + 1))
    with pytest.raises(FitError, match="within each baseline"):
        cm.parametric("event ~ risk + high", panel.assign(high=1 * (panel["size"] > 0)),
                      strata="high", id="state")  # fmt: skip
    with pytest.raises(FitError, match="no event"):
        cm.parametric("event ~ risk", panel.assign(event=0))
    with pytest.raises(DataError, match="times below 0 in rows"):
        cm.parametric(
            "event ~ risk", panel.assign(start=panel["start"] - 1, stop=panel["stop"] - 1)
        )
    alike = pd.DataFrame({"stop": [5.0] * 6, "event": [1, 1, 1, 0, 0, 0], "x": [1, 2, 3, 1, 2, 4]})
    with pytest.raises(FitError, match=r"no convergence.*log\(shape\).*simpler distribution"):
        cm.parametric("event ~ x", alike.assign(x=[1, 2, 3, 1, 2, 3]), start=None)


def test_few_events_are_told(panel):
    first = panel[panel["event"] == 1].index[:2]
    few = panel.assign(event=np.where(panel.index.isin(first), 1, 0))
    few["other"] = np.random.default_rng(0).normal(size=len(few))
    with pytest.warns(cm.CoalitionWarning, match="2 events for 3 coefficients"):
        cm.parametric("event ~ risk + size + other", few, distribution="exponential")


def test_options_are_refused_by_name(panel):
    with pytest.raises(DataError, match="distribution must be one of exponential, weibull"):
        cm.parametric("event ~ risk", panel, distribution="pareto")
    with pytest.raises(DataError, match=r"cuts=3 is for piecewise fits, not for weibull"):
        cm.parametric("event ~ risk", panel, cuts=3)
    with pytest.raises(DataError, match="penalty='firth' is for cox"):
        cm.Specification("weibull", "event ~ risk", penalty="firth")
    with pytest.raises(DataError, match=r"use .*cox\(\) or .*parametric\(\)$"):
        cm.Specification("logit", "event ~ risk", strata="region")
    with pytest.raises(DataError, match=r"strata=.* is for .*\bcox, "):
        cm.Specification("cure_weibull", "event ~ risk", strata="region")
    for cuts in (0, [], [3, 2], [0, 1], [-1, 4], [1, np.inf]):
        with pytest.raises(DataError, match="cuts must be a number of pieces"):
            cm.parametric("event ~ risk", panel, distribution="piecewise", cuts=cuts)
    with pytest.raises(FitError, match="no event for log hazard after 9999"):
        cm.parametric("event ~ risk", panel, distribution="piecewise", cuts=[9999])
    fit = cm.parametric("event ~ risk", panel)
    with pytest.raises(DataError, match="kind must be one of linear, hazard"):
        fit.predict(kind="ratio")
    with pytest.raises(DataError, match="check_ph"):
        cm.check_ph(fit)
    with pytest.raises(DataError, match="must lie after start"):
        fit.predict(panel.head(2).assign(stop=0.0), kind="hazard")
    with pytest.raises(FormulaError):
        cm.parametric("event ~ nobody", panel)


def test_a_table_of_distributions(panel):
    found = cm.compare_distributions("event ~ risk", panel)
    table = found.table
    assert set(table["distribution"]) == set(DISTRIBUTIONS)
    assert table["aic"].is_monotonic_increasing
    assert table["weight"].sum() == pytest.approx(1)
    one = cm.parametric("event ~ risk", panel, distribution=table["distribution"].iloc[0])
    assert table["aic"].iloc[0] == pytest.approx(one.glance()["aic"].item())
    text = str(found)
    assert "unit of time" in text
    assert "not for the effects" in text
    again = cm.compare_distributions(one.spec, panel, distributions=["weibull", "lognormal"])
    assert set(again.fits) == {"weibull", "lognormal"}
    assert set(again.coefficients()["scale"]) == {"log hazard ratio", "log time ratio"}
    with pytest.raises(DataError, match="distributions must be among"):
        cm.compare_distributions("event ~ risk", panel, distributions=["pareto"])
    wall = panel.assign(wall=(panel["event"] == 0) & (panel["size"] > 0.8))
    with pytest.raises(FitError, match="monotone"):
        cm.compare_distributions("event ~ wall", wall)


@pytest.mark.mirror
def test_peacekeeping_missions(mirror):
    """Printed: generalised gamma, Weibull and log-normal models of UN missions."""
    data = pd.read_stata(mirror / "peacekeeping-missions.dta").dropna(subset=["duration"])
    data = data.astype({"failed": int})

    def fit(formula, distribution):
        return cm.parametric(formula, data, start=None, stop="duration", distribution=distribution)

    gamma = fit("failed ~ civil + interst", "gengamma")
    printed = [3.0254, -0.2528, 0.9711, 0.2815, -0.9043]
    assert gamma.coefficients.round(4).tolist() == pytest.approx(printed, abs=1e-9)
    assert gamma.std_errors[[0, 1, 2, 4]].round(4).tolist() == [0.3962, 0.4619, 0.5228, 0.4917]
    assert round(gamma.log_likelihood_null, 4) == -197.3282
    sigma = gamma.native.parameters.set_index("parameter").loc["sigma"]
    assert sigma.round(4).tolist() == [1.3252, 0.1651, 1.0380, 1.6917]
    weibull = fit("failed ~ civil + interst", "weibull")
    assert round(weibull.log_likelihood, 4) == -201.1528
    assert weibull.native.parameters["estimate"].round(4).item() == 0.8069
    ratios = weibull.native.time_ratios
    assert ratios["estimate"].round(4).tolist() == [-1.1004, 1.7368]
    assert ratios["std_error"].round(4).tolist() == [0.4458, 0.6165]
    normal = fit("failed ~ civil + interst", "lognormal")
    assert normal.coefficients.round(3).tolist()[:3] == [3.592, -0.590, 1.385]
    assert round(normal.log_likelihood, 4) == -196.7765
    assert round(fit("failed ~ civil + interst", "loglogistic").log_likelihood, 4) == -196.2718
    assert round(fit("failed ~ civil + interst", "exponential").log_likelihood, 4) == -202.8521
