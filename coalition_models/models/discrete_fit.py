"""Estimation of discrete-time models: statsmodels maximises, this module judges and reports."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models import binomial
from coalition_models.models.firth_logit import FirthLogit, firth_logit
from coalition_models.models.sample import Sample
from coalition_models.models.separation import (
    Separation,
    binary_direction,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, clustered, few_clusters, jackknife

__all__ = ["Estimate", "Problem", "estimate_model", "null_log_likelihood"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: columns whose mean or spread leaves this range are centred and scaled inside
_WILD = 1e4
#: a maximum is reached when a further Newton step moves no linear predictor by this much
_STILL = 1e-9


@dataclass(frozen=True)
class Problem:
    """What is maximised: rows, columns and how they are linked. Column 0 is the intercept."""

    X: Floats
    y: Floats
    link: str
    weights: Floats | None
    offset: Floats | None

    def rows(self, keep: Flags) -> Problem:
        """The same on fewer rows."""
        return Problem(
            self.X[keep],
            self.y[keep],
            self.link,
            None if self.weights is None else self.weights[keep],
            None if self.offset is None else self.offset[keep],
        )

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor."""
        eta: Floats = self.X @ beta
        return eta if self.offset is None else eta + self.offset


@dataclass(frozen=True)
class Estimate:
    """What a maximisation found, and what must be said of it."""

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    remarks: tuple[str, ...]
    notes: tuple[str, ...] = ()
    native: object | None = None
    firth: FirthLogit | None = None


def estimate_model(
    problem: Problem,
    sample: Sample,
    names: Sequence[str],
    plan: Plan,
    penalty: str | None,
    allowed: bool,
) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    centre, scale, wild = _standard(problem.X)
    _refuse_flat(problem, centre, scale, names)
    remarks = [few_clusters(plan, sample.cluster_counts)]
    if penalty:
        return _estimate_firth(problem, allowed, remarks)
    inner, notes = problem, tuple[str, ...]()
    if wild:
        inner = Problem((problem.X - centre) / scale, *_rest(problem))
        notes = ("covariates on wild scales: centred and scaled inside; .native is so too",)
    beta, native, iterations = _maximise(inner, None)
    beta, still = _polish(inner, beta)
    trouble = None if still else _diagnose(inner, problem, sample, names, iterations)
    if trouble is not None:
        remarks.append(trouble.message)
        if not allowed:
            raise FitError(trouble.message)
    if wild:
        beta = _unscale(beta, centre, scale)
    model = _inverse_information(problem, beta, plan.convention, centre, scale)
    if trouble is not None:
        lost = list(trouble.columns)
        model[lost, :] = np.nan
        model[:, lost] = np.nan
    reported = model if trouble is not None else _covariance(problem, sample, plan, beta, model)
    return Estimate(
        coefficients=beta,
        covariance=reported,
        model_covariance=model,
        log_likelihood=binomial.log_likelihood(
            problem.y, problem.eta(beta), problem.link, problem.weights
        ),
        log_likelihood_null=null_log_likelihood(problem),
        converged=trouble is None,
        iterations=iterations,
        remarks=tuple(remark for remark in remarks if remark),
        notes=notes,
        native=native,
    )


def _rest(problem: Problem) -> tuple[Floats, str, Floats | None, Floats | None]:
    return problem.y, problem.link, problem.weights, problem.offset


def _standard(X: Floats) -> tuple[Floats, Floats, bool]:
    """Mean and spread of each column, and whether any is too wild to be used as it is."""
    centre, scale = X.mean(axis=0), X.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    scale[scale <= 1e-13 * np.abs(centre)] = 0.0
    spread = np.where(scale > 0, scale, 1.0)
    wild = (np.abs(centre) > _WILD * spread) | (spread > _WILD) | (spread < 1 / _WILD)
    return centre, spread, bool(wild.any())


def _unscale(beta: Floats, centre: Floats, scale: Floats) -> Floats:
    out = beta / scale
    out[0] = beta[0] - float((out[1:] * centre[1:]).sum())
    return out


def _refuse_flat(problem: Problem, centre: Floats, scale: Floats, names: Sequence[str]) -> None:
    if problem.X.shape[1] < 2:
        return
    Z = (problem.X[:, 1:] - centre[1:]) / scale[1:]
    Z[:, np.abs(Z).max(axis=0) < 1e-6] = 0.0
    refuse_aliased(Z.T @ Z / len(Z), list(names)[1:], f"in the {len(Z)} rows used")


def _maximise(problem: Problem, start: Floats | None) -> tuple[Floats, Any, int]:
    """Let statsmodels climb; what it warns of is judged from the step that is left."""
    import statsmodels.api as sm

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if problem.link == "logit" and problem.weights is None:
            model = sm.Logit(problem.y, problem.X, offset=problem.offset)
            try:
                found = model.fit(start_params=start, method="newton", maxiter=40, disp=0)
            except np.linalg.LinAlgError:
                found = model.fit(start_params=start, method="bfgs", maxiter=200, disp=0)
            iterations = int(found.mle_retvals["iterations"])
        else:
            links = sm.families.links
            link = {"logit": links.Logit, "probit": links.Probit, "cloglog": links.CLogLog}
            family = sm.families.Binomial(link=link[problem.link]())
            model = sm.GLM(
                problem.y,
                problem.X,
                family=family,
                offset=problem.offset,
                freq_weights=problem.weights,
            )
            found = model.fit(start_params=start, maxiter=100, tol=1e-13)
            iterations = int(found.fit_history["iteration"])
    return np.asarray(found.params, dtype=float), found, iterations


