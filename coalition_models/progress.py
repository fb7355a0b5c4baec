"""A bar with the time that remains, for work of more than two seconds, where somebody looks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from multiprocessing import current_process
from typing import TypeVar

from tqdm.std import tqdm

__all__ = ["PROGRESS_VARIABLE", "in_steps", "is_watched"]

#: 0 shows no bar, 1 shows one wherever the output goes
PROGRESS_VARIABLE = "COALITION_MODELS_PROGRESS"

#: seconds of work before a bar is shown
PATIENCE = 2.0

Item = TypeVar("Item")


def is_watched() -> bool:
    """Tell whether progress is to be shown: in a terminal or a notebook, unless switched off.

    A process that works for another one shows nothing: its bars would run into each other.

    Examples
    --------
    >>> is_watched() in (True, False)
    True
    """
    if current_process().name != "MainProcess":
        return False
    asked = os.environ.get(PROGRESS_VARIABLE, "")
    if asked:
        return asked != "0"
    return "ipykernel" in sys.modules or bool(getattr(sys.stderr, "isatty", bool)())


def in_steps(
    items: Iterable[Item],
    about: str,
    total: int | None = None,
    *,
    unit: str = "step",
    progress: bool | None = None,
) -> Iterable[Item]:
    """Go through items and show how far it is, and how long the rest will take, on stderr.

    Parameters
    ----------
    items : iterable
    about : str
        What is being done.
    total : int, optional
        Number of items, where they cannot tell.
    unit : str
        What an item is called.
    progress : bool, optional
        True shows a bar at once, False none. By default one appears after two seconds where
        somebody looks, and goes away at the end.

    Returns
    -------
    iterable
        The same items.

    Examples
    --------
    >>> list(in_steps([1, 2], "count", progress=False))
    [1, 2]
    """
    wait = 0.0 if progress else PATIENCE
    shown = is_watched() if progress is None else progress
    bar: tqdm[Item] = tqdm(
        items, about, total, leave=bool(progress), unit=unit, delay=wait, disable=not shown
    )
    return bar
