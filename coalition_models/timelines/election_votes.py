"""Which elections count for a state, which source lists them, and what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.election_rows import (
    ELECTION_SOURCES,
    KINDS,
    election_windows,
    elections_of,
)
from coalition_models.timelines.calendar import Integers, find_until, known_table, month_number

__all__ = [
    "KINDS",
    "SOURCES",
    "Votes",
    "bundled_states",
    "check_kinds",
    "make_votes",
    "months_of",
    "own_votes",
    "states_without_elections",
    "votes_of",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: sources that add_elections() knows by name; the last two are external
SOURCES = ("union", "parlgov", "reign", "nelda", "bjornskov-rode")
_ALL_KINDS = ("leader", "regime", "both", *KINDS)
_EXTERNAL = ("nelda", "bjornskov-rode")
#: load("elections", extended=True) begins here and holds the states of participation only
_EXTENDED_FROM = "2000-01-01"
#: lists of the bundled tables, with the tables that they were made from, and how many are kept
_OF_BUNDLED: dict[tuple[object, ...], tuple[Votes, list[pd.DataFrame]]] = {}
_MOST = 16


@dataclass(frozen=True)
class Votes:
    """Elections of states by month, and where no election on the list means that none was held.

    ``called`` is the month from which a vote is known: very low where it keeps to the
    constitutional rhythm, missing where nobody has coded it. ``windows`` holds one table
    ``cow, low, high`` (months) per kind that must be covered; ``need_all`` says whether all of
    them must be, or any. ``listing`` holds states and months of all elections, of any kind, where
    no table says which states are covered: only a vote that was held shows that a state is on the
    list. ``sources`` are the tables to cite.
    """

    cow: Integers
    month: Integers
    kind: npt.NDArray[np.object_]
    second_round: Flags
    called: Floats
    windows: tuple[pd.DataFrame, ...] | None
    need_all: bool
    listing: tuple[Integers, Integers] | None = None
    sources: tuple[str, ...] = ()

    def on_list(self, cow: Integers, month: Integers) -> Flags:
        """Whether a state was on the list by a month."""
        if self.listing is None:
            return np.ones(len(cow), dtype=bool)
        listed: Flags = find_until(*self.listing, cow, month) >= 0
        return listed

    def covered(self, cow: Integers, month: Integers) -> Flags:
        """Whether the sources list the elections of a state in a month."""
        if self.windows is None:
            return np.isin(cow, self.cow)
        verdicts = [_inside(window, cow, month) for window in self.windows]
        combine = np.logical_and if self.need_all else np.logical_or
        answer: Flags = combine.reduce(verdicts)
        return answer


def check_kinds(kinds: str | Sequence[str]) -> str | tuple[str, ...]:
    """Check which elections are asked for.

    Examples
    --------
    >>> check_kinds("both")
    ('legislative', 'presidential')
    >>> check_kinds("leader")
    'leader'
    """
    if isinstance(kinds, str) and kinds in ("leader", "regime"):
        return kinds
    if kinds == "both":
        return KINDS
    chosen = (kinds,) if isinstance(kinds, str) else tuple(kinds)
    if not chosen or any(kind not in KINDS for kind in chosen):
        raise DataError(
            f"kinds must be one of {', '.join(_ALL_KINDS)} or a list of the last two; "
            f"found {list(chosen)}"
        )
    return chosen


def own_votes(table: pd.DataFrame, kinds: str | tuple[str, ...]) -> Votes:
    """Take the user's own elections: of each state listed, every one in the panel's time."""
    if kinds == "regime":
        raise DataError(
            "kinds='regime' asks the bundled sources which office leads; in a table of your own "
            "keep the elections that count and use kinds='leader'"
        )
    chosen = KINDS if kinds == "leader" else kinds
    rows = table[table["kind"].isin(list(chosen))]
    if not {"known_from", "known_until"} <= set(table.columns):
        return make_votes(rows, windows=None, need_all=False)
    spans = rows.rename(columns={"known_from": "first", "known_until": "last"})
    windows = tuple(months_of(spans[spans["kind"] == kind]) for kind in chosen)
    return make_votes(rows, windows=windows, need_all=not isinstance(kinds, str), listed=table)


def votes_of(source: str, kinds: str | tuple[str, ...], *, extended: bool) -> Votes:
    """Take the elections that a source lists, with its coverage.

    Parameters
    ----------
    source : str
        One of :data:`SOURCES`; ``"union"`` takes an election that any source lists.
    kinds : str or tuple
        As checked by :func:`check_kinds`.
    extended : bool
        Add the external sources to the union.
    """
    if source not in SOURCES:
        raise DataError(f"sources must be one of {', '.join(SOURCES)}, not {source!r}")
    bundled = [known_table(name) for name in ("elections", "election_coverage")]
    if extended or source in _EXTERNAL:
        return _listed(source, kinds, extended=extended)
    # the tables are the same objects as long as they hold the same
    key = (source, kinds, *map(id, bundled))
    if key not in _OF_BUNDLED:
        while len(_OF_BUNDLED) >= _MOST:
            _OF_BUNDLED.pop(next(iter(_OF_BUNDLED)), None)
        _OF_BUNDLED[key] = (_listed(source, kinds, extended=False), bundled)
    return _OF_BUNDLED[key][0]


def _listed(source: str, kinds: str | tuple[str, ...], *, extended: bool) -> Votes:
    chosen = KINDS if isinstance(kinds, str) else kinds
    table = _table(source, extended=extended)
    windows = tuple(_windows(kind, source, extended=extended) for kind in chosen)
    if kinds == "regime":
        reign = [_windows(kind, "reign", extended=False) for kind in KINDS]
        table = _leading_office(table, reign)
        windows = tuple(_both(a, b) for a, b in zip(windows, reign, strict=True))
    rows = table[table["kind"].isin(list(chosen))]
    more = ("nelda", "bjornskov-rode", "reign-elections") if extended else ()
    return make_votes(
        rows,
        windows=windows,
        need_all=not isinstance(kinds, str),
        listed=table if source in _EXTERNAL else None,
        sources=(source,) if source in _EXTERNAL else ("elections", *more),
    )


def bundled_states() -> Integers:
    """Numbers of the states of which the package says which elections its table has."""
    states: Integers = known_table("election_coverage")["cow"].unique().astype(np.int64)
    return states


def states_without_elections() -> frozenset[str]:
    """States of which the bundled table says that no source lists their elections.

    Examples
    --------
    >>> "TON" in states_without_elections()
    True
    """
    table = known_table("election_coverage")
    complete = table.loc[table["complete"] == "yes", "state"]
    return frozenset(table["state"]) - frozenset(complete)


def make_votes(
    table: pd.DataFrame,
    *,
    windows: tuple[pd.DataFrame, ...] | None,
    need_all: bool,
    listed: pd.DataFrame | None = None,
    sources: tuple[str, ...] = (),
) -> Votes:
    """Elections ``cow, date, kind`` and optionally ``round, called, scheduled``, by month.

    Parameters
    ----------
    table : DataFrame
        Elections of the kinds asked for.
    windows, need_all, sources
        See :class:`Votes`.
    listed : DataFrame, optional
        Elections of all kinds, where no table says which states are covered.
    """
    month = month_number(table["date"])
    listing = None
    if listed is not None:
        listing = (listed["cow"].to_numpy(dtype=np.int64), month_number(listed["date"]))
    second = np.zeros(len(table), dtype=bool)
    if "round" in table.columns:
        second = (table["round"] == 2).fillna(False).to_numpy(dtype=bool)
    return Votes(
        cow=table["cow"].to_numpy(dtype=np.int64),
        month=month,
        kind=table["kind"].to_numpy(dtype=object),
        second_round=second,
        called=_called(table),
        windows=windows,
        need_all=need_all,
        listing=listing,
        sources=sources,
    )


def _called(table: pd.DataFrame) -> Floats:
    """Month from which each vote is known; very low for a vote on schedule; else missing."""
    called = np.full(len(table), np.nan)
    if "scheduled" in table.columns:
        regular = (table["scheduled"] == "yes").fillna(False).to_numpy(dtype=bool)
        called[regular] = -1.0
    if "called" in table.columns:
        known = table["called"].notna().to_numpy()
        called[known] = month_number(table.loc[known, "called"])
    return called


def _table(source: str, *, extended: bool) -> pd.DataFrame:
    if source in _EXTERNAL:
        return _external(source)
    table = known_table("elections", extended=extended)
    if source != "union":
        listed = table["sources"].str.split(";")
        table = table[[source in names for names in listed]]
    return _with_schedule(table) if extended else table


def _external(source: str) -> pd.DataFrame:
    about = ELECTION_SOURCES[source]
    listed = elections_of(source, known_table(about.table), known_table("election_corrections"))
    # whether a vote kept to the constitutional rhythm is said with external="require" only
    return listed.rows[["cow", "date", "kind", "round"]]


def _with_schedule(table: pd.DataFrame) -> pd.DataFrame:
    """Add REIGN's word on whether a vote kept to the constitutional rhythm.

    Not for votes that REIGN files under another kind: its rhythm is that of the kind filed.
    """
    reign = known_table("reign-elections")
    reign = reign[reign["is_vote"] & reign["date"].notna() & reign["cow"].notna()]
    key = ["cow", "kind", "month"]
    marks = reign.assign(month=month_number(reign["date"]), scheduled=reign["regular"])
    marks = marks[[*key, "scheduled"]].astype({"cow": "int64"}).drop_duplicates(key)
    return table.assign(month=month_number(table["date"])).merge(marks, on=key, how="left")


def _windows(kind: str, source: str, *, extended: bool) -> pd.DataFrame:
    """Months covered per state, as ``cow, low, high``."""
    if source in _EXTERNAL:
        spans = election_windows(source, _external(source))
        return months_of(spans[spans["kind"] == kind])
    table = known_table("election_coverage")
    rows = table[(table["complete"] == "yes") & (table["kind"] == kind)]
    if source != "union":
        rows = rows[rows["source"] == source]
    parts = [months_of(rows.rename(columns={"start": "first", "end": "last"}))]
    for name in _EXTERNAL if extended and source == "union" else ():
        spans = election_windows(name, _external(name))
        mine = spans["cow"].isin(known_table("participation")["cow"]) & (spans["kind"] == kind)
        parts.append(months_of(spans[mine].assign(first=_EXTENDED_FROM)))
    return pd.concat(parts, ignore_index=True)


def months_of(spans: pd.DataFrame) -> pd.DataFrame:
    """Spans of days ``cow, first, last`` as months ``cow, low, high``, each once.

    Examples
    --------
    >>> days = pd.to_datetime(["2000-01-01", "2000-03-31"])
    >>> months_of(pd.DataFrame({"cow": [2], "first": days[:1], "last": days[1:]})).values.tolist()
    [[2, 24000, 24002]]
    """
    columns = {
        "cow": spans["cow"].to_numpy(dtype=np.int64),
        "low": month_number(pd.to_datetime(spans["first"])),
        "high": month_number(pd.to_datetime(spans["last"])),
    }
    return pd.DataFrame(columns).drop_duplicates(ignore_index=True)


def _both(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Months that two tables of coverage share."""
    pairs = one.merge(other, on="cow", suffixes=("", "_other"))
    low = pairs[["low", "low_other"]].max(axis=1)
    high = pairs[["high", "high_other"]].min(axis=1)
    return pd.DataFrame({"cow": pairs["cow"], "low": low, "high": high})[low <= high]


def _leading_office(table: pd.DataFrame, reign: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Keep the elections of the office that REIGN holds to lead the state at the time."""
    month = month_number(table["date"])
    cow = table["cow"].to_numpy(dtype=np.int64)
    keep = np.zeros(len(table), dtype=bool)
    for kind, window in zip(KINDS, reign, strict=True):
        keep |= (table["kind"] == kind).to_numpy(dtype=bool) & _inside(window, cow, month)
    return table[keep]


def _inside(window: pd.DataFrame, cow: Integers, month: Integers) -> Flags:
    """Whether (state, month) lies in one of the windows; each state is looked up once."""
    inside = np.zeros(len(cow), dtype=bool)
    codes, states = pd.factorize(cow)
    place = {int(state): i for i, state in enumerate(states)}
    rows = window[window["cow"].isin(states)]
    # the k-th window of every state at once: few states have more than three
    for _, part in rows.groupby(rows.groupby("cow").cumcount()):
        low = np.full(len(states), np.iinfo(np.int64).max)
        high = np.full(len(states), np.iinfo(np.int64).min)
        where = [place[int(state)] for state in part["cow"]]
        low[where], high[where] = part["low"], part["high"]
        inside |= (month >= low[codes]) & (month <= high[codes])
    return inside
