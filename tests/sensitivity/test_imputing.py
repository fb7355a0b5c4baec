"""Imputations agree with the hazard: Bayes' rule by hand, known truth, gaps, bounds, refusals."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.kernels.covariate_draws import CovariateModel, accepted, draw_model
from coalition_models.sensitivity import missing
from coalition_models.sensitivity.completing import Gaps, _values, bounded, gaps_of, hazard_of

SPEC = cm.Specification("cox", "event ~ risk + size", cluster="state", variance="jackknife")


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    panel = cm.simulate_panel(
        members=110, hazard=0.03, coefficients={"risk": 0.8, "size": 0.8}, seed=3
    )
    return panel.assign(size=(panel["size"] > 0).astype(float))


def test_values_follow_bayes_rule_by_unit(whole: pd.DataFrame) -> None:
    """One value per unit, given all that the unit did: against the exact posterior."""
    spec = cm.Specification("cloglog", "event ~ size", time=None)
    fit = cm.fit(spec, whole)
    beta = np.array([-2.0, 1.2])
    rows = pd.DataFrame(
        {"event": np.tile([0, 0, 1, 0, 0, 0], 1500), "unit": np.repeat(np.arange(3000), 3),
         "stop": np.tile([1.0, 2, 3], 3000), "size": np.nan}
    )  # fmt: skip
    gap = Gaps("size", np.arange(len(rows)), rows["unit"].to_numpy(), True, True)
    covariate = CovariateModel(np.full(3000, special.ndtri(0.4)), 1.0, np.zeros(0), 0.0, True)
    values = _values(gap, rows, fit, beta, covariate, np.random.default_rng(1))
    stay = np.exp(-np.exp(beta[0] + beta[1] * np.array([0.0, 1.0])))
    for leaves in (True, False):
        likely = stay**2 * (1 - stay) if leaves else stay**3
        exact = 0.4 * likely[1] / (0.4 * likely[1] + 0.6 * likely[0])
        found = values[0::2].mean() if leaves else values[1::2].mean()
        assert found == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 1500))


def test_imputations_that_know_the_outcome_recover_what_complete_cases_lose(
    whole: pd.DataFrame,
) -> None:
    rng = np.random.default_rng(2)
    chance = np.where((whole["event"] == 1) & (whole["risk"] > 0), 0.8, 0.1)
    panel = whole.assign(size=whole["size"].where(rng.random(len(whole)) > chance))
    found = missing(SPEC, panel, "risk", draws=4, cycles=3)
    full = float(cm.fit(SPEC, whole).coefficients[0])
    assert found.combined is not None
    assert abs(found.combined.estimate - full) < 0.15
    assert abs(float(found.complete["estimate"]) - full) > 0.3
    assert found.combined.degrees < 109
    assert found.gaps.loc[0, "model"].startswith("probit")
    low, high = found.bounds["estimate"].iloc[[0, -1]]
    assert low <= high
    assert "rows without gaps" in str(found)
    assert "completed panels" in found.summary


def test_draws_depend_on_the_seed_alone(whole: pd.DataFrame) -> None:
    part = whole[whole["stop"] <= 8].assign(size=lambda d: d["size"].where(d["stop"] != 3))
    one, other, third = (missing(SPEC, part, "risk", draws=2, cycles=1, seed=s).draws
                         for s in (1, 1, 2))  # fmt: skip
    pd.testing.assert_frame_equal(one, other)
    assert not one.equals(third)


def test_a_known_value_of_the_unit_is_taken() -> None:
    rows = pd.DataFrame(
        {"event": [0, 1, 0, 0, 1, 0], "state": list("AABBCC"),
         "x": [2.0, None, None, None, 1.0, 1.0], "w": [1.0, 2.0, None, 4.0, 5.0, 1.0]}
    )  # fmt: skip
    gaps, filled = gaps_of(rows, "event ~ x + w", ["state"])
    assert filled["x"].tolist()[:2] == [2.0, 2.0]
    assert [(one.name, one.rows.tolist(), one.whole) for one in gaps] == [
        ("w", [2], False), ("x", [2, 3], True),
    ]  # fmt: skip


def test_bounds_by_hand() -> None:
    rows = pd.DataFrame({"event": [0, 1, 0, 0, 0], "x": [0.0, np.nan, np.nan, np.nan, 3.0]})
    unit = np.array([0, 1, 1, 2, 3])
    one = Gaps("x", np.array([1, 2, 3]), unit, False, False)
    assert bounded(rows, [one], "event", {"x": True})["x"].tolist() == [0, 3, 0, 0, 3]
    by_unit = Gaps("x", np.array([1, 2, 3]), unit, True, False)
    assert bounded(rows, [by_unit], "event", {"x": True})["x"].tolist() == [0, 3, 3, 0, 3]
    assert bounded(rows, [by_unit], "event", {"x": False})["x"].tolist() == [0, 0, 0, 3, 3]


def test_probit_and_means_of_groups_are_recovered() -> None:
    rng = np.random.default_rng(5)
    group = np.repeat(np.arange(60), 20)
    own = rng.normal(scale=0.8, size=60)
    z = rng.normal(size=1200)
    mean = -0.3 + 0.9 * z + own[group]
    x = (mean + rng.normal(size=1200) > 0).astype(float)
    Z = np.column_stack([np.ones(1200), z])
    model, kept = None, []
    for step in range(150):
        model = draw_model(x, Z, group, model, rng, binary=True)
        if step >= 50:
            kept.append((model.between, np.corrcoef(model.mean, mean)[0, 1]))
    between, close = np.mean(kept, axis=0)
    assert between == pytest.approx(0.8, abs=0.2)
    assert close > 0.9


def test_units_that_nothing_fits_are_told() -> None:
    found, left = accepted(3, lambda k, b: np.ones((len(k), b)),
                           lambda k, c: np.where(k[:, None] == 1, 0.0, 1.0) * c,
                           np.random.default_rng(1))  # fmt: skip
    assert left.tolist() == [1]
    assert np.isnan(found).tolist() == [False, True, False]


def test_misuse_names_the_culprit(whole: pd.DataFrame) -> None:
    gappy = whole.assign(size=whole["size"].where(whole["stop"] != 2))
    cases = [
        (whole, SPEC, {}, "no column"),
        (gappy, cm.Specification("cox", "event ~ risk + size"), {}, "cluster="),
        (gappy, SPEC, {"unit": "nobody"}, "nobody"),
        (gappy.assign(size="a").assign(size=lambda d: d["size"].where(d["stop"] > 2)), SPEC, {},
         "category"),
        (gappy.assign(event=whole["event"].where(whole["stop"] != 1)), SPEC, {}, "outcome"),
        (gappy.assign(size=np.nan), SPEC, {}, "missing in every row"),
    ]  # fmt: skip
    for panel, spec, given, words in cases:
        with pytest.raises(DataError, match=words):
            missing(spec, panel, "risk", draws=2, **given)
    with pytest.raises(DataError, match="strata"):
        hazard_of(cm.Specification("cox", "event ~ risk", strata="state"))
