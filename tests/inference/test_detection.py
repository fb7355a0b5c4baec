"""How large an effect must be: published values and exact cases."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference.detection import (
    detectable_ratio,
    null_variance,
    schoenfeld_events,
    schoenfeld_power,
)
from coalition_models.kernels.binomial import LINKS


@pytest.mark.parametrize(
    ("ratio", "variance", "power", "events"),
    [
        # Collett, Modelling Survival Data in Medical Research: chronic active hepatitis, two
        # equal groups, five-year survival from 0.41 to 0.60
        (0.57, 0.25, 0.9, 133),
        (1.5, 0.25, 0.8, 191),
        (2.0, 0.25, 0.8, 66),
    ],
)
def test_published_numbers_of_events(ratio, variance, power, events):
    found = schoenfeld_events(ratio, variance=variance, power=power)
    assert events - 1 < found < events + 0.5
    assert schoenfeld_events(1 / ratio, variance=variance, power=power) == pytest.approx(found)
    assert schoenfeld_power(ratio, found, variance=variance) == pytest.approx(power, abs=1e-3)
    assert detectable_ratio(1 / (found * variance), power=power) == pytest.approx(
        max(ratio, 1 / ratio)
    )


def test_controls_and_clusters_cost_events():
    plain = schoenfeld_events(2.0, variance=0.21)
    assert schoenfeld_events(2.0, variance=0.21, r_squared=0.5) == pytest.approx(2 * plain)
    assert schoenfeld_events(2.0, variance=0.21, design_effect=3.0) == pytest.approx(3 * plain)
    found = schoenfeld_power(2.0, 4 * plain, variance=0.21, r_squared=0.5, design_effect=2.0)
    assert found == pytest.approx(0.8, abs=1e-3)
    few = detectable_ratio(0.04, degrees=5)
    expected = (stats.t.isf(0.025, 5) + stats.t.ppf(0.8, 5)) * 0.2
    assert few == pytest.approx(np.exp(expected))
    assert few > detectable_ratio(0.04)


@pytest.fixture
def balanced():
    """Ten periods; in each, 4 exposed and 12 others at risk and one exit, never a tie."""
    rows = [
        {"start": t, "stop": t + 1, "treated": float(k < 4), "event": int(k == (3 * t) % 16)}
        for t in range(10)
        for k in range(16)
    ]
    return pd.DataFrame(rows)


def test_null_variance_is_schoenfelds_where_exposure_is_constant(balanced):
    share, events = 4 / 16, 10
    fit = cm.cox("event ~ treated", balanced)
    assert null_variance(fit, "treated") == pytest.approx(1 / (events * share * (1 - share)))
    # it does not depend on what was found
    last = balanced.groupby("start").cumcount() == 15
    turned = balanced.assign(event=balanced["event"].where(balanced["start"] > 3, last.astype(int)))
    again = cm.cox("event ~ treated", turned)
    assert abs(again.coefficients[0] - fit.coefficients[0]) > 0.05
    assert null_variance(again, "treated") == pytest.approx(null_variance(fit, "treated"))
    with pytest.raises(DataError, match="no term 'x'; it has treated"):
        null_variance(fit, "x")


def test_null_variance_of_a_logit_and_with_a_control(balanced):
    fit = cm.logit("event ~ treated", balanced, time=None)
    share, rate, n = 4 / 16, 1 / 16, len(balanced)
    assert null_variance(fit, "treated") == pytest.approx(
        1 / (n * rate * (1 - rate) * share * (1 - share))
    )
    # a control that explains part of the term costs the part it explains
    rng = np.random.default_rng(1)
    mixed = balanced.assign(control=balanced["treated"] + rng.normal(size=n))
    r_squared = np.corrcoef(mixed["treated"], mixed["control"])[0, 1] ** 2
    both = cm.logit("event ~ treated + control", mixed, time=None)
    assert null_variance(both, "treated") == pytest.approx(
        null_variance(fit, "treated") / (1 - r_squared)
    )


def test_bad_calls():
    with pytest.raises(DataError, match="not 1"):
        schoenfeld_events(1.0, variance=0.25)
    with pytest.raises(DataError, match="vary beyond"):
        schoenfeld_events(2.0, variance=0.25, r_squared=1.0)
    with pytest.raises(DataError, match="power must lie"):
        detectable_ratio(0.1, power=1.0)
    with pytest.raises(DataError, match="variance must be 0 or more"):
        detectable_ratio(-0.1)
    with pytest.raises(DataError, match="must be positive and r_squared below 1"):
        schoenfeld_power(2.0, 0, variance=0.25)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_null_variance_keeps_the_link_and_the_duration(months, link):
    """The expected information where chances depend on time alone, by hand."""
    df = months(120)
    fit = cm.logit("event ~ x + z", df, id="state", link=link, time="linear")
    alone = cm.logit("event ~ t", df.assign(t=df["stop"]), id="state", link=link, time=None)
    eta = alone.predict(kind="linear").to_numpy()
    shape, step = LINKS[link].probability, 1e-6
    chance = shape(eta)
    slope = (shape(eta + step) - shape(eta - step)) / (2 * step)
    X = np.column_stack([fit.values_of(name) for name in fit.names])
    information = X.T @ ((slope**2 / (chance * (1 - chance)))[:, None] * X)
    expected = np.linalg.inv(information)[1, 1]
    assert null_variance(fit, "x") == pytest.approx(expected, rel=1e-6)
