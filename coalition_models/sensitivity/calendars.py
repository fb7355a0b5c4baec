"""Calendars of elections and leaders as facts, moved in time or lent to another state.

A calendar is moved as a whole: its votes and the terms of its leaders together, and features are
made anew from the facts that come of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.sources.leader_rows import with_bodies
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import month_number

__all__ = ["Calendars", "calendars_of", "moved_dates", "snap_votes", "term_months"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: rounds of one election are no further apart than so many months
_ROUNDS = 2
#: longest cycle in months in which two offices with terms of their own come round together
_LONGEST = 120


@dataclass(frozen=True, eq=False)
class Calendars:
    """Elections, and leaders, of all states of some facts.

    Attributes
    ----------
    facts : Facts
        With the tables ``elections`` and, where leaders move too, ``leaders``.
    cycles : mapping
        State's number -> months after which its calendar comes round; absent where no term is
        known.
    snap : array of bool, shape (votes,)
        Votes held well before the term was over.
    """

    facts: Facts
    cycles: Mapping[int, int]
    snap: Flags

    @property
    def votes(self) -> pd.DataFrame:
        """The table of elections."""
        assert self.facts.elections is not None
        return self.facts.elections

    @property
    def states(self) -> Integers:
        """Numbers of the states with a calendar."""
        found: Integers = np.unique(self.votes["cow"].to_numpy(dtype=np.int64))
        return found

    def shifted(self, months: Mapping[int, int], *, snap: bool = True) -> Facts:
        """Facts with the calendars of some states moved by months.

        Where the calendar's beginning has moved on, its first cycle stands in the gap. Coverage
        stays where it is.

        Parameters
        ----------
        months : mapping
            State's number -> months, later if positive.
        snap : bool
            Whether snap votes move too.
        """
        moved = {cow: by for cow, by in months.items() if by}
        if not moved:
            return self.facts
        rests = None if snap else self.snap
        elections = _moved(self.votes, "date", moved, self.cycles, rests)
        tables: dict[str, object] = {"elections": elections}
        if self.facts.leaders is not None:
            tables["leaders"] = _moved_terms(self.facts.leaders, moved, self.cycles)
        return _with(self.facts, tables)

    def swapped(self, whose: Mapping[int, int]) -> Facts:
        """Facts in which states have the calendar of others: state's number -> whose it has."""
        changed = {cow: other for cow, other in whose.items() if cow != other}
        if not changed:
            return self.facts
        tables: dict[str, object] = {"elections": _lent(self.votes, changed)}
        if self.facts.leaders is not None:
            tables["leaders"] = _lent(self.facts.leaders, changed)
        return _with(self.facts, tables)

    def without_snap(self) -> Facts:
        """Facts without the snap votes."""
        return _with(self.facts, {"elections": self.votes[~self.snap].reset_index(drop=True)})

    @property
    def systems(self) -> dict[int, str]:
        """What is elected, and from when to when it is known: state's number -> words."""
        found = {}
        for cow, part in self.votes.groupby("cow"):
            words = "+".join(sorted(part["kind"].unique()))
            if {"known_from", "known_until"} <= set(part.columns):
                first, last = part["known_from"].min(), part["known_until"].max()
                words += f" {first:%Y-%m} to {last:%Y-%m}"
            found[int(str(cow))] = words
        return found


def calendars_of(
    facts: Facts,
    *,
    leaders: bool = True,
    terms: Mapping[int, int] | None = None,
    early: int = 4,
) -> Calendars:
    """Take the elections and leaders of the states of some facts, own ones or the bundled table's.

    Parameters
    ----------
    facts : Facts
    leaders : bool
        Whether leaders are taken too.
    terms : mapping, optional
        State's number -> months of a term; see :func:`term_months` for the others.
    early : int
        Months before the end of the term from which on a vote is a snap vote, where a column
        ``scheduled`` does not say.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = calendars_of(cm.facts("iraq"))
    >>> found.cycles[2], len(found.states), int(found.snap.sum()) > 0
    (48, 39, True)
    """
    if facts.members is None:
        raise DataError("the facts hold no members: there is no state whose calendar could move")
    cows = facts.members["cow"].unique()
    votes = facts.elections if facts.elections is not None else _bundled_votes()
    votes = votes[votes["cow"].isin(cows)].reset_index(drop=True)
    if votes.empty:
        raise DataError("no election is known of any member: give Facts(elections=...)")
    length, snap = snap_votes(votes, terms, early)
    tables: dict[str, object] = {"elections": votes}
    if leaders:
        led = facts.leaders if facts.leaders is not None else _bundled_leaders()
        tables["leaders"] = led[led["cow"].isin(cows)].reset_index(drop=True)
    return Calendars(_with(facts, tables), _cycles(length), snap)


