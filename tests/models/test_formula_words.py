"""Words that a formula cannot have are refused in the package's own, with what to write instead."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionError, DataError, FormulaError
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit


@pytest.fixture(scope="module")
def df(months):
    return months().assign(**{"lambda": months()["x"], "événement": months()["event"]})


@pytest.mark.parametrize("model", [cox, logit])
def test_what_to_write_instead(df, model, not_refused):
    cases = [
        ("as.factor(g)", r"write C\(x\)"),
        ("factor(g)", r"write C\(x\)"),
        ("ns(x, 3)", r"cr\(x, df=4, constraints='center'\)"),
        ("pspline(x)", "penalised splines are not part"),
        ("ridge(x, theta=1)", "penalty='firth' is"),
        ("sqrt(x)", r"write np.sqrt\(x\)"),
        ("abs(x)", r"write np.abs\(x\)"),
        ("ifelse(x > 0, 1, 0)", r"np.where\(condition, x, y\)"),
        ("relevel(region, 'b')", r"C\(x, Treatment\('reference'\)\)"),
        ("x + strata(region)", "give strata='column'"),
        ("x + cluster(region)", "give cluster='column'"),
        ("x + frailty(state)", "shared frailty is not part"),
        ("x + offset(z)", "give offset='column'"),
        ("cr(x, df=4)", "constraints='center'"),
        ("x + cs(z, df=3)", r"cs\(z, df=3, constraints='center'\)"),
        ("cc(x, df=4)", "constraints='center'"),
        ("np.abs(lambda)", "a word of Python"),
        ("np.abs(`lambda`)", "must be renamed"),
        ("I(x >)", "cannot read"),
        ("I(x", "cannot read the formula"),
        ("x > 0", r"write I\(\), such as I\(x > 0\)"),
        ("x == 1", r"such as I\(x > 0\)"),
        ("x = 1", "does not join terms"),
        ("I(x and z)", "write & and"),
        ("I(not x)", "write ~"),
        ("I(g in [1, 2])", r"np.isin\(x, \[1, 2\]\)"),
        ("I(x if z else g)", "write np.where"),
        ("np.log(region)", "no numbers: column region"),
        ("I(region - x)", "no numbers: column region"),
        ("I(region & x)", "no numbers: column region"),
        ("bs(region, df=4)", "no numbers: column region"),
        ("I(2)", "reads no column"),
        ("x + y", "no such column: 'y'"),
        ("np.log(xx)", r"no such column: 'xx'"),
    ]

    def call(term):
        return model(f"event ~ {term}", df, id="state")

    assert not_refused(cases, call, FormulaError, never="\x1b⧛") == []


def test_functions_of_the_whole_column_are_refused(df, not_refused):
    terms = [
        "I(x > x.median())", "I(x - np.mean(x))", "x.mean()", "I(x / x.max())", "np.max(x)",
        "I(x - min(x))", "x.rank()", "np.median(x)", "np.quantile(x, .5)", "I(x - x.std())",
        "np.percentile(x, 50)", "I(x / sum(x))", "I(x > np.nanmedian(x))",
    ]  # fmt: skip
    cases = dict.fromkeys(terms, r"whole column.*center\(x\), scale\(x\)")

    def call(term):
        return cox(f"event ~ {term} + z", df, id="state")

    assert not_refused(cases, call, FormulaError) == []


def test_functions_that_reach_across_rows_are_refused(df, not_refused):
    terms = [
        "lag(x)", "lag(x, 2)", "x.shift(1)", "x.shift(fill_value=0)", "x.shift(1).fillna(0)",
        "x.cumsum()", "np.cumsum(x)", "np.roll(x, 1)", "np.sort(x)", "x.sort_values()", "x.diff()",
        "np.diff(x)", "x.groupby(state).shift()", "x.rolling(3).mean()", "I(x.ffill())",
        "np.gradient(x)", "x.sample(frac=1)",
    ]  # fmt: skip
    cases = dict.fromkeys(terms, r"(across members|whole column).*df\.groupby")
    cases["x.rolling(3).mean()"] = "across members|whole column"
    assert not_refused(cases, lambda t: cox(f"event ~ {t}", df, id="state"), FormulaError) == []


@pytest.mark.parametrize("term", ["center(x)", "scale(x)", "poly(x, 2)", "bs(x, df=4)"])
def test_functions_that_remember(df, term):
    fit = cox(f"event ~ {term}", df, id="state")
    few = df.iloc[[40, 7]]
    np.testing.assert_allclose(fit.predict(few), fit.predict().loc[few.index])


def test_names_that_are_not_ascii_need_no_quotes(df):
    plain = cox("event ~ x", df, id="state").coefficients
    accents = df.rename(columns={"x": "état"})
    for formula in ("événement ~ état", "`événement` ~ `état`", "événement ~ I(état)"):
        np.testing.assert_allclose(cox(formula, accents, id="state").coefficients, plain)
    assert cox("event ~ lambda", df, id="state").coefficients == pytest.approx(plain)


def test_quoted_names_that_resemble_one_another(df):
    odd = df.assign(**{"a b": df["x"], "a_b": df["z"], "a-b": df["g"]})
    fit = cox("event ~ scale(`a b`) + scale(a_b) + scale(`a-b`)", odd, id="state")
    plain = cox("event ~ scale(x) + scale(z) + scale(g)", df, id="state")
    np.testing.assert_allclose(fit.coefficients, plain.coefficients)
    np.testing.assert_allclose(fit.predict(odd.head(9)), plain.predict(df.head(9)))


def test_frames_of_other_packages(df):
    class DataFrame:
        __module__ = "polars.dataframe"

        def to_pandas(self):
            return df

    for model in (cox, logit):
        with pytest.raises(DataError, match=r"DataFrame of polars \(call .to_pandas\(\)\)"):
            model("event ~ x", DataFrame())


@pytest.mark.parametrize("formula", [1, None, ["event ~ x"], b"event ~ x", "x", "~ x", "event ~"])
def test_what_is_no_formula(df, formula):
    with pytest.raises(CoalitionError):
        cox(formula, df)


def test_unknown_ties_are_refused_with_those_known(df):
    with pytest.raises(DataError, match="ties must be 'efron', 'breslow' or 'exact'"):
        cox("event ~ x", df, ties="kalbfleisch")


def test_all_missing_and_no_rows(df):
    for model in (cox, logit):
        with pytest.raises(DataError, match="the data have no rows"):
            model("event ~ x + region", df.head(0))
        with pytest.raises(DataError, match="no row is complete"):
            model("event ~ x + region", df.assign(region=pd.NA))
