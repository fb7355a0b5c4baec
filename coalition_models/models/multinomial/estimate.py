"""Estimation of a multinomial logit: the kernel maximises, this module judges and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from coalition_models.errors import FitError, counted
from coalition_models.kernels import multinomial as kernel
from coalition_models.kernels.separating import binary_direction
from coalition_models.kernels.standard import standardise
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

__all__ = ["Outcomes", "estimate_multinomial"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: a fitted chance of what happened this near to 1, or of what did not to 0, is looked at twice
_NEXT_TO_NIL = 1e-5


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What is maximised. Column 0 of ``X`` is the intercept; code 0 is no exit."""

    X: Floats
    codes: npt.NDArray[np.int64]
    kinds: tuple[str, ...]
    names: tuple[str, ...]
    weights: Floats | None


def estimate_multinomial(asked: Outcomes, sample: Sample, plan: Plan, allowed: bool) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    _refuse_rare(asked)
    standard = standardise(asked.X)
    Z = standard.matrix(asked.X)
    _refuse_flat(Z, asked.names)
    found = kernel.fit(Z, asked.codes, len(asked.kinds), asked.weights)
    remarks = [few_clusters(plan, sample.cluster_counts)]
    trouble = _judge(found, Z, asked, sample)
    if trouble is not None:
        if not allowed:
            raise FitError(trouble.message)
        remarks.append(trouble.message)
    at = kernel.multinomial_pieces(Z, asked.codes, found.coefficients, asked.weights)
    back = np.asarray(block_diag(*[standard.back] * len(asked.kinds)))
    bread: Floats = np.asarray(np.linalg.pinv(at.information), dtype=float)
    model = back @ bread @ back.T
    if trouble is not None:
        lost = list(trouble.columns)
        model[lost, :] = np.nan
        model[:, lost] = np.nan
    covariance = model
    if trouble is None and plan.variance != "model":
        covariance, said = _covariance(asked, sample, plan, Z, found, bread, back)
        remarks.append(said)
    return Estimate(
        coefficients=np.concatenate([standard.outer(row) for row in found.coefficients]),
        covariance=covariance,
        model_covariance=model,
        log_likelihood=at.log_likelihood,
        log_likelihood_null=_null(asked),
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(text for text in remarks if text),
        notes=(_exits(asked),),
    )


def _exits(asked: Outcomes) -> str:
    counts = np.bincount(asked.codes)[1:]
    said = (
        f"{kind} ({counted(int(count), 'row')})"
        for kind, count in zip(asked.kinds, counts, strict=True)
    )
    return f"compared with rows without an exit: {', '.join(said)}"


def _refuse_rare(asked: Outcomes) -> None:
    counts = np.bincount(asked.codes, minlength=len(asked.kinds) + 1)
    if counts[0] == 0:
        raise FitError(
            "every row ends in an exit, so there is nothing to compare with: name the outcome "
            "that others are compared with by none="
        )
    for kind, count in zip(asked.kinds, counts[1:], strict=True):
        if count < 2:
            raise FitError(
                f"{kind!r} happened once in the rows used, so no term can be estimated for it: "
                "join it with another kind, or leave these rows out"
            )


def _refuse_flat(Z: Floats, names: Sequence[str]) -> None:
    if Z.shape[1] < 2:
        return
    own = Z[:, 1:].copy()
    own[:, np.abs(own).max(axis=0) < 1e-6] = 0.0
    refuse_aliased(own.T @ own / len(own), list(names)[1:], f"in the {len(own)} rows used")


def _null(asked: Outcomes) -> float:
    case = np.ones(len(asked.codes)) if asked.weights is None else asked.weights
    sums = np.bincount(asked.codes, case)
    return float(sums[sums > 0] @ np.log(sums[sums > 0] / sums.sum()))


