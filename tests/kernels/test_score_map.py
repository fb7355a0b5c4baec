"""The map gives the efficient scores of any exposure that a fit of that exposure would give."""

import numpy as np
import pytest

from coalition_models.kernels import binomial
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.cox import evaluate, fit, prepare
from coalition_models.kernels.score_map import binomial_score_map, cox_score_map, score_z


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
        assert pull @ x == pytest.approx(wanted, abs=1e-8)
        # the scores of an exposure do not depend on its level
        assert pull @ (x + 7.0) == pytest.approx(wanted, abs=1e-8)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_cox_without_other_covariates(ties) -> None:
    rng, start, stop, event, _, groups = rows(3)
    data = prepare(start, stop, event, np.empty((len(event), 0)), ties=ties)
    x = rng.normal(size=len(event))
    whole = prepare(start, stop, event, x[:, None], ties=ties)
    wanted = clustered_scores(whole, [0.0], groups)[:, 0]
    assert cox_score_map(data, np.empty(0), groups, 12) @ x == pytest.approx(wanted, abs=1e-9)


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
    assert pull @ x == pytest.approx(efficient(sums, at.observed, 3), abs=1e-9)


def test_z_is_the_sum_over_the_root_of_squares() -> None:
    scores = np.array([[1.0, 0.0], [2.0, 0.0], [-0.5, 0.0]])
    assert score_z(scores)[0] == pytest.approx(2.5 / np.sqrt(5.25))
    assert np.isnan(score_z(scores)[1])
