"""Predictions: strata, offsets, gaps in strata, values and times in any container."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError

MODELS = {
    "cox": lambda f, d, **how: cm.cox(f, d, id="state", **how),
    "cox, Breslow": lambda f, d, **how: cm.cox(f, d, id="state", ties="breslow", **how),
    "cox, Firth": lambda f, d, **how: cm.cox(f, d, id="state", penalty="firth", **how),
    "logit": lambda f, d, **how: cm.logit(f, d, id="state", **how),
    "cloglog": lambda f, d, **how: cm.logit(f, d, id="state", link="cloglog", time="log", **how),
    "logit, Firth": lambda f, d, **how: cm.logit(f, d, penalty="firth", time=None, **how),
}


def survival(fit, values, **choices):
    return cm.predict_survival(fit, values, **choices).table["survival"].to_numpy()


@pytest.fixture(scope="module")
def d(months):
    return months()


# the variable of an interaction follows the stratum


@pytest.mark.parametrize("how", [{}, {"ties": "breslow"}, {"weights": "w"}, {"offset": "o"}])
@pytest.mark.parametrize(
    "kind",
    [
        lambda r: r, lambda r: r.astype("category"), lambda r: r.map({"a": 3, "b": 1, "c": 2}),
        lambda r: pd.Categorical(r.map({"a": 30, "b": 10, "c": 20})), lambda r: r == "b",
    ],
)  # fmt: skip
def test_stratum_sets_the_variable_of_its_interaction(months, how, kind):
    """With x:C(region) in strata of region each region is a model of its own."""
    data = months(150, periods=8, seed=51)
    data = data.assign(region=kind(data["region"]), w=1 + data["g"] % 3, o=data["z"] / 4)
    fit = cm.cox("event ~ x:C(region)", data, strata="region", id="state", **how)
    given = {"o": 0.0} if "offset" in how else {}
    for own in sorted(set(data["region"])):
        alone = cm.cox("event ~ x", data[data["region"] == own], id="state", **how)
        expected = survival(alone, {"x": [1.0], **given})
        found = cm.predict_survival(fit, {"x": [1.0], **given}, stratum=own)
        np.testing.assert_allclose(found.table["survival"], expected, rtol=1e-6)
        assert found.held["region"] == own
        other = next(r for r in set(data["region"]) if r != own)
        with pytest.raises(DataError, match="region makes the strata and is"):
            cm.predict_survival(fit, {"x": [1.0], "region": other, **given}, stratum=own)


# rows without a stratum


@pytest.mark.parametrize("empty", [np.nan, None, pd.NA])
@pytest.mark.parametrize(
    "how", [{"id": "state"}, {"id": ["state", "region"]}, {}, {"cluster": "state"}]
)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_missing_strata(d, empty, how, ties):
    """As the complete rows alone, whoever the members are."""
    gaps = d.assign(s=d["g"].astype(object), s2="one")
    gaps.loc[gaps.index[::9], "s"] = empty
    gaps.loc[gaps.index[1::50], "s2"] = empty
    full = gaps[gaps["s"].notna()]
    fit = cm.cox("event ~ x", gaps, strata="s", ties=ties, **how)
    alone = cm.cox("event ~ x", full, strata="s", ties=ties, **how)
    np.testing.assert_array_equal(fit.coefficients, alone.coefficients)
    np.testing.assert_allclose(fit.std_errors, alone.std_errors, rtol=1e-12)
    assert (fit.counts.rows, fit.counts.dropped) == (1111, {"s": 139})
    full = full[full["s2"].notna()]
    fit, alone = (
        cm.cox("event ~ x", t, strata=["s", "s2"], ties=ties, **how) for t in (gaps, full)
    )
    np.testing.assert_array_equal(fit.coefficients, alone.coefficients)
    assert fit.counts.rows == len(full)


def test_the_same_rows_twice_are_still_refused(d):
    gaps = d.assign(s=d["g"].astype(float).where(d.index % 9 > 0))
    with pytest.raises(DataError, match="stand twice"):
        cm.cox("event ~ x", pd.concat([gaps, gaps.tail(3)]), id="state", strata="s")


# offsets


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", [-2.0, 3, -30])
def test_offset_of_a_prediction(months, model, value):
    """An offset that is the same everywhere changes no survival, whether it is given or held."""
    data = months(80, periods=8, seed=61).assign(o=value, two=lambda t: t["g"] / 7)
    plain, fit = MODELS[model]("event ~ x", data), MODELS[model]("event ~ x", data, offset="o")
    expected = survival(plain, {"x": [0, 1]})
    for values in ({"x": [0, 1]}, {"x": [0, 1], "o": value}, {"x": [0, 1], "o": [value]}):
        np.testing.assert_allclose(survival(fit, values), expected, rtol=1e-5)
    assert cm.predict_survival(fit, {"x": 0}).held["o"] == pytest.approx(value)
    low, high = (
        survival(MODELS[model]("event ~ x", data, offset="two"), {"x": 0, "two": at})[-1]
        for at in (1.0, 0.0)
    )
    assert low < high
    with pytest.raises(FormulaError, match="no variable 'q'"):
        cm.predict_survival(fit, {"x": 0, "q": 1})


def test_offset_of_a_prediction_the_snippet(d):
    fit = cm.cox("event ~ x", d.assign(o=0.1), id="state", offset="o")
    assert survival(fit, {"x": [0], "o": 0.1})[-1] == pytest.approx(0.4214, abs=5e-5)
    assert survival(fit, {"x": [0]})[-1] == pytest.approx(
        survival(cm.cox("event ~ x", d, id="state"), {"x": [0]})[-1]
    )


# times and values in any container

CONTAINERS = {
    "array": np.array, "Series": lambda v: pd.Series(v, index=range(9, 9 + len(v))), "set": set,
    "Index": pd.Index, "extension array": lambda v: pd.array(v, dtype="Int16"), "deque": iter,
    "big-endian": lambda v: np.array(v, dtype=">f8"), "keys": lambda v: dict.fromkeys(v).keys(),
    "Categorical": pd.Categorical, "objects": lambda v: np.array(v, dtype=object),
}  # fmt: skip


@pytest.mark.parametrize("model", ["cox, Firth", "logit", "cloglog"])
def test_times_and_values_as_arrays(d, model):
    fit = MODELS[model]("event ~ x + region", d)
    expected = cm.predict_survival(fit, {"x": [-1, 0, 1]}, times=[1, 2, 5, 12]).table
    for name, container in CONTAINERS.items():
        found = cm.predict_survival(
            fit, {"x": container([-1, 0, 1])}, times=container([1, 2, 5, 12])
        )
        np.testing.assert_array_equal(found.table["survival"], expected["survival"], err_msg=name)
    np.testing.assert_array_equal(
        survival(fit, {"x": range(-1, 2)}, times=np.array([1, 2, 5, 12])), expected["survival"]
    )
    kind = d["region"].astype("category")
    words = survival(fit, {"region": ["a", "b", "c"], "x": 0.0})
    for regions in (kind.cat.categories, kind.unique(), kind, np.array(["a", "b", "c"]), {*"abc"}):
        np.testing.assert_array_equal(survival(fit, {"region": regions, "x": 0.0}), words)


@pytest.mark.parametrize("model", MODELS)
def test_empty_and_wrong_values_are_named(d, model):
    fit = MODELS[model]("event ~ x", d)
    for empty in ([], np.array([]), (), pd.Series(dtype=float), set()):
        with pytest.raises(DataError, match="x is empty"):
            cm.predict_survival(fit, {"x": empty})
        with pytest.raises(DataError, match="times is empty"):
            cm.predict_survival(fit, {"x": 0}, times=empty)
    new = pd.DataFrame({"x": ["n/a"], "start": 0, "stop": 1})
    with pytest.raises(FormulaError, match=r"'x' must hold numbers.*found 'n/a'"):
        fit.predict(new)
    for value in (np.nan, None, pd.NA, [0.0, np.inf]):
        with pytest.raises((DataError, FormulaError), match=r"missing|finite"):
            cm.predict_survival(fit, {"x": value})


@pytest.mark.parametrize("times", [np.arange(1, 13), pd.Series(range(1, 13)), range(1, 13)])
def test_times_of_a_plot_as_arrays(d, times):
    for model in ("cox", "logit"):
        fit = MODELS[model]("event ~ x + region", d)
        plot = cm.plot.survival(fit, {"x": np.array([0, 1])}, times=times)
        expected = cm.predict_survival(fit, {"x": [0, 1]}, times=list(range(1, 13))).table
        assert sorted(plot.data["survival"]) == sorted(expected["survival"])


@pytest.mark.parametrize("model", ["cox", "cox, Breslow", "cox, Firth"])
@pytest.mark.parametrize("values", [2.0, [0.0012, 20], 1e15])
def test_values_so_far_away_that_the_hazard_overflows(months, model, values):
    """Curves without limits, and a warning of numpy."""
    data = months(60, periods=8, seed=71).assign(cinc=lambda t: 0.001 + 0.0004 * t["g"])
    fit = MODELS[model]("event ~ cinc", data)
    sign = np.sign(fit.coefficients[0])
    with pytest.raises(DataError, match="lie so far from the data that the hazard overflows"):
        cm.predict_survival(fit, {"cinc": sign * np.array(values)})
    assert survival(fit, {"cinc": -sign * 20.0})[-1] == 1.0
