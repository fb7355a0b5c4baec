"""The simulated curve: as estimates of each draw would have it, and read off rightly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference import estimate_term
from coalition_models.inference.both_tests import both_tests, clusters_of
from coalition_models.inference.exit_draws import expected_hazard, first_exits
from coalition_models.inference.power_curve import RATIOS, PowerCurve, power_curve


def curve_of(panel, term, *, clusters=("state",), controls=(), **more):
    found = estimate_term(panel, term, controls)
    return power_curve(found, clusters_of(found, panel, clusters), **more)


def test_power_grows_with_the_ratio_in_both_directions(pulses):
    curve = curve_of(pulses(60, effect=0.0, hazard=0.02, seed=3), "leader_change", draws=30)
    assert curve.table["ratio"].tolist() == pytest.approx([*(1 / r for r in RATIOS[::-1]), *RATIOS])
    up = curve.table.loc[curve.table["ratio"] > 1, "power"].to_numpy()
    assert (np.diff(up) >= -0.1).all()
    assert curve.at(5.0) > 0.9 > curve.at(1.5)
    # with few exposed events to lose, a fall can hardly ever be shown
    assert curve.at(0.2) < curve.at(5.0)
    assert (curve.table["error"] <= 0.5 / np.sqrt(30)).all()


def test_each_draw_is_decided_as_both_tests_would(pulses):
    """The arrays of the curve against estimates of the drawn panels, one by one."""
    panel = pulses(40, effect=0.0, hazard=0.02, seed=4, risk="varying")
    found = estimate_term(panel, "leader_change", ["risk"], keep_controls=True)
    draws, ratio = 8, 3.0
    curve = power_curve(
        found, clusters_of(found, panel, ["state"]), draws=draws, ratios=[ratio], seed=9
    )
    rows = panel.sort_values(["coalition", "state", "spell", "start"], ignore_index=True)
    history = rows.groupby(["coalition", "state", "spell"], sort=False).ngroup().to_numpy()
    x = rows["leader_change"].to_numpy(float)
    hazard = expected_hazard(
        history, np.exp(np.log(ratio) * (x - x.mean())), int(panel["event"].sum())
    )
    decided = 0
    for stream in np.random.SeedSequence(9).spawn(draws):
        leaves, kept = first_exits(history, hazard, np.random.default_rng(stream))
        drawn = rows.assign(event=leaves.astype(int))[kept].reset_index(drop=True)
        again = estimate_term(drawn, "leader_change", ["risk"], keep_controls=True)
        tests = both_tests(again, drawn, ["state"])
        few = tests.exposure.lacking
        near = np.nanmin([abs(tests.p_wild - 0.05), 1])
        if near < 0.01:  # the curve has fewer weights
            continue
        decided += (
            not few and again.estimate > 0 and tests.p_wild < 0.05 and tests.p_jackknife < 0.05
        )
    assert abs(decided / draws - curve.at(ratio)) <= 1 / draws + 1e-9


def test_exits_are_as_many_as_expected_and_the_first_of_each_history():
    rng = np.random.default_rng(1)
    history = np.repeat(np.arange(200), 10)
    hazard = expected_hazard(history, np.ones(2000), 60)
    chance = -np.expm1(-np.bincount(history, hazard))
    assert chance.sum() == pytest.approx(60)
    number = []
    for _ in range(100):
        leaves, kept = first_exits(history, hazard, rng)
        exits = np.bincount(history, leaves)
        assert exits.max() == 1
        number.append(exits.sum())
        for h in np.flatnonzero(exits)[:5]:
            own = history == h
            last = np.flatnonzero(leaves[own])[0]
            assert kept[own].tolist() == [True] * (last + 1) + [False] * (9 - last)
    assert np.mean(number) == pytest.approx(60, abs=5 * np.sqrt(60 / 100))


def test_the_detectable_ratio_is_read_off_the_curve():
    curve = PowerCurve(
        pd.DataFrame({"ratio": [0.2, 0.5, 2.0, 4.0], "power": [0.9, 0.5, 0.4, 0.79], "error": 0.0}),
        100,
    )
    assert curve.detectable(0.8, up=True) == np.inf
    assert curve.detectable(0.4, up=True) == pytest.approx(2.0)
    assert curve.detectable(0.2, up=True) == pytest.approx(np.sqrt(2))
    halfway = np.exp(-(np.log(2) + np.log(5)) / 2)
    assert curve.detectable(0.7, up=False) == pytest.approx(halfway)
    dip = PowerCurve(curve.table.assign(power=[0.9, 0.5, 0.6, 0.5]), 100)
    assert dip.detectable(0.55, up=True) < 2


def test_what_has_no_curve(pulses):
    panel = pulses(30, effect=0.5)
    found = estimate_term(panel, "leader_change", model="logit")
    assert power_curve(found, clusters_of(found, panel, ["state"])) is None
    cox = estimate_term(panel, "leader_change")
    with pytest.raises(DataError, match="ratios above 1"):
        power_curve(cox, clusters_of(cox, panel, ["state"]), ratios=[0.5])


def test_verdicts_carry_the_curve(pulses):
    found = cm.test_hypotheses(pulses(60, effect=1.2), "H02", robust=False, draws=12)
    (row,) = found.table.to_dict("records")
    curve = found.curves["H02", "panel"]
    assert row["detectable"] == curve.detectable(0.8, up=True)
    assert row["detectable_other"] == curve.detectable(0.8, up=False)
    text = " ".join(str(found).split())
    assert "Power by simulation" in text
    assert "12 draws each, standard error 14 points at most" in text
    assert list(found.power_frame()["ratio"]) == list(curve.table["ratio"])
