"""Fits and curves as they are handed to tables and pictures: one, several, or several by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import pandas as pd

from coalition_models.errors import DataError, first_few

__all__ = ["named"]

T = TypeVar("T")

#: shown of a wrong value
_SHOWN = 60


def named(
    given: T | Sequence[T] | Mapping[str, T] | pd.Series,
    kind: type[T] | tuple[type[T], ...],
    *,
    argument: str = "fits",
    names: Sequence[str] | None = None,
) -> list[tuple[str, T]]:
    """Read one fit, a list of fits, or fits by name, as ``table`` and every picture takes them.

    Parameters
    ----------
    given : fit, sequence, mapping or Series
        A dict or a Series brings the names.
    kind : type or tuple of types
        What each must be.
    argument : str
        What the argument is called, for messages.
    names : sequence of str, optional
        Instead of those given or made.

    Returns
    -------
    list of (name, fit)
        One fit by itself has the name ``""``; those of a list are ``(1)``, ``(2)``, ...

    Raises
    ------
    DataError
        No fit at all, something else among them, or a number of names that differs.

    Examples
    --------
    >>> named([0.5, 1.5], float)
    [('(1)', 0.5), ('(2)', 1.5)]
    >>> named({"Cox": 0.5}, float, names=["Cox, by state"])
    [('Cox, by state', 0.5)]
    """
    found = _pairs(given, kind, argument)
    if not found:
        raise DataError(f"no {_words(kind)} in {argument}: give one, a list, or a dict by name")
    wrong = [f"{_shown(value)} ({name})" for name, value in found if not isinstance(value, kind)]
    if wrong:
        raise DataError(
            f"{argument} must be a {_words(kind)}, a list of them, or a dict of names to them; "
            f"found {first_few(wrong, 3)}"
        )
    if names is not None:
        chosen = [names] if isinstance(names, str) else [str(name) for name in names]
        if len(chosen) != len(found):
            raise DataError(f"{len(found)} {argument} need as many names, found {len(chosen)}")
        found = [(name, value) for name, (_, value) in zip(chosen, found, strict=True)]
    return found


def _pairs(
    given: object, kind: type[T] | tuple[type[T], ...], argument: str
) -> list[tuple[str, T]]:
    if isinstance(given, kind):
        return [("", given)]
    if isinstance(given, (Mapping, pd.Series)):
        return [(str(name), value) for name, value in given.items()]
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, pd.DataFrame)):
        return [(f"({place})", value) for place, value in enumerate(given, start=1)]
    raise DataError(
        f"{argument} must be a {_words(kind)}, a list of them, or a dict of names to them, not "
        f"{_shown(given)}"
    )


def _words(kind: type[T] | tuple[type[T], ...]) -> str:
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return " or ".join(one.__name__ for one in kinds)


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, (str, int, float, type(None))) else type(value).__name__
    return text if len(text) <= _SHOWN else type(value).__name__
