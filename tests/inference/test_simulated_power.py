"""How often an effect is found in simulated exits."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.inference.simulated_power import simulate_power


def test_simulation_is_seeded_and_blind_to_the_order_of_rows(pulses):
    panel = pulses(40, effect=0.0, seed=3)
    first = simulate_power(panel, "leader_change", 2.0, draws=12, seed=5)
    assert simulate_power(panel, "leader_change", 2.0, draws=12, seed=5) == first
    shuffled = panel.sample(frac=1.0, random_state=1)
    again = simulate_power(shuffled, "leader_change", 2.0, draws=12, seed=5)
    assert again == first
    assert simulate_power(panel, "leader_change", 2.0, draws=12, seed=6) != first


def test_a_large_effect_is_found_and_exits_are_as_many_as_observed(pulses):
    panel = pulses(60, effect=0.0, seed=3)
    found = simulate_power(panel, "leader_change", 6.0, draws=25, seed=1)
    assert found.power >= 0.9
    assert found.false_sign == 0
    assert found.refused == 0
    # a sum of bernoulli draws with that mean: five standard errors
    events = panel["event"].sum()
    assert abs(found.mean_events - events) < 5 * np.sqrt(events / 25)


def test_bad_calls(pulses):
    panel = pulses(20)
    with pytest.raises(DataError, match="no event"):
        simulate_power(panel.assign(event=0), "leader_change", 2.0, seed=1)
    with pytest.raises(DataError, match="positive and draws 1 or more"):
        simulate_power(panel, "leader_change", 0.0, seed=1)
    with pytest.raises(DataError, match="positive and draws 1 or more"):
        simulate_power(panel, "leader_change", 2.0, draws=0, seed=1)
