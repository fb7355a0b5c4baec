"""Estimation where the period of some events is uncertain: climb, judge, report."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels import binomial
from coalition_models.kernels import lifetime_rows as kernel
from coalition_models.kernels.climb import Climb, climb
from coalition_models.kernels.period_rows import periods
from coalition_models.kernels.separating import binary_direction
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, few_clusters, jackknife, reported

__all__ = ["estimate_interval", "rows_of"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: an effect of one standard deviation beyond this is looked at twice
_LARGE = 4.0
_CURE = "Leave the term out, join categories, or use logit(penalty='firth') with one period each"


def rows_of(X: Floats, sample: Sample) -> kernel.Rows:
    """Periods as the kernel takes them: those that may hold one event have none of their own."""
    group = None if sample.intervals is None else sample.intervals.group
    event = sample.event if group is None else np.where(group >= 0, 0.0, sample.event)
    n = len(X)
    return kernel.Rows(
        np.zeros(n), np.ones(n), event,
        np.ones(n) if sample.weights is None else sample.weights,
        np.zeros(n) if sample.offset is None else sample.offset,
        (X,), group,
    )  # fmt: skip


def estimate_interval(
    X: Floats, sample: Sample, link: str, names: Sequence[str], plan: Plan, allowed: bool
) -> Estimate:
    """Maximise on standardised columns, the intercept first, and report the variance asked for."""
    centre, scale = X.mean(axis=0), X.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    flat = scale <= 1e-13 * np.maximum(np.abs(centre), 1.0)
    inner = (X - centre) / np.where(flat, 1.0, scale)
    gram = inner[:, 1:].T @ inner[:, 1:] / len(X)
    gram[flat[1:], :] = gram[:, flat[1:]] = 0.0
    refuse_aliased(gram, names[1:], f"in the {len(X)} rows used")
    way = np.diag(1 / scale)
    way[0, 1:] = -centre[1:] / scale[1:]
    rows = rows_of(inner, sample)
    found = _climb(rows, link)
    trouble = _judge(found, rows, X, sample, names)
    if trouble is not None and not allowed:
        raise FitError(trouble.message)
    model = way @ found.covariance @ way.T
    remarks = [few_clusters(plan, sample.cluster_counts)]
    covariance = model
    if trouble is not None:
        remarks.append(trouble.message)
        model[list(trouble.columns), :] = np.nan
        model[:, list(trouble.columns)] = np.nan
    elif plan.variance != "model":
        covariance, said = _covariance(rows, link, found, way, sample, plan, names)
        remarks.append(said)
    null = _climb(rows.with_designs(inner[:, :1]), link)
    return Estimate(
        coefficients=way @ found.theta,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=found.at.log_likelihood,
        log_likelihood_null=null.at.log_likelihood,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(text for text in remarks if text),
    )


def _climb(rows: kernel.Rows, link: str) -> Climb:
    """From the share of periods with an event."""
    share = float(np.clip(np.average(rows.exits, weights=rows.weights), 1e-6, 1 - 1e-6))
    begin = np.zeros(rows.designs[0].shape[1])
    grid = np.linspace(-14, 6, 4001)
    begin[0] = np.interp(share, binomial.LINKS[link].probability(grid), grid)
    likelihood = periods(link)
    return climb(lambda theta: kernel.derivatives(likelihood, rows, theta), begin)


def _judge(
    found: Climb, rows: kernel.Rows, X: Floats, sample: Sample, names: Sequence[str]
) -> Separation | None:
    """Name the terms without a finite maximum."""
    errors = np.sqrt(np.maximum(np.diag(found.covariance)[1:], 0.0))
    large = (np.abs(found.theta[1:]) > _LARGE) | ~(errors < _LARGE / 2)
    if found.converged and not large.any():
        return None
    may = rows.exits > 0
    direction = binary_direction(rows.designs[0], may.astype(float))
    if direction is None and found.converged:
        return None
    if direction is None:
        return Separation(
            tuple(range(len(names))),
            f"no convergence after {found.iterations} iterations; look at the scale of the "
            "covariates and at nearly collinear terms",
        )

    def alone(j: int) -> float:
        other = binary_direction(rows.designs[0][:, [0, j]], may.astype(float))
        return 0.0 if other is None else float(np.sign(other[1]))

    columns = tuple(j for j in involved(direction, np.ptp(X, axis=0)) if j > 0)
    return describe_separation(
        columns, alone, X, may, names, sample.index, "the rows without the event", _CURE
    )


def _covariance(
    rows: kernel.Rows,
    link: str,
    found: Climb,
    way: Floats,
    sample: Sample,
    plan: Plan,
    names: Sequence[str],
) -> tuple[Floats, str]:
    if plan.variance == "jackknife":

        def refit(keep: Flags) -> Floats | None:
            part = rows.some(keep)
            if not (part.exits > 0).any():
                return None
            again = _climb(part, link)
            if not again.converged or np.abs(again.theta[1:]).max(initial=0.0) > 4 * _LARGE:
                return None
            return np.asarray(way @ again.theta)

        labels = sample.cluster_labels(plan.cluster[0])
        return jackknife(refit, sample.clusters[0], way @ found.theta, labels), ""
    own = kernel.scores(periods(link), rows, found.theta)
    groups = sample.clusters
    if plan.variance == "robust":
        groups = (np.arange(len(own)) if sample.members is None else sample.members,)
    return reported(
        lambda codes, count: cluster_sums(own, codes, count),
        found.covariance @ way.T, groups, plan, names,
    )  # fmt: skip
