"""Columns of times, events, weights and groups: any type that holds what they should."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.models.after.nonparametric import survival_curve
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit

KINDS = [object, "category", "Int64", "float32", "uint8", ">i4", ">f8", "int8", "Float64"]


@pytest.fixture(scope="module")
def df(months):
    return months()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["event", "start", "stop", "g", "w"])
def test_columns_of_any_type(df, name, kind):
    plain = df.assign(w=1 + df["g"] % 2)
    typed = plain.assign(**{name: plain[name].astype(kind)})
    if isinstance(kind, str) and kind.startswith(">"):
        typed = plain.assign(**{name: plain[name].to_numpy().astype(kind)})
    for model in (cox, logit):
        one, other = (
            model("event ~ x", d, id="state", cluster="state", weights="w") for d in (plain, typed)
        )
        np.testing.assert_allclose(one.covariance, other.covariance)
    layered = [cox("event ~ x", d, id=["state", "g"], strata="g") for d in (plain, typed)]
    np.testing.assert_allclose(layered[0].coefficients, layered[1].coefficients)
    curves = [survival_curve(d, "g").table.astype({"group": str}) for d in (plain, typed)]
    if name != "g":
        pd.testing.assert_frame_equal(*curves)
    np.testing.assert_array_equal(curves[0]["survival"], curves[1]["survival"])


def test_events_as_flags_of_any_type(df):
    plain = cox("event ~ x", df, id="state").coefficients
    flags = df["event"] == 1
    for kind in (bool, "boolean", object, "category"):
        fit = cox("event ~ x", df.assign(event=flags.astype(kind)), id="state")
        np.testing.assert_allclose(fit.coefficients, plain)
        assert "True counts as the event" in str(fit)


@pytest.mark.parametrize(
    ("event", "cure"),
    [
        (lambda e: e.astype(str), r"df\['event'\] = pd.to_numeric"),
        (lambda e: e.map({0: "no", 1: "yes"}), "== 'exit'"),
        (lambda e: e.map({0: "no", 1: "yes"}).astype("category"), "== 'exit'"),
        (lambda e: (e + 1).astype(object), "is coded 1"),
        (lambda e: (2 * e).astype("category"), "must hold 0 and 1, found 0"),
    ],
)
def test_events_that_are_none(df, event, cure):
    for fit in (
        lambda d: cox("event ~ x", d, id="state"),
        lambda d: logit("event ~ x", d, id="state"),
        survival_curve,
    ):
        with pytest.raises(DataError, match=cure):
            fit(df.assign(event=event(df["event"])))


def test_whole_frames_in_another_byte_order(df):
    foreign = pd.DataFrame(
        {n: c.to_numpy().astype(">f8") if c.dtype != object else c for n, c in df.items()}
    )
    for formula in ("event ~ x + z", "event ~ x + C(g)", "event ~ np.exp(x):region"):
        one, other = (cox(formula, d, id="state", strata="region") for d in (df, foreign))
        np.testing.assert_allclose(one.coefficients, other.coefficients)
        np.testing.assert_allclose(one.predict(foreign.head(9)), other.predict(df.head(9)))
    fit = cox("event ~ x", foreign, id="state")
    frame = pd.DataFrame({"path": [1, 2], "start": 0, "stop": 12, "x": [0.0, 1.0]})
    one, other = (predict_survival(fit, f).table for f in (frame, frame.astype(">f8")))
    np.testing.assert_allclose(one["survival"], other["survival"])


def test_repeated_columns_and_no_rows(df):
    fit = cox("event ~ x", df, id="state")
    twice = pd.concat([df, df[["x", "event"]]], axis=1)
    for call in (
        lambda: survival_curve(twice), lambda: fit.predict(twice), lambda: cox("event ~ x", twice),
        lambda: predict_survival(fit, twice),
    ):  # fmt: skip
        with pytest.raises(DataError, match="column names must be unique; repeated:"):
            call()
    with pytest.raises(DataError, match="the data have no rows"):
        survival_curve(df.head(0))
    with pytest.raises(DataError, match="'stop' is missing or infinite in"):
        survival_curve(df.assign(stop=None))


def test_strata_that_are_missing(df):
    gaps = df.assign(s=df["g"].astype(float))
    gaps.loc[::9, "s"] = np.nan
    fit = cox("event ~ x", gaps, id="state", strata="s")
    alone = cox("event ~ x", gaps, strata="s")
    assert fit.counts.rows == alone.counts.rows == 1111
    assert fit.counts.dropped == {"s": 139}
    np.testing.assert_allclose(fit.coefficients, alone.coefficients)
    few = pd.DataFrame(
        {
            "id": range(1, 9), "start": 0, "stop": [5, 5, 3, 4, 6, 7, 2, 8],
            "event": [1, 0, 1, 1, 0, 1, 1, 1], "x": [0, 1.0, 1, 0, 1, 0, 0, 1],
            "s": [None, None, "a", "a", "b", "b", "a", "b"],
        }
    )  # fmt: skip
    for choices in ({}, {"id": "id"}, {"id": ["id", "s"]}):
        assert cox("event ~ x", few, strata="s", **choices).coefficients[0] == pytest.approx(
            -0.48121, abs=5e-6
        )


@pytest.mark.parametrize("model", [cox, logit])
def test_faults_in_rows_that_are_left_out_anyway(df, model):
    odd = df.astype({"start": float, "stop": float, "event": float, "state": object})
    rows = odd.index[[3, 4, 5, 6]]
    odd.loc[rows[0], "stop"] = -5
    odd.loc[rows[1], "event"] = np.nan
    odd.loc[rows[2], "event"] = 7
    odd.loc[rows[3], ["start", "stop"]] = odd.loc[rows[3] - 1, ["start", "stop"]].to_numpy()
    expected = model("event ~ x", df.drop(index=rows), id="state", cluster="state")
    without = model("event ~ x", odd.assign(x=odd["x"].drop(rows)), id="state", cluster="state")
    empty = odd.assign(w=(~odd.index.isin(rows)).astype(int))
    weighted = model("event ~ x", empty, id="state", cluster="state", weights="w")
    for fit in (without, weighted):
        np.testing.assert_allclose(fit.covariance, expected.covariance, rtol=1e-6)
    assert without.counts.dropped == {"x": 4}
    assert weighted.counts.left_out["weight 0 in w"] == 4
    with pytest.raises(DataError, match="things keep these data"):
        model("event ~ x", odd, id="state")


def test_times_that_would_count_as_one():
    data = pd.DataFrame(
        {"stop": np.arange(1, 9), "event": [1, 1, 0, 1, 1, 1, 0, 1], "x": [2, 1, 0, 2, 1, 2, 0, 1]}
    )
    right = cox("event ~ x", data, start=None).coefficients
    for shift in (1e9, 5e8, -1e9, 1e12):
        moved = data.assign(start=shift, stop=data["stop"] + shift)
        for fit in (lambda d: cox("event ~ x", d), survival_curve):
            with pytest.raises(DataError, match="count as one time; count time from a later"):
                fit(moved)
    for shift in (1e6, 1e7, -1e6):
        moved = data.assign(start=shift, stop=data["stop"] + shift)
        np.testing.assert_allclose(cox("event ~ x", moved).coefficients, right)
    rounded = data.assign(start=0.0, stop=(data["stop"] / 12) * (1 + 1e-15 * (data["x"] - 1)))
    np.testing.assert_allclose(cox("event ~ x", rounded).coefficients, right)


def test_durations_of_zero_have_a_cure(df):
    with pytest.raises(DataError, match=r"have no length .* give such rows half a period"):
        cox("event ~ x", df.assign(stop=df["start"]), id="state")
    with pytest.raises(DataError, match="half a period"):
        cox("event ~ x", df.assign(stop=df["stop"] - 1), start=None, id=None)
