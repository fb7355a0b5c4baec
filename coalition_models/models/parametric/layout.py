"""Which baseline a row has: one per stratum, and per piece of time where hazards are constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, FitError, first_few
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.intervals import Intervals

__all__ = ["Layout", "Pieces", "at_last_seen", "check_cuts", "layout_of", "refuse_times"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: pieces with about as many events each, where none are given
DEFAULT_PIECES = 5


@dataclass(frozen=True, eq=False)
class Pieces:
    """Rows cut where pieces of time end: times, baseline column, and the row each is part of."""

    start: Floats
    stop: Floats
    column: Integers
    origin: Integers
    last: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Layout:
    """Strata by label and the times at which a piecewise constant hazard changes."""

    strata: tuple[str, ...]
    cuts: tuple[float, ...]
    pieced: bool

    @property
    def columns(self) -> int:
        """Number of baselines."""
        return len(self.strata) * (len(self.cuts) + 1)

    @property
    def term(self) -> str:
        """The term under which the baselines stand."""
        return "log hazard" if self.pieced else "Intercept"

    @property
    def names(self) -> tuple[str, ...]:
        """Of the baselines, strata first."""
        if not self.pieced:
            return tuple(f"Intercept{stratum}" for stratum in self.strata)
        ends = ["0", *(f"{cut:g}" for cut in self.cuts)]
        spans = [f"({a}, {b}]" for a, b in pairwise(ends)]
        spans.append(f"after {ends[-1]}" if self.cuts else "constant")
        return tuple(f"log hazard {span}{stratum}" for stratum in self.strata for span in spans)

    def pieces(self, start: Floats, stop: Floats, codes: Integers | None) -> Pieces:
        """Cut rows at the ends of pieces; a row keeps its stratum."""
        strata = np.zeros(len(stop), dtype=np.int64) if codes is None else codes
        every = np.arange(len(stop))
        if not self.cuts:
            return Pieces(start, stop, strata, every, np.ones(len(stop), dtype=bool))
        cuts = np.array(self.cuts)
        # a row that starts at a cut lies after it, one that ends there before it
        low = np.searchsorted(cuts, start, side="right")
        high = np.searchsorted(cuts, stop, side="left")
        count = high - low + 1
        origin = np.repeat(every, count)
        piece = np.arange(len(origin)) - np.repeat(np.cumsum(count) - count, count) + low[origin]
        edges = np.r_[-np.inf, cuts, np.inf]
        return Pieces(
            np.maximum(start[origin], edges[piece]),
            np.minimum(stop[origin], edges[piece + 1]),
            strata[origin] * (len(cuts) + 1) + piece,
            origin,
            piece == high[origin],
        )

    def matrix(self, column: Integers) -> Floats:
        """Columns of 0 and 1, one per baseline."""
        out = np.zeros((len(column), self.columns))
        out[np.arange(len(column)), column] = 1.0
        return out

    def stratum_of(self, column: Integers) -> Integers:
        """Stratum of each baseline column."""
        return column // (len(self.cuts) + 1)


def at_last_seen(pieces: Pieces, intervals: Intervals) -> tuple[Pieces, Integers]:
    """Cut pieces where a member was last seen; also which event each may hold (-1: none)."""
    group, seen = intervals.group[pieces.origin], intervals.seen[pieces.origin]
    two = (group >= 0) & (pieces.start < seen) & (seen < pieces.stop)
    row = np.repeat(np.arange(len(group)), 1 + two)
    second = np.concatenate([[False], row[1:] == row[:-1]])
    first = two[row] & ~second
    start = np.where(second, seen[row], pieces.start[row])
    stop = np.where(first, seen[row], pieces.stop[row])
    holds = np.where((group[row] >= 0) & ~first & (start >= seen[row]), group[row], -1)
    out = Pieces(start, stop, pieces.column[row], pieces.origin[row], pieces.last[row] & ~first)
    return out, holds.astype(np.int64)


def check_cuts(cuts: object) -> None:
    """Refuse cuts that are neither a number of pieces nor increasing times above 0."""
    if cuts is None or (isinstance(cuts, int) and not isinstance(cuts, bool) and cuts >= 1):
        return
    if (
        isinstance(cuts, tuple)
        and cuts
        and all(b > a for a, b in pairwise((0, *cuts)))
        and np.isfinite(cuts).all()
    ):
        return
    raise DataError(
        "cuts must be a number of pieces, 1 or more, or increasing times above 0 at which the "
        f"hazard may change, such as [12, 36]; found {cuts!r}"
    )


def refuse_times(sample: Sample) -> tuple[Floats, Floats]:
    """Start and stop of each row; durations count from 0."""
    start, stop = sample.start, sample.stop
    if start is None or stop is None:
        raise FitError("a parametric model needs the start and stop of each row")
    early = start < 0
    if early.any():
        raise DataError(
            f"times below 0 in rows {first_few(sample.index[early])}: a parametric hazard depends "
            "on the time since its origin, so let start and stop count from there"
        )
    return start, stop


def layout_of(sample: Sample, pieced: bool, cuts: int | Sequence[float] | None) -> Layout:
    """Settle strata and pieces; each baseline needs an event."""
    start, stop = refuse_times(sample)
    labels = tuple(f"[{', '.join(map(str, label))}]" for label in sample.strata_labels) or ("",)
    ended = sample.event == 1
    times: tuple[float, ...] = ()
    if pieced:
        times = _cuts(stop[ended], cuts)
    layout = Layout(labels, times, pieced)
    codes = None if sample.strata is None else sample.strata[ended]
    found = layout.pieces(start[ended], stop[ended], codes)
    counts = np.bincount(found.column[found.last], minlength=layout.columns)
    empty = [name for name, count in zip(layout.names, counts, strict=True) if not count]
    if empty:
        raise FitError(
            f"no event for {first_few(empty)}: such a hazard runs to zero; "
            + ("choose other cuts" if pieced else "leave out these strata, or strata= altogether")
        )
    return layout


def _cuts(events: Floats, cuts: int | Sequence[float] | None) -> tuple[float, ...]:
    """Times of change: those given, or between about equal numbers of events."""
    if cuts is not None and not isinstance(cuts, int):
        return tuple(float(cut) for cut in cuts)
    pieces = DEFAULT_PIECES if cuts is None else cuts
    shares = np.arange(1, pieces) / pieces
    found = np.unique(np.quantile(events, shares, method="higher"))
    return tuple(float(cut) for cut in found[found < events.max()])
