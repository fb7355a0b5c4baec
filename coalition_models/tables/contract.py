"""Column contracts: what a table must look like, and every way in which one does not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from coalition_models.arguments import not_days, read_days
from coalition_models.errors import DataError, counted, first_few

__all__ = ["Column", "Contract", "columns_from_descriptor", "hold", "is_day"]

Kind = Literal["string", "integer", "number", "date", "boolean"]


@dataclass(frozen=True)
class Column:
    """What one column holds.

    Parameters
    ----------
    name : str
    kind : {"string", "integer", "number", "date", "boolean"}
    required : bool
        Whether a missing value is an error.
    values : tuple of str, int or float
        The allowed values; empty if free.
    minimum, maximum : float, optional
    pattern : str, optional
        A regular expression that a text must match as a whole.
    description, unit : str
    needed : bool
        Whether the column must be there although its cells may be empty, because what the table
        says hangs on it.
    """

    name: str
    kind: Kind = "string"
    required: bool = False
    values: tuple[object, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    description: str = ""
    unit: str = ""
    needed: bool = False


@dataclass(frozen=True)
class Contract:
    """The columns of a table and the columns that identify a row.

    Examples
    --------
    >>> import pandas as pd
    >>> contract = Contract("visits", (Column("state", required=True), Column("year", "integer")),
    ...                     key=("state", "year"))
    >>> contract.problems(pd.DataFrame({"state": ["ESP", "ESP"], "year": [2003, 2003]}))
    ['2 rows share a key (state, year): ESP 2003']
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()

    def problems(self, frame: pd.DataFrame) -> list[str]:
        """Return every failure as a sentence; an empty list means that the table is right."""
        if frame.columns.has_duplicates:
            twice = dict.fromkeys(frame.columns[frame.columns.duplicated()])
            return [f"repeated columns: {first_few(twice)}"]
        missing = [
            c.name for c in self.columns if c.name not in frame.columns and (c.required or c.needed)
        ]
        found = [f"missing column: {name}" for name in missing]
        for column in self.columns:
            if column.name in frame.columns:
                found += _column_problems(frame[column.name], column, frame, self.key)
        if self.key and all(k in frame.columns for k in self.key):
            found += _key_problems(frame, self.key)
        return found


def columns_from_descriptor(fields: Sequence[Mapping[str, object]]) -> tuple[Column, ...]:
    """Read column contracts from the ``schema.fields`` of a Data Package resource."""
    columns = []
    for f in fields:
        limits = f.get("constraints", {})
        if not isinstance(limits, Mapping):
            raise DataError(f"constraints of field {f.get('name')!r} must be a mapping")
        columns.append(
            Column(
                name=str(f["name"]),
                kind=_kind(str(f.get("type", "string"))),
                required=bool(limits.get("required", False)),
                values=tuple(limits.get("enum", ())),
                minimum=_limit(limits.get("minimum")),
                maximum=_limit(limits.get("maximum")),
                pattern=str(limits["pattern"]) if "pattern" in limits else None,
                description=str(f.get("description", "")),
                unit=str(f.get("unit", "")),
                needed=bool(f.get("needed", False)),
            )
        )
    return tuple(columns)


