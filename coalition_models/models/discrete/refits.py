"""Discrete-time fits without each group of rows, all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.kernels.batch import BatchFit, fit_many_weights
from coalition_models.kernels.binary_rows import binary_rows
from coalition_models.kernels.jackknife import spread_of_refits
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.engine import Refits
from coalition_models.models.variance import refuse_lost

__all__ = ["jackknife_covariance", "refits_without"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def refits_without(
    problem: Problem, groups: Integers, beta: Floats, term: int, also: int | None = None
) -> Refits:
    """One coefficient without each group, or without each other one beside ``also``.

    Standard errors are clustered by the groups that are left, times G/(G - 1), as R has them.
    """
    count = int(groups.max()) + 1
    left = [group for group in range(count) if group != also]
    keep = np.ones((len(left), count))
    keep[np.arange(len(left)), left] = 0.0
    if also is not None:
        keep[:, also] = 0.0
        found = _many(problem, keep, groups, beta, clustered=False)
        return Refits(_known(found)[:, term], np.full(len(left), np.nan), float("nan"))
    found = _many(problem, np.vstack([np.ones(count), keep]), groups, beta, clustered=True)
    clusters = np.r_[count, np.full(count, count - 1)]
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.sqrt(found.variance_cluster[:, term] * clusters / (clusters - 1))
    coefficient = _known(found)[:, term]
    errors = np.where(np.isnan(coefficient), np.nan, errors)
    return Refits(coefficient[1:], errors[1:], float(errors[0]))


def jackknife_covariance(
    problem: Problem, groups: Integers, beta: Floats, labels: Sequence[object]
) -> Floats:
    """CR3: spread of the coefficients without each group about those of all rows."""
    found = _many(problem, 1.0 - np.eye(int(groups.max()) + 1), groups, beta, clustered=False)
    again = _known(found)
    lost = np.flatnonzero(np.isnan(again).any(axis=1)).tolist()
    refuse_lost([labels[group] for group in lost], beta)
    return spread_of_refits(again, beta)


def _many(
    problem: Problem, weightings: Floats, groups: Integers, beta: Floats, *, clustered: bool
) -> BatchFit:
    rows = binary_rows(
        problem.X, problem.y, problem.link, weights=problem.weights, offset=problem.offset
    )
    return fit_many_weights(rows, weightings, clusters=groups, start=beta, clustered=clustered)


def _known(found: BatchFit) -> Floats:
    """Coefficients; none of a fit without a finite maximum, or in which a term does not vary."""
    usable = found.converged & ~found.aliased.any(axis=1)
    return np.where(usable[:, None], found.coefficients, np.nan)
