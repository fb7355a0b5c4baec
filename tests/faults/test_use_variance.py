"""Variances that are none in some direction: few clusters, two ways at once."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import chi2, f

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError, FitError

MODELS = {
    "cox": lambda d, **how: cm.cox("event ~ x + cat", d, id="state", **how),
    "cox, Breslow": lambda d, **how: cm.cox(
        "event ~ x + cat", d, id="state", ties="breslow", **how
    ),
    "cox, strata": lambda d, **how: cm.cox("event ~ x + cat", d, id="state", strata="s", **how),
    "logit": lambda d, **how: cm.logit("event ~ x + cat", d, id="state", **how),
    "cloglog": lambda d, **how: cm.logit(
        "event ~ x + cat", d, id="state", link="cloglog", time="log", **how
    ),
    "probit, weights": lambda d, **how: cm.logit(
        "event ~ x + cat", d, id="state", link="probit", weights="w", time=None, **how
    ),
}


def quietly(model, data, **how):
    """Fit without the warning of few clusters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return MODELS[model](data, **how)


@pytest.fixture(scope="module")
def data(months):
    d = months()
    d["cat"] = np.random.default_rng(0).integers(0, 6, len(d)).astype(str)
    rng = np.random.default_rng(5)
    return d.assign(s=rng.integers(0, 2, len(d)), w=rng.integers(1, 4, len(d)))


def wald_of_the_first(fit, at_most=9):
    """Wald test of the first coefficients of the term that do not depend on one another.

    G refits without a cluster differ in G directions, but as they lie about one estimate only
    G - 1 of them tell anything: ``at_most``.
    """
    own = [i for i, name in enumerate(fit.names) if name.startswith("cat")]
    kept: list[int] = []
    for i in own:
        block = fit.covariance[np.ix_([*kept, i], [*kept, i])]
        spread = np.sqrt(np.diag(block))
        rank = np.linalg.matrix_rank(block / np.outer(spread, spread), tol=1e-7)
        if rank == len(kept) + 1 <= at_most:
            kept.append(i)
    b = fit.coefficients[kept]
    return float(b @ np.linalg.solve(fit.covariance[np.ix_(kept, kept)], b)), len(kept)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("groups", "variance"), [(2, "cluster"), (3, "cluster"), (4, "cluster"), (4, "jackknife")]
)
def test_joint_test_with_few_clusters(data, model, groups, variance):
    """1.7e16 with p = 0, -2.6e15 with p = 1, 2.8e12, or LinAlgError."""
    fit = quietly(model, data.assign(cl=data["g"] % groups), cluster="cl", variance=variance)
    row = fit.test_terms().set_index("term").loc["cat"]
    expected, df = wald_of_the_first(fit, groups - 1 if variance == "jackknife" else 9)
    assert row["df"] == df == groups - 1
    assert row["statistic"] == pytest.approx(expected, rel=1e-5)
    by_t = f.sf(expected / df, df, groups - 1)
    p = by_t if variance == "jackknife" else chi2.sf(expected, df)
    assert row["p_value"] == pytest.approx(p, rel=1e-4)
    assert f"rank {df}, with {groups} clusters" in row["note"]


@pytest.mark.parametrize(("groups", "statistic"), [(3, 7.567), (4, 35.018)])
def test_joint_test_with_few_clusters_the_numbers_of_r(data, groups, statistic):
    fit = quietly("cox", data.assign(cl=data["g"] % groups), cluster="cl")
    assert wald_of_the_first(fit)[0] == pytest.approx(statistic, abs=6e-4)
    row = fit.test_terms().set_index("term").loc["cat"]
    assert row["statistic"] == pytest.approx(statistic, abs=6e-4)


@pytest.mark.parametrize("model", ["cox", "logit"])
def test_one_cluster_is_none(data, model):
    with pytest.raises((DataError, FitError), match="one value only"):
        quietly(model, data.assign(cl=1), cluster="cl")


@pytest.mark.parametrize("model", MODELS)
def test_two_way_variance_that_is_not_positive(months, model):
    """V(a) + V(b) - V(a and b), each from its own fit; where it is none, that is said."""
    seen = 0
    for seed in range(4):
        rng = np.random.default_rng(seed)
        d = months(50, periods=8, seed=seed)
        d["cat"], d["a"] = rng.normal(size=len(d)), rng.integers(0, 2, len(d))
        d = d.assign(b=rng.integers(0, 4, len(d)), s=d["g"] % 2, w=1 + d["g"] % 3)
        d["ab"] = 10 * d["a"] + d["b"]
        one, two, both = (
            quietly(model, d, cluster=by, small_sample=False).covariance for by in ("a", "b", "ab")
        )
        fit = quietly(model, d, cluster=["a", "b"], small_sample=False)
        by_hand = np.diag(one) + np.diag(two) - np.diag(both)
        none = by_hand <= 0
        np.testing.assert_array_equal(np.isnan(fit.std_errors), none)
        np.testing.assert_allclose(fit.std_errors[~none] ** 2, by_hand[~none], rtol=1e-6)
        said = " ".join(remark for remark in fit.remarks if "not positive" in remark)
        assert bool(said) == bool(none.any())
        for j in np.flatnonzero(none):
            assert fit.names[j] in said
            assert fit.tidy()["p_value"].isna()[j]
        seen += none.any()
    assert seen


@pytest.mark.parametrize("model", ["cox", "logit", "cloglog"])
def test_two_way_variance_is_warned_of_and_printed(months, model):
    for seed in range(30):
        rng = np.random.default_rng(seed)
        d = months(50, periods=8, seed=3).assign(cat=lambda t: t["z"])
        d = d.assign(a=rng.integers(0, 2, len(d)), b=rng.integers(0, 4, len(d)))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            fit = MODELS[model](d, cluster=["a", "b"])
        if np.isnan(fit.std_errors).any():
            break
    assert any("not positive" in str(w.message) for w in told)
    assert "not positive" in " ".join(str(fit).split())
    table = cm.table([fit]).text()
    assert "not positive" in " ".join(table.split())
