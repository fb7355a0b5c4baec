"""Batches of binary models equal one-by-one fits, whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special

import coalition_models as cm
from coalition_models.errors import DataError, FitError
from coalition_models.kernels import binomial
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.binary_rows import binary_rows
from coalition_models.kernels.separating import binary_direction, kept_apart

ENGINES = pytest.mark.parametrize("engine", ["compiled", "numpy"])
LINKS = pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
EVERY = (
    "coefficients", "variance_model", "variance_cluster", "log_likelihood", "converged",
    "diverging", "aliased", "iterations",
)  # fmt: skip


@pytest.fixture
def _engine(engine, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if engine == "numpy" else "0")


def made(seed, n=240, groups=16, level=-1.6):
    """Rows with an origin far off, a rare yes-or-no column, weights, an offset and clusters."""
    rng = np.random.default_rng(seed)
    X = np.column_stack(
        [np.ones(n), rng.normal(size=n), 1950 + 20 * rng.random(n), rng.random(n) < 0.06]
    )
    codes = rng.integers(0, groups, n)
    eta = level + 0.7 * X[:, 1] + 0.05 * (X[:, 2] - 1960) + 0.6 * rng.normal(size=groups)[codes]
    y = (rng.random(n) < special.expit(eta)).astype(float)
    return X, y, rng.uniform(0.5, 2.0, n), 0.3 * rng.normal(size=n), codes


def draws(count, size, seed=0):
    rng = np.random.default_rng(seed)
    return np.stack(
        [np.bincount(rng.integers(0, size, size), minlength=size) for _ in range(count)]
    ).astype(float)


def single(X, y, weights, offset, codes, link, variance):
    """The verb's fit of the rows of positive weight; None where it has no finite maximum."""
    data = pd.DataFrame(X[:, 1:], columns=[f"x{j}" for j in range(1, X.shape[1])])
    data = data.assign(event=y.astype(int), w=weights, o=offset, g=codes)
    terms = " + ".join(data.columns[: X.shape[1] - 1]) or "1"
    spec = cm.Specification(
        link, f"event ~ {terms}", time=None, weights="w", offset="o", cluster="g",
        variance=variance, small_sample=False if variance == "cluster" else None,
    )  # fmt: skip
    try:
        return cm.fit(spec, data)
    except FitError:
        return None


@ENGINES
@LINKS
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("_engine")
def test_reweighted_fits_equal_single_fits(link):
    X, y, weights, offset, codes = made(1)
    factors = draws(30, 16)
    rows = binary_rows(X, y, link, weights=weights, offset=offset)
    many = fit_many_weights(rows, factors, clusters=codes, clustered=True)
    finite = 0
    for b, line in enumerate(factors):
        own = weights * line[codes]
        real = own > 0
        parts = X[real], y[real], own[real], offset[real], codes[real]
        one = single(*parts, link, "cluster")
        assert (one is not None) == many.converged[b]
        if one is None:
            assert many.diverging[b].any() or many.aliased[b].any()
            assert np.isnan(many.variance_cluster[b]).all()
            continue
        finite += 1
        np.testing.assert_allclose(many.coefficients[b], one.coefficients, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(many.log_likelihood[b], one.log_likelihood, rtol=1e-10)
        np.testing.assert_allclose(np.sqrt(many.variance_cluster[b]), one.std_errors, rtol=1e-8)
        plain = single(*parts, link, "model")
        np.testing.assert_allclose(np.sqrt(many.variance_model[b]), plain.std_errors, rtol=1e-8)
    assert 15 < finite < 30


@ENGINES
@LINKS
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("_engine")
def test_column_subsets_equal_single_fits(link):
    X, y, weights, offset, codes = made(2)
    X = np.column_stack([X, X[:, 1] - X[:, 3]])  # collinear if all three are used
    masks = np.random.default_rng(0).random((12, 5)) < 0.5
    masks[:, 0] = True
    masks[0] = True
    masks[1, 1:] = [True, False, False, True]
    rows = binary_rows(X, y, link, weights=weights, offset=offset)
    many = fit_many_columns(rows, masks, clusters=codes)
    for b, mask in enumerate(masks):
        assert np.isnan(many.coefficients[b, ~mask]).all()
        if mask[[1, 3, 4]].all():
            assert many.aliased[b].tolist() == [False] * 4 + [True]
            continue
        if not mask[1:].any():
            continue
        one = single(X[:, mask], y, weights, offset, codes, link, "cluster")
        np.testing.assert_allclose(many.coefficients[b, mask], one.coefficients, rtol=1e-9)
        np.testing.assert_allclose(
            np.sqrt(many.variance_cluster[b, mask]), one.std_errors, rtol=1e-8
        )
    assert many.aliased[0, 4]
    assert many.converged.all()


@pytest.mark.parametrize("seed", range(3, 9))
@LINKS
def test_compiled_and_numpy_say_the_same(seed, link, monkeypatch):
    """Few rows on purpose: separated draws, empty columns, draws without an event."""
    X, y, weights, offset, codes = made(seed, n=60, groups=9, level=-1.4)
    rows = binary_rows(X, y, link, weights=weights, offset=offset)
    factors = draws(25, 9, seed)
    found = []
    for plain in ("0", "1"):
        monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", plain)
        found.append(fit_many_weights(rows, factors, clusters=codes, clustered=True))
    one, two = found
    for name in ("converged", "diverging", "aliased"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name), err_msg=name)
    assert one.converged.sum() < 25
    for name in EVERY[:4]:
        ours, theirs = (getattr(many, name)[one.converged] for many in found)
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11, err_msg=name)


