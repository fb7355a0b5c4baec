"""Marginal effects, adjusted survival and expected durations: against R, by property, by abuse."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "after.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])
LOGIT = "event ~ x * near + I(x**2)"
TIMES = [6, 12, 20]


@pytest.fixture(scope="module")
def logit():
    return cm.logit(LOGIT, DATA, time=None, id="member")


@pytest.fixture(scope="module")
def plain():
    return cm.cox("event ~ x + near", DATA, id="member")


def test_average_effects_on_chances_against_r(logit):
    table = cm.marginal_effects(logit, DATA).table.set_index("variable")
    for name in ("x", "near"):
        expected = FIXTURE["effects"][name]
        assert table.loc[name, "estimate"] == pytest.approx(expected["estimate"], rel=1e-6)
        assert table.loc[name, "std_error"] == pytest.approx(expected["error"], rel=1e-6)
    assert table.loc[["near", "x"], "effect"].tolist() == ["1 - 0", "slope"]
    clustered = cm.logit(LOGIT, DATA, time=None, id="member", cluster="member")
    found = cm.marginal_effects(clustered, DATA, "x").table.iloc[0]
    assert found["std_error"] == pytest.approx(FIXTURE["effects"]["x_clustered"]["error"], 1e-6)


def test_simulated_limits_are_near_those_of_the_delta_method(logit, plain):
    for fit, more in ((logit, {}), (plain, {"horizon": 12})):
        delta = cm.marginal_effects(fit, DATA, "near", **more).table.iloc[0]
        drawn = cm.marginal_effects(
            fit, DATA, "near", method="simulation", draws=2000, seed=1, **more
        ).table.iloc[0]
        assert drawn["estimate"] == delta["estimate"]
        assert drawn["std_error"] == pytest.approx(delta["std_error"], rel=0.1)
        assert drawn["conf_low"] == pytest.approx(delta["conf_low"], abs=0.3 * delta["std_error"])


def test_effects_at_values_and_contrasts(logit):
    table = cm.marginal_effects(
        logit, DATA, "near", at={"x": [0, 1]}, contrast={"near": (0, 1)}
    ).table
    assert table["at"].tolist() == ["x = 0", "x = 1"]
    one = DATA[:1].assign(x=0.0)
    by_hand = [logit.predict(one.assign(near=v)).item() for v in (0, 1)]
    assert table["estimate"][0] == pytest.approx(by_hand[1] - by_hand[0], rel=1e-9)


def test_categories_are_compared_with_the_first():
    fit = cm.logit("event ~ x + region", DATA, time=None, id="member")
    table = cm.marginal_effects(fit, DATA, "region").table
    assert table["effect"].tolist() == ["b - a", "c - a"]
    chances = [fit.predict(DATA.assign(region=r)).mean() for r in "abc"]
    np.testing.assert_allclose(table["estimate"], np.array(chances[1:]) - chances[0], rtol=1e-9)


def test_numbers_that_a_formula_codes_are_categories():
    data = DATA.assign(g=DATA["member"] % 3)
    table = cm.marginal_effects(cm.logit("event ~ x + C(g)", data, time=None), data, "g").table
    assert table["effect"].tolist() == ["1 - 0", "2 - 0"]


def test_adjusted_survival_is_the_mean_of_predicted_curves(plain):
    found = cm.adjusted_survival(plain, DATA, "near", [0, 1], times=TIMES)
    expected = [*FIXTURE["adjusted"]["zero"], *FIXTURE["adjusted"]["one"]]
    np.testing.assert_allclose(found.table["survival"], expected, rtol=1e-8)
    assert "first row of 50 members" in str(found)
    risk = found.differences["risk_difference"]
    np.testing.assert_allclose(risk, np.subtract(expected[:3], expected[3:]), rtol=1e-7)
    effect = cm.marginal_effects(plain, DATA, "near", horizon=12).table.iloc[0]
    assert effect["estimate"] == pytest.approx(-risk[1])
    assert effect["std_error"] == pytest.approx(found.differences["std_error"][1], rel=1e-6)


@pytest.mark.parametrize("strata", [None, "region"])
@pytest.mark.parametrize("variance", ["model", "robust"])
def test_one_member_alone_has_the_error_of_predicted_survival(strata, variance):
    fit = cm.cox("event ~ x + near", DATA, id="member", strata=strata, variance=variance)
    one = DATA[DATA["member"] == 4]
    found = cm.adjusted_survival(fit, one, "near", [1, 0], times=TIMES).table
    values = {"x": one["x"].iloc[0], "near": [1, 0]}
    stratum = None if strata is None else one["region"].iloc[0]
    expected = cm.predict_survival(fit, values, times=TIMES, stratum=stratum).table
    for column in ("survival", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6)


@pytest.mark.parametrize("time", ["cubic", "dummies"])
def test_discrete_fits_multiply_their_chances(time):
    fit = cm.cloglog("event ~ x + near", DATA, id="member", time=time)
    one = DATA[DATA["member"] == 4]
    found = cm.adjusted_survival(fit, one, "near", [1], times=TIMES).table
    expected = cm.predict_survival(fit, {"x": one["x"].iloc[0], "near": 1}, times=TIMES).table
    for column in ("survival", "conf_low", "conf_high"):
        np.testing.assert_allclose(found[column], expected[column], rtol=1e-6)


def test_the_error_of_a_mean_covers_what_draws_of_baseline_and_coefficients_give(plain):
    """Members share the baseline's noise, so it does not average out."""
    found = cm.adjusted_survival(plain, DATA, "near", [0], times=[12]).table["std_error"].item()
    alone = []
    for member in range(1, 51):
        one = DATA[DATA["member"] == member]
        table = cm.adjusted_survival(plain, one, "near", [0], times=[12]).table
        alone.append(table["std_error"].item())
    assert np.mean(alone) * 0.5 < found <= np.mean(alone) * 1.0001


