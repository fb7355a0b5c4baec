"""Leaders of states in order: who leads in a month, who came before, who sent the troops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.features.common import Integers, find_until, known_table, month_number
from coalition_models.features.yearly import require_columns

__all__ = ["OFFICES", "Terms", "terms_of"]

Flags = npt.NDArray[np.bool_]

#: the last one is Archigos's own choice of leader, known with extended=True only
OFFICES = ("effective", "head_of_government", "archigos")
_NEEDED = ("cow", "leader", "start", "end")


@dataclass(frozen=True)
class Terms:
    """Terms in office sorted by state and day.

    ``began`` is the month in which the leader took office (the first of successive terms of one
    person), ``left`` the last month known to be theirs, ``over`` whether it is the month in which
    they left, ``previous`` the position of the predecessor (-1 if none is on record).
    """

    table: pd.DataFrame
    cow: Integers
    start: Integers
    began: Integers
    left: Integers
    previous: Integers
    over: Flags

    def in_office(self, cow: Integers, month: Integers) -> Integers:
        """Position of the term of the leader in office in a month; -1 if nobody is known."""
        found = find_until(self.cow, self.start, cow, month)
        if not len(self.cow):
            return found
        # nobody is known to lead after the last leader on record left
        return np.where((found >= 0) & (self.left[found] >= month), found, -1)

    def last_to_enter(self, cow: Integers, month: Integers) -> Integers:
        """Position of the last term begun by a month, whether or not it is over."""
        return find_until(self.cow, self.start, cow, month)


def terms_of(who: str, data: pd.DataFrame | None, *, extended: bool) -> Terms:
    """Order the leaders of the bundled table, or of the user's own.

    Parameters
    ----------
    who : str
        One of :data:`OFFICES`; not used with ``data``.
    data : DataFrame, optional
        ``cow, leader, start, end``; an empty end means still in office.
    extended : bool
        Read the table with what external sources add.
    """
    if data is None:
        table = known_table("leaders", extended=extended)
        table = table[table["office"] == who]
    else:
        table = data
        _check(table)
    table = table.sort_values(["cow", "start"], ignore_index=True, kind="stable")
    cow = table["cow"].to_numpy(dtype=np.int64)
    start = month_number(table["start"])
    left = _last_months(table)
    names = table["leader"].to_numpy(dtype=object)
    n = len(table)
    follows = np.zeros(n, dtype=bool)
    follows[1:] = cow[1:] == cow[:-1]
    same_person = np.zeros(n, dtype=bool)
    # the end is compared with the next start, so that an open end is not taken as a gap
    same_person[1:] = (names[1:] == names[:-1]) & (start[1:] <= np.minimum(left[:-1], 10**9) + 1)
    goes_on = follows & same_person
    place = np.arange(n)
    first = np.maximum.accumulate(np.where(goes_on, 0, place)) if n else place
    previous = np.where(follows[first], first - 1, -1) if n else place
    return Terms(
        table=table,
        cow=cow,
        start=start,
        began=start[first] if n else start,
        left=left,
        previous=previous,
        over=table["end"].notna().to_numpy(),
    )


def _check(table: pd.DataFrame) -> None:
    require_columns(
        table, _NEEDED, "table of leaders", numbers=["left_right"], dates=["start", "end"]
    )
    incomplete = table["cow"].isna() | table["leader"].isna() | table["start"].isna()
    if incomplete.any():
        rows = first_few(table.index[incomplete.to_numpy()])
        raise DataError(f"the table of leaders has no cow, leader or start in rows {rows}")
    reverse = (table["end"] < table["start"]).to_numpy(dtype=bool)
    if reverse.any():
        names = first_few(table.loc[reverse, "leader"])
        raise DataError(f"these leaders leave before they enter: {names}")


def _last_months(table: pd.DataFrame) -> Integers:
    """Last month of which it is known that the leader still led."""
    last = table["end"]
    if "known_until" in table.columns:
        last = last.fillna(table["known_until"])
    open_end = last.isna().to_numpy()
    months = month_number(last.fillna(pd.Timestamp("2000-01-01")))
    return np.where(open_end, np.iinfo(np.int64).max, months)
