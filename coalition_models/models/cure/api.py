"""Split-population models: some members leave in the end, others never would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FormulaError, first_few
from coalition_models.models.assembly import assemble
from coalition_models.models.cure.engine import (
    FAMILIES,
    CureEngine,
    CureSample,
    duration_columns,
    risk_columns,
)
from coalition_models.models.cure.estimate import Search, estimate_split
from coalition_models.models.display import Background, Choices
from coalition_models.models.estimates import Estimate, Estimates
from coalition_models.models.fit import Fit
from coalition_models.models.parametric.layout import layout_of
from coalition_models.models.parametric.problem import Problem, problem_of
from coalition_models.models.parametric.scales import scales_of
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.sample.formula import build_design
from coalition_models.models.sample.sides import sides_of
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Note, Plan, plan_variance

__all__ = ["FAMILIES", "Split", "check", "cure", "draw", "estimate"]

_DISTRIBUTIONS = ("weibull", "loglogistic")
_LIFE = {"cure_weibull": "weibull time", "cure_loglogistic": "loglogistic"}
_STARTS = 20


@dataclass(frozen=True, eq=False)
class Split:
    """What a split-population fit keeps as ``fit.native``.

    Attributes
    ----------
    parameters : DataFrame
        ``parameter, estimate, std_error, conf_low, conf_high`` of the distribution.
    maxima : DataFrame
        ``log_likelihood, starts`` and the coefficients of each maximum that starts reached.
    share_at_risk : float
        Mean chance to be at risk over the members' first rows (over the rows without ``id``).
    """

    parameters: pd.DataFrame
    maxima: pd.DataFrame
    share_at_risk: float


def cure(
    formula: str,
    data: pd.DataFrame,
    *,
    at_risk: str | None = None,
    distribution: str = "weibull",
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    starts: int = _STARTS,
    seed: int = 0,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Split-population (cure) model: who is at risk at all, and how long those last.

    Survival is ``1 - p + p S(t)``. The logit of ``p``, the chance to be at risk, depends on the
    covariates of ``at_risk``; the log of the time until exit of those at risk on the formula's.

    Parameters
    ----------
    formula, data, start, stop, id, cluster, weights
        As in :func:`cox`.
    at_risk : str, optional
        ``"~ democracy + size"``; without it all have the same chance.
    distribution : {"weibull", "loglogistic"}
        Of the time until exit, in accelerated failure time form.
    offset : str, optional
        Column added to the log time.
    starts, seed : int
        The likelihood can have several maxima: it is climbed from this many starts, the first
        neutral and the others random. The highest maximum is reported, and how many starts
        reached it; the others are in ``fit.native.maxima``.
    convention, small_sample, variance, allow_nonconvergence, trust
        As in :func:`parametric`.

    Returns
    -------
    Fit
        Coefficients of the log time, then ``log(sigma)`` (Weibull's shape is 1/sigma), then those
        of being at risk (``at risk: ...``). ``predict`` gives ``"linear"``, ``"at_risk"``,
        ``"still_at_risk"`` (given survival to the row's start), ``"hazard"`` and ``"survival"``.

    Raises
    ------
    FormulaError, DataError
        As :func:`parametric`.
    FitError
        No events; constant or collinear terms; no maximum, as where nothing shows that a part
        never leaves.

    Notes
    -----
    A row is conditional on survival to its start, with the row's own values: its likelihood is
    ``(p f(stop))^event (1 - p + p S(stop))^(1 - event) / (1 - p + p S(start))``. Who never leaves
    and who would leave late are told apart by the shape of the distribution alone, so the result
    rests on members followed for long.

    Examples
    --------
    >>> import numpy as np, pandas as pd, coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> risk = rng.random(400) < 0.5
    >>> time = np.where(risk, rng.weibull(1.5, 400) * 10, np.inf)
    >>> data = pd.DataFrame({"stop": np.minimum(time, 40), "event": (time < 40).astype(int),
    ...                      "x": rng.normal(size=400)})
    >>> fit = cm.cure("event ~ x", data, start=None, starts=5)
    >>> fit.names
    ('Intercept', 'x', 'log(sigma)', 'at risk: Intercept')
    """
    given = {"data": data, "distribution": distribution, "starts": starts, "seed": seed}
    check_arguments(cure, given)
    if distribution not in _DISTRIBUTIONS:
        raise DataError(
            f"distribution must be one of {', '.join(_DISTRIBUTIONS)}; found {distribution!r}"
        )
    spec = Specification(
        f"cure_{distribution}", formula, at_risk=at_risk, start=start, stop=stop, id=id,
        cluster=cluster, weights=weights, offset=offset, starts=starts, seed=seed,
        convention=convention, small_sample=small_sample, variance=variance,
        allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    _plan(spec)
    if spec.starts is not None and spec.starts < 1:
        raise DataError(f"starts must be 1 or more, found {spec.starts}")
    if spec.seed is not None and spec.seed < 0:
        raise DataError(f"seed must be 0 or more, found {spec.seed}")
    if spec.at_risk is not None and not _right(spec.at_risk):
        raise FormulaError(
            f"at_risk must be one-sided, such as '~ democracy + size'; found {spec.at_risk!r}"
        )


def _right(at_risk: str) -> str:
    """What stands on the right of a one-sided formula; empty where it is none."""
    left, tilde, right = at_risk.partition("~")
    return right.strip() if tilde and not left.strip() else ""


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the rows that are complete in both equations."""
    right = "" if spec.at_risk is None else _right(spec.at_risk)
    other = "" if right == "1" else right
    formula = f"{spec.formula} + {other}" if other else spec.formula
    sample = draw_sample(
        formula, data, intercept=False, start=spec.start, stop=spec.stop, id=spec.id,
        cluster=spec.cluster, weights=spec.weights, offset=spec.offset, trust=spec.trust,
    )  # fmt: skip
    if not other:
        return sample
    rows = data if sample.keep is None else data[sample.keep]
    own = build_design(spec.formula, rows, intercept=False, trust=spec.trust).names
    risk = build_design(
        f"{sides_of(spec.formula)[0]} ~ {other}", rows, intercept=False, trust=spec.trust
    ).names
    known = sample.design.names
    strange = [name for name in (*own, *risk) if name not in known]
    if strange:
        raise FormulaError(
            f"terms of formula and at_risk cannot be put together: {first_few(strange)}; name "
            "main effects before interactions in both, and code categories alike"
        )
    given = {field.name: getattr(sample, field.name) for field in fields(sample)}
    given["design"] = replace(sample.design, formula=spec.formula)
    return CureSample(
        **given,
        duration=tuple(known.index(name) for name in own),
        risk=tuple(known.index(name) for name in risk),
    )


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan = _plan(spec)
    own, other = duration_columns(sample), risk_columns(sample)
    few = check_enough_events(sample.event, len(own) + len(other), sample.design.response)
    few = few.replace(", or penalty='firth'", "")
    layout = layout_of(sample, False, None)
    problem = problem_of(
        sample, _LIFE[spec.family], layout, sample.matrix[:, own], sample.matrix[:, other]
    )
    names, terms = _labels(sample, own, other)
    starts = _STARTS if spec.starts is None else spec.starts
    found, climbed = estimate_split(
        problem, sample, names, plan, spec.allow_nonconvergence, starts, spec.seed or 0
    )
    engine = CureEngine(
        sample, problem, climbed.best.theta, spec.offset, (), (spec.start or "", spec.stop)
    )
    kept, notes = _native(problem, sample, names, found, climbed, engine, plan)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        distribution=f"{spec.record.short.lower()}; at risk {spec.at_risk or '~ 1'}; {starts} "
        f"starts, seed {spec.seed or 0}",
        baseline=("log(sigma)", "at risk: Intercept"),
        start=spec.start or "", stop=spec.stop, id=sample.id, cluster=plan.cluster,
        weights=spec.weights or "", offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=terms,
        estimate=replace(found, native=kept, notes=(*found.notes, *notes)),
        choices=choices,
        engine=engine,
        remarks=tuple(text for text in (few, *found.remarks) if text),
    )


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)


def _labels(
    sample: Sample, own: list[int], other: list[int]
) -> tuple[tuple[str, ...], dict[str, tuple[int, ...]]]:
    """Names of the coefficients, and the places of each term."""
    known = sample.design.names
    sigma = 1 + len(own)
    names = (
        "Intercept", *(known[j] for j in own), "log(sigma)",
        "at risk: Intercept", *(f"at risk: {known[j]}" for j in other),
    )  # fmt: skip
    terms: dict[str, tuple[int, ...]] = {"Intercept": (0,)}
    for term, at in sample.design.terms.items():
        if set(at) <= set(own):
            terms[term] = tuple(1 + own.index(j) for j in at)
    terms |= {"log(sigma)": (sigma,), "at risk: Intercept": (sigma + 1,)}
    for term, at in sample.design.terms.items():
        if set(at) <= set(other):
            terms[f"at risk: {term}"] = tuple(sigma + 2 + other.index(j) for j in at)
    return names, terms


def _native(
    problem: Problem,
    sample: Sample,
    names: tuple[str, ...],
    found: Estimate,
    climbed: Search,
    engine: CureEngine,
    plan: Plan,
) -> tuple[Split, tuple[str, ...]]:
    estimates = Estimates(names, found.coefficients, found.covariance)
    degrees = float("inf")
    if plan.variance == "jackknife":
        degrees = float(min(sample.cluster_counts) - 1)
    scales = scales_of(estimates, [names.index("log(sigma)")], [], None, degrees)
    chance = engine.predict(estimates, None, "at_risk")
    if sample.members is not None:
        order = pd.DataFrame({"member": sample.members, "start": sample.start})
        first = order.sort_values("start", kind="stable").drop_duplicates("member").index
        chance = chance[first]
    share = float(chance.mean())
    whose = "members' first rows" if sample.members is not None else "rows"
    notes = (*scales.notes(), f"mean chance to be at risk over the {whose}: {share:.3f}")
    return Split(scales.parameters, climbed.maxima, share), tuple(map(Note, notes))
