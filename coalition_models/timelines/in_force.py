"""Values that hold from one day to another, looked up on a day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.tables.own import own_table
from coalition_models.timelines.calendar import Integers, find_until
from coalition_models.timelines.keys import shared_codes

__all__ = ["day_number", "in_force"]

Floats = npt.NDArray[np.float64]

#: what is still in force ends here
_OPEN = pd.Timestamp("2262-01-01")


def day_number(dates: pd.Series) -> Integers:
    """Count days, so that no date that pandas knows is negative.

    Examples
    --------
    >>> day_number(pd.Series(pd.to_datetime(["1970-01-01"]))).tolist()
    [400000]
    """
    numbers: Integers = dates.to_numpy(dtype="datetime64[D]").astype(np.int64) + 400_000
    return numbers


def in_force(
    rows: pd.DataFrame,
    table: pd.DataFrame,
    column: str,
    keys: Sequence[str],
    days: Integers,
    *,
    what: str,
) -> Floats:
    """Value in force for each row on a day.

    Parameters
    ----------
    rows : DataFrame
        With the keys.
    table : DataFrame
        ``start, end`` (first and last day; no end: still in force), the keys and the column. What
        holds for one key must not overlap.
    column : str
    keys : sequence of str
        Such as ``["cow"]``.
    days : array
        One per row, as :func:`day_number` counts them.
    what : str
        Name of the table, for messages.

    Returns
    -------
    array
        Missing where nothing is in force, never zero.

    Raises
    ------
    DataError
        Missing columns or types, an end before its start, values that overlap.

    Examples
    --------
    >>> rules = pd.DataFrame({"cow": [230], "start": ["2004-04-17"], "end": [None], "x": [1.0]})
    >>> rows = pd.DataFrame({"cow": [230, 230]})
    >>> days = day_number(pd.Series(pd.to_datetime(["2004-04-01", "2004-05-01"])))
    >>> in_force(rows, rules, "x", ["cow"], days, what="table of rules").tolist()
    [nan, 1.0]
    """
    held = own_table(
        table, [*keys, "start", "end", column], what, numbers=[column], dates=["start", "end"]
    )
    last = held["end"].fillna(_OPEN)
    group, wanted = shared_codes([held[key] for key in keys], [rows[key] for key in keys])
    begun = day_number(held["start"].fillna(_OPEN))
    _check(held, keys, group, begun, last, what)
    found = find_until(group, begun, wanted, days)
    values = held[column].to_numpy(dtype=np.float64, na_value=np.nan)
    out: Floats = np.full(len(rows), np.nan)
    inside = found >= 0
    inside[inside] = days[inside] <= day_number(last)[found[inside]]
    out[inside] = values[found[inside]]
    return out


def _check(
    table: pd.DataFrame,
    keys: Sequence[str],
    group: Integers,
    begun: Integers,
    last: pd.Series,
    what: str,
) -> None:
    backward = (table["start"].isna() | (last < table["start"])).to_numpy()
    order = np.lexsort((begun, group))
    same = group[order][1:] == group[order][:-1]
    overlap = np.zeros(len(table), dtype=bool)
    overlap[order[1:]] = same & (begun[order][1:] <= day_number(last)[order][:-1])
    problems = []
    for bad, text in (
        (backward, "no start, or an end before it"),
        (overlap & ~backward, "values that overlap an earlier one"),
    ):
        if bad.any():
            rows = table.loc[bad, list(keys)].itertuples(name=None)
            named = (f"row {row[0]} ({' '.join(map(str, row[1:]))})" for row in rows)
            problems.append(f"{text}: {first_few(named)}")
    if problems:
        raise DataError(f"the {what} has {'; '.join(problems)}")
