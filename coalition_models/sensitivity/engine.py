"""The one engine of long analyses: tasks are records, handed out in chunks, answered in order.

Chunks are cut from the list of tasks alone and every task has a seed of its own, so that answers
do not depend on how many workers there are, nor on what runs them.
"""

from __future__ import annotations

import pickle
import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
from joblib.externals.loky.backend.reduction import dumps
from tqdm.std import tqdm

from coalition_models.arguments import check_workers
from coalition_models.errors import DataError, gathered
from coalition_models.processes import in_processes
from coalition_models.sensitivity.identity import digest, digests
from coalition_models.sensitivity.kept import Answered, Kept, header_of

__all__ = ["Answers", "run_tasks"]


@dataclass(frozen=True)
class Answers:
    """One answer per task, in their order, and what the tasks warned of, each warning once."""

    answers: list[Any]
    notes: tuple[str, ...]


def run_tasks(
    work: Callable[..., Any],
    tasks: Sequence[object],
    *,
    about: str,
    seed: int | None = None,
    together: bool = False,
    chunk: int | Sequence[int] = 25,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> Answers:
    """Answer every task, on joblib's active backend.

    Parameters
    ----------
    work : callable
        From a task to its answer: numbers, text, arrays, or lists and mappings by text of these.
        It is sent to workers and shared by threads: a data class with ``__call__``, or a partial
        of a function, that changes nothing that it holds. What it warns of is gathered.
    tasks : sequence
        Records: numbers, text, tuples, data classes.
    about : str
        What is done, for the progress and the file.
    seed : int, optional
        ``work`` is then called with a task and a random generator, each of a seed spawned for it.
    together : bool
        ``work`` takes a list of tasks (and one of generators), one answer each; which tasks are
        listed together must not matter to an answer.
    chunk : int or sequence of int
        How many tasks are handed out at once: always so many, or each chunk's number in turn.
    workers : int or None
        None for what ``joblib.parallel_config`` says.
    keep : path, optional
        Results are appended to this file as they come, and the same call goes on where an
        interrupted one was.
    progress : bool
        Show how many are done, the rate and the time that is left.

    Returns
    -------
    Answers

    Raises
    ------
    DataError
        ``keep`` holds results of other tasks or data, or cannot be written.

    Examples
    --------
    >>> run_tasks(abs, [-1, 2, -3], about="sizes").answers
    [1, 2, 3]
    """
    count = workers if workers is None else check_workers(workers)
    listed = list(tasks)
    chunks = _chunks(len(listed), chunk)
    seeds = None if seed is None else np.random.SeedSequence(seed).spawn(len(listed))
    kept = None if keep is None else _kept(Path(keep), work, listed, chunks, about, seed)
    done = {} if kept is None else dict(kept.done)
    sent = _Sent(work)
    calls = (
        (
            sent, at, [listed[i] for i in chunks[at]],
            None if seeds is None else [seeds[i] for i in chunks[at]], together,
        )
        for at in [at for at in range(len(chunks)) if at not in done]
    )  # fmt: skip
    first = sum(len(chunks[at]) for at in done)
    bar = tqdm(total=len(listed), initial=first, desc=about, unit="task", disable=not progress)
    try:
        with bar, closing(in_processes(_answer, calls, count, in_order=False)) as coming:
            for at, found in coming:
                if kept is not None:
                    kept.add(at, found)
                done[at] = found
                bar.update(len(chunks[at]))
    except BaseException as error:
        if kept is not None:
            kept.close()
            error.add_note(
                f"{kept.tasks_done} of {len(listed)} results are kept in {kept.path}; the same "
                "call goes on from there"
            )
        raise
    if kept is not None:
        kept.finish()
    ordered = [done[at] for at in range(len(chunks))]
    notes = dict.fromkeys(note for one in ordered for note in one.notes)
    return Answers([answer for one in ordered for answer in one.answers], tuple(notes))


def _chunks(tasks: int, chunk: int | Sequence[int]) -> list[range]:
    if isinstance(chunk, int):
        return [range(at, min(at + chunk, tasks)) for at in range(0, tasks, chunk)]
    edges = list(accumulate(chunk, initial=0))
    if edges[-1] != tasks or min(chunk, default=1) < 1:
        raise DataError(f"chunks of {edges[-1]} tasks do not cut a list of {tasks}")
    return [range(*pair) for pair in pairwise(edges)]


def _kept(
    path: Path,
    work: Callable[..., Any],
    tasks: Sequence[object],
    chunks: Sequence[range],
    about: str,
    seed: int | None,
) -> Kept:
    marks = digest([list(tasks), seed])
    sizes = digest([len(one) for one in chunks])
    kept = Kept(path, header_of(about, len(tasks), sizes, marks, digests(work)), chunks)
    kept.open()
    return kept


def _answer(
    sent: _Sent,
    at: int,
    tasks: Sequence[object],
    seeds: Sequence[np.random.SeedSequence] | None,
    together: bool,
) -> tuple[int, Answered]:
    work = sent.work
    drawn = None if seeds is None else [np.random.default_rng(one) for one in seeds]
    with gathered() as told:
        if together:
            answers = work(tasks) if drawn is None else work(tasks, drawn)
        elif drawn is None:
            answers = [work(task) for task in tasks]
        else:
            answers = [work(task, rng) for task, rng in zip(tasks, drawn, strict=True)]
    return at, Answered(list(answers), list(told))


class _Sent:
    """Work that a process unpacks once, whatever number of chunks it is given."""

    def __init__(self, work: Callable[..., Any]) -> None:
        self.work = work
        self._token = secrets.token_hex(8)
        self._packed: bytes | None = None

    def __reduce__(self) -> tuple[Callable[[str, bytes], _Sent], tuple[str, bytes]]:
        if self._packed is None:
            self._packed = bytes(dumps(self.work))
        return _unpacked, (self._token, self._packed)


#: works of the last runs in this process
_HELD: OrderedDict[str, _Sent] = OrderedDict()
_MOST = 2


def _unpacked(token: str, packed: bytes) -> _Sent:
    held = _HELD.get(token)
    if held is None:
        held = _Sent(cast("Callable[..., Any]", pickle.loads(packed)))
        _HELD[token] = held
        while len(_HELD) > _MOST:
            _HELD.popitem(last=False)
    return held
