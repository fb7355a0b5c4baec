"""From formula to design: names, missing values, categories, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError, FormulaError
from coalition_models.models.sample.formula import build_design

DATA = pd.DataFrame(
    {
        "event": [0, 1, 0, 1, 0, 1],
        "risk": [0.5, 1.5, 2.5, 3.5, 4.5, 5.5],
        "near": [True, False, True, True, False, False],
        "region": ["a", "b", "c", "a", "b", "c"],
        "code": [1, 2, 3, 1, 2, 3],
        "my column": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
        "day": pd.Timestamp("2004-03-14"),
        "zone": pd.Timestamp("2004-03-14", tz="UTC"),
        "age": pd.Timedelta(days=3),
    }
)


def design(formula: str, data: pd.DataFrame = DATA, **choices: object):
    return build_design(formula, data, intercept=choices.pop("intercept", False), **choices)


def test_plain_columns_are_taken_as_they_are():
    made = design("event ~ risk + near")
    assert made.names == ("risk", "near")
    assert made.spec is None
    np.testing.assert_array_equal(made.matrix, DATA[["risk", "near"]].to_numpy(dtype=float))


def test_plain_and_parsed_agree():
    plain = design("event ~ risk + near", intercept=True)
    parsed = design("event ~ risk + I(near * 1)", intercept=True)
    assert parsed.spec is not None
    np.testing.assert_array_equal(plain.matrix, parsed.matrix)


def test_categories_are_coded_as_if_the_intercept_were_there():
    made = design("event ~ risk + region + C(code)")
    assert made.names == ("risk", "region[T.b]", "region[T.c]", "C(code)[T.2]", "C(code)[T.3]")
    assert made.terms == {"risk": (0,), "region": (1, 2), "C(code)": (3, 4)}
    with_intercept = design("event ~ risk + region + C(code)", intercept=True)
    np.testing.assert_array_equal(with_intercept.matrix[:, 1:], made.matrix)


def test_interactions_and_functions():
    made = design("event ~ risk * near + np.log(risk) + I(risk ** 2) + `my column`")
    assert set(made.terms) == {
        "risk", "near", "risk:near", "np.log(risk)", "I(risk ** 2)", "my column",
    }  # fmt: skip
    at = made.names.index("risk:near")
    np.testing.assert_allclose(made.matrix[:, at], DATA["risk"] * DATA["near"])


@pytest.mark.parametrize("formula", ["event ~ risk + code", "event ~ risk + np.sqrt(code)"])
def test_missing_values_are_dropped_and_counted_by_column(formula):
    data = DATA.astype({"code": float})
    data.loc[[1, 4], "risk"] = np.nan
    data.loc[4, "code"] = np.nan
    data.loc[5, "region"] = None
    made = design(formula, data, needed=["region"])
    assert made.dropped == {"risk": 2, "code": 1, "region": 1}
    np.testing.assert_array_equal(made.keep, [True, False, True, True, False, False])
    assert len(made.matrix) == 3


def test_missing_values_of_unused_columns_do_not_matter():
    data = DATA.assign(region=None)
    assert len(design("event ~ risk", data).matrix) == 6


def test_nullable_and_object_numbers_count_as_numbers():
    data = DATA.assign(
        risk=DATA["risk"].astype("Float64"), code=DATA["code"].astype(object), near=[1, None] * 3
    )
    data["near"] = data["near"].astype("Int64")
    made = design("event ~ risk + code + near", data)
    assert made.names == ("code", "near", "risk") or set(made.names) == {"code", "near", "risk"}
    assert made.dropped == {"near": 3}


def test_unused_levels_make_no_column():
    data = DATA.assign(region=pd.Categorical(DATA["region"], categories=["a", "b", "c", "d"]))
    assert design("event ~ region", data).names == ("region[T.b]", "region[T.c]")


def test_new_data_get_the_same_columns():
    made = design("event ~ risk + C(region) + center(code) + poly(risk, degree=2)")
    assert made.variables == ("code", "region", "risk")
    np.testing.assert_allclose(made.matrix_for(DATA.iloc[[4, 1]]), made.matrix[[4, 1]])


def test_gaps_inside_stateful_transforms_are_seen():
    made = design("event ~ scale(risk)", DATA.assign(risk=DATA["risk"].where(DATA.index > 1)))
    assert made.dropped == {"risk": 2}


@pytest.mark.parametrize(
    ("formula", "change", "message"),
    [
        ("event ~ risk + region", {"region": "d"}, r"column 'region' has 'd'.*'a', 'b', 'c'"),
        ("event ~ C(code)", {"code": 9}, "column 'code' has"),
    ],
)
def test_unseen_categories_are_refused(formula, change, message):
    made = design(formula)
    with pytest.raises(FormulaError, match=message):
        made.matrix_for(DATA.assign(**change))


def test_new_data_with_gaps_are_refused():
    made = design("event ~ risk")
    with pytest.raises(DataError, match=r"missing values .* risk in rows 0"):
        made.matrix_for(DATA.assign(risk=DATA["risk"].where(DATA.index > 0)))
    with pytest.raises(FormulaError, match="no such column: 'risk'"):
        made.matrix_for(DATA.drop(columns="risk"))


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("event ~ rsik", r"no such column: 'rsik' \(nearest: risk\)"),
        ("evnt ~ risk + regoin", r"'evnt' \(nearest: event\); 'regoin' \(nearest: region\)"),
        ("event ~ log(rsk)", r"'rsk' \(nearest: risk\)"),
        ("risk", "a formula reads"),
        ("event ~ risk ~ near", "a formula reads"),
        ("Surv(start, stop, event) ~ risk", "start= and stop="),
        ("event ~ risk + strata(region)", "give strata='column'"),
        ("event ~ risk + cluster(region)", "give cluster='column'"),
        ("event ~ risk + offset(code)", "give offset='column'"),
        ("event == 1 ~ risk", "must be the name of one column"),
        ("event ~ .", "name the columns instead of '.'"),
        ("event ~ risk - 1", "leave the intercept alone"),
        ("event ~ 0 + risk", "leave the intercept alone"),
        ("event ~ 1", "no term to estimate"),
        ("event ~ risk +* near", "cannot read the formula"),
        ("event ~ risk | near", "one right-hand side"),
        ("event ~ day", "holds dates"),
        ("event ~ zone", "holds dates"),
        ("event ~ age", "holds dates"),
        ("event ~ unknown_function(risk)", r"unknown_function\(\) is not a function"),
        ("event ~ np.no_such(risk)", r"np.no_such\(\) is not a function"),
    ],
)
def test_formulas_that_are_refused(formula, message):
    with pytest.raises(FormulaError, match=message):
        design(formula)


def test_a_term_with_one_category_is_refused():
    with pytest.raises(FormulaError, match="region has one category only"):
        design("event ~ risk + region", DATA.assign(region="a"))


@pytest.mark.parametrize("formula", ["event ~ risk + code", "event ~ risk + region"])
def test_infinite_values_are_named(formula):
    data = DATA.assign(risk=[1.0, np.inf, 2.0, -np.inf, 3.0, 4.0])
    with pytest.raises(DataError, match=r"risk in 2 rows \(1, 3\)"):
        design(formula, data)


def test_undefined_results_are_named():
    with pytest.raises(DataError, match=r"np.log\(risk - 1.5\) in 2 rows \(0, 1\)"):
        design("event ~ np.log(risk - 1.5)")


def test_frames_that_are_refused():
    with pytest.raises(DataError, match="no rows"):
        design("event ~ risk", DATA.iloc[:0])
    with pytest.raises(DataError, match=r"no row is complete: of 6 rows.*risk 6"):
        design("event ~ risk", DATA.assign(risk=np.nan))
    with pytest.raises(DataError, match="must be unique; repeated: risk"):
        design("event ~ risk", pd.concat([DATA, DATA[["risk"]]], axis=1))
    with pytest.raises(DataError, match="must be a pandas DataFrame, found dict"):
        design("event ~ risk", DATA.to_dict())


def test_the_frame_is_left_as_it_was():
    data = DATA.copy()
    design("event ~ risk + region + C(code)", data)
    pd.testing.assert_frame_equal(data, DATA)


def test_quoted_names_are_one_name():
    odd = DATA.assign(**{"my risk": DATA["risk"], "risk.x": DATA["risk"], "risk": np.nan})
    for name in ("my risk", "risk.x"):
        made = design(f"event ~ `{name}` + np.log(code)", odd)
        assert made.variables == tuple(sorted(["code", name]))
        assert made.dropped == {}
        np.testing.assert_array_equal(made.matrix[:, 0], DATA["risk"])


@pytest.mark.parametrize("name", ["np", "log", "C", "scale", "bs", "Intercept"])
def test_names_that_formulas_bring_themselves_are_refused(name):
    with pytest.raises(FormulaError, match=f"column {name} has the name of .* rename the column"):
        design(f"event ~ `{name}` + C(region)", DATA.assign(**{name: DATA["risk"]}))
    with pytest.raises(FormulaError, match="rename the column"):
        design("event ~ Intercept + risk", DATA.assign(Intercept=1.0))


def test_columns_named_like_a_function_may_stand_aside():
    made = design("event ~ np.log(code)", DATA.assign(log=np.nan))
    assert made.dropped == {}


def test_categories_of_text_types_are_read_as_words():
    text = DATA["region"].astype("string")
    plain = design("event ~ risk + region")
    for column in (text, text.astype("category"), DATA["region"].astype("category")):
        made = design("event ~ risk + region", DATA.assign(region=column))
        assert made.names == plain.names
        np.testing.assert_array_equal(made.matrix, plain.matrix)


def test_typical_value_of_a_numeric_category_is_the_commonest():
    made = design("event ~ risk + C(code)", DATA.assign(code=[1, 2, 2, 2, 5, 5]))
    assert made.typical_values()["code"] == 2
