"""The lead state of each row's coalition, by the number it bore when the coalition began."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.timelines.leads import coalition_table, lead_of


def test_lead_states_are_numbered_at_the_coalitions_begin():
    table = pd.DataFrame(
        {"lead_state": ["USA", None, "DEU"],
         "start": pd.to_datetime(["2003-03-20", "2003-03-20", "1985-01-01"])},
        index=["iraq", "mission", "early"],
    )  # fmt: skip
    rows = pd.DataFrame({"coalition": ["mission", "iraq", "other", "early"]})
    # the Federal Republic had 260 before 1990, and 255 since
    assert lead_of(rows, table).tolist() == [-1, 2, -1, 260]
    assert lead_of(rows, table.iloc[:0]).tolist() == [-1] * 4


def test_facts_without_coalitions_are_refused_for_the_builder():
    with pytest.raises(DataError, match="add_alliance needs coalitions"):
        coalition_table(cm.Facts(), "add_alliance")
