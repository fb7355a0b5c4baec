"""The score of any exposure at the null, as one matrix: made once, applied to many exposures.

Where an exposure has no effect, its efficient score by cluster is a linear function of its values:
the model without it is fitted once, and every other exposure on the same rows (permuted, shifted,
drawn anew) costs one matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from coalition_models.kernels import binomial
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import predictor

__all__ = ["ScoreMap", "binomial_score_map", "cox_score_map"]

#: a share of an exposure's information below this is rounding error
_NIL = 1e-10


@dataclass(frozen=True, eq=False)
class ScoreMap:
    """Efficient scores of any values in place of a coefficient that is zero, and their variance.

    Attributes
    ----------
    by_cluster : array, shape (G, n)
    own : array, shape (n,)
        Weight of each row's square in the information.
    lost : array, shape (k, n)
        What the means of risk sets and the other coefficients take from it: the square of each
        line's product with the values.
    """

    by_cluster: Floats
    own: Floats
    lost: Floats

    def of_rows(self, rows: Integers) -> ScoreMap:
        """The map for values of these rows alone, where all others have no weight (``own`` 0)."""
        return ScoreMap(self.by_cluster[:, rows], self.own[rows], self.lost[:, rows])

    def scores(self, values: Floats) -> Floats:
        """Scores by cluster (G, m) of values (n, m)."""
        found: Floats = self.by_cluster @ values
        return found

    def z(self, values: Floats) -> Floats:
        """Score over the root of its information, for each column of values (n, m).

        Rao's statistic with its sign; missing where the values do not vary beyond the other
        covariates among the rows at risk.
        """
        whole = self.own @ (values * values)
        spread = whole - ((self.lost @ values) ** 2).sum(axis=0)
        total = self.by_cluster.sum(axis=0) @ values
        varies = spread > _NIL * np.maximum(whole, 1e-300)
        z: Floats = np.divide(
            total, np.sqrt(np.where(varies, spread, 1.0)), out=np.full(total.shape, np.nan),
            where=varies,
        )  # fmt: skip
        return z

    def z_by_cluster(self, values: Floats) -> Floats:
        """Sum of the clusters' scores over the root of the sum of their squares, by column."""
        scores = self.scores(values)
        spread = np.sqrt((scores**2).sum(axis=0))
        z: Floats = np.divide(
            scores.sum(axis=0), spread, out=np.full(spread.shape, np.nan), where=spread > 0
        )
        return z


class _Times(NamedTuple):
    """One line per event time, under Efron one per tied event.

    ``share`` (T, m) is each row's part of the risk set, ``weight`` (T,) the mean case weight of
    the events, ``bins`` (T,) the event time.
    """

    share: Floats
    weight: Floats
    bins: Integers


def cox_score_map(prepared: Prepared, beta: Floats, groups: Integers, count: int) -> ScoreMap:
    """Map values of an exposure to its efficient scores.

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
    ScoreMap
        Weighted scores less what the scores of the other covariates tell of them; rows at risk at
        no event time have zeros.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], np.empty((3, 0)))
    >>> found = cox_score_map(data, np.empty(0), np.arange(3), 3)
    >>> found.scores(np.array([1.0, 0.0, 0.0])).round(4).tolist()
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
    lost = np.sqrt(times.weight)[:, None] * times.share
    if cols.size:
        found, more = _projected(found, times, expected, panel.columns)
        lost = np.vstack([lost, more])
    return ScoreMap(
        by_cluster=_in_place(found, prepared),
        own=_in_place(expected[None, :], prepared)[0],
        lost=_in_place(lost, prepared),
    )


def _in_place(lines: Floats, prepared: Prepared) -> Floats:
    """Lines over the sorted rows, over the caller's rows."""
    out = np.zeros((len(lines), prepared.n_rows))
    out[:, prepared.kept] = lines
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


def _projected(
    found: Floats, times: _Times, expected: Floats, columns: Floats
) -> tuple[Floats, Floats]:
    """Take from the scores of an exposure what those of the other covariates tell of them."""
    centred = times.share @ columns.T
    cross = columns * expected - (times.weight[:, None] * centred).T @ times.share
    information = cross @ columns.T
    return _less(found, found @ columns.T, information, cross)


def _less(
    found: Floats, others: Floats, information: Floats, cross: Floats
) -> tuple[Floats, Floats]:
    """Scores less their projection, and the root of what it takes from the information."""
    unit = np.sqrt(np.diag(information))
    scaled = cross / unit[:, None]
    root = np.linalg.solve(np.linalg.cholesky(information / np.outer(unit, unit)), scaled)
    slopes = np.linalg.solve(information / np.outer(unit, unit), scaled)
    return np.asarray(found - (others / unit) @ slopes), np.asarray(root)


def binomial_score_map(
    X: Floats,
    y: Floats,
    eta: Floats,
    link: str,
    weights: Floats | None,
    groups: Integers,
    count: int,
) -> ScoreMap:
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
    ScoreMap

    Examples
    --------
    >>> ones, y = np.ones((4, 1)), np.array([1.0, 0.0, 0.0, 1.0])
    >>> pull = binomial_score_map(ones, y, np.zeros(4), "logit", None, np.array([0, 0, 1, 1]), 2)
    >>> pull.scores(np.array([1.0, 0.0, 0.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    slope, _, curve = binomial.row_terms(y, eta, link, weights)
    own = np.zeros((count, len(y)))
    own[groups, np.arange(len(y))] = slope
    cross = (X * curve[:, None]).T
    found, lost = _less(own, own @ X, cross @ X, cross)
    return ScoreMap(found, curve, lost)
