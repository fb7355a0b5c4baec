"""Many Cox fits on one sorted panel: reweighted (bootstrap, jackknife) or with other columns."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._maximise import SUSPICIOUS, maximise
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels._newton import inverse
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels.clusters import cluster_score_sums
from coalition_models.kernels.variance import cluster_codes

__all__ = ["BatchFit", "fit_many_columns", "fit_many_weights"]


#: fits times rows below which threads cost more than they save
SMALL = 200_000


@dataclass(frozen=True)
class BatchFit:
    """Many fits of one panel, one line each, on the user's scale.

    Attributes
    ----------
    coefficients, variance_model, variance_cluster : arrays, shape (B, p)
        NaN for columns absent from a fit or aliased in it; ``variance_cluster`` is NaN throughout
        where it was not asked for, and where a fit did not converge.
    log_likelihood : array, shape (B,)
    converged : array of bool, shape (B,)
        False where no maximum was reached, where it lies at infinity, and where no event is left.
    diverging, aliased : arrays of bool, shape (B, p)
        Coefficients without a finite maximum; columns that carry no information of their own.
    iterations : array of int, shape (B,)
    """

    coefficients: Floats
    variance_model: Floats
    variance_cluster: Floats
    log_likelihood: Floats
    converged: NDArray[np.bool_]
    diverging: NDArray[np.bool_]
    aliased: NDArray[np.bool_]
    iterations: Integers


@dataclass(frozen=True)
class _Jobs:
    """What to fit, on the standardised scale and in sorted order."""

    prepared: Prepared
    weightings: Floats  # (B, G), (B, m) or (0, 0)
    by_cluster: bool
    masks: NDArray[np.bool_]
    starts: Floats
    codes: Integers  # (m,) or (0,)
    n_clusters: int
    clustered: bool
    max_iterations: int
    tolerance: float

    def weights(self, b: int) -> Floats:
        """Weight of each sorted row in job ``b`` (empty for ones)."""
        own = self.prepared.panel.weights
        if not self.weightings.size:
            return own
        line = self.weightings[b]
        factor: Floats = line[self.codes] if self.by_cluster else line
        if own.size:
            factor = factor * own
        return factor


@dataclass(frozen=True)
class _Results:
    beta: Floats
    model: Floats
    cluster: Floats
    loglik: Floats
    step: Floats
    iterations: Integers
    aliased: NDArray[np.bool_]
    converged: NDArray[np.bool_]
    diverging: NDArray[np.bool_]


def fit_many_weights(
    prepared: Prepared,
    weights: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    start: ArrayLike | None = None,
    clustered: bool = False,
    max_iterations: int = 60,
    tolerance: float = 1e-8,
    threads: int | None = None,
) -> BatchFit:
    """Refit with many weightings of the rows, or of the clusters.

    Each weighting multiplies the panel's case weights. A row of weight zero counts as absent, also
    for ties; one of weight two as a case weight, as R's ``coxph(weights = )``.

    Parameters
    ----------
    prepared : Prepared
        Sorted once; never sorted again.
    weights : array-like, shape (B, n_rows), or (B, G) with ``clusters``
        One weighting per line, not negative; clusters in the order of their sorted labels
        (``numpy.unique``).
    clusters : array-like, shape (n_rows,), optional
        Label of each row's cluster.
    start : array-like, shape (p,), optional
        Where each fit starts, e.g. the full sample's coefficients.
    clustered : bool
        Whether to compute the variance clustered by ``clusters`` for each fit.
    threads : int, optional
        All processors by default. Results do not depend on it.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0], [1.0], [1.0], [0.0]])
    >>> many = fit_many_weights(data, [[1, 1, 1, 1], [2, 2, 2, 2]])
    >>> many.coefficients.ravel().round(4).tolist()
    [0.4812, 0.4812]
    """
    factors = np.atleast_2d(np.asarray(weights, dtype=float))
    codes, n_clusters = _sorted_codes(prepared, clusters)
    width = prepared.n_rows if clusters is None else n_clusters
    if factors.ndim != 2 or factors.shape[1] != width:
        raise DataError(
            f"Expected weightings of {width} {'rows' if clusters is None else 'clusters'}, found "
            f"shape {factors.shape}. Give one line per weighting."
        )
    if not (np.isfinite(factors).all() and (factors >= 0).all()):
        raise DataError("Weightings must be finite and not negative. Replace the others.")
    if clustered and clusters is None:
        raise DataError("A clustered variance needs clusters; pass clusters= or clustered=False.")
    p = prepared.n_columns
    begin = np.zeros(p) if start is None else np.nan_to_num(np.asarray(start, dtype=float))
    jobs = _Jobs(
        prepared=prepared,
        weightings=(
            factors if clusters is not None else np.ascontiguousarray(factors[:, prepared.kept])
        ),
        by_cluster=clusters is not None,
        masks=np.ones((factors.shape[0], p), dtype=bool),
        starts=np.tile(begin * prepared.scale, (factors.shape[0], 1)),
        codes=codes,
        n_clusters=n_clusters,
        clustered=clustered,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    return _run(jobs, threads)


def fit_many_columns(
    prepared: Prepared,
    subsets: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    max_iterations: int = 60,
    tolerance: float = 1e-8,
    threads: int | None = None,
) -> BatchFit:
    """Refit with many subsets of the columns, with clustered variances where clusters are given.

    Parameters
    ----------
    prepared : Prepared
        Holds every column that any subset uses.
    subsets : array-like of bool, shape (B, p)
        Which columns each fit uses.
    clusters : array-like, shape (n_rows,), optional
        Label of each row's cluster.
    threads : int, optional
        All processors by default. Results do not depend on it.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> X = [[0.0, 1.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, X)
    >>> fit_many_columns(data, [[True, False]]).coefficients.round(4).tolist()
    [[0.4812, nan]]
    """
    masks = np.atleast_2d(np.asarray(subsets))
    if masks.dtype != np.bool_ or masks.shape[1] != prepared.n_columns:
        raise DataError(
            f"Expected subsets as booleans, one per column ({prepared.n_columns}); found "
            f"{masks.dtype} of shape {masks.shape}. Give one line per subset."
        )
    codes, n_clusters = _sorted_codes(prepared, clusters)
    jobs = _Jobs(
        prepared=prepared,
        weightings=np.empty((0, 0)),
        by_cluster=False,
        masks=masks,
        starts=_subset_starts(prepared, masks),
        codes=codes,
        n_clusters=n_clusters,
        clustered=clusters is not None,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    return _run(jobs, threads)


def _subset_starts(prepared: Prepared, masks: NDArray[np.bool_]) -> Floats:
    """Start near each subset's maximum, judged from the fit of all columns where there is one."""
    zeros = np.zeros(masks.shape)
    if not has_compiled() or masks.shape[0] < prepared.n_columns:
        return zeros
    from coalition_models.kernels import _compiled

    p = prepared.n_columns
    full = maximise(
        prepared.panel, np.arange(p), prepared.panel.weights, np.zeros(p),
        efron=prepared.ties == "efron", max_iterations=SUSPICIOUS, tolerance=1e-4,
    )  # fmt: skip
    if not full.converged or full.aliased.any():
        return zeros
    return _compiled.subset_starts(full.at.information, full.beta, masks)


def _sorted_codes(prepared: Prepared, clusters: ArrayLike | None) -> tuple[Integers, int]:
    if clusters is None:
        return np.empty(0, np.int64), 0
    codes, count = cluster_codes(clusters)
    if codes.shape != (prepared.n_rows,):
        raise DataError(
            f"Expected one cluster label per row ({prepared.n_rows}), found shape {codes.shape}. "
            "Pass the labels of the rows that were prepared."
        )
    return codes[prepared.kept], count


def _run(jobs: _Jobs, threads: int | None) -> BatchFit:
    size = jobs.masks.shape
    out = _Results(
        beta=np.full(size, np.nan),
        model=np.full(size, np.nan),
        cluster=np.full(size, np.nan),
        loglik=np.full(size[0], np.nan),
        step=np.full(size, np.nan),
        iterations=np.zeros(size[0], dtype=np.int64),
        aliased=np.zeros(size, dtype=bool),
        converged=np.zeros(size[0], dtype=bool),
        diverging=np.zeros(size, dtype=bool),
    )
    if has_compiled():
        _run_compiled(jobs, out, threads)
    else:
        for b in range(size[0]):
            _run_plain(jobs, out, b)
    unit = jobs.prepared.scale
    return BatchFit(
        coefficients=out.beta / unit,
        variance_model=out.model / unit**2,
        variance_cluster=out.cluster / unit**2,
        log_likelihood=out.loglik,
        converged=out.converged,
        diverging=out.diverging,
        aliased=out.aliased,
        iterations=out.iterations,
    )


def _run_compiled(jobs: _Jobs, out: _Results, threads: int | None) -> None:
    from coalition_models.kernels import _compiled

    n_jobs = jobs.masks.shape[0]
    small = n_jobs * jobs.prepared.panel.columns.shape[1] < SMALL and threads is None
    workers = 1 if small else max(1, min(threads or os.cpu_count() or 1, n_jobs))

    batch = _compiled.BatchArrays(
        jobs.prepared.panel, jobs.weightings, jobs.by_cluster, jobs.masks, jobs.starts,
        jobs.codes, jobs.n_clusters, jobs.clustered, jobs.prepared.ties == "efron",
        min(jobs.max_iterations, SUSPICIOUS), jobs.tolerance, vars(out),
    )  # fmt: skip

    def work(bounds: tuple[int, int]) -> None:
        _compiled.fit_some(batch, *bounds)

    # Short pieces, so that threads finish together whatever each fit takes.
    pieces = n_jobs if workers == 1 else max(1, n_jobs // (8 * workers))
    bounds = [(low, min(low + pieces, n_jobs)) for low in range(0, n_jobs, pieces)]
    if workers == 1:
        for pair in bounds:
            work(pair)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(work, bounds))
    for b in np.flatnonzero(~out.converged):
        _look_again(jobs, out, int(b))


def _look_again(jobs: _Jobs, out: _Results, b: int) -> None:
    """Tell an infinite maximum from a slow fit; finish the latter by the single-fit routine."""
    cols = np.flatnonzero(jobs.masks[b] & ~out.aliased[b])
    if not cols.size:
        return
    direction = recession_direction(jobs.prepared.panel, cols, jobs.weights(b), out.step[b, cols])
    if direction is None:
        _run_plain(jobs, out, b)
    else:
        out.diverging[b, cols] = np.abs(direction) > 1e-7


def _run_plain(jobs: _Jobs, out: _Results, b: int) -> None:
    panel, efron = jobs.prepared.panel, jobs.prepared.ties == "efron"
    columns, weights = np.flatnonzero(jobs.masks[b]), jobs.weights(b)
    out.aliased[b] = False
    if weights.size and not weights[panel.event_rows].any():
        out.aliased[b, columns] = True
        out.loglik[b] = 0.0
        return
    found = maximise(
        panel, columns, weights, jobs.starts[b][columns],
        efron=efron, max_iterations=jobs.max_iterations, tolerance=jobs.tolerance,
    )  # fmt: skip
    cols, bread = found.cols, inverse(found.at.information)
    out.aliased[b, columns] = found.aliased
    out.loglik[b], out.iterations[b] = found.at.log_likelihood, found.iterations
    out.converged[b] = found.converged and (cols.size > 0 or columns.size == 0)
    out.beta[b, cols] = found.beta
    out.model[b, cols] = np.nan if bread is None else np.diag(bread)
    if found.direction is not None:
        out.diverging[b, cols] = np.abs(found.direction) > 1e-7
    if jobs.clustered and found.converged and bread is not None:
        moved = (
            cluster_score_sums(
                jobs.prepared, cols, weights, found.beta, jobs.codes, jobs.n_clusters
            )
            @ bread
        )
        out.cluster[b, cols] = (moved**2).sum(axis=0)
