"""Discrete-time models of events that are known to lie in one of several periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.assembly import assemble
from coalition_models.models.discrete.api import draw as draw_discrete
from coalition_models.models.discrete.api import uneven, with_duration
from coalition_models.models.discrete.duration import read_kind
from coalition_models.models.discrete.engine import DiscreteEngine
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.interval.engine import FAMILIES, LINKS, IntervalEngine
from coalition_models.models.interval.estimate import estimate_interval
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.last_seen import interval_note, read_intervals, refuse_torn
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "draw", "estimate", "interval_censored"]


def interval_censored(
    formula: str,
    data: pd.DataFrame,
    *,
    last_seen: str,
    link: str = "cloglog",
    time: str | None = "cubic",
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Discrete-time model of events of which it is known only that they lie in some periods.

    A member that left at some time in (last_seen, stop] has rows for all periods up to ``stop``,
    the event in the last. Those since it was last seen add the log of the chance that the event
    fell into one of them, each with its own covariates. For times that are not periods, use
    :func:`parametric` with ``last_seen=``.

    Parameters
    ----------
    formula, data, time, start, stop, offset, weights, convention, allow_nonconvergence, trust
        As in :func:`logit`.
    last_seen : str
        Column with the last time at which a member that left was seen, on the clock of ``stop``:
        the end of a period. The period's own start (or its stop) where the period is known; not
        read in rows without the event.
    link : {"cloglog", "logit", "probit"}
        ``"cloglog"`` is proportional hazards.
    id, cluster, small_sample, variance
        As in :func:`logit`; ``id`` tells which earlier periods are the member's. Clusters have
        whole members.

    Returns
    -------
    Fit
        Information is the observed one.

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`logit`; also dates that are missing in rows with the event, or that lie before a
        member's first row, and weights or clusters that differ between the rows of one event.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> panel["seen"] = (panel["stop"] - 3).clip(lower=0)  # known by the quarter
    >>> fit = cm.interval_censored("event ~ risk", panel, last_seen="seen", time="linear")
    >>> fit.names
    ('Intercept', 'risk', 'stop/100')
    """
    check_arguments(interval_censored, {"data": data})
    family = f"interval_{link}"
    if family not in LINKS:
        raise DataError(f"link must be one of {', '.join(LINKS.values())}; found {link!r}")
    spec = Specification(
        family, formula, last_seen=last_seen, time=time, start=start, stop=stop, id=id,
        cluster=cluster, weights=weights, offset=offset, convention=convention,
        small_sample=small_sample, variance=variance, allow_nonconvergence=allow_nonconvergence,
        trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.last_seen is None:
        raise DataError("interval_censored() needs last_seen=, the time each was last seen at")
    if spec.time is not None:
        read_kind(spec.time)
    if spec.time == "dummies":
        raise DataError(
            "time='dummies' needs the period of every event: use 'cubic', 'ns(4)' or 'log'"
        )
    _plan(spec)


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows; which periods may hold an event."""
    sample = draw_discrete(spec, data)
    if sample.start is None or sample.stop is None:
        raise DataError(
            "last_seen= needs the times of each row, in the columns that start and stop name; "
            f"found {spec.start!r} and {spec.stop!r}"
        )
    found = read_intervals(sample, data, str(spec.last_seen), whole_rows=True)
    sample = replace(sample, intervals=found)
    refuse_torn(sample, sample.clusters)
    return sample


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, link = _plan(spec), LINKS[spec.family]
    sample, duration, clock = with_duration(sample, spec)
    X = np.hstack([sample.matrix, duration.matrix(clock, sample.index)])
    names = (*sample.design.names, *duration.names)
    few = check_enough_events(sample.event, len(names) - 1, sample.design.response)
    found = estimate_interval(X, sample, link, names, plan, spec.allow_nonconvergence)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        link=link, time=duration.words, start=spec.start or "", stop=spec.stop, id=sample.id,
        cluster=plan.cluster, weights=spec.weights or "", offset=spec.offset or "",
    )  # fmt: skip
    terms = dict(sample.design.terms)
    if duration.names:
        terms[duration.words] = tuple(range(len(sample.design.names), len(names)))
    problem = Problem(X, sample.event, link, sample.weights, sample.offset)
    engine = DiscreteEngine(sample, sample, duration, problem, spec.offset, None)
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=terms,
        estimate=replace(found, notes=(*found.notes, *interval_note(sample, spec.last_seen))),
        choices=choices,
        engine=IntervalEngine(engine),
        remarks=tuple(text for text in (few, uneven(sample), *found.remarks) if text),
    )


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=True)
