"""Many fits of the same rows: what is asked for, what is found, and how threads share the work."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._maximise import SUSPICIOUS
from coalition_models.kernels._panel import Floats, Integers, Panel

__all__ = ["Jobs", "ManyRows", "Results", "results"]

#: fits times rows below which threads cost more than they save
SMALL = 200_000


class ManyRows(Protocol):
    """Rows of which many fits are made: those of a Cox model, or of a binary one."""

    @property
    def panel(self) -> Panel:
        """The rows as the loops take them."""

    @property
    def n_rows(self) -> int:
        """Rows handed in."""

    @property
    def n_columns(self) -> int:
        """Columns of which a fit may use some."""

    @property
    def kept(self) -> Integers:
        """Row handed in behind each of the panel's."""

    @property
    def kind(self) -> str:
        """Rule for ties, or link."""

    @property
    def shift(self) -> Floats:
        """What makes column 0 the intercept of the columns as given, or empty."""

    @property
    def scale(self) -> Floats:
        """Spread of each column."""

    def inner(self, beta: Floats) -> Floats:
        """Coefficients on the inner scale."""

    def outer(self, beta: Floats) -> Floats:
        """Coefficients (B, p) on the user's scale."""

    def doubtful(self, out: Results) -> Integers:
        """Jobs to look at again after the compiled loops."""

    def judge(self, jobs: Jobs, out: Results, b: int) -> None:
        """Look again at a job that the compiled loops did not bring to its maximum."""

    def plain(self, jobs: Jobs, out: Results, b: int) -> None:
        """Do a job without the compiled loops."""


@dataclass(frozen=True)
class Jobs:
    """What to fit, on the standardised scale and in the panel's order."""

    rows: ManyRows
    weightings: Floats  # (B, G), (B, m) or (0, 0)
    by_cluster: bool
    masks: NDArray[np.bool_]
    starts: Floats
    codes: Integers  # (m,) or (0,)
    n_clusters: int
    clustered: bool
    expected: bool
    max_iterations: int
    tolerance: float

    def weights(self, b: int) -> Floats:
        """Weight of each of the panel's rows in job ``b`` (empty for ones)."""
        own = self.rows.panel.weights
        if not self.weightings.size:
            return own
        line = self.weightings[b]
        factor: Floats = line[self.codes] if self.by_cluster else line
        if own.size:
            factor = factor * own
        return factor


@dataclass(frozen=True)
class Results:
    """Where each job writes its line."""

    beta: Floats
    model: Floats
    cluster: Floats
    loglik: Floats
    nearest: Floats
    step: Floats
    iterations: Integers
    aliased: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    diverging: NDArray[np.bool_]


def results(jobs: Jobs, threads: int | None) -> Results:
    """Do all jobs; the numbers do not depend on the threads."""
    size = jobs.masks.shape
    out = Results(
        beta=np.full(size, np.nan),
        model=np.full(size, np.nan),
        cluster=np.full(size, np.nan),
        loglik=np.full(size[0], np.nan),
        nearest=np.full(size[0], np.nan),
        step=np.full(size, np.nan),
        iterations=np.zeros(size[0], dtype=np.int64),
        aliased=np.zeros(size, dtype=bool),
        converged=np.zeros(size[0], dtype=bool),
        diverging=np.zeros(size, dtype=bool),
    )
    if has_compiled():
        _compiled_results(jobs, out, threads)
    else:
        for b in range(size[0]):
            jobs.rows.plain(jobs, out, b)
    return out


def _compiled_results(jobs: Jobs, out: Results, threads: int | None) -> None:
    from coalition_models.kernels import _compiled_batch

    n_jobs, panel = jobs.masks.shape[0], jobs.rows.panel
    small = n_jobs * panel.columns.shape[1] < SMALL and threads is None
    workers = 1 if small else max(1, min(threads or os.cpu_count() or 1, n_jobs))

    batch = _compiled_batch.BatchArrays(
        panel, jobs.weightings, jobs.by_cluster, jobs.masks, jobs.starts,
        jobs.codes, jobs.n_clusters, jobs.clustered, jobs.rows.shift, jobs.rows.kind,
        jobs.expected, min(jobs.max_iterations, SUSPICIOUS), jobs.tolerance, vars(out),
    )  # fmt: skip

    def work(bounds: tuple[int, int]) -> None:
        _compiled_batch.fit_some(batch, *bounds)

    # Short pieces, so that threads finish together whatever each fit takes.
    pieces = n_jobs if workers == 1 else max(1, n_jobs // (8 * workers))
    _spread(work, [(low, min(low + pieces, n_jobs)) for low in range(0, n_jobs, pieces)], workers)
    for b in jobs.rows.doubtful(out):
        jobs.rows.judge(jobs, out, int(b))


def _spread(
    work: Callable[[tuple[int, int]], None], bounds: list[tuple[int, int]], workers: int
) -> None:
    if workers == 1:
        for pair in bounds:
            work(pair)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, bounds))