def term_months(months: npt.ArrayLike) -> int | None:
    """Months of a term: the commonest distance of two votes in whole years, the longer of two.

    None with fewer than two distances of half a year and more.

    Examples
    --------
    >>> term_months([0, 48, 96, 119, 167]), term_months([0, 48])
    (48, None)
    """
    years = np.round(np.diff(np.asarray(months)) / 12).astype(int)
    years = years[years >= 1]
    if len(years) < 2:
        return None
    values, counts = np.unique(years, return_counts=True)
    return int(values[counts == counts.max()].max()) * 12


def snap_votes(
    votes: pd.DataFrame, terms: Mapping[int, int] | None = None, early: int = 4
) -> tuple[dict[tuple[int, str], int], Flags]:
    """Term by state and kind, and which votes were held well before it was over.

    A second round goes with its first. The first vote on record counts as scheduled.

    Examples
    --------
    >>> days = pd.to_datetime(["2000-03-12", "2004-03-14", "2008-03-09", "2011-11-20"])
    >>> table = pd.DataFrame({"cow": 230, "date": days, "kind": "legislative"})
    >>> terms, snap = snap_votes(table, early=3)
    >>> terms, snap.tolist()
    ({(230, 'legislative'): 48}, [False, False, False, True])
    """
    month = month_number(votes["date"])
    snap = np.zeros(len(votes), dtype=bool)
    lengths: dict[tuple[int, str], int] = {}
    said = votes["scheduled"] if "scheduled" in votes.columns else None
    cows, kinds = votes["cow"].to_numpy(dtype=np.int64), votes["kind"].to_numpy(dtype=object)
    for cow, kind in dict.fromkeys(zip(cows.tolist(), kinds.tolist(), strict=True)):
        at = np.flatnonzero((cows == cow) & (kinds == kind))
        at = at[np.argsort(month[at], kind="stable")]
        opens = np.concatenate([[True], np.diff(month[at]) > _ROUNDS])
        first = month[at][opens]
        length = (terms or {}).get(cow) or term_months(first)
        if length is None:
            continue
        lengths[cow, str(kind)] = length
        soon = np.concatenate([[False], np.diff(first) < length - early])
        snap[at] = soon[np.cumsum(opens) - 1]
    if said is not None:
        snap = np.where(said.notna().to_numpy(), (said == "no").fillna(False).to_numpy(), snap)
    return lengths, snap.astype(bool)


def _cycles(lengths: Mapping[tuple[int, str], int]) -> dict[int, int]:
    """Months after which all offices of a state come round; the longest term where they do not."""
    found: dict[int, int] = {}
    for (cow, _), length in lengths.items():
        both = int(np.lcm(found.get(cow, length), length))
        found[cow] = both if both <= _LONGEST else max(found.get(cow, length), length)
    return found


def moved_dates(dates: pd.Series, months: npt.ArrayLike) -> pd.Series:
    """Dates so many months later, on the same day or the month's last.

    Examples
    --------
    >>> moved_dates(pd.Series(pd.to_datetime(["2004-01-31"])), [1]).dt.day.tolist()
    [29]
    """
    day = dates.to_numpy().astype("datetime64[D]")
    month = day.astype("datetime64[M]")
    within = (day - month.astype("datetime64[D]")).astype(np.int64)
    new = month + np.asarray(months, dtype=np.int64).astype("timedelta64[M]")
    length = ((new + 1).astype("datetime64[D]") - new.astype("datetime64[D]")).astype(np.int64)
    found = new.astype("datetime64[D]") + np.minimum(within, length - 1).astype("timedelta64[D]")
    found = np.where(np.isnat(day), np.datetime64("NaT"), found)
    return pd.Series(found.astype("datetime64[ns]"), index=dates.index)


