"""Claims tested on small panels, for figures and pages."""

from __future__ import annotations

import pytest

import coalition_models as cm
from coalition_models.hypotheses.contested import contest
from coalition_models.hypotheses.verdicts import test_hypotheses as run


@pytest.fixture(scope="session")
def verdicts():
    """Three simulated panels and four claims, of which two can be tested."""
    panels = {
        f"sim{seed}": cm.simulate_panel(
            members=40,
            hazard=0.02,
            seed=seed,
            coefficients={"leader_change": 1.0, "log_troops": 0.2},
            covariates={"leader_change": "pulse", "log_troops": "varying"},
        )
        for seed in (1, 2, 3)
    }
    return run(panels, ["H02", "H08", "H29", "H44"])


@pytest.fixture(scope="session")
def elections():
    return contest("elections", "iraq", windows=[2, 6], dates=["main", "last"])
