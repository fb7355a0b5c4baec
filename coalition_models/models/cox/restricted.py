"""A Cox model with some coefficients held at zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import cox as kernel
from coalition_models.kernels.clusters import clustered_scores
from coalition_models.kernels.score_map import ScoreMap, cox_score_map
from coalition_models.models.cox.estimate import endless, refuse_aliased_within, refuse_flat
from coalition_models.models.engine import NullScores
from coalition_models.models.separation import involved, refuse_endless_null

__all__ = ["null_map", "null_scores"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def null_scores(
    prepared: kernel.Prepared, names: Sequence[str], tested: Integers, groups: Integers
) -> NullScores:
    """Scores by group, and the information, at the maximum over the coefficients not tested."""
    refuse_flat(prepared, names)
    _, beta = _others(prepared, names, tested)
    information = kernel.evaluate(prepared, beta).information
    return NullScores(clustered_scores(prepared, beta, groups), information)


def null_map(
    prepared: kernel.Prepared, names: Sequence[str], tested: Integers, groups: Integers
) -> ScoreMap:
    """Map any values in place of the coefficient tested to efficient scores."""
    part, beta = _others(prepared, names, tested)
    others = np.setdiff1d(np.arange(prepared.n_columns), tested)
    return cox_score_map(part, beta[others], groups, int(groups.max()) + 1)


def _others(
    prepared: kernel.Prepared, names: Sequence[str], tested: Integers
) -> tuple[kernel.Prepared, Floats]:
    """The rows with the other columns, and their coefficients among zeros."""
    beta = np.zeros(prepared.n_columns)
    others = np.setdiff1d(np.arange(prepared.n_columns), tested)
    part = kernel.with_columns(prepared, others)
    if others.size:
        found = kernel.fit(part)
        own = [names[j] for j in others]
        refuse_aliased_within(found.aliased, own)
        direction = endless(found, part)
        if direction is not None or not found.converged:
            columns = range(len(own)) if direction is None else involved(direction, part.scale)
            refuse_endless_null([own[j] for j in columns], [names[j] for j in tested])
        beta[others] = found.coefficients
    return part, beta
