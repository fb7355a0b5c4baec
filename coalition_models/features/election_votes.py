"""Which elections count for a state, which source lists them, and what it covers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.common import Integers, known_table, month_number

__all__ = [
    "KINDS",
    "SOURCES",
    "Votes",
    "check_kinds",
    "own_votes",
    "states_without_elections",
    "votes_of",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

KINDS = ("legislative", "presidential")
#: sources that add_elections() knows by name; the last two are external
SOURCES = ("union", "parlgov", "reign", "nelda", "bjornskov-rode")
_ALL_KINDS = ("leader", "regime", "both", *KINDS)
#: first and last day and kinds of the external sources; they list the elections of all states
_EXTERNAL = {
    "nelda": ("1945-01-01", "2012-12-31", KINDS),
    "bjornskov-rode": ("1950-01-01", "2020-12-31", ("legislative",)),
}
#: load("elections", extended=True) begins here and holds the states of participation only
_EXTENDED_FROM = "2000-01-01"
_NELDA_KINDS = {
    "legislative": "legislative",
    "presidential": "presidential",
    "constituent_assembly": "legislative",
}


@dataclass(frozen=True)
class Votes:
    """Elections of states by month, and where no election on the list means that none was held.

    ``called`` is the month from which a vote is known: very low where it keeps to the
    constitutional rhythm, missing where nobody has coded it. ``windows`` holds one table
    ``cow, low, high`` (months) per kind that must be covered; ``need_all`` says whether all of
    them must be, or any.
    """

    cow: Integers
    month: Integers
    kind: npt.NDArray[np.object_]
    second_round: Flags
    called: Floats
    windows: tuple[pd.DataFrame, ...] | None
    need_all: bool

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
    return _votes(table[table["kind"].isin(list(chosen))], windows=None, need_all=False)


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
    chosen = KINDS if isinstance(kinds, str) else kinds
    table = _table(source, extended=extended)
    windows = tuple(_windows(kind, source, extended=extended) for kind in chosen)
    if kinds == "regime":
        reign = [_windows(kind, "reign", extended=False) for kind in KINDS]
        table = _leading_office(table, reign)
        windows = tuple(_both(a, b) for a, b in zip(windows, reign, strict=True))
    table = table[table["kind"].isin(list(chosen))]
    return _votes(table, windows=windows, need_all=not isinstance(kinds, str))


def states_without_elections() -> frozenset[str]:
    """States of which the bundled table says that no source lists their elections.

    Examples
    --------
    >>> "TON" in states_without_elections()
    True
    """
    table = known_table("election_coverage")
    covered = set(table.loc[table["complete"] == "yes", "state"])
    return frozenset(set(table["state"]) - covered)


def _votes(
    table: pd.DataFrame, *, windows: tuple[pd.DataFrame, ...] | None, need_all: bool
) -> Votes:
    month = month_number(table["date"])
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
    rows = known_table(source)
    if source == "nelda":
        rows = rows[rows["date"].notna() & rows["cow"].notna()]
        kind = rows["kind"].map(_NELDA_KINDS)
        columns = {"cow": rows["cow"], "date": rows["date"], "kind": kind, "round": rows["round"]}
        return pd.DataFrame(columns)
    rows = rows[rows["election"].notna() & rows["cow"].notna()]
    return pd.DataFrame({"cow": rows["cow"], "date": rows["election"], "kind": "legislative"})


def _with_schedule(table: pd.DataFrame) -> pd.DataFrame:
    """Add REIGN's word on whether a vote kept to the constitutional rhythm."""
    reign = known_table("reign-elections")
    reign = reign[reign["is_vote"] & reign["date"].notna() & reign["cow"].notna()]
    key = ["cow", "kind", "month"]
    marks = reign.assign(month=month_number(reign["date"]), scheduled=reign["regular"])
    marks = marks[[*key, "scheduled"]].astype({"cow": "int64"}).drop_duplicates(key)
    return table.assign(month=month_number(table["date"])).merge(marks, on=key, how="left")


def _windows(kind: str, source: str, *, extended: bool) -> pd.DataFrame:
    """Months covered per state, as ``cow, low, high``."""
    parts = []
    if source not in _EXTERNAL:
        table = known_table("election_coverage")
        rows = table[(table["complete"] == "yes") & (table["kind"] == kind)]
        if source != "union":
            rows = rows[rows["source"] == source]
        low, high = month_number(rows["start"]), month_number(rows["end"])
        parts.append(pd.DataFrame({"cow": rows["cow"].astype("int64"), "low": low, "high": high}))
    wanted = [source] if source in _EXTERNAL else list(_EXTERNAL) if extended else []
    for name in wanted:
        first, last, kinds = _EXTERNAL[name]
        if kind in kinds:
            cow = _external(name)["cow"].astype("int64").drop_duplicates()
            if source == "union":
                first = _EXTENDED_FROM
                cow = cow[cow.isin(known_table("participation")["cow"])]
            low, high = month_number(pd.Series(pd.to_datetime([first, last])))
            parts.append(pd.DataFrame({"cow": cow, "low": low, "high": high}))
    return pd.concat(parts, ignore_index=True) if parts else _empty()


def _empty() -> pd.DataFrame:
    return pd.DataFrame({"cow": [], "low": [], "high": []}, dtype="int64")


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
