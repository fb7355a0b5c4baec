"""Tables kept while several studies are made."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import warn
from coalition_models.record import record_of, with_notes
from coalition_models.sources.kept import kept, tables_kept


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
