"""New columns: where they stand, what is replaced, what is told of what is missing."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning
from coalition_models.features.attach import attach
from coalition_models.record import made_of, sources_of

ONE = {"sources": ["troops"], "choices": {"window": 6}}


@pytest.fixture
def panel():
    return cm.build_panel(cm.facts("iraq")).head(4).copy()


def test_values_stand_by_row_and_the_panel_given_stays(panel):
    panel.index = [7, 5, 3, 1]
    out = attach(panel, {"x": np.arange(4.0), "y": pd.Series(range(4))}, **ONE)
    assert out["x"].tolist() == [0, 1, 2, 3]
    # a series counts by place, whatever its index
    assert out["y"].tolist() == [0, 1, 2, 3]
    assert out.index.tolist() == [7, 5, 3, 1]
    assert "x" not in panel.columns
    assert made_of(out, "x")["window"] == 6
    assert "troops" in sources_of(out)


def test_a_builders_column_is_replaced_in_silence_and_ones_own_is_not(panel):
    once = attach(panel, {"x": np.zeros(4)}, **ONE)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = attach(once, {"x": np.ones(4)}, **ONE)
    assert again["x"].tolist() == [1] * 4
    with pytest.warns(CoalitionWarning, match="had a column x that no builder"):
        attach(panel.assign(x=5), {"x": np.ones(4)}, **ONE)


def test_what_is_missing_is_said_once_with_the_reason_and_the_cure(panel):
    nothing = np.full(4, np.nan)
    with pytest.warns(CoalitionWarning) as caught:
        out = attach(
            panel, {"x": nothing, "y": nothing, "z": np.ones(4)}, **ONE,
            notes={"x": "not at hand; too early", "y": "too early"}, builder="add_x", cure="Do it.",
        )  # fmt: skip
    assert [str(one.message) for one in caught] == [
        "add_x: missing in every row: x, y (not at hand; too early). Do it."
    ]
    assert made_of(out, "x")["note"] == "not at hand; too early"
    state = panel["state"].iloc[0]
    others = panel.assign(state=[state, state, "XXX", "XXX"])
    some = np.where(others["state"] == state, np.nan, 1.0)
    with pytest.warns(CoalitionWarning, match=f"nothing is known of {state}"):
        attach(others, {"x": some}, **ONE)
    # the data say themselves that they do not cover the state: in the record, without a warning
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = attach(others, {"x": some}, **ONE, not_covered={state, "YYY"})
    assert made_of(told, "x")["not_covered"] == [state]
