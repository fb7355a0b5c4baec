"""Columns of every type count as what they hold: categories, narrow numbers, flags, events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError

MODELS = {
    "cox": lambda f, d: cm.cox(f, d, id="state"),
    "cox, Breslow, clusters": lambda f, d: cm.cox(f, d, id="state", ties="breslow", cluster="g"),
    "cox, Firth": lambda f, d: cm.cox(f, d, id="state", penalty="firth"),
    "logit": lambda f, d: cm.logit(f, d, id="state"),
    "cloglog": lambda f, d: cm.logit(f, d, id="state", link="cloglog", time="linear"),
    "logit, Firth": lambda f, d: cm.logit(f, d, penalty="firth", time=None),
}
pytestmark = pytest.mark.filterwarnings("ignore:7 clusters")


def last(fit, values, **choices):
    table = cm.predict_survival(fit, values, **choices).table
    return table.groupby("scenario", sort=False)["survival"].last().to_numpy()


def rotated(cases, many=(0, 3)):
    """Each case with some of the six models."""
    names = list(MODELS)
    return [(case, names[(i + j) % 6]) for i, case in enumerate(cases) for j in many]


@pytest.fixture(scope="module")
def coded(months):
    d = months(60, periods=8, seed=31)
    return d.assign(code=np.random.default_rng(4).integers(1, 5, len(d)))


# categories made of numbers


@pytest.mark.parametrize(
    ("values", "model"),
    rotated([
        lambda c: c, lambda c: c / 4, lambda c: -c, lambda c: 10_000_000 * c, lambda c: c > 2,
        lambda c: c.astype("Int8"), lambda c: c.astype("float32"),
    ], many=[0]),
)  # fmt: skip
def test_category_of_numbers(coded, model, values):
    """Against dummies made by hand."""
    kind = values(coded["code"])
    levels = sorted(set(kind))
    d = coded.assign(kind=pd.Categorical(kind, categories=levels))
    dummies = {f"d{i}": (kind == v).astype(int) for i, v in enumerate(levels) if i}
    by_hand = MODELS[model](f"event ~ x + {' + '.join(dummies)}", coded.assign(**dummies))
    fit = MODELS[model]("event ~ x + kind", d)
    np.testing.assert_allclose(fit.predict(), by_hand.predict(), rtol=1e-8, atol=1e-9)
    for i, value in enumerate(levels):
        new = pd.DataFrame({"kind": [value], "x": 0.5, "stop": 3, "start": 2})
        one = pd.DataFrame({"x": [0.5], "stop": 3, "start": 2})
        one = one.assign(**{name: int(name == f"d{i}") for name in dummies})
        expected = by_hand.predict(one).to_numpy()
        for typed in (new, new.astype({"kind": object}), new.astype({"kind": "category"})):
            np.testing.assert_allclose(fit.predict(typed), expected, rtol=1e-7, atol=1e-9)
        survival = last(by_hand, {"x": 0.5, **{n: int(n == f"d{i}") for n in dummies}})
        np.testing.assert_allclose(last(fit, {"kind": [value], "x": 0.5}), survival, rtol=1e-7)
    commonest = kind.value_counts().idxmax()
    np.testing.assert_allclose(last(fit, {"x": 0.5}), last(fit, {"x": 0.5, "kind": [commonest]}))


@pytest.mark.parametrize("model", MODELS)
def test_category_of_numbers_not_seen(coded, model):
    fit = MODELS[model]("event ~ x + code", coded.astype({"code": "category"}))
    new = coded.head(3)
    for value in (5, 0, 1.5, "1"):
        with pytest.raises(FormulaError, match="code"):
            fit.predict(new.assign(code=value))


# narrow integers


def test_narrow_integers_the_exact_case():
    rng = np.random.default_rng(1)
    n = 300
    d = pd.DataFrame({
        "id": range(n), "start": 0.0, "stop": rng.integers(1, 25, n).astype(float),
        "event": rng.integers(0, 2, n), "x": rng.normal(size=n), "age": rng.integers(20, 60, n),
        "trade": rng.integers(0, 100, n), "k": rng.integers(0, 5, n),
    })  # fmt: skip
    big = d.assign(pop=d["age"] * 100_000, gdp=d["trade"] * 10_000 + 1)
    fit = cm.cox("event ~ pop:gdp", big.astype({"pop": "int32", "gdp": "int32"}), id="id")
    assert fit.coefficients[0] == pytest.approx(-5.50e-14, abs=5e-17)


def test_narrow_time_of_a_bundled_panel():
    """R: stop -.0445, log-likelihood -58.213; with the cube wrapped round .0091 and -58.372."""
    panel = cm.add_elections(cm.build_panel(cm.facts("isaf", revision=1)), window=6)
    formula = "event ~ election_near + stop + I(stop**2) + I(stop**3)"
    for kind in ("int16", "int64", "uint8", "float32"):
        fit = cm.logit(formula, panel.astype({"stop": kind}), time=None)
        assert fit.coefficients[2] == pytest.approx(-0.0445, abs=5e-5)
        assert fit.log_likelihood == pytest.approx(-58.213, abs=5e-4)


TERMS = {
    "k:m": lambda k, m: k * m, "I(k**3)": lambda k, m: k**3, "I(k - m)": np.subtract,
    "I(m + m + k)": lambda k, m: m + m + k, "I(-k)": lambda k, m: -k,
    "I(k * m - m**2)": lambda k, m: k * m - m**2, "np.sqrt(k)": lambda k, m: np.sqrt(k),
    "I(k // 3)": lambda k, m: k // 3, "np.square(m)": lambda k, m: m**2,
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "model"), rotated(["int8", "uint8", "int16", "float16", "UInt8", ">i2"])
)
def test_narrow_integers(coded, model, kind):
    """Against the same term made of doubles before the fit."""
    k, m = 20 * coded["code"] + 7.0, 15.0 * coded["g"]
    whole = {name: column.to_numpy().astype("int64") for name, column in (("k", k), ("m", m))}
    d = coded.assign(**{n: pd.Series(v, coded.index).astype(kind) for n, v in whole.items()})
    if kind == ">i2":
        d = coded.assign(**{n: v.astype(kind) for n, v in whole.items()})
    for term in list(TERMS)[list(MODELS).index(model) % 3 :: 3]:
        plain = MODELS[model]("event ~ x + v", coded.assign(v=TERMS[term](k, m)))
        fit = MODELS[model](f"event ~ x + {term}", d)
        np.testing.assert_allclose(fit.predict(), plain.predict(), 1e-6, 1e-7, err_msg=term)


# flags


@pytest.mark.parametrize(("kind", "model"), rotated(["bool", "boolean", object]))
def test_sum_of_flags(coded, model, kind):
    flags = {"f": coded["x"] > 0.3, "h": coded["code"] > 2, "w": coded["g"] > 3}
    d = coded.assign(**{name: flag.astype(kind) for name, flag in flags.items()})
    f, h, w = (flag.astype(int) for flag in flags.values())
    cases = {"f + h": f + h, "f + h + w": f + h + w, "f - h": f - h, "2 * f + h": 2 * f + h,
             "(x > 0.3) + (code > 2)": f + h, "f * w + h": f * w + h}  # fmt: skip
    for term, value in cases.items():
        plain = MODELS[model]("event ~ z + v", coded.assign(v=value))
        fit = MODELS[model](f"event ~ z + I({term})", d)
        np.testing.assert_allclose(fit.predict(), plain.predict(), rtol=1e-7, atol=1e-9)


# byte order, objects and categories as events, times and groups


@pytest.mark.parametrize("kind", [">i2", ">i4", ">i8", ">f4", ">f8", ">u2"])
def test_big_endian_columns(months, kind):
    d = months()
    foreign = d["g"].to_numpy().astype(kind)
    for how in ({"cluster": "g"}, {"id": ["state", "g"]}, {"strata": "g"}, {"weights": "w"}):
        own, other = (
            cm.cox("event ~ x", t.assign(w=t["g"] + 1), **{"id": "state", **how})
            for t in (d, d.assign(g=foreign))
        )
        np.testing.assert_array_equal(own.std_errors, other.std_errors)
    swapped = d.assign(start=d["start"].to_numpy().astype(kind), g=foreign)
    curves = cm.survival_curve(swapped, "g").table, cm.survival_curve(d, "g").table
    np.testing.assert_array_equal(curves[0]["survival"], curves[1]["survival"])
    assert cm.cox("event ~ x", d.assign(g=foreign), id="state", cluster="g").std_errors[
        0
    ] == pytest.approx(0.10225198, rel=1e-6)


@pytest.mark.parametrize(("column", "model"), rotated(["event", "stop", "g"]))
def test_event_and_times_of_object_or_category_type(months, model, column):
    d = months(60)
    plain = MODELS[model]("event ~ x + g", d)
    for kind in (object, "category"):
        typed = d.astype({column: kind})
        if column == "g" and kind == "category":
            continue  # a category is one, see above
        np.testing.assert_allclose(
            MODELS[model]("event ~ x + g", typed).coefficients, plain.coefficients
        )
    words = d.assign(event=d["event"].map({0: "stays", 1: "leaves"}).astype("category"))
    with pytest.raises(DataError, match=r"\(df\['event'\] == '"):
        MODELS[model]("event ~ x", words)


def test_column_twice_in_a_curve(months):
    d = months(20)
    for name in ("event", "stop", "region"):
        with pytest.raises(DataError, match=f"must be unique; repeated: {name}"):
            cm.survival_curve(pd.concat([d, d[[name]]], axis=1), "region")


# the text columns of the coming pandas


@pytest.mark.filterwarnings("ignore:Dtype inference:FutureWarning")
def test_coming_text_columns():
    """The option changes no number of sets, claims, profiles and spells."""
    levels = cm.load("troops").query("coalition == 'rsm'")
    found = []
    for option in (False, True):
        with pd.option_context("future.infer_string", option):
            profile = cm.operational_profile(cm.load("participation").query("state == 'ESP'"))
            spells = cm.spells_from_levels(pd.DataFrame(levels.to_dict("list")), complete=True)
            found.append([profile["troops"].sum(), len(spells), int(spells["spell"].sum())])
    assert found[0] == found[1]
    with pd.option_context("future.infer_string", True):
        iraq = cm.analysis_set("iraq", revision=1)
        claims = cm.test_hypotheses({"iraq": iraq.panel}, ["H02"], robust=False).table
    assert (len(iraq.panel), iraq.panel["event"].sum()) == (1646, 21)
    assert claims["estimate"].item() == pytest.approx(1.029573, abs=1e-6)  # without the option
