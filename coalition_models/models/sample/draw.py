"""The rows a model is fitted to: checked, complete, and numbered by member and cluster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FormulaError, counted, first_few
from coalition_models.models.sample.checks import (
    Histories,
    check_event,
    check_history,
    check_times,
    default_id,
    names_of,
    raise_all,
)
from coalition_models.models.sample.clock import (
    Clock,
    check_clock,
    check_pace,
    clocks_among,
    note_of_gaps,
)
from coalition_models.models.sample.columns import require_times
from coalition_models.models.sample.complete import complete_rows
from coalition_models.models.sample.formula import Design, build_design
from coalition_models.models.sample.intervals import Intervals
from coalition_models.models.sample.kinds import Kinds
from coalition_models.models.sample.numbering import Numbering
from coalition_models.models.sample.rows import Rows, Values
from coalition_models.record import remembers

__all__ = ["Sample", "draw_sample"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Sample:
    """Arrays over the rows used, and the account of the others.

    ``matrix`` and the arrays have one entry per row used; ``start`` and ``stop`` are None where
    the data have no times. ``clocks`` are variables of the formula that are the time itself;
    ``clock`` is the time that duration terms count; ``kinds`` are those of an exit, where a model
    tells them apart; ``intervals`` are those of events without an exact date.
    """

    design: Design
    matrix: Floats
    index: pd.Index
    event: Floats
    start: Floats | None
    stop: Floats | None
    weights: Floats | None
    offset: Floats | None
    strata: Integers | None
    strata_labels: tuple[tuple[object, ...], ...]
    clusters: tuple[Integers, ...]
    cluster_counts: tuple[int, ...]
    members: Integers | None
    member_count: int | None
    id: tuple[str, ...]
    carried: Mapping[str, Values]
    rows_given: int
    left_out: dict[str, int]
    notes: tuple[str, ...]
    keep: Flags | None
    clocks: Mapping[str, Clock] = field(default_factory=dict)
    clock: Floats | None = None
    kinds: Kinds | None = None
    intervals: Intervals | None = None

    @property
    def size(self) -> str:
        """Rows and columns in words."""
        rows, columns = self.matrix.shape
        return f"{counted(rows, 'row')}, {counted(columns, 'column')}"

    def used(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Of an array over the rows given, the rows used."""
        return values if self.keep is None else values[self.keep]

    def frame(self, start: str, stop: str) -> pd.DataFrame:
        """Who, when and whether: the columns that every row-level result begins with."""
        out = pd.DataFrame(dict(self.carried), index=self.index)
        if self.start is not None and self.stop is not None:
            if start:
                out[start] = self.start
            out[stop] = self.stop
        out[self.design.response] = self.event
        return out

    def cluster_labels(self, name: str, which: int = 0) -> tuple[object, ...]:
        """What stands behind each cluster number."""
        _, first = np.unique(self.clusters[which], return_index=True)
        return tuple(pd.Series(self.carried[name][first]))

    def subset(self, inside: Flags, reason: str) -> Sample:
        """Leave out more of the rows used, for a reason that is kept."""
        keep = np.ones(self.rows_given, dtype=bool) if self.keep is None else self.keep.copy()
        keep[np.flatnonzero(keep)[~inside]] = False
        groups = [_compact(codes, inside) for codes in self.clusters]
        own = None if self.members is None else _compact(self.members, inside)
        return replace(
            self,
            matrix=np.ascontiguousarray(self.matrix[inside]),
            index=self.index[inside],
            event=self.event[inside],
            start=None if self.start is None else self.start[inside],
            stop=None if self.stop is None else self.stop[inside],
            weights=None if self.weights is None else self.weights[inside],
            offset=None if self.offset is None else self.offset[inside],
            clock=None if self.clock is None else self.clock[inside],
            kinds=None if self.kinds is None else self.kinds.inside(inside),
            intervals=None if self.intervals is None else self.intervals.inside(inside),
            strata=None if self.strata is None else self.strata[inside],
            clusters=tuple(codes for codes, _ in groups),
            cluster_counts=tuple(count for _, count in groups),
            members=None if own is None else own[0],
            member_count=None if own is None else own[1],
            carried={name: column[inside] for name, column in self.carried.items()},
            left_out={**self.left_out, reason: int((~inside).sum())},
            keep=keep,
        )

    @property
    def time_at_risk(self) -> float:
        """Sum of the intervals' lengths; the number of rows where there are no times."""
        if self.start is None or self.stop is None:
            return float(len(self.event))
        return float((self.stop - self.start).sum())


