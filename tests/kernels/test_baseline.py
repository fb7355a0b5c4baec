"""Baseline hazards by hand; path variance against the delta method done by differences."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.baseline import baseline_hazard, path_survival
from coalition_models.kernels.cox import fit, prepare

PATH = ([0.0, 4.0, 9.0], [4.0, 9.0, 14.0], [[0.0, 0.5], [1.0, 0.2], [-1.0, -0.3]])


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def test_efron_and_breslow_increments_by_hand():
    """Two of three at once: 1/3 + 1/2 (Efron), 2/3 (Breslow); then one of one."""
    rows = ([0] * 3, [1, 1, 2], [1, 1, 1], [[1.0], [0.0], [0.0]])
    np.testing.assert_allclose(baseline_hazard(prepare(*rows), [0.0]).hazard, [5 / 6, 1.0])
    breslow = baseline_hazard(prepare(*rows, ties="breslow"), [0.0])
    np.testing.assert_allclose(breslow.hazard, [2 / 3, 1.0])
    np.testing.assert_allclose(breslow.cumulative, [2 / 3, 5 / 3])
    np.testing.assert_allclose(breslow.variance, [2 / 9, 1.0])


def test_reference_moves_the_baseline(make_rows):
    rows = make_rows(51)
    data = prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata)
    beta = np.array([0.3, -0.4])
    zero = baseline_hazard(data, beta, at=[0.0, 0.0])
    one = baseline_hazard(data, beta, at=[1.0, 2.0])
    np.testing.assert_allclose(one.hazard, zero.hazard * np.exp(0.3 - 0.8))
    for stratum in range(3):
        mine = zero.strata == stratum
        np.testing.assert_allclose(zero.cumulative[mine], np.cumsum(zero.hazard[mine]))


def test_offset_zero_is_the_baseline(make_rows):
    """An offset of one for everybody moves the baseline by 1 / e and nothing else."""
    rows = make_rows(51)
    plain = prepare(rows.start, rows.stop, rows.event, rows.X)
    moved = prepare(rows.start, rows.stop, rows.event, rows.X, offset=np.ones(rows.start.size))
    beta = [0.3, -0.4]
    np.testing.assert_allclose(
        baseline_hazard(moved, beta).hazard * np.e, baseline_hazard(plain, beta).hazard
    )
    V = np.eye(2) / 50
    one = path_survival(plain, beta, V, *PATH)
    two = path_survival(moved, beta, V, *PATH, path_offset=[1.0, 1.0, 1.0])
    np.testing.assert_allclose(one.cumulative_hazard, two.cumulative_hazard)
    np.testing.assert_allclose(one.variance, two.variance)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_path_variance_is_the_delta_method(make_rows, gradient, ties):
    """Independent increments of the baseline, plus the gradient by differences around V."""
    rows = make_rows(52)
    data = prepare(
        rows.start, rows.stop, rows.event, rows.X, weights=rows.weights, ties=ties,
        strata=rows.strata,
    )  # fmt: skip
    result = fit(data)
    b, V = result.coefficients, result.covariance
    path = path_survival(data, b, V, *PATH, stratum=1)
    slope = gradient(lambda c: path_survival(data, c, V, *PATH, stratum=1).cumulative_hazard, b)
    base = baseline_hazard(data, b, at=[0.0, 0.0])
    mine = (base.strata == 1) & (base.times <= 14)
    piece = np.searchsorted(PATH[1], base.times[mine])
    risk = np.exp(np.array(PATH[2]) @ b)[piece]
    np.testing.assert_allclose(path.cumulative_hazard, np.cumsum(risk * base.hazard[mine]))
    own = np.cumsum(risk**2 * base.variance[mine])
    expected = own + np.einsum("ik,ij,jk->k", slope, V, slope)
    np.testing.assert_allclose(path.variance, expected, rtol=1e-7)
    np.testing.assert_allclose(path.survival, np.exp(-path.cumulative_hazard))


def test_pieces_of_one_path_add_up(make_rows):
    rows = make_rows(53)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    b, V = [0.3, -0.4], np.eye(2) / 50
    whole = path_survival(data, b, V, [0.0], [14.0], [[0.5, 0.5]])
    split = path_survival(data, b, V, [0.0, 3.0, 7.5], [3.0, 7.5, 14.0], [[0.5, 0.5]] * 3)
    np.testing.assert_allclose(split.variance, whole.variance)
    np.testing.assert_array_equal(split.times, whole.times)
    gap = path_survival(data, b, V, [0.0, 7.5], [3.0, 14.0], [[0.5, 0.5]] * 2)
    np.testing.assert_array_equal(gap.times, whole.times[(whole.times <= 3) | (whole.times > 7.5)])


def test_path_times_equal_up_to_rounding_count():
    data = prepare([0] * 2, [0.1 + 0.2, 1.0], [1, 1], [[0.0], [1.0]])
    path = path_survival(data, [0.0], [[1.0]], [0.0], [0.3], [[0.0]])
    assert path.cumulative_hazard.tolist() == [0.5]


def test_pieces_that_meet_up_to_rounding_follow_one_another():
    data = prepare([0] * 2, [1.0, 2.0], [1, 1], [[0.0], [1.0]])
    for middle in (0.3, 0.1 + 0.2):
        path = path_survival(data, [0.0], [[1.0]], [0.0, 0.3], [middle, 2.0], [[0.0]] * 2)
        assert path.cumulative_hazard.tolist() == [0.5, 1.5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.0, 1.0], [2.0, 3.0], [[0.0, 0.0]] * 2), "overlap"),
        (([2.0], [1.0], [[0.0, 0.0]]), "forwards"),
        (([0.0], [1.0], [[0.0]]), "2 covariates per piece"),
        (([0.0], [np.inf], [[0.0, 0.0]]), "finite"),
    ],
)
def test_bad_paths_are_refused(make_rows, arguments, message):
    rows = make_rows(53)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    with pytest.raises(DataError, match=message):
        path_survival(data, [0.0, 0.0], np.eye(2), *arguments)


def test_strata_must_be_named(make_rows):
    rows = make_rows(53)
    data = prepare(rows.start, rows.stop, rows.event, rows.X, strata=rows.strata)
    with pytest.raises(DataError, match="one of the fit's strata"):
        path_survival(data, [0.0, 0.0], np.eye(2), *PATH)
    plain = prepare(rows.start, rows.stop, rows.event, rows.X)
    with pytest.raises(DataError, match="no strata"):
        path_survival(plain, [0.0, 0.0], np.eye(2), *PATH, stratum=1)
