"""Which variance is reported, and the clustered sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError, FitError
from coalition_models.kernels.variance import cluster_sums
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
