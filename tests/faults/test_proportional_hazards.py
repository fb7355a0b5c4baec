"""Tests of proportional hazards have a reason where they are missing, and the right score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm

EMPTIED = pd.DataFrame(
    {"start": [0, 1, 1, 1, 1, 1], "stop": [1, 2, 3, 4, 5, 6], "event": [1, 1, 1, 0, 1, 1],
     "x": [1, 0, 1, 1, 0, 1]}
)  # fmt: skip


def by_definition(data: pd.DataFrame, b: float, g: dict[float, float]) -> float:
    """Neyman's C(alpha) statistic of x g(time), Breslow's rule for ties, one covariate."""
    x, start, stop, event = (data[c].to_numpy(float) for c in ("x", "start", "stop", "event"))
    sums = np.zeros(5)
    for time in np.unique(stop[event == 1]):
        there = (start < time) & (time <= stop)
        gone = there & (stop == time) & (event == 1)
        risk = np.exp(b * x) * there
        mean = (risk * x).sum() / risk.sum()
        spread = gone.sum() * ((risk * x**2).sum() / risk.sum() - mean**2)
        score = (x[gone] - mean).sum()
        sums += [score, g[time] * score, spread, g[time] * spread, g[time] ** 2 * spread]
    plain, bent, once, mixed, twice = sums
    return float((bent - mixed / once * plain) ** 2 / (twice - mixed**2 / once))


def survivors(data: pd.DataFrame) -> dict[float, float]:
    """One less the Kaplan-Meier estimate before each event time."""
    left, out = 1.0, {}
    for time in np.unique(data.loc[data["event"] == 1, "stop"]):
        out[time] = 1 - left
        at_risk = ((data["start"] < time) & (data["stop"] >= time)).sum()
        left *= 1 - ((data["stop"] == time) & (data["event"] == 1)).sum() / at_risk
    return out


def made_up(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 4, 40)
    return pd.DataFrame(
        {"start": start, "stop": start + rng.integers(1, 9, 40),
         "event": (rng.random(40) < 0.6).astype(int), "x": rng.normal(size=40).round(2)}
    )  # fmt: skip


def emptied_midway(seed: int) -> pd.DataFrame:
    """All of the first wave are gone at 4; the second begins then."""
    rng = np.random.default_rng(seed)
    first = pd.DataFrame({"start": 0, "stop": [1, 2, 2, 3, 4, 4], "event": 1})
    second = pd.DataFrame({"start": 4, "stop": [5, 6, 7, 8, 9, 10], "event": [1, 1, 0, 1, 1, 0]})
    return pd.concat([first, second], ignore_index=True).assign(x=rng.normal(size=12).round(2))


def test_no_test_where_the_function_of_time_is_the_same_for_all():
    fit = cm.cox("event ~ x", EMPTIED)
    with pytest.warns(cm.CoalitionWarning, match="take transform='rank'"):
        found = cm.check_ph(fit)
    assert found.table["statistic"].isna().all()
    assert found.table["p_value"].isna().all()
    assert "No test of x, GLOBAL" in found.note


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("penalty", [None, "firth"])
def test_after_a_risk_set_was_empty_the_estimate_is_nil_and_the_test_right(seed, penalty):
    data = emptied_midway(seed)
    fit = cm.cox("event ~ x", data, ties="breslow", penalty=penalty)
    with pytest.warns(cm.CoalitionWarning, match=r"nil before 5, .*the 4 event times from then"):
        found = cm.check_ph(fit).table
    right = by_definition(data, fit.coefficients[0], survivors(data))
    np.testing.assert_allclose(found["statistic"], right, rtol=1e-8)
    np.testing.assert_allclose(found["p_value"].astype(float), stats.chi2.sf(right, 1), rtol=1e-8)
    ranked = cm.check_ph(fit, "rank").table["statistic"]
    assert ranked.notna().all()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("transform", ["km", "identity", "log"])
@pytest.mark.parametrize("penalty", [None, "firth"])
def test_penalised_estimates_are_tested_with_the_score_they_leave(seed, transform, penalty):
    data = made_up(seed)
    fit = cm.cox("event ~ x", data, ties="breslow", penalty=penalty)
    times = np.unique(data.loc[data["event"] == 1, "stop"]).astype(float)
    g = {
        "km": survivors(data),
        "identity": dict(zip(times, times, strict=True)),
        "log": dict(zip(times, np.log(times), strict=True)),
    }[transform]
    found = cm.check_ph(fit, transform)
    right = by_definition(data, fit.coefficients[0], g)
    np.testing.assert_allclose(found.table["statistic"], right, rtol=1e-7)
    assert ("score at the penalised estimates" in found.note) == (penalty is not None)


@pytest.mark.parametrize("groups", [2, 3, 4])
def test_the_global_test_of_few_clusters_has_the_rank(groups):
    data = pd.concat([made_up(seed) for seed in range(3)], ignore_index=True)
    rng = np.random.default_rng(1)
    data = data.assign(c=rng.permutation(120) % groups, **{k: rng.normal(size=120) for k in "yzuv"})
    with pytest.warns(cm.CoalitionWarning, match=f"{groups} clusters"):
        fit = cm.cox("event ~ x + y + z + u + v", data, cluster="c")
    found = cm.check_ph(fit, robust=True).table.set_index("term")
    assert found.loc["GLOBAL", "df"] == groups - 1
    assert cm.check_ph(fit).table["df"].iloc[-1] == 5
