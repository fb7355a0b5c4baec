"""Values, times, strata and offsets of a prediction, and labels that join no two things."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError, FormulaError
from coalition_models.models.after.nonparametric import survival_curve
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit


def last(fit, values, **choices):
    table = predict_survival(fit, values, **choices).table
    return table.groupby("scenario", sort=False)["survival"].last().round(4).tolist()


@pytest.fixture(scope="module")
def df(months):
    return months()


@pytest.fixture(scope="module")
def fit(df):
    return cox("event ~ x + region", df, id="state")


# times and values


@pytest.mark.parametrize(
    "times",
    [
        np.arange(1, 13), pd.Series(range(1, 13)), range(1, 13), set(range(1, 13)),
        pd.Index(range(1, 13)), tuple(range(1, 13)), pd.array(range(1, 13), dtype="Int64"),
        pd.Categorical(range(1, 13)), (t for t in range(1, 13)), np.arange(1, 13).astype(">f4"),
        pd.Series(range(1, 13), index=list("abcdefghijkl")),
    ],
)  # fmt: skip
def test_times_of_any_kind(fit, times):
    plain = predict_survival(fit, {"x": [0, 1]}, times=list(range(1, 13)))
    found = predict_survival(fit, {"x": [0, 1]}, times=times)
    pd.testing.assert_frame_equal(found.table, plain.table)
    assert found.times == plain.times


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([], "times is empty"), (np.array([]), "times is empty"), (pd.Series(dtype=float), "empty"),
        ([1, np.nan], "times must be"), (["1"], "times must be"), (3, "times must be a list"),
        (np.ones((2, 2)), "times"), ([1, None], "times must be"), ([100], "nobody was observed"),
        ({"a": 1}, "times must be"), ("12", "times must be"),
    ],
)  # fmt: skip
def test_times_that_are_refused(fit, df, times, message):
    with pytest.raises(DataError, match=message):
        predict_survival(fit, {"x": [0, 1]}, times=times)
    if "observed" not in message:
        with pytest.raises(DataError):
            survival_curve(df).at_risk(times)


def test_at_risk_takes_any_list(df):
    curve = survival_curve(df)
    plain = curve.at_risk([1, 2, 3])
    for times in (range(1, 4), {1, 2, 3}, np.arange(1, 4), pd.Series([1, 2, 3])):
        pd.testing.assert_frame_equal(curve.at_risk(times), plain)


@pytest.mark.parametrize(
    "values",
    [
        range(-1, 2), {-1, 0, 1}, (-1, 0, 1), np.array([-1, 0, 1]), pd.array([-1, 0, 1]),
        pd.Index([-1, 0, 1]), pd.Series([-1, 0, 1, 1, 0]), pd.Categorical([-1, 0, 1]),
        (v for v in (-1, 0, 1)), frozenset({-1, 0, 1}), [-1, np.float32(0), np.int8(1)],
        np.array([-1, 0, 1], dtype=">i2"), {-1: "a", 0: "b", 1: "c"}.keys(),
    ],
)  # fmt: skip
def test_values_of_any_kind(fit, values):
    assert last(fit, {"x": values}) == last(fit, {"x": [-1, 0, 1]})


def test_categories_of_any_kind(fit, df):
    plain = last(fit, {"region": ["a", "b", "c"]})
    kind = df["region"].astype("category")
    for values in (kind.cat.categories, kind.unique(), kind, {"a", "b", "c"}, df["region"]):
        assert last(fit, {"region": values}) == plain


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "x is empty"), (np.array([]), "x is empty"), (set(), "x is empty"),
        (np.ones((2, 2)), "not a ndarray"), ({"a": 1}, "not a dict"), ([[1, 2]], "list of lists"),
        (pd.DataFrame({"a": [1]}), "not a DataFrame"), ("high", "must hold numbers"),
        (None, "missing values"), ([0, np.nan], "missing values"), (range(10**9), "at most"),
        (np.inf, "finite"), (["1"], "must hold numbers"),
    ],
)  # fmt: skip
def test_values_that_are_refused(df, values, message):
    plain = cox("event ~ x", df, id="state")
    with pytest.raises((DataError, FormulaError), match=message):
        predict_survival(plain, {"x": values})


def test_begin_before_anyone_was_observed(fit):
    with pytest.raises(DataError, match="nobody was observed before 0, so begin=-100"):
        predict_survival(fit, {"x": 0}, begin=-100)


# labels


def test_scenarios_keep_their_own_labels(months):
    df = months(300).assign(cinc=lambda d: 0.001 + 0.0004 * d["g"])
    fit = cox("event ~ cinc + x", df, id="state")
    found = predict_survival(fit, {"cinc": [0.0012, 0.0014]})
    assert found.table["scenario"].unique().tolist() == ["cinc = 0.0012", "cinc = 0.0014"]
    for values in (
        np.linspace(0.001, 0.003, 9), [0.1, 0.1 + 1e-12], [1e9, 1e9 + 1], [-0.0001, -0.00012],
        [0.00123456789, 0.00123456788],
    ):  # fmt: skip
        found = predict_survival(fit, {"cinc": values, "x": [0, 1.0001, 1.0002]})
        assert found.table["scenario"].nunique() == 3 * len(values)
    table = predict_survival(fit, {"cinc": [0.0012, 0.0014]}).to_table().text()
    assert "0.0012" in table
    assert "0.0014" in table


def test_words_that_hold_what_joins_labels(months):
    names = ["p", "p, two = q", "q, two = r"]
    df = months(300).assign(one=lambda d: np.array(names)[d["g"] % 3])
    df["two"] = np.where(df["z"] > 0, "r", "q, two = r")
    fit = cox("event ~ one + two", df, id="state")
    found = predict_survival(fit, {"one": names, "two": ["r", "q, two = r"]})
    assert found.table["scenario"].nunique() == 6


def test_groups_that_read_alike_stay_two(df):
    code = pd.Series([1 if v else "1" for v in df["x"] > 0], dtype=object)
    curve = survival_curve(df.assign(code=code), "code")
    assert list(curve.spans) == ["1", "'1'"]
    assert len(curve.median()) == 2
    assert curve.at_risk([0]).to_numpy().sum() == (df["start"] == 0).sum()
    one = np.where(df["x"] > 0, "a, b", "a")
    two = np.where(df["x"] > 0, "c", "b, c")
    both = survival_curve(df.assign(one=one, two=two), ["one", "two"])
    assert sorted(both.spans) == ["'a', 'b, c'", "'a, b', 'c'"]
    plain = survival_curve(df, ["region", "g"])
    assert "a, 0" in plain.spans


def test_paths_that_read_alike_stay_two(df):
    fit = cox("event ~ x", df, id="state")
    frame = pd.DataFrame({"path": pd.Series([1, "1"], dtype=object), "start": 0, "stop": 12})
    found = predict_survival(fit, frame.assign(x=[0.0, 1.0]))
    assert found.table["scenario"].unique().tolist() == ["1", "'1'"]
    assert last(fit, frame.assign(x=[0.0, 1.0])) == last(fit, {"x": [0.0, 1.0]})


@pytest.mark.parametrize("n", [2, 24, 28, 30, 38, 44, 46, 54, 100, 120])
def test_the_median_where_half_are_left_exactly(n):
    data = pd.DataFrame({"start": 0, "stop": range(1, n + 1), "event": 1, "g": "one"})
    assert survival_curve(data).median()["all"] == n / 2
    assert survival_curve(data, "g").median()["one"] == n / 2
    assert survival_curve(data.head(n - 1)).median()["all"] == n / 2


# strata


def test_a_variable_of_the_strata_follows_its_stratum(months):
    df = months(300)
    fit = cox("event ~ x:C(region)", df, strata="region", id="state")
    found = predict_survival(fit, {"x": [1.0]}, stratum="b")
    assert found.table["survival"].iloc[-1] == pytest.approx(0.1461, abs=5e-5)  # R
    assert found.held["region"] == "b"
    assert "Stratum: region b." in found.notes
    frame = pd.DataFrame({"start": [0], "stop": 12, "x": 1.0})
    for path in (frame, frame.assign(region="b"), {"x": 1.0, "region": "b"}):
        assert last(fit, path, stratum="b") == [0.1461]
    for path in (
        frame.assign(region="a"), {"x": 1.0, "region": "a"}, {"x": 1.0, "region": ["a", "b"]},
    ):  # fmt: skip
        with pytest.raises(DataError, match="region makes the strata and is 'b'"):
            predict_survival(fit, path, stratum="b")


def test_two_strata_and_strata_of_numbers(months):
    df = months(300).assign(half=lambda d: (d["z"] > 0).astype(float))
    fit = cox("event ~ x:half + x:region", df, strata=["region", "half"], id="state")
    own = predict_survival(fit, {"x": 1.0}, stratum=("b", 1.0))
    assert own.held == {"half": 1.0, "region": "b"}
    with pytest.raises(DataError, match=r"half makes the strata and is 1.0"):
        predict_survival(fit, {"x": 1.0, "half": 0}, stratum=("b", 1.0))


# offsets


@pytest.mark.parametrize("model", [cox, logit])
def test_the_offset_of_a_prediction(df, model):
    fit = model("event ~ x", df.assign(o=0.1 + 0.01 * df["g"]), id="state", offset="o")
    mean = 0.1 + 0.01 * df["g"].mean()
    held = predict_survival(fit, {"x": [0]})
    assert held.held["o"] == pytest.approx(mean)
    assert "o 0.1" in " ".join(held.notes)
    assert last(fit, {"x": 0, "o": mean}) == last(fit, {"x": 0})
    low, high = last(fit, {"x": 0, "o": [0.1, 0.5]})
    assert low > high
    frame = pd.DataFrame({"start": range(12), "stop": range(1, 13), "x": 0.0, "o": 0.1})
    assert last(fit, frame) == [low]
    with pytest.raises(FormulaError, match="no variable 'p'"):
        predict_survival(fit, {"x": 0, "p": 1})
