"""What must not change a Cox fit: order, splitting, units, labels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from coalition_models.errors import FitError
from coalition_models.models.cox import cox
from coalition_models.models.fit import Fit

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]
SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=SLOW)


@st.composite
def histories(draw: st.DrawFn) -> pd.DataFrame:
    """Members with late entry, several rows each, tied exits and changing covariates."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    members, width = draw(st.integers(20, 45)), draw(st.sampled_from([1, 2, 5]))
    rows = []
    for member in range(members):
        start = width * int(rng.integers(0, 4))
        x = rng.normal(size=2)
        for _ in range(int(rng.integers(1, 6))):
            stop = start + width * int(rng.integers(1, 4))
            leaves = int(rng.random() < 0.3)
            rows.append((member, member % 7, start, stop, leaves, *x))
            if leaves:
                break
            start, x = stop, 0.5 * x + rng.normal(size=2)
    return pd.DataFrame(rows, columns=["who", "group", "start", "stop", "event", "x", "z"])


def fitted(data: pd.DataFrame, **choices: object) -> Fit:
    """Fit; samples without a finite maximum are another test's matter."""
    try:
        return cox("event ~ x + z", data, id="who", cluster="group", **choices)
    except FitError:
        assume(False)
        raise


def same(one: Fit, two: Fit, factor: float = 1.0) -> None:
    np.testing.assert_allclose(two.coefficients, one.coefficients * factor, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(two.std_errors, one.std_errors * factor, rtol=1e-7)


@SETTINGS
@given(histories(), st.integers(0, 1000))
def test_row_order(data, seed):
    same(fitted(data), fitted(data.sample(frac=1, random_state=seed)))


@SETTINGS
@given(histories(), st.integers(0, 1000))
def test_splitting_intervals(data, seed):
    rng = np.random.default_rng(seed)
    long = data[data["stop"] - data["start"] > 1]
    chosen = long[rng.random(len(long)) < 0.7]
    cut = chosen["start"] + np.floor(
        1 + rng.random(len(chosen)) * (chosen["stop"] - chosen["start"] - 1)
    )
    parts = [
        data.drop(index=chosen.index),
        chosen.assign(stop=cut, event=0),
        chosen.assign(start=cut),
    ]
    one, two = fitted(data), fitted(pd.concat(parts, ignore_index=True))
    same(one, two)
    assert two.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-10)
    assert two.concordance == pytest.approx(one.concordance)


@SETTINGS
@given(histories(), st.floats(0.01, 1000), st.floats(-50, 50))
def test_units_and_origin_of_time(data, factor, shift):
    moved = data.assign(start=data["start"] * factor + shift, stop=data["stop"] * factor + shift)
    same(fitted(data), fitted(moved))


@SETTINGS
@given(histories())
def test_cluster_labels(data):
    renamed = data.assign(group=data["group"].map(lambda g: f"cluster {9 - g}"))
    same(fitted(data), fitted(renamed))


@SETTINGS
@given(histories(), st.floats(0.001, 1000))
def test_units_of_covariates(data, factor):
    one, two = fitted(data), fitted(data.assign(x=data["x"] * factor))
    np.testing.assert_allclose(two.coefficients[0] * factor, one.coefficients[0], rtol=1e-6)
    np.testing.assert_allclose(two.std_errors[1], one.std_errors[1], rtol=1e-6)


@SETTINGS
@given(histories())
def test_without_ties_efron_is_breslow(data):
    exits = data["event"] == 1
    apart = data.copy().astype({"stop": float})
    apart.loc[exits, "stop"] += np.linspace(0, 0.4, int(exits.sum()))
    same(fitted(apart, ties="efron"), fitted(apart, ties="breslow"))


@SETTINGS
@given(histories())
def test_copies_are_weights_under_breslow(data):
    weights = 1.0 + data["who"] % 3
    copies = pd.concat(
        [data[weights > k].assign(who=data["who"] + 1000 * k) for k in range(3)],
        ignore_index=True,
    )
    one = fitted(data.assign(w=weights), weights="w", ties="breslow")
    two = fitted(copies, ties="breslow")
    same(one, two)


@SETTINGS
@given(histories())
def test_weight_zero_is_absence(data):
    weighted = data.assign(w=(data["who"] % 4 != 0).astype(float))
    same(fitted(weighted[weighted["w"] > 0]), fitted(weighted, weights="w"))
