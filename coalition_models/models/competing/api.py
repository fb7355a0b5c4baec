"""Cox models of competing exits, and of moves between states, each with its own baseline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted
from coalition_models.models.assembly import assemble
from coalition_models.models.competing.engine import FAMILIES, HazardsEngine, Part
from coalition_models.models.competing.estimate import estimate_parts, parts_of
from coalition_models.models.display import Background, Choices
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.sample.grammar import read_formula
from coalition_models.models.sample.kinds import Kinds, chosen_kinds, read_kinds
from coalition_models.models.sample.moves import read_moves, read_states, refuse_jumps
from coalition_models.models.sample.stays import refuse_rows_after
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance

__all__ = ["FAMILIES", "cause_specific", "check", "draw", "estimate", "kinds_of", "multistate"]

_TIES = {"R": "efron", "stata": "breslow"}


def cause_specific(
    formula: str,
    data: pd.DataFrame,
    *,
    none: object = None,
    causes: str | Sequence[str] | None = None,
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
    """Cox models of all kinds of exit at once: a baseline and coefficients for each.

    The same as one Cox model on rows stacked by kind, with kinds as strata and every term times
    the kind. Coefficients of different kinds are then compared in one covariance, which matters
    where it is clustered: :func:`compare_causes`.

    Parameters
    ----------
    formula : str
        ``"exit ~ a + b"``, terms as in :func:`cox`. The response is a column of kinds.
    data : DataFrame
        One row per interval; a row ends in one kind of exit or in none.
    none : object, optional
        Value of the response that means no exit. Default: 0 among numbers; words need it.
    causes : str or sequence of str, optional
        Kinds to estimate; the others end the time at risk all the same. Default: all that happen.
    start, stop, id, cluster, strata, weights, offset, ties, convention, small_sample, variance, \
allow_nonconvergence, trust
        As in :func:`cox`.

    Returns
    -------
    Fit
        Coefficients are called ``"early: a"``.

    Raises
    ------
    FormulaError, DataError
        As :func:`cox`; also missing kinds and rows after an exit.
    FitError
        A kind that happened once, and what :func:`cox` refuses, with the kind's name.

    Notes
    -----
    A cause-specific hazard says who leaves in that way among those still there. What a covariate
    does to the share that will have left in that way depends on all kinds: :func:`fine_gray`,
    :func:`cumulative_incidence`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6, 7, 8],
    ...                    "exit": [1, 2, 1, 2, 0, 1, 2, 1], "risk": [2, 1, 2, 0, 1, 1, 2, 0]})
    >>> cm.cause_specific("exit ~ risk", df).names
    ('1: risk', '2: risk')
    """
    check_arguments(cause_specific, {"data": data})
    spec = Specification(
        "cause_specific", formula, none=none, causes=causes, start=start, stop=stop, id=id,
        cluster=cluster, strata=strata, weights=weights, offset=offset, ties=ties,
        convention=convention, small_sample=small_sample, variance=variance,
        allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def multistate(
    formula: str,
    data: pd.DataFrame,
    *,
    origin: str = "from",
    causes: str | Sequence[str] | None = None,
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
    """Cox models of all moves between states: a baseline and coefficients for each.

    At risk of a move are the rows in the state that it leaves. Time is that of ``start`` and
    ``stop``; count it anew in each state for hazards by time since the last move.

    Parameters
    ----------
    formula : str
        ``"to ~ a + b"``: the response is the state after the row, the same as during it where
        nothing happened.
    data : DataFrame
    origin : str
        Column of the state during the row.
    causes : str or sequence of str, optional
        Moves to estimate, such as ``"full to reduced"``. Default: all that happen.
    start, stop, id, cluster, strata, weights, offset, ties, convention, small_sample, variance, \
