"""Firth's penalty against direct maximisation, by hand, and where plain Cox fails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize

from coalition_models.errors import DataError, FitError
from coalition_models.kernels.cox import evaluate, fit, prepare
from coalition_models.kernels.firth import fit_firth, penalised_test, profile_intervals


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def separated_data(make_rows, ties="efron", **options):
    rows = make_rows(41, n=150, rate=0.12)
    dummy = np.where(rows.event == 1, 1.0, np.random.default_rng(0).random(150) < 0.3)
    X = np.column_stack([rows.X, dummy])
    chosen = {name: getattr(rows, name) for name in options}
    return prepare(rows.start, rows.stop, rows.event, X, ties=ties, **chosen)


def penalised(data, beta):
    at = evaluate(data, beta)
    return at.log_likelihood + 0.5 * np.linalg.slogdet(at.information)[1]


def direct_maximum(data, start, fixed=None):
    """Nelder-Mead on the penalised likelihood, restarted; ``fixed`` = (column, value)."""

    def fill(free):
        return free if fixed is None else np.insert(free, fixed[0], fixed[1])

    best = start
    for _ in range(6):
        found = minimize(
            lambda free: -penalised(data, fill(free)),
            best,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-13, "maxiter": 4000, "maxfev": 4000},
        )
        best = found.x
    return best, -float(found.fun)


def test_two_rows_by_hand():
    """One event with x = 1 against one row with x = 0: p = r / (1 + r), information p (1 - p).

    log p + log(p (1 - p)) / 2 is highest where 3 / 2 (1 - p) = p / 2, p = 3 / 4: r = 3.
    """
    data = prepare([0, 0], [1, 2], [1, 0], [[1.0], [0.0]])
    result = fit_firth(data)
    assert np.exp(result.coefficients[0]) == pytest.approx(3.0, rel=1e-10)
    assert result.penalised_log_likelihood == pytest.approx(np.log(3 / 4) + np.log(3 / 16) / 2)
    assert result.covariance[0, 0] == pytest.approx(16 / 3, rel=1e-9)
    assert result.converged


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("options", [{}, {"weights": 1, "strata": 1}, {"offset": 1}])
def test_estimate_is_the_direct_maximum(make_rows, ties, options):
    data = separated_data(make_rows, ties, **options)
    assert fit(data).diverging.any()
    result = fit_firth(data)
    best, value = direct_maximum(data, result.coefficients + 0.1)
    np.testing.assert_allclose(result.coefficients, best, rtol=1e-5, atol=1e-6)
    assert result.penalised_log_likelihood == pytest.approx(value, rel=1e-11)
    assert result.penalised_log_likelihood >= value - 1e-10
    np.testing.assert_allclose(
        result.covariance, np.linalg.inv(evaluate(data, result.coefficients).information), rtol=1e-8
    )
    assert result.converged


def test_profile_bounds_are_where_the_profile_has_fallen(make_rows):
    data = separated_data(make_rows)
    result = fit_firth(data)
    bounds = profile_intervals(data, result, columns=[1, 2])
    assert np.isnan(bounds[0]).all()
    for column in (1, 2):
        for bound in bounds[column]:
            start = np.delete(result.coefficients, column)
            _, value = direct_maximum(data, start, fixed=(column, bound))
            fallen = 2 * (result.penalised_log_likelihood - value)
            assert fallen == pytest.approx(3.841458820694124, abs=1e-6)
    assert bounds[2, 0] > 0


def test_penalised_ratio_is_the_fall_at_zero(make_rows):
    data = separated_data(make_rows)
    result = fit_firth(data)
    statistic, df = penalised_test(data, result, [2])
    _, value = direct_maximum(data, result.coefficients[:2], fixed=(2, 0.0))
    assert df == 1
    assert statistic == pytest.approx(2 * (result.penalised_log_likelihood - value), abs=1e-7)
    everything, df = penalised_test(data, result, [0, 1, 2])
    null = result.penalised_log_likelihood_null
    assert df == 3
    assert everything == pytest.approx(2 * (result.penalised_log_likelihood - null))


def test_penalty_fades_as_events_grow(make_rows):
    gaps = []
    for n in (200, 2000):
        rows = make_rows(42, n=n)
        data = prepare(rows.start, rows.stop, rows.event, rows.X)
        gaps.append(np.abs(fit_firth(data).coefficients - fit(data).coefficients).max())
    assert gaps[1] < gaps[0] / 3


def test_unit_and_place_of_a_covariate_do_not_matter(make_rows):
    rows = make_rows(43)
    one = fit_firth(prepare(rows.start, rows.stop, rows.event, rows.X))
    two = fit_firth(prepare(rows.start, rows.stop, rows.event, rows.X * 1e6 + 1e7))
    np.testing.assert_allclose(two.coefficients * 1e6, one.coefficients, rtol=1e-7)
    shift = 2 * np.log(1e6)
    assert two.penalised_log_likelihood - shift == pytest.approx(
        one.penalised_log_likelihood, rel=1e-9
    )


def test_nothing_to_estimate_is_said(make_rows):
    rows = make_rows(43)
    with pytest.raises(FitError, match="differs within a risk set"):
        fit_firth(prepare(rows.start, rows.stop, rows.event, np.ones((rows.start.size, 1))))
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    result = fit_firth(data)
    with pytest.raises(DataError, match="not in the penalised fit"):
        penalised_test(data, result, [7])
    with pytest.raises(ValueError, match="between 0 and 1"):
        profile_intervals(data, result, level=95)
