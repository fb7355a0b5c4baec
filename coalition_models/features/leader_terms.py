"""Leaders of states in order: who leads in a month, who came before, who sent the troops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.common import Integers, find_until, known_table, month_number

__all__ = ["COLLECTIVE", "OFFICES", "Terms", "check_rotation", "join_collective", "terms_of"]

Flags = npt.NDArray[np.bool_]

#: the last one is Archigos's own choice of leader, known with extended=True only
OFFICES = ("effective", "head_of_government", "archigos")
#: what the head of a state is called whose chair goes round among its members
COLLECTIVE = "collective presidency"
#: states (Correlates of War numbers) led by a body whose chair goes round by calendar: the Swiss
#: Federal Council, every year, and the Presidency of Bosnia and Herzegovina, every eight months
_ROTATING = (225, 346)


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


def join_collective(terms: pd.DataFrame) -> pd.DataFrame:
    """Join the terms of the chairs of a collective head of state into one.

    Switzerland's and Bosnia and Herzegovina's presidents are the chairs of a body, by turns fixed
    beforehand; nobody comes to power by it. What the chairs do not share, such as their party, is
    missing for the body. Other bodies (Yugoslavia 1980-1991, Uruguay 1952-1967) are left alone.

    Parameters
    ----------
    terms : DataFrame
        ``cow, leader, start, end`` of one office, and other columns.

    Returns
    -------
    DataFrame
        The other states' terms, and one row for each collective head of state: from its first
        start to its last end.

    Examples
    --------
    >>> import pandas as pd
    >>> chairs = pd.DataFrame({"cow": 225, "leader": ["Deiss", "Schmid"],
    ...     "start": pd.to_datetime(["2004-01-01", "2005-01-01"]),
    ...     "end": pd.to_datetime(["2005-01-01", None]), "party": ["CVP", "SVP"]})
    >>> join_collective(chairs)[["leader", "start", "end", "party"]].values.tolist()
    [['collective presidency', Timestamp('2004-01-01 00:00:00'), NaT, None]]
    """
    chairs = terms["cow"].isin(_ROTATING)
    if not chairs.any():
        return terms
    bodies = [
        _body(part.sort_values("start", kind="stable"))
        for _, part in terms[chairs].groupby("cow", sort=True)
    ]
    joined = pd.concat(bodies).astype(terms.dtypes.to_dict())
    return pd.concat([terms[~chairs], joined], ignore_index=True)


def _body(chairs: pd.DataFrame) -> pd.DataFrame:
    """One row with what all chairs have in common."""
    body = chairs.iloc[[-1]].copy()
    kept = ("cow", "start", "end", "known_until")
    for name in [c for c in chairs.columns if c not in kept]:
        if len(chairs[name].drop_duplicates()) > 1:
            body[name] = None
    return body.assign(leader=COLLECTIVE, start=chairs["start"].iloc[0])


def terms_of(
    who: str, data: pd.DataFrame | None, *, extended: bool, rotation: str = "ignore"
) -> Terms:
    """Order the leaders of the bundled table, or of the user's own.

    Parameters
    ----------
    who : str
        One of :data:`OFFICES`; not used with ``data``.
    data : DataFrame, optional
        ``cow, leader, start, end``; an empty end means still in office.
    extended : bool
        Read the table with what external sources add.
    rotation : {"ignore", "count"}
        Whether the chairs of a collective head are joined, as :func:`join_collective` does; a
        table of your own is taken as it stands.
    """
    joins = check_rotation(rotation) == "ignore"
    if data is None:
        table = known_table("leaders", extended=extended)
        table = table[table["office"] == who]
        table = join_collective(table) if joins else table
    else:
        table = data
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
