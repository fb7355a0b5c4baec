"""Troop-months: how many served for how long, by spell or by any group of spells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.timelines.calendar import Integers, find_until
from coalition_models.timelines.roster import Roster
from coalition_models.timelines.troops import Strengths

__all__ = ["Exposure", "exposure"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Exposure:
    """Strengths as steps in time, with the troop-months before each step.

    A strength counts from the month of its observation to the month before the next one, the
    last one to the month of the exit. Months before the first observation of a spell have no
    known strength and count neither as troops nor as months.
    """

    levels: Strengths
    exit: Integers
    before: Floats
    first: Integers

    def until(self, spell: Integers, month: Integers) -> tuple[Floats, Floats]:
        """Troop-months of a spell up to and with a month, and the months of known strength."""
        nothing = np.zeros(len(spell))
        if not len(self.levels.month):
            return nothing, nothing.copy()
        end = np.where(spell >= 0, np.minimum(month, self.exit[spell]), month)
        found = find_until(self.levels.spell, self.levels.month, spell, end)
        some = (found >= 0) & (spell >= 0)
        since = end - self.levels.month[found] + 1
        troops = self.before[found] + self.levels.troops[found] * since
        months = end - self.first[found] + 1.0
        return np.where(some, troops, 0.0), np.where(some, months, 0.0)

    def between(self, spell: Integers, low: Integers, high: Integers) -> tuple[Floats, Floats]:
        """Troop-months and months of known strength from ``low`` to ``high``, both included."""
        troops, months = self.until(spell, high)
        earlier_troops, earlier_months = self.until(spell, low - 1)
        return troops - earlier_troops, months - earlier_months


def exposure(members: Roster, levels: Strengths) -> Exposure:
    """Sum up the troop-months before each observed strength."""
    order = np.lexsort((levels.month, levels.spell))
    sorted_levels = Strengths(
        spell=levels.spell[order],
        month=levels.month[order],
        troops=levels.troops[order],
        peak=levels.peak[order],
    )
    spell, month, troops = sorted_levels.spell, sorted_levels.month, sorted_levels.troops
    n = len(order)
    if not n:
        return Exposure(sorted_levels, members.exit, np.zeros(0), np.zeros(0, dtype=np.int64))
    same = np.zeros(n, dtype=bool)
    same[1:] = spell[1:] == spell[:-1]
    steps = np.zeros(n)
    steps[1:] = np.where(same[1:], troops[:-1] * (month[1:] - month[:-1]), 0.0)
    start = np.maximum.accumulate(np.where(same, 0, np.arange(n)))
    total = np.cumsum(steps)
    return Exposure(sorted_levels, members.exit, total - total[start], month[start])
