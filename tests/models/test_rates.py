"""Incidence rates of a panel, counted by hand and against R."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionError, DataError

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "rates.json").read_text()
)
# two groups: 2 events in 10 periods, 1 in 5
ROWS = pd.DataFrame({
    "state": ["A", "B", "C", "D"], "group": ["x", "x", "y", "y"],
    "start": [0, 2, 0, 1], "stop": [4, 8, 2, 4], "event": [1, 1, 0, 1],
})  # fmt: skip


def test_counted_by_hand():
    found = cm.incidence_rates(ROWS, "group", per=1)
    assert found["unit"].tolist() == ["period", "period"]
    assert found["events"].tolist() == [2, 1]
    assert found["time"].tolist() == [10, 5]
    assert found["rate"].tolist() == [0.2, 0.2]
    # one event in five periods: -log(0.975) / 5 from below
    assert found["conf_low"][1] == pytest.approx(-np.log(0.975) / 5)


def test_without_groups_all_rows_are_one():
    found = cm.incidence_rates(ROWS, per=100)
    assert found[["group", "events", "time", "rate"]].to_numpy().tolist() == [["all", 3, 15, 20.0]]


@pytest.mark.parametrize("case", FIXTURE["two"], ids=lambda case: str(case["events"]))
def test_two_groups_against_r(case):
    rows = [
        {"group": name, "start": 0, "stop": time / max(events, 1), "event": int(events > 0)}
        for name, events, time in zip("ab", case["events"], case["time"], strict=True)
        for _ in range(max(events, 1))
    ]
    found = cm.incidence_rates(pd.DataFrame(rows), "group", reference="b").iloc[0]
    for ours, theirs in {"ratio": "ratio", "ratio_low": "low", "ratio_high": "high",
                         "p_value": "p"}.items():  # fmt: skip
        assert found[ours] == pytest.approx(case[theirs], rel=1e-6), ours


def test_years_are_those_of_the_panels_periods():
    panel = cm.build_panel(cm.facts("iraq"))
    by_month = cm.incidence_rates(panel)
    assert by_month[["events", "members", "unit"]].iloc[0].tolist() == [21, 51, "year"]
    assert by_month["time"][0] == pytest.approx(len(panel) / 12)
    # the rows themselves tell, where the record is lost
    lost = pd.DataFrame(panel.to_dict("list"))
    assert cm.incidence_rates(lost)["time"][0] == pytest.approx(len(panel) / 12)
    by_period = cm.incidence_rates(panel, unit="period")
    assert by_period["time"][0] == len(panel)


def test_neither_order_nor_splitting_of_rows_matters():
    whole = cm.incidence_rates(ROWS, "group", cluster="state", seed=3)
    halves = pd.concat([
        ROWS.assign(stop=(ROWS["start"] + ROWS["stop"]) / 2, event=0),
        ROWS.assign(start=(ROWS["start"] + ROWS["stop"]) / 2),
    ])  # fmt: skip
    other = cm.incidence_rates(halves.sample(frac=1, random_state=1), "group", cluster="state",
                               seed=3)  # fmt: skip
    pd.testing.assert_frame_equal(whole, other)


def test_clusters_in_one_stack_widen_the_limits():
    states = pd.DataFrame({"state": [f"s{i // 10}" for i in range(200)], "start": 0, "stop": 1})
    states["event"] = (states["state"].isin(["s0", "s1", "s2"])).astype(int)
    found = cm.incidence_rates(states, cluster="state").iloc[0]
    assert found["clusters"] == 3
    assert found["drawn_low"] < found["conf_low"]
    assert found["drawn_high"] > found["conf_high"]


def test_what_cannot_be_is_refused_by_name():
    not_refused = []
    for choices in (
        {"by": "nobody"}, {"per": 0}, {"level": 1.0}, {"unit": "decade"}, {"unit": "year"},
        {"reference": "z"}, {"draws": 3}, {"seed": -1}, {"cluster": "nobody"}, {"event": "stop"},
    ):  # fmt: skip
        try:
            cm.incidence_rates(ROWS, **{"by": "group", **choices})
        except CoalitionError:
            continue
        not_refused.append(choices)
    assert not_refused == []
    with pytest.raises(DataError, match="has gaps"):
        cm.incidence_rates(ROWS.assign(state=["A", None, "C", "D"]), cluster="state")
    with pytest.raises(DataError, match="no rows"):
        cm.incidence_rates(ROWS.iloc[:0])
