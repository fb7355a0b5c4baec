"""Tables kept: of files for a session, and what is built of them while several studies are made."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

import pandas as pd

from coalition_models.errors import gathered, warn
from coalition_models.sources.fetch import places

__all__ = ["kept", "read_once", "tables_kept"]

_Kept = tuple[pd.DataFrame, tuple[str, ...]]
_Store = dict[Hashable, _Kept]
_KEPT: ContextVar[_Store | None] = ContextVar("kept_tables", default=None)

#: bytes of the tables that a session keeps, strings counted by their addresses (all there are take
#: 66 MB); those not asked for longest go first
_MOST = 100_000_000
_READ: OrderedDict[Hashable, _Kept] = OrderedDict()


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
        store[key] = _made(make)
    return _copy(store[key])


def read_once(content: Hashable, make: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table of files, read and checked once per session; a copy, with the warnings of it.

    ``content`` is what the table depends on: the checksums of the files as they are now, and how
    they are read. What cannot be read is tried again each time.

    Examples
    --------
    >>> made = []
    >>> for _ in range(2):
    ...     frame = read_once("a checksum", lambda: made.append(1) or pd.DataFrame({"a": [1]}))
    >>> len(made), len(frame)
    (1, 1)
    """
    found = _READ.get(content)
    if found is None:
        found = _READ[content] = _made(make)
        _let_go()
    else:
        with suppress(KeyError):  # another thread may just have let it go
            _READ.move_to_end(content)
    return _copy(found)


def _let_go() -> None:
    sizes = {key: int(frame.memory_usage().sum()) for key, (frame, _) in list(_READ.items())}
    total = sum(sizes.values())
    for key in list(sizes)[:-1]:
        if total <= _MOST:
            break
        total -= sizes[key]
        _READ.pop(key, None)


def _made(make: Callable[[], pd.DataFrame]) -> _Kept:
    with gathered() as told:
        frame = make()
    return frame, tuple(told)


def _copy(found: _Kept) -> pd.DataFrame:
    frame, warnings = found
    for text in warnings:
        warn(text)
    return frame.copy()