@dataclass(frozen=True)
class _Codes:
    """Rows numbered by member, stratum and cluster, from 0."""

    members: Integers | None
    member_count: int | None
    layer: Integers | None
    clusters: tuple[Integers, ...]
    cluster_counts: tuple[int, ...]


def _codes(
    rows: Rows, member: tuple[str, ...], layers: tuple[str, ...], by: tuple[str, ...]
) -> _Codes:
    coder = Numbering(rows)
    members, count = coder.joint(member) if member else (None, None)
    layer = coder.joint(layers)[0] if layers else None
    groups = [coder.column(name) for name in by]
    return _Codes(
        members, count, layer, tuple(codes for codes, _ in groups),
        tuple(count for _, count in groups),
    )  # fmt: skip


def draw_sample(
    formula: str,
    data: pd.DataFrame,
    *,
    intercept: bool,
    start: str | None,
    stop: str | None,
    id: str | Sequence[str] | None,
    cluster: str | Sequence[str] | None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    also: Sequence[str] = (),
    trust: bool = False,
) -> Sample:
    """Check the data of a model and take the complete rows, counting the others.

    Without ``stop`` the data have no times; with ``stop`` alone every row enters at 0.

    Raises
    ------
    FormulaError
        Absent columns, terms that cannot be read.
    DataError
        Everything wrong with event, times, histories and weights, in one message.
    """
    by = names_of(cluster, "cluster")
    layers = names_of(strata, "strata")
    single = [name for name in (weights, offset) if name is not None]
    needed = [*by, *layers, *single, *also]
    design = build_design(formula, data, intercept=intercept, needed=needed, trust=trust)
    member = default_id(data, id)
    if stop is not None:
        require_times(data, start, stop, "start= and stop=")
    _refuse_response_as_term(design, needed)
    looked = [n for n in [*design.variables, *single, *layers] if n != stop]
    whole = complete_rows(design, data, weights, offset)
    rows, inside = whole.rows, whole.inside
    event, wrong, notes = check_event(rows, design.response)
    times, untimely = _times(rows, start, stop)
    problems = [*whole.problems, *wrong, *untimely]
    codes = _codes(rows, member, layers, by)
    histories = _histories(rows, member, codes.members, layers, codes.layer)
    if histories is not None and times is not None and not problems:
        problems += check_history(rows, histories, *times)
    raise_all(problems)
    clocks: dict[str, Clock] = {}
    if times is not None:
        clocks = clocks_among(rows, looked, times[1], whole.seen)
        if not (intercept and _one_period(*times)):
            options = {"offset=": [offset], "weights=": [weights], "strata=": layers}
            named = _clock_names(design, options, (start, stop), clocks)
            _refuse_clocks(design, named, rows, times, event, codes.layer)
        if not remembers(data):
            check_pace(rows, codes.members, times[0])
        notes = [*notes, *note_of_gaps(codes.members, *times)]
    matrix = design.matrix if inside is None else np.ascontiguousarray(design.matrix[inside])
    used = {name: clock for name, clock in clocks.items() if name in design.variables}
    # a fit keeps copies, so that nothing done to the frame afterwards changes it
    carried = {name: rows.copied(name) for name in dict.fromkeys([*member, *by])}
    first, last = times or (None, None)
    return Sample(
        design=design, matrix=matrix, index=rows.index, event=event, start=first, stop=last,
        weights=whole.numbers.get("weights"), offset=whole.numbers.get("offset"),
        strata=codes.layer, strata_labels=_labels(rows, layers, codes.layer),
        clusters=codes.clusters, cluster_counts=codes.cluster_counts, members=codes.members,
        member_count=codes.member_count, id=member, carried=carried, rows_given=len(data),
        left_out=whole.left_out, notes=(*design.remarks, *notes, *_id_notes(start, stop, member)),
        keep=_keep(design, inside), clocks=used,
    )  # fmt: skip


