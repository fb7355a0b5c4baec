"""Own coalitions, without any external source."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm

STATES = ["UGA", "KEN", "ETH", "ZMB", "BDI", "DJI", "SLE", "TZA", "MOZ", "RWA", "MWI", "MLI"]


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    """No external source is at hand."""
    monkeypatch.delenv("COALITION_MODELS_MIRROR", raising=False)
    monkeypatch.setenv("COALITION_MODELS_CACHE", str(tmp_path / "empty"))


def african_facts(**more: object) -> cm.Facts:
    members = pd.DataFrame(
        {"coalition": "amisom", "state": STATES, "entry": "2007-03-06", "exit": "2013-12-31"}
    ).assign(exit_kind=["early", "mission_end"] * 6)
    coalition = pd.DataFrame(
        {
            "coalition": ["amisom"],
            "start": ["2007-03-06"],
            "mandate_end": ["2013-12-31"],
            "lead_state": ["UGA"],
        }
    )
    return cm.Facts(members=members, coalitions=coalition, **more)


@pytest.fixture
def africans():
    return african_facts


@pytest.fixture(scope="session")
def iraq():
    return cm.build_panel(cm.facts("iraq"))
