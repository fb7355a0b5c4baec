"""Bias and coverage of parametric and split-population fits on simulated members."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

pytestmark = pytest.mark.slow

DRAWS = 200
MEMBERS = 250


def _late(rng, time, end, **columns):
    """Members seen from a time of their own on, if they are still there, until ``end``."""
    entry = np.where(rng.random(len(time)) < 0.4, rng.uniform(0, 4, len(time)), 0.0)
    data = pd.DataFrame({"start": entry, "stop": np.minimum(time, end), **columns})
    data["event"] = (time < end).astype(int)
    data = data.round({"start": 3, "stop": 3})
    return data[data["stop"] > data["start"]].reset_index(drop=True)


def _draw(distribution, rng):
    """Durations whose effect of x is 0.5 on the scale of the fit."""
    x, u = rng.normal(size=MEMBERS), rng.random(MEMBERS)
    hazard, log_time = np.exp(-2.5 + 0.5 * x), 2.2 + 0.5 * x
    loss = -np.log(u)
    time = {
        "exponential": lambda: loss / hazard,
        "piecewise": lambda: loss / hazard,
        "weibull": lambda: (loss / hazard) ** (1 / 1.3),
        "gompertz": lambda: np.log1p(0.05 * loss / hazard) / 0.05,
        "lognormal": lambda: np.exp(log_time + 0.8 * rng.normal(size=MEMBERS)),
        "loglogistic": lambda: np.exp(log_time + 0.6 * np.log(u / (1 - u))),
        "gamma": lambda: np.exp(log_time) * rng.gamma(1.5, size=MEMBERS),
        "gengamma": lambda: np.exp(log_time - 0.8 * 2 * np.log(rng.gamma(4, size=MEMBERS) / 4)),
    }[distribution]()
    return _late(rng, time, 40.0, x=x)


def _summary(estimates, errors, truth):
    estimates, errors = np.array(estimates), np.array(errors)
    bias = estimates.mean() - truth
    noise = estimates.std(ddof=1) / np.sqrt(len(estimates))
    coverage = (np.abs(estimates - truth) < 1.959964 * errors).mean()
    return bias, noise, coverage


@pytest.mark.parametrize(
    "distribution",
    ["exponential", "piecewise", "weibull", "gompertz", "lognormal", "loglogistic", "gamma",
     "gengamma"],
)  # fmt: skip
def test_effects_are_recovered_and_limits_cover(distribution):
    rng = np.random.default_rng(20041)
    fits = [
        cm.parametric("event ~ x", _draw(distribution, rng), distribution=distribution)
        for _ in range(DRAWS)
    ]
    at = fits[0].names.index("x")
    bias, noise, coverage = _summary(
        [fit.coefficients[at] for fit in fits], [fit.std_errors[at] for fit in fits], 0.5
    )
    assert abs(bias) < 4 * noise + 0.01
    assert 0.90 < coverage < 0.99


@pytest.mark.parametrize("distribution", ["weibull", "loglogistic"])
def test_split_populations_are_told_apart(distribution):
    rng = np.random.default_rng(20042)
    fits = []
    for _ in range(60):
        x, z = rng.normal(size=(2, 2 * MEMBERS))
        exposed = rng.random(len(z)) < 1 / (1 + np.exp(-0.3 - 0.8 * z))
        u = rng.random(len(z))
        spread = np.log(-np.log(u)) if distribution == "weibull" else np.log(u / (1 - u))
        time = np.where(exposed, np.exp(1.8 + 0.5 * x + 0.6 * spread), np.inf)
        data = _late(rng, time, 60.0, x=x, z=z)
        fits.append(cm.cure("event ~ x", data, at_risk="~ z", distribution=distribution, starts=2))
    for name, truth in (("x", 0.5), ("at risk: z", 0.8)):
        at = fits[0].names.index(name)
        bias, noise, coverage = _summary(
            [fit.coefficients[at] for fit in fits], [fit.std_errors[at] for fit in fits], truth
        )
        assert abs(bias) < 4 * noise + 0.01
        assert coverage > 0.86