def _limit(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _kind(text: str) -> Kind:
    kinds: dict[str, Kind] = {
        "string": "string",
        "integer": "integer",
        "number": "number",
        "date": "date",
        "boolean": "boolean",
    }
    if text not in kinds:
        raise DataError(f"unknown column type {text!r}: expected one of {', '.join(kinds)}")
    return kinds[text]


def _labels(frame: pd.DataFrame, bad: pd.Series, key: tuple[str, ...]) -> str:
    """Name the culprits by key where the table has one, by row label otherwise."""
    mask = bad.to_numpy(dtype=bool)
    if key and all(k in frame.columns for k in key):
        return first_few(_keys(frame.loc[mask, list(key)]))
    return "rows " + first_few(frame.index[mask])


def _keys(rows: pd.DataFrame) -> list[str]:
    return [" ".join(_plain(v) for v in row) for row in rows.itertuples(index=False)]


def _plain(value: object) -> str:
    return value.strftime("%Y-%m-%d") if isinstance(value, pd.Timestamp) else str(value)


def _column_problems(
    series: pd.Series, column: Column, frame: pd.DataFrame, key: tuple[str, ...]
) -> list[str]:
    found = []
    wrong = read_days(series)[1] if column.kind == "date" else series.isna()
    if column.kind == "date" and wrong.any():
        return [f"column {column.name} must hold {not_days(series, wrong, 'date values')}"]
    if not _has_kind(series, column.kind):
        example = series.dropna().head(1).tolist()
        return [
            f"column {column.name} must hold {column.kind} values, found {series.dtype}"
            + (f" such as {example[0]!r}" if example else "")
        ]
    absent = series.isna()
    if column.required and absent.any():
        where = _labels(frame, absent, tuple(k for k in key if k != column.name))
        found.append(f"column {column.name} is empty in {counted(absent.sum(), 'row')}: {where}")
    present = series[~absent]
    for bad, text in _value_checks(present, column):
        if bad.any():
            full = pd.Series(False, index=series.index)
            full.loc[bad[bad].index] = True
            values = first_few(dict.fromkeys(present[bad].map(_plain)), limit=3)
            found.append(
                f"column {column.name} {text}, found {values}: {_labels(frame, full, key)}"
            )
    return found


def _value_checks(present: pd.Series, column: Column) -> list[tuple[pd.Series, str]]:
    checks = []
    if column.values:
        allowed = ", ".join(str(v) for v in column.values)
        checks.append((~present.isin(list(column.values)), f"must be one of {allowed}"))
    if column.kind in ("integer", "number"):
        finite = np.isfinite(present.to_numpy(dtype=np.float64))
        checks.append((pd.Series(~finite, index=present.index), "must be finite"))
    if column.minimum is not None:
        checks.append((present < column.minimum, f"must be at least {column.minimum:g}"))
    if column.maximum is not None:
        checks.append((present > column.maximum, f"must be at most {column.maximum:g}"))
    if column.pattern is not None:
        rule = re.compile(column.pattern)
        wrong = present.map(lambda v: rule.fullmatch(str(v)) is None).astype(bool)
        checks.append((wrong, f"must match {column.pattern}"))
    return checks


def is_day(dtype: object) -> bool:
    """Whether a dtype holds dates without a time zone, whose day depends on where one stands.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.Series(pd.to_datetime(["2004-03-14"]))
    >>> is_day(day.dtype), is_day(day.dt.tz_localize("UTC").dtype)
    (True, False)
    """
    if isinstance(dtype, pd.ArrowDtype):
        return str(dtype).startswith("timestamp") and "tz=" not in str(dtype)
    return isinstance(dtype, np.dtype) and dtype.kind == "M"


def _has_kind(series: pd.Series, kind: Kind) -> bool:
    if series.isna().all():
        return True
    if kind == "date":
        return is_day(series.dtype)
    if kind == "boolean":
        return pd.api.types.is_bool_dtype(series)
    if kind in ("integer", "number"):
        if not pd.api.types.is_numeric_dtype(series) or pd.api.types.is_bool_dtype(series):
            return False
        if kind == "integer" and pd.api.types.is_float_dtype(series):
            values = series.dropna().to_numpy(dtype=float)
            return bool(np.all(np.isfinite(values)) and np.all(values == np.floor(values)))
        return True
    return pd.api.types.infer_dtype(series.dropna().astype(object), skipna=False) == "string"


def _key_problems(frame: pd.DataFrame, key: tuple[str, ...]) -> list[str]:
    repeated = frame.duplicated(list(key), keep=False)
    if not repeated.any():
        return []
    rows = frame.loc[repeated, list(key)].drop_duplicates()
    return [f"{int(repeated.sum())} rows share a key ({', '.join(key)}): {first_few(_keys(rows))}"]


def hold(frame: pd.DataFrame, contract: Contract, problems: Sequence[str] | None = None) -> None:
    """Raise one error with everything in which a table does not hold to its contract."""
    found = contract.problems(frame) if problems is None else problems
    if found:
        listing = "\n".join(f"  - {p}" for p in found)
        raise DataError(
            f"table {contract.name!r} fails {counted(len(found), 'check')}; "
            f"mend the rows named and load it again:\n{listing}"
        )
