"""Values from a user's own table, by coalition or state and by date."""

from __future__ import annotations

import re

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.timelines.in_force import day_number, in_force

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
    keys = [key for key in _KEYS if re.search(rf"\b{key}\b", shape)]
    day = day_number(panel["period"]) - 1
    try:
        values = in_force(panel, table, column, keys, day, what="table")
    except DataError as error:
        raise DataError(f"the table needs {shape}: {error}") from error
    return pd.Series(values, index=panel.index, name=column)
