"""Shares of members in each state over time (Aalen and Johansen 1978), on (start, stop] rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._panel import Floats, Integers

__all__ = ["Moves", "Occupancy", "aalen_johansen"]


@dataclass(frozen=True, eq=False)
class Moves:
    """Rows at risk of leaving a state.

    Attributes
    ----------
    start, stop : arrays, shape (n,)
        At risk after ``start``, up to and with ``stop``.
    origin, target : arrays of int, shape (n,)
        State during the row, and after it: the same where nothing happened.
    states : int
        Their number; states are counted from 0.
    weights : array, shape (n,)
    groups : array of int, shape (n,)
        Whose rows move together in the variance, counted from 0.
    """

    start: Floats
    stop: Floats
    origin: Integers
    target: Integers
    states: int
    weights: Floats
    groups: Integers


@dataclass(frozen=True, eq=False)
class Occupancy:
    """Shares by state (T, S) at the T times of moves, and what they come from.

    ``std_error`` (T, S) is the infinitesimal jackknife over groups. ``at_risk`` (T, S) and
    ``moves`` (T, S, S) are weighted; ``initial`` (S,) are the shares before the first move, and
    ``initial_error`` (S,) their standard errors.
    """

    times: Floats
    probability: Floats
    std_error: Floats
    at_risk: Floats
    moves: Floats
    initial: Floats
    initial_error: Floats


def aalen_johansen(rows: Moves, initial: Floats | None = None) -> Occupancy:
    """Multiply the moves' shares up, with the influence of each group.

    Parameters
    ----------
    rows : Moves
    initial : array, shape (S,), optional
        Shares at the beginning, taken as known. Default: those of the rows at risk at the first
        move, whose sampling error then counts.

    Examples
    --------
    >>> import numpy as np
    >>> ones, who = np.ones(4), np.arange(4)
    >>> rows = Moves(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]), np.zeros(4, dtype=int),
    ...              np.array([1, 2, 1, 0]), 3, ones, who)
    >>> aalen_johansen(rows).probability.round(3).tolist()
    [[0.75, 0.25, 0.0], [0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]
    """
    moved = (rows.target != rows.origin) & (rows.weights > 0)
    times = np.unique(rows.stop[moved])
    shape = (len(times), rows.states)
    probability, errors, at_risk = np.empty(shape), np.empty(shape), np.empty(shape)
    moves = np.zeros((*shape, rows.states))
    ends = np.searchsorted(times, rows.stop[moved])
    np.add.at(moves, (ends, rows.origin[moved], rows.target[moved]), rows.weights[moved])
    share = np.zeros(rows.states) if initial is None else np.asarray(initial, dtype=float)
    pull = np.zeros((_count(rows.groups), rows.states))
    if initial is None and not len(times):  # nobody moves
        early = rows.start == rows.start.min()
        share = np.bincount(rows.origin[early], rows.weights[early], minlength=rows.states)
        share = share / share.sum()
    begun, begun_error = share, np.zeros(rows.states)
    for k, (held, here) in enumerate(_risk_sets(rows, times, np.flatnonzero(moved), ends)):
        total = held.sum(axis=0)
        if k == 0 and initial is None:
            begun = share = total / total.sum()
            pull = (held - np.outer(held.sum(axis=1), share)) / total.sum()
            begun_error = np.sqrt((pull**2).sum(axis=0))
        at_risk[k] = total
        safe = np.where(total > 0, total, 1.0)
        hazard = moves[k] / safe[:, None]
        step = hazard - np.diag(hazard.sum(axis=1))
        per_row = share / safe
        pull = pull + (pull - held * per_row) @ step
        gain = rows.weights[here] * per_row[rows.origin[here]]
        np.add.at(pull, (rows.groups[here], rows.target[here]), gain)
        np.subtract.at(pull, (rows.groups[here], rows.origin[here]), gain)
        share = share + share @ step
        probability[k] = share
        errors[k] = np.sqrt((pull**2).sum(axis=0))
    return Occupancy(times, probability, errors, at_risk, moves, begun, begun_error)


def _count(codes: Integers) -> int:
    return int(codes.max(initial=-1)) + 1


def _risk_sets(
    rows: Moves, times: Floats, moved: Integers, ends: Integers
) -> Iterator[tuple[Floats, Integers]]:
    """At each time, the weight at risk by group and state (G, S), and the rows that move."""
    size = (_count(rows.groups), rows.states)
    place = rows.groups * rows.states + rows.origin
    held = np.zeros(size[0] * size[1])
    enters, leaves = np.argsort(rows.start, kind="stable"), np.argsort(rows.stop, kind="stable")
    entered = np.searchsorted(rows.start[enters], times)
    left = np.searchsorted(rows.stop[leaves], times)
    order = np.argsort(ends, kind="stable")
    cuts = np.searchsorted(ends[order], np.arange(len(times) + 1))
    count = np.zeros(len(held), dtype=np.int64)
    done_in, done_out = 0, 0
    for k in range(len(times)):
        new, old = enters[done_in : entered[k]], leaves[done_out : left[k]]
        done_in, done_out = entered[k], left[k]
        np.add.at(held, place[new], rows.weights[new])
        np.subtract.at(held, place[old], rows.weights[old])
        np.add.at(count, place[new], 1)
        np.subtract.at(count, place[old], 1)
        held[count == 0] = 0.0  # what rounding leaves of nobody
        yield held.reshape(size), moved[order[cuts[k] : cuts[k + 1]]]
