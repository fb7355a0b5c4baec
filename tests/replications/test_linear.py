"""Least squares by hand, and R's glm where it stops."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.replications.linear import glm_as_r, least_squares


def test_least_squares_by_hand():
    rows = pd.DataFrame({"y": [1.0, 2.0, 2.0, 4.0, None], "x": [0, 1, 2, 3, 4]})
    found = least_squares(rows, outcome="y", terms=["x"])
    # sums: xx 5, xy 4.5, residuals .1 .2 -.7 .4, their squares .7
    assert found.coefficients == pytest.approx([0.9, 0.9])
    assert found.std_errors[1] == pytest.approx(np.sqrt(0.35 / 5))
    assert (found.model["rows"], found.model["dropped"]) == (4, 1)
    assert found.model["deviance"] == pytest.approx(0.7)
    assert found.model["f_statistic"] == pytest.approx(4.05 / 0.35)
    assert found.model["rmse"] == pytest.approx(np.sqrt(0.7 / 4))


def test_run_to_the_end_it_is_the_maximum(months):
    rows = months()
    fit = cm.logit("event ~ x", rows, time=None)
    found = glm_as_r(rows, outcome="event", terms=["x"], family="binomial", tolerance=1e-15)
    assert found.coefficients == pytest.approx(fit.coefficients, rel=1e-9)
    assert found.std_errors == pytest.approx(fit.std_errors, rel=1e-6)
    assert found.model["log_likelihood"] == pytest.approx(fit.log_likelihood)


def test_a_poisson_mean_by_hand():
    rows = pd.DataFrame({"y": [1, 2, 6, 3], "x": [0, 0, 1, 1]})
    found = glm_as_r(rows, outcome="y", terms=["x"], family="poisson")
    assert found.coefficients == pytest.approx([np.log(1.5), np.log(3)], rel=1e-6)
    assert found.std_errors[0] == pytest.approx(np.sqrt(1 / 3), rel=1e-4)
    with pytest.raises(cm.DataError, match="family must be"):
        glm_as_r(rows, outcome="y", terms=["x"], family="gamma")


def test_clustered_errors_of_least_squares_by_hand():
    rows = pd.DataFrame({"y": [1.0, 2.0, 2.0, 4.0], "x": [0.0, 1.0, 2.0, 3.0], "g": list("aabb")})
    found = least_squares(rows, outcome="y", terms=["x"], cluster="g")
    # residuals 0.1, 0.2, -0.7, 0.4: sums of scores of the slope, x centred at 1.5
    sums = np.array([0.1 * -1.5 + 0.2 * -0.5, -0.7 * 0.5 + 0.4 * 1.5])
    factor = 2 / 1 * 3 / 2
    assert found.std_errors[1] == pytest.approx(np.sqrt(factor * (sums**2).sum()) / 5)
    assert found.coefficients == pytest.approx([0.9, 0.9])
