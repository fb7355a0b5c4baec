"""Tables kept while several studies are made."""

from __future__ import annotations

from collections import OrderedDict

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import warn
from coalition_models.record import record_of, with_notes
from coalition_models.sources import kept as room
from coalition_models.sources.kept import kept, read_once, tables_kept


def make(made):
    made.append(1)
    warn("a row is odd")
    frame = pd.DataFrame({"a": [1, 2]})
    with_notes(frame, table={"name": "toy"})
    return frame


def test_a_table_is_made_once_and_told_each_time():
    made = []
    with tables_kept():
        for _ in range(2):
            with tables_kept(), pytest.warns(cm.CoalitionWarning, match="a row is odd"):
                frame = kept("toy", lambda: make(made))
            assert record_of(frame).notes["table"] == {"name": "toy"}
            frame["a"] = 0  # what a caller changes stays with her
    assert len(made) == 1
    assert frame["a"].tolist() == [0, 0]


def test_outside_nothing_is_kept():
    made = []
    for _ in range(2):
        with pytest.warns(cm.CoalitionWarning, match="odd"):
            assert kept("toy", lambda: make(made))["a"].tolist() == [1, 2]
    assert len(made) == 2


def test_another_folder_of_sources_is_another_table(monkeypatch, tmp_path):
    made = []
    with tables_kept():
        for folder in ("one", "two", "one"):
            monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path / folder))
            kept("toy", lambda: pd.DataFrame({"a": [made.append(1)]}))
    assert len(made) == 2


def test_a_file_is_read_once_and_told_each_time(monkeypatch):
    monkeypatch.setattr(room, "_READ", OrderedDict())
    made = []
    for _ in range(2):
        with pytest.warns(cm.CoalitionWarning, match="a row is odd"):
            frame = read_once("a", lambda: make(made))
        frame.loc[0, "a"] = 9  # what a caller changes stays with her
        with_notes(frame, table={"name": "changed"})
    assert len(made) == 1
    with pytest.warns(cm.CoalitionWarning, match="a row is odd"):
        again = read_once("a", lambda: make(made))
    assert again["a"].tolist() == [1, 2]
    assert record_of(again).notes["table"] == {"name": "toy"}


def test_of_too_many_tables_the_oldest_go(monkeypatch):
    monkeypatch.setattr(room, "_READ", OrderedDict())
    monkeypatch.setattr(room, "_MOST", 2000)
    made = []
    for name in "abac":
        read_once(name, lambda: pd.DataFrame({"n": [made.append(1)] * 100}))
    assert list(room._READ) == ["a", "c"]
    read_once("d", lambda: pd.DataFrame({"n": [0.0] * 1000}))
    assert list(room._READ) == ["d"]
    assert len(made) == 3


def test_what_cannot_be_read_is_tried_again():
    tried = []

    def fail():
        tried.append(1)
        raise cm.DataError("not now")

    for _ in range(2):
        with pytest.raises(cm.DataError, match="not now"):
            read_once("never", fail)
    assert len(tried) == 2


def test_a_bundled_table_that_a_caller_changes_is_as_before_the_next_time():
    first = cm.load("coalitions")
    first["coalition"] = "mine"
    assert "mine" not in cm.load("coalitions")["coalition"].tolist()
