"""The engine: answers do not depend on who works, and a file of results is gone on with."""

from __future__ import annotations

import json
import multiprocessing
import re
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError, FitError, warn
from coalition_models.sensitivity.engine import run_tasks


def drawn(task, rng):
    warn(f"told by {task % 3}")
    return {"task": task, "value": float(rng.normal()), "missing": float("nan")}


@dataclass(frozen=True, eq=False)
class Scaled:
    table: pd.DataFrame
    by: float

    def __call__(self, tasks):
        return [float(self.table["x"].iloc[at] * self.by) for at in tasks]


@dataclass(frozen=True, eq=False)
class Breaking:
    """Stops as a user or a mistake would, at one task, as long as the file is not there."""

    last: int
    error: type[BaseException]
    mended: Path

    def __call__(self, task, rng):
        if task == self.last and not self.mended.exists():
            raise self.error("here")
        return float(rng.normal())


def go(path=None, **options):
    return run_tasks(drawn, range(40), about="test", seed=3, chunk=4, keep=path, **options)


def same(one, other):
    pd.testing.assert_frame_equal(
        pd.DataFrame(one.answers), pd.DataFrame(other.answers), check_exact=True
    )
    assert one.notes == other.notes


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    path = tmp_path_factory.mktemp("plain") / "kept.jsonl"
    return go(path), path.read_bytes()


@pytest.mark.parametrize(
    ("backend", "workers"),
    [("sequential", 1), ("threading", 2), ("threading", 8), ("loky", 2), ("threading", None)],
)
def test_the_same_bytes_whoever_works(plain, tmp_path, backend, workers):
    with joblib.parallel_config(backend, n_jobs=2):
        found = go(tmp_path / "kept.jsonl", workers=workers)
    same(found, plain[0])
    assert (tmp_path / "kept.jsonl").read_bytes() == plain[1]
    assert found.notes == ("told by 0", "told by 1", "told by 2")


@pytest.mark.slow
def test_a_local_cluster_of_dask_gives_the_same(plain, tmp_path):
    distributed = pytest.importorskip("distributed")
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config("dask"):
        found = go(tmp_path / "kept.jsonl", workers=2)
    same(found, plain[0])
    assert (tmp_path / "kept.jsonl").read_bytes() == plain[1]


def test_the_file_can_be_opened_by_anyone(plain):
    head, *lines = [json.loads(line) for line in plain[1].splitlines()]
    assert head["coalition_models results of"] == "test"
    assert head["tasks"] == 40
    assert [line["task"] for line in lines] == list(range(40))
    assert lines[0]["answer"]["missing"] is None
    assert lines[0]["notes"] == ["told by 0", "told by 1", "told by 2"]


@pytest.mark.parametrize("cut", [0, 1, 50, 0.2, 0.5, 0.77, 0.999, 1.0])
def test_a_file_cut_anywhere_is_gone_on_with(plain, tmp_path, cut):
    path = tmp_path / "kept.jsonl"
    whole = plain[1]
    path.write_bytes(whole[: cut if isinstance(cut, int) else int(cut * len(whole))])
    same(go(path), plain[0])
    assert path.read_bytes() == whole


def test_what_is_kept_is_not_done_again(plain, tmp_path):
    path = tmp_path / "kept.jsonl"
    go(path)
    lines = path.read_bytes().splitlines(keepends=True)
    mark = re.sub(rb'"value": [-.0-9e]+', b'"value": 5000.5', lines[9])
    path.write_bytes(b"".join([*lines[:9], mark, *lines[10:21]]))
    found = go(path)
    assert found.answers[8]["value"] == 5000.5
    assert [a["value"] for a in found.answers[9:]] == [a["value"] for a in plain[0].answers[9:]]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_keeps_what_is_done(tmp_path, error):
    mended, path = tmp_path / "mended", tmp_path / "kept.jsonl"
    work = partial(run_tasks, Breaking(25, error, mended), range(40), about="b", seed=1, chunk=5)
    with pytest.raises(error) as told:
        work(keep=path)
    assert told.value.__notes__ == [
        f"25 of 40 results are kept in {path}; the same call goes on from there"
    ]
    assert len(path.read_bytes().splitlines()) == 26
    mended.touch()
    again = work(keep=path)
    assert again.answers == work().answers


