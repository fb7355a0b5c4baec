"""Covariance from leaving out one cluster at a time (CR3), for few clusters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._panel import Floats, Prepared
from coalition_models.kernels.batch import fit_many_weights

__all__ = ["Jackknife", "jackknife_by_cluster", "spread_of_refits"]


@dataclass(frozen=True)
class Jackknife:
    """Refits without one cluster each.

    ``covariance`` (p, p) uses the ``usable`` refits only and is NaN where a coefficient is missing
    from one of them; ``labels`` (G,), ``coefficients`` (G, p) and ``usable`` (G,) tell which. A
    refit is not usable where it did not converge or a coefficient has no finite maximum.
    """

    covariance: Floats
    labels: NDArray[np.generic]
    coefficients: Floats
    usable: NDArray[np.bool_]


def jackknife_by_cluster(
    prepared: Prepared, beta: ArrayLike, clusters: ArrayLike, *, threads: int | None = None
) -> Jackknife:
    """Clustered covariance (G - 1) / G times the sum of (b_g - b)(b_g - b)'.

    b_g leaves cluster g out, b is the full sample's estimate (not the mean of the b_g). Clusters
    without a row at risk count in G; their b_g equals b.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> X = [[0.0], [1.0], [1.0], [0.0], [1.0], [0.0]]
    >>> data = prepare([0] * 6, [1, 2, 3, 4, 5, 6], [1] * 6, X)
    >>> jackknife_by_cluster(data, fit(data).coefficients, [1, 2, 3, 1, 2, 3]).coefficients.shape
    (3, 1)
    """
    labels = np.unique(np.asarray(clusters))
    count = labels.size
    if count < 2:
        raise DataError(
            f"Leaving out clusters needs at least two; found {count}. Use another variance."
        )
    full = np.asarray(beta, dtype=float)
    refits = fit_many_weights(
        prepared, 1.0 - np.eye(count), clusters=clusters, start=full, threads=threads
    )
    known = ~np.isnan(full)
    complete = ~np.isnan(refits.coefficients[:, known]).any(axis=1)
    usable = refits.converged & complete
    covariance = spread_of_refits(refits.coefficients[usable], full, count)
    return Jackknife(covariance, labels, refits.coefficients, usable)


def spread_of_refits(refits: Floats, full: Floats, count: int | None = None) -> Floats:
    """(G - 1) / G times the sum of (b_g - b)(b_g - b)'; G are the refits (G, p), or ``count``.

    Examples
    --------
    >>> spread_of_refits(np.array([[0.0], [2.0]]), np.array([1.0])).tolist()
    [[1.0]]
    """
    groups = len(refits) if count is None else count
    distance = refits - full
    spread: Floats = (groups - 1) / groups * distance.T @ distance
    return spread
