"""Read CSV files by the contract of their columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.schema import Column

__all__ = ["read_loosely", "read_table"]


def read_table(path: Path, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Read a CSV file whose columns must be exactly those of a contract, typed by it."""
    raw = _raw(path)
    expected = [column.name for column in columns]
    if list(raw.columns) != expected:
        absent = [c for c in expected if c not in raw.columns]
        extra = [c for c in raw.columns if c not in expected]
        raise DataError(
            f"{path.name}: expected the columns {', '.join(expected)}; "
            f"missing: {', '.join(absent) or 'none'}; unknown: {', '.join(extra) or 'none'}"
        )
    typed = {column.name: _typed(raw[column.name], column, path.name) for column in columns}
    return pd.DataFrame(typed)


def read_loosely(path: Path, columns: tuple[Column, ...]) -> pd.DataFrame:
    """Read a CSV file of one's own: known columns typed, others kept as text."""
    raw = _raw(path)
    known = {column.name: column for column in columns}
    typed = {
        name: _typed(raw[name], known[name], path.name) if name in known else raw[name]
        for name in raw.columns
    }
    return pd.DataFrame(typed)


def _raw(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error


def _typed(series: pd.Series, column: Column, file: str) -> pd.Series:
    try:
        if column.kind == "date":
            return pd.to_datetime(series, format="%Y-%m-%d")
        if column.kind == "integer":
            numbers = pd.to_numeric(series)
            return numbers.astype("int64") if column.required else numbers.astype("Int64")
        if column.kind == "number":
            return pd.to_numeric(series).astype("float64")
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{file}: column {column.name} must hold {column.kind}s: {error}"
        ) from error
    return series
