"""Results on disk as they come: a line each, so that an interrupted run goes on where it was.

The file is JSON lines. The first line says what the results are of: package version, verb, number
of tasks, and a mark of the task list and of everything that the work reads. Each other line is one
task's answer, in the order of the tasks once the run is complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import FileIO
from pathlib import Path
from typing import Any

from coalition_models.about import __version__
from coalition_models.errors import DataError, first_few, warn
from coalition_models.files import write_file
from coalition_models.sensitivity.plain_values import as_plain, from_plain

__all__ = ["Answered", "Kept", "header_of"]


@dataclass(frozen=True)
class Answered:
    """What came of one chunk of tasks: an answer each, and what they warned of."""

    answers: Sequence[object]
    notes: Sequence[str]


def header_of(about: str, tasks: int, chunk: str, list_: str, work: Mapping[str, str]) -> bytes:
    """First line of a file of results.

    Examples
    --------
    >>> header_of("resample", 2, "25", "ab", {"panel": "cd"})[:30]
    b'{"coalition_models results of"'
    """
    line = {
        "coalition_models results of": about,
        "version": __version__,
        "tasks": tasks,
        "task list": list_,
        "chunks": chunk,
        "work": dict(work),
    }
    return _line(line)


def _line(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, allow_nan=False, ensure_ascii=False).encode() + b"\n"


@dataclass(eq=False)
class Kept:
    """A file that results are appended to.

    Attributes
    ----------
    path : Path
    header : bytes
    chunks : sequence of range
        Which tasks are handed out together.
    done : dict
        Chunk -> what is kept of it.
    """

    path: Path
    header: bytes
    chunks: Sequence[range]
    done: dict[int, Answered] = field(default_factory=dict)
    _order: list[int] = field(default_factory=list)
    _end: int = 0
    _file: FileIO | None = None

    @property
    def tasks_done(self) -> int:
        """How many answers are kept."""
        return sum(len(self.chunks[at]) for at in self.done)

    def open(self) -> None:
        """Read what is there, and stand ready to append.

        Raises
        ------
        DataError
            A file that is no such results, or of other tasks or data; a path that cannot be
            written; another run that writes it.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and not self.path.is_file():
                raise DataError(f"cannot keep results in {self.path}: it is no plain file")
            self._file = self.path.open("a+b", buffering=0)
            _lock(self._file, self.path)
            self._file.seek(0)
            held = self._file.read()
            self._end = self._read(held)
            if self._end < len(held):
                self._file.truncate(self._end)
            if not self._end:
                self._append(self.header)
        except OSError as error:
            self.close()
            raise DataError(
                f"cannot keep results in {self.path}: {error.strerror or error}. Nothing was "
                "computed; give keep= a path that can be written"
            ) from error
        except DataError:
            self.close()
            raise

    def add(self, at: int, found: Answered) -> None:
        """Append the answers of one chunk.

        Raises
        ------
        DataError
            Where they cannot be written; the message says how many are.
        """
        lines = []
        for task, answer in zip(self.chunks[at], found.answers, strict=True):
            line: dict[str, object] = {"task": task, "answer": as_plain(answer)}
            if task == self.chunks[at][0] and found.notes:
                line["notes"] = list(found.notes)
            lines.append(_line(line))
        try:
            self._append(b"".join(lines))
        except OSError as error:
            total = sum(map(len, self.chunks))
            raise DataError(
                f"cannot write {self.path}: {error.strerror or error}. {self.tasks_done} of "
                f"{total} results are kept there; make room and call the same again to go on"
            ) from error
        self.done[at] = found
        self._order.append(at)

    def finish(self) -> None:
        """Put the lines in the order of the tasks, whatever order they came in."""
        self.close()
        if self._order == sorted(self._order):
            return
        try:
            head, *lines = _lines(self.path.read_bytes())
            lines.sort(key=_task_of)
            write_file(self.path, b"".join([head, *lines]))
        except (DataError, OSError) as error:
            warn(f"{self.path} holds all results, but not in the order of the tasks: {error}")

    def close(self) -> None:
        """Close the file; a half-written line is cut off."""
        if self._file is not None:
            file, self._file = self._file, None
            try:
                if self._end:
                    file.truncate(self._end)
                file.close()
            except OSError:
                file.close()

    def _append(self, data: bytes) -> None:
        file = self._file
        assert file is not None
        left = memoryview(data)
        while left:
            left = left[file.write(left) :]
        self._end += len(data)

    def _read(self, held: bytes) -> int:
        """Fill what is done; the length of what can stay."""
        head, newline, _ = held.partition(b"\n")
        if not newline:
            if self.header.startswith(head):
                return 0
            raise DataError(f"{self.path} is no file of results: give keep= another path")
        self._compare(head)
        lines = _lines(held[len(head) + 1 :])
        if lines and not lines[-1].endswith(b"\n"):
            del lines[-1]
        starts = {tasks[0]: at for at, tasks in enumerate(self.chunks)}
        stay, place = len(head) + 1, 0
        while place < len(lines):
            at = starts.get(_parsed(lines[place], self.path, place)["task"])
            if at is None or at in self.done:
                raise _strange(self.path, place)
            size = len(self.chunks[at])
            own = lines[place : place + size]
            if len(own) < size:
                break
            self._take(at, own, place)
            stay += sum(map(len, own))
            place += size
        return stay

    def _take(self, at: int, lines: Sequence[bytes], place: int) -> None:
        own = [_parsed(line, self.path, place + i) for i, line in enumerate(lines)]
        if [one["task"] for one in own] != list(self.chunks[at]):
            raise _strange(self.path, place)
        answers = [from_plain(one["answer"]) for one in own]
        self.done[at] = Answered(answers, own[0].get("notes", []))
        self._order.append(at)

    def _compare(self, head: bytes) -> None:
        if head + b"\n" == self.header:
            return
        try:
            there = json.loads(head)
            wrong = _differences(there, json.loads(self.header))
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise DataError(
                f"{self.path} is no file of results: give keep= another path"
            ) from error
        raise DataError(
            f"{self.path} holds results of something else: {first_few(wrong)}. Delete "
            "the file to begin anew, or give another path (keep=, --out)"
        )


