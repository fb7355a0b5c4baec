"""Fits whose hazards lie orders of magnitude apart, and joint tests with few clusters.

The fixture and the R script that made it stand in ``tests/fixtures/r``.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.kernels import residuals
from coalition_models.models.after.diagnostics import check_ph
from coalition_models.models.cox.api import cox
from coalition_models.models.discrete.api import logit

R = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "far_apart.json").read_text()
)
WARS, LATE, FEW = (pd.DataFrame(R[name]) for name in ("wars", "late", "few"))
KOREA, IRAQ = [1954, 1955, 1954, 1952, 1953, 1952], [2004, 2006, 2005, 2004, 2003, 2003]

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def shuffled(data):
    """The rows as they are, reversed and at random, each on the index 0, 1, ... of the first."""
    order = np.random.default_rng(5).permutation(len(data))
    return [data, data.iloc[::-1], data.iloc[order]]


@pytest.mark.parametrize("at", range(3))
def test_wars_as_strata_and_the_year_as_covariate(at):
    right = R["wars_fits"][at]
    for data in shuffled(WARS):
        fit = cox(
            "event ~ year + cost", data, strata="war", cluster="state", ties=right["ties"],
            weights="weight" if right["weighted"] else None,
        )  # fmt: skip
        assert np.ptp(fit.coefficients[0] * WARS["year"]) > 20
        np.testing.assert_allclose(fit.coefficients, right["coefficients"], rtol=1e-8)
        np.testing.assert_allclose(np.sqrt(np.diag(fit.model_covariance)), right["model_se"], 1e-8)
        np.testing.assert_allclose(fit.std_errors, right["clustered_se"], rtol=1e-8)
        rows = fit.augment().sort_index()
        np.testing.assert_allclose(rows["martingale"], right["martingale"], rtol=0, atol=1e-8)
        np.testing.assert_allclose(rows["deviance"], right["deviance"], rtol=0, atol=1e-7)
        back = np.argsort(data.index)
        prepared = fit.engine.prepared
        score = residuals.score_residuals(prepared, fit.coefficients)[back]
        np.testing.assert_allclose(score, right["score"], rtol=0, atol=1e-7)
        dfbeta = residuals.dfbeta(prepared, fit.coefficients, fit.model_covariance)[back]
        np.testing.assert_allclose(dfbeta, right["dfbeta"], rtol=0, atol=1e-8)


@pytest.mark.parametrize("at", range(2))
def test_wars_one_after_the_other(at):
    """In one stratum, kept apart by late entry alone: what strata give, and R where it is right."""
    right, strata = R["late_fits"][at], R["wars_fits"][at]
    for data in shuffled(LATE):
        fit = cox("event ~ year + cost", data, cluster="state", ties=right["ties"])
        np.testing.assert_allclose(fit.std_errors, right["clustered_se"], rtol=1e-8)
        np.testing.assert_allclose(fit.std_errors, strata["clustered_se"], rtol=1e-8)
        rows = fit.augment().sort_index()
        np.testing.assert_allclose(rows["martingale"], strata["martingale"], rtol=0, atol=1e-8)
        np.testing.assert_allclose(rows["deviance"], strata["deviance"], rtol=0, atol=1e-7)


@pytest.mark.parametrize("apart", [0, 6])
@pytest.mark.parametrize("variance", ["cluster", "robust"])
def test_two_wars_half_a_century_apart(apart, variance):
    """Once with strata, once as late entrants: 12.4, 0.35 or 5.4 in place of 0.481."""
    data = pd.DataFrame(
        {"war": ["korea"] * 6 + ["iraq"] * 6, "stop": [1, 2, 3, 4, 5, 6] * 2, "event": 1,
         "year": KOREA + IRAQ, "start": 0, "cl": np.repeat(np.arange(6), 2)}
    )  # fmt: skip
    data.loc[6:, ["start", "stop"]] += apart
    right = [-0.318, -0.075, 0.049, 0.203, -0.797]
    id_ = {"id": "cl"} if variance == "robust" else {"cluster": "cl"}
    if variance == "robust":
        data["cl"] = np.arange(12)
    errors = []
    for rows in shuffled(data):
        strata = None if apart else "war"
        fit = cox("event ~ year", rows, strata=strata, variance=variance, **id_)
        errors.append(float(fit.std_errors[0]))
        martingale = fit.augment().sort_index()["martingale"]
        np.testing.assert_allclose(martingale.tail(5), right, atol=6e-4)
        older = check_ph(fit, "rank", robust=True).table
        assert older["statistic"].notna().all()
    if variance == "cluster":
        np.testing.assert_allclose(errors, 0.48143, atol=1e-5)
    np.testing.assert_allclose(errors, errors[0], rtol=1e-9)


def test_deviance_of_an_event_that_was_hardly_expected():
    """The event less its martingale residual would be nil, and the deviance infinite."""
    x = np.repeat([0.0, 40.0], 20) + np.tile(np.linspace(0, 1, 20), 2)
    stop = np.r_[np.arange(20, 0, -1) + 0.5, np.arange(20, 0, -1)]
    data = pd.DataFrame({"start": 0, "stop": stop, "event": 1, "x": x})
    data.loc[0, "stop"] = 0.25  # leaves first, among forty, with a hazard e^40 below theirs
    fit = cox("event ~ x", data)
    row = fit.augment().iloc[0]
    risk = np.exp(fit.coefficients[0] * (x - x[0]))
    expected = 1 / risk.sum()
    assert row["expected"] == pytest.approx(expected, rel=1e-9)
    assert row["deviance"] == pytest.approx(np.sqrt(-2 * (1 - expected + np.log(expected))))


@pytest.mark.parametrize("at", range(6))
def test_joint_tests_take_the_rank_of_the_covariance_as_r_does(at):
    right = R["tests"][at]
    data = FEW.assign(cl=FEW["g"] % right["groups"])
    table = cox("event ~ x + kind", data, cluster="cl").test_terms().set_index("term")
    for term in ("x", "kind"):
        np.testing.assert_allclose(table.loc[term, ["statistic", "df"]].tolist(), right[term], 1e-7)
    if right["groups"] <= 5:
        assert (
            f"rank {right['groups'] - 1}, with {right['groups']} clusters"
            in table.loc["kind", "note"]
        )
    else:
        assert "note" not in table.columns


def panel(n=150, periods=12, seed=3):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        x = rng.normal()
        for t in range(periods):
            z = rng.normal()
            p = 1 / (1 + np.exp(3.0 - 0.6 * x - 0.4 * z - 0.3 * (i % 3 == 1)))
            e = int(rng.random() < p)
            rows.append((f"S{i:02d}", "abc"[i % 3], t, t + 1, e, x, z, i % 7))
            if e:
                break
    return pd.DataFrame(rows, columns=["state", "region", "start", "stop", "event", "x", "z", "g"])


@pytest.mark.parametrize(
    ("groups", "estimator", "statistic", "df"),
    [(3, cox, 7.567, 2), (4, cox, 35.018, 3), (3, logit, None, 2), (4, logit, None, 3)],
)
def test_a_term_with_more_dummies_than_clusters(groups, estimator, statistic, df):
    """1.7e16 with p = 0, -2.6e15 with p = 1, or LinAlgError."""
    data = panel()
    data["cat"] = np.random.default_rng(0).integers(0, 6, len(data)).astype(str)
    data["cl"] = data["g"] % groups
    row = estimator("event ~ x + cat", data, id="state", cluster="cl").test_terms()
    row = row.set_index("term").loc["cat"]
    assert row["df"] == df
    assert statistic is None or row["statistic"] == pytest.approx(statistic, abs=6e-4)
    assert 0 < row["p_value"] < 1
    assert f"rank {df}" in row["note"]


def test_a_jackknife_of_few_clusters_tells_no_more_directions_than_a_sandwich():
    data = FEW.assign(cl=FEW["g"] % 3)
    fit = cox("event ~ x + kind", data, cluster="cl", variance="jackknife")
    row = fit.test_terms().set_index("term").loc["kind"]
    assert row["df"] == 2
    assert row["statistic"] < 100
    assert "rank 2, with 3 clusters" in row["note"]


def test_joint_tests_of_any_scale_have_full_rank():
    scaled = FEW.assign(x=FEW["x"] * 1e-9, cl=FEW["g"])
    a = cox("event ~ x * kind", scaled, cluster="cl").test_terms()
    b = cox("event ~ x * kind", FEW.assign(cl=FEW["g"]), cluster="cl").test_terms()
    np.testing.assert_allclose(a["statistic"], b["statistic"], rtol=1e-6)
    assert a["df"].tolist() == b["df"].tolist() == [1, 5, 5]
