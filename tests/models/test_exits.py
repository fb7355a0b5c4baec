"""The chance that a named member leaves soon: by predicted survival, by hand, by abuse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(
        members=80, hazard=0.03, coefficients={"risk": 0.5, "near": 0.4}, seed=3, late_entry=0.3
    )


@pytest.fixture(scope="module")
def here(panel):
    """A member that is seen to its twelfth month."""
    long = panel.groupby("state")["stop"].max().idxmax()
    return panel[(panel["state"] == long) & (panel["stop"] <= 12)]


def state_of(rows):
    return rows["state"].iloc[0]


@pytest.mark.parametrize("family", ["cox", "logit", "cloglog"])
def test_it_is_one_less_survival_given_survival_to_now(panel, here, family):
    fit = cm.fit(cm.Specification(family, "event ~ risk + near", cluster="state"), panel)
    found = cm.exit_probability(fit, here, state_of(here), 6)
    last = here.iloc[-1]
    values = {"risk": last["risk"], "near": last["near"]}
    table = cm.predict_survival(fit, values, begin=12, times=range(13, 19)).table
    np.testing.assert_allclose(found.table["probability"], 1 - table["survival"], rtol=1e-9)
    known = found.table["probability"] > 0
    expected = 1 - table["conf_high"]
    np.testing.assert_allclose(found.table["conf_low"][known], expected[known], rtol=1e-9)
    assert found.conf_low <= found.probability <= found.conf_high
    assert found.held == values
    assert "Assumed to stay as last seen: risk" in str(found)
    assert not [note for note in found.notes if note.startswith("Given survival")]


def test_by_hand():
    # one leaves of four at 1, one of three at 2, one of two at 3: from 1 on, 1 - 2/3 * 1/2 under
    # no effect; the Cox estimate of survival is exp(-(1/3 + 1/2))
    rows = pd.DataFrame(
        {"state": list("ABCD"), "start": 0, "stop": [1, 2, 3, 3], "event": [1, 1, 1, 0]}
    )
    rows["x"] = [0.0, 1.0, 0.0, 1.0]
    fit = cm.cox("event ~ x", rows, id="state")
    b = fit.coefficients[0]
    now = pd.DataFrame({"state": ["D"], "start": [0], "stop": [1], "event": [0], "x": [1.0]})
    hazard = np.exp(b) * (1 / (2 * np.exp(b) + 1) + 1 / (np.exp(b) + 1))
    found = cm.exit_probability(fit, now, "D", 2)
    assert found.probability == pytest.approx(1 - np.exp(-hazard))


def test_months_without_an_event_are_no_certainty():
    rows = pd.DataFrame(
        {"state": list("ABCD"), "start": 0, "stop": [1, 2, 9, 10], "event": [1, 1, 1, 0]}
    )
    rows["x"] = [0.0, 1.0, 0.0, 1.0]
    now = pd.DataFrame({"state": ["D"], "start": [0], "stop": [3], "event": [0], "x": [1.0]})
    found = cm.exit_probability(cm.cox("event ~ x", rows, id="state"), now, "D", 3)
    assert found.probability == 0
    assert np.isnan(found.conf_high)
    assert "limits that are missing" in str(found)


def test_changes_and_strata(panel, here):
    strata = panel.assign(region=panel["near"].astype(int))
    fit = cm.cox("event ~ risk", strata, strata="region")
    mine = here.assign(region=1)
    one = cm.exit_probability(fit, mine, state_of(here), 6)
    other = cm.exit_probability(fit, mine, state_of(here), 6, changes={"risk": 3.0})
    assert other.held["risk"] == 3.0
    assert "Assumed from now on: risk" in str(other)
    expected = cm.predict_survival(
        fit, {"risk": 3.0}, begin=12, times=[18], stratum=1
    ).table["survival"].item()  # fmt: skip
    assert other.probability == pytest.approx(1 - expected)
    assert one.probability != other.probability


def test_time_in_the_formula_runs(panel, here):
    fit = cm.cox("event ~ risk + risk:np.log(stop)", panel)
    found = cm.exit_probability(fit, here, state_of(here), 6)
    assert set(found.held) == {"risk"}
    expected = cm.predict_survival(
        fit, {"risk": here["risk"].iloc[-1]}, begin=12, times=[18]
    ).table["survival"].item()  # fmt: skip
    assert found.probability == pytest.approx(1 - expected)


def test_refused(panel, here):
    fit = cm.cox("event ~ risk", panel)
    state = state_of(here)
    with pytest.raises(cm.DataError, match="no state 'Atlantis'"):
        cm.exit_probability(fit, here, "Atlantis", 6)
    with pytest.raises(cm.DataError, match="has left"):
        cm.exit_probability(fit, here.assign(event=1), state, 6)
    with pytest.raises(cm.DataError, match="nobody was observed after"):
        cm.exit_probability(fit, here, state, 600)
    with pytest.raises(cm.DataError, match="risk is missing in the member's last row"):
        cm.exit_probability(fit, here.assign(risk=np.nan), state, 6)
    with pytest.raises(cm.DataError, match="no variable 'rsk'"):
        cm.exit_probability(fit, here, state, 6, changes={"rsk": 1})
    with pytest.raises(cm.DataError, match="several coalitions"):
        cm.exit_probability(fit, pd.concat([here, here.assign(coalition="other")]), state, 6)
    with pytest.raises(cm.DataError, match="months must be 1"):
        cm.exit_probability(fit, here, state, 0)
    quarters = cm.build_panel(cm.facts("iraq"), period="quarter")
    with pytest.raises(cm.DataError, match="rows are quarters"):
        cm.exit_probability(fit, quarters, "POL", 6)


def test_whose_chance_it_is_must_be_known(panel, here):
    """Leaders of one state are several members: none is taken for the state in silence."""
    told = panel.assign(leader=panel["state"] + " 1")
    fit = cm.cox("event ~ risk", told, id=["state", "leader"])
    two = pd.concat([here.assign(leader="first"), here.assign(leader="second", risk=2.0)])
    with pytest.raises(cm.DataError, match=r"several members by leader \(first, second\)"):
        cm.exit_probability(fit, two, state_of(here), 3)
    one = cm.exit_probability(fit, two[two["leader"] == "first"], state_of(here), 3)
    plain = cm.exit_probability(cm.cox("event ~ risk", panel), here, state_of(here), 3)
    assert one.probability == pytest.approx(plain.probability)


@pytest.mark.parametrize("gap", [pd.NA, np.nan])
def test_an_outcome_that_is_not_known_yet_is_no_exit(panel, here, gap):
    fit = cm.cox("event ~ risk", panel)
    open_rows = here.assign(event=pd.array([gap] * len(here), dtype="Float64"))
    found = cm.exit_probability(fit, open_rows, state_of(here), 3)
    assert found.probability == cm.exit_probability(fit, here, state_of(here), 3).probability


@pytest.mark.slow
def test_limits_cover_the_chance_that_made_the_data():
    """95 % limits of exits and of risk differences cover the truth about that often."""
    hits, draws, truth = {"exit": 0, "difference": 0}, 200, {}
    b, level, end = 0.6, 0.03, 12
    truth["exit"] = 1 - np.exp(-6 * level * np.exp(b))
    for seed in range(draws):
        rng = np.random.default_rng(seed)
        x = rng.integers(0, 2, 150).astype(float)
        left = rng.exponential(1 / (level * np.exp(b * x)))
        rows = pd.DataFrame({"state": [f"S{i}" for i in range(150)], "start": 0.0})
        rows["stop"], rows["event"], rows["x"] = np.minimum(left, 30), (left <= 30).astype(int), x
        fit = cm.cox("event ~ x", rows, id="state")
        now = pd.DataFrame({"state": ["A"], "start": 0.0, "stop": 5.0, "event": 0, "x": [1.0]})
        found = cm.exit_probability(fit, now, "A", 6, interval="log-log")
        hits["exit"] += found.conf_low <= truth["exit"] <= found.conf_high
        both = cm.adjusted_survival(fit, rows, "x", [0, 1], times=[end]).differences.iloc[0]
        truth["difference"] = np.exp(-end * level) - np.exp(-end * level * np.exp(b))
        hits["difference"] += both["conf_low"] <= truth["difference"] <= both["conf_high"]
    for share in (hits["exit"] / draws, hits["difference"] / draws):
        assert 0.91 <= share <= 0.985
