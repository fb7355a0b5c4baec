"""Estimation of Cox models with a shared frailty."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, FitError
from coalition_models.kernels import cox as kernel
from coalition_models.kernels.frailty import Frailty, fit_frailty
from coalition_models.kernels.grouped_cox import GroupedCox
from coalition_models.models.cox.estimate import estimate_cox, prepare_sample
from coalition_models.models.estimates import Estimate
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Note, Plan

__all__ = ["Found", "estimate_frailty"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: one column per group is made
_MOST_GROUPS = 1000


@dataclass(frozen=True, eq=False)
class Found:
    """The estimate (variance last), log frailties, and twice the gain over none."""

    estimate: Estimate
    prepared: kernel.Prepared
    effects: Floats
    statistic: float


def estimate_frailty(
    sample: Sample, groups: Integers, ties: str, gamma: bool, plan: Plan, group: str
) -> Found:
    """Coefficients given the variance that is most likely, and that variance."""
    count = int(groups.max()) + 1
    if count < 2:
        raise FitError(f"group column {group!r} has one value only in the rows used")
    if count > _MOST_GROUPS:
        raise DataError(f"{group} has {count} values; a frailty is offered for {_MOST_GROUPS}")
    prepared = prepare_sample(sample, ties)
    plain = estimate_cox(sample, prepared, plan, False)
    events = np.bincount(groups, weights=sample.event, minlength=count).astype(np.float64)

    def fitted(rows: kernel.Prepared, without: float) -> Frailty:
        return fit_frailty(GroupedCox(rows, groups[rows.kept], count), events, gamma, without)

    found = fitted(prepared, plain.log_likelihood)
    null = fitted(_null_rows(sample, ties), plain.log_likelihood_null)
    p = len(found.coefficients)
    covariance = np.full((p + 1, p + 1), np.nan)
    nil = found.variance == 0
    covariance[:p, :p] = plain.covariance if nil else found.covariance
    statistic = max(2 * (found.log_likelihood - plain.log_likelihood), 0.0)
    remarks: list[str] = list(plain.remarks)
    if nil:
        remarks.append(
            f"the variance of the frailty of {group} is estimated at nil: the fit is the Cox model "
            "without it"
        )
    notes = [
        f"{count} values of {group}; likelihood ratio against no frailty {statistic:.3f} by the "
        f"{'marginal' if gamma else 'Laplace'} likelihood; the covariance is that given the "
        "variance of the frailty, as R's coxph has it"
    ]
    if sample.start is not None and (sample.start > sample.start.min()).any():
        notes.append(
            "rows that enter late: the frailty's distribution is taken to be that of the groups "
            "observed, whenever they entered"
        )
    beta = plain.coefficients if nil else found.coefficients
    estimate = Estimate(
        coefficients=np.append(beta, found.variance),
        covariance=covariance,
        model_covariance=covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=null.log_likelihood,
        converged=True,
        iterations=plain.iterations,
        remarks=(*remarks, *map(Note, notes)),
    )
    return Found(estimate, prepared, found.effects, statistic)


def _null_rows(sample: Sample, ties: str) -> kernel.Prepared:
    """Sorted rows without terms."""
    if sample.start is None or sample.stop is None:
        raise FitError("a Cox model needs the start and stop of each row")
    return kernel.prepare(
        sample.start, sample.stop, sample.event, sample.matrix[:, :0],
        strata=sample.strata, offset=sample.offset,
        ties="efron" if ties == "efron" else "breslow",
    )  # fmt: skip
