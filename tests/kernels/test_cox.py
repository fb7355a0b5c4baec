"""Sorting and fitting: by hand, against the definition, by property, by abuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coalition_models.errors import DataError
from coalition_models.kernels.cox import evaluate, fit, linear_predictor, prepare
from coalition_models.kernels.residuals import martingale, score_residuals

quick = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
seeds = st.integers(0, 10_000)
TIES = pytest.mark.parametrize("ties", ["efron", "breslow"])


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def same(one, other, tolerance=1e-9):
    np.testing.assert_allclose(one.coefficients, other.coefficients, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(one.covariance, other.covariance, rtol=10 * tolerance, atol=1e-12)


# By hand -------------------------------------------------------------------------------------


def test_golden_ratio():
    """Events at 1, 2, 3, 4 with x = 0, 1, 1, 0: the score is zero where r^2 = r + 1, r = exp(b)."""
    data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0], [1.0], [1.0], [0.0]])
    result = fit(data)
    assert np.exp(result.coefficients[0]) == pytest.approx((1 + 5**0.5) / 2, rel=1e-12)
    assert result.log_likelihood_null == pytest.approx(-np.log(24), rel=1e-14)


def test_tied_events_by_hand():
    """Two of three die at once, x = 1, 1, 0, r = exp(b).

    Efron: r^2 / ((2r + 1)(r + 1)); Breslow: r^2 / (2r + 1)^2. At r = 1: 1/6 and 1/9. The first
    Efron term has mean 2/3, variance 2/9; the second leaves half of each event: mean 1/2, variance
    1/4. Breslow has 2/3 and 2/9 twice.
    """
    rows = ([0] * 3, [1, 1, 1], [1, 1, 0], [[1.0], [1.0], [0.0]])
    efron = evaluate(prepare(*rows), [0.0])
    assert efron.log_likelihood == pytest.approx(np.log(1 / 6))
    assert efron.score[0] == pytest.approx(2 - 2 / 3 - 1 / 2)
    assert efron.information[0, 0] == pytest.approx(2 / 9 + 1 / 4)
    breslow = evaluate(prepare(*rows, ties="breslow"), [0.0])
    assert breslow.log_likelihood == pytest.approx(np.log(1 / 9))
    assert breslow.score[0] == pytest.approx(2 - 4 / 3)
    assert breslow.information[0, 0] == pytest.approx(4 / 9)


def test_row_starting_at_an_event_time_is_not_at_risk():
    """The second row enters at 1, when the first ends: risk sets are {1}, {2, 3}, {3}."""
    data = prepare([0, 1, 1], [1, 2, 3], [1, 1, 1], [[0.0], [1.0], [0.0]])
    assert evaluate(data, [0.0]).log_likelihood == pytest.approx(np.log(1 / 2))
    assert evaluate(data, [np.log(3.0)]).log_likelihood == pytest.approx(np.log(3 / 4))


def test_case_weights_by_hand():
    """Weights 2 and 3 at risk, the first has the event: (2 / 5)^2."""
    data = prepare([0, 0], [1, 2], [1, 0], [[1.0], [0.0]], weights=[2.0, 3.0])
    assert evaluate(data, [0.0]).log_likelihood == pytest.approx(2 * np.log(1 / 5))


# Against the definition ----------------------------------------------------------------------


@TIES
@pytest.mark.parametrize("extra", [(), ("weights",), ("strata", "offset"), ("weights", "strata")])
def test_derivatives_are_those_of_the_definition(
    make_rows, slow_log_likelihood, gradient, ties, extra
):
    rows = make_rows(5)
    options = {name: getattr(rows, name) for name in extra}
    data = prepare(rows.start, rows.stop, rows.event, rows.X, ties=ties, **options)
    beta = np.array([0.4, -0.3])
    found = evaluate(data, beta)
    # The kernel leaves out the offset's mean, which cancels within each event's term.
    slow = slow_log_likelihood(rows, beta, ties, **options)
    assert found.log_likelihood == pytest.approx(slow, rel=1e-12)
    by_difference = gradient(lambda b: slow_log_likelihood(rows, b, ties, **options), beta)
    np.testing.assert_allclose(found.score, by_difference, rtol=1e-6, atol=1e-6)
    curvature = gradient(lambda b: evaluate(data, b).score, beta)
    np.testing.assert_allclose(found.information, -curvature, rtol=1e-6)


def test_numpy_and_compiled_agree(make_rows, monkeypatch):
    rows = make_rows(9, p=5, longest=10)
    results = []
    for switch in ("0", "1"):
        monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", switch)
        data = prepare(
            rows.start, rows.stop, rows.event, rows.X, strata=rows.strata, weights=rows.weights
        )
        results.append((fit(data), score_residuals(data, [0.1] * 5)))
    same(results[0][0], results[1][0], 1e-11)
    np.testing.assert_allclose(results[0][1], results[1][1], atol=1e-12)


# By property ---------------------------------------------------------------------------------


@TIES
@quick
@given(seed=seeds)
def test_row_order_does_not_matter(make_rows, ties, seed):
    rows = make_rows(seed)
    order = np.random.default_rng(seed).permutation(rows.start.size)
    one = fit(prepare(rows.start, rows.stop, rows.event, rows.X, ties=ties))
    two = fit(
        prepare(rows.start[order], rows.stop[order], rows.event[order], rows.X[order], ties=ties)
    )
    same(one, two)


@TIES
@quick
@given(seed=seeds)
def test_splitting_rows_does_not_matter(make_rows, ties, seed):
    rows = make_rows(seed)
    cut = (rows.start + rows.stop) // 2
    whole = cut == rows.start
    start = np.concatenate([rows.start, cut[~whole]])
    stop = np.concatenate([np.where(whole, rows.stop, cut), rows.stop[~whole]])
    event = np.concatenate([np.where(whole, rows.event, 0), rows.event[~whole]])
    one = fit(prepare(rows.start, rows.stop, rows.event, rows.X, ties=ties))
    two = fit(prepare(start, stop, event, np.concatenate([rows.X, rows.X[~whole]]), ties=ties))
    same(one, two)


@quick
@given(seed=seeds, factor=st.sampled_from([1 / 12, 1 / 365.25, 7.0, 1e6]))
def test_the_unit_of_time_does_not_matter(make_rows, seed, factor):
    rows = make_rows(seed)
    one = fit(prepare(rows.start, rows.stop, rows.event, rows.X))
    two = fit(prepare(rows.start * factor, rows.stop * factor, rows.event, rows.X))
    same(one, two)


def test_times_equal_up_to_rounding_are_ties(make_rows):
    rows = make_rows(3)
    noise = np.random.default_rng(0).uniform(-1, 1, (2, rows.start.size)) * 1e-13
    one = fit(prepare(rows.start / 12, rows.stop / 12, rows.event, rows.X))
    two = fit(prepare(rows.start / 12 + noise[0], rows.stop / 12 + noise[1], rows.event, rows.X))
    same(one, two, 1e-14)


@quick
@given(seed=seeds)
def test_efron_is_breslow_without_ties(make_rows, seed):
    rows = make_rows(seed)
    stop = rows.stop + np.linspace(0, 0.5, rows.stop.size)
    fits = [
        fit(prepare(rows.start, stop, rows.event, rows.X, ties=t)) for t in ("efron", "breslow")
    ]
    same(*fits, 1e-12)


@quick
@given(seed=seeds)
def test_breslow_weight_two_is_the_row_twice_and_efron_differs(make_rows, seed):
    rows = make_rows(seed)
    twice = [np.concatenate([v, v]) for v in (rows.start, rows.stop, rows.event, rows.X)]
    weights = np.full(rows.start.size, 2.0)

    def pair(ties):
        weighted = prepare(rows.start, rows.stop, rows.event, rows.X, weights=weights, ties=ties)
        return fit(weighted), fit(prepare(*twice, ties=ties))

    same(*pair("breslow"))
    weighted, doubled = pair("efron")
    assert abs(weighted.log_likelihood - doubled.log_likelihood) > 1e-3


@TIES
@quick
@given(seed=seeds)
def test_zero_weight_is_absence(make_rows, ties, seed):
    """Also for ties: a fifth of the rows, events among them, vanish."""
    rows = make_rows(seed)
    weights = (np.random.default_rng(seed).random(rows.start.size) > 0.2).astype(float)
    weights[0] = 1.0
    here = weights > 0
    zeroed = prepare(rows.start, rows.stop, rows.event, rows.X, weights=weights, ties=ties)
    absent = prepare(rows.start[here], rows.stop[here], rows.event[here], rows.X[here], ties=ties)
    same(fit(zeroed), fit(absent))
    assert zeroed.n_events == absent.n_events
    assert zeroed.n_zero_weight == (~here).sum()


@quick
@given(seed=seeds)
def test_martingale_residuals_sum_to_zero_in_every_stratum(make_rows, seed):
    rows = make_rows(seed)
    data = prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata)
    residuals = martingale(data, [0.3, -0.2])
    for stratum in range(3):
        assert residuals[rows.strata == stratum].sum() == pytest.approx(0, abs=1e-10)


@quick
@given(seed=seeds)
def test_covariates_may_be_far_off_or_on_wild_scales(make_rows, seed):
    rows = make_rows(seed)
    one = fit(prepare(rows.start, rows.stop, rows.event, rows.X))
    far = rows.X + 1e8
    two = fit(prepare(rows.start, rows.stop, rows.event, far))
    exact = fit(prepare(rows.start, rows.stop, rows.event, far - 1e8))
    same(two, exact)
    for unit in (1e8, 1e-8):
        scaled = fit(prepare(rows.start, rows.stop, rows.event, rows.X * unit))
        np.testing.assert_allclose(scaled.coefficients * unit, one.coefficients, rtol=1e-10)


def test_warm_start_ends_in_the_same_place(make_rows):
    rows = make_rows(4)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    cold = fit(data)
    warm = fit(data, initial=cold.coefficients)
    same(cold, warm, 1e-12)
    assert warm.iterations < cold.iterations


def test_a_large_row_leaving_costs_no_digits():
    """A row 10^13 times as risky as the rest leaves at time 2; what stays must be summed anew."""
    rng = np.random.default_rng(0)
    x = np.concatenate([[30.0], rng.normal(size=39)])
    start = np.concatenate([[3.0], np.zeros(39)])
    stop = np.concatenate([[40.0], np.arange(1.0, 40.0)])
    data = prepare(start, stop, np.ones(40), x[:, None])
    early = stop <= 3
    alone = prepare(np.zeros(39), stop[1:], early[1:], x[1:, None])
    late = np.log(np.cumsum(np.exp(x[np.argsort(stop)])[::-1])[::-1])[3:]
    expected = evaluate(alone, [1.0]).log_likelihood + (np.sort(x[stop > 3]).sum() - late.sum())
    assert evaluate(data, [1.0]).log_likelihood == pytest.approx(expected, rel=1e-12)


# What is counted -----------------------------------------------------------------------------


def test_rows_in_no_risk_set_are_set_aside_and_counted():
    data = prepare([0, 2, 0], [1, 3, 3], [0, 1, 0], [[9.0], [1.0], [0.0]])
    assert (data.n_rows, data.n_at_risk_rows, data.n_events) == (3, 2, 1)
    assert martingale(data, [0.0])[0] == 0.0


def test_aliased_columns_are_named_not_estimated(make_rows):
    rows = make_rows(6)
    X = np.column_stack([rows.X, rows.X.sum(axis=1), np.full(rows.start.size, 7.3)])
    result = fit(prepare(rows.start, rows.stop, rows.event, X))
    assert result.aliased.tolist() == [False, False, True, True]
    assert np.isnan(result.coefficients[2:]).all()
    assert np.isnan(result.covariance[2]).all()
    plain = fit(prepare(rows.start, rows.stop, rows.event, rows.X))
    np.testing.assert_allclose(result.coefficients[:2], plain.coefficients, rtol=1e-10)


def test_linear_predictor_is_zero_at_the_centre(make_rows):
    rows = make_rows(6)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    assert linear_predictor(data, [1.0, 2.0], [data.centre])[0] == pytest.approx(0.0)


# By abuse ------------------------------------------------------------------------------------

GOOD = {"start": [0.0, 0.0], "stop": [1.0, 2.0], "event": [1, 0], "X": [[1.0], [2.0]]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"start": [0.0, 3.0]}, r"start is not before stop in 1 row\(s\): 1"),
        ({"stop": [1.0, np.nan]}, "start or stop is not finite"),
        ({"event": [1, 2]}, r"event is neither 0 nor 1 in 1 row\(s\): 1"),
        ({"event": [1.0, np.nan]}, "event is neither 0 nor 1"),
        ({"event": [0, 0]}, "at least one event"),
        ({"X": [[1.0], [np.inf]], "stop": [2.0, 2.0]}, "Covariates must be finite"),
        ({"X": [1.0, 2.0]}, "X has shape"),
        ({"weights": [1.0, -1.0]}, "weight is negative"),
        ({"weights": [0.0, 1.0]}, "at least one event"),
        ({"offset": [0.0, np.inf]}, "offset is not finite"),
        ({"strata": [1]}, "strata has shape"),
        ({"start": [1.0 - 1e-12, 0.0]}, r"equal up to rounding in 1 row\(s\)"),
    ],
)
def test_bad_input_is_refused_by_name(change, message):
    with pytest.raises(DataError, match=message):
        prepare(**(GOOD | change))


def test_all_failures_are_listed_at_once():
    with pytest.raises(DataError, match=r"not before stop.*neither 0 nor 1"):
        prepare([2.0, 0.0], [1.0, 1.0], [0, 5], [[1.0], [2.0]])


def test_unknown_ties_are_refused():
    with pytest.raises(ValueError, match="'efron', 'breslow'"):
        prepare(**GOOD, ties="exact")


def test_wrong_starting_values_are_refused():
    with pytest.raises(DataError, match="starting values"):
        fit(prepare(**GOOD), initial=[1.0, 2.0])
