"""Samples of clusters are refits by hand; infinite estimates are not dropped."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.kernels.bootstrap_limits import bca_limits
from coalition_models.sensitivity import resample

SPEC = cm.Specification("cox", "event ~ risk", cluster="state")


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    return cm.simulate_panel(members=50, coefficients={"risk": 0.8}, seed=1)


def by_hand(panel: pd.DataFrame, draws: int, seed: int) -> list[float]:
    states = list(dict.fromkeys(panel["state"]))
    found = []
    for one in np.random.SeedSequence(seed).spawn(draws):
        picks = np.random.default_rng(one).integers(0, len(states), len(states))
        parts = [
            panel[panel["state"] == states[g]].assign(state=f"copy {k}")
            for k, g in enumerate(picks)
        ]
        found.append(cm.fit(SPEC, pd.concat(parts, ignore_index=True)).estimates.coefficients[0])
    return found


def test_samples_are_refits_by_hand(panel: pd.DataFrame) -> None:
    found = resample(SPEC, panel, "risk", draws=12, seed=4)
    estimates = by_hand(panel, 12, 4)
    assert found.draws["estimate"].tolist() == pytest.approx(estimates, rel=1e-9)
    assert found.std_error == pytest.approx(np.std(estimates, ddof=1))
    assert found.conf_low == pytest.approx(min(estimates))
    assert found.shares.sum() == pytest.approx(1)


@pytest.mark.parametrize("draws", [40, pytest.param(150, marks=pytest.mark.slow)])
def test_limits(panel: pd.DataFrame, draws: int) -> None:
    every = {
        name: resample(SPEC, panel, "risk", interval=name, draws=draws)
        for name in ("percentile", "bca", "studentised")
    }
    robust = cm.fit(SPEC, panel).tidy().iloc[0]
    for found in every.values():
        assert found.conf_low < found.estimate < found.conf_high
        assert found.std_error == pytest.approx(robust["std_error"], rel=0.3)
    one = every["bca"]
    states = list(dict.fromkeys(panel["state"]))
    without = np.array(
        [
            cm.cox("event ~ risk", panel[panel["state"] != s]).estimates.coefficients[0]
            for s in states
        ]
    )
    influence = without.mean() - without
    assert one.skew == pytest.approx((influence**3).sum() / (6 * (influence**2).sum() ** 1.5))
    assert (one.conf_low, one.conf_high) == pytest.approx(
        bca_limits(one.estimate, one.draws["estimate"], influence), rel=1e-9
    )


def test_the_jackknife_is_refits_by_hand(panel: pd.DataFrame) -> None:
    found = resample(SPEC, panel, "risk", how="jackknife")
    states = found.draws["left_out"]
    again = [
        cm.cox("event ~ risk", panel[panel["state"] != s]).estimates.coefficients[0] for s in states
    ]
    assert found.draws["estimate"].tolist() == pytest.approx(again, rel=1e-6)
    spread = ((np.array(again) - found.estimate) ** 2).sum()
    assert found.std_error == pytest.approx(np.sqrt(49 / 50 * spread), rel=1e-6)


def test_wild_is_the_wild_score_test(panel: pd.DataFrame) -> None:
    found = resample(SPEC, panel, "risk", how="wild", draws=199, seed=3)
    own = cm.inference.wild_score(SPEC, "risk", panel, draws=199, seed=3)
    assert found.p_value == own.p_value
    assert np.isnan(found.conf_low)


def test_half_of_the_clusters_tell_how_stable_a_verdict_is(panel: pd.DataFrame) -> None:
    found = resample(SPEC, panel, "risk", how="half", draws=20)
    assert found.shares.filter(like="above").sum() > 0.9
    assert "samples above" in repr(found)


def test_infinite_estimates_stay_in_their_direction(panel: pd.DataFrame) -> None:
    rare = panel.assign(high=0.0)
    events = rare.index[rare["event"] == 1]
    own = rare["state"].isin(rare.loc[events[:2], "state"])
    rare.loc[own, "high"] = 1.0
    spec = cm.Specification("cox", "event ~ high", cluster="state")
    found = resample(spec, rare, "high", draws=60)
    lost = found.draws["estimate"].isna()
    endless = np.isinf(found.draws["estimate"])
    assert (endless | lost).any()
    assert (found.draws.loc[lost, "problem"] != "").all()
    assert (np.sign(found.draws.loc[endless, "estimate"]) == np.sign(found.draws.loc[endless, "z"])
            ).all()  # fmt: skip
    assert any(f"of {len(found.draws)}" in note for note in found.notes)


def test_nothing_depends_on_the_workers(panel: pd.DataFrame) -> None:
    one, two = (resample(SPEC, panel, "risk", draws=30, workers=n).draws for n in (1, 2))
    pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_what_cannot_be_resampled_is_refused(panel: pd.DataFrame) -> None:
    with pytest.raises(cm.DataError, match="cluster"):
        resample(cm.Specification("cox", "event ~ risk"), panel, "risk")
    with pytest.raises(cm.DataError, match="level"):
        resample(SPEC, panel, "risk", level=1.0)
    with pytest.raises(cm.DataError, match="how"):
        resample(SPEC, panel, "risk", how="twice")
