"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import matplotlib as mpl
import pytest

mpl.use("Agg")

ROOT = Path(__file__).resolve().parent.parent


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
