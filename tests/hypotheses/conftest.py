"""Verdicts and panels shared by the tests of the claims."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.verdicts import test_hypotheses as run
from coalition_models.sources.fetch import CACHE_VARIABLE, MIRROR_VARIABLE


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """A block in which no external source is at hand."""

    def enter():
        patch = pytest.MonkeyPatch()
        patch.delenv(MIRROR_VARIABLE, raising=False)
        patch.setenv(CACHE_VARIABLE, str(tmp_path_factory.mktemp("empty")))
        return patch

    return enter


@pytest.fixture(scope="session")
def bundled(alone):
    """Every claim on every data set, with the bundled tables alone."""
    patch = alone()
    try:
        return run(robust=False)
    finally:
        patch.undo()


@pytest.fixture(scope="session")
def iraq():
    """The panel of Iraq without features, on the clock of the set."""
    return cm.build_panel(cm.load("participation"), coalitions=["iraq"])


@pytest.fixture(scope="session")
def graded(alone, iraq):
    """Claims with a full grid on Iraq's panel as a user would bring it."""
    patch = alone()
    try:
        return run({"iraq": iraq}, ["H02", "H09"])
    finally:
        patch.undo()


@pytest.fixture
def pulses():
    """Simulated panel whose members leave more often in months of a new leader."""

    def make(members=60, effect=1.2, seed=1, hazard=0.02, term="leader_change", **more):
        return cm.simulate_panel(
            members=members, hazard=hazard, seed=seed,
            coefficients={term: effect, **dict.fromkeys(more, 0.0)},
            covariates={term: "pulse", **more},
        )  # fmt: skip

    return make


@pytest.fixture(scope="session")
def alliances():
    """Commitments of 26 alliances, honoured or not, in the shape of the set of alliances."""
    rng = np.random.default_rng(8)
    count = 90
    change = rng.integers(0, 2, count)
    weak = rng.normal(size=26).repeat(4)[:count]
    violated = rng.random(count) < 1 / (1 + np.exp(1.0 - 1.2 * change - weak))
    return pd.DataFrame(
        {
            "regime_change": change.astype(float),
            "formality": rng.integers(0, 3, count).astype(float),
            "military_institutions": rng.integers(0, 3, count).astype(float),
            "capability_change_10": rng.integers(0, 2, count).astype(float),
            "state": [f"S{number}" for number in range(count)],
            "coalition": [f"A{number}" for number in np.arange(26).repeat(4)[:count]],
            "event": violated.astype(int),
        }
    )
