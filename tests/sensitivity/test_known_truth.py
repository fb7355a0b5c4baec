"""Where the truth is known: level with frailty, copies, and what sampling over facts adds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import Dimension, Exchange, Setting, spec_curve

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.CoalitionWarning")

PERIODS = pd.date_range("2001-01-01", periods=40, freq="MS")
STATES = [f"S{j:02d}" for j in range(20)]
SPEC = cm.Specification("cox", "event ~ near", cluster="state")


def histories(rng: np.random.Generator) -> pd.DataFrame:
    """Each state is exposed for three months of its own in every twelve."""
    phase = rng.integers(0, 12, len(STATES))
    grid = ((np.arange(len(PERIODS))[None, :] + phase[:, None]) % 12 < 3).astype(float)
    return pd.DataFrame(grid, index=STATES, columns=PERIODS)


def panel_of(held: pd.DataFrame, rng: np.random.Generator, effect: float = 0.0) -> pd.DataFrame:
    """Members who leave with a hazard of their own, whatever month it is, times the effect."""
    own = np.exp(rng.normal(size=len(STATES)))[:, None]
    leaves = rng.random(held.shape) < 0.03 * own * np.exp(effect * held.to_numpy())
    stay = np.where(leaves.any(axis=1), leaves.argmax(axis=1) + 1, len(PERIODS))
    size = rng.normal(size=len(STATES))
    parts = [
        pd.DataFrame(
            {"coalition": "made", "state": state, "spell": 1, "period": PERIODS[:months],
             "start": np.arange(months), "stop": np.arange(1, months + 1), "size": size[j],
             "event": (leaves[j, :months]).astype(int), "near": held.loc[state].to_numpy()[:months]}
        )
        for j, (state, months) in enumerate(zip(STATES, stay, strict=True))
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def choices(*more: str) -> list[Dimension]:
    options = {"none": lambda s: s, "size": lambda s: s.respecify(formula="event ~ near + size")}
    copies = dict.fromkeys(more, options["none"])
    return [
        Dimension("controls", {**options, **copies}),
        Dimension(
            "family", {n: (lambda s, n=n: s.respecify(family=n)) for n in ("cox", "cloglog")}
        ),
    ]


def judged(seed: int, *more: str, effect: float = 0.0, draws: int = 19):
    rng = np.random.default_rng(seed)
    held = histories(rng)
    base = Setting(panel=panel_of(held, rng, effect)).assign(histories=held)
    return spec_curve(
        SPEC, "near", choices(*more), base=base, exchange=Exchange(), draws=draws, seed=seed
    )


def test_a_specification_that_is_there_twice_changes_nothing() -> None:
    one, other = judged(1, draws=99), judged(1, "again", draws=99)
    assert len(other.table) == len(one.table) + 2
    assert one.joint is not None
    assert other.joint is not None
    assert other.joint.distinct == one.joint.distinct
    pd.testing.assert_frame_equal(other.joint.table, one.joint.table)


@pytest.mark.slow
def test_joint_permutation_keeps_its_level_with_frailty_and_finds_an_effect() -> None:
    runs = 150
    null = np.array([judged(seed).joint.table["p_value"] for seed in range(runs)])
    assert ((null <= 0.1).mean(axis=0) <= 0.1 + 3 * np.sqrt(0.09 / runs)).all()
    found = np.array([judged(seed, effect=2.0).joint.table["p_value"] for seed in range(30)])
    assert (found[:, 0] <= 0.1).mean() > 0.6
