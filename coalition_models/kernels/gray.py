"""Gray's (1988) test that groups have one cumulative incidence of a kind of exit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._panel import Floats, Integers
from coalition_models.kernels.wald import joint_test

__all__ = ["GrayTest", "gray_test"]


@dataclass(frozen=True)
class GrayTest:
    """Scores (K - 1,) of all groups but the last, their covariance, and the chi-squared."""

    scores: Floats
    covariance: Floats
    statistic: float
    df: int


def gray_test(time: Floats, kind: Integers, group: Integers) -> GrayTest:
    """Compare subdistribution hazards between groups (weights of Gray's rho = 0).

    Parameters
    ----------
    time : array, shape (n,)
        Exit or censoring; everyone is at risk from the beginning.
    kind : array of int, shape (n,)
        0 without an exit, 1 for the exit in question, 2 for any other.
    group : array of int, shape (n,)
        From 0.

    Examples
    --------
    >>> import numpy as np
    >>> found = gray_test(np.arange(1.0, 9), np.array([1, 2, 1, 0, 1, 1, 2, 1]),
    ...                   np.array([0, 1, 0, 1, 0, 1, 0, 1]))
    >>> found.df, round(found.statistic, 4)
    (1, ...)
    """
    groups = int(group.max()) + 1
    at_risk = np.bincount(group, minlength=groups).astype(float)
    left, before = np.ones(groups), np.zeros(groups)  # still there and gone by this kind, till now
    pooled = 0.0
    scores, memory = np.zeros(groups), np.zeros((groups, groups))
    jumps: list[_Jump] = []
    for moment in np.unique(time):
        here = time == moment
        own = np.bincount(group[here & (kind == 1)], minlength=groups).astype(float)
        other = np.bincount(group[here & (kind == 2)], minlength=groups).astype(float)
        if (own + other).any():
            now = _Moment(at_risk, left, before, own, other)
            scores += own - now.expected(own.sum())
            pooled_after = pooled + now.step
            pull = now.pull()
            memory = memory + pull * (now.step / (1 - pooled))
            jumps += now.jumps(pull, memory, pooled_after)
            left, before, pooled = now.left_after, now.before_after, pooled_after
        at_risk = at_risk - np.bincount(group[here], minlength=groups)
    covariance = sum((jump.spread(memory) for jump in jumps), np.zeros((groups, groups)))
    last = groups - 1
    tested = joint_test(scores[:last], covariance[:last, :last])
    return GrayTest(scores[:last], covariance[:last, :last], tested.statistic, tested.df)


@dataclass(frozen=True, eq=False)
class _Jump:
    """Exits of a group at one time: their variance, and how they move the scores.

    They move the scores by ``now`` (K,), and by ``later`` times what the scores will have taken
    up of the group's curve in the end.
    """

    group: int
    size: float
    later: float
    now: Floats

    def spread(self, memory: Floats) -> Floats:
        """What they add to the covariance of the scores, by the memory of the whole time."""
        move = self.now + self.later * memory[:, self.group]
        return np.asarray(self.size * np.outer(move, move))


@dataclass(frozen=True, eq=False)
class _Moment:
    """One time of exits: all arrays by group, before it unless they say otherwise."""

    at_risk: Floats
    left: Floats
    before: Floats
    own: Floats
    other: Floats

    @property
    def present(self) -> Floats:
        """Where anyone is at risk; elsewhere nothing counts."""
        return (self.at_risk > 0).astype(float)

    @property
    def reweighted(self) -> Floats:
        """At risk of the subdistribution, per unit of its survival."""
        return np.where(self.at_risk > 0, self.at_risk / np.where(self.left > 0, self.left, 1), 0.0)

    @property
    def everyone(self) -> float:
        """All whom those at risk stand for, of whom the pooled curve's step is a share."""
        return float(self.reweighted.sum())

    @property
    def total(self) -> float:
        """At risk of the subdistribution in all groups."""
        return float((self.reweighted * (1 - self.before)).sum())

    @property
    def step(self) -> float:
        """Step of the pooled cumulative incidence."""
        return float(self.own.sum()) / self.everyone

    @property
    def left_after(self) -> Floats:
        gone = np.where(self.at_risk > 0, (self.own + self.other) / np.maximum(self.at_risk, 1), 0)
        return np.asarray(self.left * (1 - gone))

    @property
    def before_after(self) -> Floats:
        gone = np.where(self.at_risk > 0, self.own / np.maximum(self.at_risk, 1), 0)
        return np.asarray(self.before + self.left * gone)

    def expected(self, events: float) -> Floats:
        return np.asarray(events * self.reweighted * (1 - self.before) / self.total)

    def pull(self) -> Floats:
        """How the score of one group (rows) moves with the curve of another (columns)."""
        own = self.reweighted
        return np.asarray(np.diag(own) - np.outer(own, own) / own.sum())

    def jumps(self, pull: Floats, memory: Floats, pooled: float) -> Iterator[_Jump]:
        """Exits of this moment, by group."""
        after = self.left_after
        events = float(self.own.sum())
        for k in map(int, np.flatnonzero(self.at_risk > 0)):
            share = (1 - pooled) / after[k] if after[k] > 0 else 0.0
            if events > 0:
                fewer = _fewer(events, self.everyone * self.left[k])
                size = fewer * self.left[k] * events / (self.everyone * self.at_risk[k])
                slope = 1 - share
                yield _Jump(k, size, slope, pull[:, k] - slope * memory[:, k])
            if self.other[k] > 0 and after[k] > 0:
                size = _fewer(self.other[k], self.at_risk[k])
                size *= self.left[k] ** 2 * self.other[k] / self.at_risk[k] ** 2
                yield _Jump(k, size, share, -share * memory[:, k])


def _fewer(tied: float, among: float) -> float:
    """Exits at one time are drawn without replacement."""
    return 1 - (tied - 1) / (among - 1) if tied > 1 else 1.0
