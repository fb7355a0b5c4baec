"""Columns that are the fit's own time, whatever they are called; rows of two lengths."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FormulaError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.sample.clock import clocks_among

TIMES = [1, 3, 6, 12]
CUBIC = [0.9468, 0.8233, 0.6579, 0.4136]  # R, glm with a cubic in stop
DUMMIES = [0.9673, 0.7922, 0.6726, 0.4146]  # R, glm with one dummy for each period
CHANGING = [0.9415, 0.6476, 0.4680, 0.1675]  # R along 12 monthly rows


def at(fit, values, times=TIMES):
    return predict_survival(fit, values, times=times).table["survival"].round(4).tolist()


@pytest.fixture(scope="module")
def df(months):
    data = months(200)
    t = data["stop"] - 1
    return data.assign(
        dur=data["stop"], t=t, t2=t**2, t3=t**3, years=data["stop"] / 12, left=100 - data["stop"],
        month=data["stop"].astype("int8"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("event ~ x + dur + I(dur**2) + I(dur**3)", CUBIC),
        ("event ~ x + t + t2 + t3", CUBIC),
        ("event ~ x + years + I(years**2) + I(years**3)", CUBIC),
        ("event ~ x + poly(left, 3)", CUBIC),
        ("event ~ x + month + I(month**2) + stop:I(stop**2)", CUBIC),
        ("event ~ x + C(dur)", DUMMIES),
    ],
)
def test_time_under_another_name_runs_along(df, formula, expected):
    fit = logit(formula, df, id="state", time=None)
    assert at(fit, {"x": [0.0]}) == expected
    rows = pd.DataFrame({"start": range(12), "stop": range(1, 13), "x": 0.0})
    assert at(fit, rows) == expected
    found = predict_survival(fit, {"x": [0.0]})
    assert dict(found.held) == {}
    assert any("Running along with time" in note for note in found.notes)


def test_an_effect_that_changes_with_a_copy_of_time(df):
    fit = cox("event ~ x + x:np.log(dur)", df, id="state")
    assert at(fit, {"x": [1.0]}) == CHANGING
    assert at(fit, pd.DataFrame({"start": [0], "stop": [12], "x": 1.0})) == CHANGING


def test_a_value_that_is_given_holds(df):
    fit = logit("event ~ x + t", df, id="state", time=None)
    slow, fast = (at(fit, {"x": 0.0, "t": [value]}, [12])[0] for value in (0, 11))
    assert slow != fast
    rows = pd.DataFrame({"start": range(12), "stop": range(1, 13), "x": 0.0, "t": 0})
    assert at(fit, rows, [12])[0] == slow


def test_what_rises_by_chance_or_turns_is_held(df):
    stop = df["stop"].to_numpy(float)
    found = clocks_among(
        df.assign(wave=np.sin(stop), step=stop // 3, noise=stop + df["g"], word="a"),
        ["wave", "step", "noise", "word", "x", "absent"],
        stop,
    )
    assert found == {}
    four = np.tile(np.arange(1.0, 5.0), 9)
    assert clocks_among(pd.DataFrame({"t": four}), ["t"], four) == {}
    seven = np.arange(1.0, 8.0)
    assert clocks_among(pd.DataFrame({"x": seven}), ["x"], seven) == {}


@pytest.fixture(scope="module")
def durations():
    rng = np.random.default_rng(7)
    n = 400
    x = rng.integers(0, 2, n).astype(float)
    end, censored = rng.exponential(10 / np.exp(0.5 * x)), rng.uniform(2, 25, n)
    stop = np.ceil(np.minimum(end, censored) * 10) / 10
    return pd.DataFrame(
        {"id": range(n), "stop": stop, "event": (end <= censored).astype(int), "x": x,
         "dur": stop, "log_dur": np.log(stop), "back": -stop}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("formula", "options"),
    [
        ("event ~ x + x:np.log(dur)", {}), ("event ~ x + x:log_dur", {}), ("event ~ x * back", {}),
        ("event ~ x", {"offset": "stop"}), ("event ~ x", {"offset": "log_dur"}),
        ("event ~ x", {"weights": "dur"}), ("event ~ x", {"weights": "stop"}),
        ("event ~ x", {"strata": "stop"}), ("event ~ x", {"strata": "dur"}),
    ],
)  # fmt: skip
def test_the_rows_own_end_is_no_covariate_under_any_name(durations, formula, options):
    with pytest.raises(FormulaError, match=r"the rows' own time, .* span several event times"):
        cox(formula, durations, start=None, id="id", **options)


def test_time_of_entry_is_a_covariate(durations):
    begin = np.arange(len(durations)) % 9.0
    late = durations.assign(start=begin, stop=begin + durations["stop"], entry=begin)
    assert cox("event ~ x + entry", late, id="id").names == ("x", "entry")


@pytest.mark.parametrize("model", [cox, logit])
@pytest.mark.parametrize("option", ["offset", "weights", "cluster"])
def test_the_event_is_no_option(df, model, option):
    with pytest.raises(DataError, match="the event 'event' is also given as"):
        model("event ~ x", df, id="state", **{option: "event"})


def two_lengths(one: str, other: str) -> pd.DataFrame:
    facts = cm.load("participation")
    short = cm.build_panel(facts, coalitions=["iraq"], period=one)
    long = cm.build_panel(facts, coalitions=["isaf"], period=other)
    both = pd.concat([short, long], ignore_index=True)
    return both.assign(z=np.arange(len(both)) % 7)


@pytest.mark.parametrize(
    ("one", "other"), [("month", "quarter"), ("quarter", "year"), ("year", "month")]
)
def test_rows_of_two_lengths_are_no_panel(one, other):
    data = two_lengths(one, other)
    for model in (cox, logit):
        with pytest.raises(DataError, match="rows of two lengths"):
            model("event ~ z", data)
    for coalition in ("iraq", "isaf"):
        assert cox("event ~ z", data[data["coalition"] == coalition]).converged


def test_a_clock_that_stands_still_while_a_member_is_away():
    data = two_lengths("month", "month")
    away = data["period"] + pd.to_timedelta(np.where(data["start"] > 20, 900, 0), unit="D")
    assert cox("event ~ z", data.assign(period=away)).converged


def test_rows_thinned_out_of_shorter_ones_are_told():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    panel["z"] = np.arange(len(panel)) % 7
    keys = ["coalition", "state", "cow", "spell", "year"]
    thin = panel.assign(year=panel["period"].dt.year).groupby(keys, as_index=False).last()
    assert any("do not follow on the one before" in note for note in cox("event ~ z", thin).remarks)
    for whole in (panel, panel.drop(index=panel.index[[3, 40]])):
        assert not any("do not follow" in note for note in cox("event ~ z", whole).remarks)


def test_a_column_of_lists_is_refused_wherever_it_is_read(df):
    lists = df.assign(x2=pd.Series([[1]] + [1] * (len(df) - 1), dtype=object))
    uses = [
        {"formula": "event ~ x2"}, {"formula": "event ~ C(x2)"}, {"formula": "x2 ~ x"},
        {"id": "x2"}, {"cluster": "x2"}, {"weights": "x2"}, {"offset": "x2"}, {"stop": "x2"},
    ]  # fmt: skip
    for use in uses:
        choices = {"formula": "event ~ x", "id": "state", **use}
        with pytest.raises(DataError, match="column x2 holds a list in row 0"):
            cox(data=lists, **choices)
    fit = cox("event ~ x", df, id="state")
    with pytest.raises(DataError, match="column x holds a list in row 0"):
        fit.predict(lists.assign(x=lists["x2"]))
    with pytest.raises(DataError, match="column x2 holds a list"):
        cm.survival_curve(lists, by="x2")
    path = pd.DataFrame({"path": [[1]], "start": [0], "stop": [12], "x": [1.0]})
    with pytest.raises(DataError, match="column path holds a list"):
        predict_survival(fit, path)
    assert cox("event ~ x", lists, id="state").coefficients == pytest.approx(fit.coefficients)


def test_categories_of_days_periods_and_spans_predict(df):
    code = pd.Series(np.random.default_rng(9).integers(1, 4, len(df)), index=df.index)
    day = pd.to_datetime("2000-01-01") + pd.to_timedelta(code * 366, unit="D")
    plain = cox("event ~ code + x", df.assign(code=code.astype("category")), id="state")
    second = int(np.flatnonzero(code == 2)[0])
    kinds = (day, day.dt.to_period("Y"), pd.cut(code, [0, 1, 2, 3]), day - day.min())
    for kind in kinds:
        value = kind.iloc[second]
        fit = cox("event ~ kind + x", df.assign(kind=pd.Categorical(kind)), id="state")
        assert at(fit, {"kind": [value]}, [12]) == at(plain, {"code": [2]}, [12])
        new = pd.DataFrame({"kind": [value], "code": [2], "x": 0.0})
        np.testing.assert_allclose(fit.predict(new), plain.predict(new))