def test_other_tasks_data_or_options_are_refused(tmp_path):
    table = pd.DataFrame({"x": np.arange(6.0)})
    path = tmp_path / "kept.jsonl"
    run = partial(run_tasks, about="scaled", together=True, keep=path)
    run(Scaled(table, 2.0), range(6))
    before = path.read_bytes()
    for work, tasks, about, words in (
        (Scaled(table, 3.0), range(6), "scaled", "with another by. Delete the file"),
        (Scaled(table + 1, 3.0), range(6), "scaled", "with another table, by"),
        (Scaled(table, 2.0), range(5), "scaled", "of 6 tasks, now there are 5"),
        (Scaled(table, 2.0), [1, 0, 2, 3, 4, 5], "scaled", "of another list of tasks"),
        (Scaled(table, 2.0), range(6), "other", "of scaled, not of other"),
    ):
        with pytest.raises(DataError, match=words):
            run(work, tasks, about=about)
    assert path.read_bytes() == before
    path.write_bytes(before.replace(b'"version": "', b'"version": "0.0.0-'))
    with pytest.raises(DataError, match=r"of version 0\.0\.0-.*, this is"):
        run(Scaled(table, 2.0), range(6))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "is no file of results"),
        ("my notes", "is no file of results"),
        ('[1]\n{"task": 0}\n', "is no file of results"),
    ],
)
def test_a_file_of_something_else_is_not_touched(tmp_path, content, words):
    path = tmp_path / "kept.jsonl"
    path.write_text(content)
    with pytest.raises(DataError, match=words):
        go(path)
    assert path.read_text() == content


def test_a_line_that_was_changed_is_named(plain, tmp_path):
    path = tmp_path / "kept.jsonl"
    lines = plain[1].splitlines(keepends=True)
    for at, line in ((5, b"nonsense\n"), (5, b'{"task": 99, "answer": 1}\n'), (7, lines[3])):
        path.write_bytes(b"".join([*lines[:at], line, *lines[at + 1 :]]))
        with pytest.raises(DataError, match=r"line \d+ of .* is not as it was written"):
            go(path)


def test_paths_that_cannot_be_written_are_refused_first(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "kept.jsonl", Path("/dev/full")):
        with pytest.raises(DataError, match="cannot keep results in"):
            run_tasks(Breaking(0, ZeroDivisionError, tmp_path / "no"), [0], about="b", keep=path)


def test_a_full_disk_keeps_what_is_done(plain, tmp_path):
    path = tmp_path / "kept.jsonl"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(plain[1]) // 2, hard))
    try:
        with pytest.raises(DataError, match=r"cannot write .*: .*\. 16 of 40 results are kept"):
            go(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"".join(plain[1].splitlines(keepends=True)[:17])
    same(go(path), plain[0])
    assert path.read_bytes() == plain[1]


def test_two_runs_do_not_write_one_file(tmp_path):
    path = tmp_path / "kept.jsonl"
    held = (
        "import fcntl, sys; f = open(sys.argv[1], 'ab'); fcntl.lockf(f, fcntl.LOCK_EX);"
        "print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", held, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with other:
        other.stdout.readline()
        with pytest.raises(DataError, match="another run writes"):
            go(path)
        other.stdin.close()
    go(path)


def test_answers_that_no_file_can_hold_are_refused(tmp_path):
    with pytest.raises(DataError, match="a set cannot be kept on disk"):
        run_tasks(lambda task: {task}, [1], about="sets", keep=tmp_path / "kept.jsonl")
    assert run_tasks(lambda task: {task}, [1], about="sets").answers == [{1}]


def test_errors_of_a_task_are_raised(tmp_path):
    def wrong(task):
        raise FitError(f"no event in task {task}")

    with pytest.raises(FitError, match="no event in task 0"):
        run_tasks(wrong, range(3), about="wrong", workers=2)


def test_progress_tells_rate_and_time_left(capsys):
    go(progress=True)
    told = capsys.readouterr().err
    assert "test: 100%" in told
    assert "40/40" in told
    assert "task/s" in told


def slow(task, rng):
    time.sleep(0.01)
    return {"draw": rng.normal(size=3), "at": task}


def begin(path, tasks, workers):
    return run_tasks(
        slow, range(tasks), about="killed", seed=5, chunk=3, workers=workers, keep=path
    )


def killed(path, times, tasks, workers):
    """Kill a run at random moments, each time after it has added something."""
    rng = np.random.default_rng(7)
    context = multiprocessing.get_context("fork" if workers == 1 else "spawn")
    for _ in range(times):
        one = context.Process(target=begin, args=(path, tasks, workers))
        one.start()
        start = path.stat().st_size if path.exists() else 0
        while one.is_alive() and (path.stat().st_size if path.exists() else 0) <= start:
            time.sleep(0.001)
        one.join(rng.random() * tasks * 0.01 / times)
        one.kill()
        one.join()


@pytest.mark.parametrize(
    ("times", "tasks", "workers"), [(2, 60, 1), pytest.param(10, 900, 2, marks=pytest.mark.slow)]
)
def test_a_killed_run_ends_in_the_same_file(tmp_path, times, tasks, workers):
    path, plain = tmp_path / "kept.jsonl", tmp_path / "plain.jsonl"
    killed(path, times, tasks, workers)
    cut = path.read_bytes()
    begin(path, tasks, workers)
    begin(plain, tasks, 1)
    assert path.read_bytes() == plain.read_bytes() != cut
