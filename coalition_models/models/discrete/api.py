"""Discrete-time event history: logit, probit and complementary log-log on member-periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FormulaError
from coalition_models.models.assembly import assemble
from coalition_models.models.discrete.duration import KINDS, Duration, duration_terms
from coalition_models.models.discrete.engine import FAMILIES, DiscreteEngine
from coalition_models.models.discrete.estimate import Problem, estimate_model
from coalition_models.models.display import Background, Choices
from coalition_models.models.engine import Unfitted
from coalition_models.models.fit import Fit
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
    time : {"cubic", "linear", "log", "dummies", None}
        Duration dependence in column ``stop``. The default is the cubic polynomial of Carter and
        Signorino (2010), the field's standard, in hundreds of periods; ``"dummies"`` leaves out
        (and counts) periods without any event, whose dummy would fit perfectly; ``None`` where
        the formula holds time itself.
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
    penalty : {None, "firth"}
        Firth's penalty (logit link) with profile-likelihood limits: finite under separation.
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
        weights=weights, offset=offset, link=link, penalty=penalty, convention=convention,
        small_sample=small_sample, variance=variance, allow_nonconvergence=allow_nonconvergence,
        trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    _check_options(spec)
    refuse_penalised_variance(spec.penalty, _plan(spec))


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows, with the time that duration terms need."""
    start, stop = _time_columns(spec, data)
    sample = draw_sample(
        spec.formula, data, intercept=True, start=start, stop=stop, id=spec.id,
        cluster=spec.cluster, weights=spec.weights, offset=spec.offset,
        also=[spec.stop] if spec.time is not None else [], trust=spec.trust,
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
    engine, names, few = _model(spec, sample)
    sample, duration, problem = engine.sample, engine.duration, engine.problem
    found, penalised = estimate_model(
        problem, sample, names, plan, spec.penalty, spec.allow_nonconvergence
    )
    timed = sample.stop is not None
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        penalty=spec.penalty or "", link=problem.link, time=duration.words,
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
        engine=replace(engine, firth=penalised),
        remarks=tuple(text for text in (few, uneven(sample), *found.remarks) if text),
    )


def unfitted(spec: Specification, sample: Sample) -> Unfitted:
    """The rows with their duration terms, before anything is maximised."""
    engine, names, _ = _model(spec, sample)
    return Unfitted(engine, names, _terms(engine.sample, engine.duration))


def _model(spec: Specification, observed: Sample) -> tuple[DiscreteEngine, tuple[str, ...], str]:
    """The model on its rows, the names of its columns, and what is said of few events."""
    sample, duration, clock = with_duration(observed, spec)
    problem = Problem(
        np.hstack([sample.matrix, duration.matrix(clock, sample.index)]),
        sample.event, spec.record.link, sample.weights, sample.offset,
    )  # fmt: skip
    names = (*sample.design.names, *duration.names)
    few = check_enough_events(sample.event, len(names) - 1, sample.design.response)
    return DiscreteEngine(sample, observed, duration, problem, spec.offset, None), names, few


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=True)


def _check_options(spec: Specification) -> None:
    if spec.penalty not in (None, "firth"):
        raise DataError(f"penalty must be None or 'firth', not {spec.penalty!r}")
    if spec.time is not None and spec.time not in KINDS:
        raise DataError(f"time must be one of {', '.join(KINDS)} or None; found {spec.time!r}")


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
