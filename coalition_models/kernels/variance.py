"""Robust covariance: clustered, clustered two ways."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._panel import Floats, Integers

__all__ = ["cluster_codes", "cluster_sums", "sandwich", "two_way_sandwich"]


def cluster_codes(clusters: ArrayLike) -> tuple[Integers, int]:
    """Number clusters 0, 1, ...; returns the code of each row and their number.

    Examples
    --------
    >>> cluster_codes(["POL", "ESP", "POL"])
    (array([1, 0, 1]), 2)
    """
    labels = np.asarray(clusters)
    if labels.ndim == 1 and labels.size and labels.dtype.kind in "iu":
        low, high = int(labels.min()), int(labels.max())
        if high < 2**62 and high - low < 4 * labels.size + 1000:  # count instead of sorting
            shifted = labels.astype(np.int64) - low
            number = np.cumsum(np.bincount(shifted, minlength=high - low + 1) > 0) - 1
            return number[shifted], int(number[-1]) + 1
    values, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64, copy=False), int(values.size)


def cluster_sums(values: Floats, codes: Integers, n_clusters: int) -> Floats:
    """Sum the rows of ``values`` (n, p) by cluster (G, p).

    Examples
    --------
    >>> import numpy as np
    >>> cluster_sums(np.array([[1.0], [2.0], [4.0]]), np.array([0, 1, 0]), 2).tolist()
    [[5.0], [2.0]]
    """
    sums = [np.bincount(codes, column, minlength=n_clusters) for column in values.T]
    return np.stack(sums, axis=1) if sums else np.zeros((n_clusters, 0))


def sandwich(score: ArrayLike, covariance: ArrayLike, clusters: ArrayLike | None = None) -> Floats:
    """Robust covariance V (sum of u u') V, with u the score residuals summed by cluster.

    No factor for few clusters is applied (Stata's G / (G - 1) is the caller's).

    Parameters
    ----------
    score : array-like, shape (n, p)
        Score residuals times the case weights.
    covariance : array-like, shape (p, p)
        Model-based covariance V.
    clusters : array-like, shape (n,), optional
        Label of each row's cluster; without it each row is its own.

    Examples
    --------
    >>> sandwich([[1.0], [-1.0], [2.0]], [[0.5]], ["a", "a", "b"])
    array([[1.]])
    """
    u = np.asarray(score, dtype=float)
    bread = np.asarray(covariance, dtype=float)
    if clusters is not None:
        codes, count = cluster_codes(clusters)
        if codes.shape != (u.shape[0],):
            raise DataError(
                f"Expected one cluster label per row ({u.shape[0]}), found shape {codes.shape}. "
                "Pass the labels of the rows that were fitted."
            )
        u = cluster_sums(u, codes, count)
    moved = u @ bread
    return np.asarray(moved.T @ moved)


def two_way_sandwich(
    score: ArrayLike, covariance: ArrayLike, first: ArrayLike, second: ArrayLike
) -> Floats:
    """Covariance clustered two ways: by first, plus by second, less by their intersection.

    Cameron, Gelbach and Miller (2011). It need not be positive definite; negative variances are
    handed back as they are, for the caller to refuse.

    Examples
    --------
    >>> two_way_sandwich([[1.0], [2.0]], [[1.0]], ["a", "a"], ["x", "y"])
    array([[9.]])
    """
    one, _ = cluster_codes(first)
    two, n_two = cluster_codes(second)
    both: NDArray[np.int64] = one * n_two + two
    return np.asarray(
        sandwich(score, covariance, one)
        + sandwich(score, covariance, two)
        - sandwich(score, covariance, both)
    )
