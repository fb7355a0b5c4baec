"""A bar is shown after two seconds, where somebody looks, and the items are the same."""

from __future__ import annotations

import sys
import time

import joblib
import pytest

from coalition_models import progress
from coalition_models.progress import PROGRESS_VARIABLE, in_steps, is_watched


class Screen:
    def isatty(self):
        return True


@pytest.mark.parametrize(("asked", "shown"), [("0", False), ("1", True)])
def test_the_variable_decides_over_everything(monkeypatch, asked, shown):
    monkeypatch.setenv(PROGRESS_VARIABLE, asked)
    monkeypatch.setattr(sys, "stderr", Screen())
    assert is_watched() is shown


def test_a_terminal_and_a_notebook_are_watched_and_a_file_is_not(monkeypatch):
    monkeypatch.delenv(PROGRESS_VARIABLE, raising=False)
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert not is_watched()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", Screen())
        assert is_watched()
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    assert is_watched()


def test_a_process_that_works_for_another_shows_nothing(monkeypatch):
    monkeypatch.setenv(PROGRESS_VARIABLE, "1")
    found = joblib.Parallel(n_jobs=2)(joblib.delayed(is_watched)() for _ in range(2))
    assert found == [False, False]


def test_quick_work_shows_nothing_and_slow_work_a_bar_with_the_time_that_remains(
    monkeypatch, capsys
):
    monkeypatch.setenv(PROGRESS_VARIABLE, "1")
    assert list(in_steps("abc", "quick")) == ["a", "b", "c"]
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "PATIENCE", 1e-9)
    monkeypatch.setattr("tqdm.std.tqdm.monitor_interval", 0)
    done = []
    for item in in_steps(range(3), "slow"):
        time.sleep(0.15)  # more than a bar's own interval
        done.append(item)
    assert done == [0, 1, 2]
    said = capsys.readouterr().err
    assert "slow" in said
    assert "<" in said  # elapsed<remaining


def test_a_bar_can_be_asked_for_and_forbidden(monkeypatch, capsys):
    monkeypatch.setenv(PROGRESS_VARIABLE, "0")
    assert list(in_steps([1], "work", progress=True)) == [1]
    assert "work: 100%" in capsys.readouterr().err
    monkeypatch.setenv(PROGRESS_VARIABLE, "1")
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    assert list(in_steps([1], "work", progress=False)) == [1]
    assert capsys.readouterr().err == ""
