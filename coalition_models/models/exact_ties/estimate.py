"""Estimation with the exact partial likelihood: climb, judge, report."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels._newton import aliased_columns
from coalition_models.kernels.climb import Climb, climb
from coalition_models.kernels.cox import Prepared
from coalition_models.kernels.exact_ties import ExactTies, contrasts, exact_ties
from coalition_models.kernels.separating import binary_direction
from coalition_models.models.cox.estimate import prepare_sample, refuse_aliased_within, refuse_flat
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import Separation, describe_separation, involved
from coalition_models.models.variance import Plan, jackknife

__all__ = ["estimate_exact"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: an effect of one standard deviation beyond this (on the log scale) is looked at twice
_LARGE = 4.0
_CURE = (
    "Leave the term out, join categories, or use ties='efron' with penalty='firth', which stays "
    "finite"
)


def estimate_exact(
    sample: Sample, rows: Prepared, likelihood: ExactTies, plan: Plan, allowed: bool
) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    names = sample.design.names
    refuse_flat(rows, names)
    null = likelihood.at(np.zeros(len(names)))
    refuse_aliased_within(aliased_columns(null.information, float(rows.n_events)), names)
    found = climb(likelihood.at, np.zeros(len(names)))
    trouble = _judge(found, rows, sample)
    if trouble is not None and not allowed:
        raise FitError(trouble.message)
    beta = found.theta / rows.scale
    model = found.covariance / np.outer(rows.scale, rows.scale)
    covariance = model
    if trouble is not None:
        model[list(trouble.columns), :] = np.nan
        model[:, list(trouble.columns)] = np.nan
    elif plan.variance == "jackknife":
        covariance = _left_out(sample, beta, plan)
    return Estimate(
        coefficients=beta,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=found.at.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=() if trouble is None else (trouble.message,),
    )


def _left_out(sample: Sample, beta: Floats, plan: Plan) -> Floats:
    """CR3 by refits without each cluster."""

    def refit(keep: Flags) -> Floats | None:
        if not sample.event[keep].any():
            return None
        part = prepare_sample(sample.subset(keep, "left out"), "breslow")
        found = climb(exact_ties(part).at, beta * part.scale)
        return found.theta / part.scale if _settled(found) else None

    labels = sample.cluster_labels(plan.cluster[0])
    return jackknife(refit, sample.clusters[0], beta, labels)


def _settled(found: Climb) -> bool:
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    small = (np.abs(found.theta) < 4 * _LARGE).all() and (errors < 2 * _LARGE).all()
    return bool(found.converged and small)


def _judge(found: Climb, rows: Prepared, sample: Sample) -> Separation | None:
    """Name the terms without a finite maximum."""
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    large = (np.abs(found.theta) > _LARGE) | (errors > _LARGE / 2)
    if found.converged and not large.any():
        return None
    pairs = contrasts(rows)
    direction = binary_direction(pairs, np.ones(len(pairs)))
    if direction is None and found.converged:
        return None
    names = sample.design.names
    if direction is None:
        return Separation(
            tuple(range(len(names))),
            f"no convergence after {found.iterations} iterations; look at the scale of the "
            "covariates and at nearly collinear terms",
        )

    def alone(j: int) -> float:
        column = pairs[:, j]
        return 1.0 if (column >= 0).all() else -1.0 if (column <= 0).all() else 0.0

    kept = rows.kept
    return describe_separation(
        involved(direction, np.abs(pairs).max(axis=0)), alone, sample.matrix[kept],
        sample.event[kept] == 1, names, sample.index[kept], "the rows at risk at the same time",
        _CURE,
    )  # fmt: skip