@LINKS
def test_every_numbers_of_threads_gives_the_same_bytes(link):
    X, y, weights, offset, codes = made(10, n=300)
    rows = binary_rows(X, y, link, weights=weights, offset=offset)
    factors = draws(60, 16)
    for jobs in (
        lambda k: fit_many_weights(rows, factors, clusters=codes, clustered=True, threads=k),
        lambda k: fit_many_columns(
            rows, np.column_stack([np.ones((20, 1)), draws(20, 3)]) > 0, clusters=codes, threads=k
        ),
    ):
        one, *others = (jobs(threads) for threads in (1, 2, 8))
        for other in others:
            for name in EVERY:
                assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


@LINKS
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("time", [None, "dummies"])
def test_the_verbs_refits_are_those_one_by_one(link, time):
    """Leaving out and CR3, without a weight, with one, and where a refit has no finite maximum."""
    X, y, weights, _, codes = made(14, n=400)
    data = pd.DataFrame({"a": X[:, 1], "b": X[:, 3], "event": y.astype(int), "w": weights})
    data = data.assign(g=codes, start=np.arange(400) % 4 * 1.0, stop=np.arange(400) % 4 + 1.0)
    data.loc[(data["b"] == 1) & (data["g"] > 3), "event"] = 0  # b needs clusters 0 to 3
    data.loc[(data["b"] == 1) & (data["g"] == 2), "event"] = 1
    spec = cm.Specification(
        link, "event ~ a + b", time=time, weights="w", cluster="g", small_sample=True
    )
    fit = cm.fit(spec, data)
    found = cm.inference.leave_one_out(fit, term="a").set_index("left_out")
    again = {}
    for group in range(16):
        try:
            again[group] = cm.fit(spec, data[data["g"] != group])
        except FitError:
            assert np.isnan(found.loc[group, "estimate"])
            continue
        one = again[group]
        place = one.names.index("a")
        np.testing.assert_allclose(found.loc[group, "estimate"], one.coefficients[place], rtol=1e-9)
    plain = cm.Specification(link, "event ~ a", time=time, cluster="g", variance="jackknife")
    whole = cm.fit(plain, data)
    refits = np.array(
        [cm.fit(plain, data[data["g"] != g]).coefficients - whole.coefficients for g in range(16)]
    )
    np.testing.assert_allclose(whole.covariance, 15 / 16 * refits.T @ refits, rtol=1e-8)


