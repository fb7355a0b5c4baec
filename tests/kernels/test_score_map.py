"""The map gives the efficient scores of any exposure that a fit of that exposure would give."""

import numpy as np
import pytest

from coalition_models.kernels import binomial
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.cox import evaluate, fit, prepare
from coalition_models.kernels.score_map import ScoreMap, binomial_score_map, cox_score_map


def rows(seed: int, n: int = 160):
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 6, n).astype(float)
    stop = start + rng.integers(1, 6, n)
    event = (rng.random(n) < 0.4).astype(int)
    Z = rng.normal(size=(n, 2)) * [1.0, 50.0]
    return rng, start, stop, event, Z, rng.integers(0, 12, n)


def efficient(scores, information, at):
    others = [j for j in range(len(information)) if j != at]
    slopes = np.linalg.solve(information[np.ix_(others, others)], information[others, at])
    return scores[:, at] - scores[:, others] @ slopes


def rao(scores, information, at):
    """Score of one coefficient over the root of the information that is its own."""
    others = [j for j in range(len(information)) if j != at]
    inner = information[np.ix_(others, others)]
    left = information[at, at] - information[at, others] @ np.linalg.solve(
        inner, information[others, at]
    )
    return efficient(scores, information, at).sum() / np.sqrt(left)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("more", ["plain", "weights", "strata and offset"])
@pytest.mark.parametrize("seed", [1, 2])
def test_cox(ties, more, seed) -> None:
    rng, start, stop, event, Z, groups = rows(seed)
    options = {"ties": ties}
    if more == "weights":
        options["weights"] = rng.integers(0, 4, len(event)).astype(float)
    if more == "strata and offset":
        options |= {"strata": rng.integers(0, 2, len(event)), "offset": rng.normal(size=len(event))}
    data = prepare(start, stop, event, Z, **options)
    beta = fit(data).coefficients
    pull = cox_score_map(data, beta, groups, 12)
    for x in (rng.normal(size=len(event)), (rng.random(len(event)) < 0.2) * 1.0):
        whole = prepare(start, stop, event, np.column_stack([Z, x]), **options)
        null = np.append(beta, 0.0)
        wanted = efficient(
            clustered_scores(whole, null, groups), evaluate(whole, null).information, 2
        )
        assert pull.scores(x) == pytest.approx(wanted, abs=1e-8)
        scores, information = (
            clustered_scores(whole, null, groups),
            evaluate(whole, null).information,
        )
        assert pull.z(x[:, None])[0] == pytest.approx(rao(scores, information, 2), rel=1e-7)
        # the scores of an exposure do not depend on its level
        assert pull.scores(x + 7.0) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_without_other_covariates(ties) -> None:
    rng, start, stop, event, _, groups = rows(3)
    data = prepare(start, stop, event, np.empty((len(event), 0)), ties=ties)
    x = rng.normal(size=len(event))
    whole = prepare(start, stop, event, x[:, None], ties=ties)
    wanted = clustered_scores(whole, [0.0], groups)[:, 0]
    assert cox_score_map(data, np.empty(0), groups, 12).scores(x) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
@pytest.mark.parametrize("weighted", [False, True])
def test_discrete_time(link, weighted) -> None:
    rng, _, _, event, Z, groups = rows(4)
    X = np.column_stack([np.ones(len(event)), Z])
    weights = rng.random(len(event)) if weighted else None
    y, eta = event.astype(float), X @ [-0.4, 0.3, 0.001]
    pull = binomial_score_map(X, y, eta, link, weights, groups, 12)
    x = rng.normal(size=len(y))
    at = binomial.pieces(np.column_stack([X, x]), y, eta, link, weights)
    sums = np.array([at.scores[groups == g].sum(axis=0) for g in range(12)])
    assert pull.scores(x) == pytest.approx(efficient(sums, at.observed, 3), abs=1e-9)
    assert pull.z(x[:, None])[0] == pytest.approx(rao(sums, at.observed, 3), rel=1e-8)


def test_z_is_missing_where_nothing_varies() -> None:
    still = ScoreMap(np.ones((2, 3)), np.ones(3), np.ones((1, 3)) / np.sqrt(3))
    assert np.isnan(still.z(np.ones((3, 1)))[0])
    assert np.isnan(still.z_by_cluster(np.array([[1.0], [-1.0], [0.0]]))[0])
    three = ScoreMap(np.eye(3), np.ones(3), np.zeros((1, 3)))
    values = np.array([[1.0], [2.0], [-0.5]])
    assert three.z_by_cluster(values)[0] == pytest.approx(2.5 / np.sqrt(5.25))
