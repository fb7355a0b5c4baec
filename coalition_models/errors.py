"""The package's own errors: one family, five kinds.

Every message says what was expected, what was found and what to do.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = [
    "AbsentError",
    "CoalitionError",
    "CoalitionWarning",
    "CoverageError",
    "DataError",
    "FitError",
    "FormulaError",
    "NoRowsError",
    "ReplicationError",
    "counted",
    "first_few",
    "gathered",
    "warn",
]


class CoalitionError(Exception):
    """Base of every error this package raises on purpose."""


class DataError(CoalitionError, ValueError):
    """A table, file or argument does not hold what it should."""


class AbsentError(DataError):
    """A DataError whose one cause is that something is not there: a column, a table of facts.

    For a caller inside the package that can do without; users meet it as a DataError.
    """


class CoverageError(CoalitionError):
    """A source does not cover what was asked of it, or is not at hand."""


class NoRowsError(DataError, CoverageError):
    """No row holds all that a model names: a DataError to users, and a gap in what is known.

    Where many specifications are tried it is a result, like any source that does not cover one.
    """


class FormulaError(CoalitionError, ValueError):
    """A model formula names what the data do not have."""


class FitError(CoalitionError):
    """A model cannot be estimated, or the estimate cannot be trusted."""


class ReplicationError(CoalitionError):
    """A published number could not be looked up or reproduced."""


class CoalitionWarning(UserWarning):
    """A result stands, but the reader must know something about it."""


#: where warnings are gathered in place of being given; None: they are given
_GATHERED: ContextVar[list[str] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathered() -> Iterator[list[str]]:
    """Collect the package's warnings in a list in place of giving them.

    For work of the package on behalf of a caller, which tells them once, in its result.

    Examples
    --------
    >>> with gathered() as told:
    ...     warn("a window is short")
    >>> told
    ['a window is short']
    """
    told: list[str] = []
    token = _GATHERED.set(told)
    try:
        yield told
    finally:
        _GATHERED.reset(token)


def warn(message: str, category: type[Warning] = CoalitionWarning) -> None:
    """Give a warning that points at the first line outside the package, or gather it."""
    told = _GATHERED.get()
    if told is not None:
        if message not in told:
            told.append(message)
        return
    warnings.warn(message, category, stacklevel=_outside())


def _outside() -> int:
    """How many frames up the first line outside the package stands."""
    here = sys._getframe(2)
    level = 2
    inside = f"{__name__.partition('.')[0]}."
    while here.f_back is not None and (here.f_globals.get("__name__") or "").startswith(inside):
        here = here.f_back
        level += 1
    return level


def first_few(keys: Iterable[object], limit: int = 10) -> str:
    """List the first ``limit`` keys and count the others.

    Examples
    --------
    >>> first_few(["ESP", "POL", "ITA"], limit=2)
    'ESP, POL (+1 more)'
    """
    items = [str(key) for key in keys]
    tail = f" (+{len(items) - limit} more)" if len(items) > limit else ""
    return ", ".join(items[:limit]) + tail


def counted(number: int, noun: str, one: str = "", more: str = "") -> str:
    """Number, noun and verb, in the singular where there is one.

    Examples
    --------
    >>> counted(1, "spell"), counted(3, "row"), counted(1, "exit", "is", "are")
    ('1 spell', '3 rows', '1 exit is')
    """
    single = number == 1
    verb = one if single else more
    return f"{int(number)} {noun}{'' if single else 's'}{' ' if verb else ''}{verb}"
