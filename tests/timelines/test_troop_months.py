"""Troop-months by hand: a strength counts until the next is observed, the last until the exit."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from coalition_models.timelines.troop_months import exposure
from coalition_models.timelines.troops import Strengths


def test_troop_months_of_steps():
    levels = Strengths(
        spell=np.array([1, 0, 0]),
        month=np.array([12, 14, 10]),
        troops=np.array([50.0, 200.0, 100.0]),
        peak=np.zeros(3),
    )
    served = exposure(SimpleNamespace(exit=np.array([20, 30])), levels)
    spell = np.array([0, 0, 0, 0, 1, 1, -1])
    troops, months = served.until(spell, np.array([9, 12, 14, 25, 11, 13, 13]))
    # 100 in months 10 to 13, 200 from 14 to the exit in 20
    assert troops.tolist() == [0, 300, 600, 400 + 7 * 200, 0, 100, 0]
    assert months.tolist() == [0, 3, 5, 11, 0, 2, 0]
    troops, months = served.between(np.array([0]), np.array([12]), np.array([15]))
    assert (troops.tolist(), months.tolist()) == ([600], [4])


def test_without_a_strength_nothing_is_known():
    nothing = np.zeros(0)
    none = Strengths(nothing.astype(int), nothing.astype(int), nothing, nothing)
    served = exposure(SimpleNamespace(exit=np.array([20])), none)
    assert [part.tolist() for part in served.until(np.array([0]), np.array([15]))] == [[0], [0]]
