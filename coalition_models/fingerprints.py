"""Marks by which the rows and the values of a table are recognised, in any order or choice."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["Marks", "row_marks", "value_marks", "whole_mark"]

#: columns that tell the rows of a panel apart
_ROW = ("coalition", "cow", "spell", "period")

Marks = npt.NDArray[np.uint64]


def _bits(column: pd.Series) -> npt.NDArray[np.uint64]:
    """Values of a column as whole numbers, equal for equal values."""
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iufb":
        return _number_bits(column.to_numpy())
    numeric = pd.api.types.is_numeric_dtype(column.dtype) and column.isna().any()
    values = column.to_numpy(np.float64, na_value=np.nan) if numeric else np.asarray(column)
    if values.dtype.kind == "M":
        return values.astype("datetime64[ns]").view(np.uint64)
    if values.dtype.kind in "iufb":
        return _number_bits(values)
    hashed: npt.NDArray[np.uint64] = pd.util.hash_array(
        pd.Series(values, dtype=object).where(column.notna().to_numpy(), None).map(repr).to_numpy(),
        categorize=True,
    )
    return hashed


def _number_bits(values: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    """A number is the same one in any type: those that double precision holds count as such."""
    with np.errstate(invalid="ignore"):
        number = values.astype(np.float64)
        # the two zeros are one number, and so are all missing ones
        tidy = number + 0.0
        gaps = np.isnan(tidy)
        if gaps.any():
            tidy[gaps] = np.nan
        plain = tidy.view(np.uint64)
    if values.dtype.kind in "iu" and values.dtype.itemsize == 8:
        exact = np.abs(number) < 2.0**53
        return np.where(exact, plain, values.astype(np.int64).view(np.uint64))
    return plain


def whole_mark(column: pd.Series) -> bytes:
    """Sum up a column in the order of its rows.

    Examples
    --------
    >>> whole_mark(pd.Series([1, 2])) == whole_mark(pd.Series([1.0, 2.0]))
    True
    """
    return hashlib.sha256(np.ascontiguousarray(_bits(column)).data).digest()[:16]


def value_marks(column: pd.Series) -> Marks:
    """One number per value, equal for equal values of any type of numbers.

    Examples
    --------
    >>> len(set(value_marks(pd.Series([1, 1.0, 2])).tolist()))
    2
    """
    return _mixed(_bits(column))


def _mixed(bits: Marks) -> Marks:
    """Spread whole numbers over the range, so that near ones do not collide when added."""
    with np.errstate(over="ignore"):
        out = bits ^ (bits >> np.uint64(31))
        out = out * np.uint64(0x9E3779B97F4A7C15)
        return np.asarray(out ^ (out >> np.uint64(29)), dtype=np.uint64)


def row_marks(frame: pd.DataFrame) -> Marks | None:
    """One number per row of a panel; None where its rows cannot be told apart.

    Examples
    --------
    >>> row_marks(pd.DataFrame({"cow": [2]})) is None
    True
    """
    if not frame.columns.is_unique or any(name not in frame.columns for name in _ROW):
        return None
    total = np.zeros(len(frame), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for name in _ROW:
            total = _mixed(total + value_marks(frame[name]))
    return total