def _further_step(problem: Problem, beta: Floats) -> Floats:
    """The Newton step that is left where the climb ended; large along a monotone direction."""
    at = binomial.pieces(problem.X, problem.y, problem.eta(beta), problem.link, problem.weights)
    if not (np.isfinite(at.observed).all() and np.isfinite(at.scores).all()):
        return np.full(len(beta), np.inf)
    size = np.sqrt(np.diag(at.expected))
    size = np.where(size > 0, size, 1.0)
    shape = at.observed / np.outer(size, size)
    step: Floats = np.linalg.lstsq(shape, at.scores.sum(axis=0) / size, rcond=1e-15)[0] / size
    return step


def _polish(problem: Problem, beta: Floats) -> tuple[Floats, bool]:
    """Take the last small steps; tell whether none is left to take."""
    for _ in range(6):
        step = _further_step(problem, beta)
        if not np.isfinite(step).all():
            return beta, False
        move = float(np.abs(problem.X @ step).max())
        if not move < 1e-2:
            return beta, False
        beta = beta + step
        if move < _STILL:
            return beta, True
    return beta, False


def _diagnose(
    inner: Problem, problem: Problem, sample: Sample, names: Sequence[str], iterations: int
) -> Separation:
    """Find the terms without a finite maximum, or say that the climb did not end."""
    direction = binary_direction(inner.X, inner.y)
    if direction is None:
        return Separation(
            tuple(range(len(names))),
            f"no convergence after {iterations} iterations; look at the scale of the covariates "
            "and at nearly collinear terms",
        )
    ones = problem.y == 1

    def alone(j: int) -> float:
        with_event, without = problem.X[ones, j], problem.X[~ones, j]
        if with_event.min() >= without.max():
            return 1.0
        return -1.0 if with_event.max() <= without.min() else 0.0

    columns = tuple(j for j in involved(direction, np.ptp(inner.X, axis=0)) if j > 0)
    return describe_separation(
        columns, alone, problem.X, ones, names, sample.index, "the rows without the event"
    )


def _inverse_information(
    problem: Problem, beta: Floats, convention: str, centre: Floats, scale: Floats
) -> Floats:
    """Inverse of the expected (R) or observed (Stata) information, formed on scaled columns."""
    Z = (problem.X - centre) / scale
    eta = problem.eta(beta)
    at = binomial.pieces(Z, problem.y, eta, problem.link, problem.weights)
    inside = np.linalg.pinv(at.observed if convention == "stata" else at.expected)
    back = np.diag(1 / scale)
    back[0, 1:] = -centre[1:] / scale[1:]
    covariance: Floats = back @ inside @ back.T
    return covariance


def _covariance(
    problem: Problem, sample: Sample, plan: Plan, beta: Floats, model: Floats
) -> Floats:
    if plan.variance == "model":
        return model
    if plan.variance == "jackknife":
        return jackknife(
            lambda keep: _refit(problem.rows(keep), beta),
            sample.clusters[0],
            beta,
            sample.cluster_labels(plan.cluster[0]),
        )
    eta = problem.eta(beta)
    scores = binomial.pieces(problem.X, problem.y, eta, problem.link, problem.weights).scores
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(scores)) if sample.members is None else sample.members
        groups = (own,)
    return clustered(
        lambda codes, count: cluster_sums(scores, codes, count),
        model,
        groups,
        small_sample=plan.small_sample,
    )


def _refit(problem: Problem, start: Floats) -> Floats | None:
    if problem.y.sum() == 0 or np.ptp(problem.X[:, 1:], axis=0).min(initial=1.0) == 0:
        return None
    beta, _, _ = _maximise(problem, start)
    beta, still = _polish(problem, beta)
    return beta if still else None


def _estimate_firth(problem: Problem, allowed: bool, remarks: list[str]) -> Estimate:
    best = firth_logit(problem.X, problem.y, weights=problem.weights, offset=problem.offset)
    if not best.converged:
        remarks.append(f"no convergence in {best.iterations} penalised iterations")
        if not allowed:
            raise FitError(remarks[-1])
    return Estimate(
        coefficients=best.coefficients,
        covariance=best.covariance,
        model_covariance=best.covariance,
        log_likelihood=binomial.log_likelihood(
            problem.y, problem.eta(best.coefficients), "logit", problem.weights
        ),
        log_likelihood_null=null_log_likelihood(problem),
        converged=best.converged,
        iterations=best.iterations,
        remarks=tuple(remark for remark in remarks if remark),
        firth=best,
    )


def null_log_likelihood(problem: Problem) -> float:
    """Log-likelihood with the intercept (and the offset) alone."""
    ones = Problem(np.ones((len(problem.y), 1)), *_rest(problem))
    if problem.offset is None:
        share = float(np.average(problem.y, weights=problem.weights))
        p = np.full(len(problem.y), share)
        logs = np.where(problem.y == 1, np.log(p), np.log1p(-p))
        return float(logs.sum() if problem.weights is None else problem.weights @ logs)
    beta, _, _ = _maximise(ones, None)
    return binomial.log_likelihood(problem.y, ones.eta(beta), problem.link, problem.weights)
