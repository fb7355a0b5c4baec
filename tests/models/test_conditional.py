"""Conditional logit: against survival::clogit, by hand, and what is refused."""

from __future__ import annotations

import json
import warnings
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.kernels.conditional import group_rows

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "groups.json").read_text()
)
DATA = pd.DataFrame(R["data"])
CASES = {
    "plain": ("event ~ x + left", {}),
    "offset": ("event ~ left", {"offset": "exposure"}),
    "cubic": ("event ~ x", {"time": "cubic"}),
    "two": ("event ~ x + left", {"strata": ["region", "spell"]}),
}


def fitted(formula: str, data: pd.DataFrame = DATA, **choices: object) -> cm.Fit:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*(clusters in|events for).*")
        return cm.conditional_logit(formula, data, **{"id": ["state", "spell"], **choices})


@pytest.mark.parametrize("kind", CASES)
def test_against_clogit(kind):
    formula, choices = CASES[kind]
    want, found = R["conditional"][kind], fitted(formula, **choices)
    np.testing.assert_allclose(found.coefficients, np.atleast_1d(want["coefficients"]), rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, np.atleast_1d(want["se"]), rtol=1e-6)
    null, top = want["log_likelihood"]
    assert found.log_likelihood == pytest.approx(top, rel=1e-9)
    assert found.log_likelihood_null == pytest.approx(null, rel=1e-9)


def test_clusters_of_whole_groups_against_coxph():
    want = R["conditional"]["clustered"]
    found = fitted("event ~ x + left", strata="own", cluster="region")
    np.testing.assert_allclose(found.coefficients, want["coefficients"], rtol=1e-6)
    np.testing.assert_allclose(found.std_errors, want["se_cluster"], rtol=1e-6)


@pytest.mark.parametrize("ones", [1, 2, 3, 4])
def test_sum_over_all_choices(ones):
    rng = np.random.default_rng(ones)
    X, shift = rng.normal(size=(5, 2)), rng.normal(size=5)
    y = np.zeros(5)
    y[:ones] = 1
    groups, used, _ = group_rows(X, y, shift, np.zeros(5, dtype=np.int64))
    beta = np.array([0.3, -0.7])
    value, score, information = groups.pieces(beta)
    eta = X @ beta + shift
    picks = [list(pick) for pick in combinations(range(5), ones)]
    chance = np.exp([eta[pick].sum() for pick in picks])
    chance /= chance.sum()
    sums = np.array([X[pick].sum(axis=0) for pick in picks])
    mean = chance @ sums
    assert used.all()
    assert value[0] == pytest.approx(np.log(chance[0]))
    np.testing.assert_allclose(score[0], sums[0] - mean)
    np.testing.assert_allclose(
        information, (sums * chance[:, None]).T @ sums - np.outer(mean, mean)
    )


def test_groups_that_say_nothing_are_counted():
    found = fitted("event ~ x")
    by = DATA.groupby("state")["event"].agg(["mean"])["mean"]
    lost = int(((by == 0) | (by == 1)).sum())
    assert lost > 0
    assert any(f"{lost} group" in remark for remark in found.remarks)
    keep = DATA[~DATA["state"].isin(by.index[(by == 0) | (by == 1)])]
    np.testing.assert_allclose(fitted("event ~ x", keep).coefficients, found.coefficients)


def test_constants_of_groups_do_nothing():
    level = DATA["state"].factorize()[0] * 1e4
    one, two = fitted("event ~ x"), fitted("event ~ x", DATA.assign(x=DATA["x"] + level))
    np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=1e-6)
    np.testing.assert_allclose(one.std_errors, two.std_errors, rtol=1e-6)


def test_jackknife_leaves_out_groups():
    found = fitted("event ~ x", cluster="region", variance="jackknife")
    parts = [fitted("event ~ x", DATA[DATA["region"] != r]) for r in DATA["region"].unique()]
    moves = np.array([part.coefficients - found.coefficients for part in parts])
    np.testing.assert_allclose(found.covariance, moves.T @ moves * 5 / 6, rtol=1e-6)


def test_predictions_and_concordance():
    found = fitted("event ~ x + left", offset="exposure")
    np.testing.assert_allclose(found.predict(), found.predict(DATA))
    assert 0.5 < found.concordance < 1
    with pytest.raises(DataError, match="constants of the groups"):
        found.predict(kind="probability")


def test_refused():
    with pytest.raises(DataError, match=r"weights='weight' is for"):
        cm.Specification("conditional_logit", "event ~ x", strata="state", weights="weight")
    with pytest.raises(DataError, match="lie in several clusters of spell"):
        fitted("event ~ x", cluster="spell")
    with pytest.raises(DataError, match="by one column"):
        fitted("event ~ x", cluster=["state", "region"])
    with pytest.raises(DataError, match="give strata="):
        cm.fit(cm.Specification("conditional_logit", "event ~ x"), DATA)
    with pytest.raises(DataError, match="strata takes a column name"):
        fitted("event ~ x", strata=[])
    with pytest.raises(FitError, match=r"constant within the groups.*number"):
        fitted("event ~ x + number")
    wall = DATA.assign(wall=((DATA["event"] == 0) & (DATA["x"] < -0.3)).astype(int))
    with pytest.raises(FitError, match="wall"):
        fitted("event ~ x + wall", wall)
    with pytest.raises(FitError, match="nothing to compare"):
        fitted("event ~ x", DATA.assign(own=np.arange(len(DATA))), strata="own")
    with pytest.raises(DataError, match="predict_survival"):
        cm.predict_survival(fitted("event ~ x"), {"x": [0.0]})


@pytest.mark.parametrize(("size", "count", "p"), [(7, 3, 2), (30, 40, 5), (200, 4, 3), (4, 6, 0)])
def test_choices_in_loops_and_in_numpy_are_one(size, count, p, monkeypatch):
    """Gaps in groups, one event, as many events as fit, and a hundred of them at once."""
    rng = np.random.default_rng(size)
    y = rng.random((size, count)) < np.linspace(0.05, 0.7, count)
    y[0], y[1] = True, False
    there = rng.random((size, count)) < 0.8
    there[:2] = True
    X, codes = rng.normal(size=(int(there.sum()), p)), np.nonzero(there)[1]
    groups, *_ = group_rows(X, y[there].astype(float), rng.normal(size=len(X)), codes)
    found = []
    for plain in ("0", "1"):
        monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", plain)
        found.append(groups.pieces(0.5 * np.ones(p)))
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-11, atol=1e-11)
