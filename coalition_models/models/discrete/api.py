"""Discrete-time event history: logit, probit and complementary log-log on member-periods."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FormulaError
from coalition_models.models.assembly import assemble
from coalition_models.models.discrete.case_control import brought_back, check_share
from coalition_models.models.discrete.duration import Duration, duration_terms, read_kind
from coalition_models.models.discrete.engine import FAMILIES, DiscreteEngine
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.discrete.remedies import PENALTIES, Remedy, estimate_with
from coalition_models.models.display import Background, Choices
from coalition_models.models.engine import Unfitted
from coalition_models.models.fit import Fit
from coalition_models.models.priors import contrasts, pulled_by, read_priors, resolve_priors
from coalition_models.models.pulled import refuse_pulled_variance
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.columns import as_numbers, found_instead
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance, refuse_penalised_variance

__all__ = [
    "FAMILIES", "check", "draw", "estimate", "logit", "uneven", "unfitted", "with_duration",
]  # fmt: skip

Floats = npt.NDArray[np.float64]


def logit(
    formula: str,
    data: pd.DataFrame,
    *,
    time: str | None = "cubic",
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    link: str = "logit",
    penalty: str | None = None,
    prior: str | Mapping[str, str] | None = None,
    population_share: float | None = None,
    correction: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Discrete-time model of an event, one row per member and period.

    Estimated by statsmodels; the clustered variance is computed here, so that its convention is
    known. Time at risk enters by ``time``, since a logit without it assumes a constant hazard.

    Parameters
    ----------
    formula : str
        ``"event ~ a + b + C(region)"``; the event column holds 0 and 1. Terms and functions as
        in :func:`cox`.
    data : DataFrame
        One row per member and period at risk.
    time : {"cubic", "linear", "log", "dummies", "poly(4)", "ns(4)", None}
        Duration dependence in column ``stop``. The default is the cubic polynomial of Carter and
        Signorino (2010), the field's standard, in hundreds of periods; ``"dummies"`` leaves out
        (and counts) periods without any event, whose dummy would fit perfectly; ``"poly(k)"`` is
        a polynomial of degree k; ``"ns(k)"`` a natural cubic spline with k degrees of freedom,
        knots at quantiles of the rows used (as R's ``ns``), ``"ns(knots=6, 12, 24)"`` one with
        these inner knots; ``None`` where the formula holds time itself.
    start, stop : str
        Interval of each row. ``start`` may be absent from the data; ``stop`` too if ``time=None``.
    id : str or sequence of str, optional
        Columns of one member's history; ``coalition, state, spell`` where all are present.
    cluster : str or sequence of str, optional
        One column, or two for two-way clustering.
    weights, offset : str, optional
        Case weights (rows of weight 0 count as absent) and an offset on the link's scale.
    link : {"logit", "probit", "cloglog"}
        ``"cloglog"`` is the grouped-data form of proportional hazards.
    penalty : {None, "firth", "flic", "flac", "relogit"}
        For the logit link. ``"firth"``: finite under separation, with profile-likelihood limits.
        Its chances are too near to one half; ``"flic"`` (intercept corrected) and ``"flac"``
        (pseudo-rows told apart by a column) are right on average (Puhr and others 2017).
        ``"relogit"`` takes the first-order bias off the maximum (King and Zeng 2001); unlike the
        others it is not finite under separation, and may be clustered.
    prior : str or mapping, optional
        ``"log-F(1, 1)"``, ``"t(7, 2.5)"`` or ``"normal(2.5)"``, about zero, on every term of the
        formula, or a mapping of term or coefficient to one of these. Each is on a contrast: the
        step between the values of a column that has two, else two standard deviations of the rows
        used (Gelman and others 2008); ``"log-F(1, 1) per unit"`` is on the coefficient itself.
        Reported are the mode with limits and p-values by its profile, and below the table the
        estimate without the prior. Intercept and duration have none unless named.
    population_share : float, optional
        Share of rows with the event in the population, where rows were chosen by the event.
    correction : {"prior", "weights"}, optional
        How the coefficients become the population's: ``"prior"`` (default, logit link) shifts the
        intercept; ``"weights"`` weights the rows, which is right for every link and needs a robust
        or clustered variance (King and Zeng 2001). The share of events in the sample is taken as
        chosen: also where the jackknife leaves clusters out, it stays that of all rows.
    convention : {"R", "stata"}
        R: as ``sandwich::vcovCL`` on a ``glm`` (HC0 times G/(G-1), expected information). Stata:
        G/(G-1) and, for probit and cloglog, the observed information.
    small_sample : bool, optional
        Multiply the clustered variance by G/(G-1); both conventions do.
    variance : {"model", "robust", "cluster", "jackknife"}, optional
        ``"cluster"`` where ``cluster`` is given, otherwise ``"model"``. ``"robust"`` sums scores
        by ``id``. ``"jackknife"`` is CR3.
    allow_nonconvergence : bool
        Return a fit that has no finite maximum instead of raising; its standard errors are
        missing for the coefficients that run off, and a warning says so.
    trust : bool
        Evaluate any Python in the formula, which can then do whatever a program can do, such as
        reading and deleting files: only for formulas that you wrote yourself (see :func:`cox`).

    Returns
    -------
    Fit
        ``native`` is the statsmodels result (on centred and scaled columns where covariates are
        on wild scales; a remark says so).

    Raises
    ------
    FormulaError
        Absent column, one-category term, ``time`` without its column.
    DataError
        Wrong event coding, overlapping rows of a member, infinite values, and the like.
    FitError
        No events, constant, collinear or separated terms (named), no convergence.

    Examples
    --------
    >>> import numpy as np, pandas as pd, coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"stop": np.tile(np.arange(1, 11), 60), "risk": rng.normal(size=600)})
    >>> df["event"] = (rng.random(600) < 1 / (1 + np.exp(2.5 - df["risk"]))).astype(int)
    >>> fit = cm.logit("event ~ risk", df, time="linear")
    >>> fit.names
    ('Intercept', 'risk', 'stop/100')
    """
    check_arguments(logit, locals())
    spec = Specification(
        "logit", formula, time=time, start=start, stop=stop, id=id, cluster=cluster,
        weights=weights, offset=offset, link=link, penalty=penalty, prior=prior,
        population_share=population_share, correction=correction, convention=convention,
        small_sample=small_sample, variance=variance, allow_nonconvergence=allow_nonconvergence,
        trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    _check_options(spec)
    plan = _plan(spec)
    if spec.penalty != "relogit":
        refuse_penalised_variance(spec.penalty, plan)
    refuse_pulled_variance(spec.prior, spec.penalty, plan)
    pulled = spec.penalty is not None or spec.prior is not None
    check_share(spec.population_share, spec.correction, spec.record, pulled, plan)


def draw(spec: Specification, data: pd.DataFrame, groups: str | None = None) -> Sample:
    """Check the data and take the complete rows, with the time that duration terms need."""
    start, stop = _time_columns(spec, data)
    sample = draw_sample(
        spec.formula, data, intercept=True, start=start, stop=stop, id=spec.id,
        cluster=spec.cluster, strata=groups or spec.strata, weights=spec.weights,
        offset=spec.offset, also=[spec.stop] if spec.time is not None else [], trust=spec.trust,
    )  # fmt: skip
    if spec.time is None:
        return sample
    clock = sample.stop if sample.stop is not None else _clock(sample, data, spec.stop)
    return replace(sample, clock=clock)


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan = _plan(spec)
    engine, names, *said = _model(spec, sample)
    sample, duration, problem = engine.sample, engine.duration, engine.problem
    remedy = _remedy(spec, engine, names)
    found, pulled = estimate_with(problem, sample, names, plan, remedy, spec.allow_nonconvergence)
    timed = sample.stop is not None
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        penalty=pulled_by(spec.penalty, spec.prior), link=problem.link, time=duration.words,
        start=(spec.start or "") if timed else "",
        stop=spec.stop if spec.time is not None or timed else "", id=sample.id,
        cluster=plan.cluster, weights=spec.weights or "", offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=_terms(sample, duration),
        estimate=found,
        choices=choices,
        engine=replace(engine, pulled=pulled, remedy=remedy),
        remarks=tuple(text for text in (*said, uneven(sample), *found.remarks) if text),
    )


