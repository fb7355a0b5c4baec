"""Conditional logit: an event compared within states (or other groups) only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.assembly import assemble
from coalition_models.models.conditional.engine import FAMILIES, ConditionalEngine
from coalition_models.models.conditional.estimate import Conditional, estimate_conditional
from coalition_models.models.discrete.api import draw as draw_discrete
from coalition_models.models.discrete.api import uneven, with_duration
from coalition_models.models.discrete.duration import Duration, read_kind
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "conditional_logit", "draw", "estimate"]


def conditional_logit(
    formula: str,
    data: pd.DataFrame,
    *,
    strata: str | Sequence[str] = "state",
    time: str | None = None,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    offset: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Logit with a constant for each group, which is conditioned away (Chamberlain 1980).

    What does not change within a group has no estimate, and groups in which all rows or none have
    the event say nothing (both are told). Where a member can leave once, its last row has the
    event: a term that only grows with time is then confounded with it, whatever its effect, so
    give duration terms by ``time`` with that in mind, or compare states by :func:`logit`.

    Parameters
    ----------
    formula, data, start, stop, id, offset, convention, allow_nonconvergence, trust
        As in :func:`logit`. Case weights are refused: they have no meaning in a choice of rows.
    strata : str or sequence of str
        Columns that make the groups.
    time : str, optional
        Duration terms as in :func:`logit`; none by default.
    cluster, small_sample, variance
        As in :func:`cox`. Clusters are of whole groups; ``"robust"`` sums scores by group.

    Returns
    -------
    Fit
        The likelihood is the exact one, as of ``survival::clogit(method="exact")``.

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`logit`; also groups that lie in several clusters.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("AAABBBCCC"), "event": [0, 0, 1, 0, 1, 0, 1, 0, 0],
    ...                    "risk": [0, 1, 2, 0, 1, 1, 0, 0, 1]})
    >>> cm.conditional_logit("event ~ risk", df).coefficients.round(3)
    array([1.005])
    """
    check_arguments(conditional_logit, locals())
    spec = Specification(
        "conditional_logit", formula, strata=strata, time=time, start=start, stop=stop, id=id,
        cluster=cluster, offset=offset, convention=convention, small_sample=small_sample,
        variance=variance, allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if not names_of(spec.strata, "strata"):
        raise DataError("conditional_logit() compares within groups: give strata='state'")
    if spec.time is not None:
        read_kind(spec.time)
    if len(_plan(spec).cluster) > 1:
        raise DataError("conditional_logit() is clustered by one column: give cluster= one")


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows."""
    return draw_discrete(spec, data)


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan = _plan(spec)
    sample, duration, clock = with_duration(sample, spec)
    X = np.hstack([sample.matrix[:, 1:], duration.matrix(clock, sample.index)])
    names = (*sample.design.names[1:], *duration.names)
    few = check_enough_events(sample.event, len(names), sample.design.response)
    offset = np.zeros(len(X)) if sample.offset is None else sample.offset
    if sample.strata is None:
        raise DataError("conditional_logit() compares within groups: give strata='state'")
    groups = np.unique(sample.strata, return_inverse=True)[1].astype(np.int64)
    problem = Conditional(X, sample.event, offset, groups)
    found = estimate_conditional(problem, sample, names, plan, spec.allow_nonconvergence)
    timed = sample.stop is not None
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        time=duration.words, start=(spec.start or "") if timed else "",
        stop=spec.stop if spec.time is not None or timed else "", id=sample.id,
        cluster=plan.cluster, strata=names_of(spec.strata, "strata"), offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=_terms(sample, duration),
        estimate=found,
        choices=choices,
        engine=ConditionalEngine(sample, duration, problem, spec.offset),
        remarks=tuple(text for text in (few, uneven(sample), *found.remarks) if text),
    )


def _terms(sample: Sample, duration: Duration) -> dict[str, tuple[int, ...]]:
    terms = {
        term: tuple(j - 1 for j in at)
        for term, at in sample.design.terms.items()
        if term != "Intercept"
    }
    if duration.names:
        first = len(sample.design.names) - 1
        terms[duration.words] = tuple(range(first, first + len(duration.names)))
    return terms


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)
