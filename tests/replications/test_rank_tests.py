"""Tests between groups and incidence: by hand, against Kaplan-Meier and against each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coalition_models.replications.rank_tests import (
    fine_gray_null,
    group_tests,
    incidence,
)
from coalition_models.replications.studies.bienen_vandewalle_1991.study import exits


def _leaders(group: list[str], years: list[int], exit_kind: list[int]) -> pd.DataFrame:
    left = [int(kind > 0) for kind in exit_kind]
    return pd.DataFrame({"group": group, "years": years, "exit": exit_kind, "left": left})


def test_log_rank_by_hand():
    rows = _leaders(["a", "b", "a", "b"], [1, 2, 3, 4], [1, 1, 1, 0])
    found = group_tests(rows, by="group").others
    # expected of a: 1/2 at 1, 1/3 at 2, 1/2 at 3; variance 1/4 + 2/9 + 1/4
    assert found["a", "logrank_statistic"] == pytest.approx(2 - 4 / 3)
    assert found["a x a", "logrank_covariance"] == pytest.approx(13 / 18)
    assert found["a x b", "logrank_covariance"] == pytest.approx(-13 / 18)
    assert found["model", "logrank_chi2"] == pytest.approx((2 / 3) ** 2 / (13 / 18))
    assert found["model", "logrank_df"] == 1
    # weights 4, 3, 2: 4/2 - 3/3 + 2/2
    assert found["a", "wilcoxon_statistic"] == pytest.approx(2.0)
    assert found["Total", "percent_censored"] == 25
    # rates 2/4 and 1/6 against 3/10
    ratio = 2 * (2 * np.log(1 / 2) + np.log(1 / 6) - 3 * np.log(3 / 10))
    assert found["model", "exponential_chi2"] == pytest.approx(ratio)


def test_incidence_with_one_kind_is_one_less_survival():
    rows = _leaders(["a"] * 5, [0, 1, 1, 2, 3], [1, 1, 0, 1, 0])
    found = incidence(rows, kind=1, years=[0, 1, 2]).others
    survival = [4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 1 / 2]
    for year, left in enumerate(survival):
        assert found[f"year {year}", "incidence"] == pytest.approx(1 - left)
    # Greenwood's variance at year 1: S^2 (1/(5*4) + 1/(4*3))
    error = survival[1] * np.sqrt(1 / 20 + 1 / 12)
    assert found["year 1", "std_error"] == pytest.approx(error)
    assert found["year 1", "conf_low"] < found["year 1", "incidence"]


def test_fine_and_gray_without_other_exits_is_cox_without_covariates():
    rows = _leaders(["a"] * 4, [1, 2, 2, 3], [1, 1, 0, 1])
    model = fine_gray_null(rows, kind=1).model
    assert model["deviance"] == pytest.approx(2 * np.log(4 * 3 * 1))
    assert (model["events"], model["competing_events"], model["censored"]) == (3, 0, 1)
    other = fine_gray_null(rows.assign(exit=[2, 1, 0, 1]), kind=1).model
    # who left otherwise at 1 stays at 2 and 3 with the chance 2/3 of not being censored
    assert other["deviance"] == pytest.approx(2 * (np.log(3 + 2 / 3) + np.log(1 + 2 / 3)))


def test_exits_are_counted():
    counts = exits(_leaders(["a"] * 3, [1, 1, 1], [0, 2, 3])).others
    assert [counts[kind, "rows"] for kind in ("in office", "natural death")] == [1, 1]
