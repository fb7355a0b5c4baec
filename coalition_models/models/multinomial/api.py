"""Multinomial logit of kinds of exit on rows of one period each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.assembly import assemble
from coalition_models.models.competing.api import kinds_of
from coalition_models.models.discrete.api import draw as draw_discrete
from coalition_models.models.discrete.api import uneven, with_duration
from coalition_models.models.discrete.duration import Duration, read_kind
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.multinomial.engine import FAMILIES, MultinomialEngine
from coalition_models.models.multinomial.estimate import Outcomes, estimate_multinomial
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.grammar import read_formula
from coalition_models.models.sample.kinds import chosen_kinds, read_kinds
from coalition_models.models.sample.stays import refuse_rows_after
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "draw", "estimate", "multinomial"]


def multinomial(
    formula: str,
    data: pd.DataFrame,
    *,
    none: object = None,
    time: str | None = "cubic",
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Multinomial logit of how each period ends: in no exit, or in one of several kinds.

    Parameters
    ----------
    formula : str
        ``"exit ~ a + b"``, terms as in :func:`cox`. The response is a column of kinds.
    data : DataFrame
        One row per period at risk; rows without times will do with ``time=None``.
    none : object, optional
        Value of the response that all others are compared with. Default: 0 among numbers; words
        need it.
    time, start, stop, id, cluster, weights, convention, small_sample, variance, \
allow_nonconvergence, trust
        As in :func:`logit`.

    Returns
    -------
    Fit
        Coefficients are called ``"early: a"``: log odds of that kind against no exit.

    Raises
    ------
    FormulaError, DataError
        As :func:`logit`; also missing kinds and rows after an exit.
    FitError
        A kind that happened once; constant, collinear or separated terms, with the kind's name.

    Examples
    --------
    >>> import numpy as np, pandas as pd, coalition_models as cm
    >>> rng = np.random.default_rng(1)
    >>> df = pd.DataFrame({"risk": rng.normal(size=400)})
    >>> df["exit"] = rng.choice(["stays", "early", "late"], size=400, p=[0.8, 0.1, 0.1])
    >>> fit = cm.multinomial("exit ~ risk", df, none="stays", time=None)
    >>> fit.names
    ('early: Intercept', 'early: risk', 'late: Intercept', 'late: risk')
    """
    check_arguments(multinomial, locals())
    spec = Specification(
        "multinomial", formula, none=none, time=time, start=start, stop=stop, id=id,
        cluster=cluster, weights=weights, convention=convention, small_sample=small_sample,
        variance=variance, allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.time is not None:
        read_kind(spec.time)
    if spec.causes is not None:
        raise DataError("a multinomial fit is of all kinds of exit at once: leave out causes=")
    _plan(spec)


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data, take the complete rows, and read how each ended."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a pandas DataFrame, found {type(data).__name__}")
    response = read_formula(spec.formula, trust=spec.trust).response
    kinds = read_kinds(data, response, spec.none)
    left = (kinds.codes > 0).astype(float)
    sample = draw_discrete(spec, data.assign(**{response: left}))
    sample = replace(sample, kinds=kinds.inside(sample.keep))
    if sample.members is not None and sample.start is not None and sample.stop is not None:
        gone = kinds_of(sample).codes > 0
        refuse_rows_after(sample.members, sample.start, sample.stop, gone, "an exit", sample.index)
    return sample


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan = _plan(spec)
    sample, duration, clock = with_duration(sample, spec)
    kinds = kinds_of(sample)
    chosen = chosen_kinds(kinds, None)
    labels = tuple(kinds.labels[code - 1] for code in chosen)
    number = np.zeros(len(kinds.labels) + 1, dtype=np.int64)
    number[list(chosen)] = np.arange(1, len(chosen) + 1)
    codes = number[kinds.codes]
    X = np.hstack([sample.matrix, duration.matrix(clock, sample.index)])
    columns = (*sample.design.names, *duration.names)
    few = check_enough_events(
        sample.event, len(labels) * (len(columns) - 1), sample.design.response
    )
    asked = Outcomes(X, codes, labels, columns, sample.weights)
    found = estimate_multinomial(asked, sample, plan, spec.allow_nonconvergence)
    timed = sample.stop is not None
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        time=duration.words, start=(spec.start or "") if timed else "",
        stop=spec.stop if spec.time is not None or timed else "", id=sample.id,
        cluster=plan.cluster, weights=spec.weights or "",
    )  # fmt: skip
    nil = [f"not modelled, since it never happened: {label}" for label in kinds.empty]
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=tuple(f"{label}: {name}" for label in labels for name in columns),
        terms=_terms(sample, duration, labels, len(columns)),
        estimate=replace(found, notes=(*found.notes, *nil)),
        choices=choices,
        engine=MultinomialEngine(sample, duration, X, codes, labels),
        remarks=tuple(text for text in (few, uneven(sample), *found.remarks) if text),
    )


def _terms(
    sample: Sample, duration: Duration, labels: Sequence[str], width: int
) -> dict[str, tuple[int, ...]]:
    """Terms of the formula by kind; intercepts and duration terms of all kinds together."""
    own = dict(sample.design.terms)
    shared = {"Intercept": own.pop("Intercept")}
    if duration.names:
        shared[duration.words] = tuple(range(len(sample.design.names), width))
    places = range(len(labels))
    out = {name: tuple(k * width + j for k in places for j in at) for name, at in shared.items()}
    for k, label in enumerate(labels):
        out |= {f"{label}: {term}": tuple(k * width + j for j in at) for term, at in own.items()}
    return out


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=True)
