"""Guards on the columns of a frame: there, complete, finite, with known categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, counted, first_few
from coalition_models.tables.plain import refuse_collections

__all__ = [
    "all_finite",
    "as_numbers",
    "found_instead",
    "missing_columns",
    "numbers_of",
    "plain_value",
    "refuse_infinite",
    "refuse_missing",
    "refuse_repeated_columns",
    "refuse_unseen",
    "require_columns",
    "require_times",
]

Floats = npt.NDArray[np.float64]

_SHOWN = 10


def all_finite(values: Floats) -> bool:
    """Whether every number is finite, told from one sum where that is (False may mean overflow)."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.sum()))


def as_numbers(column: pd.Series) -> Floats | None:
    """Read a column of numbers of any type as double precision, always as a copy.

    Numbers and truth values count, also those of object, nullable and category type; missing
    values become NaN. None where the column holds anything else.

    Examples
    --------
    >>> import pandas as pd
    >>> as_numbers(pd.Series([1, None, True], dtype=object))
    array([ 1., nan,  1.])
    >>> as_numbers(pd.Series(["1", "2"])) is None
    True
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        known = as_numbers(pd.Series(dtype.categories))
        if known is None:
            return None
        codes = column.cat.codes.to_numpy()
        return np.append(known, np.nan)[codes]
    if pd.api.types.is_complex_dtype(dtype):
        return None
    if pd.api.types.is_numeric_dtype(dtype):
        if isinstance(dtype, np.dtype):
            return column.to_numpy(dtype=float, copy=True)
        return np.array(column.to_numpy(dtype=float, na_value=np.nan))
    if not pd.api.types.is_object_dtype(dtype):
        return None
    gaps = column.isna().to_numpy()
    values = column.to_numpy()
    if not all(isinstance(value, (Real, Decimal, np.bool_)) for value in values[~gaps]):
        return None
    out = np.full(len(values), np.nan)
    out[~gaps] = [float(value) for value in values[~gaps]]
    return out


def numbers_of(data: pd.DataFrame, name: str, where: str) -> Floats:
    """Read a column of new data that must be there, without gaps, and hold numbers.

    Raises
    ------
    FormulaError
        Where it is absent or holds anything else.
    DataError
        Where it has gaps.
    """
    require_columns(data, [name], where)
    refuse_missing(data, [name])
    values = as_numbers(data[name])
    if values is None:
        raise FormulaError(f"column {name!r} must hold numbers, {found_instead(data[name])}")
    return values


def found_instead(column: pd.Series) -> str:
    """Say what stands where numbers should, and how to make numbers of it.

    Examples
    --------
    >>> import pandas as pd
    >>> found_instead(pd.Series(["1", "n/a"], name="w"))
    "found object ('1', 'n/a'): pd.to_numeric(df['w'], errors='coerce') makes numbers of text"
    """
    dtype: object = column.dtype
    if getattr(dtype, "kind", "O") in "Mm" or isinstance(dtype, pd.PeriodDtype):
        return f"found {dtype}: count the time since an origin, (df[{column.name!r}] - day).dt.days"
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_complex_dtype(column.dtype):
        return f"found {dtype}"
    shown = first_few((repr(plain_value(value)) for value in column.unique()), limit=3)
    cure = f"pd.to_numeric(df[{column.name!r}], errors='coerce') makes numbers of text"
    return f"found {dtype} ({shown}): {cure}"


def plain_value(value: object) -> object:
    """Give a value without its NumPy type, for messages.

    Examples
    --------
    >>> import numpy as np
    >>> plain_value(np.int64(4)), plain_value("north")
    (4, 'north')
    """
    return value.item() if isinstance(value, np.generic) else value


def missing_columns(data: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Describe each name that is no column, with the nearest columns.

    Examples
    --------
    >>> import pandas as pd
    >>> missing_columns(pd.DataFrame({"election_near": [1]}), ["elections_near"])
    ["'elections_near' (nearest: election_near)"]
    """
    here = data.columns
    absent = [name for name in dict.fromkeys(names) if name not in here]
    if not absent:
        return absent
    known = [str(column) for column in here]
    out = []
    for name in absent:
        near = get_close_matches(str(name), known, n=3, cutoff=0.6)
        out.append(f"{name!r} (nearest: {', '.join(near)})" if near else repr(name))
    return out


def require_columns(
    data: pd.DataFrame, names: Sequence[str], where: str, cure: str = ""
) -> dict[str, pd.Series]:
    """Give columns by name; one FormulaError names every absent one, with the cure where known."""
    absent = missing_columns(data, names)
    if absent:
        raise FormulaError(
            f"no such column: {'; '.join(absent)}; asked for by {where!r}. The data have: "
            f"{first_few(data.columns, 20)}{f'. {cure[0].upper()}{cure[1:]}' if cure else ''}"
        )
    columns = {name: data[name] for name in names}
    for column in columns.values():
        refuse_collections(column)
    return columns


def require_times(data: pd.DataFrame, start: str | None, stop: str, where: str) -> None:
    """Raise one FormulaError where a column of times is absent, with what to do about it.

    Examples
    --------
    >>> import pandas as pd
    >>> require_times(pd.DataFrame({"time": [3]}), None, "time", "start= and stop=")
    """
    names = [stop] if start is None else [start, stop]
    if missing_columns(data, names):
        cure = "name the columns with start= and stop="
        if start is not None and start not in data.columns:
            cure += (
                "; where every row enters at 0, give start=None and stop='<column of durations>'"
            )
        require_columns(data, names, where, cure)
    for name in names:
        refuse_collections(data[name])


def refuse_repeated_columns(data: pd.DataFrame) -> None:
    """Column names must be unique."""
    if not data.columns.is_unique:
        repeated = data.columns[data.columns.duplicated()].unique()
        raise DataError(f"column names must be unique; repeated: {first_few(repeated)}")


def refuse_unseen(data: pd.DataFrame, levels: Mapping[str, tuple[object, ...]]) -> None:
    """Raise where new data hold categories that the fit did not see."""
    problems = []
    for name, known in levels.items():
        new = [value for value in data[name].unique() if value not in known]
        if new:
            problems.append(
                f"column {name!r} has {first_few(repr(plain_value(v)) for v in new)}, but the "
                f"model was fitted with {first_few(repr(plain_value(v)) for v in known)}"
            )
    if problems:
        raise FormulaError("categories that the model has not seen: " + "; ".join(problems))


def refuse_missing(data: pd.DataFrame, variables: Sequence[str]) -> None:
    """Raise where a prediction is asked for a row with gaps."""
    problems = [
        f"{name} in rows {first_few(data.index[gaps])}"
        for name in variables
        if (gaps := data[name].isna().to_numpy()).any()
    ]
    if problems:
        raise DataError(
            f"missing values where a prediction is asked for: {'; '.join(problems)}; "
            "fill or leave out these rows"
        )


def refuse_infinite(matrix: Floats, names: Sequence[str], index: pd.Index) -> None:
    """Raise one error that names column and rows of every value that is not finite."""
    if all_finite(matrix):
        return
    problems = [
        f"{name} in {counted(bad.sum(), 'row')} ({first_few(index[bad], _SHOWN)})"
        for j, name in enumerate(names)
        if (bad := ~np.isfinite(matrix[:, j])).any()
    ]
    if problems:
        raise DataError(
            f"covariates must be finite numbers; infinite or undefined: {'; '.join(problems)}. "
            "A logarithm of zero is the usual cause: use log(1 + x), or leave these rows out"
        )
