"""Sums over risk sets keep their digits where hazards lie many orders of magnitude apart.

Right values come from the definitions, summed anew in each stratum on centred covariates: a
constant added to a covariate within a stratum changes neither likelihood nor residuals.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.kernels import residuals
from coalition_models.kernels.baseline import baseline_hazard
from coalition_models.kernels.batch import fit_many_weights

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")

WARS = pd.DataFrame(
    {
        "war": ["korea"] * 6 + ["iraq"] * 6,
        "start": 0,
        "stop": [1, 2, 3, 4, 5, 6] * 2,
        "event": 1,
        "year": [1954, 1955, 1954, 1952, 1953, 1952, 2004, 2006, 2005, 2004, 2003, 2003],
        "cl": [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5],
    }
)


@pytest.fixture(params=["compiled", "numpy"])
def engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def made_up(seed: int, apart: float, groups: int = 3, size: int = 14) -> pd.DataFrame:
    """Strata whose covariates lie ``apart`` from one to the next, with ties and late entry."""
    rng = np.random.default_rng(seed)
    count = groups * size
    stop = rng.integers(3, 10, count)
    data = pd.DataFrame(
        {
            "war": np.repeat([f"w{i}" for i in range(groups)], size),
            "start": np.minimum(rng.integers(0, 4, count), stop - 1),
            "stop": stop,
            "event": (rng.random(count) < 0.7).astype(int),
            "w": rng.integers(1, 4, count),
            "cl": rng.integers(0, 12, count),
        }
    )
    return data.assign(year=rng.normal(size=count) + apart * np.repeat(np.arange(groups), size))


def centred(data: pd.DataFrame) -> pd.DataFrame:
    """The same likelihood: each stratum's covariate about its own mean."""
    return data.assign(year=data["year"] - data.groupby("war")["year"].transform("mean"))


def by_definition(data: pd.DataFrame, beta: float, ties: str, weights: str | None):
    """Martingale and score residuals of each row, event time by event time."""
    x, start, stop, event = (
        centred(data)[c].to_numpy(float) for c in ("year", "start", "stop", "event")
    )
    w = np.ones(len(data)) if weights is None else data[weights].to_numpy(float)
    war, risk = data["war"].to_numpy(), np.exp(beta * x)
    expected, score = np.zeros(len(data)), np.zeros(len(data))
    for name in np.unique(war):
        for time in np.unique(stop[(war == name) & (event == 1)]):
            there = (war == name) & (start < time) & (time <= stop)
            dying = there & (stop == time) & (event == 1)
            count = int(dying.sum())
            for step in range(count):
                left = step / count if ties == "efron" else 0.0
                share = np.where(dying, 1 - left, 1.0) * there
                total = (w * risk * share).sum()
                mean = (w * risk * share * x).sum() / total
                rise = w[dying].mean() / total
                expected += share * risk * rise
                score -= share * risk * rise * (x - mean)
                score[dying] += (x[dying] - mean) / count
    return event - expected, score


CASES = {
    "30 apart": (made_up(1, 30.0), "efron", None),
    "30 apart, Breslow": (made_up(1, 30.0), "breslow", None),
    "60 apart, weights": (made_up(2, 60.0), "efron", "w"),
    "25 apart, five wars, weights, Breslow": (made_up(3, 25.0, 5, 9), "breslow", "w"),
    "falling": (made_up(4, -45.0), "efron", None),
}


@pytest.mark.parametrize("case", CASES)
def test_residuals_and_clustered_errors_of_strata_far_apart(case, engine):
    data, ties, weights = CASES[case]
    for rows in (data, data.iloc[::-1], data.sample(frac=1, random_state=3)):
        fit = cm.cox("event ~ year", rows, strata="war", cluster="cl", ties=ties, weights=weights)
        martingale, score = by_definition(rows, fit.coefficients[0], ties, weights)
        np.testing.assert_allclose(fit.augment()["martingale"], martingale, atol=1e-7)
        w = 1.0 if weights is None else rows[weights].to_numpy()
        sums = pd.Series(w * score).groupby(rows["cl"].to_numpy()).sum()
        right = fit.model_covariance[0, 0] * np.sqrt((sums**2).sum())
        np.testing.assert_allclose(fit.std_errors[0], right, rtol=1e-6)
        found = residuals.score_residuals(fit.engine.prepared, fit.coefficients)[:, 0]
        np.testing.assert_allclose(found, score, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_all_that_inherits_the_sums_is_that_of_centred_strata(case):
    data, ties, weights = CASES[case]
    choices = {"strata": "war", "cluster": "cl", "ties": ties, "weights": weights}
    far, near = (cm.cox("event ~ year", d, **choices) for d in (data, centred(data)))
    for transform in ("km", "rank"):
        tests = [cm.check_ph(fit, transform, robust=True).table for fit in (far, near)]
        np.testing.assert_allclose(tests[0]["statistic"], tests[1]["statistic"], rtol=1e-6)
    draws = np.random.default_rng(0).integers(0, 3, (4, 12)).astype(float)
    codes = pd.factorize(data["cl"])[0]
    many = [
        fit_many_weights(fit.engine.prepared, draws, clusters=codes, clustered=True)
        for fit in (far, near)
    ]
    np.testing.assert_allclose(many[0].variance_cluster, many[1].variance_cluster, rtol=1e-6)
    base = baseline_hazard(far.engine.prepared, far.coefficients)
    by_stratum = pd.Series(base.hazard).groupby(base.strata).cumsum()
    np.testing.assert_allclose(base.cumulative, by_stratum, rtol=1e-12)


@pytest.mark.parametrize("back", [False, True])
def test_robust_errors_of_two_wars_with_strata(back, engine):
    rows = WARS.iloc[::-1] if back else WARS
    fit = cm.cox("event ~ year", rows, strata="war", cluster="cl")
    assert fit.std_errors[0] == pytest.approx(0.48143, abs=5e-6)
    assert fit.coefficients[0] == pytest.approx(1.16473, abs=5e-6)
    assert np.sqrt(fit.model_covariance[0, 0]) == pytest.approx(0.48711, abs=5e-6)
    jackknife = cm.cox("event ~ year", rows, strata="war", cluster="cl", variance="jackknife")
    assert jackknife.std_errors[0] == pytest.approx(0.52907, abs=5e-6)
    last = fit.augment().sort_index()["martingale"].tail(5)
    np.testing.assert_allclose(last, [-0.318, -0.075, 0.049, 0.203, -0.797], atol=6e-4)


@pytest.mark.parametrize("apart", [20, 30, 50, 80])
@pytest.mark.parametrize("back", [False, True])
def test_robust_errors_of_late_entrants(apart, back, engine):
    """No strata: the later war begins when the earlier is over."""
    late = WARS.copy()
    late.loc[6:, ["start", "stop"]] += 6
    late.loc[:5, "year"] += 51 - apart
    rows = late.iloc[::-1] if back else late
    fit = cm.cox("event ~ year", rows, cluster="cl")
    assert fit.std_errors[0] == pytest.approx(0.48143, abs=5e-6)
