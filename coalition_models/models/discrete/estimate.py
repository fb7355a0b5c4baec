"""Estimation of discrete-time models: statsmodels maximises, this module judges and reports."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels import binomial
from coalition_models.kernels.separating import NEXT_TO_NIL, binary_direction, kept_apart
from coalition_models.kernels.standard import Standard, standardise
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.discrete.refits import jackknife_covariance
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, few_clusters, reported

__all__ = ["estimate_model", "eta_without", "null_log_likelihood", "refuse_flat"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: columns whose mean or spread leaves this range are centred and scaled inside
_WILD = 1e4
_WILD_NOTE = "covariates on wild scales: centred and scaled inside; .native is so too"
#: a maximum is reached when a further Newton step moves no linear predictor by this much
_STILL = 1e-9
#: the last steps are taken from where a step moves no linear predictor by more than this
_LAST_STEPS = 0.5
#: steps of a climb that starts from nothing
_MOST_STEPS = 200


def estimate_model(
    problem: Problem,
    sample: Sample,
    names: Sequence[str],
    plan: Plan,
    allowed: bool,
) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    standard = standardise(problem.X)
    inner = Problem(standard.matrix(problem.X), *_rest(problem))
    refuse_flat(inner.X, names)
    remarks = [few_clusters(plan, sample.cluster_counts)]
    wild = _is_wild(standard)
    notes = (_WILD_NOTE,) if wild else ()
    beta, native, iterations = _maximise(inner if wild else problem, None)
    inside, still = _settle(inner, beta if wild else standard.inner(beta))
    if still and np.abs(problem.X @ (standard.outer(inside) - beta)).max() > _LAST_STEPS:
        # reached by other steps than those of statsmodels, whose results are to be about it too
        start = inside if wild else standard.outer(inside)
        _, native, iterations = _maximise(inner if wild else problem, start)
    trouble = None if still else _diagnose(inner, problem, sample, names, iterations)
    if trouble is not None:
        remarks.append(trouble.message)
        if not allowed:
            raise FitError(trouble.message)
    beta = standard.outer(inside)
    bread = _inverse_information(inner, inside, plan.convention)
    model = standard.covariance(bread)
    if trouble is not None:
        lost = list(trouble.columns)
        model[lost, :] = np.nan
        model[:, lost] = np.nan
        covariance = model
    elif plan.variance == "model":
        covariance = model
    else:
        covariance, said = _covariance(inner, standard, sample, plan, inside, bread, names)
        remarks.append(said)
    return Estimate(
        coefficients=beta,
        covariance=covariance,
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


def _is_wild(standard: Standard) -> bool:
    """Whether any column is too wild to be handed to statsmodels as it is."""
    centre, spread = np.abs(standard.centre), standard.scale
    wild = (centre > _WILD * spread) | (spread > _WILD) | (spread < 1 / _WILD)
    return bool(wild.any())


def refuse_flat(X: Floats, names: Sequence[str]) -> None:
    """Refuse constant and collinear columns; ``X`` is standardised, the intercept first."""
    if X.shape[1] < 2:
        return
    Z = X[:, 1:].copy()
    Z[:, np.abs(Z).max(axis=0) < 1e-6] = 0.0
    refuse_aliased(Z.T @ Z / len(Z), list(names)[1:], f"in the {len(Z)} rows used")


def _maximise(problem: Problem, start: Floats | None) -> tuple[Floats, Any, int]:
    """Let statsmodels climb; what it warns of is judged from the step that is left."""
    import statsmodels.api as sm

    with warnings.catch_warnings(record=True), np.errstate(all="ignore"):
        warnings.simplefilter("always")
        if problem.link == "logit" and problem.weights is None:
            model = sm.Logit(problem.y, problem.X, offset=problem.offset)
            start = _level_start(problem) if start is None else start
            try:
                found = model.fit(start_params=start, method="newton", maxiter=40, disp=0)
            except np.linalg.LinAlgError:
                found = model.fit(start_params=start, method="bfgs", maxiter=200, disp=0)
            # the second way counts its calls
            told = found.mle_retvals
            iterations = int(told.get("iterations", told.get("fcalls", 0)))
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


def _level_start(problem: Problem) -> Floats | None:
    """Where an offset puts the level far from zero, start at the level, not at zero."""
    if problem.offset is None:
        return None
    start = np.zeros(problem.X.shape[1])
    share = float(np.clip(problem.y.mean(), 0.001, 0.999))
    start[0] = np.log(share / (1 - share)) - float(np.mean(problem.offset))
    return start


def _further_step(problem: Problem, beta: Floats) -> Floats:
    """The Newton step that is left where the climb ended; large along a monotone direction."""
    with np.errstate(all="ignore"):  # what is not finite is seen just below
        at = _pieces(problem, beta)
    if not (np.isfinite(at.observed).all() and np.isfinite(at.scores).all()):
        return np.full(len(beta), np.inf)
    size = np.sqrt(np.diag(at.expected))
    if not size.all():  # flat to the last digit, and so no maximum
        return np.full(len(beta), np.inf)
    shape = at.observed / np.outer(size, size)
    step: Floats = np.linalg.lstsq(shape, at.scores.sum(axis=0) / size, rcond=1e-15)[0] / size
    return step


def _polish(problem: Problem, beta: Floats) -> tuple[Floats, bool]:
    """Take the last small steps; tell whether none is left to take.

    Near a maximum each is about the square of the one before; along a direction without one they
    keep their length.
    """
    for _ in range(10):
        step = _further_step(problem, beta)
        if not np.isfinite(step).all():
            return beta, False
        move = float(np.abs(problem.X @ step).max())
        if not move < _LAST_STEPS:
            return beta, False
        beta = beta + step
        if move < _STILL:
            return beta, True
    return beta, False


def _climb(inner: Problem) -> tuple[Floats, bool]:
    """Newton steps from nothing, each halved until it leads up; the likelihood has one top."""
    beta = np.zeros(inner.X.shape[1])
    height = _height(inner, beta)
    for _ in range(_MOST_STEPS):
        step = _further_step(inner, beta)
        if not np.isfinite(step).all():
            break
        if np.abs(inner.X @ step).max() < _LAST_STEPS:
            return _polish(inner, beta)
        while (found := _height(inner, beta + step)) < height and np.abs(step).max() > _STILL:
            step = step / 2
        beta, height = beta + step, found
    return beta, False


def _height(inner: Problem, beta: Floats) -> float:
    return binomial.log_likelihood(inner.y, inner.eta(beta), inner.link, inner.weights)


def _settle(inner: Problem, beta: Floats) -> tuple[Floats, bool]:
    """Take the last steps on standardised columns; tell whether a finite maximum is reached.

    Far out along a direction without a maximum the likelihood is flat to rounding and no step is
    left either: where chances are next to 0 or 1 such a direction is looked for. Where there is
    none, a climb that went astray is made anew with steps that never lead down.
    """
    beta, still = _polish(inner, beta)
    if not still and _direction(inner) is None:
        beta, still = _climb(inner)
    if still:
        shape, eta = binomial.LINKS[inner.link], inner.eta(beta)
        least = np.minimum(shape.probability(eta), shape.complement(eta))
        still = least.min() >= NEXT_TO_NIL or _spans(inner, least) or _direction(inner) is None
    return beta, still


def _spans(inner: Problem, least: Floats) -> bool:
    """Whether rows with chances far from 0 and 1 show that the maximum is finite."""
    real = slice(None) if inner.weights is None else inner.weights > 0
    return kept_apart(inner.X[real], least[real])


def _direction(inner: Problem) -> Floats | None:
    """Direction without a maximum, or None; rows of weight zero do not count."""
    if inner.weights is None:
        return binary_direction(inner.X, inner.y)
    real = inner.weights > 0
    return binary_direction(inner.X[real], inner.y[real])


def _diagnose(
    inner: Problem, problem: Problem, sample: Sample, names: Sequence[str], iterations: int
) -> Separation:
    """Find the terms without a finite maximum, or say that the climb did not end."""
    direction = _direction(inner)
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


def _pieces(inner: Problem, beta: Floats) -> binomial.Pieces:
    return binomial.pieces(inner.X, inner.y, inner.eta(beta), inner.link, inner.weights)


def _inverse_information(inner: Problem, beta: Floats, convention: str) -> Floats:
    """Inverse of the expected (R) or observed (Stata) information of standardised columns."""
    at = _pieces(inner, beta)
    return np.asarray(np.linalg.pinv(at.observed if convention == "stata" else at.expected))


def _covariance(
    inner: Problem,
    standard: Standard,
    sample: Sample,
    plan: Plan,
    beta: Floats,
    bread: Floats,
    names: Sequence[str],
) -> tuple[Floats, str]:
    """Covariance of the kind asked for, from standardised columns; and a remark."""
    if plan.variance == "jackknife":
        labels = sample.cluster_labels(plan.cluster[0])
        spread = jackknife_covariance(inner, sample.clusters[0], beta, labels)
        return standard.covariance(spread), ""
    scores = _pieces(inner, beta).scores
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(scores)) if sample.members is None else sample.members
        groups = (own,)
    return reported(
        lambda codes, count: cluster_sums(scores, codes, count),
        bread @ standard.back.T,
        groups,
        plan,
        names,
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


def eta_without(problem: Problem, columns: Sequence[int]) -> tuple[Floats, bool]:
    """Linear predictor where only some of the columns, the intercept first, have an effect.

    And whether that is a finite maximum.
    """
    part = Problem(problem.X[:, list(columns)], *_rest(problem))
    inner = Problem(standardise(part.X).matrix(part.X), *_rest(problem))
    beta, still = _settle(inner, _maximise(inner, None)[0])
    return inner.eta(beta), still