def unfitted(spec: Specification, sample: Sample) -> Unfitted:
    """The rows with their duration terms, before anything is maximised."""
    engine, names, *_ = _model(spec, sample)
    return Unfitted(engine, names, _terms(engine.sample, engine.duration))


def _model(
    spec: Specification, observed: Sample
) -> tuple[DiscreteEngine, tuple[str, ...], str, str]:
    """The model on its rows, the names of its columns, what is said of events and their share."""
    sample, duration, clock = with_duration(observed, spec)
    problem = Problem(
        np.hstack([sample.matrix, duration.matrix(clock, sample.index)]),
        sample.event, spec.record.link, sample.weights, sample.offset,
    )  # fmt: skip
    names = (*sample.design.names, *duration.names)
    few = check_enough_events(sample.event, len(names) - 1, sample.design.response)
    problem, shift, shares = brought_back(problem, spec.population_share, spec.correction)
    engine = DiscreteEngine(sample, observed, duration, problem, spec.offset, None, shift=shift)
    return engine, names, few, shares


def _remedy(spec: Specification, engine: DiscreteEngine, names: tuple[str, ...]) -> Remedy:
    """The penalty, or the priors of the coefficients on the columns of these rows."""
    if spec.prior is None:
        return Remedy(spec.penalty)
    X, weights = engine.problem.X, engine.sample.weights
    middle = np.average(X, axis=0, weights=weights)
    spread = np.sqrt(np.average((X - middle) ** 2, axis=0, weights=weights))
    own = [j for j, name in enumerate(engine.sample.design.names) if name != "Intercept"]
    terms = _terms(engine.sample, engine.duration)
    wanted = read_priors(spec.prior)
    return Remedy(None, resolve_priors(wanted, names, terms, own, contrasts(X, spread)))


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=True)


