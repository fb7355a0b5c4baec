"""Estimation of subdistribution hazards: weigh those who left otherwise, then a Cox model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, FitError, counted, first_few
from coalition_models.kernels import cox as kernel
from coalition_models.kernels._times import snap_times
from coalition_models.kernels.subdistribution import Rule, expand
from coalition_models.models.cox.estimate import estimate_cox, prepare_sample
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.stays import ends_of
from coalition_models.models.variance import Plan, few_clusters, jackknife

__all__ = ["Weighted", "changing_terms", "estimate_weighted", "refuse_changing", "weigh"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Weighted:
    """The rows given and those made, as a sample; ``rows`` are their places among the former."""

    sample: Sample
    rows: Integers
    rule: str


def weigh(sample: Sample, cause: int, rule: str = "finegray") -> Weighted:
    """Make the weighted rows of those who left otherwise than by ``cause``."""
    start, stop, codes, members = _parts(sample)
    first, last, gaps = ends_of(members, start, stop)
    if gaps:
        lost = sum(sample.design.dropped.values())
        why = f"; {counted(lost, 'missing value')} left rows out" if lost else ""
        raise DataError(
            f"some members have gaps between their rows{why}: how long they would have been at "
            "risk is then not known. Fill the gaps, tell the stays apart with id=, or use "
            "cause_specific()"
        )
    if rule != "finegray" and (start[first] > start.min()).any():
        raise DataError(
            f"censoring={rule!r} is for members who all enter at one time; some enter late, for "
            "whom only censoring='finegray' has weights"
        )
    kind = np.where(codes == 0, 0, np.where(codes == cause, 1, 2))
    ends = _flags(first, len(start)), _flags(last, len(start))
    made = expand(start, stop, kind, *ends, cast("Rule", rule))
    rows = made.rows

    case = made.weight if sample.weights is None else made.weight * sample.weights[rows]
    picked = replace(
        sample,
        matrix=np.ascontiguousarray(sample.matrix[rows]),
        index=sample.index[rows],
        event=made.event,
        start=made.start,
        stop=made.stop,
        weights=case,
        offset=None if sample.offset is None else sample.offset[rows],
        strata=None if sample.strata is None else sample.strata[rows],
        clusters=tuple(numbers[rows] for numbers in sample.clusters),
        members=members[rows],
        carried={name: values[rows] for name, values in sample.carried.items()},
        kinds=None,
    )
    return Weighted(picked, rows, rule)


def _parts(sample: Sample) -> tuple[Floats, Floats, Integers, Integers]:
    if sample.start is None or sample.stop is None or sample.kinds is None:
        raise FitError("a subdistribution hazard needs start, stop and kind of exit of each row")
    start, stop = snap_times(sample.start, sample.stop)
    own = np.arange(len(stop)) if sample.members is None else sample.members
    return start, stop, sample.kinds.codes, own


def _flags(rows: Integers, size: int) -> Flags:
    out = np.zeros(size, dtype=bool)
    out[rows] = True
    return out


def changing_terms(sample: Sample) -> tuple[str, ...]:
    """Terms whose values change within a member."""
    if sample.members is None:
        return ()
    found: Mapping[str, tuple[int, ...]] = sample.design.terms
    order = np.argsort(sample.members, kind="stable")
    same = np.diff(sample.members[order]) == 0
    moved = (np.diff(sample.matrix[order], axis=0) != 0) & same[:, None]
    columns = moved.any(axis=0)
    return tuple(term for term, at in found.items() if columns[list(at)].any())


def estimate_weighted(
    sample: Sample, cause: int, made: Weighted, prepared: kernel.Prepared, plan: Plan, allowed: bool
) -> Estimate:
    """Maximise, and report a variance; a jackknife estimates the weights anew without each."""
    if plan.variance != "jackknife":
        return estimate_cox(made.sample, prepared, plan, allowed)
    found = estimate_cox(made.sample, prepared, replace(plan, variance="model"), allowed)
    if not found.converged:
        return found
    labels = sample.cluster_labels(plan.cluster[0])

    def refit(keep: Flags) -> Floats | None:
        part = sample.subset(keep, "a cluster")
        try:
            rows = prepare_sample(weigh(part, cause, made.rule).sample, prepared.ties)
            again = kernel.fit(rows, initial=found.coefficients)
        except (DataError, FitError):
            return None
        usable = again.converged and not again.aliased.any()
        return again.coefficients if usable else None

    covariance = jackknife(refit, sample.clusters[0], found.coefficients, labels)
    few = few_clusters(plan, sample.cluster_counts)
    remarks = (*found.remarks, *([few] if few else []))
    return replace(found, covariance=covariance, remarks=remarks)


def refuse_changing(sample: Sample, changing: str | None) -> str:
    """Refuse terms that change within members, or word what becomes of them."""
    terms = changing_terms(sample)
    if not terms:
        return ""
    if changing is None:
        raise DataError(
            f"{first_few(terms)} {'change' if len(terms) > 1 else 'changes'} within members, and "
            "those who left otherwise stay at risk of this exit with values that nobody sees. "
            "changing='last' keeps the values of their last row; do so only for covariates that "
            "go on without the member, such as the time of year. For any others use "
            "cause_specific()"
        )
    return (
        f"after another exit {first_few(terms)} keeps the value of the last row (changing='last')"
    )
