"""Many fits of the same rows: reweighted (bootstrap, jackknife) or with other columns.

Rows are those of a Cox model, sorted by ``cox.prepare``, or of a binary one, standardised by
``binary_rows``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._cox_jobs import CoxRows
from coalition_models.kernels._jobs import Jobs, ManyRows, results
from coalition_models.kernels._maximise import SUSPICIOUS, maximise
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels.binary_rows import BinaryRows
from coalition_models.kernels.variance import cluster_codes

__all__ = ["BatchFit", "fit_many_columns", "fit_many_weights"]


@dataclass(frozen=True)
class BatchFit:
    """Many fits of the same rows, one line each, on the user's scale.

    Attributes
    ----------
    coefficients, variance_model, variance_cluster : arrays, shape (B, p)
        NaN for columns absent from a fit or aliased in it; ``variance_cluster`` is NaN throughout
        where it was not asked for, and where a fit did not converge.
    log_likelihood : array, shape (B,)
    converged : array of bool, shape (B,)
        False where no maximum was reached, where it lies at infinity, and where no event is left
        (or, in a binary model, nothing but events).
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


def fit_many_weights(
    prepared: Prepared | BinaryRows,
    weights: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    start: ArrayLike | None = None,
    clustered: bool = False,
    information: str = "expected",
    max_iterations: int = 60,
    tolerance: float = 1e-8,
    threads: int | None = None,
) -> BatchFit:
    """Refit with many weightings of the rows, or of the clusters.

    Each weighting multiplies the rows' case weights. A row of weight zero counts as absent, also
    for ties; one of weight two as a case weight, as R's ``coxph(weights = )`` and ``glm``.

    Parameters
    ----------
    prepared : Prepared or BinaryRows
        Sorted, or standardised, once.
    weights : array-like, shape (B, n_rows), or (B, G) with ``clusters``
        One weighting per line, not negative; clusters in the order of their sorted labels
        (``numpy.unique``).
    clusters : array-like, shape (n_rows,), optional
        Label of each row's cluster.
    start : array-like, shape (p,), optional
        Where each fit starts, e.g. the full sample's coefficients.
    clustered : bool
        Whether to compute the variance clustered by ``clusters`` for each fit.
    information : {"expected", "observed"}
        Of a binary model: what variances rest on. They differ for probit and cloglog.
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
    rows, expected = _rows(prepared), _is_expected(information)
    factors = np.atleast_2d(np.asarray(weights, dtype=float))
    codes, n_clusters = _sorted_codes(rows, clusters)
    width = rows.n_rows if clusters is None else n_clusters
    if factors.ndim != 2 or factors.shape[1] != width:
        raise DataError(
            f"Expected weightings of {width} {'rows' if clusters is None else 'clusters'}, found "
            f"shape {factors.shape}. Give one line per weighting."
        )
    if not (np.isfinite(factors).all() and (factors >= 0).all()):
        raise DataError("Weightings must be finite and not negative. Replace the others.")
    if clustered and clusters is None:
        raise DataError("A clustered variance needs clusters; pass clusters= or clustered=False.")
    p = rows.n_columns
    begin = np.zeros(p) if start is None else np.nan_to_num(np.asarray(start, dtype=float))
    jobs = Jobs(
        rows=rows,
        weightings=(
            factors if clusters is not None else np.ascontiguousarray(factors[:, rows.kept])
        ),
        by_cluster=clusters is not None,
        masks=np.ones((factors.shape[0], p), dtype=bool),
        starts=np.tile(rows.inner(begin), (factors.shape[0], 1)),
        codes=codes,
        n_clusters=n_clusters,
        clustered=clustered,
        expected=expected,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    return _run(jobs, threads)


def fit_many_columns(
    prepared: Prepared | BinaryRows,
    subsets: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    information: str = "expected",
    max_iterations: int = 60,
    tolerance: float = 1e-8,
    threads: int | None = None,
) -> BatchFit:
    """Refit with many subsets of the columns, with clustered variances where clusters are given.

    Parameters
    ----------
    prepared : Prepared or BinaryRows
        Holds every column that any subset uses.
    subsets : array-like of bool, shape (B, p)
        Which columns each fit uses; of a binary model the first, the intercept, always.
    clusters : array-like, shape (n_rows,), optional
        Label of each row's cluster.
    information : {"expected", "observed"}
        Of a binary model: what variances rest on. They differ for probit and cloglog.
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
    rows, expected = _rows(prepared), _is_expected(information)
    masks = np.atleast_2d(np.asarray(subsets))
    if masks.dtype != np.bool_ or masks.shape[1] != rows.n_columns:
        raise DataError(
            f"Expected subsets as booleans, one per column ({rows.n_columns}); found "
            f"{masks.dtype} of shape {masks.shape}. Give one line per subset."
        )
    if rows.shift.size and not masks[:, 0].all():
        raise DataError("A subset of a binary model's columns keeps the first, the intercept.")
    codes, n_clusters = _sorted_codes(rows, clusters)
    jobs = Jobs(
        rows=rows,
        weightings=np.empty((0, 0)),
        by_cluster=False,
        masks=masks,
        starts=_subset_starts(prepared, masks),
        codes=codes,
        n_clusters=n_clusters,
        clustered=clusters is not None,
        expected=expected,
        max_iterations=max_iterations,
        tolerance=tolerance,
    )
    return _run(jobs, threads)


def _rows(prepared: Prepared | BinaryRows) -> ManyRows:
    return CoxRows(prepared) if isinstance(prepared, Prepared) else prepared


def _is_expected(information: str) -> bool:
    if information not in ("expected", "observed"):
        raise DataError(f"information must be 'expected' or 'observed'; found {information!r}")
    return information == "expected"


def _subset_starts(prepared: Prepared | BinaryRows, masks: NDArray[np.bool_]) -> Floats:
    """Start near each subset's maximum, judged from the fit of all columns where there is one."""
    zeros = np.zeros(masks.shape)
    if (
        isinstance(prepared, BinaryRows)
        or not has_compiled()
        or masks.shape[0] < prepared.n_columns
    ):
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


def _sorted_codes(rows: ManyRows, clusters: ArrayLike | None) -> tuple[Integers, int]:
    if clusters is None:
        return np.empty(0, np.int64), 0
    codes, count = cluster_codes(clusters)
    if codes.shape != (rows.n_rows,):
        raise DataError(
            f"Expected one cluster label per row ({rows.n_rows}), found shape {codes.shape}. "
            "Pass the labels of the rows that were rows."
        )
    return codes[rows.kept], count


def _run(jobs: Jobs, threads: int | None) -> BatchFit:
    out = results(jobs, threads)
    unit = jobs.rows.scale
    return BatchFit(
        coefficients=jobs.rows.outer(out.beta),
        variance_model=out.model / unit**2,
        variance_cluster=out.cluster / unit**2,
        log_likelihood=out.loglik,
        converged=out.converged,
        diverging=out.diverging,
        aliased=out.aliased,
        iterations=out.iterations,
    )
