"""Random small panels through the compiled loops and numpy: python fuzz_loops.py library count.

Weights of nil, heavy ties, gaps, one row, no to forty covariates, huge times. Run by
test_compiled.py with a library that watches its addresses.
"""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path
from unittest.mock import patch

import numpy as np

from coalition_models.errors import DataError
from coalition_models.kernels import _backend, _build
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._cox_jobs import CoxRows
from coalition_models.kernels.batch import fit_many_columns, fit_many_weights
from coalition_models.kernels.binary_rows import BinaryRows, binary_rows
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.conditional import group_rows
from coalition_models.kernels.cox import evaluate, prepare


def draw(rng: np.random.Generator) -> tuple[object, np.ndarray] | None:
    """A panel and clusters, or None where it has no event."""
    n = int(rng.choice([1, 2, 3, 7, 20, 60, 200]))
    p = int(rng.choice([0, 1, 2, 3, 4, 5, 8, 13, 40], p=[0.05, *[0.15] * 4, 0.1, 0.1, 0.1, 0.05]))
    span = int(rng.choice([1, 3, 10, 60]))
    start = rng.integers(0, span, n) * float(rng.choice([1.0, 1 / 12, 1e9]))
    stop = start + rng.integers(1, rng.choice([2, 3, 30]), n) * float(rng.choice([1.0, 1e6]))
    event = rng.random(n) < rng.choice([0.05, 0.5, 1.0])
    event[0] = True
    X = rng.normal(size=(n, p)).round(int(rng.integers(0, 3))) * 10.0 ** rng.integers(-3, 4, p)
    weights = rng.choice([0.0, 0.5, 1.0, 3.0], n) if rng.random() < 0.5 else None
    try:
        data = prepare(
            start, stop, event, X, weights=weights,
            strata=rng.integers(0, 4, n) if rng.random() < 0.5 else None,
            offset=rng.normal(size=n) * 3 if rng.random() < 0.3 else None,
            ties=str(rng.choice(["efron", "breslow"])),
        )  # fmt: skip
    except DataError:  # no event of a positive weight
        return None
    return data, rng.integers(0, 5, n)


def look(data: object, clusters: np.ndarray, seed: int) -> list[np.ndarray]:
    """Everything the loops compute, at coefficients of any size."""
    rng = np.random.default_rng(seed)
    beta = rng.normal(size=data.n_columns) * rng.choice([0.0, 0.3, 3.0]) / data.scale
    here = evaluate(data, beta)
    if has_compiled():  # looked at for what they touch, not for their numbers
        count = int(np.unique(clusters).size)
        draws = rng.integers(0, 3, (2, count)).astype(float)
        masks = rng.random((2, data.n_columns)) < 0.5
        few = {"clusters": clusters, "max_iterations": 4, "threads": 1}
        y = rng.integers(0, 2, data.n_rows)
        X = np.column_stack([np.ones(data.n_rows), rng.normal(size=(data.n_rows, data.n_columns))])
        link = str(rng.choice(["logit", "probit", "cloglog"]))
        binary = binary_rows(X, y, link, weights=data.weights, offset=data.offset)
        some = np.column_stack([np.ones((2, 1), dtype=bool), masks])
        with patch.object(CoxRows, "judge"), patch.object(BinaryRows, "judge"):
            for rows, columns in ((data, masks), (binary, some)):
                fit_many_weights(rows, draws, clustered=True, **few)
                fit_many_columns(rows, columns, **few)
        groups, used, _ = group_rows(X, y, np.zeros(data.n_rows), rng.integers(0, 3, data.n_rows))
        if used.any():
            groups.pieces(np.zeros(X.shape[1]))
    rng = np.random.default_rng(seed + 1)
    score = concordance(data, np.round(rng.normal(size=data.n_rows), 1))
    return [
        np.array([here.log_likelihood]), here.score / data.scale,
        here.information / np.outer(data.scale, data.scale),
        clustered_scores(data, beta, clusters) / data.scale,
        np.array([score.concordant, score.discordant, score.tied_score]),
    ]  # fmt: skip


def main(library: str, count: int) -> None:
    """Compare ``count`` panels; stops at the first that differs."""
    path = Path(library)
    _build.SOURCES, _build.library_name = path.parent, lambda: path.name
    _backend._is_checkout = lambda: False
    warnings.simplefilter("ignore")
    done = seed = 0
    while done < count:
        seed += 1
        made = draw(np.random.default_rng(seed))
        if made is None:
            continue
        done += 1
        found = look(*made, seed)
        os.environ["COALITION_MODELS_NO_COMPILED"] = "1"
        plain = draw(np.random.default_rng(seed))
        right = look(*plain, seed)
        del os.environ["COALITION_MODELS_NO_COMPILED"]
        for one, two in zip(found, right, strict=True):
            size = max(float(np.abs(two).max(initial=0.0)), made[0].n_events)
            np.testing.assert_allclose(one, two, rtol=1e-8, atol=1e-9 * size, err_msg=str(seed))
    print(f"{done} panels")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
