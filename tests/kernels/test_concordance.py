"""Concordance against every pair counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.errors import DataError
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.cox import prepare


@pytest.fixture(params=["compiled", "numpy"], autouse=True)
def _engine(request, monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1" if request.param == "numpy" else "0")


def all_pairs(rows, score, weights, strata):
    higher = lower = same = 0.0
    for i in np.flatnonzero(rows.event):
        t = rows.stop[i]
        later = (rows.stop > t) | ((rows.stop == t) & (rows.event == 0))
        for j in np.flatnonzero((rows.start < t) & later & (strata == strata[i])):
            w = weights[i] * weights[j]
            higher += w * (score[i] > score[j])
            lower += w * (score[i] < score[j])
            same += w * (score[i] == score[j])
    return higher, lower, same


@pytest.mark.parametrize("seed", range(4))
def test_every_pair(make_rows, seed):
    rows = make_rows(70 + seed)
    score = np.round(rows.X[:, 0], 1)
    data = prepare(
        rows.start, rows.stop, rows.event, rows.X, strata=rows.strata, weights=rows.weights
    )
    found = concordance(data, score)
    expected = all_pairs(rows, score, rows.weights, rows.strata)
    np.testing.assert_allclose(
        (found.concordant, found.discordant, found.tied_score), expected, rtol=1e-12
    )
    higher, _, same = expected
    assert found.value == pytest.approx((higher + same / 2) / sum(expected))


def test_reversed_scores_mirror_it(make_rows):
    rows = make_rows(75)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    one, two = (concordance(data, sign * rows.X[:, 0]).value for sign in (1, -1))
    assert one + two == pytest.approx(1.0)


def test_bad_scores_are_refused(make_rows):
    rows = make_rows(75)
    data = prepare(rows.start, rows.stop, rows.event, rows.X)
    with pytest.raises(DataError, match="one score per row"):
        concordance(data, [1.0])
    with pytest.raises(DataError, match="must not be missing"):
        concordance(data, np.full(rows.start.size, np.nan))