def _judge(
    found: kernel.MultinomialFit, Z: Floats, asked: Outcomes, sample: Sample
) -> Separation | None:
    """Name the terms without a finite maximum; None where it is finite."""
    p = kernel.chances(Z, found.coefficients)
    if found.converged and p.min() > _NEXT_TO_NIL:
        return None
    direction = binary_direction(*_comparisons(Z, asked))
    if direction is None:
        if found.converged:
            return None
        return Separation(
            tuple(range(Z.shape[1] * len(asked.kinds))),
            f"no convergence after {found.iterations} iterations; look at the scale of the "
            "covariates and at nearly collinear terms",
        )
    return _describe(direction.reshape(len(asked.kinds), -1), Z, asked, sample)


def _comparisons(Z: Floats, asked: Outcomes) -> tuple[Floats, Floats]:
    """A line for each row and outcome that did not happen: what happened less what did not."""
    kinds, width = len(asked.kinds), Z.shape[1]
    parts = []
    for other in range(kinds + 1):
        rows = np.flatnonzero(asked.codes != other)
        lines = np.zeros((len(rows), kinds + 1, width))
        lines[np.arange(len(rows)), asked.codes[rows]] = Z[rows]
        lines[:, other] -= Z[rows]
        parts.append(lines[:, 1:].reshape(len(rows), -1))
    whole = np.vstack(parts)
    return whole, np.ones(len(whole))


def _describe(direction: Floats, Z: Floats, asked: Outcomes, sample: Sample) -> Separation:
    """Say which term sets the rows of one kind apart from those without an exit."""
    spread = np.ptp(Z, axis=0)
    moved = [involved(row, spread) for row in direction]
    place = int(np.argmax([len(columns) > 0 for columns in moved]))
    inside = (asked.codes == 0) | (asked.codes == place + 1)
    X, event = asked.X[inside], asked.codes[inside] > 0

    def alone(j: int) -> float:
        with_event, without = X[event, j], X[~event, j]
        if with_event.min() >= without.max():
            return 1.0
        return -1.0 if with_event.max() <= without.min() else 0.0

    said = describe_separation(
        tuple(j for j in moved[place] if j > 0),
        alone,
        X,
        event,
        [f"{asked.kinds[place]}: {name}" for name in asked.names],
        sample.index[inside],
        "the rows without an exit",
    )
    width = Z.shape[1]
    lost = tuple(k * width + j for k, columns in enumerate(moved) for j in (0, *columns) if columns)
    cure = f"logit(..., penalty='firth') of {asked.kinds[place]} against no exit"
    return Separation(lost, said.message.replace("penalty='firth'", cure))


def _covariance(
    asked: Outcomes,
    sample: Sample,
    plan: Plan,
    Z: Floats,
    found: kernel.MultinomialFit,
    bread: Floats,
    back: Floats,
) -> tuple[Floats, str]:
    """Covariance of the kind asked for, from standardised columns; and a remark."""
    if plan.variance == "jackknife":
        spread = jackknife(
            lambda keep: _refit(asked, Z, found.coefficients, keep),
            sample.clusters[0],
            found.coefficients.ravel(),
            sample.cluster_labels(plan.cluster[0]),
        )
        return back @ spread @ back.T, ""
    at = kernel.multinomial_pieces(Z, asked.codes, found.coefficients, asked.weights)
    groups = sample.clusters
    if plan.variance == "robust":
        rows = np.arange(len(asked.codes))
        groups = (rows if sample.members is None else sample.members,)
    return reported(
        lambda codes, count: cluster_sums(at.scores, codes, count),
        bread @ back.T,
        groups,
        plan,
        [f"{kind}: {name}" for kind in asked.kinds for name in asked.names],
    )


def _refit(asked: Outcomes, Z: Floats, start: Floats, keep: Flags) -> Floats | None:
    """Maximum of fewer rows; None where there is none."""
    codes = asked.codes[keep]
    if (np.bincount(codes, minlength=len(asked.kinds) + 1) == 0).any():
        return None
    weights = None if asked.weights is None else asked.weights[keep]
    again = kernel.fit(Z[keep], codes, len(asked.kinds), weights, start)
    if not again.converged:
        return None
    if kernel.chances(Z[keep], again.coefficients).min() < _NEXT_TO_NIL:
        part = replace(asked, codes=codes)
        if binary_direction(*_comparisons(Z[keep], part)) is not None:
            return None
    return again.coefficients.ravel()