def _moved(
    table: pd.DataFrame,
    column: str,
    months: Mapping[int, int],
    cycles: Mapping[int, int],
    rests: Flags | None,
) -> pd.DataFrame:
    """Rows moved by state; before the first of them those of the first cycle, once more."""
    by = table["cow"].map(months).fillna(0).to_numpy(dtype=np.int64)
    if rests is not None:
        by = np.where(rests, 0, by)
    moved = table.assign(**{column: moved_dates(table[column], by)})
    if "called" in table.columns:
        moved["called"] = moved_dates(table["called"], by)
    back = table["cow"].map(cycles).to_numpy(dtype=float)
    begin = table.groupby(["cow", "kind"])[column].transform("min")
    number = month_number(table[column])
    again = (by > 0) & (number - month_number(begin) < np.nan_to_num(back, nan=0.0))
    if again.any():
        extra = moved[again]
        less = -back[again].astype(np.int64)
        extra = extra.assign(**{column: moved_dates(extra[column], less)})
        moved = pd.concat([extra, moved], ignore_index=True)
    return moved


def _moved_terms(
    table: pd.DataFrame, months: Mapping[int, int], cycles: Mapping[int, int]
) -> pd.DataFrame:
    """Leaders moved with their state's calendar; before the first those of a cycle later."""
    by = table["cow"].map(months).fillna(0).to_numpy(dtype=np.int64)
    moved = table.assign(start=moved_dates(table["start"], by), end=moved_dates(table["end"], by))
    begin = moved.groupby("cow")["start"].transform("min")
    back = table["cow"].map(cycles)
    forth = (by > 0) & back.notna().to_numpy()
    less = -back.fillna(0).to_numpy(dtype=np.int64)
    earlier = moved.assign(
        start=moved_dates(moved["start"], less), end=moved_dates(moved["end"], less)
    )
    keep = forth & (earlier["start"] < begin).to_numpy(dtype=bool)
    if not keep.any():
        return moved
    earlier = earlier.assign(end=earlier["end"].fillna(begin).clip(upper=begin))[keep]
    both = pd.concat([earlier, moved], ignore_index=True)
    return both.sort_values(["cow", "start"], kind="stable", ignore_index=True)


def _lent(table: pd.DataFrame, whose: Mapping[int, int]) -> pd.DataFrame:
    own = table[~table["cow"].isin(list(whose))]
    parts = [own]
    for cow, other in whose.items():
        theirs = table[table["cow"] == other].assign(cow=cow)
        parts.append(theirs.drop(columns=[c for c in ("state",) if c in theirs.columns]))
    return pd.concat(parts, ignore_index=True)


def _with(facts: Facts, tables: Mapping[str, object]) -> Facts:
    held: dict[str, object] = {name: facts.table(name) for name in TABLES}
    sources = dict(facts.sources)
    for name in tables:
        if held[name] is None:
            sources[name] = (name,)
    return trusted_facts({**held, **tables}, sources)


def _bundled_votes() -> pd.DataFrame:
    """The bundled elections with the months in which their kind is covered."""
    table, known = load("elections"), load("election_coverage")
    whole = known[known["complete"] == "yes"].groupby(["cow", "kind"], as_index=False)
    spans = whole.agg(known_from=("start", "min"), known_until=("end", "max"))
    found = table.merge(spans, on=["cow", "kind"])
    return found[["cow", "date", "kind", "round", "known_from", "known_until"]]


def _bundled_leaders() -> pd.DataFrame:
    table = load("leaders")
    led = with_bodies(table[table["office"] == "effective"])
    columns = ["cow", "leader", "start", "end", "known_until", "party", "left_right"]
    return led[columns].reset_index(drop=True)
