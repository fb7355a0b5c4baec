"""Leaving before and after a first defection in part."""

from __future__ import annotations

import pytest

import coalition_models as cm
from coalition_models.designs.form_moves import form_moves


def test_iraq_and_isaf():
    table = form_moves([cm.analysis_set(name, features=False) for name in ("iraq", "isaf")])
    rows = table.set_index(["set", "state"])
    assert rows.loc[("iraq", "whole"), ["reduced", "left"]].tolist() == [8, 17]
    assert rows.loc[("iraq", "reduced"), "left"] == 4
    assert rows.loc[("iraq", "reduced"), "ratio"] == pytest.approx(3.25, abs=0.01)
    # every early exit is from one of the two
    assert rows.groupby("set")["left"].sum().to_dict() == {"iraq": 21, "isaf": 6}
