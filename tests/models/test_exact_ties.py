"""Exact partial likelihood of tied events: against R and by hand, and what is refused."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.kernels.cox import prepare
from coalition_models.kernels.exact_ties import exact_ties

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "exact.json").read_text()
)
TIED, LATE = pd.DataFrame(R["tied"]), pd.DataFrame(R["late"])
CASES = {
    "tied": ("event ~ x + z", TIED, {}),
    "tied_strata": ("event ~ x + z", TIED, {"strata": "g"}),
    "tied_offset": ("event ~ x", TIED, {"offset": "off"}),
    "late": ("event ~ x + z", LATE, {}),
    "late_strata": ("event ~ x", LATE, {"strata": "g"}),
}


@pytest.mark.parametrize("case", CASES)
def test_against_coxph(case):
    formula, data, options = CASES[case]
    found, want = cm.cox(formula, data, ties="exact", **options), R["fits"][case]
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se"], rtol=1e-6)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    assert found.log_likelihood_null == pytest.approx(want["null"], rel=1e-9)
    tests = found.test_model().set_index("test")["statistic"]
    assert tests["score"] == pytest.approx(want["score"], rel=1e-6)
    residuals = found.residuals("martingale").iloc[:, -1]
    np.testing.assert_allclose(residuals, want["martingale"], rtol=1e-5, atol=1e-7)


def test_every_choice_by_hand():
    """Two of four leave at 1: the chance is one of six products."""
    x, b = np.array([1.0, 0.5, -1.0, 2.0]), 0.7
    rows = prepare(np.zeros(4), [1, 1, 2, 3], [1, 1, 0, 1], x[:, None])
    weight = np.exp(b * x)
    every = sum(weight[i] * weight[j] for i, j in itertools.combinations(range(4), 2))
    last = 1.0  # who leaves at 3 is alone
    by_hand = np.log(weight[0] * weight[1] / every * last)
    likelihood = exact_ties(rows)
    assert likelihood.at(np.array([b]) * rows.scale).log_likelihood == pytest.approx(by_hand)


def test_many_ties_stay_in_range():
    """Half of 3,000 leave at once: more choices than a float can count."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=3000)
    event = (rng.random(3000) < 1 / (1 + np.exp(-0.5 * x))).astype(int)
    data = pd.DataFrame({"stop": 1, "event": event, "x": x})
    found = cm.cox("event ~ x", data, start=None, ties="exact")
    assert abs(found.coefficients[0] - 0.5) < 4 * found.std_errors[0]
    assert np.isfinite(found.log_likelihood)


def test_without_ties_it_is_breslow():
    data = LATE.assign(stop=LATE["stop"] + np.arange(len(LATE)) / 100)
    one = cm.cox("event ~ x + z", data, ties="exact")
    two = cm.cox("event ~ x + z", data, ties="breslow")
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-8)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-7)


def test_its_score_test_is_the_logrank_test():
    found = cm.cox("event ~ z", LATE, ties="exact")
    tests = found.test_model().set_index("test")["statistic"]
    assert cm.logrank(LATE, "z").statistic == pytest.approx(tests["score"], rel=1e-9)


def test_one_stratum_is_the_conditional_logit():
    data = TIED.assign(start=0, stop=1)
    found = cm.cox("event ~ x + z", data, strata="g", ties="exact")
    other = cm.conditional_logit("event ~ x + z", data, strata="g")
    np.testing.assert_allclose(found.coefficients, other.coefficients, rtol=1e-8)


def test_splitting_and_order_of_rows_change_nothing():
    one = cm.cox("event ~ x + z", LATE, ties="exact")
    split = cm.split_rows(LATE.sample(frac=1, random_state=1), at=[6, 9, 13])
    two = cm.cox("event ~ x + z", split, ties="exact")
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-9)


def test_jackknife_over_clusters_is_refits():
    found = cm.cox("event ~ x", TIED, ties="exact", cluster="g", variance="jackknife")
    each = [
        cm.cox("event ~ x", TIED[TIED["g"] != g], ties="exact").coefficients[0] for g in (1, 2, 3)
    ]
    spread = sum((b - found.coefficients[0]) ** 2 for b in each) * 2 / 3
    assert found.covariance[0, 0] == pytest.approx(spread, rel=1e-6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "x"}, "weights='x' is for .*cox.*not for cox_exact"),
        ({"penalty": "firth"}, "not for cox_exact"),
        ({"prior": "normal(2)"}, "not for cox_exact"),
        ({"cluster": "g"}, "sums scores by row.*variance='jackknife'"),
        ({"variance": "robust"}, "sums scores by row"),
        ({"cluster": ["g", "z"], "variance": "jackknife"}, "one cluster at a time"),
    ],
)
def test_refused(options, message):
    with pytest.raises(DataError, match=message):
        cm.cox("event ~ x", TIED, ties="exact", **options)


def test_what_it_cannot_do_afterwards_is_refused_by_name():
    found = cm.cox("event ~ x", TIED, ties="exact")
    for call in (
        lambda: cm.check_ph(found),
        lambda: cm.predict_survival(found, {"x": [0.0]}),
        lambda: found.residuals("score"),
    ):
        with pytest.raises(DataError, match=r"cox_exact|kind must be"):
            call()


def test_separation_is_named():
    first = (TIED["stop"] == TIED["stop"].min()) & (TIED["event"] == 1)
    data = TIED.assign(wall=first.astype(int))
    with pytest.raises(FitError, match=r"separation.*wall"):
        cm.cox("event ~ wall", data, ties="exact")
    with pytest.raises(FitError, match="no event"):
        cm.cox("event ~ x", data.assign(event=0), ties="exact")
    with pytest.raises(FitError, match=r"constant.*one"):
        cm.cox("event ~ x + one", data.assign(one=1.0), ties="exact")


def test_the_specification_names_the_family():
    spec = cm.Specification("cox", "event ~ x", ties="exact")
    assert (spec.family, spec.ties) == ("cox_exact", None)
    assert spec == cm.Specification("cox_exact", "event ~ x")
    assert "Ties: exact" in str(cm.fit(spec, TIED))
