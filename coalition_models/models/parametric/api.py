"""Parametric regression of durations on (start, stop] rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.assembly import assemble
from coalition_models.models.display import Background, Choices
from coalition_models.models.estimates import Estimate, Estimates
from coalition_models.models.fit import Fit
from coalition_models.models.parametric.engine import FAMILIES, ParametricEngine
from coalition_models.models.parametric.estimate import estimate_lifetimes
from coalition_models.models.parametric.layout import Layout, check_cuts, layout_of
from coalition_models.models.parametric.problem import Problem, problem_of
from coalition_models.models.parametric.scales import Scales, scales_of
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.sample.last_seen import (
    interval_note,
    read_intervals,
    refuse_torn,
)
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["DISTRIBUTIONS", "FAMILIES", "check", "draw", "estimate", "parametric"]

DISTRIBUTIONS = tuple(family.name for family in FAMILIES)


def parametric(
    formula: str,
    data: pd.DataFrame,
    *,
    distribution: str = "weibull",
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    cuts: int | Sequence[float] | None = None,
    last_seen: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Parametric survival model on rows at risk from ``start`` (open) to ``stop`` (closed).

    Maximum likelihood: a row adds ``event * log h(stop) - (H(stop) - H(start))``, so that late
    entry and gaps count as they should. Times run from the origin of the hazard (0), in any unit.

    Parameters
    ----------
    formula, data, start, stop, id, cluster, weights
        As in :func:`cox`.
    distribution : str
        Proportional hazards, coefficients are log hazard ratios: ``"exponential"``,
        ``"weibull"``, ``"gompertz"``, ``"piecewise"`` (constant hazard within pieces of time).
        Accelerated failure time, coefficients are log time ratios: ``"lognormal"``,
        ``"loglogistic"``, ``"gamma"``, ``"gengamma"`` (Prentice's form with mu, sigma and Q: Q = 1
        is Weibull, 0 log-normal, sigma gamma). Weibull and exponential have both forms: the time
        ratios stand below the table and in ``fit.native.time_ratios``.
    strata : str or sequence of str, optional
        Each combination has its own intercept and its own ancillary parameters, as in Stata's
        ``streg, strata()``; each needs an event.
    offset : str, optional
        Column added to the linear predictor: log hazard, or log time.
    cuts : int or sequence of float, optional
        Of ``"piecewise"``: times at which the hazard may change, or the number of pieces with
        about as many events each (default 5, fewer where events are tied).
    last_seen : str, optional
        Column with the last time at which a member that left was seen, for events known to the
        month or the year only: it left in (last_seen, stop], and the row adds
        ``log(S(last_seen) - S(stop))`` (R's ``survreg`` with ``interval2``). It may lie in an
        earlier row of the member (``id=``), so that covariates may change in between. Equal to
        ``stop`` where the date is exact; not read in rows without the event.
    convention : {"R", "stata"}
        R: no small-sample factor, as ``survival::survreg``. Stata: G/(G-1), as ``streg``.
    small_sample, variance, allow_nonconvergence, trust
        As in :func:`cox`. Information is the observed one in both conventions.

    Returns
    -------
    Fit
        Ancillary parameters stand among the coefficients on a scale without bounds
        (``log(shape)``, ``log(sigma)``; Gompertz's ``shape`` and ``Q`` as they are). In natural
        units, with limits, they stand below the table and in ``fit.native.parameters``.
        ``predict`` gives ``"linear"``, ``"hazard"`` (at the row's stop), ``"survival"`` (through
        the row) and ``"median"`` (of one who has the row's values from 0 on).

    Raises
    ------
    FormulaError, DataError
        As :func:`cox`; times below 0.
    FitError
        No events, or none in a stratum or piece; constant, collinear or separated terms (named);
        no finite maximum.

    Notes
    -----
    A covariate that changes between rows acts, in proportional hazards form, on the hazard of its
    own time. In accelerated failure time form each row is conditional on survival to its start
    with the row's values, ``log S(stop|x) - log S(start|x)``, as R's ``flexsurv`` and Stata's
    ``streg`` have it: the hazard at a time is what it would be had the member always had the
    present values. Models in which past values speed up the clock (``eha::aftreg``) differ.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 0.5}, seed=1)
    >>> fit = cm.parametric("event ~ risk", panel, distribution="weibull")
    >>> fit.names
    ('Intercept', 'risk', 'log(shape)')
    >>> fit.native.parameters["parameter"].tolist()
    ['shape']
    """
    check_arguments(parametric, {"data": data, "distribution": distribution})
    if distribution not in DISTRIBUTIONS:
        raise DataError(
            f"distribution must be one of {', '.join(DISTRIBUTIONS)}; found {distribution!r}"
        )
    spec = Specification(
        distribution, formula, start=start, stop=stop, id=id, cluster=cluster, strata=strata,
        weights=weights, offset=offset, cuts=cuts, last_seen=last_seen, convention=convention,
        small_sample=small_sample, variance=variance, allow_nonconvergence=allow_nonconvergence,
        trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    _plan(spec)
    check_cuts(spec.cuts)


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows."""
    sample = draw_sample(
        spec.formula, data, intercept=False, start=spec.start, stop=spec.stop, id=spec.id,
        cluster=spec.cluster, strata=spec.strata, weights=spec.weights, offset=spec.offset,
        trust=spec.trust,
    )  # fmt: skip
    if spec.last_seen is None:
        return sample
    sample = replace(sample, intervals=read_intervals(sample, data, spec.last_seen))
    refuse_torn(sample, [*sample.clusters, *([] if sample.strata is None else [sample.strata])])
    return sample


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, pieced = _plan(spec), "pieces" in spec.record.can
    few = check_enough_events(sample.event, sample.matrix.shape[1], sample.design.response)
    few = few.replace("or penalty='firth'", "or cox(..., penalty='firth')")
    layout = layout_of(sample, pieced, spec.cuts)
    problem = problem_of(sample, "exponential" if pieced else spec.family, layout, sample.matrix)
    names, terms = _labels(problem, sample)
    found, theta = estimate_lifetimes(problem, sample, names, plan, spec.allow_nonconvergence)
    scales = _scales(spec, problem, names, found, plan, sample)
    engine = ParametricEngine(
        sample, problem, theta, spec.offset, names_of(spec.strata, "strata"),
        (spec.start or "", spec.stop),
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=terms,
        estimate=_with_scales(
            found, scales, (*_pieces_note(layout), *interval_note(sample, spec.last_seen))
        ),
        choices=_choices(spec, sample, plan, layout, problem),
        engine=engine,
        remarks=tuple(text for text in (few, *found.remarks) if text),
    )


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)


def _choices(
    spec: Specification, sample: Sample, plan: Plan, layout: Layout, problem: Problem
) -> Choices:
    return Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        distribution=spec.record.short.lower(), baseline=(layout.term, *problem.life.ancillary),
        start=spec.start or "", stop=spec.stop, id=sample.id, cluster=plan.cluster,
        strata=names_of(spec.strata, "strata"), weights=spec.weights or "",
        offset=spec.offset or "",
    )  # fmt: skip


def _labels(problem: Problem, sample: Sample) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Names of the coefficients, and the places of each term."""
    layout, life = problem.layout, problem.life
    base, p, strata = layout.columns, len(sample.design.names), len(layout.strata)
    own = [f"{name}{stratum}" for name in life.ancillary for stratum in layout.strata]
    terms = {layout.term: tuple(range(base))}
    terms |= {term: tuple(base + j for j in at) for term, at in sample.design.terms.items()}
    for place, name in enumerate(life.ancillary):
        first = base + p + place * strata
        terms[name] = tuple(range(first, first + strata))
    return (*layout.names, *sample.design.names, *own), terms


def _scales(
    spec: Specification,
    problem: Problem,
    names: tuple[str, ...],
    found: Estimate,
    plan: Plan,
    sample: Sample,
) -> Scales:
    base, p = problem.layout.columns, sample.matrix.shape[1]
    ancillary = range(base + p, len(names))
    shown = [*range(base)] if problem.layout.pieced else [*ancillary]
    life = problem.life
    both = life.proportional and life.accelerated and not problem.layout.pieced
    degrees = float("inf")
    if plan.variance == "jackknife":
        degrees = float(min(sample.cluster_counts) - 1)
    return scales_of(
        Estimates(names, found.coefficients, found.covariance),
        shown,
        range(base, base + p),
        list(ancillary) if both else None,
        degrees,
    )


def _pieces_note(layout: Layout) -> tuple[str, ...]:
    if not layout.pieced:
        return ()
    cuts = ", ".join(f"{cut:g}" for cut in layout.cuts) or "none"
    return (f"hazard constant between cuts at {cuts}",)


def _with_scales(found: Estimate, scales: Scales, notes: tuple[str, ...]) -> Estimate:
    return replace(found, native=scales, notes=(*found.notes, *notes, *scales.notes()))
