"""The score of any exposure at the null, as one matrix: made once, applied to many exposures.

Where an exposure has no effect, its efficient score by cluster is a linear function of its values:
the model without it is fitted once, and every other exposure on the same rows (permuted, shifted,
drawn anew) costs one matrix product.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coalition_models.kernels import binomial
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import predictor

__all__ = ["binomial_score_map", "cox_score_map", "score_z"]


class _Times(NamedTuple):
    """One line per event time, under Efron one per tied event.

    ``share`` (T, m) is each row's part of the risk set, ``weight`` (T,) the mean case weight of
    the events, ``bins`` (T,) the event time.
    """

    share: Floats
    weight: Floats
    bins: Integers


def cox_score_map(prepared: Prepared, beta: Floats, groups: Integers, count: int) -> Floats:
    """Map values of an exposure to its efficient scores by cluster.

    Parameters
    ----------
    prepared : Prepared
        Rows with the other covariates; their strata, weights, offset and ties.
    beta : array, shape (p,)
        Maximum of the model with these alone.
    groups : array of int, shape (n,)
        Cluster of each of the caller's rows, from 0.
    count : int
        Number of clusters, G.

    Returns
    -------
    array, shape (G, n)
        ``map @ x`` are the weighted scores of ``x`` by cluster, less what the scores of the other
        covariates tell of them; rows at risk at no event time have zeros.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], np.empty((3, 0)))
    >>> (cox_score_map(data, np.empty(0), np.arange(3), 3) @ [1.0, 0.0, 0.0]).round(4).tolist()
    [0.4444, 0.1111, 0.1111]
    """
    panel = prepared.panel
    cols = np.arange(prepared.n_columns)
    risk = prepared.row_weights * np.exp(predictor(panel, cols, beta * prepared.scale))
    times = _times(prepared, risk)
    happened = np.zeros(len(risk))
    happened[panel.event_rows] = prepared.row_weights[panel.event_rows]
    own = np.zeros((count, len(risk)))
    own[groups[prepared.kept], np.arange(len(risk))] = 1.0
    expected = times.weight @ times.share
    # what each cluster loses to, and has of, the mean of every risk set
    events = np.zeros((count, len(times.bins)))
    tied = np.bincount(times.bins, minlength=prepared.n_bins)
    bin_of = prepared.last
    for row in panel.event_rows:
        at = times.bins == bin_of[row]
        group = groups[prepared.kept[row]]
        events[group, at] += prepared.row_weights[row] / tied[bin_of[row]]
    means = own @ times.share.T * times.weight - events
    found = own * (happened - expected) + means @ times.share
    if cols.size:
        found = _projected(found, times, expected, panel.columns)
    out = np.zeros((count, prepared.n_rows))
    out[:, prepared.kept] = found
    return out


def _times(prepared: Prepared, risk: Floats) -> _Times:
    panel, last, first = prepared.panel, prepared.last, prepared.first
    lines, weights, bins = [], [], []
    for k in range(prepared.n_bins):
        rows = panel.event_rows[panel.event_ptr[k] : panel.event_ptr[k + 1]]
        at_risk = np.where((first <= k) & (last >= k), risk, 0.0)
        mean = float(prepared.row_weights[rows].mean())
        size = len(rows)
        if prepared.ties == "breslow":
            lines.append(at_risk / at_risk.sum())
            weights.append(mean * size)
            bins.append(k)
            continue
        for place in range(size):
            left = at_risk.copy()
            left[rows] *= 1 - place / size
            lines.append(left / left.sum())
            weights.append(mean)
            bins.append(k)
    return _Times(np.array(lines), np.array(weights), np.array(bins, dtype=np.int64))


def _projected(found: Floats, times: _Times, expected: Floats, columns: Floats) -> Floats:
    """Take from the scores of an exposure what those of the other covariates tell of them."""
    centred = times.share @ columns.T
    cross = columns * expected - (times.weight[:, None] * centred).T @ times.share
    information = cross @ columns.T
    return np.asarray(found - (found @ columns.T) @ np.linalg.solve(information, cross))


def binomial_score_map(
    X: Floats,
    y: Floats,
    eta: Floats,
    link: str,
    weights: Floats | None,
    groups: Integers,
    count: int,
) -> Floats:
    """The same for a discrete-time model.

    Parameters
    ----------
    X : array, shape (n, p)
        The other columns, the intercept among them.
    y, eta : arrays, shape (n,)
        Event, and linear predictor at the maximum of the model with these alone.
    link : {"logit", "probit", "cloglog"}
    weights : array, shape (n,), optional
    groups, count
        As in :func:`cox_score_map`.

    Returns
    -------
    array, shape (G, n)

    Examples
    --------
    >>> ones, y = np.ones((4, 1)), np.array([1.0, 0.0, 0.0, 1.0])
    >>> pull = binomial_score_map(ones, y, np.zeros(4), "logit", None, np.array([0, 0, 1, 1]), 2)
    >>> (pull @ [1.0, 0.0, 0.0, 0.0]).tolist()
    [0.5, 0.0]
    """
    slope, _, curve = binomial.row_terms(y, eta, link, weights)
    own = np.zeros((count, len(y)))
    own[groups, np.arange(len(y))] = slope
    cross = (X * curve[:, None]).T
    return np.asarray(own - (own @ X) @ np.linalg.solve(cross @ X, cross))


def score_z(scores: Floats) -> Floats:
    """Sum of the clusters' scores over the root of the sum of their squares, by column.

    Parameters
    ----------
    scores : array, shape (G, k)

    Returns
    -------
    array, shape (k,)
        Missing where no cluster has a score: the exposure does not vary where it could tell.

    Examples
    --------
    >>> score_z(np.array([[3.0, 0.0], [4.0, 0.0]])).tolist()
    [1.4, nan]
    """
    spread = np.sqrt((scores**2).sum(axis=0))
    z: Floats = np.divide(
        scores.sum(axis=0), spread, out=np.full(spread.shape, np.nan), where=spread > 0
    )
    return z
