"""Lists of values as a user may give them, and labels that never join two things."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from itertools import islice
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.render import format_number

__all__ = ["distinct_labels", "listed", "scenario_labels", "times_given"]

Floats = npt.NDArray[np.float64]

#: more values than this of one variable, or from something without an end, are a slip
_MOST = 100_000


def listed(value: object, name: str) -> list[object]:
    """Read one value or several: list, tuple, set, range, array, Series, Index or Categorical.

    Values that are equal count once.

    Raises
    ------
    DataError
        For nothing at all, for a table, and for mappings.

    Examples
    --------
    >>> listed(range(-1, 2), "x"), listed("north", "region")
    ([-1, 0, 1], ['north'])
    """
    table = isinstance(value, np.ndarray) and value.ndim > 1
    if table or isinstance(value, (Mapping, pd.DataFrame)):
        raise DataError(f"{name} takes one value or a list of them, not a {type(value).__name__}")
    if isinstance(value, np.ndarray) and value.ndim == 0:
        return [value.item()]
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        return [value]
    items = list(islice(value, _MOST + 1))
    if len(items) > _MOST:
        raise DataError(f"{name} takes at most {_MOST} values")
    if isinstance(value, Set):
        items.sort(key=lambda item: (isinstance(item, str), item if _is_real(item) else str(item)))
    if not items:
        raise DataError(f"{name} is empty: give at least one value")
    return _once(items)


def _is_real(item: object) -> bool:
    return isinstance(item, Real)


def _once(items: Sequence[object]) -> list[object]:
    try:
        return list(dict.fromkeys(items))
    except TypeError:
        raise DataError(f"a list of lists is no list of values: {items!r:.80}") from None


def times_given(times: object) -> Floats | None:
    """Read the times asked for, in the order given; None where none were.

    Raises
    ------
    DataError
        For an empty list, missing or infinite times, and what is no number.

    Examples
    --------
    >>> times_given(range(1, 4))
    array([1., 2., 3.])
    """
    if times is None:
        return None
    items = listed(times, "times")
    wrong = [item for item in items if not _is_real(item)]
    if wrong:
        raise DataError(f"times must be numbers, not {wrong[0]!r}")
    out = np.array([float(item) for item in items])  # type: ignore[arg-type]
    if np.isnan(out).any():
        raise DataError("times holds a missing value (NaN)")
    return out


def distinct_labels(keys: Sequence[tuple[object, ...]]) -> list[str]:
    """Word each key; where two would read alike, words stand in quotes.

    Examples
    --------
    >>> distinct_labels([("a",), ("b",)]), distinct_labels([(1,), ("1",)])
    (['a', 'b'], ['1', "'1'"])
    """
    for word in (str, _quoted):
        labels = [", ".join(word(part) for part in key) for key in keys]
        if len(set(labels)) == len(set(keys)):
            return labels
    return [f"{label} ({type(key[0]).__name__})" for label, key in zip(labels, keys, strict=True)]


def _quoted(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def scenario_labels(choices: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    """Word the values of each variable, with as many digits as tell them apart.

    Examples
    --------
    >>> scenario_labels({"cinc": [0.0012, 0.0014], "near": [0, 1]})
    {'cinc': ['0.0012', '0.0014'], 'near': ['0', '1']}
    """
    return {name: _told_apart(values) for name, values in choices.items()}


def _told_apart(values: Sequence[object]) -> list[str]:
    digits = (lambda value, n=n: _to_digits(value, n) for n in range(3, 18))
    words: Iterable[Callable[[object], str]] = (format_number, *digits)
    for word in words:
        labels = [word(value) for value in values]
        if len(set(map(_read_back, values, labels))) == len(values):
            break
    else:
        return distinct_labels([(value,) for value in values])
    # a name may hold what joins names to one another
    odd = any(isinstance(v, str) and (", " in v or " = " in v) for v in values)
    if not odd:
        return labels
    return [
        _quoted(value) if isinstance(value, str) else label
        for value, label in zip(values, labels, strict=True)
    ]


def _read_back(value: object, label: str) -> object:
    """Read the label of a number as one, so that 2 and 2.000 do not pass for two."""
    is_number = label and _is_real(value) and not isinstance(value, bool)
    return float(label) if is_number else label


def _to_digits(value: object, digits: int) -> str:
    if isinstance(value, bool) or not _is_real(value):
        return format_number(value)
    return f"{float(value):.{digits}g}"  # type: ignore[arg-type]
