"""Which variance is reported, and the clustered sums by hand."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import CoalitionWarning, DataError, FitError
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit
from coalition_models.models.variance import (
    Plan,
    clustered,
    few_clusters,
    jackknife,
    plan_variance,
)

SCORES = np.array([[1.0, 0.0], [2.0, 1.0], [-3.0, 1.0], [0.5, -2.0]])
BREAD = np.array([[2.0, 0.5], [0.5, 1.0]])


def sums(codes, count):
    return cluster_sums(SCORES, codes, count)


@pytest.mark.parametrize(
    ("convention", "in_r", "given", "factor"),
    [
        ("R", False, None, False),
        ("R", True, None, True),
        ("stata", False, None, True),
        ("stata", True, False, False),
        ("R", False, True, True),
    ],
)
def test_the_factor_follows_the_convention(convention, in_r, given, factor):
    plan = plan_variance(None, ("state",), convention, given, factor_in_r=in_r)
    assert plan == Plan("cluster", convention, factor, ("state",))


def test_model_has_no_factor():
    assert not plan_variance(None, (), "stata", None, factor_in_r=True).small_sample
    assert plan_variance("model", ("state",), "R", None, factor_in_r=False).variance == "model"


def test_one_way_by_hand():
    codes = np.array([0, 0, 1, 1])
    u = np.array([[3.0, 1.0], [-2.5, -1.0]])
    expected = BREAD @ (u.T @ u) @ BREAD
    np.testing.assert_allclose(clustered(sums, BREAD, [codes], small_sample=False), expected)
    np.testing.assert_allclose(clustered(sums, BREAD, [codes], small_sample=True), 2 * expected)


def test_two_way_by_hand():
    one, two = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    parts = [BREAD @ (u.T @ u) @ BREAD for u in (sums(one, 2), sums(two, 2), SCORES)]
    np.testing.assert_allclose(
        clustered(sums, BREAD, [one, two], small_sample=False), parts[0] + parts[1] - parts[2]
    )
    np.testing.assert_allclose(
        clustered(sums, BREAD, [one, two], small_sample=True),
        2 * parts[0] + 2 * parts[1] - 4 / 3 * parts[2],
    )


def test_jackknife_of_a_mean_is_the_textbook_variance():
    values = np.array([1.0, 4.0, 2.0, 7.0, 6.0])
    found = jackknife(
        lambda keep: np.array([values[keep].mean()]),
        np.arange(5),
        np.array([values.mean()]),
        list("abcde"),
    )
    assert found[0, 0] == pytest.approx(values.var(ddof=1) / 5)


def test_jackknife_names_every_cluster_it_cannot_do_without():
    with pytest.raises(FitError, match="without a, b the model"):
        jackknife(
            lambda keep: None if keep[0] != keep[1] else np.array([0.0]),
            np.arange(3),
            np.array([0.0]),
            list("abc"),
        )


def test_few_clusters():
    plan = Plan("cluster", "R", False, ("state", "month"))
    assert few_clusters(plan, [60, 50]) == ""
    assert few_clusters(plan, [60, 12]).startswith("12 clusters in month: below 40")
    assert few_clusters(Plan("model", "R", False, ("state",)), [1]) == ""
    with pytest.raises(FitError, match="'month' has one value only"):
        few_clusters(plan, [60, 1])


def test_refusals():
    with pytest.raises(DataError, match="no meaning"):
        plan_variance("jackknife", ("state",), "R", True, factor_in_r=False)


def crossed(seed, groups=2):
    """Rows whose scores happen to add up within clusters so that a two-way variance is negative."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(60):
        x = rng.normal()
        for t in range(12):
            z = rng.normal()
            event = int(rng.random() < 1 / (1 + np.exp(3.0 - 0.6 * x - 0.4 * z)))
            rows.append((f"S{i:02d}", t, t + 1, event, x, z))
            if event:
                break
    data = pd.DataFrame(rows, columns=["state", "start", "stop", "event", "x", "z"])
    a, b = rng.integers(0, groups, len(data)), rng.integers(0, 5, len(data))
    return data.assign(a=a, b=b)


def quietly(estimator, data, **how):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return estimator("event ~ x + z", data, id="state", **how)


@pytest.mark.parametrize("estimator", [cox, logit])
@pytest.mark.parametrize("convention", ["R", "stata"])
def test_a_two_way_variance_that_is_none_is_said_with_the_larger_one_way_error(
    estimator, convention
):
    seen = 0
    for seed in range(12):
        data = crossed(seed)
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            fit = estimator(
                "event ~ x + z", data, id="state", cluster=["a", "b"], convention=convention
            )
        one, two = (quietly(estimator, data, cluster=by, convention=convention) for by in "ab")
        said = [remark for remark in fit.remarks if "not positive" in remark]
        assert said == [str(w.message) for w in warned if "not positive" in str(w.message)]
        missing = np.isnan(fit.std_errors)
        assert bool(said) == missing.any()
        for j, name in enumerate(fit.names):
            pair = one.std_errors[j], two.std_errors[j]
            by = "ab"[int(np.argmax(pair))]
            shown = any(f"{name} (std. error {max(pair):.4g} by {by})" in text for text in said)
            assert shown == missing[j]
        if said:
            seen += 1
            assert said[0][:60] in str(fit).replace("\n  ", " ")
    assert 2 < seen < 12


def test_a_positive_two_way_variance_is_left_alone():
    fit = quietly(cox, crossed(1, groups=30), cluster=["state", "b"])
    assert not any("two-way" in remark for remark in fit.remarks)
    parts = [quietly(cox, crossed(1, groups=30), cluster=by).covariance for by in ("state", "b")]
    both = crossed(1, groups=30).assign(c=lambda d: d["state"] + d["b"].astype(str))
    parts.append(quietly(cox, both, cluster="c").covariance)
    np.testing.assert_allclose(fit.covariance, parts[0] + parts[1] - parts[2], rtol=1e-9)


def test_joint_tests_by_a_covariance_that_is_none_are_missing_with_the_reason():
    missing = 0
    for seed in range(12):
        fit = quietly(logit, crossed(seed), cluster=["a", "b"])
        table = fit.test_terms()
        for _, row in table[table["statistic"].isna()].iterrows():
            missing += 1
            assert np.isnan(row["p_value"])
            assert row["df"] == 0
            assert "not positive in every direction" in row["note"]
        assert not (table["statistic"] < 0).any()
    assert missing
