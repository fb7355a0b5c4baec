"""Options of the wrong type, refused by name before anything is computed."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from datetime import date
from functools import lru_cache
from numbers import Integral, Real

import numpy as np
import pandas as pd

from coalition_models.errors import DataError

__all__ = ["as_day", "check_arguments", "check_workers"]

#: how much of a wrong value a message shows
_SHOWN = 60

_WORDS: dict[object, str] = {
    bool: "True or False",
    float: "a number",
    int: "a whole number",
    str: "a string",
    type(None): "None",
    pd.DataFrame: "a pandas DataFrame",
    pd.Series: "a pandas Series",
}

_MANY: dict[object, str] = {
    float: "numbers",
    int: "whole numbers",
    str: "strings",
    pd.DataFrame: "pandas DataFrames",
}


def check_arguments(function: Callable[..., object], given: Mapping[str, object]) -> None:
    """Refuse arguments that are not what the function's annotations say.

    A public function calls it first, with its own ``locals()``. Dates and values annotated
    ``object`` are left to the function, and so is a string where a list of strings is expected.

    Raises
    ------
    DataError
        Naming every argument of the wrong type, what it must be and what was found.

    Examples
    --------
    >>> def wait(months: int, *, why: str = "") -> None:
    ...     check_arguments(wait, locals())
    >>> wait(6)
    >>> wait("6")
    Traceback (most recent call last):
    coalition_models.errors.DataError: months must be a whole number, not '6'
    """
    problems = [
        f"{name} must be {_words(hint)}, not {_shown(given[name])}"
        for name, hint in _hints(function).items()
        if name in given and not _fits(given[name], hint)
    ]
    if problems:
        raise DataError("; ".join(problems))


def as_day(value: str | pd.Timestamp | None, name: str) -> pd.Timestamp | None:
    """Read a date; a bare number is none, and neither is a missing date.

    Examples
    --------
    >>> as_day("2008-12-31", "until")
    Timestamp('2008-12-31 00:00:00')
    """
    if value is None:
        return None
    wrong = f"{name} must be a date such as '2008-12-31', not {_shown(value)}"
    try:
        day = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise DataError(wrong) from error
    if isinstance(value, int | float) or pd.isna(day):
        raise DataError(wrong)
    return day


def check_workers(workers: int) -> int:
    """Check a number of processes.

    Examples
    --------
    >>> check_workers(2)
    2
    """
    if isinstance(workers, Integral) and workers >= 1:
        return int(workers)
    raise DataError(f"workers must be a whole number of 1 or more, not {_shown(workers)}")


@lru_cache(maxsize=256)
def _hints(function: Callable[..., object]) -> dict[str, object]:
    return {k: v for k, v in typing.get_type_hints(function).items() if k != "return"}


def _fits(value: object, hint: object) -> bool:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, part) for part in typing.get_args(hint))
    if origin is typing.Literal:
        return isinstance(value, str)  # which ones there are, the function says
    if origin is not None:
        return _fits_inside(value, origin, typing.get_args(hint))
    if hint in (bool, float, int):
        return _fits_number(value, hint)
    # a date may be given in many ways; the function reads it
    return not isinstance(hint, type) or issubclass(hint, date) or isinstance(value, hint)


def _fits_number(value: object, hint: object) -> bool:
    if hint is bool:
        return isinstance(value, (bool, np.bool_)) or (isinstance(value, Real) and value in (0, 1))
    if not isinstance(value, Real) or isinstance(value, bool) or value != value:
        return False
    return hint is float or isinstance(value, Integral) or float(value).is_integer()


def _fits_inside(value: object, origin: object, parts: tuple[object, ...]) -> bool:
    """Whether a list or mapping holds what it should; what can be read only once is not read."""
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, parts[0]) and _fits(held, parts[1]) for key, held in value.items()
        )
    if not (isinstance(origin, type) and issubclass(origin, Sequence)):
        return True
    if isinstance(value, str):
        return parts[0] in (str, object)
    if not isinstance(value, Iterable) or isinstance(value, (bytes, Mapping, pd.DataFrame)):
        return False
    return (
        parts[0] is object
        or not isinstance(value, Sized)
        or all(_fits(held, parts[0]) for held in value)
    )


def _words(hint: object) -> str:
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_words(part) for part in parts))
    if origin is typing.Literal:
        return f"one of {', '.join(map(repr, parts))}"
    if origin is not None:
        many = [_MANY.get(part, "values") for part in parts if part is not Ellipsis]
        mapping = isinstance(origin, type) and issubclass(origin, Mapping)
        return f"a mapping (dict) of {' to '.join(many)}" if mapping else f"a list of {many[0]}"
    name = getattr(hint, "__name__", str(hint))
    return _WORDS.get(hint, f"{'an' if name[0] in 'AEIOU' else 'a'} {name}")


def _shown(value: object) -> str:
    kind = type(value).__name__
    if isinstance(value, (list, tuple, dict, set)):
        text = f"{kind} {value!r}"
    else:
        text = repr(value) if isinstance(value, (str, Real, type(None))) else kind
    return text if len(text) <= _SHOWN else kind
