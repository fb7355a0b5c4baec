"""Cox models with priors: the mode of the posterior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels import cox as kernel
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.posterior import CoxPosterior, mode
from coalition_models.kernels.priors import Priors
from coalition_models.models.cox.estimate import estimate_cox
from coalition_models.models.estimates import Estimate
from coalition_models.models.priors import Wanted, contrasts, resolve_priors
from coalition_models.models.pulled import SEVERAL, Pulled, endless_posterior, pull_note
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import involved
from coalition_models.models.variance import Plan

__all__ = ["Mode", "cox_priors", "estimate_posterior", "posterior_of"]

Floats = npt.NDArray[np.float64]

#: an effect of one standard deviation beyond this (on the log scale) is looked at twice
_LARGE = 4.0


def cox_priors(wanted: Wanted, sample: Sample, prepared: kernel.Prepared) -> Priors:
    """Priors by coefficient; the standard deviation is that within the risk sets.

    So it depends neither on how rows are split nor on rows that are never at risk.
    """
    null = kernel.evaluate(prepared, np.zeros(prepared.n_columns))
    panel = prepared.panel
    events = panel.weights[panel.event_rows] if panel.weights.size else np.ones(prepared.n_events)
    spread = np.sqrt(np.maximum(np.diag(null.information), 0.0) / float(events.sum()))
    names, terms = sample.design.names, sample.design.terms
    contrast = contrasts(sample.matrix[prepared.kept], spread)
    return resolve_priors(wanted, names, terms, range(len(names)), contrast)


@dataclass(frozen=True, eq=False)
class Mode:
    """Where a posterior is highest: whether the climb settled, and whether there are two tops."""

    pulled: Pulled
    coefficients: Floats
    covariance: Floats | None
    iterations: int
    settled: bool
    several: bool


def posterior_of(
    prepared: kernel.Prepared, priors: Priors, names: tuple[str, ...], plain: Floats | None
) -> Mode:
    """Climb from nothing, and from the estimate without priors where there may be two tops."""
    rows = CoxPosterior(prepared, priors)
    starts = [np.zeros(len(names))]
    if plain is not None and not priors.log_concave:
        starts.append(plain * prepared.scale)
    top, several = mode(rows, starts)
    inside = inverse(top.at.information)
    back = rows.back
    covariance = None if inside is None else np.asarray(back @ inside @ back)
    pulled = Pulled(rows, back, top.beta, names, (), len(names))
    settled = top.converged and covariance is not None
    return Mode(pulled, back @ top.beta, covariance, top.iterations, settled, several)


def estimate_posterior(
    sample: Sample, prepared: kernel.Prepared, plan: Plan, priors: Priors, allowed: bool
) -> tuple[Estimate, Pulled]:
    """Maximise, with the estimate that the data alone would give beside it."""
    names = sample.design.names
    plain = estimate_cox(sample, prepared, plan, True)
    found = posterior_of(prepared, priors, names, plain.coefficients if plain.converged else None)
    beta, covariance = found.coefficients, found.covariance
    trouble = _trouble(prepared, priors, beta, covariance, names)
    if not trouble and not found.settled:
        trouble = "no convergence under the prior; look at nearly collinear terms"
    if trouble and not allowed:
        raise FitError(trouble)
    p = len(names)
    if trouble or covariance is None:
        covariance = np.full((p, p), np.nan)
    errors = np.sqrt(np.diag(plain.model_covariance)) if plain.converged else np.full(p, np.nan)
    estimate = Estimate(
        coefficients=beta,
        covariance=covariance,
        model_covariance=covariance,
        log_likelihood=float(kernel.evaluate(prepared, beta).log_likelihood),
        log_likelihood_null=plain.log_likelihood_null,
        converged=not trouble,
        iterations=found.iterations,
        remarks=tuple(text for text in (trouble, SEVERAL if found.several else "") if text),
        notes=(pull_note(names, priors, beta, plain.coefficients, errors),),
    )
    return estimate, found.pulled


def _trouble(
    prepared: kernel.Prepared,
    priors: Priors,
    beta: Floats,
    covariance: Floats | None,
    names: tuple[str, ...],
) -> str:
    """Terms without a prior, where they run off."""
    free = np.flatnonzero(priors.flat)
    if not free.size:
        return ""
    spread = prepared.scale[free]
    if covariance is not None:
        errors = np.sqrt(np.maximum(np.diag(covariance)[free], 0.0))
        if (np.abs(beta[free]) * spread < _LARGE).all() and (errors * spread < _LARGE / 2).all():
            return ""
    direction = recession_direction(prepared.panel, free, prepared.panel.weights)
    if direction is None:
        return ""
    columns = involved(direction, np.ones(len(free)))
    return endless_posterior([names[free[j]] for j in columns])
