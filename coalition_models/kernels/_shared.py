"""Rows sorted once, for fits with some of the covariates or with other weights."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from coalition_models.errors import DataError
from coalition_models.kernels._panel import Floats, Integers, Prepared

__all__ = ["with_columns", "with_weights"]


def with_columns(prepared: Prepared, columns: Sequence[int] | Integers) -> Prepared:
    """The same sorted rows with some of the covariates.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0], [1, 2], [1, 1], [[1.0, 5.0], [0.0, 7.0]])
    >>> with_columns(data, [1]).centre
    array([6.])
    """
    at = np.asarray(columns, dtype=np.int64)
    if np.array_equal(at, np.arange(prepared.n_columns)):
        return prepared
    return replace(
        prepared,
        panel=replace(prepared.panel, columns=np.ascontiguousarray(prepared.panel.columns[at])),
        centre=prepared.centre[at],
        stratum_centres=np.ascontiguousarray(prepared.stratum_centres[:, at]),
        scale=prepared.scale[at],
    )


def with_weights(prepared: Prepared, weights: Floats) -> Prepared:
    """The same sorted rows under other case weights, all of them positive.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0], [1, 2], [1, 1], [[1.0], [0.0]])
    >>> with_weights(data, np.array([1.0, 2.0])).row_weights.tolist()
    [1.0, 2.0]
    """
    if not (weights > 0).all():
        raise DataError("weights must be positive; rows of weight zero change the risk sets")
    panel = replace(prepared.panel, weights=weights[prepared.kept])
    return replace(prepared, panel=panel, weights=weights)