def _times(
    rows: Rows, start: str | None, stop: str | None
) -> tuple[tuple[Floats, Floats] | None, list[str]]:
    """Starts and stops, where there are any, and what is wrong with them."""
    if stop is None:
        return None, []
    first, last, wrong = check_times(rows, start, stop)
    return (first, last), wrong


def _refuse_clocks(
    design: Design,
    named: Mapping[str, str],
    rows: Rows,
    times: tuple[Floats, Floats],
    event: Floats,
    layer: Integers | None,
) -> None:
    """Refuse what is the time itself, where a baseline takes all of it."""
    # strata made of time have one event time each, and all rows reach it
    own_time = any(place.startswith("strata=") for place in named.values())
    given = None if own_time else layer
    check_clock(design.formula, named, rows.index, times, event, given)


def _clock_names(
    design: Design,
    options: Mapping[str, Sequence[str | None]],
    own: Sequence[str | None],
    clocks: Mapping[str, Clock],
) -> dict[str, str]:
    """Columns of time that the formula or an option names, and how each comes to be one."""
    named = {name: "" for name in own if name is not None and name in design.variables}
    alike = f"a function of {own[1]}"
    named |= {name: alike for name in clocks if name in design.variables}
    for option, names in options.items():
        for name in names:
            if name is not None and (name == own[1] or name in clocks):
                named[name] = option if name == own[1] else f"{option}, {alike}"
    return named


def _one_period(start: Floats, stop: Floats) -> bool:
    """Whether rows are of one length, the period of a discrete-time model, whose end is known."""
    lengths = stop - start
    return bool(np.ptp(lengths) <= 1e-6 * lengths.max())


def _refuse_response_as_term(design: Design, needed: Sequence[str]) -> None:
    if design.response in needed:
        raise DataError(
            f"the event {design.response!r} is also given as offset, weights, strata or cluster; "
            "what a row ends with cannot be known before"
        )
    if design.response in design.variables:
        raise FormulaError(
            f"the event {design.response!r} stands on both sides of {design.formula!r}; it cannot "
            "explain itself, leave it out on the right"
        )


def _id_notes(start: str | None, stop: str | None, member: tuple[str, ...]) -> list[str]:
    if stop is not None and start is None:
        own = "" if member else " and stands for a member of its own"
        return [f"every row enters at time 0 (start=None){own}"]
    return (
        [] if member else ["no id columns, so overlapping rows of one member were not looked for"]
    )


def _histories(
    rows: Rows,
    member: tuple[str, ...],
    members: Integers | None,
    layers: tuple[str, ...],
    layer: Integers | None,
) -> Histories | None:
    """Whose rows may not overlap: those of one member, within a stratum."""
    if members is None:
        return None
    if (members < 0).any():
        raise DataError(
            f"id columns {', '.join(member)} are missing in rows "
            f"{first_few(rows.index[members < 0])}; fill them"
        )
    if layer is None or set(layers) <= set(member):
        return Histories(member, members, int(members.max()) + 1)
    codes, found = pd.factorize(members * (int(layer.max()) + 1) + layer)
    return Histories(member, codes.astype(np.int64, copy=False), len(found))


def _keep(design: Design, inside: Flags | None) -> Flags | None:
    """Of the rows given, those used."""
    if inside is None:
        return design.keep
    keep = np.ones(len(inside), dtype=bool) if design.keep is None else design.keep.copy()
    keep[np.flatnonzero(keep)[~inside]] = False
    return keep


def _compact(codes: Integers, keep: Flags) -> tuple[Integers, int]:
    """Renumber the codes that are left."""
    again, found = pd.factorize(codes[keep])
    return again.astype(np.int64, copy=False), len(found)


def _labels(
    data: Rows, layers: tuple[str, ...], codes: Integers | None
) -> tuple[tuple[object, ...], ...]:
    """What stands behind each code; codes are numbered by first appearance."""
    if codes is None:
        return ()
    first = data.inside(np.diff(np.maximum.accumulate(codes), prepend=-1) > 0)
    return tuple(zip(*(first[name].tolist() for name in layers), strict=True))
