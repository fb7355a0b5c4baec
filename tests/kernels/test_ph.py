"""Proportional-hazards tests against Rao's test done directly, and published numbers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import chi2

from coalition_models.errors import DataError
from coalition_models.kernels.cox import evaluate, fit, prepare
from coalition_models.kernels.ph import grambsch_therneau, ph_score_test, transform_times
from coalition_models.kernels.residuals import schoenfeld


def split_at_event_times(rows):
    """One row per event time survived, so that x g(t) becomes a covariate."""
    times = np.unique(rows.stop[rows.event == 1])
    pieces = []
    for i in range(rows.start.size):
        cuts = times[(times > rows.start[i]) & (times < rows.stop[i])]
        edges = np.concatenate([[rows.start[i]], cuts, [rows.stop[i]]])
        for low, high in pairwise(edges):
            pieces.append((i, low, high, int(rows.event[i] and high == rows.stop[i])))
    index, start, stop, event = (np.array(column) for column in zip(*pieces, strict=True))
    return index, start, stop, event


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("options", [(), ("strata", "weights"), ("offset",)])
def test_it_is_rao_s_test_of_x_times_g(make_rows, ties, options):
    rows = make_rows(61)
    chosen = {name: getattr(rows, name) for name in options}
    data = prepare(rows.start, rows.stop, rows.event, rows.X, ties=ties, **chosen)
    beta = fit(data).coefficients
    found = ph_score_test(data, beta, np.log1p(data.event_times), terms=[[0], [1], [0, 1]])
    index, start, stop, event = split_at_event_times(rows)
    g = np.log1p(stop)[:, None]
    X = np.column_stack([rows.X[index], rows.X[index] * g])
    more = {name: values[index] for name, values in chosen.items()}
    at = evaluate(
        prepare(start, stop, event, X, ties=ties, **more), np.concatenate([beta, [0.0, 0.0]])
    )
    for term, columns in enumerate(([2], [3], [2, 3])):
        use = [0, 1, *columns]
        u = at.score[use]
        rao = u @ np.linalg.solve(at.information[np.ix_(use, use)], u)
        assert found.statistic[term] == pytest.approx(rao, rel=1e-7)
        assert found.p_value[term] == pytest.approx(chi2.sf(rao, len(columns)), rel=1e-6)
    assert found.global_statistic == pytest.approx(found.statistic[2], rel=1e-12)
    assert found.global_df == 2


def test_transforms_by_hand():
    """Stops 1, 2, 2, 4, 5 with entry at 0, 0, 1, 0, 3 and events at 1, 2, 5.

    At risk: 3 at time 1, 3 at time 2, 1 at time 5: Kaplan-Meier 2/3, 4/9, 0.
    """
    data = prepare([0, 0, 1, 0, 3], [1, 2, 2, 4, 5], [1, 1, 0, 0, 1], np.arange(5.0)[:, None])
    np.testing.assert_allclose(transform_times(data, "km"), [0, 1 / 3, 5 / 9])
    np.testing.assert_allclose(transform_times(data, "rank"), [1, 2.5, 5])
    np.testing.assert_allclose(transform_times(data, "identity"), [1, 2, 5])
    np.testing.assert_allclose(transform_times(data, "log"), np.log([1, 2, 5]))


def test_aliased_columns_take_no_part(make_rows):
    rows = make_rows(62)
    g = np.arange(1.0, 100.0)
    plain = prepare(rows.start, rows.stop, rows.event, rows.X)
    more = prepare(rows.start, rows.stop, rows.event, np.column_stack([rows.X, rows.X.sum(axis=1)]))
    one = ph_score_test(plain, fit(plain).coefficients, g[: plain.n_bins])
    two = ph_score_test(more, fit(more).coefficients, g[: more.n_bins])
    np.testing.assert_allclose(two.statistic[:2], one.statistic, rtol=1e-8)
    assert np.isnan(two.statistic[2])
    assert two.global_df == 2


def test_older_form_is_its_formula(make_rows):
    """rho is the correlation of r* with g; chi2 = (sum g r*)^2 / (d V sum g^2)."""
    rows = make_rows(63)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    result = fit(data)
    V = 1.3 * result.covariance
    found = grambsch_therneau(data, result.coefficients, V, data.event_times)
    events = schoenfeld(data, result.coefficients)
    d = events.rows.size
    scaled = d * events.residuals @ V
    g = events.times - events.times.mean()
    for j in range(2):
        assert found.rho[j] == pytest.approx(np.corrcoef(scaled[:, j], g)[0, 1])
        expected = (g @ scaled[:, j]) ** 2 / (d * V[j, j] * (g @ g))
        assert found.statistic[j] == pytest.approx(expected)


def test_bad_requests_are_refused(make_rows):
    rows = make_rows(63)
    data = prepare(rows.start - 20, rows.stop - 20, rows.event, rows.X)
    with pytest.raises(DataError, match="above zero"):
        transform_times(data, "log")
    with pytest.raises(ValueError, match="'km', 'rank'"):
        transform_times(data, "square")
    with pytest.raises(DataError, match="one finite transformed time"):
        ph_score_test(data, [0.0, 0.0], [1.0])
