"""Shares, spans and pairs by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.sensitivity.summaries import moves, pairs, share, span

TABLE = pd.DataFrame(
    [
        ("entry", 3, 0.5, 0.01),
        ("entry", 6, -0.3, 0.04),
        ("coalition", 3, 0.4, 0.20),
        ("coalition", 6, np.nan, np.nan),
    ],
    columns=["clock", "window", "estimate", "p_value"],
)


def test_shares_count_failures_as_not_holding():
    table = TABLE.assign(holds=TABLE["p_value"] < 0.05)
    assert share(table, "holds") == 0.5
    assert np.isnan(share(table[:0], "holds"))
    with pytest.raises(DataError, match="no column hold; it has clock"):
        share(table, "hold")


def test_pairs_by_hand():
    found = pairs(TABLE, ["clock", "window"], clear=0.35).set_index(["choice", "from", "to"])
    window, clock = found.loc[("window", 3, 6)], found.loc[("clock", "entry", "coalition")]
    # the pair on the coalition's clock lacks one result
    assert window[["pairs", "flips", "clear_flips", "both_significant"]].tolist() == [1, 1, 0, 1]
    assert window[["share", "mean_change", "largest_change"]].tolist() == pytest.approx(
        [1, 0.8, 0.8]
    )
    assert clock[["pairs", "flips", "share"]].tolist() == [1, 0, 0]
    assert clock["mean_change"] == pytest.approx(0.1)
    assert list(found.index[0]) == ["window", 3, 6]


def test_ratios_have_their_sign_at_one_and_a_result_without_sign_makes_no_pair():
    table = pd.DataFrame({"a": ["x", "y", "z"], "ratio": [0.5, 2.0, 1.0], "p_value": 0.5})
    found = pairs(table, ["a"], "ratio", null=1.0)
    assert found[["from", "to", "pairs", "flips"]].to_numpy().tolist() == [
        ["x", "y", 1, 1], ["x", "z", 0, 0], ["y", "z", 0, 0],
    ]  # fmt: skip


def test_rows_of_one_combination_are_compared_term_by_term():
    table = pd.DataFrame(
        {"rule": ["a", "a", "b", "b"], "term": ["x", "y"] * 2, "estimate": [1.0, -1, 0.5, 2],
         "p_value": 0.5}
    )  # fmt: skip
    found = pairs(table, ["rule"], by=["term"])
    assert found[["pairs", "flips"]].to_numpy().tolist() == [[2, 1]]


def test_the_dimension_that_moves_most_comes_first():
    found = moves(TABLE, ["clock", "window"])
    assert found["dimension"].tolist() == ["window", "clock"]
    assert found["mean_change"].tolist() == pytest.approx([0.8, 0.1])
    assert found["options"].tolist() == [2, 2]
    alone = moves(TABLE.drop(columns="p_value")[:1], ["clock", "window"])
    assert alone["pairs"].tolist() == [0, 0]
    assert alone["mean_change"].isna().all()


def test_spans_by_hand():
    table = pd.DataFrame(
        {"term": ["x", "x", "y", "y", "z"], "ratio": [0.5, 0.8, 0.5, 2.0, np.nan],
         "p_value": [0.01, 0.06, 0.5, 0.04, np.nan]}
    )  # fmt: skip
    found = span(table, "ratio", by="term", null=1.0)
    assert found.loc["x"].tolist() == [2, 0.5, 0.8, 1, True]
    assert found.loc["y"].tolist() == [2, 0.5, 2.0, 1, False]
    assert list(found.index) == ["x", "y"]
    assert span(table[4:], "ratio", by="term").empty
