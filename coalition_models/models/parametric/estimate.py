"""Estimation of parametric models: the kernel climbs, this module judges and reports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError, first_few
from coalition_models.kernels import lifetime_rows as kernel
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.climb import Climb, climb
from coalition_models.kernels.lifetimes import LIFETIMES
from coalition_models.kernels.separating import binary_direction
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.estimates import Estimate
from coalition_models.models.parametric.problem import Problem, start_levels
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, few_clusters, jackknife, reported

__all__ = ["covariance_of", "estimate_lifetimes", "null_climb", "refit", "refuse_flat"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: an effect of one standard deviation beyond this (on the log scale) is looked at twice
_LARGE = 4.0
#: maxima that differ by less are one
_SAME = 1e-6
#: where to begin with ancillary parameters, one tuple per attempt
_STARTS = {
    "gengamma": ((0.0, 1.0), (0.0, 0.0), (0.3, -0.7)),
    "lognormal": ((0.2,),),
    "loglogistic": ((-0.3,),),
}
#: distributions whose climb costs much; separation, which is the same for all, is looked for first
_DEAR = ("gamma", "gengamma")
_QUICK_STEPS = 30
_CURE = "Leave the term out, join categories, or use cox(..., penalty='firth'), which stays finite"


def estimate_lifetimes(
    problem: Problem, sample: Sample, names: Sequence[str], plan: Plan, allowed: bool
) -> tuple[Estimate, Floats]:
    """Maximise, judge what was found, and only then report a variance.

    Returns the estimate, and the coefficients on the problem's own scale.
    """
    base, p = problem.layout.columns, len(problem.scale)
    X = problem.rows.designs[0]
    refuse_flat(X[:, base:], X[:, :base], names[base : base + p])
    if problem.life.name in _DEAR and not allowed:
        _refuse_separation(problem, sample, names)
    nulls = list(_nulls(problem))
    found, said = _best(problem, nulls)
    null = max(nulls, key=lambda one: one.at.log_likelihood)
    remarks = [few_clusters(plan, sample.cluster_counts), said]
    trouble = _judge(problem, found, sample, names)
    if trouble is not None:
        if not allowed:
            raise FitError(trouble.message)
        remarks.append(trouble.message)
    coefficients, way = problem.outer(found.theta)
    model = way @ found.covariance @ way.T
    if trouble is not None:
        model = _without_columns(found, way, trouble.columns)
    covariance = model
    if trouble is None and plan.variance != "model":
        covariance, more = covariance_of(problem, found, sample, plan, names)
        remarks.append(more)
    estimate = Estimate(
        coefficients=coefficients,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=found.at.log_likelihood,
        log_likelihood_null=null.at.log_likelihood,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(remark for remark in remarks if remark),
    )
    return estimate, found.theta


def _without_columns(found: Climb, way: Floats, lost: Sequence[int]) -> Floats:
    """Covariance of the other coefficients where these run off, and so are missing."""
    out = np.full_like(way, np.nan)
    rest = [j for j in range(len(way)) if j not in lost]
    back = np.linalg.inv(way)
    information = back.T @ found.at.information @ back
    part = inverse(information[np.ix_(rest, rest)])
    if part is not None:
        out[np.ix_(rest, rest)] = part
    return out


def refuse_flat(Z: Floats, indicator: Floats, names: Sequence[str]) -> None:
    """Columns that are constant or collinear among the rows of one baseline."""
    if not Z.shape[1]:
        return
    means = (indicator.T @ Z) / np.maximum(indicator.sum(axis=0), 1.0)[:, None]
    Z = Z - indicator @ means
    Z[:, np.abs(Z).max(axis=0) < 1e-6] = 0.0
    within = ", within each baseline" if indicator.shape[1] > 1 else ""
    refuse_aliased(Z.T @ Z / len(Z), list(names), f"in the {len(Z)} rows used{within}")


def null_climb(problem: Problem, ancillary: Sequence[float], more: Sequence[float] = ()) -> Climb:
    """Climb without terms, from a constant hazard and these ancillary parameters."""
    null = problem.without_terms()
    strata = len(problem.layout.strata)
    levels = start_levels(problem)
    return climb(null.at, np.concatenate([levels, np.repeat(ancillary, strata), more]))


def _nulls(problem: Problem) -> Iterator[Climb]:
    plain = ((0.0,) * len(problem.life.ancillary),)
    for ancillary in _STARTS.get(problem.life.name, plain):
        yield null_climb(problem, ancillary)


def _best(problem: Problem, nulls: Sequence[Climb]) -> tuple[Climb, str]:
    """The highest of the climbs from each null; and a remark where they do not agree."""
    starts: list[Floats] = []
    for one in nulls:
        if not any(np.allclose(one.theta, other, atol=1e-4) for other in starts):
            starts.append(one.theta)
    if not len(problem.scale):
        return max(nulls, key=lambda one: one.at.log_likelihood), ""
    found = [climb(problem.at, problem.from_null(start)) for start in starts]
    best = max(found, key=lambda one: (one.converged, one.at.log_likelihood))
    lower = [one for one in found if one.converged]
    tops = sorted({round(best.at.log_likelihood - one.at.log_likelihood, 5) for one in lower})
    if len(tops) > 1 and tops[-1] > _SAME:
        return best, (
            f"{len(starts)} starts reached different maxima, the others lower by "
            f"{first_few(f'{top:.3g}' for top in tops[1:])}: the highest is reported"
        )
    return best, ""


def _judge(
    problem: Problem, found: Climb, sample: Sample, names: Sequence[str]
) -> Separation | None:
    """Word a fit without a finite maximum."""
    base, p = problem.layout.columns, len(problem.scale)
    own = slice(base, base + p)
    errors = np.sqrt(np.maximum(np.diag(found.covariance)[own], 0.0))
    large = (np.abs(found.theta[own]) > _LARGE) | ~(errors < _LARGE / 2)
    if found.converged and not large.any():
        return None
    direction = _direction(problem)
    if direction is not None:
        return _separated(problem, direction, sample, names)
    if found.converged:
        return None
    return Separation(tuple(range(len(names))), _not_converged(problem, found, names))


def _direction(problem: Problem) -> Floats | None:
    """Direction along which the hazard of some rows without the event falls to zero at no cost."""
    X, y = problem.rows.designs[0], (problem.rows.exits > 0).astype(float)
    real = problem.rows.weights > 0
    ended, other = X[real & (y == 1)], X[real & (y == 0)]
    # rows with the event stand on both sides, so that the direction does not move them
    stacked = np.vstack([ended, ended, other])
    return binary_direction(stacked, np.r_[np.ones(len(ended)), np.zeros(len(ended) + len(other))])


def _refuse_separation(problem: Problem, sample: Sample, names: Sequence[str]) -> None:
    """Look at the fit of a constant hazard, and refuse where terms have no finite estimate."""
    quick = replace(
        problem,
        life=LIFETIMES["exponential"],
        rows=problem.rows.with_designs(problem.rows.designs[0]),
    )
    start = quick.from_null(start_levels(quick))
    trouble = _judge(quick, climb(quick.at, start, most_steps=_QUICK_STEPS), sample, names)
    if trouble is not None and len(trouble.columns) < len(names):
        raise FitError(trouble.message)


def _separated(
    problem: Problem, direction: Floats, sample: Sample, names: Sequence[str]
) -> Separation:
    base, p = problem.layout.columns, len(problem.scale)
    X, ended = sample.matrix, sample.event == 1
    spread = np.ptp(problem.rows.designs[0], axis=0)
    columns = tuple(j - base for j in involved(direction, spread) if base <= j < base + p)

    def alone(j: int) -> float:
        with_event, without = X[ended, j], X[~ended, j]
        if np.ptp(with_event) > 0:
            return 0.0
        if with_event[0] >= without.max():
            return 1.0
        return -1.0 if with_event[0] <= without.min() else 0.0

    found = describe_separation(
        columns, alone, X, ended, sample.design.names, sample.index,
        "the rows without the event", cure=_CURE,
    )  # fmt: skip
    return Separation(tuple(base + j for j in found.columns), found.message)


def _not_converged(problem: Problem, found: Climb, names: Sequence[str]) -> str:
    outer, _ = problem.outer(found.theta)
    base, p = problem.layout.columns, len(problem.scale)
    own = range(base + p, len(names))
    reached = first_few(f"{names[j]} = {outer[j]:.3g}" for j in own)
    where = f" with {reached}" if reached else ""
    return (
        f"no convergence after {found.iterations} iterations{where} (last step "
        f"{found.decrement:.2g} standard errors): the likelihood may have no maximum for this "
        "distribution, as where all events fall at one time; use a simpler distribution "
        "(compare_distributions() fits them all), and look at nearly collinear terms"
    )


def covariance_of(
    problem: Problem, found: Climb, sample: Sample, plan: Plan, names: Sequence[str]
) -> tuple[Floats, str]:
    """Robust, clustered or jackknife covariance of the coefficients as given; and a remark."""
    if plan.variance == "jackknife":
        labels = sample.cluster_labels(plan.cluster[0])
        coefficients, _ = problem.outer(found.theta)
        return jackknife(
            lambda keep: refit(problem, keep, found.theta), sample.clusters[0], coefficients, labels
        ), ""
    rows = problem.parts(kernel.scores(problem.likelihood, problem.rows, found.theta))
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(rows)) if sample.members is None else sample.members
        groups = (own,)
    _, way = problem.outer(found.theta)
    return reported(
        lambda codes, count: cluster_sums(rows, codes, count),
        found.covariance @ way.T,
        groups,
        plan,
        names,
    )


def refit(problem: Problem, keep: Flags, start: Floats) -> Floats | None:
    """Coefficients as given from fewer rows; None where they have no finite maximum."""
    found = climb_some(problem, keep, start)
    return None if found is None else problem.outer(found.theta)[0]


def climb_some(problem: Problem, keep: Flags, start: Floats) -> Climb | None:
    """The climb on fewer rows, judged as the whole is."""
    part = problem.some(keep)
    base, p = problem.layout.columns, len(problem.scale)
    indicator = part.rows.designs[0][:, :base]
    if not (indicator.T @ part.rows.exits).all():
        return None
    found = climb(part.at, start)
    if not found.converged:
        return None
    own = slice(base, base + p)
    errors = np.sqrt(np.diag(found.covariance)[own])
    large = (np.abs(found.theta[own]) > _LARGE) | (errors > _LARGE / 2)
    return None if large.any() and _direction(part) is not None else found
