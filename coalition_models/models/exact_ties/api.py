"""Cox models in which tied events are taken as tied: asked for by ``cox(ties="exact")``."""

from __future__ import annotations

from coalition_models.errors import DataError
from coalition_models.kernels.exact_ties import exact_ties
from coalition_models.models.assembly import assemble
from coalition_models.models.cox.api import draw
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.cox.estimate import prepare_sample
from coalition_models.models.display import Background, Choices
from coalition_models.models.exact_ties.engine import FAMILIES, ExactEngine
from coalition_models.models.exact_ties.estimate import estimate_exact
from coalition_models.models.fit import Fit
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "draw", "estimate"]


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    plan = _plan(spec)
    if plan.variance in ("robust", "cluster"):
        raise DataError(
            f"variance={plan.variance!r} sums scores by row, and the exact likelihood has one "
            "score for all who are at risk at a time: use variance='jackknife' with cluster=, or "
            "ties='efron'"
        )


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, names = _plan(spec), sample.design.names
    few = check_enough_events(sample.event, len(names), sample.design.response)
    few = few.replace("or penalty='firth'", "or ties='efron' with penalty='firth'")
    rows = prepare_sample(sample, "breslow")
    likelihood = exact_ties(rows)
    found = estimate_exact(sample, rows, likelihood, plan, spec.allow_nonconvergence)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties="exact", start=spec.start or "", stop=spec.stop, id=sample.id, cluster=plan.cluster,
        strata=names_of(spec.strata, "strata"), offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=sample.design.terms,
        estimate=found,
        choices=choices,
        engine=ExactEngine(CoxEngine(sample, rows, spec.offset), likelihood),
        remarks=tuple(text for text in (few, *found.remarks) if text),
        never_at_risk=len(sample.event) - rows.n_at_risk_rows,
    )


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)