def _check_options(spec: Specification) -> None:
    if spec.penalty not in (None, *PENALTIES):
        raise DataError(
            f"penalty must be None or {', '.join(map(repr, PENALTIES))}, not {spec.penalty!r}"
        )
    if spec.time is not None:
        read_kind(spec.time)


def _time_columns(spec: Specification, data: pd.DataFrame) -> tuple[str | None, str | None]:
    """Both time columns where they are there; the clock of ``time`` must be."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a pandas DataFrame, found {type(data).__name__}")
    if spec.time is not None and spec.stop not in data.columns:
        raise FormulaError(
            f"time={spec.time!r} counts time at risk in column {spec.stop!r}, which is not there; "
            "name it with stop=, or give time=None and put time in the formula"
        )
    both = spec.start in data.columns and spec.stop in data.columns
    return (spec.start, spec.stop) if both else (None, None)


def with_duration(sample: Sample, spec: Specification) -> tuple[Sample, Duration, Floats]:
    """Settle the duration terms; dummies leave out the periods without an event."""
    kind, stop, clock = spec.time, spec.stop, sample.clock
    if kind is None or clock is None:
        none = duration_terms(None, stop, np.empty(0), sample.event)
        return sample, none, np.zeros(len(sample.event))
    duration = duration_terms(kind, stop, clock, sample.event)
    if kind != "dummies":
        return sample, duration, clock
    keep = duration.places(clock) >= 0
    if not keep.all():
        reason = f"periods without an event, which a dummy of {stop} fits perfectly"
        sample = sample.subset(keep, reason)
    return sample, duration, clock[keep]


def _clock(sample: Sample, data: pd.DataFrame, stop: str) -> Floats:
    values = as_numbers(data[stop])
    if values is None:
        raise DataError(f"column {stop!r} must hold numbers (time), {found_instead(data[stop])}")
    return sample.used(values)


def _terms(sample: Sample, duration: Duration) -> dict[str, tuple[int, ...]]:
    terms = dict(sample.design.terms)
    if duration.names:
        first = len(sample.design.names)
        terms[duration.words] = tuple(range(first, first + len(duration.names)))
    return terms


def uneven(sample: Sample) -> str:
    """Rows of unequal length do not have the one-period risk that the model describes."""
    if sample.start is None or sample.stop is None:
        return ""
    lengths = np.unique(np.round(sample.stop - sample.start, 6))
    if len(lengths) == 1:
        return ""
    return (
        f"rows last from {lengths[0]:g} to {lengths[-1]:g}: a discrete-time model gives each row "
        "the risk of one period, so split the rows into equal periods, or use cox()"
    )
