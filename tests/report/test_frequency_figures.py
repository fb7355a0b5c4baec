"""Pictures of frequencies and of hollowing, with the numbers they show."""

from __future__ import annotations

import pytest

import coalition_models as cm
from coalition_models.report.figures.frequencies import (
    frequencies_data,
    hollowing_data,
    plot_frequencies,
    plot_hollowing,
)


@pytest.fixture(scope="module")
def counted():
    return cm.frequencies("rsm", outcomes=["early", "every defection"], draws=200)


def test_the_picture_shows_the_table(counted):
    plot = plot_frequencies(counted, title="How often")
    data = frequencies_data(counted)
    assert plot.data.equals(data)
    row = data.query("outcome == 'early' and interval == 'coding'").iloc[0]
    table = counted.table.set_index("outcome").loc["early"]
    assert row[["low", "high"]].tolist() == table[["coding_low", "coding_high"]].tolist()
    assert plot.to_bytes("svg") == plot_frequencies(counted, title="How often").to_bytes("svg")


def test_rates_of_nought_are_drawn(counted):
    plot = plot_frequencies(counted.regroup("form"))
    assert (plot.data["rate"] == 0).any()
    assert len(plot.to_bytes("png")) > 1000


def test_hollowing_is_drawn_as_shares_of_the_peak():
    found = cm.hollowing(cm.facts("iraq"))
    plot = plot_hollowing(found)
    assert plot.data.equals(hollowing_data(found))
    assert plot.data.groupby("what")["share"].max().round(9).tolist() == [1.0, 1.0, 1.0]
    assert plot.data["month"].max() < found.months["month"].max()
    assert len(plot.to_bytes("png")) > 1000
