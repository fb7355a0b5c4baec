"""Predicted survival along paths and at fixed values."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError, FormulaError
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.fit import Fit

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "km.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])
PATH = pd.DataFrame(FIXTURE["path"])


def fitted(ties: str = "efron", kind: str = "model", **choices: object) -> Fit:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*clusters in", category=CoalitionWarning)
        return cox(
            "event ~ x + near",
            DATA,
            id="member",
            ties=ties,
            cluster="member" if kind == "cluster" else None,
            **choices,
        )


@pytest.mark.parametrize("case", FIXTURE["predictions"], ids=lambda c: f"{c['ties']}-{c['kind']}")
def test_against_r(case):
    fit = fitted(case["ties"], case["kind"])
    along = predict_survival(fit, PATH).table.iloc[1:]
    ours = along.drop_duplicates("survival")
    known = pd.Series(case["survival"], index=case["time"])
    np.testing.assert_allclose(ours["survival"], known.loc[ours["time"]], rtol=1e-9)
    fixed = predict_survival(fit, {"x": 0.3, "near": [0, 1]}, times=[5, 10, 20, 30]).table
    grid = fixed["survival"].to_numpy().reshape(2, 4).T
    np.testing.assert_allclose(grid, case["fixed"], rtol=1e-9)
    for bound, theirs in (("conf_low", "fixed_low"), ("conf_high", "fixed_high")):
        np.testing.assert_allclose(fixed[bound].to_numpy().reshape(2, 4).T, case[theirs], rtol=1e-7)


def test_constant_path_equals_fixed_values():
    fit = fitted()
    path = pd.DataFrame({"start": [0, 9], "stop": [9, 30], "x": 0.3, "near": 1})
    along = predict_survival(fit, path, times=[30]).table
    fixed = predict_survival(fit, {"x": 0.3, "near": 1}, times=[30]).table
    np.testing.assert_allclose(
        along.drop(columns="scenario").to_numpy(dtype=float),
        fixed.drop(columns="scenario").to_numpy(dtype=float),
        rtol=1e-12,
    )


def test_other_variables_are_held_and_named():
    prediction = predict_survival(fitted(), {"near": [0, 1]})
    assert prediction.held["x"] == pytest.approx(DATA["x"].mean())
    assert "Held at means or commonest values: x" in " ".join(prediction.notes)
    assert prediction.table["scenario"].unique().tolist() == ["near = 0", "near = 1"]
    assert (prediction.table.groupby("scenario")["survival"].first() == 1).all()


def test_categories_are_held_at_the_commonest():
    fit = cox("event ~ x + group", DATA, id="member")
    prediction = predict_survival(fit, {"x": [0, 1]})
    assert prediction.held["group"] == DATA["group"].mode()[0]
    with pytest.raises(FormulaError, match="'z'"):
        predict_survival(fit, {"group": "z"})


def test_strata_have_their_own_baseline():
    fit = cox("event ~ x", DATA, id="member", strata="group")
    ends = [
        predict_survival(fit, {"x": 0}, stratum=name).table["survival"].iloc[-1] for name in "ab"
    ]
    assert ends[0] != ends[1]
    with pytest.raises(DataError, match="stratum= one of"):
        predict_survival(fit, {"x": 0})
    with pytest.raises(DataError, match="stratum= one of"):
        predict_survival(fit, {"x": 0}, stratum="c")


def test_beyond_the_last_time_is_refused():
    late = PATH.assign(stop=[6, 12, 20, 99])
    with pytest.raises(DataError, match=r"nobody was observed after 36.*p to 99"):
        predict_survival(fitted(), late)
    with pytest.raises(DataError, match="time 50"):
        predict_survival(fitted(), {"near": 0}, times=[50])


MONTHS = pd.DataFrame({"start": range(24), "stop": range(1, 25), "x": 0.3, "near": 0}).assign(
    near=lambda frame: frame["stop"].between(12, 18).astype(int)
)


@pytest.fixture(params=["cox", "logit", "dummies"])
def monthly(request):
    """A fit whose paths go by months."""
    if request.param == "cox":
        return fitted()
    time = "dummies" if request.param == "dummies" else "cubic"
    return logit("event ~ x + near", DATA, id="member", time=time)


def test_a_gap_in_a_path_is_refused_by_name(monthly):
    frame = pd.concat([MONTHS.assign(path="whole"), MONTHS.drop(range(7, 13)).assign(path="holed")])
    with pytest.raises(DataError, match=r"'holed' has no rows for \(7, 13\].*path of its own"):
        predict_survival(monthly, frame)
    with pytest.raises(DataError) as caught:
        predict_survival(monthly, frame)
    assert "whole" not in str(caught.value)


def test_all_that_is_wrong_with_paths_is_told_at_once():
    frame = pd.concat(
        [
            MONTHS.drop([3, 9]).assign(path="a"),
            MONTHS.assign(path="b", stop=lambda f: f["stop"] + 0.5),
            MONTHS.assign(path="c", stop=lambda f: f["start"].where(f.index == 5, f["stop"])),
            MONTHS.assign(path="d", stop=lambda f: f["stop"].where(f.index != 2)),
        ],
        ignore_index=True,
    )
    with pytest.raises(DataError) as caught:
        predict_survival(fitted(), frame)
    message = str(caught.value)
    assert "'a' has no rows for (3, 4], (9, 10]" in message
    assert "without overlap; those of 'b'" in message
    assert "'c' has pieces that do not run forwards: (5, 5]" in message
    assert "'d' has no start or stop in rows 72" in message


def test_a_path_that_starts_late_says_what_its_survival_is_given(monthly):
    whole = predict_survival(monthly, MONTHS)
    late = predict_survival(monthly, MONTHS.iloc[13:])
    assert whole.given == {}
    assert late.given == {"path": 13.0}
    assert "given survival to 13" in str(late).splitlines()[0]
    assert "given survival" not in str(whole)
    after = whole.table.set_index("time")["survival"]
    expected = after.loc[24] / after[after.index <= 13].iloc[-1]
    assert late.table["survival"].iloc[-1] == pytest.approx(expected, rel=1e-12)
    both = pd.concat([MONTHS.assign(path="whole"), MONTHS.iloc[13:].assign(path="late")])
    mixed = str(predict_survival(monthly, both))
    assert "given" not in mixed.splitlines()[0]
    assert "Given survival to 13 (a share of those still there then): late." in mixed
    fixed = predict_survival(monthly, {"near": 1}, begin=13)
    assert fixed.given == {"near = 1": 13.0}


def test_a_path_ends_where_its_rows_end():
    last = DATA.loc[DATA["event"] == 1, "stop"]
    end = float(last[last <= 20].max())
    path = pd.DataFrame({"start": [0], "stop": [end + 0.5], "x": [0.3], "near": [0]})
    prediction = predict_survival(fitted(), path)
    before, at_end = prediction.table.iloc[-2], prediction.table.iloc[-1]
    assert (before["time"], at_end["time"]) == (end, end + 0.5)
    assert before.drop("time").equals(at_end.drop("time"))
    assert f"{end + 0.5:.3f}" in prediction.to_table().text()


def test_times_outside_of_a_path_are_refused(monthly):
    with pytest.raises(DataError, match=r"'path' runs from 0 to 12; times outside of it: 20"):
        predict_survival(monthly, MONTHS.iloc[:12], times=[6, 20])
    with pytest.raises(DataError, match="begin is for fixed values"):
        predict_survival(monthly, MONTHS, begin=3)


def test_times_asked_for_are_printed_one_by_one():
    text = str(predict_survival(fitted(), MONTHS, times=[6, 12]))
    assert text.splitlines()[0] == "Predicted survival"
    assert "6.000" in text
    assert "12.000" in text


def test_a_time_equal_to_an_event_time_up_to_rounding_counts_it():
    data = pd.DataFrame({"start": 0, "stop": [0.1 + 0.2, 1, 2, 3], "event": 1, "x": [0, 1, 1, 0]})
    fit = cox("event ~ x", data)
    assert predict_survival(fit, {"x": 0}, times=[0.3]).table["survival"].iloc[0] < 1


def test_before_anyone_was_observed_nothing_is_known():
    late = DATA.assign(start=DATA["start"] + 5, stop=DATA["stop"] + 5)
    for fit in (cox("event ~ x", late, id="member"), logit("event ~ x", late, id="member")):
        with pytest.raises(DataError, match=r"nobody was observed before 5.*path from 0"):
            predict_survival(fit, MONTHS)
        assert set(predict_survival(fit, {"x": 0}).given.values()) == {5.0}


def test_flat_after_the_last_event_is_noted():
    data = DATA.assign(event=DATA["event"].where(DATA["stop"] < 30, 0))
    fit = cox("event ~ x", data, id="member")
    path = pd.DataFrame({"start": [0], "stop": [36], "x": [0.0]})
    assert any("drawn flat" in note for note in predict_survival(fit, path).notes)


def test_refusals():
    with pytest.raises(FormulaError, match=r"nearr.*near"):
        predict_survival(fitted(), {"nearr": 1})
    with pytest.raises(DataError, match="missing values"):
        predict_survival(fitted(), PATH.assign(x=np.nan))
    with pytest.raises(DataError, match="overlap"):
        predict_survival(fitted(), PATH.assign(start=[0, 3, 12, 20]))


class TestDiscrete:
    def test_survival_is_the_product_of_the_chances_to_stay(self):
        fit = logit("event ~ x + near", DATA, id="member")
        path = pd.DataFrame(
            {"start": range(12), "stop": range(1, 13), "x": 0.3, "near": [0, 1] * 6}
        )
        prediction = predict_survival(fit, path).table
        stay = 1 - fit.predict(path)
        np.testing.assert_allclose(prediction["survival"], [1, *stay.cumprod()], rtol=1e-12)

    @pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
    def test_limits_by_numerical_derivative(self, link):
        fit = logit("event ~ x + near", DATA, id="member", link=link, time="linear")
        path = pd.DataFrame({"start": range(9), "stop": range(1, 10), "x": 0.3, "near": 1})
        found = predict_survival(fit, path).table.iloc[-1]

        def log_survival(beta: np.ndarray) -> float:
            return -fit.engine.follow(
                replace(fit, coefficients=beta), path, np.arange(9.0), np.arange(1.0, 10.0), None
            ).cumulative_hazard[-1]

        width = 1e-6
        gradient = np.array(
            [
                (log_survival(fit.coefficients + e) - log_survival(fit.coefficients - e))
                / (2 * width)
                for e in width * np.eye(len(fit.names))
            ]
        )
        assert found["std_error"] == pytest.approx(
            np.sqrt(gradient @ fit.covariance @ gradient), rel=1e-5
        )

    def test_dummies_follow_periods_without_an_event(self):
        fit = logit("event ~ x + near", DATA, id="member", time="dummies")
        table = predict_survival(fit, MONTHS).table.set_index("time")
        falls = table.index[table["survival"].diff() < 0]
        assert falls.tolist() == [t for t in fit.engine.duration.periods if t <= 24]
        assert 0 < len(falls) < 24
        eventful = MONTHS[MONTHS["stop"].isin(fit.engine.duration.periods)]
        stay = 1 - fit.predict(eventful)
        assert table["survival"].iloc[-1] == pytest.approx(stay.prod(), rel=1e-12)
        with pytest.raises(FormulaError, match="values of stop in the data"):
            predict_survival(
                fit, MONTHS.assign(start=MONTHS["start"] + 0.5, stop=MONTHS["stop"] + 0.5)
            )

    def test_the_hazard_goes_on_after_the_last_event(self):
        data = DATA.assign(event=DATA["event"].where(DATA["stop"] < 30, 0))
        fit = logit("event ~ x", data, id="member", time="linear")
        found = predict_survival(fit, {"x": 0}, times=[29, 36])
        assert found.table["survival"].iloc[1] < found.table["survival"].iloc[0]
        assert not any("drawn flat" in note for note in found.notes)

    def test_fixed_values_go_by_periods(self):
        fit = logit("event ~ x + near", DATA, id="member")
        table = predict_survival(fit, {"near": [0, 1]}).table
        assert table.groupby("scenario")["time"].apply(list).iloc[0][:3] == [0, 1, 2]
        ends = table.groupby("scenario", sort=False)["survival"].last()
        assert ends.iloc[1] < ends.iloc[0]

    def test_cloglog_and_cox_agree(self):
        grouped = logit("event ~ x + near", DATA, id="member", link="cloglog", time="dummies")
        continuous = cox("event ~ x + near", DATA, id="member")
        ours, other = (
            predict_survival(fit, {"x": 0, "near": 1}, times=[10, 25]).table["survival"]
            for fit in (grouped, continuous)
        )
        np.testing.assert_allclose(ours, other, atol=0.03)

    def test_refusals(self):
        fit = logit("event ~ x", DATA, id="member")
        with pytest.raises(DataError, match="without overlap"):
            predict_survival(fit, PATH.assign(start=[0, 0, 1, 2], stop=[1, 1, 2, 3]))
        with pytest.raises(DataError, match=r"one period of length 1; found \(0, 6\]"):
            predict_survival(fit, PATH)
        with pytest.raises(DataError, match="nobody was observed after 36"):
            predict_survival(fit, {"x": 0}, times=[40])
        with pytest.raises(DataError, match="no strata"):
            predict_survival(fit, {"x": 0}, stratum="a")
        without = logit("event ~ x", DATA.drop(columns=["start", "stop"]), time=None, id="member")
        with pytest.raises(DataError, match="which these data lack"):
            predict_survival(without, {"x": 0})


def test_offset_counts():
    data = DATA.assign(shift=0.5)
    plain = cox("event ~ x", DATA, id="member")
    fit = cox("event ~ x", data, id="member", offset="shift")
    path = pd.DataFrame({"start": [0], "stop": [30], "x": [0.0], "shift": [0.5]})
    np.testing.assert_allclose(
        predict_survival(fit, path).table["survival"],
        predict_survival(plain, path).table["survival"],
        rtol=1e-10,
    )


def test_display():
    prediction = predict_survival(fitted(), {"near": [0, 1]}, times=[12])
    assert "near = 1" in str(prediction)
    assert "<table" in prediction._repr_html_()
