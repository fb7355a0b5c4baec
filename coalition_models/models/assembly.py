"""From a sample and an estimate to a Fit: the part that is the same for every estimator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.display import Choices, Counts, describe_data, lost_record
from coalition_models.models.engine import Engine
from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample
from coalition_models.record import sources_of

__all__ = ["Estimated", "assemble"]

Floats = npt.NDArray[np.float64]


class Estimated(Protocol):
    """What an estimation hands over."""

    @property
    def coefficients(self) -> Floats:
        """Estimates, shape (p,)."""

    @property
    def covariance(self) -> Floats:
        """Of the kind asked for, shape (p, p)."""

    @property
    def model_covariance(self) -> Floats:
        """Inverse information, shape (p, p)."""

    @property
    def log_likelihood(self) -> float:
        """At the estimates."""

    @property
    def log_likelihood_null(self) -> float:
        """Without the formula's terms."""

    @property
    def converged(self) -> bool:
        """Whether a finite maximum was reached."""

    @property
    def iterations(self) -> int:
        """Steps taken."""


def assemble(
    *,
    estimator: str,
    title: str,
    data: pd.DataFrame,
    sample: Sample,
    names: tuple[str, ...],
    terms: Mapping[str, tuple[int, ...]],
    estimate: Estimated,
    choices: Choices,
    engine: Engine,
    remarks: tuple[str, ...],
    never_at_risk: int = 0,
    native: object | None = None,
) -> Fit:
    """Put together what a fit remembers."""
    counts = Counts(
        rows_given=sample.rows_given,
        rows=len(sample.event),
        events=int(sample.event.sum()),
        time_at_risk=sample.time_at_risk,
        members=sample.member_count,
        clusters=sample.cluster_counts,
        never_at_risk=never_at_risk,
        dropped=sample.design.dropped,
        left_out=sample.left_out,
    )
    return Fit(
        estimator=estimator,
        title=title,
        formula=sample.design.formula,
        names=names,
        terms=terms,
        coefficients=estimate.coefficients,
        covariance=estimate.covariance,
        model_covariance=estimate.model_covariance,
        choices=choices,
        counts=counts,
        log_likelihood=estimate.log_likelihood,
        log_likelihood_null=estimate.log_likelihood_null,
        converged=estimate.converged,
        iterations=estimate.iterations,
        engine=engine,
        data_choices=describe_data(data, sample.design.variables),
        sources=sources_of(data, sample.design.variables),
        remarks=(*sample.notes, *lost_record(data), *remarks),
        native=native,
    )
