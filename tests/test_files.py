"""Nothing half-written is left behind, whatever stops the writing."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

import coalition_models as cm
from coalition_models.files import output_folder, staging_folder, write_file


def no_space(*_args, **_kwargs):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch):
    target = tmp_path / "table.csv"
    write_file(target, "old")
    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(cm.DataError, match=r"cannot write .*table.csv: No space left"):
        write_file(target, "new" * 1000)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_is_full_gives_our_error():
    with pytest.raises(cm.DataError, match="cannot write /dev/full: No space left"):
        write_file(Path("/dev/full"), "x")


def test_interrupting_a_build_leaves_what_was_there(tmp_path):
    out = tmp_path / "build"
    out.mkdir()
    write_file(out / "report.html", "old")

    def interrupted():
        with staging_folder(out) as staging:
            write_file(staging / "report.html", "new")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (out / "report.html").read_text() == "old"
    assert [p.name for p in out.iterdir()] == ["report.html"]


def test_an_interrupted_first_build_leaves_no_folder(tmp_path):
    out = tmp_path / "build"

    def interrupted():
        with staging_folder(out):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not out.exists()


def test_staged_files_move_together(tmp_path):
    with staging_folder(tmp_path / "build") as staging:
        (staging / "tables").mkdir()
        write_file(staging / "tables" / "a.csv", "1")
        write_file(staging / "b.html", "2")
        assert not (tmp_path / "build" / "b.html").exists()
    found = sorted(str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file())
    assert found == ["build/b.html", "build/tables/a.csv"]


def test_an_output_path_that_is_a_file_is_refused(tmp_path):
    taken = tmp_path / "build"
    taken.write_text("mine")
    with pytest.raises(cm.DataError, match="is a file; results need a folder"):
        output_folder(taken)
    assert taken.read_text() == "mine"


def test_files_can_be_read_by_others_as_the_umask_allows(tmp_path):
    target = tmp_path / "a.txt"
    write_file(target, "x")
    plain = tmp_path / "b.txt"
    plain.write_text("x")
    assert target.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("made", ["build", ".partial-"])
def test_an_interruption_just_after_a_folder_is_made_removes_it(tmp_path, monkeypatch, made):
    out = tmp_path / "build"
    mkdir = Path.mkdir

    def interrupted(self, *arguments, **options):
        mkdir(self, *arguments, **options)
        if self.name.startswith(made):
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "mkdir", interrupted)
    with pytest.raises(KeyboardInterrupt), staging_folder(out):
        raise AssertionError("never reached")
    assert not out.exists()
