"""What people write in formulas: habits of R, powers, levels behind a function, lags, medians."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import FormulaError

MODELS = {
    "cox": lambda f, d: cm.cox(f, d, id="state"),
    "cox, Firth": lambda f, d: cm.cox(f, d, id="state", penalty="firth"),
    "cox, strata": lambda f, d: cm.cox(f, d, id="state", strata="half"),
    "logit": lambda f, d: cm.logit(f, d, id="state"),
    "cloglog": lambda f, d: cm.logit(f, d, id="state", link="cloglog", time="log"),
    "logit, Firth": lambda f, d: cm.logit(f, d, penalty="firth", time=None),
}


@pytest.fixture(scope="module")
def d(months):
    data = months(80, periods=8, seed=41)
    rng = np.random.default_rng(2)
    data["dec"], data["k"] = rng.uniform(0, 3, len(data)), rng.integers(1, 8, len(data))
    return data.assign(half=data["z"] > 0, code=data["g"].astype("int16"), o=data["z"])


# powers


@pytest.mark.parametrize("model", MODELS)
def test_caret_inside_a_function_is_refused(d, model, not_refused):
    terms = ("I(k^2)", "k + I(k ^ 3)", "np.log(k^2 + 1)", "C(k^1)", "bs(k^2, df=4)")
    cases = dict.fromkeys(terms, r"write \*\* instead")
    for kind in ("int64", "int8", "UInt8", "bool", "float32", object):
        data = d.assign(k=(d["k"] > 3 if kind == "bool" else d["k"]).astype(kind))

        def call(term, data=data):
            return MODELS[model](f"event ~ x + {term}", data)

        assert not_refused(cases, call, FormulaError) == [], kind


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("power", [2, 3, 0.5])
def test_powers_are_powers(d, model, power):
    by_hand = MODELS[model]("event ~ k + v", d.assign(v=d["k"].astype(float) ** power))
    fit = MODELS[model](f"event ~ k + I(k**{power})", d)
    np.testing.assert_allclose(fit.coefficients, by_hand.coefficients, rtol=1e-6)


# levels behind a function


def test_levels_behind_a_function_the_numbers(months):
    data = months(200)
    data["dec"] = np.random.default_rng(9).uniform(0, 4, len(data))
    fit = cm.cox("event ~ C(np.floor(dec)) + x", data, id="state")
    seen = fit.predict(pd.DataFrame({"dec": [0.5], "x": 0.0}))
    assert seen.item() == pytest.approx(0.1661, abs=5e-5)
    with pytest.raises(FormulaError, match=r"column 'dec'.*: 7|not seen.*: 7"):
        fit.predict(pd.DataFrame({"dec": [0.5, 7.5], "x": 0.0}))
    two = cm.cox("event ~ C(region, levels=['a','b'])", data, id="state")
    assert two.coefficients[0] == pytest.approx(0.3352, abs=5e-5)
    assert (two.counts.rows, sum(two.counts.left_out.values())) == (1102, 558)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("term", "column", "known", "unknown"),
    [
        ("C(np.floor(dec))", "dec", 1.2, -0.5), ("C(k // 3)", "k", 8, 30),
        ("C(I(-(k // 3)))", "k", 4, 40),
        ("C(np.round(dec, 0), Sum)", "dec", 2.4, 8.0), ("C(np.sign(dec - 1))", "dec", 9.0, 1.0),
        ("C(np.where(k > 3, 'high', 'low'))", "k", 99, None),
        ("C(Q('region'))", "region", "b", "d"), ("C(np.minimum(k, 3))", "k", 50, 0),
    ],
)  # fmt: skip
def test_levels_behind_a_function_not_seen(d, model, term, column, known, unknown):
    """A value of a known class predicts as the class does; another is refused."""
    fit = MODELS[model](f"event ~ x + {term}", d)
    row = d.head(1).assign(x=0.0)
    same = {
        "C(np.floor(dec))": 1.9, "C(k // 3)": 6, "C(I(-(k // 3)))": 3,
        "C(np.round(dec, 0), Sum)": 1.6,
        "C(np.sign(dec - 1))": 1.5, "C(np.where(k > 3, 'high', 'low'))": 4, "C(Q('region'))": "b",
        "C(np.minimum(k, 3))": 3,
    }[term]  # fmt: skip
    assert fit.predict(row.assign(**{column: known})).item() == pytest.approx(
        fit.predict(row.assign(**{column: same})).item()
    )
    if unknown is not None:
        with pytest.raises(FormulaError, match=r"the model has not seen|was fitted with"):
            fit.predict(row.assign(**{column: unknown}))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("levels", "kept"),
    [("levels=['c', 'a']", "ac"), ("levels=['b', 'c']", "bc"), ("Sum, levels=['a', 'b']", "ab")],
)
def test_levels_that_are_left_out_at_the_fit(d, model, levels, kept):
    """As the rows of these levels alone; the others are counted."""
    fit = MODELS[model](f"event ~ x + C(region, {levels})", d)
    some = d[d["region"].isin(list(kept))]
    alone = MODELS[model]("event ~ x + region", some)
    assert fit.coefficients[fit.names.index("x")] == pytest.approx(
        alone.coefficients[alone.names.index("x")], rel=1e-6
    )
    assert sum(fit.counts.left_out.values()) == len(d) - len(some)


# functions of the whole column, and across rows


@pytest.mark.parametrize("model", MODELS)
def test_median_inside_a_formula(d, model, not_refused):
    """The median would be taken again on new rows."""
    terms = [
        "I(x > x.median())", "I(x - np.mean(x))", "np.maximum(x, x.mean())", "I(x / np.std(x))",
        "C(np.digitize(x, np.quantile(x, [.3, .6])))", "I(x - x.iloc[0])", "I(z * x.max())",
    ]  # fmt: skip
    cases = dict.fromkeys(terms, r"whole column|make the column in the data first")
    assert not_refused(cases, lambda t: MODELS[model](f"event ~ {t} + z", d), FormulaError) == []


@pytest.mark.parametrize("model", MODELS)
def test_median_made_in_the_data_and_mean_remembered(d, model):
    """The cures: a column made before, and center(), which keeps the mean of the fit."""
    above = MODELS[model]("event ~ above + z", d.assign(above=(d["x"] > d["x"].median())))
    new = d.head(2).assign(above=[False, True], z=0.0, half=False)
    low, high = above.predict(new)
    assert low != pytest.approx(high)
    centred = MODELS[model]("event ~ center(x) + z", d)
    by_hand = MODELS[model]("event ~ v + z", d.assign(v=d["x"] - d["x"].mean()))
    few = d.iloc[[5, 60]]
    moved = by_hand.predict(few.assign(v=few["x"] - d["x"].mean()))
    np.testing.assert_allclose(centred.predict(few), moved, rtol=1e-7)


@pytest.mark.parametrize("model", MODELS)
def test_lag_inside_a_formula(d, model, not_refused):
    terms = ["lag(x)", "x.shift(fill_value=0)", "x.shift(2)", "I(x - x.shift(1))", "x.cumsum()",
             "lead(z)"]  # fmt: skip
    # and not the message on log(), which is near by name
    cases = dict.fromkeys(terms, r"^(?!.*logarithm).*across members.*df\.groupby")
    assert not_refused(cases, lambda t: MODELS[model](f"event ~ z + {t}", d), FormulaError) == []


# what Python cannot parse, and operators of R


@pytest.mark.parametrize("model", MODELS)
def test_formula_that_python_cannot_parse(d, model, not_refused):
    cases = [
        ("as.factor(g)", r"write C\(x\)"), ("np.abs(lambda)", "a word of Python"),
        ("x.groupby(state).shift()", r"df\.groupby"), ("factor(region):x", r"write C\(x\)"),
        ("sqrt(k)", r"np\.sqrt\(x\)"), ("ns(x, df = 3)", "constraints='center'"),
        ("cr(x, df=4)", "constraints='center'"), ("x > 0", r"I\(x > 0\)"),
        ("np.abs(class)", "a word of Python"), ("I(x +)", "cannot read"), ("log(x))", "cannot"),
        ("as.numeric(region)", "a number in the data"), ("I(x; z)", "cannot read"),
    ]  # fmt: skip
    data = d.assign(**{"lambda": 1.0})

    def call(term):
        return MODELS[model](f"event ~ {term}", data)

    assert not_refused(cases, call, FormulaError, never="\x1b⧛⧚") == []


@pytest.mark.parametrize("model", MODELS)
def test_operator_of_r(d, model, not_refused):
    """`a %in% b` is a:b in R; formulaic reads b + b:a, and `a %*% b` as a*b."""
    cases = [
        ("x %in% z", "write a:b"), ("region %in% z", "write a:b"), ("z + x %in% (z + k)", "a:b"),
        ("I(k %in% c)", r"np\.isin\(x, \[1, 2\]\)"), ("x%in%z", "write a:b"),
        ("x %*% z", r"I\(x \* z\)"), ("x %o% z", "make the column in the data"),
        ("x %+% z", "make the column"), ("x %:% z", "make the column"),
        ("k %% 2", r"write % inside I\(\)"), ("I(k %/% 2)", r"write // inside I\(\)"),
        ("I(x > 0 && z > 0)", "write & inside"), ("I(x > 0 || z > 0)", r"write \| inside"),
        ("I(!half)", "write ~ before"), ("d$x", "without its table"), ("np.log(d$k)", "its table"),
        ("x + k % 2", r"such as I\(x % 2\)"),
        ("x |> z", "one right-hand side"), ("x <- z", "does not join terms"),
    ]  # fmt: skip
    assert not_refused(cases, lambda t: MODELS[model](f"event ~ {t}", d), FormulaError) == []


def test_operator_of_r_the_cures_and_what_only_looks_like_one(d):
    names = cm.cox("event ~ x:z", d, id="state").names
    assert names == ("x:z",)  # as R's x %in% z
    for term, value in (
        ("I(k % 2)", d["k"] % 2), ("I(k % 2 + code % 3)", d["k"] % 2 + d["code"] % 3),
        ("I(k // 2)", d["k"] // 2), ("I(k != 2)", d["k"] != 2),
        ("np.isin(k, [1, 2])", d["k"].isin([1, 2])), ("I(~half)", ~d["half"]),
        ("I(x <-1)", d["x"] < -1), ("`50% $ && !`", d["x"]), ("I(k %o%5)", d["k"] % d["code"] % 5),
    ):  # fmt: skip
        data = d.assign(v=value.astype(float), **{"50% $ && !": d["x"]})
        data["o"] = data["code"]
        if "%o%" in term:
            data = data[data["o"] > 0]
        fit, by_hand = (cm.cox(f"event ~ {t}", data, id="state") for t in (term, "v"))
        np.testing.assert_allclose(fit.coefficients, by_hand.coefficients, err_msg=term)
    words = d.assign(region=d["region"] + "%in%")
    assert cm.cox("event ~ np.isin(region, ['a%in%'])", words, id="state").converged


@pytest.mark.parametrize(
    ("right", "names"),
    [
        ("region/(x + z)", "region[T.b] region[T.c] region[a]:x region[b]:x region[c]:x "
                           "region[a]:z region[b]:z region[c]:z"),
        ("(x + z)/k", "x z x:z:k"), ("x*z:k", "x z:k x:z:k"), ("x*z - x", "z x:z"),
        ("x/z/k", "x x:z x:z:k"), ("(x + z + k)^2 - x:z", "x z k x:k z:k"), ("k + z:(x/g)",
         "k z:x z:x:g"), ("x:x", "x"), ("x:z + z:x", "x:z"),
    ],
)  # fmt: skip
def test_operators_that_r_shares(d, right, names):
    """The terms that R's terms.formula lists."""
    assert cm.cox(f"event ~ {right}", d, id="state").names == tuple(names.split())
