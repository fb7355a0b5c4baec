"""Concordance of a risk score with (start, stop] data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.errors import DataError
from coalition_models.kernels._backend import has_compiled
from coalition_models.kernels._pairs import count_pairs
from coalition_models.kernels._panel import Prepared

__all__ = ["Concordance", "concordance"]


@dataclass(frozen=True)
class Concordance:
    """Share of comparable pairs in which the higher score had the event first; ties count half."""

    value: float
    concordant: float
    discordant: float
    tied_score: float


def concordance(prepared: Prepared, score: ArrayLike) -> Concordance:
    """Compare each event with the rows at risk then that did not have it, within strata.

    Rows censored at the event time are compared, events at the same time are not, pairs weigh the
    product of their case weights: R's ``survival::concordance`` for counting-process data.

    Parameters
    ----------
    score : array-like, shape (n_rows,)
        Higher means expected earlier (the linear predictor), in the caller's row order.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> concordance(data, [3.0, 1.0, 2.0]).value
    0.6666666666666666
    """
    values = np.asarray(score, dtype=float)
    if values.shape != (prepared.n_rows,):
        raise DataError(
            f"Expected one score per row ({prepared.n_rows}), found shape {values.shape}. "
            "Pass the scores of the rows that were fitted."
        )
    own = values[prepared.kept]
    if np.isnan(own).any():
        raise DataError("Scores of rows at risk must not be missing. Complete or drop those rows.")
    distinct, rank = np.unique(own, return_inverse=True)
    panel = prepared.panel
    n_single = int(panel.single_ptr[-1])
    leaving = np.argsort(panel.first, kind="stable")
    ptr = np.searchsorted(panel.first[leaving], np.arange(prepared.n_bins + 1)).astype(np.int64)
    is_event = np.zeros(own.size, dtype=bool)
    is_event[panel.event_rows] = True
    counter = count_pairs
    if has_compiled():
        from coalition_models.kernels import _compiled

        counter = _compiled.count_pairs
    higher, lower, same = counter(
        panel,
        rank.astype(np.int64),
        prepared.row_weights,
        is_event,
        leaving + n_single,
        ptr,
        distinct.size,
    )
    pairs = higher + lower + same
    value = (higher + same / 2) / pairs if pairs > 0 else float("nan")
    return Concordance(float(value), float(higher), float(lower), float(same))