@LINKS
def test_maximum_and_observed_information_by_other_means(link):
    X, y, weights, _, _ = made(11)
    Z = np.column_stack([X[:, 0], X[:, 1], X[:, 2] - 1960])
    rows = binary_rows(Z, y, link, weights=weights)
    many = fit_many_weights(rows, np.ones((1, len(y))), information="observed")
    top = optimize.minimize(
        lambda b: -binomial.log_likelihood(y, Z @ b, link, weights), many.coefficients[0],
        method="BFGS", options={"gtol": 1e-7},
    )  # fmt: skip
    np.testing.assert_allclose(many.coefficients[0], top.x, atol=1e-6)
    observed = binomial.pieces(Z, y, Z @ many.coefficients[0], link, weights).observed
    np.testing.assert_allclose(many.variance_model[0], np.diag(np.linalg.inv(observed)), rtol=1e-8)


@ENGINES
@LINKS
@pytest.mark.usefixtures("_engine")
def test_chances_next_to_nil_are_looked_at_twice(link):
    """A column that is not separated has a finite maximum however small some chances are."""
    rng = np.random.default_rng(3)
    x = np.concatenate([rng.normal(size=200), [-60.0, 60.0]])
    y = np.concatenate([(rng.random(200) < special.expit(x[:200])), [0, 1]]).astype(float)
    rows = binary_rows(np.column_stack([np.ones(202), x]), y, link)
    many = fit_many_weights(rows, np.ones((1, 202)))
    assert many.converged[0]
    assert not many.diverging.any()
    # and of three rows left two stand apart
    few = np.zeros((1, 202))
    few[0, [200, 201, 0]] = 1.0
    ended = fit_many_weights(rows, few, start=many.coefficients[0])
    assert not ended.converged[0]
    assert ended.diverging[0, 1]


def test_rows_far_from_nil_show_that_a_maximum_is_finite():
    rng = np.random.default_rng(0)
    for _ in range(40):
        X = np.column_stack([np.ones(30), rng.integers(0, 3, (30, 2))])
        y = (rng.random(30) < 0.3).astype(float)
        if not 0 < y.sum() < 30 or np.linalg.matrix_rank(X) < 3:
            continue
        many = fit_many_weights(binary_rows(X, y, "logit"), np.ones((1, 30)))
        assert many.converged[0] == (binary_direction(X, y) is None)
        if many.converged[0]:
            p = special.expit(X @ many.coefficients[0])
            assert kept_apart(X, np.minimum(p, 1 - p))


@ENGINES
@pytest.mark.usefixtures("_engine")
def test_draws_of_one_kind_of_row_are_flagged(engine):
    X, y, *_ = made(12)
    rows = binary_rows(X, y, "logit")
    many = fit_many_weights(rows, [(y == 0).astype(float), y, np.ones(len(y))])
    assert many.converged.tolist() == [False, False, True]
    assert np.isnan(many.coefficients[:2]).all()
    assert many.log_likelihood[:2].tolist() == [0.0, 0.0]


def test_bad_requests_are_refused(not_refused):
    X, y, *_ = made(13, n=30)
    rows = binary_rows(X, y, "logit")
    calls = {
        "keeps the first": lambda: fit_many_columns(rows, [[False, True, True, True]]),
        "weightings of 30 rows": lambda: fit_many_weights(rows, np.ones((1, 4))),
        "expected' or 'observed": lambda: fit_many_columns(rows, [[True] * 4], information="both"),
        "link must be one of": lambda: binary_rows(X, y, "log"),
        "must be the intercept": lambda: binary_rows(X[:, 1:], y, "logit"),
        "must be 0 or 1": lambda: binary_rows(X, y + 1, "logit"),
        "one response per row": lambda: binary_rows(X, y[:4], "logit"),
        "weights must not be negative": lambda: binary_rows(X, y, "logit", weights=-y),
        "offset must be one finite": lambda: binary_rows(X, y, "logit", offset=y / 0.0),
    }
    for text, call in calls.items():
        with np.errstate(all="ignore"), pytest.raises(DataError, match=text):
            call()
