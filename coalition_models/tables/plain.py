"""Tables as their users hand them over: one form of every kind of column before any work."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import read_days
from coalition_models.errors import DataError, first_few
from coalition_models.record import keep_record

__all__ = ["in_native_order", "native", "plain_column", "plain_table"]


def plain_table(
    frame: pd.DataFrame,
    what: str,
    *,
    only: Sequence[str] | None = None,
    dates: Sequence[str] = (),
) -> pd.DataFrame:
    """Return a copy with rows numbered from 0 and columns of the plain kinds.

    Categories become their values: as keys, those that no row has would be groups, ordered ones
    are compared by their order, and those of two tables do not join. Text of any dtype becomes
    objects, Arrow numbers pandas' own, bytes the machine's order, and days are kept to the
    nanosecond, so that tables join.

    Parameters
    ----------
    frame : DataFrame
    what : str
        Name of the table, for messages.
    only : sequence of str, optional
        Columns to change; others, such as a user's own covariates, stay as they are.
    dates : sequence of str
        Columns of dates: text in the order year-month-day is read, an empty column of any kind
        becomes one of missing dates. A column with a value that is no date is left as it is, for
        its contract to name the value and the row.

    Raises
    ------
    DataError
        Two columns with one name; a coalition, state or spell that is a list.

    Examples
    --------
    >>> import pandas as pd
    >>> visits = pd.DataFrame({"state": pd.Categorical(["ESP"], categories=["ESP", "POL"])})
    >>> plain_table(visits, "visits").groupby("state", observed=False).size().to_dict()
    {'ESP': 1}
    """
    if frame.columns.has_duplicates:
        twice = dict.fromkeys(frame.columns[frame.columns.duplicated()])
        raise DataError(f"{what} has repeated columns: {first_few(twice)}; keep one of each")
    keys = ("coalition", "state", "cow", "spell")
    out = frame.reset_index(drop=True)
    for name in out.columns if only is None else [c for c in only if c in out.columns]:
        if name in keys:
            refuse_collections(out[name], what)
        out[name] = _whole_days(plain_column(out[name]))
    for name in [n for n in dates if n in out.columns]:
        days, wrong = read_days(out[name])
        out[name] = out[name] if wrong.any() else days
    keep_record(out, frame)
    return out


def in_native_order(data: pd.DataFrame) -> pd.DataFrame:
    """Give the columns in this machine's byte order, which grouping and taking rows need.

    The frame itself where they are so already.

    Examples
    --------
    >>> import pandas as pd
    >>> in_native_order(pd.DataFrame({"cow": [2, 200]}, dtype=">i4"))["cow"].dtype.isnative
    True
    """
    if all(not isinstance(dtype, np.dtype) or dtype.isnative for dtype in data.dtypes):
        return data
    columns = {name: native(data[name]) for name in data.columns}
    return keep_record(pd.DataFrame(columns, index=data.index), data)


def native(column: pd.Series) -> pd.Series:
    """One column in this machine's byte order."""
    dtype = column.dtype
    if isinstance(dtype, np.dtype) and not dtype.isnative:
        return column.astype(dtype.newbyteorder("="))
    return column


def refuse_collections(column: pd.Series, what: str = "") -> None:
    """Refuse lists, sets, dicts and arrays in the cells of a column: they are no values.

    Examples
    --------
    >>> refuse_collections(pd.Series(["ESP", ["ITA", "POL"]], name="state"), "members")
    Traceback (most recent call last):
    coalition_models.errors.DataError: members: column state holds a list in row 1; give each cell
    one value
    """
    if column.dtype != object or pd.api.types.infer_dtype(column, skipna=True) == "string":
        return
    odd = column[[not isinstance(value, Hashable) for value in column]]
    if len(odd):
        raise DataError(
            f"{f'{what}: ' if what else ''}column {column.name} holds a "
            f"{type(odd.iloc[0]).__name__} in row{'s' if len(odd) > 1 else ''} "
            f"{first_few(odd.index)}; give each cell one value"
        )


def _floats(series: pd.Series) -> pd.Series:
    values = series.to_numpy(dtype=np.float64, na_value=np.nan)
    return pd.Series(values, index=series.index, name=series.name)


def plain_column(series: pd.Series) -> pd.Series:
    """A column of numpy's own types: what categories stand for, numbers, dates, objects with None.

    Whole numbers with gaps become doubles. Time stamps with a zone, periods and intervals stay.

    Examples
    --------
    >>> plain_column(pd.Series([1, None], dtype="Int64")).tolist()
    [1.0, nan]
    """
    dtype = series.dtype
    if isinstance(dtype, pd.PeriodDtype | pd.IntervalDtype | pd.DatetimeTZDtype):
        return series
    if isinstance(dtype, pd.CategoricalDtype | pd.SparseDtype):
        return pd.Series(np.asarray(series), index=series.index, name=series.name)
    if isinstance(dtype, np.dtype):
        return native(series)
    known = series.notna().all()
    if dtype.kind in "iuf":
        whole = known and dtype.kind != "f"
        return series.astype("int64") if whole else _floats(series)
    values = series.astype(object).where(series.notna(), None)
    if dtype.kind == "M":
        # Arrow has days, and times with a zone or without
        zoned = issubclass(dtype.type, pd.Timestamp) and series.dt.tz is not None
        return series if zoned else pd.to_datetime(values)
    return values.astype(bool) if dtype.kind == "b" and known else values


def _whole_days(series: pd.Series) -> pd.Series:
    if getattr(series.dtype, "kind", "") != "M" or not isinstance(series.dtype, np.dtype):
        return series
    days, wrong = read_days(series)
    return series if wrong.any() else days