def test_strata_are_those_of_the_rows():
    fit = cm.cox("event ~ x + near", DATA, id="member", strata="region")
    found = cm.adjusted_survival(fit, DATA, "near", [1], times=[12]).table["survival"].item()
    first = DATA.drop_duplicates("member")
    each = [
        cm.predict_survival(fit, {"x": row.x, "near": 1}, times=[12], stratum=row.region)
        .table["survival"].item()
        for row in first.itertuples()
    ]  # fmt: skip
    assert found == pytest.approx(np.mean(each), rel=1e-9)
    with pytest.raises(cm.DataError, match="no stratum"):
        cm.adjusted_survival(fit, DATA.assign(region="z"), "near", [1], times=[12])


def test_rows_with_gaps_are_left_out_and_counted(logit):
    gaps = DATA.assign(x=DATA["x"].where(DATA.index > 2))
    assert "Left out 3 rows" in str(cm.marginal_effects(logit, gaps, "near"))


@pytest.mark.parametrize("term", ["I(x > 0)", "np.floor(x)", "np.sqrt(x)"])
def test_numbers_that_the_formula_makes_steps_of_have_no_slope(term):
    data = DATA.assign(x=np.round(2 * DATA["x"]).clip(lower=0))
    fit = cm.logit(f"event ~ {term} + near", data)
    with pytest.raises(cm.DataError, match=r"x has no slope.*contrast=\{'x'"):
        cm.marginal_effects(fit, data, "x")
    found = cm.marginal_effects(fit, data, contrast={"x": (0, 1)}).table
    ends = [fit.predict(data.assign(x=x)).mean() for x in (0, 1)]
    assert found["estimate"].item() == pytest.approx(ends[1] - ends[0])


def test_slopes_of_splines_that_end_at_the_extremes():
    """The smallest and the largest are moved inwards, since the spline knows nothing beyond."""
    fit = cm.logit("event ~ bs(x, df=4) + near", DATA)
    inner = DATA["x"].between(*DATA["x"].quantile([0.05, 0.95]))
    own = [
        cm.marginal_effects(fit, rows, "x").table["estimate"].item() for rows in (DATA, DATA[inner])
    ]
    step = 1e-5
    x = DATA["x"].clip(DATA["x"].min() + step, DATA["x"].max() - step)
    moved = [fit.predict(DATA.assign(x=x + sign * step)) for sign in (-1, 1)]
    slopes = (moved[1] - moved[0]) / (2 * step)
    np.testing.assert_allclose(own, [slopes.mean(), slopes[inner].mean()], rtol=1e-4)


