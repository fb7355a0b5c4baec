"""A discrete-time model with some coefficients held at zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import binomial
from coalition_models.kernels.standard import standardise
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.discrete.estimate import Problem, eta_without, refuse_flat
from coalition_models.models.engine import NullScores
from coalition_models.models.separation import binary_direction, involved, refuse_endless_null

__all__ = ["null_scores"]

Integers = npt.NDArray[np.int64]


def null_scores(
    problem: Problem, names: Sequence[str], tested: Integers, groups: Integers
) -> NullScores:
    """Scores by group, and the observed information, at the maximum over the others.

    Columns are standardised, which changes the scores of a term by a factor and by multiples of
    the intercept's, and so changes no test.
    """
    X = standardise(problem.X).matrix(problem.X)
    refuse_flat(X, names)
    others = np.setdiff1d(np.arange(X.shape[1]), tested)
    eta, still = eta_without(problem, others.tolist())
    if not still:
        direction = binary_direction(X[:, others], problem.y)
        columns = range(len(others)) if direction is None else involved(direction, np.ones(1))
        refuse_endless_null([names[others[j]] for j in columns if j], [names[j] for j in tested])
    at = binomial.pieces(X, problem.y, eta, problem.link, problem.weights)
    return NullScores(cluster_sums(at.scores, groups, int(groups.max()) + 1), at.observed)
