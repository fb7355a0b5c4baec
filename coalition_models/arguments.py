"""Options of the wrong type, refused by name before anything is computed."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence, Sized
from datetime import date
from functools import lru_cache
from numbers import Integral, Real

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few

__all__ = [
    "FAR",
    "MOST_DRAWS",
    "as_day",
    "as_days",
    "check_arguments",
    "check_count",
    "check_draws",
    "check_workers",
    "listed",
    "not_days",
    "read_day",
    "read_days",
]

#: year-month-day, or year-month for its first day; a time of day may follow. Nothing else: in
#: 03/04/2004 nobody knows which number is the month
_ISO = re.compile(r"\d{4}-\d{2}(-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?)?")
#: how much of a wrong value a message shows
_SHOWN = 60
#: the largest number of periods, months or years that an option may count; a hundred years of
#: months is beyond any coalition, and keys made of a state and a month hold it with room to spare
FAR = 1200
#: draws beyond which what they hold does not fit into the memory of a common machine
MOST_DRAWS = 100_000
#: days outside these cannot be kept to the nanosecond, as tables do
_FIRST_DAY, _LAST_DAY = pd.Timestamp("1678-01-01"), pd.Timestamp("2261-12-31 23:59:59.999999999")

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
    ``object`` are left to the function, and so is a string where a list of strings is expected. A
    ``seed`` must not be negative.

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
        for name, (hint, exact) in _hints(function).items()
        if name in given and type(given[name]) not in exact and not _fits(given[name], hint)
    ]
    seed = given.get("seed")
    if isinstance(seed, Integral) and seed < 0:
        problems.append(f"seed must be 0 or more, not {seed}")
    if problems:
        raise DataError("; ".join(problems))


def as_day(value: str | pd.Timestamp | None, name: str) -> pd.Timestamp | None:
    """Read a date given as an argument, in one of the forms of :func:`read_day`.

    Examples
    --------
    >>> as_day("2008-12-31", "until")
    Timestamp('2008-12-31 00:00:00')
    """
    if value is None:
        return None
    day = read_day(value)
    if day is None:
        raise DataError(f"{name} must be a date such as '2008-12-31', not {_shown(value)}")
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise DataError(f"{name} must be a date from 1678 to 2261, not {_shown(str(value))}")
    return day.as_unit("ns")


def read_day(value: object) -> pd.Timestamp | None:
    """Read one date: ISO text (year-month-day or year-month), or a date of Python or NumPy.

    None for anything else: numbers, other orders of day and month, a bare year, a missing date,
    and times of a time zone, whose day depends on where one stands.

    Examples
    --------
    >>> read_day("2004-04")
    Timestamp('2004-04-01 00:00:00')
    >>> read_day("03/04/2004") is None
    True
    """
    if isinstance(value, str):
        if _ISO.fullmatch(value.strip()) is None:
            return None
    elif not isinstance(value, (date, np.datetime64)):
        return None
    try:
        day = pd.Timestamp(value)
    except (ValueError, TypeError):
        return None
    return None if pd.isna(day) or day.tz is not None else day


def read_days(values: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Read a column of dates in the forms of :func:`read_day`, and tell which are none.

    Returns
    -------
    tuple of Series
        The days to the nanosecond, missing where none could be read, and whether a value is
        there that is no date or lies outside the years 1678 to 2261.

    Examples
    --------
    >>> import pandas as pd
    >>> days, wrong = read_days(pd.Series(["2004-04-13", "13/04/2004", None]))
    >>> days.isna().tolist(), wrong.tolist()
    ([False, True, True], [False, True, False])
    """
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind == "M":
        # big-endian ones are not taken by pandas' groups
        values = values.astype(dtype.newbyteorder("="))
        held = values.to_numpy()
        # in seconds, which any unit can be compared with
        first, beyond = np.array(["1678-01-01", "2262-01-01"], dtype="datetime64[s]")
        far = pd.Series((held < first) | (held >= beyond), values.index, name=values.name)
        kept = values.where(~far) if far.any() else values
        return kept.astype("datetime64[ns]"), far
    texts = values.astype(object)
    there = texts.notna().to_numpy(dtype=bool)
    keys = [value if isinstance(value, Hashable) else repr(value) for value in texts[there]]
    known = {key: _near_day(key) for key in dict.fromkeys(keys)}
    wrong = np.zeros(len(texts), dtype=bool)
    wrong[there] = [known[key] is None for key in keys]
    days = np.full(len(texts), np.datetime64("NaT"), dtype="datetime64[ns]")
    days[there] = pd.DatetimeIndex([known[key] or pd.NaT for key in keys])
    told = pd.Series(wrong, index=values.index)
    return pd.Series(days, index=values.index, name=values.name), told


def _near_day(value: object) -> pd.Timestamp | None:
    day = read_day(value)
    return None if day is None or not _FIRST_DAY <= day <= _LAST_DAY else day.as_unit("ns")


def as_days(values: pd.Series, name: str) -> pd.Series:
    """Read a column of dates in the forms of :func:`read_day`; missing ones stay missing.

    Raises
    ------
    DataError
        Naming the first values that are no dates.

    Examples
    --------
    >>> import pandas as pd
    >>> as_days(pd.Series(["2004-04", None]), "date").tolist()
    [Timestamp('2004-04-01 00:00:00'), NaT]
    """
    days, wrong = read_days(values)
    if wrong.any():
        raise DataError(f"column {name} must hold {not_days(values, wrong)}")
    return days


