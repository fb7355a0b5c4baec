"""Discrete-time estimates under a penalty, a prior, or a correction of bias."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels import binomial
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.firth_logit import FirthLogit, firth_logit, firth_rows
from coalition_models.kernels.posterior import BinaryPosterior, mode
from coalition_models.kernels.priors import Priors
from coalition_models.kernels.separating import NEXT_TO_NIL, binary_direction
from coalition_models.kernels.standard import standardise
from coalition_models.models.discrete.estimate import (
    estimate_model,
    null_log_likelihood,
    refuse_flat,
)
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.estimates import Estimate
from coalition_models.models.pulled import SEVERAL, Pulled, endless_posterior, pull_note
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import involved
from coalition_models.models.variance import Plan

__all__ = ["NO_REMEDY", "PENALTIES", "Remedy", "estimate_with"]

Floats = npt.NDArray[np.float64]

#: what ``penalty=`` may be, beside None
PENALTIES = ("firth", "flic", "flac", "relogit")


@dataclass(frozen=True)
class Remedy:
    """What is done against separation and few events: a penalty, priors, or nothing."""

    penalty: str | None = None
    priors: Priors | None = None


NO_REMEDY = Remedy()


def estimate_with(
    problem: Problem,
    sample: Sample,
    names: Sequence[str],
    plan: Plan,
    remedy: Remedy,
    allowed: bool,
) -> tuple[Estimate, Pulled | None]:
    """Estimate with the remedy asked for."""
    if remedy.priors is not None:
        return _posterior(problem, sample, names, plan, remedy.priors, allowed)
    if remedy.penalty is None:
        return estimate_model(problem, sample, names, plan, allowed), None
    if remedy.penalty == "relogit":
        found = estimate_model(problem, sample, names, plan, allowed)
        return (_less_biased(problem, found) if found.converged else found), None
    refuse_flat(standardise(problem.X).matrix(problem.X), names)
    best, firth, remarks = _firth(problem, names, allowed)
    if remedy.penalty == "flic" and best.converged:
        return _flic(problem, best, firth)
    if remedy.penalty == "flac" and best.converged:
        return _flac(problem, best, firth, allowed)
    return _estimate(problem, best.coefficients, best.covariance, best, remarks), firth


def _estimate(
    problem: Problem, beta: Floats, covariance: Floats, best: FirthLogit, remarks: tuple[str, ...]
) -> Estimate:
    return Estimate(
        coefficients=beta,
        covariance=covariance,
        model_covariance=covariance,
        log_likelihood=_height(problem, beta),
        log_likelihood_null=null_log_likelihood(problem),
        converged=best.converged,
        iterations=best.iterations,
        remarks=remarks,
    )


def _height(problem: Problem, beta: Floats) -> float:
    return binomial.log_likelihood(problem.y, problem.eta(beta), problem.link, problem.weights)


def _firth(
    problem: Problem, names: Sequence[str], allowed: bool
) -> tuple[FirthLogit, Pulled, tuple[str, ...]]:
    best = firth_logit(problem.X, problem.y, weights=problem.weights, offset=problem.offset)
    remarks: tuple[str, ...] = ()
    if not best.converged:
        remarks = (
            f"no convergence in {best.iterations} penalised iterations; look at nearly collinear "
            "terms",
        )
        if not allowed:
            raise FitError(remarks[0])
    standard, rows = firth_rows(problem.X, problem.y, problem.weights, problem.offset)
    top = standard.inner(best.coefficients)
    return best, Pulled(rows, standard.back, top, tuple(names), (0,), len(names)), remarks


def _flic(problem: Problem, best: FirthLogit, firth: Pulled) -> tuple[Estimate, Pulled]:
    """Firth's slopes with the intercept at which the mean chance is the share of events."""
    beta = best.coefficients.copy()
    case = np.ones_like(problem.y) if problem.weights is None else problem.weights
    for _ in range(100):
        p = binomial.LINKS["logit"].probability(problem.eta(beta))
        step = float(case @ (problem.y - p)) / float(case @ (p * (1 - p)))
        beta[0] += float(np.clip(step, -1.0, 1.0))
        if abs(step) < 1e-13 * max(1.0, abs(beta[0])):
            break
    standard = standardise(problem.X)
    inner = replace(problem, X=standard.matrix(problem.X))
    at = binomial.pieces(inner.X, inner.y, problem.eta(beta), "logit", problem.weights)
    covariance = standard.covariance(np.asarray(np.linalg.pinv(at.expected)))
    own = (float(beta[0]), float(np.sqrt(covariance[0, 0])))
    return _estimate(problem, beta, covariance, best, ()), replace(firth, intercept=own)


