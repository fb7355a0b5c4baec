"""Whether and how: moves by hand, and known effects of pressure on form recovered."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.form_effects import MOVES, form_effects, moved_effects
from coalition_models.errors import DataError


def moves(seed, members=80, months=48, pressure=(0.0, 0.0), hazards=(0.012, 0.012)):
    """Members under pressure or not, who defect in part or leave, with known log ratios."""
    rng = np.random.default_rng(seed)
    rows = []
    for member in range(members):
        pressed, state = member % 2, "whole"
        for month in range(months):
            part, out = (h * np.exp(b * pressed) for h, b in zip(hazards, pressure, strict=True))
            part = 0.0 if state == "reduced" else part
            draw = rng.random()
            to = "out" if draw < out else "reduced" if draw < out + part else state
            rows.append((f"S{member:03d}", month, month + 1, state, to, pressed))
            state = to
            if to == "out":
                break
    return pd.DataFrame(rows, columns=["state", "start", "stop", "from", "to", "pressed"])


def test_moves_are_counted_and_what_cannot_be_carried_is_said():
    iraq = form_effects([cm.analysis_set("iraq")], {"pressure": "nato_member"})
    rows = iraq.set_index("move")
    assert rows.loc[list(MOVES), "events"].tolist() == [8, 17, 4]
    assert rows.loc["any first defection", "events"] == 25
    assert rows["carries"].tolist() == [True, False, True, False, False]
    assert rows.loc["reduced to out", "problem"]
    few = moves(1, members=6)
    few = few.assign(to=few["to"].where(few["to"] != "reduced", few["from"]))
    table = moved_effects(few, "pressed").set_index("move")
    assert table.loc["whole to reduced", "problem"] == "it never happens"
    assert table.loc["full against in part", "problem"].startswith("0 in part and")
    with pytest.raises(DataError, match="no column 'weather'"):
        moved_effects(few, "weather")


def test_how_is_the_ratio_of_the_two_ratios():
    table = moved_effects(moves(2, pressure=(1.0, 0.0)), "pressed").set_index("move")
    each = table.loc[["whole to reduced", "whole to out"], "ratio"]
    assert table.loc["full against in part", "ratio"] == pytest.approx(each.iloc[1] / each.iloc[0])
    known = table.dropna(subset=["exposed_events"])
    assert (known["exposed_events"] <= known["events"]).all()
    counted = table.loc["any first defection", "exposed_events"]
    assert counted == table.loc[["whole to reduced", "whole to out"], "exposed_events"].sum()


@pytest.mark.slow
@pytest.mark.parametrize("pressure", [(0.0, 0.0), (1.0, 0.0), (0.7, 0.7)])
def test_known_effects_of_pressure_on_form_are_covered(pressure):
    """Coverage of 95% limits in 120 coalitions: .90 to 1.00 (standard error .02)."""
    draws = 120
    right = {"whole to reduced": pressure[0], "whole to out": pressure[1],
             "full against in part": pressure[1] - pressure[0]}  # fmt: skip
    inside = dict.fromkeys(right, 0)
    found = dict.fromkeys(right, 0.0)
    for seed in range(draws):
        table = moved_effects(moves(seed, pressure=pressure), "pressed").set_index("move")
        for move, truth in right.items():
            row = table.loc[move]
            inside[move] += row["ratio_low"] <= np.exp(truth) <= row["ratio_high"]
            found[move] += np.log(row["ratio"]) / draws
    assert all(0.90 <= count / draws <= 1.0 for count in inside.values()), inside
    assert all(abs(found[move] - truth) < 0.12 for move, truth in right.items()), found
