"""Simulated panels: shape, reproducibility, and the truth in them."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from coalition_models.errors import DataError
from coalition_models.members.simulate.panel import simulate_panel
from coalition_models.members.simulate.paths import COVARIATE_KINDS, covariate_path
from coalition_models.record import record_of

KEY = ["coalition", "state", "spell", "period"]
SEVERAL = {
    "members": 30,
    "coalitions": 2,
    "spells": 3,
    "hazard": {"early": 0.02, "scheduled": 0.03},
    "coefficients": {"early": {"risk": 0.8}, "scheduled": {"risk": -0.5, "seniority": 0.4}},
}


def fit_hazard(panel: pd.DataFrame, terms: list[str], event: pd.Series) -> tuple[pd.Series, ...]:
    """Fit the grouped proportional hazard, whose coefficients are the truth whatever the ties."""
    design = sm.add_constant(panel[terms].astype(float))
    link = sm.families.links.CLogLog()
    fit = sm.GLM(event.astype(float), design, family=sm.families.Binomial(link=link)).fit()
    return fit.params[terms], fit.bse[terms]


def test_seed_makes_the_panel():
    first = simulate_panel(**SEVERAL, seed=3)
    pd.testing.assert_frame_equal(first, simulate_panel(**SEVERAL, seed=3))
    assert (
        record_of(first).notes["truth"]
        == record_of(simulate_panel(**SEVERAL, seed=3)).notes["truth"]
    )
    other = simulate_panel(**SEVERAL, seed=4)
    assert len(other) != len(first) or not other["event"].equals(first["event"])


@pytest.mark.parametrize("clock", ["entry", "coalition"])
@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_rows_are_keyed_and_contiguous(clock, period):
    panel = simulate_panel(**SEVERAL, period=period, clock=clock, periods=24, seed=5)
    assert not panel.duplicated(KEY).any()
    assert (panel["stop"] - panel["start"] == 1).all()
    spells = panel.groupby(KEY[:3], sort=False)
    assert (spells["start"].diff().dropna() == 1).all()
    first = spells["start"].first()
    assert (first == 0).all() if clock == "entry" else (first > 0).any()
    assert not panel.drop_duplicates([*KEY[:3], "exit_kind"]).duplicated(KEY[:3]).any()
    at_end = spells.tail(1)
    assert panel["event"].sum() == at_end["event"].sum()
    assert ((at_end["event"] == 1) == (at_end["exit_kind"] == "early")).all()
    months = {"month": 1, "quarter": 3, "year": 12}[period]
    number = panel["period"].dt.year * 12 + panel["period"].dt.month
    assert (number.groupby([panel[k] for k in KEY[:3]]).diff().dropna() == months).all()


def test_spells_of_a_state_leave_a_gap():
    panel = simulate_panel(**SEVERAL, clock="coalition", seed=6)
    assert panel["spell"].max() == 3
    ends = panel.groupby(KEY[:3])["stop"].max()
    starts = panel.groupby(KEY[:3])["start"].min()
    later = starts[starts.index.get_level_values("spell") > 1]
    before = [ends[(c, s, n - 1)] for c, s, n in later.index]
    assert len(later) > 5
    assert (later.to_numpy() - np.array(before) >= 1).all()


def test_codes_collide_with_no_real_country():
    panel = simulate_panel(members=120, periods=3, seed=1)
    assert panel["state"].str.fullmatch(r"S\d{3}").all()
    assert panel["cow"].min() > 999
    assert panel["cow"].dtype == "int64"
    assert panel.groupby("state")["cow"].nunique().eq(1).all()
    assert panel["state"].nunique() == panel["cow"].nunique() == 120


def test_truth_is_plain_json():
    panel = simulate_panel(**SEVERAL, frailty=0.5, seed=7)
    known = record_of(panel).notes["truth"]
    truth = json.loads(json.dumps(known, default=dict))
    assert truth.keys() == known.keys()
    assert truth["coefficients"] == SEVERAL["coefficients"]
    assert len(truth["log_frailty"]) == 30
    assert np.std(truth["log_frailty"]) > 0.2


def test_coefficients_of_one_cause_are_recovered():
    truth = {"risk": 0.5, "commitment": -0.8, "election": 0.7}
    panel = simulate_panel(
        members=2000,
        coefficients=truth,
        covariates={"commitment": "fixed", "election": "pulse"},
        periods=60,
        seed=8,
    )
    estimate, error = fit_hazard(panel, list(truth), panel["event"])
    assert panel["event"].sum() > 500
    assert (error < 0.12).all()
    assert ((estimate - pd.Series(truth)).abs() < 3.5 * error).all()


def test_coefficients_of_competing_causes_are_recovered():
    panel = simulate_panel(**{**SEVERAL, "members": 1500, "coalitions": 1}, periods=60, seed=9)
    last = ~panel.duplicated(KEY[:3], keep="last")
    for cause, truth in SEVERAL["coefficients"].items():
        left = last & (panel["exit_kind"] == cause)
        estimate, error = fit_hazard(panel, ["risk", "seniority"], left)
        expected = pd.Series({"risk": 0.0, "seniority": 0.0} | truth)
        assert (error < 0.06).all()
        assert ((estimate - expected).abs() < 3.5 * error).all()


def test_baseline_follows_its_shape_across_row_lengths():
    for period, months in (("month", 1), ("year", 12)):
        panel = simulate_panel(
            members=60_000,
            coefficients={"risk": 0.0},
            hazard=0.002,
            shape=1.5,
            late_entry=0,
            period=period,
            periods=24 // months,
            seed=10,
        )
        stays = 1 - panel.groupby("state")["event"].max().mean()
        assert stays == pytest.approx(np.exp(-0.002 * 24**1.5), abs=0.006)


def test_late_entries_and_frailty_do_what_they_say():
    panel = simulate_panel(members=400, clock="coalition", late_entry=0.5, hazard=1e-6, seed=11)
    first = panel.groupby("state")["start"].min()
    assert 0.4 < (first > 0).mean() < 0.6
    assert first.max() < 48
    assert (panel.groupby("state")["stop"].max() == 96).all()
    frail = simulate_panel(members=400, frailty=2.0, periods=24, late_entry=0, seed=11)
    left = frail.groupby("state")["event"].max().to_numpy()
    u = np.array(record_of(frail).notes["truth"]["log_frailty"])
    assert u[left == 1].mean() - u[left == 0].mean() > 1


@pytest.mark.parametrize("kind", list(COVARIATE_KINDS))
def test_every_kind_of_covariate_behaves_as_described(kind):
    states, coalitions, periods = 3000, 2, 96
    path = covariate_path(kind, (states, coalitions, periods, 1), np.random.default_rng(1))
    assert path.shape == ((coalitions if kind == "shared" else states), periods)
    if kind in ("fixed", "binary", "rare"):
        assert (path == path[:, :1]).all()
    if kind in ("binary", "rare", "pulse"):
        assert set(np.unique(path)) == {0.0, 1.0}
        assert path.mean() == pytest.approx(
            {"binary": 0.5, "rare": 0.05, "pulse": 0.125}[kind], abs=0.02
        )
    if kind == "varying":
        assert path[:, 50].std() == pytest.approx(1, abs=0.05)
        assert np.corrcoef(path[:, 50], path[:, 51])[0, 1] == pytest.approx(0.9, abs=0.02)


def test_impossible_choices_are_listed_at_once():
    with pytest.raises(DataError) as error:
        simulate_panel(
            members=0,
            hazard=-1,
            late_entry=2,
            covariates={"x": "wavy"},
            exit_kinds=("mission_end",),
            seed=1,
        )
    message = str(error.value)
    for part in ("members=0", "hazard", "late_entry=2", "x='wavy'", "exit_kinds"):
        assert part in message
    with pytest.raises(DataError, match="found both: a beside early"):
        simulate_panel(coefficients={"a": 1.0, "early": {"b": 1.0}}, seed=1)
    with pytest.raises(DataError, match="hazard must name the causes"):
        simulate_panel(hazard={"late": 0.1}, seed=1)
    with pytest.raises(DataError, match="own names: state"):
        simulate_panel(covariates={"state": "fixed"}, seed=1)


def test_effects_beyond_any_hazard_are_refused():
    for options in ({"coefficients": {"a": 800.0}}, {"frailty": 800.0}):
        with pytest.raises(DataError, match="20 at most"):
            simulate_panel(members=30, seed=1, **options)
