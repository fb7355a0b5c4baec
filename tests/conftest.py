"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

mpl.use("Agg")

ROOT = Path(__file__).resolve().parent.parent


#: told of tables that hold a few states only, as most tests' do, and of arguments that go; tests
#: of their own see to these warnings
TOLD = (
    "ignore:.*(missing in every row|nothing is known of)",
    "ignore:.* of (add_[a-z_]+|leader_cases)\\(\\) go(es)? in the next version",
)
ROOMS = {"features", "hypotheses", "designs", "sources", "metamorphic", "members"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let tests on small tables, and examples without sources, pass over what is told of them."""
    for item in items:
        if ROOMS & set(item.path.parts):
            for text in TOLD:
                item.add_marker(pytest.mark.filterwarnings(text), append=False)


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository root."""
    return ROOT


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder with the upstream files, or skip with the reason."""
    for candidate in (os.environ.get("COALITION_MODELS_MIRROR"), ROOT.parent / "shared" / "mirror"):
        if candidate and (Path(candidate) / "sources.csv").is_file():
            return Path(candidate)
    pytest.skip(
        "upstream files not at hand: set COALITION_MODELS_MIRROR to a folder that holds them"
    )


def make_months(n: int = 150, periods: int = 12, seed: int = 3) -> pd.DataFrame:
    """Member-months with exits, for tests of formulas, predictions and columns."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        x = rng.normal()
        for t in range(periods):
            z = rng.normal()
            p = 1 / (1 + np.exp(3.0 - 0.6 * x - 0.4 * z - 0.3 * (i % 3 == 1)))
            leaves = int(rng.random() < p)
            rows.append((f"S{i:02d}", "abc"[i % 3], t, t + 1, leaves, x, z, i % 7))
            if leaves:
                break
    names = ["state", "region", "start", "stop", "event", "x", "z", "g"]
    return pd.DataFrame(rows, columns=names)


@pytest.fixture(scope="session")
def months() -> Callable[..., pd.DataFrame]:
    """Give the maker of member-months."""
    return make_months