def not_days(values: pd.Series, wrong: pd.Series, kind: str = "dates") -> str:
    """Say what a column of dates must hold, and which of its values are none.

    Examples
    --------
    >>> import pandas as pd
    >>> late = pd.Series(["13/04/2004"])
    >>> not_days(late, pd.Series([True]))
    "dates such as '2008-12-31' without a time zone; found '13/04/2004' in row 0"
    """
    bad = values[wrong.to_numpy(dtype=bool)]
    rows: dict[str, list[object]] = {}
    for row, value in bad.items():
        rows.setdefault(_shown_day(value), []).append(row)
    found = [
        f"{text} in {'row' if len(where) == 1 else 'rows'} {first_few(where, limit=3)}"
        for text, where in rows.items()
    ]
    return f"{kind} such as '2008-12-31' without a time zone; found {first_few(found, limit=3)}"


def _shown_day(value: object) -> str:
    text = str(value) if isinstance(value, date) else _shown(value)
    day = read_day(value)
    return text if day is None else f"{text} (only the years 1678 to 2261 can be kept)"


def check_count(value: float, name: str, *, least: int = 0, most: int = FAR, of: str = "") -> int:
    """Check an option that counts periods, months or years, and lies within sense.

    Raises
    ------
    DataError
        Naming the range.

    Examples
    --------
    >>> check_count(6, "window", of="months")
    6
    >>> check_count(10**6, "window", of="months")
    Traceback (most recent call last):
    coalition_models.errors.DataError: window must be a whole number of months from 0 to 1200, not
    1000000
    """
    whole = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if not whole or not least <= value <= most or int(value) != value:
        kind = f"a whole number of {of}" if of else "a whole number"
        raise DataError(f"{name} must be {kind} from {least} to {most}, not {_shown(value)}")
    return int(value)


def check_draws(draws: int, *, least: int = 1, name: str = "draws") -> int:
    """Check a number of draws.

    Examples
    --------
    >>> check_draws(1999)
    1999
    >>> check_draws(0)
    Traceback (most recent call last):
    coalition_models.errors.DataError: draws must be 1 or more, not 0
    """
    if not isinstance(draws, Integral) or isinstance(draws, bool) or draws < least:
        raise DataError(f"{name} must be {least} or more, not {_shown(draws)}")
    if draws > MOST_DRAWS:
        raise DataError(f"{name} must be {MOST_DRAWS:,} or fewer, not {_shown(draws)}")
    return int(draws)


def listed(names: str | Iterable[str]) -> list[str]:
    """Names given as a list, or one alone, whose letters are no names.

    Examples
    --------
    >>> listed("state"), listed(("state", "period"))
    (['state'], ['state', 'period'])
    """
    return [names] if isinstance(names, str) else list(names)


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
def _hints(function: Callable[..., object]) -> dict[str, tuple[object, frozenset[type]]]:
    """Annotation of each argument, and the types that fit it whatever their value."""
    hints = typing.get_type_hints(function)
    return {name: (hint, _exact(hint)) for name, hint in hints.items() if name != "return"}


def _exact(hint: object) -> frozenset[type]:
    """Types whose every value fits; of others it depends on the value."""
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return frozenset().union(*(_exact(part) for part in typing.get_args(hint)))
    if origin is typing.Literal:
        return frozenset([str])
    plain = (str, bool, type(None), pd.DataFrame, pd.Series)
    return frozenset([hint]) if isinstance(hint, type) and hint in plain else frozenset()


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
    try:
        near = float(value)
    except OverflowError:
        # a whole number too large for the double precision that everything is computed in
        return False
    return hint is float or isinstance(value, Integral) or near.is_integer()


def _fits_inside(value: object, origin: object, parts: tuple[object, ...]) -> bool:
    """Whether a list or mapping holds what it should; what can be read only once is not read."""
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, Mapping) and all(
            _fits(key, parts[0]) and _fits(held, parts[1]) for key, held in value.items()
        )
    if not (isinstance(origin, type) and issubclass(origin, Sequence)):
        return True
    if origin is tuple and Ellipsis not in parts:
        return (
            isinstance(value, (tuple, list))
            and len(value) == len(parts)
            and all(_fits(held, part) for held, part in zip(value, parts, strict=True))
        )
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
        many = [_many(part) for part in parts if part is not Ellipsis]
        mapping = isinstance(origin, type) and issubclass(origin, Mapping)
        return f"a mapping (dict) of {' to '.join(many)}" if mapping else f"a list of {many[0]}"
    name = getattr(hint, "__name__", str(hint))
    return _WORDS.get(hint, f"{'an' if name[0] in 'AEIOU' else 'a'} {name}")


def _many(hint: object) -> str:
    """What several values of one kind are called; a tuple of two is a pair."""
    parts = typing.get_args(hint)
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(_many(part) for part in parts))
    if typing.get_origin(hint) is tuple and len(parts) == 2 and parts[0] is parts[1]:
        return f"pairs of {_many(parts[0])}"
    name = getattr(hint, "__name__", "")
    own = str(getattr(hint, "__module__", "")).startswith("coalition_models")
    return _MANY.get(hint, f"{name.removesuffix('s')}s" if own else "values")


def _shown(value: object) -> str:
    kind = type(value).__name__
    if hasattr(value, "to_pandas") and not isinstance(value, (pd.DataFrame, pd.Series)):
        return f"{kind} of {type(value).__module__.partition('.')[0]} (call .to_pandas())"
    if isinstance(value, (list, tuple, dict, set)):
        text = f"{kind} {value!r}"
    else:
        text = repr(value) if isinstance(value, (str, Real, type(None))) else kind
    return text if len(text) <= _SHOWN else kind
