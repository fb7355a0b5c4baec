"""Nothing half-written is left behind, whatever stops the writing."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import coalition_models as cm
from coalition_models.files import (
    clear_leftovers,
    output_folder,
    staging_folder,
    temporary_path,
    write_file,
)


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


def old_results(tmp_path):
    out = tmp_path / "build"
    (out / "a").mkdir(parents=True)
    for name in ("a/x.csv", "manifest.json", "report.html"):
        (out / name).write_text("old")
    return out


def contents(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def build(out, *names):
    with staging_folder(out) as staging:
        for name in names:
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            write_file(staging / name, "new")


@pytest.mark.parametrize("blocked", ["tables", "a/x.csv/y.csv", "zz"])
def test_a_file_where_a_folder_must_be_changes_nothing(tmp_path, blocked):
    out = old_results(tmp_path)
    place = out / Path(blocked).parts[0]
    if not place.exists():
        place.write_text("a file")
    before = contents(out)
    with pytest.raises(cm.DataError, match="is a file, and results need a folder there"):
        build(out, "manifest.json", "report.html", f"{blocked}/t.csv" if "/" not in blocked
              else blocked)  # fmt: skip
    assert contents(out) == before
    assert not list(out.rglob(".*"))


def test_a_folder_where_a_file_must_be_changes_nothing(tmp_path):
    out = old_results(tmp_path)
    (out / "z.csv").mkdir()
    before = contents(out)
    with pytest.raises(cm.DataError, match=r"z\.csv is a folder"):
        build(out, "report.html", "z.csv")
    assert contents(out) == before


def test_a_dangling_link_where_a_folder_must_be_changes_nothing(tmp_path):
    out = old_results(tmp_path)
    (out / "tables").symlink_to(tmp_path / "nowhere")
    before = contents(out)
    with pytest.raises(cm.DataError, match="is a link to nothing"):
        build(out, "report.html", "tables/t.csv")
    assert contents(out) == before


@pytest.mark.parametrize("parts", [("tables",), ("figures", "tables"), ("tables/deeper",)])
def test_folders_that_cannot_be_written_are_known_before_the_work(tmp_path, parts):
    out = old_results(tmp_path)
    (out / "tables").write_text("mine")
    with pytest.raises(cm.DataError, match="is a file"), staging_folder(out, parts):
        raise AssertionError("never reached")
    assert contents(out)["tables"] == "mine"


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt()])
def test_a_move_that_fails_in_the_middle_is_undone(tmp_path, monkeypatch, nth, error):
    out = old_results(tmp_path)
    before = contents(out)
    replace, calls = Path.replace, []

    def failing(self, target):
        if target.name in ("x.csv", "manifest.json", "report.html", "new.csv", "y.csv") and (
            "new" in self.read_text()
        ):
            if ".partial-" not in str(target):
                calls.append(target)
            if len(calls) == nth:
                calls.append("failed")
                raise error
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises((cm.DataError, KeyboardInterrupt)):
        build(out, "a/x.csv", "b/new.csv", "manifest.json", "report.html", "b/c/y.csv")
    assert "failed" in calls
    assert contents(out) == before
    assert not (out / "b").exists()
    assert not list(out.rglob(".*"))


def test_results_go_through_a_link_to_another_place(tmp_path):
    out = old_results(tmp_path)
    (tmp_path / "scratch").mkdir()
    (out / "tables").symlink_to(tmp_path / "scratch")
    build(out, "report.html", "tables/t.csv")
    assert (out / "tables").is_symlink()
    assert (tmp_path / "scratch" / "t.csv").read_text() == "new"


@pytest.mark.skipif(not os.access("/dev/shm", os.W_OK), reason="no second file system")
def test_results_go_onto_another_file_system(tmp_path):
    import shutil
    import tempfile

    out = old_results(tmp_path)
    other = Path(tempfile.mkdtemp(dir="/dev/shm"))
    try:
        (other / "t.csv").write_text("old")
        (out / "tables").symlink_to(other)
        build(out, "report.html", "tables/t.csv", "tables/u.csv")
        assert contents(other) == {"t.csv": "new", "u.csv": "new"}
    finally:
        shutil.rmtree(other)


@pytest.mark.parametrize("chain", [1, 2])
def test_a_symbolic_link_is_written_through(tmp_path, chain):
    target = tmp_path / "far" / "table.csv"
    target.parent.mkdir()
    target.write_text("old")
    link = tmp_path / "link0"
    link.symlink_to(target)
    for i in range(1, chain):
        (tmp_path / f"link{i}").symlink_to(link)
        link = tmp_path / f"link{i}"
    write_file(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"


def test_a_dangling_link_makes_its_target_and_a_circle_is_refused(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "new.csv")
    write_file(tmp_path / "link", "x")
    assert (tmp_path / "new.csv").read_text() == "x"
    (tmp_path / "one").symlink_to(tmp_path / "two")
    (tmp_path / "two").symlink_to(tmp_path / "one")
    with pytest.raises(cm.DataError, match="cannot write"):
        write_file(tmp_path / "one", "x")
    assert (tmp_path / "one").is_symlink()


@pytest.mark.parametrize("length", [240, 241, 250, 255])
def test_long_names_can_be_written(tmp_path, length):
    target = tmp_path / ("x" * (length - 4) + ".csv")
    write_file(target, "long")
    write_file(target, "longer")
    assert target.read_text() == "longer"


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(cm.DataError, match="File name too long"):
        write_file(tmp_path / ("x" * 256), "long")
    assert list(tmp_path.iterdir()) == []


def dead_process():
    done = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"],
                          capture_output=True, text=True, check=True)  # fmt: skip
    return done.stdout.strip()


@pytest.mark.parametrize("directory", [True, False])
def test_what_a_killed_run_left_is_cleared_by_the_next(tmp_path, directory):
    mine = temporary_path(tmp_path, directory=directory)
    name = mine.name.replace(f"-{os.getpid()}-", f"-{dead_process()}-")
    left = tmp_path / name
    if directory:
        (left / "tables").mkdir(parents=True)
        (left / "tables" / "t.csv").write_text("half")
    else:
        left.write_text("half")
    build(tmp_path, "report.html")
    assert [p.name for p in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        (".partial-0123abcd", True),
        (".report.html.0123abcd.part", True),
        (".coalition-models-0123abcd-1-0123abcd.part", True),  # another machine's
        (".partial-mine", False),
        ("movie.part", False),
        (".movie.part", False),
        (".coalition-models-notes", False),
    ],
)
def test_only_our_own_leftovers_go_and_only_after_a_day(tmp_path, name, goes):
    left = tmp_path / name
    left.write_text("x")
    assert clear_leftovers(tmp_path) == []
    yesterday = time.time() - 90_000
    os.utime(left, (yesterday, yesterday))
    assert clear_leftovers(tmp_path) == ([left] if goes else [])
    assert left.exists() is not goes


def test_what_a_living_process_uses_stays(tmp_path):
    mine = temporary_path(tmp_path)
    parent = tmp_path / mine.name.replace(f"-{os.getpid()}-", f"-{os.getppid()}-")
    for path in (mine, parent):
        path.write_text("x")
    assert clear_leftovers(tmp_path) == []


@pytest.mark.parametrize("call", ["exists", "mkdir", "is_dir"])
def test_a_place_that_may_not_even_be_looked_at_is_our_error(tmp_path, monkeypatch, call):
    (tmp_path / "out").mkdir()

    def forbidden(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, call, forbidden)
    with pytest.raises(cm.DataError, match="Permission denied"):
        output_folder(tmp_path / "out")
    with pytest.raises(cm.DataError, match="Permission denied"), staging_folder(tmp_path / "out"):
        raise AssertionError("never reached")
