"""Limits and influence values against R's boot, to the digits that it prints."""

import json
from pathlib import Path

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.bootstrap_limits import (
    abc_limits,
    acceleration,
    bca_limits,
    influence_values,
)

BOOT = json.loads((Path(__file__).parents[1] / "fixtures" / "r" / "boot.json").read_text())


def ratio(weights: np.ndarray) -> float:
    city = BOOT["city"]
    return float(weights @ np.array(city["x"]) / (weights @ np.array(city["u"])))


def correlation(weights: np.ndarray) -> float:
    data = np.array([BOOT["bigcity"]["u"], BOOT["bigcity"]["x"]], dtype=float)
    share = weights / weights.sum()
    centred = data - (data @ share)[:, None]
    spread = (centred * share) @ centred.T
    return float(spread[0, 1] / np.sqrt(spread[0, 0] * spread[1, 1]))


def difference(weights: np.ndarray) -> float:
    values, series = np.array(BOOT["gravity"]["g"]), np.array(BOOT["gravity"]["series"])
    means = [
        float(weights[series == s] @ values[series == s] / weights[series == s].sum())
        for s in (1, 2)
    ]
    return means[1] - means[0]


def test_influence_values_are_those_of_boot() -> None:
    found = influence_values(ratio, [0] * 10)
    printed = [-1.04367815, -0.58417763, -0.37092459, -0.18958996, 0.03164142,
               0.10544878, 0.09236345, 0.20365074, 1.02178280, 0.73381132]  # fmt: skip
    assert found == pytest.approx(BOOT["city"]["influence"], rel=1e-8)
    assert found.round(8).tolist() == printed
    assert float((found**2).sum() / 100) == pytest.approx(0.03248701, abs=5e-9)
    assert float((found**3).sum() / 1000) == pytest.approx(7.831452e-05, abs=5e-12)
    assert acceleration(found) == pytest.approx(0.00222908, abs=5e-9)


@pytest.mark.parametrize(
    ("level", "printed"), [(0.90, (0.95815, 0.99173)), (0.95, (0.94937, 0.99307))]
)
def test_abc_limits_of_a_correlation(level: float, printed: tuple[float, float]) -> None:
    found = abc_limits(correlation, [0] * 49, level=level)
    assert found == pytest.approx(printed, abs=6e-6)
    known = {row[0]: row[1:] for row in BOOT["bigcity"]["abc"]}[level]
    # second derivatives by a step of 2e-5 lose ten digits, on either side
    assert found == pytest.approx(known, abs=3e-6)


def test_abc_limits_of_a_difference_between_two_samples() -> None:
    found = abc_limits(difference, BOOT["gravity"]["series"])
    _, low, high = BOOT["gravity"]["abc"]
    # the statistic is linear in the weights, so that its curvature is rounding in boot and here
    assert found == pytest.approx((low, high), abs=5e-5)
    assert found == pytest.approx((0.39394, 6.70758), abs=6e-5)


def test_limits_keep_the_order_of_draws_and_their_infinities() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(1.0, 1.0, 4001)
    low, high = bca_limits(1.0, draws, [-1.0, 0.0, 1.0])
    assert low == pytest.approx(1 - 1.96, abs=0.12)
    assert high == pytest.approx(1 + 1.96, abs=0.12)
    # of a monotone function of the estimate the limits are the function of the limits
    assert bca_limits(np.exp(1.0), np.exp(draws), [-1, 0, 1]) == pytest.approx(np.exp([low, high]))
    draws[:200] = -np.inf
    assert bca_limits(1.0, draws, [-1.0, 0.0, 1.0])[0] == -np.inf
    assert np.isnan(bca_limits(99.0, draws, [-1.0, 0.0, 1.0])).all()
    for wrong in (lambda: acceleration([0.0, 0.0]), lambda: influence_values(ratio, [0])):
        with pytest.raises(DataError):
            wrong()
