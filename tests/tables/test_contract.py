"""Contracts name every failure of a table at once."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.tables.contract import Column, Contract, columns_from_descriptor

CONTRACT = Contract(
    "strengths",
    (
        Column("state", required=True, pattern="[A-Z]{3}"),
        Column("date", "date", required=True),
        Column("troops", "integer", minimum=0, maximum=500000),
        Column("status", values=("in_theatre", "withdrawn")),
        Column("sure", "boolean"),
    ),
    key=("state", "date"),
)


def good():
    return pd.DataFrame(
        {
            "state": ["ESP", "POL"],
            "date": pd.to_datetime(["2003-08-01", "2003-09-01"]),
            "troops": [1300, 2400],
            "status": ["in_theatre", "withdrawn"],
            "sure": [True, False],
        }
    )


def test_a_right_table_passes_unchanged():
    frame = good()
    assert cm.validate(frame, CONTRACT) is frame


def test_every_failure_is_named_in_one_error():
    frame = good().assign(state=["ESP", "Poland"], troops=[-5, 2400], status=["in_theatre", "gone"])
    with pytest.raises(cm.DataError) as caught:
        cm.validate(frame, CONTRACT)
    message = str(caught.value)
    assert "fails 3 checks" in message
    assert "column state must match [A-Z]{3}, found Poland: Poland 2003-09-01" in message
    assert "column troops must be at least 0, found -5: ESP 2003-08-01" in message
    assert "column status must be one of in_theatre, withdrawn, found gone" in message


def test_types_are_checked_by_kind():
    for name, wrong, kind in [
        ("date", ["2003-08-01", "x"], "date"),
        ("troops", [1.5, 2.0], "integer"),
        ("troops", ["1", "2"], "integer"),
        ("sure", [0, 1], "boolean"),
        ("status", [1, 2], "string"),
    ]:
        problems = CONTRACT.problems(good().assign(**{name: wrong}))
        assert any(f"column {name} must hold {kind} values" in p for p in problems), name


def test_whole_numbers_kept_as_floats_are_integers():
    assert CONTRACT.problems(good().assign(troops=[1300.0, None])) == []


def test_missing_columns_empty_cells_and_keys():
    problems = CONTRACT.problems(good().drop(columns="date"))
    assert problems == ["missing column: date"]
    frame = good().assign(date=pd.to_datetime(["2003-08-01", None]))
    assert CONTRACT.problems(frame) == ["column date is empty in 1 row: POL"]
    twice = pd.concat([good(), good().head(1)], ignore_index=True)
    assert CONTRACT.problems(twice) == ["2 rows share a key (state, date): ESP 2003-08-01"]


def test_descriptors_with_unknown_types_are_refused():
    with pytest.raises(cm.DataError, match="unknown column type 'duration'"):
        columns_from_descriptor([{"name": "x", "type": "duration"}])


def test_own_table_in_the_shape_of_a_bundled_one():
    with pytest.raises(cm.DataError, match="missing column: entry"):
        cm.validate(cm.load("participation").drop(columns="entry"), "participation")
    with pytest.raises(cm.DataError, match="no table named 'participations'; nearest names"):
        cm.validate(pd.DataFrame(), "participations")


def test_no_time_zone_no_infinity_and_no_column_twice():
    for wrong, words in (
        ({"date": good()["date"].dt.tz_localize("UTC")}, "column date must hold date values"),
        ({"troops": [1.0, float("inf")]}, "must hold integer values"),
    ):
        with pytest.raises(cm.DataError, match=words):
            cm.validate(good().assign(**wrong), CONTRACT)
    share = Contract("shares", (Column("share", "number"),))
    with pytest.raises(cm.DataError, match="column share must be finite, found inf"):
        cm.validate(pd.DataFrame({"share": [0.5, float("inf")]}), share)
    with pytest.raises(cm.DataError, match="repeated columns: state"):
        cm.validate(pd.concat([good(), good()[["state"]]], axis=1), CONTRACT)
