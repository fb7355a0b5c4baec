"""No digits are lost where hazards of other strata, or of other times, are larger by many orders.

Each number is held against its definition: one risk set after the other, terms summed exactly
(``math.fsum``), risks taken relative to the highest of their risk set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coalition_models.kernels.baseline import baseline_hazard, path_survival
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.clusters import clustered_covariance, clustered_scores
from coalition_models.kernels.cox import fit, prepare
from coalition_models.kernels.firth import fit_firth
from coalition_models.kernels.ph import ph_score_test, transform_times
from coalition_models.kernels.residuals import (
    dfbeta,
    expected_events,
    martingale,
    schoenfeld,
    score_residuals,
)

quick = settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
seeds = st.integers(0, 2**32 - 1)
TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


@dataclass(frozen=True)
class Far:
    """A panel whose linear predictors at ``beta`` fall into clouds ``apart`` from each other."""

    start: np.ndarray
    stop: np.ndarray
    event: np.ndarray
    X: np.ndarray
    strata: np.ndarray
    weights: np.ndarray
    clusters: np.ndarray
    beta: np.ndarray

    def prepared(self, order, ties):
        return prepare(
            self.start[order], self.stop[order], self.event[order], self.X[order],
            strata=self.strata[order], weights=self.weights[order], ties=ties,
        )  # fmt: skip


def far(seed: int, where: str, apart: float = 60.0, clouds: int = 2, n: int = 24) -> Far:
    """Clouds in strata of their own; in one stratum but at other times; or mixed at all times."""
    rng = np.random.default_rng(seed)
    cloud = np.arange(n) % clouds
    x = rng.normal(size=(n, 2))
    start = rng.integers(0, 6, n).astype(float)
    stop = start + rng.choice([1, 2, 3, 6, 9], n)
    if where == "times":  # the last to enter may have the lowest or the highest hazards
        start, stop = start + 20 * cloud, stop + 20 * cloud
    event = rng.random(n) < 0.7
    event[:clouds] = True
    level = apart * (cloud if rng.random() < 0.5 else clouds - 1 - cloud)
    x[:, 0] += level - level.mean()
    return Far(
        start=start,
        stop=stop,
        event=event,
        X=x,
        strata=cloud if where == "strata" else np.zeros(n, dtype=int),
        weights=rng.choice([0.5, 1.0, 2.0], n),
        clusters=rng.integers(0, 7, n),
        beta=np.array([1.0, -0.4]),
    )


def by_definition(rows: Far, ties: str) -> tuple[np.ndarray, np.ndarray]:
    """Expected events (n,) and score residuals (n, p), term by term."""
    n, p = rows.X.shape
    eta, w = rows.X @ rows.beta, rows.weights
    expected: list[list[float]] = [[] for _ in range(n)]
    scores: list[list[list[float]]] = [[[] for _ in range(p)] for _ in range(n)]
    for g in np.unique(rows.strata):
        mine = rows.strata == g
        for t in np.unique(rows.stop[mine & rows.event]):
            risk = np.flatnonzero(mine & (rows.start < t) & (rows.stop >= t))
            tied = [i for i in risk if rows.event[i] and rows.stop[i] == t]
            r = {i: math.exp(eta[i] - max(eta[risk])) for i in risk}
            mean_weight = math.fsum(w[i] for i in tied) / len(tied)
            terms = []
            for h in range(len(tied)):
                f = h / len(tied) if ties == "efron" else 0.0
                share = {i: w[i] * r[i] * (1 - f * (i in tied)) for i in risk}
                den = math.fsum(share.values())
                middle = [math.fsum(share[i] * rows.X[i, j] for i in risk) / den for j in range(p)]
                terms.append((f, den, middle))
            for i in risk:
                for f, den, middle in terms:
                    jump = mean_weight * (1 - f * (i in tied)) * r[i] / den
                    expected[i].append(jump)
                    for j in range(p):
                        scores[i][j].append(-jump * (rows.X[i, j] - middle[j]))
            for i in tied:
                for j in range(p):
                    middle = math.fsum(term[2][j] for term in terms) / len(terms)
                    scores[i][j].append(rows.X[i, j] - middle)
    return (
        np.array([math.fsum(e) for e in expected]),
        np.array([[math.fsum(part) for part in line] for line in scores]),
    )


def close(found, right, rtol=1e-9):
    """Each number to ``rtol`` of itself, or to rounding of the largest in its column."""
    np.testing.assert_allclose(found, right, rtol=rtol, atol=1e-11 * np.abs(right).max())


@TIES
@pytest.mark.parametrize("where", ["strata", "times", "mixed"])
@quick
@given(seed=seeds)
def test_residuals_are_those_of_the_definition(where, ties, seed):
    rows = far(seed, where)
    expected, scores = by_definition(rows, ties)
    order = np.random.default_rng(seed + 1).permutation(rows.stop.size)
    data = rows.prepared(order, ties)
    np.testing.assert_allclose(expected_events(data, rows.beta), expected[order], rtol=1e-9)
    close(martingale(data, rows.beta), (rows.event - expected)[order])
    close(score_residuals(data, rows.beta), scores[order])
    bread = np.array([[0.5, 0.1], [0.1, 0.3]])
    weighted = scores * rows.weights[:, None]
    close(dfbeta(data, rows.beta, bread), (weighted @ bread)[order])
    sums = np.array([weighted[rows.clusters == c].sum(axis=0) for c in np.unique(rows.clusters)])
    close(clustered_scores(data, rows.beta, rows.clusters[order]), sums)
    meat = sums @ bread
    close(clustered_covariance(data, rows.beta, bread, rows.clusters[order]), meat.T @ meat, 1e-8)


@TIES
@pytest.mark.parametrize("where", ["strata", "times"])
@quick
@given(seed=seeds, clouds=st.integers(2, 5), apart=st.sampled_from([25.0, 60.0, -90.0]))
def test_any_order_of_rows_gives_the_same_numbers(where, ties, seed, clouds, apart):
    rows = far(seed, where, apart, clouds, n=40)
    n = rows.stop.size
    orders = [np.arange(n), np.arange(n)[::-1], np.random.default_rng(seed).permutation(n)]
    found = []
    for order in orders:
        data = rows.prepared(order, ties)
        back = np.argsort(order)
        found.append(
            [
                martingale(data, rows.beta)[back],
                score_residuals(data, rows.beta)[back],
                clustered_scores(data, rows.beta, rows.clusters[order]),
                baseline_hazard(data, rows.beta).cumulative,
            ]
        )
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-11 * np.abs(one).max())


@TIES
@quick
@given(seed=seeds)
def test_the_baseline_starts_anew_in_each_stratum(ties, seed):
    rows = far(seed, "strata", clouds=4, n=40)
    data = rows.prepared(np.arange(40), ties)
    base = baseline_hazard(data, rows.beta)
    for stratum in range(4):
        mine = base.strata == stratum
        right = [math.fsum(base.hazard[mine][: k + 1]) for k in range(mine.sum())]
        np.testing.assert_allclose(base.cumulative[mine], right, rtol=1e-13)


@pytest.mark.parametrize("where", ["strata", "times"])
@pytest.mark.parametrize("seed", range(4))
def test_batches_of_fits_have_the_clustered_errors_of_single_fits(where, seed):
    """Two clouds, 70 apart at the estimates; the effect is learnt within each."""
    rng = np.random.default_rng(seed)
    n = 80
    z, cloud = rng.normal(size=(n, 2)), np.arange(n) % 2
    stop = np.ceil(rng.exponential(8 * np.exp(-z[:, 0])))
    start, strata = np.zeros(n), cloud
    if where == "times":
        start, stop, strata = start + 500 * cloud, stop + 500 * cloud, np.zeros(n)
    event, clusters = rng.random(n) < 0.8, rng.integers(0, 7, n)
    near = fit(prepare(start, stop, event, z, strata=cloud))
    x = z + np.column_stack([cloud * 70 / near.coefficients[0], np.zeros(n)])
    data = prepare(start, stop, event, x, strata=strata)
    weights = rng.choice([1.0, 2.0, 3.0], (5, 7))
    weights[0] = 1.0
    many = fit_many_weights(data, weights, clusters=clusters, clustered=True)
    assert many.converged.all()
    for found, line in zip(many.variance_cluster, weights, strict=True):
        w = line[clusters]
        single = prepare(start, stop, event, x, strata=strata, weights=w)
        one = fit(single)
        scores = score_residuals(single, one.coefficients) * w[:, None]
        sums = np.array([scores[clusters == c].sum(axis=0) for c in range(7)])
        np.testing.assert_allclose(found, ((sums @ one.covariance) ** 2).sum(axis=0), rtol=1e-6)
    columns = fit_many_columns(data, np.ones((1, 2), dtype=bool), clusters=clusters)
    np.testing.assert_allclose(columns.variance_cluster[0], many.variance_cluster[0], rtol=1e-6)
    apart = prepare(start, stop, event, z, strata=cloud)
    right = clustered_covariance(apart, near.coefficients, near.covariance, clusters)
    np.testing.assert_allclose(many.variance_cluster[0], np.diag(right), rtol=1e-6)


def test_many_bins_of_long_rows():
    """Lengths of every size, so that rows straddle blocks of every size."""
    rng = np.random.default_rng(4)
    n = 300
    start = rng.integers(0, 200, n).astype(float)
    stop = start + rng.integers(1, 220, n)
    x = np.column_stack([rng.normal(size=n), 0.15 * start])
    rows = Far(
        start, stop, rng.random(n) < 0.8, x, np.zeros(n, dtype=int), np.ones(n),
        np.arange(n) % 9, np.array([1.0, 1.0]),
    )  # fmt: skip
    expected, scores = by_definition(rows, "efron")
    data = rows.prepared(np.arange(n), "efron")
    assert data.n_bins > 120
    np.testing.assert_allclose(expected_events(data, rows.beta), expected, rtol=1e-10)
    close(score_residuals(data, rows.beta), scores, 1e-8)
    sums = np.array([scores[rows.clusters == c].sum(axis=0) for c in range(9)])
    close(clustered_scores(data, rows.beta, rows.clusters), sums, 1e-8)


def moved(rows: Far, shift: float) -> Far:
    """The same rows, each stratum's first covariate this far from the next one's.

    Covariates are multiples of 1/1024, so that no digit of them is lost on the way.
    """
    X = np.rint(rows.X * 1024) / 1024
    X[:, 0] += shift * rows.strata
    return replace(rows, X=X)


@pytest.mark.parametrize("shift", [-900.0, 1e4, 1e7])
@TIES
def test_strata_may_lie_anywhere(ties, shift):
    rows = far(5, "strata", apart=0.0, n=60)
    here, there = (moved(rows, by).prepared(np.arange(60), ties) for by in (0.0, shift))
    left, right = fit(here), fit(there)
    assert right.converged
    for name in ("coefficients", "covariance", "information", "score_null", "log_likelihood"):
        np.testing.assert_allclose(getattr(right, name), getattr(left, name), rtol=1e-10)
    np.testing.assert_allclose(right.coefficients, left.coefficients, rtol=1e-10)
    b, V = left.coefficients, left.covariance
    for of in (martingale, expected_events, score_residuals):
        close(of(there, b), of(here, b), 1e-10)
    close(dfbeta(there, b, V), dfbeta(here, b, V), 1e-10)
    close(
        clustered_scores(there, b, rows.clusters), clustered_scores(here, b, rows.clusters), 1e-10
    )
    close(schoenfeld(there, b).residuals, schoenfeld(here, b).residuals, 1e-10)
    g = transform_times(here, "rank")
    close(ph_score_test(there, b, g).statistic, ph_score_test(here, b, g).statistic, 1e-10)
    firth = [fit_firth(data).coefficients for data in (there, here)]
    np.testing.assert_allclose(*firth, rtol=1e-10)
    weights = np.random.default_rng(1).choice([0.0, 1.0, 2.0], (5, 60))
    many = [fit_many_weights(data, weights, start=b).coefficients for data in (there, here)]
    np.testing.assert_allclose(*many, rtol=1e-10)
    subsets = [fit_many_columns(data, [[True, False], [True, True]]) for data in (there, here)]
    np.testing.assert_allclose(*(found.coefficients for found in subsets), rtol=1e-10)


@pytest.mark.parametrize("shift", [-900.0, 1e4])
def test_curves_of_strata_that_lie_anywhere(shift):
    rows = far(5, "strata", apart=0.0, n=60)
    here = moved(rows, 0.0).prepared(np.arange(60), "efron")
    there = moved(rows, shift).prepared(np.arange(60), "efron")
    found = fit(here)
    b, V = found.coefficients, found.covariance
    assert here.stratum_centres.shape == (2, 2)
    for stratum in (0, 1):
        x = np.array([[0.3, -0.2], [-0.5, 0.1]])
        paths = [
            path_survival(data, b, V, [0, 4], [4, 9], x + np.array([by, 0.0]), stratum=stratum)
            for data, by in ((there, shift * stratum), (here, 0.0))
        ]
        close(paths[0].cumulative_hazard, paths[1].cumulative_hazard, 1e-10)
        close(paths[0].variance, paths[1].variance, 1e-10)
        mine = here.event_strata == stratum
        bases = [
            baseline_hazard(data, b, at=[by, 0.0])
            for data, by in ((there, shift * stratum), (here, 0.0))
        ]
        close(bases[0].cumulative[mine], bases[1].cumulative[mine], 1e-10)
        close(bases[0].variance[mine], bases[1].variance[mine], 1e-10)


def test_centre_of_stratified_rows_is_their_mean():
    rows = far(2, "strata", n=40)
    data = rows.prepared(np.arange(40), "efron")
    kept = data.kept
    np.testing.assert_allclose(data.centre, rows.X[kept].mean(axis=0), rtol=1e-12, atol=1e-12)
    own = [rows.X[kept][rows.strata[kept] == g].mean(axis=0) for g in (0, 1)]
    np.testing.assert_allclose(data.stratum_centres, own, rtol=1e-12, atol=1e-12)
    alone = prepare(rows.start, rows.stop, rows.event, rows.X)
    assert alone.stratum_centres.tolist() == [alone.centre.tolist()]
