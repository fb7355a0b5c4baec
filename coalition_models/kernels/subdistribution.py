"""Rows of those who left otherwise, kept at risk with falling weights (Fine and Gray 1999).

Late entry has weights too (Geskus 2011): somebody who left otherwise stands for those who would be
there, of whom more and more have entered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from coalition_models.errors import FitError
from coalition_models.kernels._panel import Floats, Integers

__all__ = ["Expanded", "Rule", "expand"]

Flags = NDArray[np.bool_]
Rule = Literal["finegray", "crr", "phreg"]


@dataclass(frozen=True, eq=False)
class Expanded:
    """The rows given, and after them those made.

    ``rows`` (m,) is the place among the rows given of each; ``weight`` is 1 for the rows given.
    """

    rows: Integers
    start: Floats
    stop: Floats
    event: Floats
    weight: Floats


def expand(
    start: Floats,
    stop: Floats,
    kind: Integers,
    first: Flags,
    last: Flags,
    rule: Rule = "finegray",
) -> Expanded:
    """Keep those who left otherwise at risk until the last event.

    The weight at a time is the chance to be neither censored nor still to enter by then, as a
    share of what it was at the exit. Both are Kaplan-Meier estimates over all rows.

    Parameters
    ----------
    start, stop : arrays, shape (n,)
    kind : array of int, shape (n,)
        0 without an exit, 1 for the exit in question, 2 for any other.
    first, last : arrays of bool, shape (n,)
        First and last row of each member; only a last row may end in an exit.
    rule : {"finegray", "crr", "phreg"}
        Where exits and censoring fall on one time. ``"finegray"``: exits come first and leave
        nobody to be censored, and a chance is that just before a time. ``"crr"``: those who exit
        then count as at risk of censoring. ``"phreg"``: and a chance is that just after it.

    Raises
    ------
    FitError
        Where the risk set is empty between an exit and later entries: no weight is known then.

    Examples
    --------
    >>> ones = np.ones(4, dtype=bool)
    >>> found = expand(np.zeros(4), np.array([1.0, 2, 3, 4]), np.array([2, 0, 1, 1]), ones, ones)
    >>> found.rows.tolist(), found.weight.round(3).tolist()
    ([0, 1, 2, 3, 0], [1.0, 1.0, 1.0, 1.0, 0.667])
    """
    times = np.unique(stop[kind == 1])
    others = np.flatnonzero((kind == 2) & last)
    presence = _Presence(start, stop, kind, first, last, rule)
    at_exit, at_event = presence.at(stop[others]), presence.at(times)
    lost = at_exit <= 0
    if lost.any() and len(times) and (stop[others][lost] < times[-1]).any():
        raise FitError(
            f"nobody is at risk for a while after {stop[others][lost].max():g}, before others "
            "enter, so the weights of those who left otherwise by then are not known: start when "
            "enough are at risk"
        )
    # event times of one weight make one row
    opens = np.flatnonzero(np.diff(at_event, prepend=np.nan) != 0)
    ends = np.append(opens[1:], len(times)) - 1
    begun = np.searchsorted(times, stop[others], side="right")
    block = np.searchsorted(ends, begun)
    counts = len(ends) - block
    who = np.repeat(np.arange(len(others)), counts)
    offset = np.arange(len(who)) - np.repeat(np.cumsum(counts) - counts, counts)
    which = np.repeat(block, counts) + offset
    rows = others[who]
    begins = np.where(offset == 0, stop[rows], times[ends[np.maximum(which - 1, 0)]])
    weight = at_event[ends[which]] / at_exit[who]
    given = np.arange(len(start))
    return Expanded(
        rows=np.concatenate([given, rows]),
        start=np.concatenate([start, begins]),
        stop=np.concatenate([stop, times[ends[which]]]),
        event=np.concatenate([(kind == 1).astype(float), np.zeros(len(rows))]),
        weight=np.concatenate([np.ones(len(start)), weight]),
    )


class _Presence:
    """Chance not to be censored by a time, times that to have entered."""

    def __init__(
        self,
        start: Floats,
        stop: Floats,
        kind: Integers,
        first: Flags,
        last: Flags,
        rule: Rule,
    ) -> None:
        self._after = rule == "phreg"
        starts, stops = np.sort(start), np.sort(stop)
        self._leaves, censored = np.unique(stop[last & (kind == 0)], return_counts=True)
        exits = np.sort(stop[kind != 0])
        there = np.searchsorted(starts, self._leaves) - np.searchsorted(stops, self._leaves)
        if rule == "finegray":
            there -= _equal(exits, self._leaves)
        self._enters, entered = np.unique(start[first], return_counts=True)
        known = np.searchsorted(starts, self._enters, side="right") - np.searchsorted(
            stops, self._enters, side="right"
        )
        self._stay = np.cumprod(np.append(1.0, 1 - censored / there))
        late = 1 - entered / known
        self._in = np.append(np.cumprod(late[::-1])[::-1], 1.0)

    def at(self, when: Floats) -> Floats:
        """Of both together."""
        side: Literal["left", "right"] = "right" if self._after else "left"
        stay = self._stay[np.searchsorted(self._leaves, when, side=side)]
        return np.asarray(stay * self._in[np.searchsorted(self._enters, when)])


def _equal(values: Floats, when: Floats) -> Integers:
    """How many sorted values equal each time."""
    return np.asarray(np.searchsorted(values, when, side="right") - np.searchsorted(values, when))