allow_nonconvergence, trust
        As in :func:`cox`. ``id`` is also looked at for states that do not follow one another.

    Returns
    -------
    Fit
        Coefficients are called ``"full to reduced: a"``.

    Raises
    ------
    FormulaError, DataError
        As :func:`cox`; also missing states, and a row that begins in another state than that in
        which the row before it ended.
    FitError
        A move that happened once, and what :func:`cox` refuses, with the move's name.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6], "from": "full",
    ...                    "to": ["out", "full", "less", "out", "less", "out"],
    ...                    "risk": [2.0, 1.0, 0.5, 0.0, 1.0, 2.0]})
    >>> cm.multistate("to ~ risk", df).names
    ('full to less: risk', 'full to out: risk')
    """
    check_arguments(multistate, {"data": data})
    spec = Specification(
        "multistate", formula, origin=origin, causes=causes, start=start, stop=stop, id=id,
        cluster=cluster, strata=strata, weights=weights, offset=offset, ties=ties,
        convention=convention, small_sample=small_sample, variance=variance,
        allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    if spec.ties not in (None, "efron", "breslow"):
        raise DataError(f"ties must be 'efron' or 'breslow', not {spec.ties!r}")
    if spec.none is not None and spec.origin is not None:
        raise DataError("none= has no meaning where origin= says which state a row is in")
    if spec.origin is None and "transitions" in spec.record.can:
        raise DataError("origin= names the column of the state during a row; it is missing")
    _plan(spec)


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data, take the complete rows, and read how each ended."""
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"data must be a pandas DataFrame, found {type(data).__name__}")
    response = read_formula(spec.formula, trust=spec.trust).response
    kinds = (
        read_kinds(data, response, spec.none)
        if spec.origin is None
        else read_moves(data, spec.origin, response)
    )
    wanted = np.isin(kinds.codes, chosen_kinds(kinds, spec.causes))
    sample = draw_sample(
        spec.formula, data.assign(**{response: wanted.astype(float)}), intercept=False,
        start=spec.start, stop=spec.stop, id=spec.id, cluster=spec.cluster, strata=spec.strata,
        weights=spec.weights, offset=spec.offset, trust=spec.trust,
    )  # fmt: skip
    sample = replace(sample, kinds=kinds.inside(sample.keep))
    _check_histories(sample, data, spec.origin, response)
    return sample


def _check_histories(sample: Sample, data: pd.DataFrame, origin: str | None, response: str) -> None:
    """Nobody is at risk after an exit, and states follow one another."""
    members, first, last = sample.members, sample.start, sample.stop
    if members is None or first is None or last is None:
        return
    if origin is None:
        gone = kinds_of(sample).codes > 0
        refuse_rows_after(members, first, last, gone, "an exit", sample.index)
        return
    during, after, _ = read_states(data, origin, response)
    states = sample.used(during), sample.used(after)
    refuse_jumps(members, first, last, states, sample.index)


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows."""
    plan, ties, kinds = _plan(spec), spec.ties or _TIES[spec.convention], kinds_of(sample)
    chosen = chosen_kinds(kinds, spec.causes)
    parts = parts_of(sample, kinds, chosen, ties, spec.offset)
    found = estimate_parts(parts, sample, plan, spec.allow_nonconvergence)
    design = sample.design
    width = len(design.names)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties=ties, start=spec.start or "", stop=spec.stop, id=sample.id, cluster=plan.cluster,
        strata=names_of(spec.strata, "strata"), weights=spec.weights or "",
        offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=tuple(f"{part.label}: {name}" for part in parts for name in design.names),
        terms={
            f"{part.label}: {term}": tuple(place * width + j for j in at)
            for place, part in enumerate(parts)
            for term, at in design.terms.items()
        },
        estimate=replace(found, notes=(*found.notes, *_left_out(kinds, chosen))),
        choices=choices,
        engine=HazardsEngine(sample, parts),
        remarks=found.remarks,
        never_at_risk=_never_at_risk(sample, parts),
    )


def kinds_of(sample: Sample) -> Kinds:
    """How the rows of a sample ended, where it was drawn for a family that tells."""
    if sample.kinds is None:
        raise DataError("rows drawn for another family do not tell kinds of exit apart")
    return sample.kinds


def _left_out(kinds: Kinds, chosen: Sequence[int]) -> list[str]:
    """What is said of kinds that are not estimated."""
    others = [label for k, label in enumerate(kinds.labels, start=1) if k not in chosen]
    counts = dict(zip(kinds.labels, kinds.counts, strict=True))
    return [f"not modelled: {label} ({counted(int(counts[label]), 'exit')})" for label in others]


def _never_at_risk(sample: Sample, parts: Sequence[Part]) -> int:
    seen: npt.NDArray[np.bool_] = np.zeros(len(sample.event), dtype=bool)
    for part in parts:
        seen[part.rows[part.engine.prepared.kept]] = True
    return int((~seen).sum())


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)
