"""What is worst does not depend on the order of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.robustness import Robustness
from coalition_models.inference.caution import estimate_term
from coalition_models.inference.without_one import leave_one_out


def worst(labels, p_value):
    without = pd.DataFrame({"left_out": labels, "p_value": p_value, "holds": False})
    return Robustness(pd.DataFrame(), without).worst


@pytest.mark.parametrize(
    ("p_value", "name"),
    [
        ({"SVK": 0.9, "ITA": 0.9, "AUS": 0.2}, "ITA"),
        ({"SVK": 0.9 + 1e-12, "ITA": 0.9, "AUS": 0.2}, "ITA"),
        ({"SVK": 0.9001, "ITA": 0.9, "AUS": 0.2}, "SVK"),
        ({"SVK": np.nan, "ITA": np.nan, "AUS": 0.99}, "ITA"),
        ({"SVK": np.nan, "ITA": 0.9, "AUS": 0.99}, "SVK"),
        ({"SVK": 0.5, "ITA": 0.5, "AUS": 0.5}, "AUS"),
    ],
)
def test_ties_go_by_name(p_value, name):
    rng = np.random.default_rng(1)
    for _ in range(4):
        labels = rng.permutation(list(p_value))
        found, p = worst(labels, [p_value[label] for label in labels])
        assert found == name
        assert np.isnan(p) if np.isnan(p_value[name]) else p == p_value[name]


def twins(seed):
    """Every member twice, under two names: leaving out either twin is the same fit."""
    panel = cm.simulate_panel(members=16, hazard=0.08, coefficients={"x": 0.6}, seed=seed)
    other = panel.assign(state=panel["state"] + "b", cow=panel["cow"] + 5000)
    return pd.concat([panel, other], ignore_index=True)


@pytest.mark.parametrize(("model", "seed"), [("cox", 1), ("cox", 2), ("cox", 3), ("logit", 1)])
def test_twins_are_told_apart_by_name_in_any_order(model, seed):
    data = twins(seed)
    found = []
    for state in range(3):
        rows = data.sample(frac=1, random_state=state).reset_index(drop=True)
        primary = estimate_term(rows, "x", (), cluster=("state",), model=model)
        without = leave_one_out(primary).set_index("left_out").sort_index()
        found.append((Robustness(pd.DataFrame(), without.reset_index()).worst, without))
    for (name, p), without in found:
        assert name == found[0][0][0]
        assert p == pytest.approx(found[0][0][1], rel=1e-6)
        pd.testing.assert_frame_equal(without, found[0][1], rtol=1e-5, atol=1e-8)
    name = found[0][0][0]
    assert not name.endswith("b")
