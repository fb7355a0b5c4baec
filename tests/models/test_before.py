"""Rows cut at times and joined with changes: by hand, against R, by property, by abuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "rows.json").read_text()
)
DATA = pd.DataFrame(FIXTURE["data"])
CHANGES = pd.DataFrame(FIXTURE["changes"])


def same(ours, theirs, renamed=()):
    expected = pd.DataFrame({dict(renamed).get(k, k): v for k, v in theirs.items()})
    ours = ours.sort_values(["member", "start"]).reset_index(drop=True)
    pd.testing.assert_frame_equal(ours[expected.columns], expected, check_dtype=False)


def test_cuts_against_r():
    same(cm.split_rows(DATA, FIXTURE["cuts"]), FIXTURE["at"])
    same(cm.split_rows(DATA, events=True), FIXTURE["events"])


@pytest.mark.filterwarnings("ignore:merge_changes")
def test_changes_against_r():
    ours = cm.merge_changes(DATA, CHANGES, on="member")
    theirs = {k: [np.nan if v == "NA" else v for v in vs] for k, vs in FIXTURE["joined"].items()}
    same(ours, theirs, {"tstart": "start", "tstop": "stop"})


def test_a_cut_changes_no_estimate():
    whole = cm.cox("event ~ x", DATA, id="member")
    rows = cm.split_rows(DATA, [2.5, 9], events=True)
    again = cm.cox("event ~ x", rows, id="member")
    np.testing.assert_allclose(again.coefficients, whole.coefficients, rtol=1e-10)
    np.testing.assert_allclose(again.covariance, whole.covariance, rtol=1e-10)
    assert rows["event"].sum() == DATA["event"].sum()
    assert (rows["stop"] - rows["start"]).sum() == (DATA["stop"] - DATA["start"]).sum()


def test_times_that_differ_by_rounding_do_not_cut():
    rows = pd.DataFrame({"start": [0.3], "stop": [1.0], "event": [1]})
    assert len(cm.split_rows(rows, [0.1 + 0.2, 1.0 - 1e-12])) == 1


@pytest.mark.parametrize("event", [[True, False], [1.0, 0.0], pd.array([1, 0], "Int64")])
def test_types_stay(event):
    rows = pd.DataFrame({"start": [0, 0], "stop": [4, 4], "event": event})
    out = cm.split_rows(rows, [2])
    assert out.dtypes.to_dict() == rows.dtypes.to_dict()
    assert out["event"].tolist() == [0, 1, 0, 0]
    assert rows["stop"].tolist() == [4, 4]


def test_without_starts_a_column_of_them_is_made():
    rows = pd.DataFrame({"stop": [2, 4], "event": [1, 1]})
    out = cm.split_rows(rows, events=True, start=None)
    assert out["start"].tolist() == [0, 0, 2]
    assert cm.split_rows(rows.iloc[:1], [9], start=None)["start"].tolist() == [0]
    with pytest.raises(cm.DataError, match="makes a column 'start'"):
        cm.split_rows(rows.assign(start=1), [1], start=None)


def test_what_a_panel_remembers_stays(iraq):
    out = cm.split_rows(iraq, [0.5])
    assert cm.facts_of(out) is cm.facts_of(iraq)
    table = pd.DataFrame({"state": ["ESP"], "time": ["2004-04-17"], "left": [1]})
    joined = cm.merge_changes(iraq, table, on="state", time="time", origin="entry")
    assert "left" in cm.record_of(joined).features
    spain = joined[joined["state"] == "ESP"]
    assert len(joined) == len(iraq) + 1
    entry = spain["entry"].iloc[0]
    days = (pd.Timestamp("2004-04-17") - entry) / pd.Timedelta(days=1)
    assert spain.loc[spain["left"] == 1, "start"].min() == pytest.approx(days / (365.25 / 12))


def test_a_change_counts_from_just_after_its_time():
    rows = pd.DataFrame({"m": [1], "start": [0], "stop": [5], "event": [1]})
    with pytest.warns(cm.CoalitionWarning, match="1 change at or after the end"):
        out = cm.merge_changes(rows, pd.DataFrame({"m": [1], "time": [5], "x": [1.0]}), on="m")
    assert out["x"].isna().all()
    table = pd.DataFrame({"m": [1, 1, 1], "time": [0, 2, 3], "x": ["a", None, "b"]})
    out = cm.merge_changes(rows, table, on="m")
    assert out["x"].tolist() == ["a", "a", "b"]  # cut at 2, where nothing is known to change
    table = pd.DataFrame({"m": [1], "time": [3], "x": [7.0]})
    out = cm.merge_changes(rows.assign(x=1), table, on="m")
    assert out["x"].tolist() == [1, 7]


def test_members_without_rows_are_counted():
    rows = pd.DataFrame({"m": ["a"], "start": [0], "stop": [5], "event": [1]})
    table = pd.DataFrame({"m": ["a", "b"], "time": [1, 2], "x": [1, 2]})
    with pytest.warns(cm.CoalitionWarning, match="1 change of members that have no row"):
        assert cm.merge_changes(rows, table, on="m")["x"].tolist()[1] == 1


ROW = pd.DataFrame({"m": [1], "start": [0], "stop": [5], "event": [1]})
CHANGE = pd.DataFrame({"m": [1], "time": [3], "x": [7.0]})


@pytest.mark.parametrize(
    ("rows", "changes", "more", "words"),
    [
        (ROW, CHANGE, {}, "coalition"),
        (ROW, CHANGE.drop(columns="x"), {"on": "m"}, "no column of values"),
        (ROW, CHANGE.assign(event=1), {"on": "m"}, "rename or drop"),
        (ROW, CHANGE.assign(time=[None]), {"on": "m"}, "without m or time"),
        (ROW, CHANGE.assign(time="early"), {"on": "m"}, "origin="),
        (ROW, CHANGE.assign(time=np.inf), {"on": "m"}, "infinite"),
        (ROW, pd.concat([CHANGE, CHANGE.assign(x=8.0)]), {"on": "m"}, "disagree: 7.0 and 8.0"),
        (ROW, CHANGE, {"on": "m", "origin": "start"}, "must hold a date"),
        (
            ROW.assign(entry=pd.Timestamp("2001-01-01")),
            CHANGE.assign(time="03/04/2004"),
            {"on": "m", "origin": "entry"},
            "time",
        ),
        (
            ROW.assign(entry=pd.Timestamp("2001-01-01", tz="Asia/Kabul")),
            CHANGE.assign(time="2001-03-04"),
            {"on": "m", "origin": "entry"},
            "without a time zone",
        ),
        (ROW.assign(m=[None]), CHANGE, {"on": "m"}, "gaps in m"),
        (ROW.assign(stop=0), CHANGE, {"on": "m"}, "no length"),
    ],
)
def test_refused_changes(rows, changes, more, words):
    with pytest.raises(cm.CoalitionError, match=words):
        cm.merge_changes(rows, changes, **more)


def test_refused_cuts():
    with pytest.raises(cm.DataError, match="say where to cut"):
        cm.split_rows(ROW)
    with pytest.raises(cm.FitError, match="no event"):
        cm.split_rows(ROW.assign(event=0), events=True)
    with pytest.raises(cm.DataError, match="coded 2"):
        cm.split_rows(ROW.assign(event=2), [1])
