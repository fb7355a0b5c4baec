"""Clustered covariance in one pass over the sorted panel, without a matrix of residuals."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.errors import DataError
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels.residuals import sorted_scores
from coalition_models.kernels.variance import cluster_codes

__all__ = ["cluster_score_sums", "clustered_covariance", "clustered_scores", "score_sums"]


def cluster_score_sums(
    prepared: Prepared, cols: Integers, weights: Floats, beta: Floats, codes: Integers, count: int
) -> Floats:
    """Weighted score residuals summed by cluster (G, q); standardised, ``codes`` as sorted."""
    panel, efron = prepared.panel, prepared.ties == "efron"
    scores = np.zeros((count, cols.size))
    if has_compiled():
        from coalition_models.kernels import _compiled

        _compiled.cluster_scores(panel, cols, weights, beta, efron, codes, scores)
        return scores
    for j, value in enumerate(sorted_scores(panel, prepared.last, cols, weights, beta, efron)):
        weighted = value * weights if weights.size else value
        scores[:, j] = np.bincount(codes, weighted, minlength=count)
    return scores


def clustered_scores(prepared: Prepared, beta: ArrayLike, clusters: ArrayLike) -> Floats:
    """Weighted score residuals summed by cluster (G, p), clusters in the order of their labels.

    Aliased columns (NaN in ``beta``) get zeros.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0], [1.0], [1.0], [0.0]])
    >>> scores = clustered_scores(data, fit(data).coefficients, ["a", "b", "a", "b"])
    >>> scores.shape, bool(abs(scores.sum()) < 1e-12)
    ((2, 1), True)
    """
    codes, count = cluster_codes(clusters)
    return score_sums(prepared, beta, codes, count)


def score_sums(prepared: Prepared, beta: ArrayLike, codes: Integers, count: int) -> Floats:
    """The same for clusters numbered from 0 to ``count``, of which some may have no row here.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0] * 2, [1, 2], [1] * 2, [[0.0], [1.0]])
    >>> score_sums(data, [0.0], np.array([0, 2]), 3).tolist()
    [[-0.25], [0.0], [-0.25]]
    """
    if codes.shape != (prepared.n_rows,):
        raise DataError(
            f"Expected one cluster label per row ({prepared.n_rows}), found shape {codes.shape}. "
            "Pass the labels of the rows that were prepared."
        )
    b = np.asarray(beta, dtype=float) * prepared.scale
    cols = np.flatnonzero(~np.isnan(b))
    sums = cluster_score_sums(
        prepared, cols, prepared.panel.weights, b[cols], codes[prepared.kept], count
    )
    out = np.zeros((count, b.size))
    out[:, cols] = sums * prepared.scale[cols]
    return out


def clustered_covariance(
    prepared: Prepared, beta: ArrayLike, covariance: ArrayLike, clusters: ArrayLike
) -> Floats:
    """Covariance clustered by ``clusters`` (Lin and Wei 1989), with no factor for few clusters.

    The same as ``sandwich`` of the weighted score residuals, several times faster.
    ``covariance`` is the model-based one; its NaN (aliased columns) stay NaN.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[0.0], [1.0], [1.0], [0.0]])
    >>> result = fit(data)
    >>> clustered_covariance(data, result.coefficients, result.covariance, [1, 2, 3, 4]).shape
    (1, 1)
    """
    bread = np.asarray(covariance, dtype=float)
    scores = clustered_scores(prepared, beta, clusters)
    if np.isfinite(bread).all():
        moved = scores @ bread
        return np.asarray(moved.T @ moved)
    moved = scores @ np.nan_to_num(bread, nan=0.0)
    result = moved.T @ moved
    result[np.isnan(bread)] = np.nan
    return np.asarray(result)
