"""Estimation of split populations: many starts, the maxima they reach, and which is reported."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FitError, counted, first_few
from coalition_models.kernels.climb import Climb, climb
from coalition_models.models.estimates import Estimate
from coalition_models.models.parametric.estimate import covariance_of, refuse_flat
from coalition_models.models.parametric.problem import Problem, start_levels
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Note, Plan, few_clusters

__all__ = ["Search", "estimate_split", "search"]

Floats = npt.NDArray[np.float64]

#: log-likelihoods nearer than this are of one maximum
_SAME = 1e-4
#: spread of the starts: standardised effects, log sigma, level of the log time
_SPREAD, _SPREAD_SIGMA, _SPREAD_LEVEL = 0.7, 0.5, 1.0
#: ends of the range in which the log odds of being at risk begin
_ODDS = 3.0
#: standardised coefficients beyond this run off
_FAR = 8.0


@dataclass(frozen=True)
class Search:
    """What the starts found: the highest maximum, all maxima, and how many starts ran off."""

    best: Climb
    maxima: pd.DataFrame
    lost: int
    highest_lost: Climb | None

    def words(self) -> str:
        """A note on the search, or a warning where starts disagree about the top."""
        tops = self.maxima
        total = int(tops["starts"].sum()) + self.lost
        text = f"{counted(int(tops['starts'].iloc[0]), 'start')} of {total} reached this maximum"
        if self.lost:
            text += f", {self.lost} none"
        if len(tops) == 1:
            return Note(text)
        others = first_few(
            f"{top:.4f} ({counted(int(starts), 'start')})"
            for top, starts in zip(tops["log_likelihood"][1:], tops["starts"][1:], strict=True)
        )
        text += f"; lower maxima have log-likelihood {others} (fit.native.maxima)"
        return Note(text) if tops["starts"].iloc[0] > 1 else (
            f"the starts disagree: {text}; give more with starts="
        )  # fmt: skip


def search(problem: Problem, starts: int, seed: int) -> Search:
    """Climb from a neutral start and from ``starts`` - 1 random ones."""
    found = [climb(problem.at, start) for start in _starts(problem, starts, seed)]
    arrived = sorted(
        (one for one in found if one.converged), key=lambda one: -one.at.log_likelihood
    )
    astray = [
        one for one in found if not one.converged and np.isfinite(one.at.log_likelihood)
    ]  # fmt: skip
    highest = max(astray, key=lambda one: one.at.log_likelihood, default=None)
    if not arrived:
        if highest is None:
            raise FitError("no start has a finite likelihood; look at the scale of the times")
        return Search(highest, pd.DataFrame(), len(found), highest)
    tops: list[list[Climb]] = []
    for one in arrived:
        if tops and tops[-1][0].at.log_likelihood - one.at.log_likelihood < _SAME:
            tops[-1].append(one)
        else:
            tops.append([one])
    maxima = pd.DataFrame(
        [
            {
                "log_likelihood": group[0].at.log_likelihood,
                "starts": len(group),
                "coefficients": problem.outer(group[0].theta)[0],
            }
            for group in tops
        ]
    )
    return Search(arrived[0], maxima, len(found) - len(arrived), highest)


def _starts(problem: Problem, starts: int, seed: int) -> Iterator[Floats]:
    """Constant hazard and even odds without effects; then points about it."""
    rng = np.random.default_rng(seed)
    base, p = problem.layout.columns, len(problem.scale)
    q = 0 if problem.risk_scale is None else len(problem.risk_scale)
    ancillary = len(problem.life.ancillary)
    level = start_levels(problem)
    yield np.concatenate([level, np.zeros(p + ancillary + 1 + q)])
    for _ in range(starts - 1):
        yield np.concatenate(
            [
                level + rng.normal(0, _SPREAD_LEVEL, base),
                rng.normal(0, _SPREAD, p),
                rng.normal(0, _SPREAD_SIGMA, ancillary),
                rng.uniform(-_ODDS, _ODDS, 1),
                rng.normal(0, _SPREAD, q),
            ]
        )


def estimate_split(
    problem: Problem,
    sample: Sample,
    names: Sequence[str],
    plan: Plan,
    allowed: bool,
    starts: int,
    seed: int,
) -> tuple[Estimate, Search]:
    """Search, judge what was found, and only then report a variance."""
    ones, (X, *_, R) = problem.layout.columns, problem.rows.designs
    refuse_flat(X[:, ones:], X[:, :ones], names[ones : X.shape[1]])
    refuse_flat(R[:, 1:], R[:, :1], names[len(names) - R.shape[1] + 1 :])
    found = search(problem, starts, seed)
    trouble = _trouble(problem, found, names)
    if trouble and not allowed:
        raise FitError(trouble)
    best = found.best
    null = search(problem.without_terms(), min(starts, 5), seed).best
    coefficients, way = problem.outer(best.theta)
    model = way @ best.covariance @ way.T
    covariance, said = model, ""
    if trouble:
        covariance = np.full_like(model, np.nan)
    elif plan.variance != "model":
        covariance, said = covariance_of(problem, best, sample, plan, names)
    remarks = (few_clusters(plan, sample.cluster_counts), said, trouble or found.words())
    estimate = Estimate(
        coefficients=coefficients,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=best.at.log_likelihood,
        log_likelihood_null=null.at.log_likelihood,
        converged=not trouble,
        iterations=best.iterations,
        remarks=tuple(remark for remark in remarks if remark),
    )
    return estimate, found


def _trouble(problem: Problem, found: Search, names: Sequence[str]) -> str:
    """Why the top is no maximum: it was not reached, or lies at the edge."""
    edge = found.highest_lost
    if edge is None:
        return ""
    if len(found.maxima) and edge.at.log_likelihood <= found.best.at.log_likelihood + _SAME:
        return ""
    outer = problem.outer(edge.theta)[0]
    zeta = problem.rows.predictors(edge.theta)[-1]
    reached = first_few(
        f"{names[j]} = {outer[j]:.3g}" for j in map(int, np.flatnonzero(np.abs(edge.theta) > _FAR))
    )
    where = f" ({reached} so far)" if reached else ""
    lead = f"no maximum: the likelihood still rises after {edge.iterations} steps{where}"
    if (zeta > _FAR).all():
        return (
            f"{lead}, where every member is at risk: these data show no part that never leaves; "
            "use parametric()"
        )
    return (
        f"{lead}. Duration and the chance to be at risk cannot both be told from these rows: "
        "drop terms from at_risk=, follow members for longer, or use parametric()"
    )
