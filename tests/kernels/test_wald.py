"""Joint tests by hand, of full rank and less."""

from __future__ import annotations

import numpy as np

from coalition_models.kernels.wald import joint_test


def test_the_quadratic_form_of_full_rank():
    rng = np.random.default_rng(1)
    half = rng.normal(size=(4, 4))
    covariance, values = half @ half.T, rng.normal(size=4)
    found = joint_test(values, covariance)
    np.testing.assert_allclose(
        found.statistic, values @ np.linalg.solve(covariance, values), rtol=1e-9
    )
    assert (found.df, found.positive) == (4, True)
    # whatever the units
    unit = np.array([1e-6, 1.0, 1e3, 1e6])
    again = joint_test(values * unit, covariance * np.outer(unit, unit))
    np.testing.assert_allclose(again.statistic, found.statistic, rtol=1e-9)


def test_values_that_depend_on_others_are_left_out():
    one = np.array([[1.0, 0.5, 1.5], [0.5, 2.0, 2.5], [1.5, 2.5, 4.0]])  # the third is their sum
    values = np.array([1.0, 2.0, 3.0])
    found, two = joint_test(values, one), joint_test(values[:2], one[:2, :2])
    np.testing.assert_allclose(found.statistic, two.statistic, rtol=1e-12)
    assert found.df == two.df == 2
    assert joint_test(values, one, at_most=1).df == 1


def test_what_is_no_covariance_gives_no_statistic():
    for values, covariance, positive in (
        ([1.0, 2.0], [[1.0, 0.0], [0.0, -1.0]], False),
        ([1.0, np.nan], np.eye(2), False),
        ([1.0, 2.0], np.zeros((2, 2)), True),
    ):
        found = joint_test(values, covariance)
        assert np.isnan(found.statistic)
        assert found.positive is positive
