"""What the kernels must not cost: import time, memory, a sort per fit."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import numpy as np

from coalition_models.kernels.clusters import clustered_covariance
from coalition_models.kernels.cox import fit, prepare


def test_importing_the_kernel_loads_neither_numba_nor_pandas():
    """The package's own front is lazy; only what kernels themselves import is looked at here."""
    code = (
        "import sys; import coalition_models.kernels.cox;"
        "heavy = ('numba', 'pandas', 'scipy.optimize', 'scipy.stats');"
        "print([m for m in heavy if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_numpy_path_stays_within_three_times_the_design(monkeypatch):
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1")
    rng = np.random.default_rng(0)
    n, p = 40_000, 8
    start = rng.integers(0, 100, n).astype(float)
    stop = start + 1
    event = (rng.random(n) < 0.02).astype(np.int64)
    X = rng.normal(size=(n, p))
    clusters = rng.integers(0, 40, n)
    tracemalloc.start()
    try:
        data = prepare(start, stop, event, X)
        found = fit(data)
        clustered_covariance(data, found.coefficients, found.covariance, clusters)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.converged
    assert peak <= 3 * X.nbytes


def test_no_array_grows_with_events_times_rows(monkeypatch):
    """Long rows, each at risk at hundreds of event times: a small multiple of the rows."""
    monkeypatch.setenv("COALITION_MODELS_NO_COMPILED", "1")
    rng = np.random.default_rng(0)
    n = 20_000
    stop = rng.integers(200, 1_000, n).astype(float)
    X = rng.normal(size=(n, 3))
    event = np.ones(n, dtype=np.int64)
    tracemalloc.start()
    try:
        found = fit(prepare(np.zeros(n), stop, event, X))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found.converged
    assert peak <= 8 * X.nbytes  # n x events would be 2,000 times the design
