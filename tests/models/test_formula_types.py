"""Columns of any type mean in a formula what they mean in R: numbers in double precision."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError, FormulaError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit


def last(fit, values, **choices):
    table = predict_survival(fit, values, **choices).table
    return table.groupby("scenario", sort=False)["survival"].last().round(4).tolist()


@pytest.fixture(scope="module")
def coded(months):
    df = months(200)
    df["code"] = np.random.default_rng(9).integers(1, 4, len(df))
    return df


@pytest.fixture(scope="module")
def spells():
    rng = np.random.default_rng(1)
    n = 300
    return pd.DataFrame(
        {
            "id": range(n), "start": 0.0, "stop": rng.integers(1, 25, n).astype(float),
            "event": rng.integers(0, 2, n), "x": rng.normal(size=n), "age": rng.integers(20, 60, n),
            "trade": rng.integers(0, 100, n), "k": rng.integers(0, 5, n),
        }
    )  # fmt: skip


# categories made of numbers


@pytest.mark.parametrize("estimator", [cox, logit])
def test_a_category_of_numbers_predicts_like_c(coded, estimator):
    cat = estimator("event ~ code + x", coded.astype({"code": "category"}), id="state")
    as_c = estimator("event ~ C(code) + x", coded, id="state")
    np.testing.assert_allclose(cat.coefficients, as_c.coefficients)
    new = pd.DataFrame({"code": [1, 2, 3], "x": 0.0, "stop": 4})
    for column in (
        new["code"], new["code"].astype(float), new["code"].astype("category"),
        new["code"].astype(object), new["code"].astype("Int64"), new["code"].astype("int8"),
        pd.Categorical([1.0, 2.0, 3.0], categories=[3.0, 2.0, 1.0, 9.0]),
    ):  # fmt: skip
        np.testing.assert_allclose(cat.predict(new.assign(code=column)), as_c.predict(new))
    assert last(cat, {"code": [1, 2, 3]}) == last(as_c, {"code": [1, 2, 3]})
    assert last(cat, {"x": [0.0, 1.0]}) == last(as_c, {"x": [0.0, 1.0]})


def test_the_numbers_of_a_category_of_numbers(coded):
    cat = cox("event ~ code + x", coded.astype({"code": "category"}), id="state")
    new = pd.DataFrame({"code": [1, 2, 3], "x": 0.0})
    np.testing.assert_allclose(cat.predict(new), [0.1677, 0.0384, 0.2410], atol=5e-5)
    assert last(cat, {"code": [1, 2, 3]}) == [0.4736, 0.5186, 0.4475]
    assert last(cat, {"x": [0.0, 1.0]}) == [0.3863, 0.1559]
    frame = pd.DataFrame({"path": [1, 2], "start": 0, "stop": 12, "x": 0.0, "code": [1, 3]})
    assert last(cat, frame) == last(cat, {"code": [1, 3], "x": 0.0})


def test_cut_bins_intervals_flags_and_ordered(coded):
    edges = [-9, -0.5, 0.5, 9]
    df = coded.assign(
        bin=pd.cut(coded["x"], edges, labels=[0, 1, 2]),
        iv=pd.cut(coded["x"], edges),
        flag=pd.Categorical(coded["x"] > 0),
        grade=pd.Categorical(coded["code"], categories=[3, 1, 2], ordered=True),
    )
    assert last(cox("event ~ bin + z", df, id="state"), {"bin": [0, 1, 2]}) == [
        0.6792, 0.3922, 0.2042,
    ]  # fmt: skip
    intervals = cox("event ~ iv + z", df, id="state")
    assert last(intervals, {"iv": df["iv"].cat.categories}) == [0.6792, 0.3922, 0.2042]
    assert len(last(intervals, {"z": [0.0]})) == 1
    flag = cox("event ~ flag + x", df, id="state")
    as_number = cox("event ~ flag + x", df.assign(flag=(df["x"] > 0).astype(int)), id="state")
    assert last(flag, {"flag": [True, False]}) == last(as_number, {"flag": [1, 0]})
    assert len(last(flag, {"x": [0.0]})) == 1
    grade = cox("event ~ grade + x", df, id="state")
    assert grade.names[:2] == ("grade[T.1]", "grade[T.2]")
    assert last(grade, {"grade": [3, 1]}) == last(
        cox("event ~ C(code) + x", df, id="state"), {"code": [3, 1]}
    )


def test_a_number_in_the_fit_takes_categories_of_numbers_and_no_words(coded):
    fit = cox("event ~ x + code", coded, id="state")
    new = pd.DataFrame({"x": 0.0, "code": [1, 2, 3]})
    expected = fit.predict(new)
    np.testing.assert_allclose(fit.predict(new.astype({"code": "category"})), expected)
    np.testing.assert_allclose(fit.predict(new.astype({"code": object})), expected)
    for words in ("n/a", "2"):
        with pytest.raises(FormulaError, match="'code' must hold numbers, as the model was fitted"):
            fit.predict(new.assign(code=words))
    with pytest.raises(FormulaError, match="'x' must hold numbers"):
        predict_survival(fit, {"x": "high"})


def test_unseen_categories_are_worded_plainly(coded):
    fit = cox("event ~ C(code)", coded, id="state")
    with pytest.raises(FormulaError, match="'code' has 4, but the model was fitted with 1, 2, 3"):
        fit.predict(pd.DataFrame({"code": np.array([4])}))


# integers, half precision, flags

BYTE = {"age": "int8", "trade": "int8"}


@pytest.mark.parametrize("kind", ["int8", "int16", "uint8", "uint16", "int32", ">i2", "float64"])
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("event ~ age + trade + age:trade", [0.0039952, 0.0029910, -0.000124325]),
        ("event ~ age + I(age**2)", [-0.0252857, 0.00028765]),
        ("event ~ poly(age, 2, raw=True)", [-0.0252857, 0.00028765]),
        ("event ~ log(age)", [-0.10426393]),
        ("event ~ I(age - trade)", [0.00182557]),
    ],
)
def test_narrow_integers_do_not_wrap_round(spells, kind, formula, expected):
    data = spells.assign(age=spells["age"].to_numpy().astype(kind), trade=spells["trade"])
    data["trade"] = spells["trade"].to_numpy().astype(kind)
    np.testing.assert_allclose(cox(formula, data, id="id").coefficients, expected, rtol=2e-5)


def test_products_of_wide_integers(spells):
    big = spells.assign(pop=spells["age"] * 100_000, gdp=spells["trade"] * 10_000 + 1)
    narrow = big.astype({"pop": "int32", "gdp": "uint32"})
    fit = cox("event ~ pop:gdp", narrow, id="id")
    assert fit.coefficients[0] == pytest.approx(-5.50094931e-14, rel=1e-6)


def test_half_precision_and_integers_under_logit(spells):
    data = spells.assign(stop=1.0).astype({"age": "float16", "k": "int8"})
    wide = logit("event ~ age + I(age**2) + k:age", spells.assign(stop=1.0), time=None)
    narrow = logit("event ~ age + I(age**2) + k:age", data, time=None)
    np.testing.assert_allclose(narrow.coefficients, wide.coefficients, rtol=1e-8)
    np.testing.assert_allclose(
        wide.predict(spells.head(9)), narrow.predict(data.head(9)), rtol=1e-8
    )


def test_the_clock_as_a_narrow_integer(months):
    df = months()
    narrow = df.astype({"stop": "int8", "start": "int8"})
    for formula in ("event ~ x + stop + I(stop**2) + I(stop**3)", "event ~ x + x:stop"):
        one, other = (logit(formula, d, id="state", time=None) for d in (df, narrow))
        np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=1e-8)


def test_sums_of_flags_are_sums(spells):
    df = spells.assign(f1=spells["x"] > 0.3, f2=spells["age"] > 35)
    expected = cox("event ~ I(f1 + f2)", df.astype({"f1": int, "f2": int}), id="id").coefficients
    assert expected[0] == pytest.approx(0.0531169, abs=1e-6)
    for kind in ("bool", "boolean", object, "int8", "float32", "category"):
        typed = df.astype({"f1": kind, "f2": kind})
        if kind == "category":
            continue
        found = cox("event ~ I(f1 + f2)", typed, id="id").coefficients
        np.testing.assert_allclose(found, expected, rtol=1e-9)
    for same in ("I((x > 0.3) + (age > 35))", "I((x > 0.3) * 1 + f2)", "I(f1 + (age > 35) * f2)"):
        found = cox(f"event ~ {same}", df, id="id").coefficients
        np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_logic_of_flags(spells):
    df = spells.assign(f1=spells["x"] > 0.3, f2=spells["age"] > 35)
    both = cox("event ~ both", df.assign(both=(df.f1 & df.f2).astype(int)), id="id").coefficients
    either = cox("event ~ one", df.assign(one=(df.f1 | df.f2).astype(int)), id="id").coefficients
    for formula, expected in (
        ("I(f1 & f2)", both), ("I(f1 * f2)", both), ("I((x > 0.3) & (age > 35))", both),
        ("I(f1 | f2)", either), ("I(~(~f1 & ~f2))", either),
    ):  # fmt: skip
        np.testing.assert_allclose(cox(f"event ~ {formula}", df, id="id").coefficients, expected)
    chain = cox("event ~ I(30 < age <= 40)", df, id="id").coefficients
    between = df.assign(between=((df.age > 30) & (df.age <= 40)).astype(int))
    np.testing.assert_allclose(chain, cox("event ~ between", between, id="id").coefficients)


def test_flags_and_whole_numbers_keep_their_labels(spells):
    df = spells.assign(f1=spells["x"] > 0.3)
    assert cox("event ~ C(f1) + C(k)", df, id="id").names == (
        "C(f1)[T.True]", "C(k)[T.1]", "C(k)[T.2]", "C(k)[T.3]", "C(k)[T.4]",
    )  # fmt: skip


def test_a_caret_inside_i_is_refused(spells):
    for data in (spells, spells.astype({"k": float}), spells.astype({"k": "int8"})):
        for term in ("I(k^2)", "I(x + k^2)", "np.log(1 + k^2)"):
            with pytest.raises(FormulaError, match=r"write \*\* instead"):
                cox(f"event ~ k + {term}", data, id="id")
    fit = cox("event ~ k + I(k**2)", spells, id="id")
    np.testing.assert_allclose(fit.coefficients, [-0.0495, 0.0151], atol=5e-5)


@pytest.mark.parametrize("power", ["k^2", "k**2", "(k)**3"])
def test_a_power_between_terms_is_remarked_on(spells, power):
    fit = cox(f"event ~ {power}", spells, id="id")
    assert fit.names == ("k",)
    assert any("write I(k**" in remark for remark in fit.remarks)
    assert not cox("event ~ (k + x)**2", spells, id="id").remarks


# categories behind a function


@pytest.mark.parametrize("term", ["C(g // 2)", "C(Q('g'))", "C(I(g))", "C(g)", "C(np.floor(g))"])
@pytest.mark.parametrize("estimator", [cox, logit])
def test_unseen_categories_behind_a_function_are_refused(months, term, estimator):
    fit = estimator(f"event ~ x + {term}", months(), id="state")
    new = months().head(20)
    np.testing.assert_allclose(fit.predict(new), fit.predict().head(20))
    with pytest.raises(FormulaError, match="categories that the model has not seen"):
        fit.predict(new.assign(g=99))
    held = predict_survival(fit, {"x": [0.0]}).held["g"]
    assert held in set(months()["g"])


def test_derived_bins(months):
    df = months(200).assign(dec=np.random.default_rng(9).uniform(0, 4, 1660))
    fit = cox("event ~ C(np.floor(dec)) + x", df, id="state")
    with pytest.raises(FormulaError, match=r"not seen.*: 7; it was fitted with 0, 1, 2, 3"):
        fit.predict(pd.DataFrame({"dec": [0.5, 7.5], "x": 0.0}))
    words = cox("event ~ C(np.where(dec > 1, 'high', 'low')) + x", df, id="state")
    assert words.predict(df.head(3)).notna().all()


def test_levels_leave_rows_out_and_count_them(months):
    df = months(200)
    fit = cox("event ~ C(region, levels=['a', 'b'])", df, id="state")
    assert fit.coefficients[0] == pytest.approx(0.3352, abs=5e-5)
    assert fit.counts.rows == 1102
    assert fit.counts.left_out == {"not among the levels= of C(): c": 558}
    some = df[df["region"] != "c"]
    plain = cox("event ~ region", some, id="state", cluster="state")
    with_levels = cox("event ~ C(region, levels=['a', 'b'])", df, id="state", cluster="state")
    np.testing.assert_allclose(plain.covariance, with_levels.covariance, rtol=1e-9)
    with pytest.raises(FormulaError, match="not seen: column 'region' has 'c'"):
        fit.predict(df)
    numbers = logit("event ~ C(g, levels=[0, 1, 2])", df, id="state")
    assert numbers.counts.left_out == {
        "not among the levels= of C(): 3, 4, 5, 6": int((df["g"] > 2).sum())
    }
    assert "left out 558" in " ".join(fit.footnotes())


# what a column cannot be


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([1, 2, "n/a"] * 100, "holds words among its numbers: 'n/a'; make numbers of it"),
        ([1, "1", 2] * 100, "holds words among its numbers: '1'"),
        (pd.Categorical([1, "1", 2] * 100), "has categories that read alike: 1, '1', 2|read alike"),
        (np.array([1 + 2j, 2, 3] * 100), "holds complex numbers"),
    ],
)
def test_mixed_columns_are_refused(spells, values, message):
    with pytest.raises(FormulaError, match=message):
        cox("event ~ x + v", spells.assign(v=values), id="id")


def test_decimals_and_missing_values_of_any_kind(spells):
    plain = cox("event ~ k + x", spells, id="id").coefficients
    decimals = spells.assign(k=[Decimal(int(k)) for k in spells["k"]])
    np.testing.assert_allclose(cox("event ~ k + x", decimals, id="id").coefficients, plain)
    gaps = spells.astype({"k": object})
    gaps.loc[[1, 5], "k"] = [None, pd.NA]
    fit = cox("event ~ I(k) + x", gaps, id="id")
    assert fit.counts.dropped == {"k": 2}
    with pytest.raises(DataError, match=r"no row is complete: .* k 300"):
        cox("event ~ k + x", spells.assign(k=None), id="id")


def test_text_columns_of_the_coming_pandas(months):
    plain = cox("event ~ x + region", months(), id="state", cluster="state")
    with pd.option_context("future.infer_string", True):
        df = pd.DataFrame(months().to_dict("list"))
        assert df["region"].dtype != object
        fit = cox("event ~ x + region", df, id="state", cluster="state")
        np.testing.assert_allclose(fit.covariance, plain.covariance)
        assert last(fit, {"region": ["a", "b"]}) == last(plain, {"region": ["a", "b"]})
        assert logit("event ~ C(region)", df, id="state").names[1] == "C(region)[T.b]"
        gaps = df.assign(region=df["region"].where(df.index > 3))
        assert cox("event ~ region", gaps, id="state").counts.dropped == {"region": 4}


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("event ~ age + trade + age:trade", [0.0040, 0.0030, -0.000124]),
        ("event ~ age + I(age**2)", [-0.0253, 0.000288]),
        ("event ~ poly(age, 2, raw=True)", [-0.0253, 0.000288]),
        ("event ~ log(age)", [-0.104264]),
        ("event ~ I(age - trade)", [0.001826]),
    ],
)
@pytest.mark.parametrize("kind", ["int8", "uint8", "int16", "UInt8", "float32", "int64"])
def test_narrow_numbers_give_the_numbers_of_r(spells, formula, expected, kind):
    narrow = spells.astype({"age": kind, "trade": kind})
    fit = cox(formula, narrow, id="id")
    np.testing.assert_allclose(fit.coefficients, expected, rtol=2e-2, atol=0)
    wide = cox(formula, spells.astype({"age": float, "trade": float}), id="id")
    np.testing.assert_allclose(fit.coefficients, wide.coefficients, rtol=1e-9)


@pytest.mark.filterwarnings("ignore:rows last from 1 to 24")
def test_narrow_numbers_in_a_logit_give_the_numbers_of_r(spells):
    narrow = spells.astype({"age": "int8"})
    fit = logit("event ~ age + I(age**2)", narrow, time=None)
    np.testing.assert_allclose(fit.coefficients, [-0.0279, 0.0039, -0.0000798], rtol=1e-2)
