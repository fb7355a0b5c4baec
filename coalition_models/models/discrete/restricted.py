"""A discrete-time model with some coefficients held at zero."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import binomial
from coalition_models.kernels.score_map import ScoreMap, binomial_score_map
from coalition_models.kernels.separating import binary_direction
from coalition_models.kernels.standard import standardise
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.discrete.estimate import eta_without, refuse_flat
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.engine import NullScores
from coalition_models.models.separation import involved, refuse_endless_null

__all__ = ["null_map", "null_scores"]

Floats = npt.NDArray[np.float64]
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
    _, eta = _others(problem, X, names, tested)
    at = binomial.pieces(X, problem.y, eta, problem.link, problem.weights)
    return NullScores(cluster_sums(at.scores, groups, int(groups.max()) + 1), at.observed)


def null_map(
    problem: Problem, names: Sequence[str], tested: Integers, groups: Integers
) -> ScoreMap:
    """Map any values in place of the coefficient tested to efficient scores."""
    X = standardise(problem.X).matrix(problem.X)
    others, eta = _others(problem, X, names, tested)
    return binomial_score_map(
        X[:, others], problem.y, eta, problem.link, problem.weights, groups, int(groups.max()) + 1
    )


def _others(
    problem: Problem, X: Floats, names: Sequence[str], tested: Integers
) -> tuple[Integers, Floats]:
    """The other columns, and the linear predictor at their maximum."""
    others = np.setdiff1d(np.arange(X.shape[1]), tested)
    eta, still = eta_without(problem, others.tolist())
    if not still:
        direction = binary_direction(X[:, others], problem.y)
        columns = range(len(others)) if direction is None else involved(direction, np.ones(1))
        refuse_endless_null([names[others[j]] for j in columns if j], [names[j] for j in tested])
    return others, eta
