"""Rows that are left out anyway say nothing of members, events or histories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")

ROWS = pd.DataFrame(
    {
        "id": range(1, 9),
        "start": 0,
        "stop": [5, 5, 3, 4, 6, 7, 2, 8],
        "event": [1, 0, 1, 1, 0, 1, 1, 1],
        "x": [0, 1.0, 1, 0, 1, 0, 0, 1],
        "s": [None, None, "a", "a", "b", "b", "a", "b"],
    }
)


@pytest.mark.parametrize("id", [None, "id"])
def test_rows_without_a_stratum_are_nobodys_history(id):
    fit = cm.cox("event ~ x", ROWS, strata="s", id=id)
    assert fit.coefficients[0] == pytest.approx(-0.48121, abs=5e-6)
    assert (fit.counts.rows_given, fit.counts.rows) == (8, 6)
    by_state = ROWS.rename(columns={"id": "state"}).assign(coalition="c", spell=1)
    fit = cm.cox("event ~ x", by_state, strata="s")
    assert fit.coefficients[0] == pytest.approx(-0.48121, abs=5e-6)


EMPTY = [np.nan, np.nan, *[1.0] * 6]
LACKS = {
    "two columns of strata": ({"t": ["u"] * 8}, {"strata": ["s", "t"]}),
    "the second of two strata": (
        {"s": list("aaaabbab"), "t": [None, None, *["u"] * 6]}, {"strata": ["t", "s"]}
    ),
    "a stratum in numbers": ({"s": [np.nan, np.nan, 1, 1, 2, 2, 1, 2]}, {"strata": "s"}),
    "a stratum as category": (
        {"s": pd.Categorical([None, None, *"aabbab"])}, {"strata": "s"}
    ),
    "weights": ({"w": EMPTY}, {"weights": "w"}),
    "an offset": ({"o": EMPTY}, {"offset": "o"}),
    "a cluster": ({"c": [None, None, *"abcdef"]}, {"cluster": "c"}),
    "a covariate": ({"x": [np.nan, np.nan, *ROWS["x"][2:]]}, {}),
}  # fmt: skip


@pytest.mark.parametrize("who", [None, "id", "two rows of one", "default"])
@pytest.mark.parametrize("case", LACKS)
def test_rows_that_lack_something_are_left_out_whoever_they_are(case, who):
    """Also where the rows left out overlap: they would be one member's, twice."""
    columns, choices = LACKS[case]
    data = ROWS.assign(**columns)
    if who == "two rows of one":
        data["id"] = [1, 1, 3, 4, 5, 6, 7, 8]
    if who == "default":
        data = data.rename(columns={"id": "state"}).assign(coalition="c", spell=1)
    names = {} if who in (None, "default") else {"id": "id"}
    found = cm.cox("event ~ x", data, **choices, **names)
    right = cm.cox("event ~ x", data.drop(index=[0, 1]), **choices, **names)
    assert (found.counts.rows_given, found.counts.rows) == (8, 6)
    np.testing.assert_array_equal(found.coefficients, right.coefficients)
    np.testing.assert_array_equal(found.covariance, right.covariance)


WRONG = {
    "no event": {"event": [np.nan, *ROWS["event"][1:]]},
    "event of 2": {"event": [2, *ROWS["event"][1:]]},
    "stop before start": {"stop": [-1, *ROWS["stop"][1:]]},
    "no length": {"stop": [0, *ROWS["stop"][1:]]},
    "no stop": {"stop": [np.nan, *ROWS["stop"][1:]]},
    "twice in one history": {"id": [8, *ROWS["id"][1:]]},
}


@pytest.mark.parametrize("estimator", [cm.cox, cm.logit])
@pytest.mark.parametrize("case", WRONG)
def test_faults_in_rows_that_are_left_out_refuse_no_fit(case, estimator):
    whole = ROWS.assign(x=[0, 1.0, 2, 0, 1, 3, 0, 2])
    data = whole.assign(x=[np.nan, *whole["x"][1:]], **WRONG[case])
    options = {} if estimator is cm.cox else {"time": None}
    found = estimator("event ~ x", data, id="id", **options)
    right = estimator("event ~ x", whole.drop(index=0), id="id", **options)
    np.testing.assert_allclose(found.coefficients, right.coefficients, rtol=1e-12)
    with pytest.raises(cm.CoalitionError):
        estimator("event ~ x", whole.assign(**WRONG[case]), id="id", **options)
