"""Tables kept while several studies or sets are made, so that each is read or built once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import pandas as pd

from coalition_models.errors import gathered, warn
from coalition_models.sources.fetch import places

__all__ = ["kept", "tables_kept"]

_Store = dict[Hashable, tuple[pd.DataFrame, tuple[str, ...]]]
_KEPT: ContextVar[_Store | None] = ContextVar("kept_tables", default=None)


@contextmanager
def tables_kept() -> Iterator[None]:
    """While it lasts, what goes through :func:`kept` is made once; one inside another adds nothing.

    Examples
    --------
    >>> made = []
    >>> with tables_kept():
    ...     for _ in range(2):
    ...         frame = kept("toy", lambda: made.append(1) or pd.DataFrame({"a": [1]}))
    >>> len(made), len(frame)
    (1, 1)
    """
    token = _KEPT.set({}) if _KEPT.get() is None else None
    try:
        yield
    finally:
        if token is not None:
            _KEPT.reset(token)


def kept(name: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table by its name, made where it is not kept; a copy, with the warnings of its making."""
    store = _KEPT.get()
    if store is None:
        return make()
    key = (name, *places())
    if key not in store:
        with gathered() as told:
            frame = make()
        store[key] = frame, tuple(told)
    frame, warnings = store[key]
    for text in warnings:
        warn(text)
    return frame.copy()
