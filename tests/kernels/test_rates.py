"""Exact limits of rates and ratios, and rates over clusters drawn anew."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from coalition_models.kernels.rates import drawn_limits, exact_limits, ratio_limits

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "rates.json").read_text()
)


@pytest.mark.parametrize("case", FIXTURE["one"], ids=lambda case: f"{case['events']} events")
def test_one_rate_against_r(case):
    low, high = exact_limits([case["events"]], 0.95)
    assert low[0] / case["time"] == pytest.approx(case["low"], rel=1e-9)
    assert high[0] / case["time"] == pytest.approx(case["high"], rel=1e-9)


@pytest.mark.parametrize("case", FIXTURE["two"], ids=lambda case: str(case["events"]))
def test_two_rates_against_r(case):
    ratio, low, high = ratio_limits(tuple(case["events"]), tuple(case["time"]), 0.95)
    assert ratio == pytest.approx(case["ratio"], rel=1e-9)
    assert low == pytest.approx(case["low"], rel=1e-6)
    assert high == pytest.approx(case["high"], rel=1e-6)


def test_of_no_events_nothing_is_known_of_the_ratio():
    ratio, low, high = ratio_limits((0, 0), (1.0, 1.0), 0.95)
    assert np.isnan(ratio)
    assert (low, high) == (0.0, np.inf)
    assert ratio_limits((2, 0), (1.0, 1.0), 0.95)[::2] == (np.inf, np.inf)


@pytest.mark.parametrize("mean", [0.5, 3.0, 20.0])
def test_exact_limits_cover_at_the_level_or_above(mean):
    counts = np.arange(200)
    low, high = exact_limits(counts, 0.95)
    inside = (low <= mean) & (mean <= high)
    assert stats.poisson.pmf(counts[inside], mean).sum() >= 0.95


def test_clusters_that_are_alike_leave_nothing_to_draw():
    low, high = drawn_limits(np.ones((5, 1)), np.full((5, 1), 2.0), 200, 0.95,
                             np.random.default_rng(1))  # fmt: skip
    assert low[0] == high[0] == 0.5


def test_one_cluster_with_events_says_nothing():
    events = np.array([[3.0], [0.0], [0.0]])
    low, high = drawn_limits(events, np.ones((3, 1)), 200, 0.95, np.random.default_rng(1))
    assert np.isnan(low[0])
    assert np.isnan(high[0])
