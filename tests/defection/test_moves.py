"""Defections as moves between states, by hand and on Iraq."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError

PANEL = pd.DataFrame({
    "coalition": "x", "state": ["A"] * 5 + ["B"] * 2, "spell": 1,
    "period": pd.to_datetime([f"2010-0{m}-01" for m in (1, 2, 3, 4, 5, 1, 2)]),
    "start": [0, 1, 2, 3, 4, 0, 1], "stop": [1, 2, 3, 4, 5, 1, 2], "event": 0,
})  # fmt: skip
DEFECTIONS = pd.DataFrame({
    "coalition": "x", "state": ["A", "A", "A", "B"], "spell": 1,
    "date": ["2010-02-10", "2010-03-10", "2010-05-10", "2010-02-03"],
    "kind": ["partial_cut", "caveat", "full", "full"],
})  # fmt: skip


def test_states_by_hand():
    moves = cm.defection_moves(cm.panel_events(PANEL, DEFECTIONS, how="repeated", period="month"))
    a, b = (moves[moves["state"] == state] for state in "AB")
    assert a["from"].tolist() == ["whole", "whole", "reduced", "reduced", "reduced"]
    assert a["to"].tolist() == ["whole", "reduced", "reduced", "reduced", "out"]
    assert b[["from", "to"]].to_numpy().tolist() == [["whole", "whole"], ["whole", "out"]]
    # each row begins where the one before it ended
    assert (a["from"].iloc[1:].to_numpy() == a["to"].iloc[:-1].to_numpy()).all()


def test_they_can_be_fitted_and_occupied():
    iraq = cm.analysis_set("iraq", features=["casualties"])
    moves = cm.defection_moves(iraq.recode("mcinnis-coded", how="repeated"))
    fit = cm.multistate("to ~ log_deaths_12m", moves, origin="from", cluster="state")
    assert len(fit.names) == 3
    shares = cm.state_occupancy(moves, origin="from", target="to").table
    assert shares.groupby("time")["occupancy"].sum().round(9).eq(1).all()


def test_other_panels_are_refused():
    with pytest.raises(DataError, match="how='repeated'"):
        cm.defection_moves(PANEL)
    coded = cm.panel_events(PANEL, DEFECTIONS, how="repeated", period="month")
    with pytest.raises(DataError, match="rename"):
        cm.defection_moves(coded.assign(to=1))
