"""Split populations: two maxima of a published likelihood, properties, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError, FormulaError


@pytest.fixture(scope="module")
def members():
    rng = np.random.default_rng(5)
    n = 500
    x, z = rng.normal(size=n).round(2), rng.normal(size=n).round(2)
    exposed = rng.random(n) < 1 / (1 + np.exp(-0.3 - 0.8 * z))
    time = np.where(exposed, np.exp(2 + 0.5 * x) * rng.weibull(1.4, n), np.inf)
    entry = np.where(rng.random(n) < 0.3, rng.uniform(0, 4, n), 0)
    stop = np.minimum(time, 50.0)
    data = pd.DataFrame({"start": entry, "stop": stop, "event": (time < 50) * 1, "x": x, "z": z})
    data["region"] = np.array(["n", "s", "w"])[np.arange(n) % 3]
    data["group"] = np.arange(n) % 45
    return data[data["stop"] > data["start"]].reset_index(drop=True)


def test_where_all_are_at_risk_the_likelihood_is_weibulls(members):
    from coalition_models.kernels import lifetime_rows as kernel
    from coalition_models.kernels.lifetimes import LIFETIMES

    life, one = LIFETIMES["weibull time"], np.ones((len(members), 1))
    rows = kernel.Rows(
        *(members[name].to_numpy(float) for name in ("start", "stop", "event")),
        one[:, 0], 0 * one[:, 0], (one, one),
    )  # fmt: skip
    split = rows.with_designs(one, one, one)
    whole = kernel.value_of(kernel.whole(life), rows, np.array([2.0, -0.1]))
    same = kernel.value_of(kernel.split(life), split, np.array([2.0, -0.1, 40.0]))
    assert same == pytest.approx(whole, rel=1e-12)


def test_starts_agree_and_are_counted(members):
    fit = cm.cure("event ~ x", members, at_risk="~ z", starts=6)
    assert fit.names == ("Intercept", "x", "log(sigma)", "at risk: Intercept", "at risk: z")
    assert fit.native.maxima["starts"].sum() == 6
    assert "starts of 6 reached this maximum" in str(fit)
    assert fit.test_model()["df"].tolist() == [2, 2]
    again = cm.cure("event ~ x", members, at_risk="~ z", starts=6)
    assert again.coefficients.tolist() == fit.coefficients.tolist()
    other = cm.cure("event ~ x", members, at_risk="~ z", starts=6, seed=9)
    np.testing.assert_allclose(other.coefficients, fit.coefficients, rtol=1e-6)
    truth = [2.0, 0.5, -np.log(1.4), 0.3, 0.8]
    assert (np.abs(fit.coefficients - truth) < 3.5 * fit.std_errors).all()


@pytest.mark.parametrize("distribution", ["weibull", "loglogistic"])
def test_likelihood_errors_and_predictions_by_hand(members, distribution):
    """Late entry, case weights, an offset and clusters, from the formula of the docstring."""
    data = members.assign(weight=0.5 + np.arange(len(members)) % 3, shift=0.3 * members["z"] ** 2)
    start, stop, event, x, z, weight, shift, group = (
        data[name].to_numpy(float)
        for name in ("start", "stop", "event", "x", "z", "weight", "shift", "group")
    )
    ask = {"at_risk": "~ z", "distribution": distribution, "weights": "weight",
           "offset": "shift", "starts": 2}  # fmt: skip
    fit = cm.cure("event ~ x", data, **ask)

    def parts(b):
        odds, scale = np.exp(b[3] + b[4] * z), np.exp(b[2])

        def power(time):
            return (time * np.exp(-b[0] - b[1] * x - shift)) ** (1 / scale)

        def stays(time):
            if distribution == "weibull":
                return np.exp(-power(time))
            return 1 / (1 + power(time))

        hazard = power(stop) / (scale * stop)
        if distribution == "loglogistic":
            hazard = hazard * stays(stop)
        share = odds / (1 + odds)
        return share, stays(start), stays(stop), hazard

    def by_row(b):
        share, before, after, hazard = parts(b)
        left, stay = share * hazard * after, 1 - share + share * after
        return weight * np.log(np.where(event == 1, left, stay) / (1 - share + share * before))

    def slopes(function, b, step):
        return np.array([(function(b + step * e) - function(b - step * e)) / (2 * step)
                         for e in np.eye(len(b))])  # fmt: skip

    b = fit.coefficients
    assert fit.log_likelihood == pytest.approx(by_row(b).sum(), rel=1e-12)
    scores = slopes(by_row, b, 1e-5)
    np.testing.assert_allclose(scores.sum(axis=1), 0, atol=1e-5)
    bend = slopes(lambda c: slopes(lambda e: by_row(e).sum(), c, 1e-4), b, 1e-4)
    inverse = np.linalg.inv(-bend)
    np.testing.assert_allclose(fit.covariance, inverse, rtol=1e-4, atol=1e-7)
    sums = np.array([scores[:, group == one].sum(axis=1) for one in np.unique(group)])
    clustered = cm.cure("event ~ x", data, cluster="group", small_sample=False, **ask)
    np.testing.assert_allclose(
        clustered.covariance, inverse @ sums.T @ sums @ inverse, rtol=1e-3, atol=1e-6
    )
    share, before, after, hazard = parts(b)
    there = 1 - share + share * before
    np.testing.assert_allclose(fit.predict(data, kind="still_at_risk"), share * before / there)
    np.testing.assert_allclose(
        fit.predict(data, kind="survival"), (1 - share + share * after) / there
    )
    np.testing.assert_allclose(
        fit.predict(data, kind="hazard"), share * after * hazard / (1 - share + share * after)
    )


def test_predictions(members):
    fit = cm.cure("event ~ x", members, at_risk="~ z", starts=2)
    share = fit.predict(kind="at_risk")
    odds = fit.coefficients[3] + fit.coefficients[4] * members["z"]
    np.testing.assert_allclose(share, 1 / (1 + np.exp(-odds)))
    late = members["start"] > 0
    still = fit.predict(kind="still_at_risk")
    assert (still[late] < share[late]).all()
    np.testing.assert_allclose(still[~late], share[~late])
    far = cm.predict_survival(fit, {"x": 0, "z": 0}, times=[50]).table["survival"].item()
    assert far == pytest.approx(1 - 1 / (1 + np.exp(-fit.coefficients[3])), abs=0.01)
    for kind in fit.family.predictions:
        np.testing.assert_allclose(fit.predict(kind=kind), fit.predict(members, kind=kind))
    assert 0.5 < fit.concordance < 1
    for name in fit.names:
        assert np.isfinite(fit.values_of(name)).all()


def test_splitting_rows_weights_and_clusters(members):
    middle = (members["start"] + members["stop"]) / 2
    two = pd.concat([members.assign(stop=middle, event=0), members.assign(start=middle)])
    two = two.reset_index(drop=True)
    one = cm.cure("event ~ x", members, at_risk="~ z", starts=2, cluster="group")
    same = cm.cure("event ~ x", two, at_risk="~ z", starts=2, cluster="group")
    np.testing.assert_allclose(one.coefficients, same.coefficients, rtol=1e-6)
    np.testing.assert_allclose(one.std_errors, same.std_errors, rtol=1e-6)
    double = pd.concat([members, members], ignore_index=True)
    weighted = cm.cure("event ~ x", members.assign(w=2.0), at_risk="~ z", starts=2, weights="w")
    np.testing.assert_allclose(
        weighted.std_errors, cm.cure("event ~ x", double, at_risk="~ z", starts=2).std_errors,
        rtol=1e-6,
    )  # fmt: skip
    knife = cm.cure("event ~ x", members, at_risk="~ z", starts=1, cluster="group",
                    variance="jackknife")  # fmt: skip
    np.testing.assert_allclose(knife.std_errors, one.std_errors, rtol=0.3)


def test_categories_in_both_equations(members):
    fit = cm.cure("event ~ x + C(region)", members, at_risk="~ z + C(region)", starts=1)
    assert "C(region)[T.s]" in fit.names or "C(region)[s]" in fit.names
    assert len(fit.names) == 1 + 3 + 1 + 1 + 3
    assert len(fit.terms["at risk: C(region)"]) == 2
    assert fit.formula == "event ~ x + C(region)"
    missing = members.assign(z=members["z"].where(members.index > 4))
    part = cm.cure("event ~ x", missing, at_risk="~ z", starts=1)
    assert part.counts.rows == len(members) - 5
    assert part.counts.dropped == {"z": 5}


def test_what_is_refused(members):
    with pytest.raises(FormulaError, match="at_risk must be one-sided"):
        cm.cure("event ~ x", members, at_risk="z")
    with pytest.raises(DataError, match="distribution must be one of weibull, loglogistic"):
        cm.cure("event ~ x", members, distribution="gamma")
    with pytest.raises(DataError, match="starts must be 1 or more"):
        cm.cure("event ~ x", members, starts=0)
    with pytest.raises(DataError, match="at_risk='~ z' is for cure_weibull, cure_loglogistic fits"):
        cm.Specification("weibull", "event ~ x", at_risk="~ z")
    with pytest.raises(FitError, match="constant"):
        cm.cure("event ~ x", members.assign(one=1), at_risk="~ one")
    gone = members[(members["event"] == 1)]
    with pytest.raises(FitError, match=r"every member is at risk.*use parametric\(\)"):
        cm.cure("event ~ x", gone, starts=3)
    with pytest.warns(cm.CoalitionWarning, match="no maximum"):
        fit = cm.cure("event ~ x", gone, starts=2, allow_nonconvergence=True)
    assert not fit.converged
    assert np.isnan(fit.std_errors).all()


@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore:Missing constructor for R class")
def test_the_published_coups_model_is_a_lower_maximum(mirror):
    """Printed coefficients are one maximum, log-likelihood -319.81; the highest is -319.14."""
    rdata = pytest.importorskip("rdata")
    table = rdata.read_rda(mirror / "coups.rda")["coups"]
    data = pd.DataFrame({name: np.asarray(table[name]) for name in table.columns})
    year = pd.to_datetime(data["year"], unit=None if data["year"].dtype.kind == "M" else "D")
    data = data.assign(year=year.dt.year, coup=data["succ.coup"].astype(int))
    data = data.sort_values(["gwcode", "year"])
    before = data.groupby("gwcode")["coup"].shift(1)
    data = data[~((data["coup"] == 1) & (before == 1))]
    past = data.groupby("gwcode")["coup"].transform(lambda s: s.shift(1, fill_value=0).cumsum())
    data = data.assign(spell=past)
    data["stop"] = data.groupby(["gwcode", "spell"]).cumcount() + 1.0
    data["start"] = data["stop"] - 1
    fit = cm.cure("coup ~ polity2", data, at_risk="~ polity2", id=["gwcode", "spell"])
    assert (fit.counts.rows, fit.counts.events) == (4782, 67)
    assert round(fit.log_likelihood, 4) == -319.1436
    maxima = fit.native.maxima
    assert maxima["log_likelihood"].round(4).tolist() == [-319.1436, -319.8094]
    printed = [4.0015, 0.2059, -0.0320, 6.5279, 0.8967]
    lower = np.asarray(maxima["coefficients"].iloc[1])
    # what is printed as log(alpha) is log(sigma) here
    assert lower.round(4).tolist() == pytest.approx(printed, rel=2e-4)
    assert "lower maxima have log-likelihood -319.8094" in str(fit)


def test_an_event_in_backticks(members):
    odd = members.rename(columns={"event": "the event"})
    one = cm.cure("event ~ x", members, at_risk="~ z", starts=1)
    two = cm.cure("`the event` ~ x", odd, at_risk="~ z", starts=1)
    np.testing.assert_array_equal(one.coefficients, two.coefficients)