def _differences(there: Mapping[str, Any], here: Mapping[str, Any]) -> list[str]:
    found = []
    about = "coalition_models results of"
    if there[about] != here[about]:
        return [f"of {there[about]}, not of {here[about]}"]
    if there["version"] != here["version"]:
        found.append(f"of version {there['version']}, this is {here['version']}")
    if there["tasks"] != here["tasks"]:
        found.append(f"of {there['tasks']} tasks, now there are {here['tasks']}")
    elif any(there[name] != here[name] for name in ("task list", "chunks")):
        found.append("of another list of tasks")
    names = [*dict.fromkeys([*there["work"], *here["work"]])]
    moved = [name for name in names if there["work"].get(name) != here["work"].get(name)]
    if moved:
        found.append(f"with another {', '.join(moved)}")
    return found


def _parsed(line: bytes, path: Path, place: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
        if isinstance(found, dict) and isinstance(found["task"], int) and "answer" in found:
            return found
    except (ValueError, KeyError):
        pass
    raise _strange(path, place)


def _strange(path: Path, place: int) -> DataError:
    return DataError(
        f"line {place + 2} of {path} is not as it was written: delete the file to begin anew, or "
        "take the line and those after it out"
    )


def _lines(data: bytes) -> list[bytes]:
    """Lines with their ends; of bytes, splitlines() would also cut at other signs."""
    return [one + b"\n" for one in data.split(b"\n")[:-1]] + [
        one for one in data.rsplit(b"\n", 1)[-1:] if one
    ]


def _task_of(line: bytes) -> int:
    return int(json.loads(line)["task"])


def _lock(file: FileIO, path: Path) -> None:
    """Refuse to write what another process writes; where the system has no locks, trust."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataError(f"another run writes {path}: wait for it, or give another path") from error
    except OSError:
        return
