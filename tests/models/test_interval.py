"""Events known to lie between two times: against survreg and direct likelihoods, and refusals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError, FormulaError

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "interval.json").read_text()
)
DATA, LATE, PERIODS = (pd.DataFrame(R[name]) for name in ("data", "late", "periods"))
TERMS = "event ~ x + z"


def timed(data: pd.DataFrame = DATA, distribution: str = "weibull", **options: object) -> cm.Fit:
    return cm.parametric(
        TERMS, data, distribution=distribution, **{"last_seen": "seen", "id": "id", **options}
    )


def periodic(data: pd.DataFrame = PERIODS, **options: object) -> cm.Fit:
    chosen = {"last_seen": "seen", "id": "id", "time": "log", **options}
    return cm.interval_censored("event ~ x + u", data, **chosen)


@pytest.mark.parametrize("case", ["weibull", "exponential", "lognormal", "loglogistic", "weighted"])
def test_against_survreg(case):
    want = R["survreg"][case]
    weights = {"weights": "w"} if case == "weighted" else {}
    distribution = "weibull" if case == "weighted" else case
    found = timed(distribution=distribution, **weights)
    theirs = np.array(want["coefficients"])
    if distribution in ("weibull", "exponential"):  # theirs are of the time
        theirs = -theirs / want["scale"]
    np.testing.assert_allclose(found.coefficients[:3], theirs, rtol=1e-6)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    if case in ("lognormal", "loglogistic"):
        assert np.exp(found.coefficients[3]) == pytest.approx(want["scale"], rel=1e-6)
        np.testing.assert_allclose(found.covariance, want["var"], rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("distribution", ["weibull", "gompertz", "lognormal"])
def test_with_late_entry_against_a_direct_likelihood(distribution):
    want = R["direct"][distribution]
    found = timed(LATE, distribution)
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.covariance, want["var"], rtol=1e-5, atol=1e-8)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)
    assert "known to lie in (seen, stop] only" in str(found)


@pytest.mark.parametrize("link", ["cloglog", "logit", "probit"])
def test_periods_against_a_direct_likelihood(link):
    want = R["links"][link]
    found = periodic(link=link)
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(found.covariance, want["var"], rtol=1e-5, atol=1e-8)
    assert found.log_likelihood == pytest.approx(want["log_likelihood"], rel=1e-9)


@pytest.mark.parametrize("distribution", ["weibull", "gompertz", "loglogistic", "piecewise"])
def test_splitting_and_order_of_rows_change_nothing(distribution):
    """An interval then spans several rows of its member."""
    options = {"cuts": [3, 6.5]} if distribution == "piecewise" else {}
    one = timed(LATE, distribution, **options)
    rows = cm.split_rows(LATE.sample(frac=1, random_state=2), at=[1.5, 2, 4, 5, 7.5])
    two = timed(rows, distribution, **options)
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-8)
    np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-7, atol=1e-12)
    for kind in ("robust", "jackknife"):
        if kind == "robust" or distribution == "weibull":
            both = [
                timed(d, distribution, variance=kind, **options,
                      **({"cluster": "id"} if kind == "jackknife" else {}))
                for d in (LATE, rows)
            ]  # fmt: skip
            np.testing.assert_allclose(both[0].covariance, both[1].covariance, rtol=1e-6)


def test_exact_dates_are_the_plain_model():
    few = PERIODS.assign(seen=PERIODS["stop"] - 1)
    one_uncertain = few.copy()
    row = one_uncertain.index[(few["event"] == 1) & (few["stop"] > 2)][0]
    one_uncertain.loc[row, "seen"] = few.loc[row, "stop"] - 2
    found = periodic(one_uncertain)
    plain = cm.cloglog("event ~ x + u", PERIODS, id="id", time="log")
    np.testing.assert_allclose(found.coefficients, plain.coefficients, atol=0.05)
    with pytest.raises(DataError, match="all dates are exact"):
        periodic(few)


def test_clusters_two_ways_and_predictions():
    data = PERIODS.assign(land=PERIODS["id"] % 12, year=PERIODS["id"] % 7)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for options in (
            {"cluster": "land"},
            {"cluster": ["land", "year"]},
            {"cluster": "land", "variance": "jackknife"},
            {"variance": "robust"},
        ):
            errors = periodic(data, **options).std_errors
            assert np.isfinite(errors).all()
            np.testing.assert_allclose(errors, periodic().std_errors, rtol=0.9)
    chances = periodic().predict(data, kind="probability")
    assert ((chances > 0) & (chances < 1)).all()


ENDED = LATE["event"] == 1
REFUSALS = {
    "missing": (lambda: timed(LATE.assign(seen=np.nan)), DataError, "'seen' is missing in"),
    "after": (lambda: timed(LATE.assign(seen=99.0)), DataError, "after the row's end"),
    "before": (lambda: timed(LATE.assign(seen=-1.0)), DataError, "before the first row"),
    "words": (lambda: timed(LATE.assign(seen="x")), DataError, "must hold numbers"),
    "column": (lambda: timed(last_seen="nothing"), FormulaError, "nothing"),
    "exact": (lambda: timed(LATE.assign(seen=LATE["stop"])), DataError, "all dates are exact"),
    "torn": (
        lambda: timed(
            cm.split_rows(LATE, at=[2, 4, 6]).assign(c=lambda d: d["stop"] % 5), cluster="c"
        ),
        DataError, "several clusters",
    ),
    "half": (
        lambda: periodic(PERIODS.assign(seen=PERIODS["stop"] - 1.5)), DataError, "within a period",
    ),
    "dummies": (lambda: periodic(time="dummies"), DataError, "period of every event"),
    "link": (lambda: periodic(link="log"), DataError, "link must be one of"),
    "cox": (
        lambda: cm.fit(cm.Specification("cox", TERMS, last_seen="seen"), LATE), DataError,
        "last_seen='seen' is for .*weibull.*not for cox",
    ),
    "separated": (
        lambda: periodic(
            PERIODS.assign(x=PERIODS.groupby("id")["event"].transform("max")), time=None
        ),
        FitError, "separation.* x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_refused(case):
    call, error, message = REFUSALS[case]
    with pytest.raises(error, match=message):
        call()


def test_saved_and_read_back(tmp_path):
    found = timed(LATE)
    found.save(tmp_path / "fit.zip", LATE)
    again = cm.load_fit(tmp_path / "fit.zip")
    np.testing.assert_allclose(again.covariance, found.covariance, rtol=1e-9)
