"""Values from a user's own table, by coalition or state and by date."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources.plain_tables import plain_table
from coalition_models.sources.schema import is_day

__all__ = ["add_from_table"]

_KEYS = ("coalition", "cow")


def add_from_table(panel: pd.DataFrame, table: pd.DataFrame, column: str, shape: str) -> pd.Series:
    """Value in force on the day before each row's period began.

    Parameters
    ----------
    panel : DataFrame
        With ``period`` and the keys that the table has.
    table : DataFrame
        ``start, end`` (first and last day; no end: still in force), the column, and ``coalition``
        or ``cow`` or both.
    column : str
    shape : str
        What the table should look like, for the message.

    Returns
    -------
    Series
        Missing where nothing is in force, never zero.

    Raises
    ------
    DataError
        Missing columns or types, an end before its start, two values for one row of the panel.

    Examples
    --------
    >>> panel = pd.DataFrame({"cow": [230, 230], "period": pd.to_datetime(["2004-01", "2004-05"])})
    >>> own = pd.DataFrame({"cow": [230], "start": [pd.Timestamp("2004-04-17")],
    ...                     "end": [pd.NaT], "threat": [1.0]})
    >>> add_from_table(panel, own, "threat", "cow, start, end, threat").tolist()
    [nan, 1.0]
    """
    table = plain_table(table, "the table")
    keys = [key for key in _KEYS if re.search(rf"\b{key}\b", shape)]
    needed = [*keys, "start", "end", column]
    absent = [name for name in needed if name not in table.columns]
    if absent:
        raise DataError(f"the table needs {shape}; it lacks {', '.join(absent)}")
    wrong = [
        *(n for n in ("start", "end") if not is_day(table[n].dtype)),
        *([] if pd.api.types.is_numeric_dtype(table[column]) else [column]),
    ]
    if wrong:
        raise DataError(
            "dates without a time zone and numbers are expected; not so in " + ", ".join(wrong)
        )
    backward = table["start"].isna() | (table["end"] < table["start"])
    if backward.any():
        raise DataError(
            f"no start, or an end before it, in rows {first_few(table.index[backward])}"
        )
    day = panel["period"] - pd.Timedelta(days=1)
    out = np.full(len(panel), np.nan)
    seen = np.zeros(len(panel), dtype=bool)
    for position in range(len(table)):
        row = table.iloc[position]
        inside = (day >= row["start"]) & ((day <= row["end"]) | pd.isna(row["end"]))
        for key in keys:
            inside &= panel[key] == row[key]
        at = inside.to_numpy(dtype=bool)
        if (at & seen).any():
            raise DataError(
                f"two values of {column} for one state and time: row {table.index[position]} "
                "overlaps another; each must hold for its own span"
            )
        seen |= at
        out[at] = float(row[column])
    return pd.Series(out, index=panel.index, name=column)
