"""The package's own errors: one family, five kinds.

Every message says what was expected, what was found and what to do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable

__all__ = [
    "CoalitionError",
    "CoalitionWarning",
    "CoverageError",
    "DataError",
    "FitError",
    "FormulaError",
    "ReplicationError",
    "counted",
    "first_few",
    "warn",
]


class CoalitionError(Exception):
    """Base of every error this package raises on purpose."""


class DataError(CoalitionError, ValueError):
    """A table, file or argument does not hold what it should."""


class CoverageError(CoalitionError):
    """A source does not cover what was asked of it, or is not at hand."""


class FormulaError(CoalitionError, ValueError):
    """A model formula names what the data do not have."""


class FitError(CoalitionError):
    """A model cannot be estimated, or the estimate cannot be trusted."""


class ReplicationError(CoalitionError):
    """A published number could not be looked up or reproduced."""


class CoalitionWarning(UserWarning):
    """A result stands, but the reader must know something about it."""


def warn(message: str, category: type[Warning] = CoalitionWarning) -> None:
    """Issue a warning that points two frames up, at the line that called the public function."""
    warnings.warn(message, category, stacklevel=3)


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
