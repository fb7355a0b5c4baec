"""Corrections of external sources: applied by readers, told, and each of use."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of
from coalition_models.sources import corrections
from coalition_models.sources.corrections import put_right
from coalition_models.sources.fetch import fetch
from coalition_models.sources.readers._frames import read_text

FIXES = pd.DataFrame(
    [
        ("toy", "", "a", "1", "2", "one is two"),
        ("toy", "", "a", "2", "3", "two is three"),
        ("toy", "b=x; c=y", "a", "5", None, "unknown there"),
        ("other", "", "nowhere", "1", "2", "of another file"),
    ],
    columns=["source", "key", "column", "old", "new", "reason"],
)


@pytest.fixture
def fixes(monkeypatch):
    monkeypatch.setattr(corrections, "bundled_table", lambda _: FIXES)


def test_by_hand(fixes):
    raw = pd.DataFrame({"a": ["1", "2", "5", "5", None], "b": list("xxxzx"), "c": "y"})
    before = raw.copy(deep=True)
    found = put_right(raw, "toy")
    # both at once: what was one stays two
    assert found.rows["a"].tolist()[:2] == ["2", "3"]
    assert found.rows["a"].isna().tolist() == [False, False, True, False, True]
    assert list(found.counts.values()) == [1, 1, 1]
    assert list(found.counts)[2] == "unknown there (a 5, missing)"
    pd.testing.assert_frame_equal(raw, before)
    assert record_of(found.told(pd.DataFrame({"a": [1]}))).notes["put_right"] == found.counts


def test_what_meets_no_row_changes_nothing(fixes):
    raw = pd.DataFrame({"a": ["7"], "b": ["x"], "c": ["y"]})
    found = put_right(raw, "toy")
    pd.testing.assert_frame_equal(found.rows, raw)
    assert "put_right" not in record_of(found.told(raw.copy())).notes
    pd.testing.assert_frame_equal(put_right(raw, "without corrections").rows, raw)


def test_numbers_are_met_as_text(fixes):
    found = put_right(pd.DataFrame({"a": [1.0, 9.0], "b": "x", "c": "y"}).astype(object), "toy")
    assert found.rows["a"].tolist() == ["2", 9.0]


def test_a_column_that_the_file_lacks_is_named(fixes):
    with pytest.raises(cm.DataError, match=r"toy: .*lacks: b, c"):
        put_right(pd.DataFrame({"a": ["1"]}), "toy")


def test_every_source_is_known():
    table = cm.load("corrections")
    assert set(table["source"]) <= set(cm.datasets().query("kind == 'external'").index)


@pytest.mark.mirror
@pytest.mark.parametrize("source", sorted(set(cm.load("corrections")["source"])))
def test_every_correction_meets_a_row_and_is_told(source, mirror, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    raw = read_text(fetch(source))
    rows = cm.load("corrections").query("source == @source")
    found = put_right(raw, source)
    assert len(found.counts) == len(rows)
    assert record_of(cm.load(source)).notes["put_right"] == found.counts
