"""Intercepts by group equal a column for each group."""

from __future__ import annotations

import numpy as np
import pytest

from coalition_models.kernels import grouped_cox
from coalition_models.kernels.cox import evaluate, prepare
from coalition_models.kernels.grouped_cox import GroupedCox


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("held", [1, 4_000_000])
@pytest.mark.parametrize("p", [0, 2])
def test_derivatives_are_those_of_indicator_columns(ties, held, p, monkeypatch):
    """Late entry, strata, an offset and heavy ties; few groups at a time and all of them."""
    monkeypatch.setattr(grouped_cox, "_HELD", held)
    rng = np.random.default_rng(p)
    n, count = 300, 7
    start = np.where(rng.random(n) < 0.5, 0.0, rng.integers(0, 9, n))
    stop = start + rng.integers(1, 12, n)
    event, strata, groups = rng.random(n) < 0.4, rng.integers(0, 3, n), rng.integers(0, count, n)
    X, offset = rng.normal(size=(n, p)), 0.4 * rng.normal(size=n)
    more = {"strata": strata, "offset": offset, "ties": ties}
    columns = (groups[:, None] == np.arange(count)).astype(float)
    rows = prepare(start, stop, event, X, **more)
    both = prepare(start, stop, event, np.hstack([X, columns]), **more)
    beta = 0.5 * rng.normal(size=p + count)
    own = GroupedCox(rows, groups[rows.kept], count)
    found = own.derivatives(np.r_[beta[:p] * rows.scale, beta[p:]])
    want = evaluate(both, beta)
    scale = np.r_[rows.scale, np.ones(count)]
    assert found.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(found.score * scale, want.score, atol=1e-9)
    np.testing.assert_allclose(
        found.information * np.outer(scale, scale), want.information, atol=1e-9
    )
