"""Outputs of R's QCA, kept outside the project."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def r_results():
    """Results of R's QCA 3.25, or skip with the reason."""
    places = [ROOT.parent / "shared"]
    if "COALITION_MODELS_MIRROR" in os.environ:
        places.insert(0, Path(os.environ["COALITION_MODELS_MIRROR"]).parent)
    for place in places:
        path = place / "research" / "fixtures" / "qca-r-results.json"
        if path.is_file():
            return json.loads(path.read_text(encoding="utf-8"))
    pytest.skip(
        "outputs of R's QCA are not at hand: qca-r-results.json of others is not committed here"
    )


@pytest.fixture(scope="session")
def lipset(r_results):
    """Eighteen states, fuzzy."""
    one = r_results["analyses"][0]
    return pd.DataFrame(one["data"], index=one["case_ids"])
