"""Read CSV files by the contract of their columns."""

from __future__ import annotations

import csv
import lzma
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.tables.contract import Column

__all__ = ["read_loosely", "read_strictly"]

#: endings by which pandas knows a compressed file
_PACKED = (".gz", ".bz2", ".zip", ".xz", ".zst", ".tar")
#: what a file raises that is not what its ending says
_BROKEN = (zipfile.BadZipFile, lzma.LZMAError, tarfile.TarError, zlib.error)


def read_strictly(path: Path, columns: tuple[Column, ...]) -> pd.DataFrame:
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
    # the folder "." has no name
    name = path.name or str(path)
    if path.is_dir():
        raise DataError(f"cannot read {name}: it is a folder; give a CSV file")
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
        if not isinstance(raw.index, pd.RangeIndex):
            # pandas takes the first fields of longer rows for names of the rows
            raise DataError(
                f"cannot read {name}: its rows have {raw.index.nlevels} more "
                f"{'field' if raw.index.nlevels == 1 else 'fields'} than its first line has names"
            )
        _refuse_short_rows(path, name, len(raw.columns))
    except DataError:
        raise
    except Exception as error:
        why = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"cannot read {name}: {why}") from error
    return raw.astype(object).where(raw.notna(), np.nan)


def _refuse_short_rows(path: Path, name: str, wanted: int) -> None:
    """Refuse rows with fewer fields than the first line, which pandas fills up from the left."""
    if path.suffix in _PACKED:
        return
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file)
        short = [
            f"line {reader.line_num} ({len(row)} of {wanted})"
            for row in reader
            if row and len(row) < wanted
        ]
    if short:
        raise DataError(f"cannot read {name}: rows with too few fields: {first_few(short, 3)}")


def _typed(series: pd.Series, column: Column, file: str) -> pd.Series:
    if column.kind == "date":
        days = pd.to_datetime(series, format="%Y-%m-%d", errors="coerce")
        _refuse(series, days.isna(), f"{file}: column {column.name} must hold dates as 2008-12-31")
        return days
    if column.kind not in ("integer", "number"):
        return series
    numbers = pd.to_numeric(series, errors="coerce").astype("float64")
    _refuse(series, numbers.isna(), f"{file}: column {column.name} must hold {column.kind}s")
    if column.kind == "number":
        return numbers
    whole = numbers.isna() | (numbers % 1 == 0)
    _refuse(series, ~whole, f"{file}: column {column.name} must hold whole numbers")
    # the contract says where a required one is missing
    filled = column.required and not numbers.isna().any()
    return numbers.astype("int64") if filled else numbers.astype("Int64")


def _refuse(texts: pd.Series, wrong: pd.Series, what: str) -> None:
    bad = (wrong & texts.notna()).to_numpy(dtype=bool)
    if bad.any():
        # the first line of the file holds the names
        lines = [row + 2 for row, is_bad in enumerate(bad) if is_bad]
        where = [f"{t!r} in line {n}" for t, n in zip(texts[bad], lines, strict=True)]
        raise DataError(f"{what}; found {first_few(where, limit=3)}")
