"""From a sample and an estimate to a Fit: the part that is the same for every estimator."""

from __future__ import annotations

from collections.abc import Mapping

from coalition_models.models.display import Background, Choices, Counts
from coalition_models.models.engine import Engine
from coalition_models.models.estimates import Estimate
from coalition_models.models.fit import Fit
from coalition_models.models.sample.draw import Sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Note

__all__ = ["assemble"]


def assemble(
    *,
    spec: Specification,
    background: Background,
    sample: Sample,
    names: tuple[str, ...],
    terms: Mapping[str, tuple[int, ...]],
    estimate: Estimate,
    choices: Choices,
    engine: Engine,
    remarks: tuple[str, ...],
    never_at_risk: int = 0,
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
        family=spec.record,
        spec=spec,
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
        data_choices=background.choices(sample.design.variables),
        sources=background.sources(sample.design.variables),
        remarks=(*map(Note, (*sample.notes, *background.lost, *estimate.notes)), *remarks),
        native=estimate.native,
    )
