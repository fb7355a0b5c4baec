"""Answers as JSON and back, so that what is read again is what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.errors import DataError

__all__ = ["as_plain", "from_plain"]

#: key of what JSON has no sign for; a missing number is null
_IS = "is"


def as_plain(value: object) -> Any:
    """Make of an answer what JSON can hold.

    Missing numbers become null. Infinite ones, None, dates, tuples and arrays become a mapping
    that says what it ``is``.

    Raises
    ------
    DataError
        A value of another type.

    Examples
    --------
    >>> as_plain({"z": float("nan"), "low": float("-inf"), "n": 3})
    {'z': None, 'low': {'is': '-inf'}, 'n': 3}
    """
    if value is None:
        return {_IS: "none"}
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return _number(float(value))
    if isinstance(value, str):
        return str(value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "iufb":
        values = [_number(one) for one in value.ravel().tolist()]
        shape = list(value.shape)
        return {_IS: "array", "type": value.dtype.name, "shape": shape, "values": values}
    return _composed(value)


def _number(value: float) -> Any:
    if value != value:
        return None
    if value in (float("inf"), float("-inf")):
        return {_IS: "inf" if value > 0 else "-inf"}
    return value


def _composed(value: object) -> Any:
    if isinstance(value, tuple):
        return {_IS: "tuple", "values": [as_plain(one) for one in value]}
    if isinstance(value, list):
        return [as_plain(one) for one in value]
    if isinstance(value, Mapping):
        wrong = [key for key in value if not isinstance(key, str) or key == _IS]
        if wrong:
            raise DataError(f"results to keep must be named by text, not by {wrong[0]!r}")
        return {key: as_plain(one) for key, one in value.items()}
    if value is pd.NA or value is pd.NaT:
        return {_IS: "NA" if value is pd.NA else "NaT"}
    if isinstance(value, pd.Timestamp):
        return {_IS: "time", "values": [value.isoformat(), value.unit]}
    raise DataError(
        f"a {type(value).__name__} cannot be kept on disk: answer with numbers, text, dates, "
        "arrays, or lists and mappings of these, or leave keep= out"
    )


def from_plain(value: Any) -> Any:
    """Make the answer again of what JSON held.

    Examples
    --------
    >>> from_plain(as_plain({"at": (1, None), "z": [float("inf")]}))
    {'at': (1, None), 'z': [inf]}
    """
    if value is None:
        return float("nan")
    if isinstance(value, list):
        return [from_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if _IS not in value:
        return {key: from_plain(one) for key, one in value.items()}
    return _read_sign(value)


def _read_sign(value: dict[str, Any]) -> Any:
    kind = value[_IS]
    if kind == "array":
        numbers = [from_plain(one) for one in value["values"]]
        return np.array(numbers, dtype=value["type"]).reshape(value["shape"])
    if kind == "tuple":
        return tuple(from_plain(one) for one in value["values"])
    if kind == "time":
        text, unit = value["values"]
        return pd.Timestamp(text).as_unit(unit)
    return {"none": None, "NA": pd.NA, "NaT": pd.NaT}.get(kind) if kind in (
        "none", "NA", "NaT") else float(kind)  # fmt: skip