def test_nothing_asked_of_effects_is_left_out_in_silence(logit):
    with pytest.raises(cm.DataError, match="contrast has near, which variables= does not"):
        cm.marginal_effects(logit, DATA, "x", contrast={"near": (0, 1)})
    with pytest.raises(cm.DataError, match="near is set by at="):
        cm.marginal_effects(logit, DATA, ["x", "near"], at={"near": [0]})


def test_refused(logit, plain):
    with pytest.raises(cm.DataError, match="give horizon="):
        cm.marginal_effects(plain, DATA)
    with pytest.raises(cm.DataError, match="the formula has no 'z'"):
        cm.marginal_effects(logit, DATA, "z")
    with pytest.raises(cm.DataError, match="needs seed="):
        cm.marginal_effects(logit, DATA, method="simulation")
    with pytest.raises(cm.DataError, match="two values"):
        cm.marginal_effects(logit, DATA, contrast={"x": [1, 2, 3]})
    with pytest.raises(cm.DataError, match="nobody was observed after"):
        cm.marginal_effects(plain, DATA, "near", horizon=99)
    fit = cm.cox("event ~ x + near:np.log(stop)", cm.split_rows(DATA, events=True), id="member")
    with pytest.raises(cm.DataError, match="names the time itself"):
        cm.adjusted_survival(fit, DATA, "x", [0, 1], times=[6])
    with pytest.raises(cm.DataError, match="variable must be one of x, near"):
        cm.adjusted_survival(plain, DATA, "z", [0, 1], times=[6])


def test_expected_duration_is_the_area_under_predicted_survival(plain):
    found = cm.expected_duration(plain, {"x": 0.3, "near": 1}, 20)
    assert found["duration"].item() == pytest.approx(FIXTURE["duration"], rel=1e-8)
    later = cm.expected_duration(plain, {"x": 0.3, "near": 1}, 20, begin=8)
    at_8 = cm.predict_survival(plain, {"x": 0.3, "near": 1}, times=[8]).table["survival"].item()
    until_8 = cm.expected_duration(plain, {"x": 0.3, "near": 1}, 8)["duration"].item()
    assert later["duration"].item() * at_8 + until_8 == pytest.approx(FIXTURE["duration"])


@pytest.mark.slow
@pytest.mark.parametrize("family", ["cox", "cloglog"])
def test_the_error_of_an_expected_duration_is_what_draws_give(family):
    """Draw coefficients, and the baseline's increments around theirs, and look at the spread."""
    fit = cm.fit(cm.Specification(family, "event ~ x + near", id="member"), DATA)
    values = {"x": 0.3, "near": 1}
    found = cm.expected_duration(fit, values, 20)
    rng = np.random.default_rng(1)
    engine, own = fit.engine, fit.estimates
    start, stop = engine.pieces(0.0, 20.0)
    frame = pd.DataFrame({"x": [0.3] * len(stop), "near": 1.0})
    still = replace(own, covariance=np.zeros_like(own.covariance))
    noise = np.diff(engine.follow(still, frame, start, stop, None).variance, prepend=0.0)
    areas = []
    for b in rng.multivariate_normal(own.coefficients, own.covariance, 3000):
        along = engine.follow(replace(still, coefficients=b), frame, start, stop, None)
        hazard = along.cumulative_hazard + np.cumsum(np.sqrt(noise) * rng.normal(size=len(noise)))
        ends = np.append(along.times[along.times < 20], 20)
        areas.append(ends[0] + (np.exp(-hazard[: len(ends) - 1]) * np.diff(ends)).sum())
    assert found["std_error"].item() == pytest.approx(np.std(areas), rel=0.08)


def test_horizons_that_nobody_saw_are_refused(plain):
    with pytest.raises(cm.DataError, match="nobody was observed after"):
        cm.expected_duration(plain, {"near": 1}, 99)
    with pytest.raises(cm.DataError, match="is not after 8"):
        cm.expected_duration(plain, {"near": 1}, 5, begin=8)
