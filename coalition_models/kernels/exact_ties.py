"""Exact partial likelihood of tied events: which rows at risk leave, given how many do.

At each event time of a stratum the chance of those who left is that of any choice of so many among
the rows at risk (Cox 1972). Times with one event are those of Breslow's likelihood.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import Derivatives
from coalition_models.kernels.conditional import Groups, group_rows
from coalition_models.kernels.cox import evaluate, prepare

__all__ = ["ExactTies", "contrasts", "exact_ties"]

#: numbers held at once by the rows, and by the sums, of tied times
_HELD = 4_000_000


@dataclass(frozen=True, eq=False)
class ExactTies:
    """Event times with one event as sorted rows, those with several as groups of rows."""

    untied: Prepared | None
    tied: tuple[Groups, ...]
    scale: Floats

    def at(self, beta: Floats) -> Derivatives:
        """Log-likelihood with score and information, for covariates in units of their spread."""
        p = len(self.scale)
        value, score, information = 0.0, np.zeros(p), np.zeros((p, p))
        if self.untied is not None:
            found = evaluate(self.untied, beta / self.scale)
            value += found.log_likelihood
            score += found.score / self.scale
            information += found.information / np.outer(self.scale, self.scale)
        for groups in self.tied:
            values, scores, spread = groups.pieces(beta)
            value += float(values.sum())
            score += scores.sum(axis=0)
            information += spread
        return Derivatives(value, score, information)


def exact_ties(rows: Prepared) -> ExactTies:
    """Arrange sorted rows; any rule for ties that they were prepared with is left aside.

    Examples
    --------
    >>> rows = prepare([0] * 4, [1, 1, 2, 3], [1, 1, 0, 0], [[1.0], [0.0], [0.0], [1.0]])
    >>> float(exact_ties(rows).at(np.zeros(1)).log_likelihood.__round__(4))  # one pair of six
    -1.7918
    """
    counts = np.diff(rows.panel.event_ptr)
    tied = np.flatnonzero(counts > 1)
    bins = np.repeat(np.arange(rows.n_bins), counts)
    single = rows.kept[rows.panel.event_rows[counts[bins] == 1]]
    untied = None
    if single.size:
        event = np.zeros(rows.n_rows, dtype=bool)
        event[single] = True
        untied = prepare(
            rows.start, rows.stop, event, _given(rows),
            strata=rows.stratum_codes if rows.stratum_codes.size else None,
            offset=rows.offset if rows.offset.size else None, ties="breslow",
        )  # fmt: skip
    return ExactTies(untied, tuple(_tied(rows, tied, counts)), rows.scale)


def _given(rows: Prepared) -> Floats:
    """Covariates of every row handed in, but for constants; those never at risk count 0."""
    X = np.zeros((rows.n_rows, rows.n_columns))
    X[rows.kept] = (rows.panel.columns * rows.scale[:, None]).T
    return X


def _tied(rows: Prepared, tied: Integers, counts: Integers) -> list[Groups]:
    """Tied times as groups, few enough at a time, those with alike counts together."""
    first, last = rows.first, rows.last
    order = tied[np.argsort(counts[tied], kind="stable")]
    sizes = np.array([int(((first <= k) & (last >= k)).sum()) for k in order], dtype=np.int64)
    p = rows.n_columns
    parts: list[list[int]] = []
    longest = 0
    for k, size in zip(order.tolist(), sizes.tolist(), strict=True):
        longest = max(longest, size)
        held = 0 if not parts else (len(parts[-1]) + 1) * p
        if not parts or held * longest > _HELD or held * p * (int(counts[k]) + 1) > _HELD:
            parts.append([])
            longest = size
        parts[-1].append(k)
    found = (_groups(rows, part, first, last) for part in parts)
    return [groups for groups in found if groups is not None]


def _groups(rows: Prepared, bins: list[int], first: Integers, last: Integers) -> Groups | None:
    at_risk = [np.flatnonzero((first <= k) & (last >= k)) for k in bins]
    member = np.concatenate(at_risk)
    codes = np.repeat(np.arange(len(bins)), [len(found) for found in at_risk])
    when = np.full(len(first), -1, dtype=np.int64)
    events, ptr = rows.panel.event_rows, rows.panel.event_ptr
    for code, k in enumerate(bins):
        when[events[ptr[k] : ptr[k + 1]]] = code
    y = (when[member] == codes).astype(float)
    offset = rows.panel.offset[member] if rows.panel.offset.size else np.zeros(len(member))
    groups, used, _ = group_rows(rows.panel.columns[:, member].T, y, offset, codes)
    return groups if used.any() else None


def contrasts(rows: Prepared) -> Floats:
    """Columns of each row with an event less those of each row at risk without, by event time."""
    first, last = rows.first, rows.last
    columns, ptr = rows.panel.columns.T, rows.panel.event_ptr
    parts = [np.empty((0, rows.n_columns))]
    for k in range(rows.n_bins):
        gone = rows.panel.event_rows[ptr[k] : ptr[k + 1]]
        others = np.setdiff1d(np.flatnonzero((first <= k) & (last >= k)), gone)
        parts.append((columns[gone][:, None] - columns[others][None]).reshape(-1, columns.shape[1]))
    return np.vstack(parts)
