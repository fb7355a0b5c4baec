"""Repeated events: rows as survival has them, its numbers, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError, FormulaError

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "repeated.json").read_text()
)
ROWS = pd.DataFrame(R["bladder2"])
#: kind -> options of the fit
FITS = {
    "andersen-gill": {"id": "id"},
    "total": {"id": "id", "strata": "episode"},
    "gap": {"id": ["id", "episode"], "strata": "episode"},
    "marginal": {"id": ["id", "episode"], "strata": "episode"},
}


@pytest.mark.parametrize("kind", FITS)
def test_against_coxph(kind):
    want = R["fits"][kind.replace("-", "_")]
    rows = cm.repeated_events(ROWS, kind, id="id")
    found = cm.cox("event ~ rx + size + number", rows, cluster="id", **FITS[kind])
    assert (found.counts.rows, found.counts.events) == (want["n"], want["events"]) or (
        kind == "marginal" and found.counts.events == want["events"]
    )
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se"], rtol=1e-6)
    naive = np.sqrt(np.diag(found.model_covariance))
    np.testing.assert_allclose(naive, want["naive"], rtol=1e-6)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)


def test_copies_are_those_of_survival():
    """Rows of one member and copy, joined end to end, are its row in ``bladder``."""
    rows = cm.repeated_events(ROWS, "marginal", id="id")
    joined = rows.groupby(["id", "episode"], as_index=False).agg(
        stop=("stop", "max"), event=("event", "sum")
    )
    theirs = pd.DataFrame(R["marginal"]).rename(columns={"enum": "episode"})
    theirs = theirs.sort_values(["id", "episode"], ignore_index=True)
    pd.testing.assert_frame_equal(joined[theirs.columns], theirs, check_dtype=False)


def test_by_hand_with_late_entry_a_gap_and_any_order():
    data = pd.DataFrame(
        {"state": ["B", "A", "A", "A"], "start": [0, 8.0, 2, 3], "stop": [1, 9, 3, 5],
         "event": [0, 1, 0, 1]}
    )  # fmt: skip
    data = pd.concat([data, pd.DataFrame({"state": ["A"], "start": [9], "stop": [12], "event": 0})])
    rows = cm.repeated_events(data, "gap", id="state")
    assert rows["episode"].tolist() == [1, 2, 1, 1, 3]
    assert rows["start"].tolist() == [0, 3, 2, 3, 0]
    assert rows["stop"].tolist() == [1, 4, 3, 5, 3]
    total = cm.repeated_events(data, "total", id="state")
    assert total["stop"].tolist() == data["stop"].tolist()
    copies = cm.repeated_events(data, "marginal", id="state")
    assert copies.groupby("episode")["event"].sum().tolist() == [1, 1]
    assert len(copies) == 3 + 4


def test_most_leaves_out_and_says_so():
    with pytest.warns(CoalitionWarning, match=r"\d+ rows of episodes after 2 left out"):
        rows = cm.repeated_events(ROWS, "total", id="id", most=2)
    assert rows["episode"].max() == 2


def test_booleans_and_rows_without_a_start():
    data = ROWS.assign(event=ROWS["event"] == 1)
    rows = cm.repeated_events(data, "marginal", id="id")
    assert rows["event"].dtype == bool
    assert rows["event"].sum() == data["event"].sum()


@pytest.mark.parametrize("kind", ["andersen-gill", "total", "gap", "marginal"])
@pytest.mark.parametrize("dtype", ["category", "Int64", "boolean", object])
def test_events_of_any_type(kind, dtype):
    given = ROWS["event"].astype(bool) if dtype == "boolean" else ROWS["event"]
    rows = cm.repeated_events(ROWS.assign(event=given.astype(dtype)), kind, id="id")
    plain = cm.repeated_events(ROWS, kind, id="id")
    assert rows["event"].astype(int).tolist() == plain["event"].astype(int).tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: cm.repeated_events(ROWS, "PWP", id="id"), DataError, "kind must be one of"),
        (lambda: cm.repeated_events(ROWS, "gap"), DataError, "name its columns by id="),
        (lambda: cm.repeated_events(ROWS, "gap", id="id", most=0), DataError, "most is a number"),
        (lambda: cm.repeated_events(ROWS, "gap", id="nobody"), FormulaError, "nobody"),
        (
            lambda: cm.repeated_events(ROWS.drop_duplicates("id"), "gap", id="id"),
            FitError, "no member .id. has more than one event",
        ),
        (
            lambda: cm.repeated_events(ROWS.assign(episode=1), "gap", id="id"),
            DataError, "a column 'episode' already",
        ),
        (
            lambda: cm.repeated_events(ROWS.assign(start=0), "gap", id="id"),
            DataError, "overlap",
        ),
    ],
)  # fmt: skip
def test_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
