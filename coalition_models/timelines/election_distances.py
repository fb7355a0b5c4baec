"""Distances to the next and the last election: by one list, and by the first that covers a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.timelines.calendar import Calendar, Integers, find_from, find_until
from coalition_models.timelines.election_votes import Votes
from coalition_models.timelines.keys import shared_codes

__all__ = ["Distances", "distances_by", "first_covering"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: columns about the last election, not the next
_BEHIND = ("months_since_election", "post_election")


@dataclass(frozen=True)
class Distances:
    """Columns by one list of elections, and in which rows it covers what is ahead and behind."""

    columns: dict[str, Floats]
    ahead: Flags
    behind: Flags
    sources: tuple[str, ...]


def distances_by(
    votes: Votes,
    calendar: Calendar,
    cow: Integers,
    known: Integers,
    months: int,
    notice: int | None,
) -> Distances:
    """Measure each row's distance to the next and the last election on a list.

    Parameters
    ----------
    votes : Votes
    calendar : Calendar
    cow, known : array of int
        State of each row, and the last month whose events are known.
    months : int
        Within which an election is near.
    notice : int or None
        Months for which a vote without a known call is known; None: the calendar is.
    """
    ahead = find_from(votes.cow, votes.month, cow, calendar.first)
    if notice is not None:
        ahead = _announced(votes, ahead, known, notice)
    behind = find_until(votes.cow, votes.month, cow, known)
    covered = votes.covered(cow, calendar.first)
    listed = covered & votes.on_list(cow, known)
    columns = _distances(votes, calendar, cow, months, covered, ahead=ahead, behind=behind)
    columns["post_election"] = np.where(listed, columns["post_election"], np.nan)
    columns["term_elapsed"] = np.where(covered, _term(votes, calendar, cow, ahead), np.nan)
    return Distances(columns, covered, listed, votes.sources)


def first_covering(parts: Sequence[Distances]) -> dict[str, Floats]:
    """Columns of the first list that covers a row; missing where none does."""
    found = {}
    for name in parts[0].columns:
        masks = [part.behind if name in _BEHIND else part.ahead for part in parts]
        found[name] = np.select(masks, [part.columns[name] for part in parts], np.nan)
    return found


def _announced(votes: Votes, ahead: Integers, known: Integers, notice: int) -> Integers:
    """The next vote that had been called by the moment of knowledge; -1 where none had.

    One that is called later hides no vote called before, though it is held first.
    """
    if not len(votes.month):
        return ahead
    since = np.where(np.isnan(votes.called), votes.month - notice - 1.0, votes.called)
    since = np.maximum(since, _rhythm(votes))
    order = np.lexsort((votes.month, votes.cow))
    following = np.full(len(order), -1, dtype=np.int64)
    same = votes.cow[order][1:] == votes.cow[order][:-1]
    following[order[:-1]] = np.where(same, order[1:], -1)
    unknown = (ahead >= 0) & (since[ahead] > known)
    while unknown.any():
        ahead = np.where(unknown, following[ahead], ahead)
        unknown = (ahead >= 0) & (since[ahead] > known)
    return ahead


def _rhythm(votes: Votes) -> Floats:
    """Month of the vote from which a scheduled one is counted, before which nobody knew of it."""
    kind = pd.factorize(votes.kind)[0]
    first = ~votes.second_round
    group, wanted = shared_codes([votes.cow[first], kind[first]], [votes.cow, kind])
    month = votes.month[first]
    last = find_until(group, month, wanted, votes.month - 1)
    # a second round is counted from the vote before its first round
    opening = votes.second_round & (last >= 0)
    if len(month):
        last = np.where(opening, find_until(group, month, wanted, month[last] - 1), last)
    scheduled = votes.called < 0
    return np.where(scheduled & (last >= 0), _at(month, last), -np.inf)


def _distances(
    votes: Votes,
    calendar: Calendar,
    cow: Integers,
    months: int,
    covered: Flags,
    *,
    ahead: Integers,
    behind: Integers,
) -> dict[str, Floats]:
    # from the last month of a long period, so that an election within it is "now" (0) and one in
    # the month after it is one month away
    to_next = np.maximum(_at(votes.month, ahead) - calendar.last, 0.0)
    within = to_next == 0
    since = np.maximum(calendar.first - _at(votes.month, behind), 0.0)
    to_next = np.where(covered, to_next, np.nan)
    since = np.where(covered, since, np.nan)
    # without an election on record, none was near only if the whole window is covered
    later = covered & votes.covered(cow, calendar.last + months)
    earlier = covered & votes.covered(cow, calendar.first - months)
    return {
        "months_to_election": to_next,
        "months_since_election": since,
        "election_near": _flag(to_next <= months, to_next, later),
        "election_month": _flag(within, to_next, covered),
        "post_election": _flag(since <= months, since, earlier),
    }


def _term(votes: Votes, calendar: Calendar, cow: Integers, ahead: Integers) -> Floats:
    """Share of the term that ends with the next election, from the last one of its kind."""
    if not len(votes.month):
        return np.full(len(cow), np.nan)
    order = np.lexsort((votes.month, votes.kind == "presidential", votes.cow))
    order = order[~votes.second_round[order]]
    previous = np.full(len(votes.month), -1, dtype=np.int64)
    same = (votes.cow[order][1:] == votes.cow[order][:-1]) & (
        votes.kind[order][1:] == votes.kind[order][:-1]
    )
    previous[order[1:]] = np.where(same, order[:-1], -1)
    began = np.where(ahead >= 0, previous[ahead], -1)
    # a vote between the row and the next one that was called: nobody knew of it
    unknown = _between(votes, calendar, began, ahead)
    while unknown.any():
        began = np.where(unknown, previous[began], began)
        unknown = _between(votes, calendar, began, ahead)
    # a second round still belongs to the term that its first round ends
    start, end = _at(votes.month, began), _at(votes.month, ahead)
    over = (ahead >= 0) & votes.second_round[ahead]
    share = np.clip((calendar.first - start) / (end - start), 0.0, 1.0)
    return np.where(over, 1.0, share)


def _between(votes: Votes, calendar: Calendar, vote: Integers, ahead: Integers) -> Flags:
    inside = (votes.month[vote] >= calendar.first) & (votes.month[vote] < votes.month[ahead])
    return (vote >= 0) & inside


def _at(values: npt.NDArray[np.generic], found: Integers) -> Floats:
    if not len(values):
        return np.full(len(found), np.nan)
    return np.where(found >= 0, values[found].astype(np.float64), np.nan)


def _flag(condition: Flags, value: Floats, covered: Flags) -> Floats:
    """1 or 0; where no election is on record, 0 only if the sources would know of one."""
    absent = np.where(covered, 0.0, np.nan)
    return np.where(np.isnan(value), absent, condition.astype(float))
