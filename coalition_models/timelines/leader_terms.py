"""Leaders of states in order: who leads in a month, who came before, who sent the troops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.extend_leaders import entry_and_exit, source_change
from coalition_models.sources.leader_rows import (
    COLLECTIVE,
    join_collective,
    leaders_of,
    with_bodies,
)
from coalition_models.timelines.calendar import Integers, find_until, known_table, month_number
from coalition_models.timelines.yearly import optional_source

__all__ = ["COLLECTIVE", "OFFICES", "Terms", "check_rotation", "join_collective", "terms_of"]

Flags = npt.NDArray[np.bool_]

#: the last one is Archigos's own choice of leader, known with external="require" only
OFFICES = ("effective", "head_of_government", "archigos")
#: the external source of the leaders of states that the bundled table does not have; heads of
#: government are known for ParlGov's states only, which it has
_OTHERS = {"effective": "reign-leaders", "archigos": "archigos"}


@dataclass(frozen=True)
class Terms:
    """Terms in office sorted by state and day.

    ``began`` is the month in which the leader took office (the first of successive terms of one
    person), ``left`` the last month known to be theirs, ``over`` whether it is the month in which
    they left, ``previous`` the position of the predecessor (-1 if none is on record), ``turns``
    whether only the chair of a body went round. ``used`` and ``absent`` name the external sources
    of states that the bundled table does not have: read, or not at hand.
    """

    table: pd.DataFrame
    cow: Integers
    start: Integers
    began: Integers
    left: Integers
    previous: Integers
    over: Flags
    turns: Flags
    used: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

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


def check_rotation(rotation: str) -> str:
    """Check what a change of the chair of a collective head counts for.

    Examples
    --------
    >>> check_rotation("ignore")
    'ignore'
    """
    if rotation not in ("ignore", "count"):
        raise DataError(
            "rotation must be 'ignore' (the chair of a collective head of state going round is no "
            f"change of leader) or 'count' (it is), not {rotation!r}"
        )
    return rotation


def terms_of(
    who: str,
    data: pd.DataFrame | None,
    *,
    extended: bool,
    rotation: str = "ignore",
    states: Integers | None = None,
) -> Terms:
    """Order the leaders of the bundled table and of the sources at hand, or of the user's own.

    Parameters
    ----------
    who : str
        One of :data:`OFFICES`; not used with ``data``.
    data : DataFrame, optional
        ``cow, leader, start, end``; an empty end means still in office.
    extended : bool
        Read the table with what external sources add.
    rotation : {"ignore", "count"}
        Whether the chairs of a collective head are one leader, as in :func:`with_bodies`; a
        table of your own is taken as it stands.
    states : array of int, optional
        Numbers of states that are wanted: those that the bundled table does not have are taken
        from REIGN, or from Archigos with ``who="archigos"``.
    """
    joins = check_rotation(rotation) == "ignore"
    absent: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    if data is None:
        table = known_table("leaders", extended=extended or who == "archigos")
        others = _others(table, states)
        table = table[table["office"] == who]
        if len(others) and who in _OTHERS:
            used, absent = ((_OTHERS[who],), ()) if _have(who) else ((), (_OTHERS[who],))
            table = table if absent else _with_others(table, who, others, extended=extended)
        table = with_bodies(table) if joins else table
    else:
        table = data
    return _terms(table, used, absent)


def _others(bundled: pd.DataFrame, states: Integers | None) -> Integers:
    """States wanted that the bundled table does not have."""
    wanted = np.unique(states) if states is not None else np.zeros(0, dtype=np.int64)
    return wanted[~np.isin(wanted, bundled["cow"].unique())]


def _have(who: str) -> bool:
    """Whether the source of the other states' leaders is at hand; Archigos is asked for by name."""
    return who == "archigos" or _reign() is not None


def _reign() -> pd.DataFrame | None:
    return optional_source("reign-leaders", "leaders", "add_leadership", "if_at_hand")


def _with_others(
    bundled: pd.DataFrame, who: str, states: Integers, *, extended: bool
) -> pd.DataFrame:
    """Bundled terms and, below, those of other states by an external source."""
    source = _OTHERS[who]
    listed = known_table(source)
    rows = leaders_of(source, listed[listed["cow"].isin(states)]).rows
    if extended and who == "effective":
        archigos = leaders_of("archigos", known_table("archigos")).rows
        rows["entry"] = entry_and_exit(rows, archigos)["entry"]
        rows["source_change"] = source_change(rows, known_table("chisols"))
    rows = rows.assign(office=who, source=source).reindex(columns=bundled.columns)
    rows = rows.astype(bundled.dtypes.to_dict())
    return pd.concat([bundled, rows], ignore_index=True) if len(rows) else bundled


def _terms(table: pd.DataFrame, used: tuple[str, ...], absent: tuple[str, ...]) -> Terms:
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
        turns=goes_on & (names == COLLECTIVE),
        used=used,
        absent=absent,
    )


def _last_days(table: pd.DataFrame) -> pd.Series:
    """Last day of which it is known that the leader still led; missing where the end is open."""
    if "known_until" in table.columns:
        return table["end"].fillna(table["known_until"])
    return table["end"]


def _last_months(table: pd.DataFrame) -> Integers:
    """Last month of which it is known that the leader still led."""
    last = _last_days(table)
    open_end = last.isna().to_numpy()
    months = month_number(last.fillna(pd.Timestamp("2000-01-01")))
    return np.where(open_end, np.iinfo(np.int64).max, months)
