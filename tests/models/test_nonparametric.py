"""Kaplan-Meier curves: by hand and against R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter
from lifelines.datasets import load_rossi

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError
from coalition_models.models.after.nonparametric import survival_curve

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "km.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])


@pytest.mark.parametrize("interval", ["log", "log-log", "plain"])
def test_against_r(interval):
    expected = FIXTURE["curves"][interval]
    table = survival_curve(DATA, interval=interval).table
    np.testing.assert_array_equal(table["time"], expected["time"])
    np.testing.assert_array_equal(table["at_risk"], expected["at_risk"])
    np.testing.assert_array_equal(table["events"], expected["events"])
    for ours, theirs in (
        ("survival", "survival"),
        ("std_error", "std_error"),
        ("conf_low", "low"),
        ("conf_high", "high"),
    ):
        np.testing.assert_allclose(table[ours], expected[theirs], rtol=1e-10)


def test_groups_against_r():
    curve = survival_curve(DATA, by="group")
    np.testing.assert_array_equal(curve.table["group"], FIXTURE["by_group"]["group"])
    np.testing.assert_allclose(curve.table["survival"], FIXTURE["by_group"]["survival"])
    np.testing.assert_allclose(curve.median(), FIXTURE["medians"])


def test_by_hand():
    # At 2: A, B, E at risk (C and D enter at 2, so from after it), one leaves: 2/3.
    # At 3: B, C, D, E: 2/3 * 3/4 = 1/2. At 4: C, D, E: 1/2 * 2/3 = 1/3.
    data = pd.DataFrame(
        {"start": [0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 6], "event": [1, 1, 1, 0, 0]}
    )
    table = survival_curve(data).table
    np.testing.assert_array_equal(table["at_risk"], [3, 4, 3])
    np.testing.assert_allclose(table["survival"], [2 / 3, 1 / 2, 1 / 3], rtol=1e-14)
    greenwood = (1 / 3) * np.sqrt(1 / (3 * 2) + 1 / (4 * 3) + 1 / (3 * 2))
    assert table["std_error"].iloc[-1] == pytest.approx(greenwood)


def test_splitting_rows_changes_nothing():
    whole = pd.DataFrame({"start": [0, 1, 2], "stop": [5, 4, 7], "event": [1, 1, 0]})
    split = pd.DataFrame(
        [(t, t + 1, int(e and t + 1 == b)) for a, b, e in whole.to_numpy() for t in range(a, b)],
        columns=["start", "stop", "event"],
    )
    pd.testing.assert_frame_equal(
        survival_curve(whole).table, survival_curve(split).table, check_dtype=False
    )


def test_an_emptied_risk_set_is_said():
    data = pd.DataFrame({"start": [0, 5, 5], "stop": [2, 7, 8], "event": [1, 1, 0]})
    with pytest.warns(CoalitionWarning, match="had the event at 2"):
        survival_curve(data)


def test_refusals():
    with pytest.raises(FitError, match="no event"):
        survival_curve(DATA.assign(event=0))
    with pytest.raises(DataError, match="coded 1"):
        survival_curve(DATA.assign(event=DATA["event"] + 1))
    with pytest.raises(DataError, match="group is missing in rows 0"):
        survival_curve(DATA.assign(group=DATA["group"].where(DATA.index > 0)), by="group")


def test_display():
    curve = survival_curve(DATA, by="group")
    assert "at_risk" in str(curve)
    assert "<table" in curve._repr_html_()


def test_repeated_rows_of_one_member_are_refused():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    with pytest.raises(DataError, match="stand twice"):
        survival_curve(pd.concat([panel, panel]))


def test_at_risk_at_any_time():
    curve = survival_curve(DATA, by="group")
    assert curve.table["at_risk"].tolist() == [
        curve.at_risk([time])[group].item()
        for group, time in zip(curve.table["group"], curve.table["time"], strict=True)
    ]
    first = DATA["start"].min()
    entering = (DATA["start"] == first).groupby(DATA["group"]).sum()
    assert curve.at_risk([first]).iloc[0].to_dict() == entering.to_dict()


def test_plain_durations_against_lifelines():
    rows = load_rossi()
    curve = survival_curve(rows, event="arrest", start=None, stop="week", interval="log-log")
    theirs = KaplanMeierFitter().fit(rows["week"], rows["arrest"])
    at = curve.table["time"]
    ours = curve.table[["survival", "conf_low", "conf_high"]]
    np.testing.assert_allclose(ours["survival"], theirs.predict(at), rtol=1e-12)
    limits = theirs.confidence_interval_survival_function_.loc[at]
    np.testing.assert_allclose(ours.iloc[:, 1:], limits, rtol=1e-9)
    with pytest.raises(FormulaError, match=r"'start'.*start=None"):
        survival_curve(rows, event="arrest", stop="week")


def test_times_that_differ_by_rounding_are_one_time():
    rows = [(i, k, int(k == n - 1)) for i, n in (("A", 3), ("B", 4), ("C", 5), ("D", 7))
            for k in range(n)]  # fmt: skip
    panel = pd.DataFrame(rows, columns=["id", "k", "event"])
    tenths = panel.assign(start=panel["k"] / 10, stop=panel["k"] / 10 + 0.1)
    whole = panel.assign(start=panel["k"], stop=panel["k"] + 1)
    assert not set(tenths["start"]) <= {0.0, *tenths["stop"]}
    found, expected = (cm.survival_curve(data).table for data in (tenths, whole))
    assert found["at_risk"].tolist() == [4, 3, 2, 1]
    assert found["survival"].tolist() == expected["survival"].tolist()


def test_an_index_named_like_a_column_changes_nothing():
    panel = cm.simulate_panel(members=20, hazard=0.05, coefficients={"risk": 0.5}, seed=1)
    plain = cm.survival_curve(panel, by="coalition").table
    odd = cm.survival_curve(panel.set_index("coalition", drop=False), by="coalition").table
    pd.testing.assert_frame_equal(plain, odd)
