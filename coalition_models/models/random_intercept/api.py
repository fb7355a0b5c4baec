"""Discrete-time models in which states (or other groups) differ by a random intercept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError
from coalition_models.kernels.random_intercept import RandomIntercept
from coalition_models.models.assembly import assemble
from coalition_models.models.discrete.api import draw as draw_discrete
from coalition_models.models.discrete.api import uneven, with_duration
from coalition_models.models.discrete.duration import read_kind
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.random_intercept.engine import (
    FAMILIES,
    LINKS,
    RandomInterceptEngine,
)
from coalition_models.models.random_intercept.estimate import estimate_random_intercept
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "draw", "estimate", "random_intercept"]


def random_intercept(
    formula: str,
    data: pd.DataFrame,
    *,
    group: str = "state",
    link: str = "logit",
    time: str | None = "cubic",
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    offset: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    trust: bool = False,
) -> Fit:
    """Discrete-time model with a normal intercept by group, integrated out.

    Coefficients compare within a group: they are larger than those of :func:`logit`, which
    average over groups. The intercept is taken to be independent of the terms; where it is not,
    :func:`conditional_logit` is right and this is not.

    Parameters
    ----------
    formula, data, time, start, stop, id, offset, convention, trust
        As in :func:`logit`. Case weights are refused: whether they count rows or groups is not
        settled.
    group : str
        Column of the groups.
    link : {"logit", "probit", "cloglog"}
        ``"cloglog"`` is proportional hazards in periods with a log-normal frailty.
    cluster, small_sample, variance
        As in :func:`logit`; clusters are of whole groups, ``"robust"`` sums scores by group.

    Returns
    -------
    Fit
        The last coefficient is the standard deviation of the intercept, with limits on its
        logarithm and a likelihood-ratio test on the boundary. 25 nodes of adaptive Gauss-Hermite
        quadrature, as ``lme4::glmer(nAGQ=25)``. ``predict(kind="marginal")`` is the mean chance of
        all groups; of those still there after many periods it is too high, since groups with a
        high intercept have left. :func:`prediction.cross_validate` takes that into account.

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`logit`; also fewer than two groups, and a variance that runs off.

    Examples
    --------
    >>> import numpy as np, pandas as pd, coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"state": np.repeat(np.arange(30), 20), "risk": rng.normal(size=600)})
    >>> chance = 1 / (1 + np.exp(1.5 - df["risk"] - rng.normal(size=30)[df["state"]]))
    >>> df["event"] = (rng.random(600) < chance).astype(int)
    >>> cm.random_intercept("event ~ risk", df, time=None).names
    ('Intercept', 'risk', 'sd(state)')
    """
    check_arguments(random_intercept, locals())
    family = f"random_{link}"
    if family not in LINKS:
        raise DataError(f"link must be one of {', '.join(LINKS.values())}; found {link!r}")
    spec = Specification(
        family, formula, group=group, time=time, start=start, stop=stop, id=id, cluster=cluster,
        offset=offset, convention=convention, small_sample=small_sample, variance=variance,
        trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.group is None:
        raise DataError("random_intercept() needs group=, the column of the groups")
    if spec.time is not None:
        read_kind(spec.time)
    if len(_plan(spec).cluster) > 1:
        raise DataError("random_intercept() is clustered by one column: give cluster= one")


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows; groups are numbered as strata are."""
    return draw_discrete(spec, data, groups=spec.group)


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, group = _plan(spec), str(spec.group)
    sample, duration, clock = with_duration(sample, spec)
    X = np.hstack([sample.matrix, duration.matrix(clock, sample.index)])
    names = (*sample.design.names, *duration.names, f"sd({group})")
    few = check_enough_events(sample.event, len(names) - 2, sample.design.response)
    if sample.strata is None:
        raise DataError("random_intercept() needs group=, the column of the groups")
    groups = np.unique(sample.strata, return_inverse=True)[1].astype(np.int64)
    if groups.max() < 1:
        raise FitError(f"group column {group!r} has one value only in the rows used")
    offset = np.zeros(len(X)) if sample.offset is None else sample.offset
    link = LINKS[spec.family]
    rows = RandomIntercept(X, sample.event, link, offset, groups)
    found, edge, intercepts = estimate_random_intercept(rows, sample, names, plan, group)
    timed = sample.stop is not None
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        link=link, time=duration.words, baseline=(names[-1],),
        start=(spec.start or "") if timed else "",
        stop=spec.stop if spec.time is not None or timed else "", id=sample.id,
        cluster=plan.cluster, offset=spec.offset or "",
    )  # fmt: skip
    terms = dict(sample.design.terms)
    if duration.names:
        terms[duration.words] = tuple(range(len(sample.design.names), len(names) - 1))
    terms[names[-1]] = (len(names) - 1,)
    size = f"{groups.max() + 1} values of {group}"
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=terms,
        estimate=replace(found, notes=(*found.notes, f"groups: {size}")),
        choices=choices,
        engine=RandomInterceptEngine(
            sample, duration, rows, spec.offset, edge, intercepts, plan.variance == "model"
        ),
        remarks=tuple(text for text in (few, uneven(sample), *found.remarks) if text),
    )


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=True)
