"""Regression of one kind of exit by its subdistribution hazard, with late entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.assembly import assemble
from coalition_models.models.competing.api import draw as draw_kinds
from coalition_models.models.competing.api import kinds_of
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.cox.estimate import prepare_sample
from coalition_models.models.display import Background, Choices
from coalition_models.models.fine_gray.engine import FAMILIES, FineGrayEngine
from coalition_models.models.fine_gray.estimate import estimate_weighted, refuse_changing, weigh
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.kinds import Kinds, chosen_kinds, worded
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "check", "draw", "estimate", "fine_gray"]

_RULES = ("finegray", "crr", "phreg")
_TIES = {"R": "efron", "stata": "breslow"}


def fine_gray(
    formula: str,
    data: pd.DataFrame,
    *,
    cause: object,
    none: object = None,
    changing: str | None = None,
    censoring: str | None = None,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    ties: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Fine and Gray's regression: what moves the share that will have left in one way.

    Those who left otherwise stay at risk, with weights that fall as others are censored and, with
    late entry, rise as others enter (Geskus 2011). The weights are Kaplan-Meier estimates over the
    rows used, without case weights, as in R's ``finegray``.

    Parameters
    ----------
    formula : str
        ``"exit ~ a + b"``, terms as in :func:`cox`. The response is a column of kinds.
    data : DataFrame
        Rows at risk; those of a member must follow one another without gaps, and ``id`` must tell
        whose they are, unless ``start=None``.
    cause : object
        The kind of exit in question: a value of the response.
    none : object, optional
        Value of the response that means no exit. Default: 0 among numbers; words need it.
    changing : {"last"}, optional
        Terms that change within members are refused unless told what becomes of them after
        another exit: ``"last"`` keeps the value of the last row. That suits a covariate that
        changes only before, or whose changes come from outside; one that exists only while the
        member stays has no subdistribution hazard (Beyersmann and Schumacher 2008).
    censoring : {"finegray", "crr", "phreg"}, optional
        What happens first where exits and censoring fall on one time, as they do in whole months.
        ``"finegray"`` (the default, R's ``survival``): exits; a weight is that just before a time.
        ``"crr"`` (R's ``cmprsk``): who exits then counts as at risk of censoring. ``"phreg"``
        (SAS): so too, and a weight is that just after a time. The latter two know no late entry.
    start, stop, id, cluster, strata, weights, offset, ties, convention, small_sample, \
allow_nonconvergence, trust
        As in :func:`cox`. ``strata`` have baselines of their own, but the weights of all rows.
    variance : {"robust", "cluster", "jackknife", "model"}, optional
        ``"cluster"`` where ``cluster`` is given, otherwise ``"robust"`` by member. All but
        ``"jackknife"`` take the weights for known.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`cox`; also missing kinds, rows after an exit, gaps, and changing terms.

    Notes
    -----
    R's ``coxph`` on the rows of ``finegray`` gives the same numbers, and ``cmprsk::crr`` the same
    coefficients as ``censoring="crr", ties="breslow"``; its standard errors also count that the
    weights are estimated, which seldom shows in the second digit.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"stop": [1, 2, 3, 4, 5, 6, 7, 8], "exit": [1, 2, 1, 2, 0, 1, 2, 1],
    ...                    "risk": [2, 1, 2, 0, 1, 1, 2, 0]})
    >>> fit = cm.fine_gray("exit ~ risk", df, cause=1, start=None)
    >>> fit.family.ratio
    'subdistribution hazard ratio'
    """
    check_arguments(fine_gray, {"data": data})
    spec = Specification(
        "fine_gray", formula, causes=str(worded(cause)), none=none, changing=changing,
        censoring=censoring,
        start=start, stop=stop, id=id, cluster=cluster, strata=strata, weights=weights,
        offset=offset, ties=ties, convention=convention, small_sample=small_sample,
        variance=variance, allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.ties not in (None, "efron", "breslow"):
        raise DataError(f"ties must be 'efron' or 'breslow', not {spec.ties!r}")
    if spec.changing not in (None, "last"):
        raise DataError(f"changing must be None or 'last', not {spec.changing!r}")
    if spec.censoring not in (None, *_RULES):
        raise DataError(f"censoring must be one of {', '.join(_RULES)}; found {spec.censoring!r}")
    if len(names_of(spec.causes, "cause")) != 1:
        raise DataError("one kind of exit has a subdistribution hazard: give one cause")
    _plan(spec)


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data, take the complete rows, and read how each ended."""
    sample = draw_kinds(spec, data)
    if sample.members is None and spec.start is not None:
        raise DataError(
            "id= must say which rows are of one member: otherwise each row that ends in no exit "
            "would count as a member that is censored. Where each row is a member, copy the index "
            "to a column and name that"
        )
    return sample


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, ties, kinds = _plan(spec), spec.ties or _TIES[spec.convention], kinds_of(sample)
    (cause,) = chosen_kinds(kinds, names_of(spec.causes, "cause"))
    few = check_enough_events(sample.event, len(sample.design.names), sample.design.response)
    held = refuse_changing(sample, spec.changing)
    made = weigh(sample, cause, spec.censoring or "finegray")
    prepared = prepare_sample(made.sample, ties)
    found = estimate_weighted(sample, cause, made, prepared, plan, spec.allow_nonconvergence)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties=ties, start=spec.start or "", stop=spec.stop, id=sample.id, cluster=plan.cluster,
        strata=names_of(spec.strata, "strata"), weights=spec.weights or "",
        offset=spec.offset or "",
    )  # fmt: skip
    rule = f"weights for censoring as in {made.rule}" if spec.censoring else ""
    notes = (*found.notes, _exits(kinds, cause, made.rows), held, rule)
    seen = np.unique(made.rows[prepared.kept])
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=sample.design.names,
        terms=sample.design.terms,
        estimate=replace(found, notes=tuple(text for text in notes if text)),
        choices=choices,
        engine=FineGrayEngine(
            sample,
            CoxEngine(made.sample, prepared, spec.offset),
            made.rows,
            kinds.labels,
            kinds.labels[cause - 1],
        ),
        remarks=tuple(text for text in (few, *found.remarks) if text),
        never_at_risk=len(sample.event) - len(seen),
    )


def _exits(kinds: Kinds, cause: int, rows: np.ndarray) -> str:
    others = [
        f"{label} ({counted(int(count), 'exit')})"
        for place, (label, count) in enumerate(zip(kinds.labels, kinds.counts, strict=True), 1)
        if place != cause and count
    ]
    made = len(rows) - len(kinds.codes)
    kept = f"{counted(made, 'weighted row')} of those who left otherwise: {first_few(others)}"
    return f"exit in question: {kinds.labels[cause - 1]}; {kept if others else 'no other exits'}"


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    kind = spec.variance or ("cluster" if by else "robust")
    return plan_variance(kind, by, spec.convention, spec.small_sample, factor_in_r=False)
