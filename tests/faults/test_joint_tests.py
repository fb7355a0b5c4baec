"""Joint tests take no more degrees of freedom than the covariance has directions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm

pytestmark = pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")


def few_clusters() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    data = pd.DataFrame(
        {
            "start": 0,
            "stop": rng.integers(1, 30, 90),
            "event": 1,
            "f": rng.choice(list("abcdef"), 90),
            "c": rng.integers(0, 3, 90),
        }
    )
    return data.assign(binary=(rng.random(90) < 0.4).astype(int))


DATA = few_clusters()


def statistic_of_the_rank(
    covariance: np.ndarray, estimates: np.ndarray, most: int
) -> tuple[float, int]:
    """Wald test by a Cholesky factor that passes over directions already known, as coxph.wtest."""
    kept: list[int] = []
    for j in range(len(estimates)):
        trial = [*kept, j]
        block = covariance[np.ix_(trial, trial)]
        rest = block[-1, -1]
        if kept:
            known = np.linalg.solve(block[:-1, :-1], block[:-1, -1])
            rest -= block[-1, :-1] @ known
        if len(kept) < most and rest > 1e-9 * np.diag(covariance).max():
            kept = trial
    value = estimates[kept] @ np.linalg.solve(covariance[np.ix_(kept, kept)], estimates[kept])
    return float(value), len(kept)


def term(fit, name="f"):
    return fit.test_terms().set_index("term").loc[name]


@pytest.mark.parametrize("variance", ["cluster", "jackknife"])
@pytest.mark.parametrize("model", ["cox", "logit", "cloglog", "probit"])
def test_a_factor_of_six_and_three_clusters(model, variance):
    """2.2e17 on five degrees with p = 0, or a LinAlgError."""
    if model == "cox":
        fit = cm.cox("event ~ f", DATA, cluster="c", variance=variance)
        positions = slice(None)
    else:
        binary = DATA.assign(event=DATA["binary"])
        fit = cm.logit("event ~ f", binary, cluster="c", variance=variance, time=None, link=model)
        positions = [i for i, name in enumerate(fit.names) if name.startswith("f[")]
    found = term(fit)
    cov = fit.covariance[positions][:, positions]
    right, rank = statistic_of_the_rank(cov, fit.coefficients[positions], 2)
    assert found["df"] == rank == 2
    assert found["statistic"] == pytest.approx(right, rel=1e-5)
    # a jackknife's tests go by F with one degree less than clusters
    p = stats.chi2.sf(right, 2) if variance == "cluster" else stats.f.sf(right / 2, 2, 2)
    assert found["p_value"] == pytest.approx(p, rel=1e-4)
    assert found["p_value"] > 1e-4
    assert "rank 2, with 3 clusters" in found["note"]


@pytest.mark.parametrize(
    ("formula", "name", "groups", "rank"),
    [
        ("event ~ C(k)", "C(k)", 4, 3),
        ("event ~ x * f", "x:f", 5, 4),
        ("event ~ bs(x, df=5)", "bs(x, df=5)", 3, 2),
        ("event ~ f + x", "x", 2, 1),
        ("event ~ f + x", "f", 7, 5),
    ],
)
@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_terms_of_other_kinds_take_the_rank(formula, name, groups, rank, ties):
    rng = np.random.default_rng(7)
    data = DATA.assign(
        k=rng.integers(0, 7, 90), x=rng.normal(size=90), c=rng.permutation(90) % groups
    )
    fit = cm.cox(formula, data, cluster="c", ties=ties)
    found = term(fit, name)
    at = list(dict(fit.engine.sample.design.terms)[name])
    right, degrees = statistic_of_the_rank(
        fit.covariance[np.ix_(at, at)], fit.coefficients[at], groups - 1
    )
    assert found["df"] == degrees == rank
    assert found["statistic"] == pytest.approx(right, rel=1e-5)
    told = found.get("note", "") or ""
    assert ("rank" in told) == (rank < len(at))
