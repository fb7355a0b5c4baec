"""Estimation of the conditional logit: Newton's method, judged, with a variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError, counted
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.conditional import group_rows
from coalition_models.kernels.separating import binary_direction
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.estimates import Estimate
from coalition_models.models.group_clusters import clusters_of_groups
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Note, Plan, few_clusters, jackknife, reported

__all__ = ["Conditional", "estimate_conditional"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_CURE = "Leave the term out, join categories, or use logit(penalty='firth') without the groups"


@dataclass(frozen=True, eq=False)
class Conditional:
    """Rows with the groups (states, say) within which they are compared."""

    X: Floats
    y: Floats
    offset: Floats
    groups: Integers

    def rows(self, keep: Flags) -> Conditional:
        """The same on fewer rows."""
        codes = np.unique(self.groups[keep], return_inverse=True)[1].astype(np.int64)
        return Conditional(self.X[keep], self.y[keep], self.offset[keep], codes)


@dataclass(frozen=True, eq=False)
class _Found:
    """Where the climb ended: coefficients, inverse information, scores by group."""

    beta: Floats
    bread: Floats
    scores: Floats
    groups: Integers
    value: float
    null: float
    iterations: int
    converged: bool


def estimate_conditional(
    problem: Conditional, sample: Sample, names: Sequence[str], plan: Plan, allowed: bool
) -> Estimate:
    """Maximise within the groups that inform, and report the variance asked for."""
    _, used, _ = group_rows(problem.X, problem.y, problem.offset, problem.groups)
    lost = len(np.unique(problem.groups)) - len(np.unique(problem.groups[used]))
    if not used.any():
        raise FitError(
            "in every group all rows or none have the event, so there is nothing to compare "
            "within groups; use logit(), or wider groups"
        )
    within = _within(problem.X[used], problem.groups[used])
    scale = np.sqrt((within**2).mean(axis=0))
    scale[scale <= 1e-12 * np.abs(problem.X[used]).max(axis=0, initial=0.0)] = 0.0
    inner = within / np.where(scale > 0, scale, 1.0) * (scale > 0)
    where = f"within the groups of the {int(used.sum())} rows that inform"
    refuse_aliased(inner.T @ inner / len(inner), names, where)
    found = _climb(problem, scale)
    trouble = None if found.converged else _diagnose(problem, used, sample, names, found)
    if trouble is not None and not allowed:
        raise FitError(trouble.message)
    model = found.bread.copy()
    remarks = [few_clusters(plan, sample.cluster_counts)]
    covariance = model
    if trouble is not None:
        remarks.append(trouble.message)
        model[list(trouble.columns), :] = np.nan
        model[:, list(trouble.columns)] = np.nan
    elif plan.variance != "model":
        covariance, said = _covariance(problem, sample, plan, found, scale, names)
        remarks.append(said)
    note = f"{counted(lost, 'group')} in which all rows or none have the event say nothing"
    return Estimate(
        coefficients=found.beta,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=found.value,
        log_likelihood_null=found.null,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(text for text in (*remarks, Note(note) if lost else "") if text),
    )


def _within(X: Floats, groups: Integers) -> Floats:
    """Columns less their means within groups."""
    codes = np.unique(groups, return_inverse=True)[1]
    sizes = np.bincount(codes)
    means = np.column_stack([np.bincount(codes, weights=column) for column in X.T])
    return np.asarray(X - (means / sizes[:, None])[codes])


def _climb(problem: Conditional, scale: Floats, steps: int = 60) -> _Found:
    """Newton's method on columns centred within groups and scaled."""
    X = _within(problem.X, problem.groups) / scale
    shift = _within(problem.offset[:, None], problem.groups)[:, 0]
    groups, _, labels = group_rows(X, problem.y, shift, problem.groups)
    beta = np.zeros(X.shape[1])
    value, scores, information = groups.pieces(beta)
    null, converged, taken = float(value.sum()), False, 0
    bread = inverse(information)
    while taken < steps:
        taken += 1
        if bread is None or not np.isfinite(scores).all():
            break
        step = bread @ scores.sum(axis=0)
        decrement = float(np.sqrt(max(float(step @ scores.sum(axis=0)), 0.0)))
        share = 1.0
        while share > 1e-8:
            there = groups.pieces(beta + share * step)
            if there[0].sum() >= value.sum() - 1e-12 * (1 + abs(value.sum())):
                break
            share /= 2
        beta, (value, scores, information) = beta + share * step, there
        bread = inverse(information)
        if decrement < 1e-9 and float(np.abs(step).max()) < 1e-3:
            converged = bread is not None
            break
    p = len(beta)
    inside = np.full((p, p), np.nan) if bread is None else bread / np.outer(scale, scale)
    total = float(value.sum())
    return _Found(beta / scale, inside, scores * scale, labels, total, null, taken, converged)


def _diagnose(
    problem: Conditional, used: Flags, sample: Sample, names: Sequence[str], found: _Found
) -> Separation:
    """Find the terms without a finite maximum: rows with the event against those without."""
    pairs = _pairs(problem, used)
    ones = np.ones(len(pairs))
    direction = binary_direction(pairs, ones)
    if direction is None:
        return Separation(
            tuple(range(len(names))),
            f"no convergence after {found.iterations} iterations; look at the scale of the "
            "covariates and at nearly collinear terms",
        )

    def alone(j: int) -> float:
        column = pairs[:, j]
        return 1.0 if (column >= 0).all() else -1.0 if (column <= 0).all() else 0.0

    columns = involved(direction, np.abs(pairs).max(axis=0))
    return describe_separation(
        columns, alone, problem.X[used], problem.y[used] == 1, names, sample.index[used],
        "the other rows of their group", _CURE,
    )  # fmt: skip


def _pairs(problem: Conditional, used: Flags) -> Floats:
    """Columns of every row with the event less those of every row without in its group."""
    parts = []
    for group in np.unique(problem.groups[used]):
        mine = problem.groups == group
        one, other = problem.X[mine & (problem.y == 1)], problem.X[mine & (problem.y == 0)]
        parts.append((one[:, None] - other[None]).reshape(-1, problem.X.shape[1]))
    return np.vstack(parts)


def _covariance(
    problem: Conditional,
    sample: Sample,
    plan: Plan,
    found: _Found,
    scale: Floats,
    names: Sequence[str],
) -> tuple[Floats, str]:
    """Covariance by clusters of whole groups, and a remark."""
    if plan.variance == "robust":
        codes = np.arange(len(found.groups))
    else:
        codes = clusters_of_groups(problem.groups, sample, plan)[found.groups]
    if plan.variance == "jackknife":
        labels = sample.cluster_labels(plan.cluster[0])

        def refit(keep: Flags) -> Floats | None:
            part = problem.rows(keep)
            _, used, _ = group_rows(part.X, part.y, part.offset, part.groups)
            if not used.any():
                return None
            again = _climb(part, scale)
            return again.beta if again.converged else None

        return jackknife(refit, sample.clusters[0], found.beta, labels), ""
    own = np.unique(codes, return_inverse=True)[1].astype(np.int64)
    return reported(
        lambda numbers, count: cluster_sums(found.scores, numbers, count),
        found.bread, (own,), plan, names,
    )  # fmt: skip
