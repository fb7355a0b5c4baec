"""Estimation of Cox models: the kernel maximises, this module judges and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError, first_few
from coalition_models.kernels import cox as kernel
from coalition_models.kernels import firth
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels.clusters import score_sums
from coalition_models.kernels.jackknife import jackknife_by_cluster
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, few_clusters, refuse_lost, reported

__all__ = [
    "endless",
    "estimate_cox",
    "estimate_firth",
    "prepare_sample",
    "refuse_aliased_within",
    "refuse_flat",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: an effect of one standard deviation beyond this (on the log scale) is looked at twice
_LARGE = 4.0
#: share of a log-likelihood that is rounding error
_ROUNDING = 1e-12


def prepare_sample(sample: Sample, ties: str) -> kernel.Prepared:
    """Sort the sample once for everything that follows."""
    if sample.start is None or sample.stop is None:
        raise FitError("a Cox model needs the start and stop of each row")
    return kernel.prepare(
        sample.start,
        sample.stop,
        sample.event,
        sample.matrix,
        strata=sample.strata,
        weights=sample.weights,
        offset=sample.offset,
        ties=cast("Literal['efron', 'breslow']", ties),
    )


def estimate_cox(sample: Sample, prepared: kernel.Prepared, plan: Plan, allowed: bool) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    names = sample.design.names
    refuse_flat(prepared, names)
    found = kernel.fit(prepared)
    refuse_aliased_within(found.aliased, names)
    remarks = [few_clusters(plan, sample.cluster_counts)]
    trouble = _judge(found, prepared, sample, allowed)
    if trouble is not None:
        remarks.append(trouble.message)
    covariance, said = _covariance(found, sample, prepared, plan, trouble)
    remarks += [said, "" if trouble is not None else _flat_top(found, prepared, names)]
    return Estimate(
        coefficients=found.coefficients,
        covariance=covariance,
        model_covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=found.log_likelihood_null,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(remark for remark in remarks if remark),
    )


def estimate_firth(
    prepared: kernel.Prepared, names: Sequence[str], allowed: bool
) -> tuple[Estimate, firth.FirthFit]:
    """Maximise the penalised likelihood, which has a finite maximum under separation too."""
    refuse_flat(prepared, names)
    found = firth.fit_firth(prepared)
    refuse_aliased_within(found.aliased, names)
    remarks = []
    if not found.converged:
        remarks.append(
            f"no convergence after {found.iterations} penalised iterations (last step "
            f"{found.gradient_norm:.2g} standard errors)"
        )
        if not allowed:
            raise FitError(remarks[0])
    null = kernel.evaluate(prepared, np.zeros(len(names)))
    estimate = Estimate(
        coefficients=found.coefficients,
        covariance=found.covariance,
        model_covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=float(null.log_likelihood),
        converged=found.converged,
        iterations=found.iterations,
        remarks=tuple(remarks),
    )
    return estimate, found


def refuse_flat(prepared: kernel.Prepared, names: Sequence[str]) -> None:
    """Constant and collinear columns among the rows at risk at an event time."""
    columns = prepared.panel.columns
    gram = columns @ columns.T / columns.shape[1]
    centres = prepared.stratum_centres[prepared.event_strata]
    differs = np.ptp(centres, axis=0) > _ROUNDING * np.abs(centres).max(axis=0)
    refuse_aliased_within((np.diag(gram) <= 0) & differs, names)
    where = f"in the {prepared.n_at_risk_rows} rows at risk at an event time"
    within = ", within their strata" if len(prepared.stratum_centres) > 1 else ""
    refuse_aliased(gram, names, where + within)


def refuse_aliased_within(aliased: Flags, names: Sequence[str]) -> None:
    """Columns that vary, but never within a risk set."""
    if aliased.any():
        culprits = ", ".join(np.array(names)[aliased])
        raise FitError(
            f"no variation to use: {culprits}; within each set of rows at risk together (and "
            "within each stratum) it is constant or a linear combination of the other terms. "
            "Leave it out: a variable that makes the strata, or that is the same for all members "
            "at one time, is absorbed by the baseline hazard"
        )


def endless(found: kernel.CoxFit, prepared: kernel.Prepared) -> Floats | None:
    """Direction of a likelihood that grows without end, or None.

    The kernel looks for one when its climb takes suspiciously long. Where the estimates are
    suspiciously large it is looked for here too, since a climb can end early on a flat top.
    """
    if found.diverging.any():
        return found.direction
    spread = prepared.scale
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    large = np.abs(found.coefficients) * spread > _LARGE
    if found.converged and not (large | (errors * spread > _LARGE / 2)).any():
        return None
    columns = np.arange(prepared.n_columns)
    direction = recession_direction(prepared.panel, columns, prepared.panel.weights)
    return None if direction is None else direction / spread


def _flat_top(found: kernel.CoxFit, prepared: kernel.Prepared, names: Sequence[str]) -> str:
    """Say so where the log-likelihood is the same, to rounding, far about its maximum.

    Looked for where an effect is large: one standardised unit either way, the other coefficients
    following, changes nothing that can be computed.
    """
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0)) * prepared.scale
    flat = []
    for j in np.flatnonzero(errors > _LARGE):
        move = found.covariance[:, j] / (errors[j] ** 2) * prepared.scale[j]
        nearby = (
            kernel.evaluate(prepared, found.coefficients + side * move).log_likelihood
            for side in (-1.0, 1.0)
        )
        top = found.log_likelihood
        if all(abs(value - top) <= _ROUNDING * (1.0 + abs(top)) for value in nearby):
            flat.append(names[int(j)])
    if not flat:
        return ""
    return (
        f"the likelihood is flat about its maximum: other values of {first_few(flat)} fit equally "
        "well to the last digit, so the estimate says only that the effect is large; "
        "penalty='firth' gives limits"
    )


def _judge(
    found: kernel.CoxFit, prepared: kernel.Prepared, sample: Sample, allowed: bool
) -> Separation | None:
    """Refuse, or word, a fit without a finite maximum."""
    direction = endless(found, prepared)
    if direction is not None:
        panel, kept = prepared.panel, prepared.kept

        def alone(j: int) -> float:
            own = recession_direction(panel, np.array([j]), panel.weights)
            return 0.0 if own is None else float(np.sign(own[0]))

        trouble = describe_separation(
            involved(direction, prepared.scale),
            alone,
            sample.matrix[kept],
            sample.event[kept] == 1,
            sample.design.names,
            sample.index[kept],
            "the rows at risk at the same time",
        )
    elif found.converged:
        return None
    else:
        trouble = Separation(
            tuple(range(len(found.coefficients))),
            f"no convergence after {found.iterations} iterations (last step "
            f"{found.gradient_norm:.2g} standard errors); look at the scale of the covariates and "
            "at nearly collinear terms",
        )
    if not allowed:
        raise FitError(trouble.message)
    return trouble


def _covariance(
    found: kernel.CoxFit,
    sample: Sample,
    prepared: kernel.Prepared,
    plan: Plan,
    trouble: Separation | None,
) -> tuple[Floats, str]:
    """Covariance of the kind asked for, missing for coefficients that run off; and a remark."""
    bread = found.covariance
    if trouble is not None:
        blank = bread.copy()
        blank[list(trouble.columns), :] = np.nan
        blank[:, list(trouble.columns)] = np.nan
        return blank, ""
    if plan.variance == "model":
        return bread, ""
    if plan.variance == "jackknife":
        refits = jackknife_by_cluster(prepared, found.coefficients, sample.clusters[0])
        if not refits.usable.all():
            labels = sample.cluster_labels(plan.cluster[0])
            refuse_lost([labels[int(g)] for g in refits.labels[~refits.usable]], found.coefficients)
        return refits.covariance, ""
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(sample.event)) if sample.members is None else sample.members
        groups = (own,)

    def sum_scores(codes: npt.NDArray[np.int64], count: int) -> Floats:
        return score_sums(prepared, found.coefficients, codes, count)

    return reported(sum_scores, bread, groups, plan, sample.design.names)