def _flac(
    problem: Problem, best: FirthLogit, firth: Pulled, allowed: bool
) -> tuple[Estimate, Pulled]:
    """Maximum likelihood with Firth's pseudo-rows, told from the others by a column."""
    n, p = problem.X.shape
    half = _leverages(problem, best.coefficients) / 2
    X = np.column_stack([np.vstack([problem.X] * 3), np.repeat([0.0, 1.0, 1.0], n)])
    y = np.concatenate([problem.y, problem.y, 1 - problem.y])
    case = np.ones(n) if problem.weights is None else problem.weights
    weights = np.concatenate([case, half, half])
    offset = None if problem.offset is None else np.tile(problem.offset, 3)
    standard = standardise(X)
    rows = BinaryPosterior(
        standard.matrix(X), y, "logit", weights, offset, standard.back, _no_priors(p + 1)
    )
    top, _ = mode(rows, [standard.inner(np.append(best.coefficients, 0.0))])
    inside = inverse(top.at.information)
    if not top.converged or inside is None:
        raise FitError(
            f"no convergence in {top.iterations} iterations with added pseudo-rows; take "
            "penalty='flic'"
        )
    beta, covariance = standard.outer(top.beta)[:p], standard.covariance(inside)[:p, :p]
    pulled = Pulled(
        rows, standard.back, top.beta, (*firth.names, "pseudo-rows"), (0, p), p
    )  # fmt: skip
    return _estimate(problem, beta, covariance, best, ()), pulled


def _leverages(problem: Problem, beta: Floats) -> Floats:
    """Diagonal of the hat matrix, a row of weight w counting as w rows."""
    Z = standardise(problem.X).matrix(problem.X)
    p = binomial.LINKS["logit"].probability(problem.eta(beta))
    weight = p * (1 - p) * (1.0 if problem.weights is None else problem.weights)
    inside = np.linalg.pinv(Z.T @ (weight[:, None] * Z))
    return np.asarray(weight * np.einsum("ij,jk,ik->i", Z, inside, Z))


def _less_biased(problem: Problem, found: Estimate) -> Estimate:
    """Take the first-order bias off, as King and Zeng (2001) do for rare events.

    The covariance is multiplied by (n / (n + p))^2 with it.
    """
    standard = standardise(problem.X)
    Z, p = standard.matrix(problem.X), problem.X.shape[1]
    chance = binomial.LINKS["logit"].probability(problem.eta(found.coefficients))
    case = np.ones_like(problem.y) if problem.weights is None else problem.weights
    weight = case * chance * (1 - chance)
    inside = np.linalg.pinv(Z.T @ (weight[:, None] * Z))
    spread = np.einsum("ij,jk,ik->i", Z, inside, Z)
    bias = inside @ (Z.T @ (weight * spread * (chance - 0.5)))
    n = float(case.sum())
    factor = (n / (n + p)) ** 2
    return replace(
        found,
        coefficients=found.coefficients - standard.back @ bias,
        covariance=found.covariance * factor,
        model_covariance=found.model_covariance * factor,
        notes=(
            *found.notes,
            "log-likelihood and likelihood-ratio test are those of the uncorrected maximum, and "
            "so is .native",
        ),
    )


def _posterior(
    problem: Problem,
    sample: Sample,
    names: Sequence[str],
    plan: Plan,
    priors: Priors,
    allowed: bool,
) -> tuple[Estimate, Pulled]:
    """Mode of the posterior, with the estimate that the data alone would give beside it."""
    plain = estimate_model(problem, sample, names, plan, True)
    standard = standardise(problem.X)
    Z, p = standard.matrix(problem.X), len(names)
    rows = BinaryPosterior(
        Z, problem.y, problem.link, problem.weights, problem.offset, standard.back, priors
    )
    starts = [np.zeros(p)]
    if plain.converged and not priors.log_concave:
        starts.append(standard.inner(plain.coefficients))
    top, several = mode(rows, starts)
    inside = inverse(top.at.information)
    beta = standard.outer(top.beta)
    trouble = _trouble(problem, Z, names, priors, beta, top.converged and inside is not None)
    if trouble and not allowed:
        raise FitError(trouble)
    lost = inside is None or bool(trouble)
    covariance = np.full((p, p), np.nan) if lost else standard.covariance(np.asarray(inside))
    errors = np.sqrt(np.diag(plain.model_covariance)) if plain.converged else np.full(p, np.nan)
    estimate = Estimate(
        coefficients=beta,
        covariance=covariance,
        model_covariance=covariance,
        log_likelihood=_height(problem, beta),
        log_likelihood_null=plain.log_likelihood_null,
        converged=not trouble,
        iterations=top.iterations,
        remarks=tuple(text for text in (trouble, SEVERAL if several else "") if text),
        notes=(pull_note(names, priors, beta, plain.coefficients, errors),),
    )
    return estimate, Pulled(rows, standard.back, top.beta, tuple(names), (0,), p)


def _trouble(
    problem: Problem,
    Z: Floats,
    names: Sequence[str],
    priors: Priors,
    beta: Floats,
    settled: bool,
) -> str:
    """Why there is no maximum, if so: terms without a prior can still separate the rows."""
    shape, eta = binomial.LINKS[problem.link], problem.eta(beta)
    least = np.minimum(shape.probability(eta), shape.complement(eta)).min()
    if settled and least >= NEXT_TO_NIL:
        return ""
    free = np.union1d([0], np.flatnonzero(priors.flat))
    real = slice(None) if problem.weights is None else problem.weights > 0
    direction = binary_direction(Z[real][:, free], problem.y[real])
    if direction is not None:
        columns = involved(direction, np.ptp(Z[:, free], axis=0))
        return endless_posterior([names[free[j]] for j in columns if j])
    return "" if settled else "no convergence under the prior; look at nearly collinear terms"


def _no_priors(p: int) -> Priors:
    return Priors(("",) * p, np.zeros(p), np.ones(p), np.ones(p))
