"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
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
