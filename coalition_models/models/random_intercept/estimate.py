"""Estimation with a random intercept: Newton's method on the marginal likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from coalition_models.errors import FitError
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.random_intercept import Marginal, RandomIntercept
from coalition_models.kernels.standard import standardise
from coalition_models.kernels.variance import cluster_sums
from coalition_models.models.discrete.estimate import estimate_model
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.estimates import Estimate
from coalition_models.models.group_clusters import clusters_of_groups
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Note, Plan, few_clusters, jackknife, reported

__all__ = ["Boundary", "estimate_random_intercept"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: where the search for the standard deviation begins
_STARTS = (0.5, 1.5)
#: a standard deviation below this is nil, above that it runs off
_NIL, _ENDLESS = 1e-4, 25.0


@dataclass(frozen=True)
class Boundary:
    """Likelihood ratio against no random intercept; nil or a chi-squared, each by half."""

    statistic: float

    @property
    def p_value(self) -> float:
        """Of a variance on the edge of what it can be (Self and Liang 1987)."""
        return 0.5 * float(stats.chi2.sf(self.statistic, 1)) if self.statistic > 0 else 1.0


def estimate_random_intercept(
    rows: RandomIntercept, sample: Sample, names: Sequence[str], plan: Plan, group: str
) -> tuple[Estimate, Boundary, Floats]:
    """Coefficients and, last, the standard deviation; its test; the intercepts by group."""
    standard = standardise(rows.X)
    inner = replace(rows, X=standard.matrix(rows.X))
    plain = Plan("model", plan.convention, False, ())
    shift = rows.offset if rows.offset.any() else None
    pooled = estimate_model(
        Problem(rows.X, rows.y, rows.link, None, shift), sample, list(names)[:-1], plain, False
    )
    start = standard.inner(pooled.coefficients)
    theta, at, taken = _climb(inner, start)
    alone = np.zeros(1)
    alone[0] = start[0]
    null = _climb(replace(inner, X=np.ones((len(rows.y), 1))), alone)[1]
    edge = Boundary(max(2 * (at.value - pooled.log_likelihood), 0.0))
    p = len(start)
    back = np.eye(p + 1)
    back[:p, :p] = standard.back
    bread = inverse(at.information)
    if bread is None:
        raise FitError(_no_top(group))
    model = back @ bread @ back.T
    covariance, said = model, ""
    if plan.variance != "model":
        covariance, said = _covariance(inner, sample, plan, theta, at, bread, back, names)
    remarks = [few_clusters(plan, sample.cluster_counts), said]
    if theta[p] == 0.0:
        covariance, model = covariance.copy(), model.copy()
        covariance[p], covariance[:, p], model[p], model[:, p] = [np.nan] * 4
        remarks.append(
            f"the standard deviation between values of {group} is estimated at nil: the fit is "
            "that without a random intercept"
        )
    note = (
        f"random intercept of {group}: likelihood ratio against none {edge.statistic:.3f}, p "
        f"{edge.p_value:.3g} (half a chi-squared, since a variance cannot be negative)"
    )
    estimate = Estimate(
        coefficients=back @ theta,
        covariance=covariance,
        model_covariance=model,
        log_likelihood=at.value,
        log_likelihood_null=null.value,
        converged=True,
        iterations=taken,
        remarks=tuple(text for text in (*remarks, Note(note)) if text),
    )
    return estimate, edge, at.intercepts


def _no_top(group: str) -> str:
    return (
        f"no maximum found with a random intercept of {group}: where its values hold few rows "
        "each, or the event in all or none of them, its variance cannot be told; use logit() with "
        f"cluster={group!r}"
    )


def _climb(rows: RandomIntercept, start: Floats) -> tuple[Floats, Marginal, int]:
    """The top from a moderate standard deviation; where that is nil or none, from a large one."""
    settled = []
    for sd in _STARTS:
        top = _newton(rows, np.append(start, sd))
        if top is not None:
            settled.append(top)
            if top[0][-1] > 0:
                break
    if not settled:
        raise FitError(_no_top("the group"))
    return max(settled, key=lambda top: top[1].value)


def _newton(rows: RandomIntercept, theta: Floats) -> tuple[Floats, Marginal, int] | None:
    here = rows.at(theta)
    for taken in range(1, 101):
        score = here.scores.sum(axis=0)
        step = _upward(here.information, score)
        step *= min(1.0, 2.0 / float(np.abs(step).max(initial=1e-300)))
        gain, share = float(score @ step), 1.0
        there = rows.at(theta + step)
        while not there.value >= here.value - 1e-12 * (1 + abs(here.value)) and share > 1e-6:
            share /= 2
            there = rows.at(theta + share * step)
        theta, here = theta + share * step, there
        theta[-1] = abs(theta[-1])
        if theta[-1] > _ENDLESS:
            return None
        if gain < 1e-18 or (gain < 1e-14 and share < 1e-5):
            break
        if theta[-1] < _NIL:
            edge = _on_edge(rows, theta)
            return (*edge, taken)
    else:
        return None
    return theta, here, taken


def _upward(information: Floats, score: Floats) -> Floats:
    """Newton's step; where the curvature is not positive, its size is taken."""
    bread = inverse(information)
    if bread is not None:
        return np.asarray(bread @ score)
    values, vectors = np.linalg.eigh(information)
    size = np.maximum(np.abs(values), 1e-6 * np.abs(values).max())
    return np.asarray(vectors @ ((vectors.T @ score) / size))


def _on_edge(rows: RandomIntercept, theta: Floats) -> tuple[Floats, Marginal]:
    """The other coefficients at their best without a random intercept."""
    theta = np.append(theta[:-1], 0.0)
    for _ in range(50):
        at = rows.at(theta)
        p = len(theta) - 1
        bread = inverse(at.information[:p, :p])
        if bread is None:
            break
        step = bread @ at.scores.sum(axis=0)[:p]
        theta[:p] += step
        if np.abs(step).max() < 1e-11:
            break
    return theta, rows.at(theta)


def _covariance(
    rows: RandomIntercept,
    sample: Sample,
    plan: Plan,
    theta: Floats,
    at: Marginal,
    bread: Floats,
    back: Floats,
    names: Sequence[str],
) -> tuple[Floats, str]:
    """Covariance by clusters of whole groups, and a remark."""
    if plan.variance == "jackknife":
        labels = sample.cluster_labels(plan.cluster[0])
        clusters_of_groups(rows.groups, sample, plan)

        def refit(keep: Flags) -> Floats | None:
            codes = np.unique(rows.groups[keep], return_inverse=True)[1].astype(np.int64)
            y = rows.y[keep]
            part = replace(rows, X=rows.X[keep], y=y, offset=rows.offset[keep], groups=codes)
            found = _newton(part, np.append(theta[:-1], max(float(theta[-1]), 0.1)))
            return None if found is None or y.min() == y.max() else found[0]

        spread = jackknife(refit, sample.clusters[0], theta, labels)
        return np.asarray(back @ spread @ back.T), ""
    codes = np.arange(rows.count)
    if plan.variance == "cluster":
        codes = clusters_of_groups(rows.groups, sample, plan)
    return reported(
        lambda numbers, count: cluster_sums(at.scores, numbers, count),
        bread @ back.T, (codes.astype(np.int64),), plan, names,
    )  # fmt: skip
