"""Work shared among processes."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

import joblib

__all__ = ["in_processes"]

Answer = TypeVar("Answer")


def in_processes(
    work: Callable[..., Answer],
    calls: Iterable[tuple[Any, ...]],
    workers: int | None,
    *,
    in_order: bool = True,
) -> Generator[Answer, None, None]:
    """Call a function with each tuple of arguments, in several processes; answers as they come.

    With one worker the calls are made here, one after the other. A process whose memory has grown
    gives way to a new one without a word: its answers are not lost.

    Parameters
    ----------
    work : callable
        What it takes and gives must be picklable.
    calls : iterable of tuple
    workers : int or None
        None for what ``joblib.parallel_config`` says.
    in_order : bool
        Answers in the order of the calls; otherwise the first to be ready comes first.

    Examples
    --------
    >>> list(in_processes(pow, [(2, 3), (3, 2)], workers=1))
    [8, 9]
    """
    if workers != 1:
        warnings.filterwarnings("ignore", "A worker stopped while some jobs were", UserWarning)
    how = "generator" if in_order else "generator_unordered"
    pool = joblib.Parallel(n_jobs=workers, return_as=how, batch_size=1)
    found: Generator[Answer, None, None] = pool(joblib.delayed(work)(*call) for call in calls)
    return found
