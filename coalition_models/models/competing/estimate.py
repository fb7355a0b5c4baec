"""Estimation of several hazards: a Cox model each, and the covariance of all of them together.

A stratum per kind with every term times the kind is the same model: its likelihood is the product
of these. Fitted apart, a term that separates one kind is named with that kind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from coalition_models.errors import FitError, counted
from coalition_models.kernels.clusters import score_sums
from coalition_models.kernels.jackknife import jackknife_by_cluster
from coalition_models.models.competing.engine import Part
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.cox.estimate import estimate_cox, prepare_sample
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.checks import check_enough_events
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.kinds import Kinds
from coalition_models.models.variance import Plan, few_clusters, refuse_lost, reported

__all__ = ["estimate_parts", "parts_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def parts_of(
    sample: Sample, kinds: Kinds, codes: Sequence[int], ties: str, offset: str | None
) -> tuple[Part, ...]:
    """One Cox model per kind: its exits are the events, all others end the time at risk."""
    parts = []
    for code in codes:
        label = kinds.labels[code - 1]
        exits = int((kinds.codes == code).sum())
        if exits < 2:
            raise FitError(
                f"{label!r} happened {'once' if exits else 'never'} in the rows used, so no term "
                f"can be estimated for it: join it with another kind, or leave it out with causes="
                "[...]; the other kinds' estimates do not depend on it"
            )
        own = replace(sample, event=(kinds.codes == code).astype(float))
        rows = np.arange(len(own.event))
        if kinds.exposed is not None:
            inside = kinds.exposed[:, code - 1]
            rows = np.flatnonzero(inside)
            own = own.subset(inside, f"not at risk of {label}")
        with _named(label):
            prepared = prepare_sample(own, ties)
        parts.append(Part(label, rows, CoxEngine(own, prepared, offset)))
    return tuple(parts)


def estimate_parts(parts: Sequence[Part], sample: Sample, plan: Plan, allowed: bool) -> Estimate:
    """Fit each kind, then make the covariance of all coefficients."""
    alone = replace(plan, variance="model")
    found, remarks = [], [few_clusters(plan, sample.cluster_counts)]
    for part in parts:
        own = part.engine.sample
        few = check_enough_events(own.event, len(own.design.names), part.label)
        with _named(part.label):
            one = estimate_cox(own, part.engine.prepared, alone, allowed)
        found.append(one)
        said = (few, *one.remarks)
        remarks += [f"{part.label}: {_cured(text)}" for text in said if text]
    coefficients = np.concatenate([one.coefficients for one in found])
    bread = np.asarray(block_diag(*(one.covariance for one in found)))
    covariance, said_of = _covariance(parts, sample, plan, coefficients, bread)
    return Estimate(
        coefficients=coefficients,
        covariance=covariance,
        model_covariance=bread,
        log_likelihood=sum(one.log_likelihood for one in found),
        log_likelihood_null=sum(one.log_likelihood_null for one in found),
        converged=all(one.converged for one in found),
        iterations=max(one.iterations for one in found),
        remarks=tuple(text for text in (*remarks, said_of) if text),
        notes=(_exits(parts),),
    )


def _exits(parts: Sequence[Part]) -> str:
    said = (
        f"{part.label} ({counted(int(part.engine.sample.event.sum()), 'event')})" for part in parts
    )
    return f"a baseline hazard for each: {', '.join(said)}"


@contextmanager
def _named(label: str) -> Iterator[None]:
    """Name the kind in an error."""
    try:
        yield
    except FitError as error:
        raise FitError(f"{label}: {_cured(str(error))}") from error


def _cured(text: str) -> str:
    """Name the cure that this family has: the penalty is for one kind at a time."""
    return text.replace("penalty='firth'", "cox(..., penalty='firth') of this kind alone")


def _covariance(
    parts: Sequence[Part], sample: Sample, plan: Plan, coefficients: Floats, bread: Floats
) -> tuple[Floats, str]:
    """Of the kind asked for; missing for coefficients that run off."""
    if plan.variance == "model":
        return bread, ""
    own = [one.copy() for one in np.split(coefficients, len(parts))]
    lost = np.isnan(np.diag(bread))
    if plan.variance == "jackknife":
        covariance, said = _jackknife(parts, sample, plan, own), ""
    else:
        groups = sample.clusters
        if plan.variance == "robust":
            rows = np.arange(len(sample.event))
            groups = (rows if sample.members is None else sample.members,)
        names = [f"{part.label}: {name}" for part in parts for name in sample.design.names]
        sums = _sums(parts, own)
        covariance, said = reported(sums, np.nan_to_num(bread), groups, plan, names)
    covariance[lost, :] = np.nan
    covariance[:, lost] = np.nan
    return covariance, said


def _sums(parts: Sequence[Part], own: Sequence[Floats]) -> Callable[[Integers, int], Floats]:
    """Scores of all coefficients summed within clusters, which join what the kinds share."""

    def sum_scores(codes: Integers, count: int) -> Floats:
        return np.hstack(
            [
                score_sums(part.engine.prepared, beta, codes[part.rows], count)
                for part, beta in zip(parts, own, strict=True)
            ]
        )

    return sum_scores


def _jackknife(parts: Sequence[Part], sample: Sample, plan: Plan, own: Sequence[Floats]) -> Floats:
    """CR3: all kinds without one cluster at a time; a kind without rows in it stays as it is."""
    codes, labels = sample.clusters[0], sample.cluster_labels(plan.cluster[0])
    moves = []
    for part, beta in zip(parts, own, strict=True):
        refits = jackknife_by_cluster(part.engine.prepared, beta, codes[part.rows])
        refuse_lost([labels[int(g)] for g in refits.labels[~refits.usable]])
        move = np.zeros((len(labels), len(beta)))
        move[refits.labels.astype(np.int64)] = refits.coefficients - beta
        moves.append(move)
    together = np.hstack(moves)
    return np.asarray((len(labels) - 1) / len(labels) * together.T @ together)
