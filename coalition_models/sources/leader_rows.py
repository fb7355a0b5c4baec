"""Leaders as each source lists them: one function for all sources, in one form, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from coalition_models.sources.bundled import bundled_table
from coalition_models.sources.catalog import entry

__all__ = [
    "COLLECTIVE",
    "LEADER_SOURCES",
    "Terms",
    "in_order",
    "join_collective",
    "leader_source_of",
    "leaders_of",
    "with_bodies",
]

#: external source to the columns by which its table is recognised
LEADER_SOURCES: Mapping[str, frozenset[str]] = {
    "reign-leaders": frozenset({"cow", "leader", "start", "end", "confirmed", "leader_id"}),
    "archigos": frozenset({"cow", "leader", "start", "end", "exit_detail", "leader_id"}),
}
#: what the head of a state is called whose chair goes round among its members
COLLECTIVE = "collective presidency"
#: what a body does not have, whoever is in the chair
_OF_A_PERSON = ("party", "left_right", "ideology")


@dataclass(frozen=True)
class Terms:
    """Terms in office of one source, and what was put right or left out, by reason."""

    rows: pd.DataFrame
    left_out: Mapping[str, int]


def leaders_of(source: str, listed: pd.DataFrame) -> Terms:
    """List the leaders of a source in order, one at a time in each state.

    Parameters
    ----------
    source : {"reign-leaders", "archigos"}
    listed : DataFrame
        What the reader of the source returns, or some rows of it.

    Returns
    -------
    Terms
        Rows ``cow, leader, start, end`` (missing: in office when the source ends),
        ``known_until``, and the source's other columns; sorted by state and day. ``left_out``
        counts terms without a state number, and those that ran beyond the successor's first month.
    """
    known = listed.dropna(subset=["cow"]).astype({"cow": "int64"})
    rows, crossing = in_order(known)
    rows = rows.assign(known_until=pd.Timestamp(entry(source).end))
    counts = {
        "without a state number": len(listed) - len(known),
        "ended where the next leader came": crossing,
    }
    return Terms(rows, {reason: count for reason, count in counts.items() if count})


def in_order(terms: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Sort terms by state and day, and end each one where the next leader comes.

    Whoever comes ends the term of the one before. An end that is known to its month only, and
    followed in that month or on the first day of the next, is dated by the successor too.

    Parameters
    ----------
    terms : DataFrame
        ``cow, start, end`` and optionally ``end_precision``.

    Returns
    -------
    DataFrame
    int
        How many terms ran beyond the month in which the next leader came.

    Examples
    --------
    >>> terms = pd.DataFrame({"cow": 2, "leader": ["A", "B"],
    ...     "start": pd.to_datetime(["2001-01-20", "2009-01-20"]),
    ...     "end": pd.to_datetime(["2010-05-15", None])})
    >>> rows, number = in_order(terms)
    >>> rows["end"].tolist(), number
    ([Timestamp('2009-01-20 00:00:00'), NaT], 1)
    """
    rows = terms.sort_values(["cow", "start"], kind="stable", ignore_index=True)
    following = rows.groupby("cow")["start"].shift(-1)
    end = rows["end"]
    beyond = following.notna() & (end.isna() | (end > following))
    crossing = beyond & ~(end.dt.to_period("M") == following.dt.to_period("M"))
    ends = beyond
    if "end_precision" in rows.columns:
        next_month = (end.dt.to_period("M") + 1).dt.start_time
        ends = beyond | ((rows["end_precision"] == "month") & (following <= next_month))
        rows = rows.assign(end_precision=rows["end_precision"].mask(ends, "day"))
    return rows.assign(end=end.mask(ends, following)), int(crossing.sum())


def leader_source_of(table: pd.DataFrame) -> str | None:
    """Name the source whose reader made a table, by its columns; None for any other table.

    Examples
    --------
    >>> leader_source_of(pd.DataFrame(columns=["cow", "leader", "start", "end"])) is None
    True
    """
    held = set(table.columns)
    found = [name for name, marks in LEADER_SOURCES.items() if marks <= held]
    return found[0] if found else None


def join_collective(terms: pd.DataFrame) -> pd.DataFrame:
    """Join the terms of the chairs of a collective head of state into one.

    What the chairs do not share is missing for the body, and it has no party: see
    :func:`with_bodies`, which tells at each time what they shared so far.

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
    turns = with_bodies(terms)
    chairs = _led_by_turns(turns)
    if not chairs.any():
        return terms
    first = turns[chairs].groupby("cow")["start"].min()
    bodies = turns[chairs].drop_duplicates("cow", keep="last")
    bodies = bodies.assign(start=bodies["cow"].map(first))
    return pd.concat([turns[~chairs], bodies], ignore_index=True)


def with_bodies(terms: pd.DataFrame) -> pd.DataFrame:
    """Give the chairs of a collective head of state one name, term after term.

    Switzerland's and Bosnia and Herzegovina's presidents are the chairs of a body, by turns fixed
    beforehand; nobody comes to power by it. A body has no party; of the other columns it has what
    all its chairs so far have in common, so that later ones change nothing. Other bodies
    (Yugoslavia 1980-1991, Uruguay 1952-1967) are left alone.

    Parameters
    ----------
    terms : DataFrame
        ``cow, leader, start, end`` of one office, and other columns.

    Returns
    -------
    DataFrame
        The other states' terms, then those of the bodies, each ended by the next.

    Examples
    --------
    >>> import pandas as pd
    >>> chairs = pd.DataFrame({"cow": 225, "leader": ["A", "B"], "entry": ["regular", None],
    ...     "start": pd.to_datetime(["2004-01-01", "2005-01-01"]),
    ...     "end": pd.to_datetime(["2004-12-31", None])})
    >>> with_bodies(chairs)[["leader", "entry", "end"]].values.tolist()
    [['collective presidency', 'regular', Timestamp('2005-01-01 00:00:00')],
     ['collective presidency', None, NaT]]
    """
    chairs = _led_by_turns(terms)
    if not chairs.any():
        return terms
    bodies = [
        _body(part.sort_values("start", kind="stable"))
        for _, part in terms[chairs].groupby("cow", sort=True)
    ]
    joined = pd.concat(bodies).astype(terms.dtypes.to_dict())
    return pd.concat([terms[~chairs], joined], ignore_index=True)


def _led_by_turns(terms: pd.DataFrame) -> pd.Series:
    """Terms in states led by a body whose chair goes round by calendar."""
    return terms["cow"].isin(bundled_table("collective_heads")["cow"])


def _body(chairs: pd.DataFrame) -> pd.DataFrame:
    """The chairs' terms with what all of them so far have in common."""
    body = chairs.copy()
    kept = ("cow", "leader", "start", "end", "known_until")
    for name in [c for c in chairs.columns if c not in kept]:
        values = chairs[name].astype(object).where(chairs[name].notna(), None)
        shared = np.logical_and.accumulate([value == values.iloc[0] for value in values])
        body[name] = None if name in _OF_A_PERSON else values.where(shared, None)
    following = chairs["start"].shift(-1)
    return body.assign(leader=COLLECTIVE, end=chairs["end"].where(following.isna(), following))
