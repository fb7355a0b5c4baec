"""Time as a term of the formula: it runs along a path, and is refused where it is stale."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import FormulaError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit

TIMES = [1, 3, 6, 12]
F = "event ~ x + stop + I(stop**2) + I(stop**3)"


def at(fit, values, times=TIMES, **choices):
    return predict_survival(fit, values, times=times, **choices).table["survival"].round(4).tolist()


@pytest.fixture(scope="module")
def df(months):
    return months(200)


@pytest.fixture(scope="module")
def durations():
    """One row per member, as in the example of tt() in R."""
    rng = np.random.default_rng(7)
    n = 400
    x = rng.integers(0, 2, n).astype(float)
    end = rng.exponential(10 / np.exp(0.5 * x))
    censored = rng.uniform(2, 25, n)
    stop = np.ceil(np.minimum(end, censored) * 10) / 10
    return pd.DataFrame(
        {"id": range(n), "stop": stop, "event": (end <= censored).astype(int), "x": x}
    )


def split(data: pd.DataFrame) -> pd.DataFrame:
    """Rows cut at every event time."""
    cuts = np.unique(data.loc[data["event"] == 1, "stop"])
    parts = []
    for row in data.itertuples():
        ends = np.append(cuts[cuts < row.stop], row.stop)
        begins = np.append(0, ends[:-1])
        last = np.append(np.zeros(len(ends) - 1), row.event)
        columns = {"id": row.id, "start": begins, "stop": ends, "event": last, "x": row.x}
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def test_the_same_model_with_time_inside_and_outside_of_the_formula(df):
    outside = logit("event ~ x", df, id="state")
    inside = logit(F, df, id="state", time=None)
    assert inside.log_likelihood == pytest.approx(outside.log_likelihood, abs=1e-6)
    expected = [0.9468, 0.8233, 0.6579, 0.4136]  # R
    assert at(outside, {"x": [0.0]}) == expected
    assert at(inside, {"x": [0.0]}) == expected
    dummies = logit("event ~ x", df, id="state", time="dummies")
    coded = logit("event ~ x + C(stop)", df, id="state", time=None)
    assert at(coded, {"x": [0.0]}) == at(dummies, {"x": [0.0]}) == [0.9673, 0.7922, 0.6726, 0.4146]
    logs = logit("event ~ x + np.log(stop)", df, id="state", time=None)
    assert at(logs, {"x": 0.0}) == at(logit("event ~ x", df, id="state", time="log"), {"x": 0.0})


def test_start_as_the_clock(df):
    by_stop = logit("event ~ x + stop", df, id="state", time=None)
    by_start = logit("event ~ x + start", df, id="state", time=None)
    assert at(by_start, {"x": 1.0}) == at(by_stop, {"x": 1.0})
    assert at(by_start, {"x": 1.0}, times=[9], begin=4) == at(
        by_stop, {"x": 1.0}, times=[9], begin=4
    )


def test_a_cox_effect_that_changes_with_time(df):
    fit = cox("event ~ x + x:np.log(stop)", df, id="state")
    expected = [0.9415, 0.6476, 0.4680, 0.1675]  # R along 12 monthly rows
    monthly = pd.DataFrame({"start": range(12), "stop": range(1, 13), "x": 1.0})
    piece = pd.DataFrame({"start": [0], "stop": [12], "x": 1.0})
    halves = pd.DataFrame({"start": [0, 5], "stop": [5, 12], "x": 1.0})
    for path in ({"x": [1.0]}, monthly, piece, halves):
        assert at(fit, path) == expected
    by_start = cox("event ~ x + x:start", df, id="state")
    by_stop = cox("event ~ x + x:I(stop - 1)", df, id="state")
    for path in ({"x": [1.0]}, monthly, piece):
        assert at(by_start, path) == at(by_stop, path)
    assert at(fit, {"x": [1.0]}, times=[12], begin=3) == at(
        fit, monthly[monthly["start"] >= 3], times=[12]
    )


def test_the_clock_in_years(df):
    years = df.assign(start=df["start"] / 12, stop=df["stop"] / 12)
    months, shorter = (logit("event ~ x + C(stop)", d, id="state", time=None) for d in (df, years))
    assert at(shorter, {"x": 0.0}, times=[t / 12 for t in TIMES]) == at(months, {"x": 0.0})


def test_the_clock_is_not_held_nor_set(df):
    fit = logit(F, df, id="state", time=None)
    found = predict_survival(fit, {"x": 0.0})
    assert dict(found.held) == {}
    assert "stop" not in " ".join(found.notes)
    for model in (fit, cox("event ~ x + x:stop", df, id="state")):
        with pytest.raises(FormulaError, match="stop is the fit's own time, which runs along"):
            predict_survival(model, {"x": 0.0, "stop": 3})


@pytest.mark.parametrize(
    "formula",
    [
        "event ~ x + x:np.log(stop)", "event ~ x + stop", "event ~ stop", "event ~ x + C(stop > 9)",
        "event ~ x * I(stop**2)", "event ~ x + bs(stop, df=4)",
    ],
)  # fmt: skip
def test_a_row_that_spans_event_times_cannot_know_its_end(durations, formula):
    for data, start in ((durations, None), (durations.assign(start=0.0), "start")):
        with pytest.raises(FormulaError, match=r"names stop, .* split the rows at the event times"):
            cox(formula, data, start=start, id="id")
    with pytest.raises(FormulaError, match="split the rows"):
        logit(formula, durations.assign(start=0.0), id="id", time=None)


def test_split_rows_are_right(durations):
    fit = cox("event ~ x + x:np.log(stop)", split(durations), id="id")
    np.testing.assert_allclose(fit.coefficients, [0.6106, 0.2522], atol=5e-5)  # R, tt()


def test_start_on_rows_that_span_event_times(df):
    spans = df.groupby("state").agg(
        {"start": "min", "stop": "max", "event": "max", "x": "first", "region": "first"}
    )
    with pytest.raises(FormulaError, match=r"names start, .* Where the time of entry itself"):
        cox("event ~ x + start", spans, id=None)
    late = spans.assign(entry=np.arange(len(spans)) % 2, start=0)
    assert cox("event ~ x + entry", late).names == ("x", "entry")


def test_event_times_of_other_strata_do_not_matter(df):
    apart = df.astype({"start": float, "stop": float}).assign(war=df["g"] % 2)
    other = apart["war"] == 1
    apart.loc[other, ["start", "stop"]] = apart.loc[other, ["start", "stop"]] - 0.5
    apart.loc[other & (apart["start"] < 0), "start"] = 0.0
    with pytest.raises(FormulaError, match="split the rows"):
        cox("event ~ x:stop", apart, id="state")
    fit = cox("event ~ x:stop", apart, id="state", strata="war")
    both = [
        cox("event ~ x:stop", apart[apart["war"] == war], id="state").log_likelihood
        for war in (0, 1)
    ]
    assert fit.log_likelihood >= sum(both) - 5


def test_periods_of_one_length_may_lie_apart_in_discrete_time(df):
    apart = df.astype({"start": float, "stop": float})
    apart[["start", "stop"]] += (df["g"].to_numpy()[:, None] % 2) / 2
    fit = logit("event ~ x + stop", apart, id="state", time=None)
    assert fit.log_likelihood == pytest.approx(
        logit("event ~ x", apart, id="state", time="linear").log_likelihood
    )
    with pytest.raises(FormulaError, match="split the rows"):
        cox("event ~ x:stop", apart, id="state")


@pytest.mark.parametrize("model", [cox, logit])
def test_the_event_on_both_sides(df, model):
    for term in ("event", "x + C(event)", "x:event"):
        with pytest.raises(FormulaError, match="'event' stands on both sides"):
            model(f"event ~ {term}", df, id="state")
