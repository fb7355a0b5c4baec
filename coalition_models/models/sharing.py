"""What many specifications on one panel have in common, so that it is done once.

Specifications of one family, times, members, clusters, strata and offset share a sample where
their formulas are sums of columns of numbers that are missing in the same rows: it is drawn with
all of these columns, and each fit takes its own. Case weights that are positive everywhere are put
in afterwards. Whatever is not sure to be the same is drawn alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import CoalitionError
from coalition_models.models.display import Background
from coalition_models.models.engine import Unfitted
from coalition_models.models.family import room_of
from coalition_models.models.fit import Fit
from coalition_models.models.sample.checks import names_of
from coalition_models.models.sample.clock import clocks_among
from coalition_models.models.sample.draw import Sample
from coalition_models.models.sample.formula import is_numeric, plain_formula
from coalition_models.models.sample.sides import sides_of
from coalition_models.models.specification import Specification

__all__ = ["Bare", "Job", "Room", "Share", "room_for", "rows_key", "shared"]

Floats = npt.NDArray[np.float64]


class Room(Protocol):
    """What the module ``api`` of an estimator's folder holds, beside its public function.

    A room may also have ``unfitted(spec, sample)``, for tests that need no estimate, and
    ``head_starts(whole, shares)``: for each share of a sample, whatever its ``estimate`` can begin
    with.
    """

    def check(self, spec: Specification) -> None:
        """Refuse values of options, before the data are looked at."""

    def draw(self, spec: Specification, data: pd.DataFrame) -> Sample:
        """Check the data and take the rows used."""

    def estimate(
        self, spec: Specification, sample: Sample, background: Background, start: object = None
    ) -> Fit:
        """Fit to these rows; ``start`` is one of the room's own head starts."""


class Bare(Protocol):
    """A room whose models can be had before anything is maximised."""

    def unfitted(self, spec: Specification, sample: Sample) -> Unfitted:
        """The model and its rows."""


class _Headed(Protocol):
    def head_starts(self, whole: Sample, shares: Sequence[Share]) -> list[object]:
        """What each fit can begin with."""


@dataclass(frozen=True, eq=False)
class Share:
    """One specification's part of a sample: columns of the matrix, and weights put in later."""

    spec: Specification
    columns: tuple[int, ...]
    weights: Floats | None = None


@dataclass(frozen=True, eq=False)
class Job:
    """One specification to be fitted, by its place; without a sample it draws its own."""

    place: int
    sample: Sample | None = None
    start: object = None

    def fit(self, spec: Specification, panel: pd.DataFrame, background: Background) -> Fit:
        """Fit it."""
        room = room_for(spec)
        sample = room.draw(spec, panel) if self.sample is None else self.sample
        return room.estimate(spec, sample, background, self.start)


def room_for(spec: Specification) -> Room:
    """Where a specification is estimated."""
    return cast("Room", room_of(spec.family))


def shared(specs: Sequence[Specification], panel: pd.DataFrame) -> Iterator[Job]:
    """Give one job per specification, those that share a sample with it."""
    columns = _Columns(panel)
    groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for place, spec in enumerate(specs):
        groups[_key(spec, columns)].append(place)
    for key, places in groups.items():
        if len(places) == 1:
            yield Job(places[0])
        elif key[0] == "alike":
            yield from _alike([specs[i] for i in places], places, panel)
        else:
            yield from _parts([specs[i] for i in places], places, panel, columns)


class _Columns:
    """Columns of a panel, each looked at once."""

    def __init__(self, panel: pd.DataFrame) -> None:
        self._panel = panel
        self._gaps: dict[str, npt.NDArray[np.bool_] | None] = {}
        self._positive: dict[str, bool] = {}

    def are_numbers(self, names: Sequence[str]) -> bool:
        """Whether all are there and hold numbers."""
        if not self._panel.columns.is_unique or not set(names) <= set(self._panel.columns):
            return False
        return all(is_numeric(self._panel[name].dtype) for name in names)

    def gaps(self, names: Sequence[str]) -> bytes:
        """In which rows one of the columns is missing."""
        lacking = np.zeros(len(self._panel), dtype=bool)
        for name in names:
            if name not in self._gaps:
                found = self._panel[name].isna().to_numpy()
                self._gaps[name] = found if found.any() else None
            own = self._gaps[name]
            if own is not None:
                lacking |= own
        return np.packbits(lacking).tobytes()

    def positive(self, name: str) -> bool:
        """Whether a column is a positive, finite number in every row."""
        if name not in self._positive:
            column = self._panel[name] if self.are_numbers([name]) else None
            plain = column is not None and isinstance(column.dtype, np.dtype)
            values = np.empty(0) if column is None or not plain else column.to_numpy(dtype=float)
            self._positive[name] = bool(
                values.size and np.isfinite(values).all() and (values > 0).all()
            )
        return self._positive[name]

    def values(self, name: str) -> Floats:
        """The column as numbers."""
        return self._panel[name].to_numpy(dtype=float)


def _common(spec: Specification) -> tuple[object, ...]:
    """What decides over the rows, apart from formula and weights."""
    return (
        spec.family, spec.start, spec.stop, spec.id, spec.cluster, spec.strata, spec.offset,
        spec.time, spec.trust, spec.causes, spec.none, spec.origin, spec.changing, spec.censoring,
        spec.cuts, spec.at_risk, spec.starts, spec.seed, spec.group,
        spec.last_seen,
    )  # fmt: skip


def _key(spec: Specification, columns: _Columns) -> tuple[object, ...]:
    """Specifications of one key share a sample."""
    plain = plain_formula(spec.formula)
    alike = ("alike", spec.formula, spec.weights, *_common(spec))
    if plain is None or spec.at_risk is not None:
        return alike
    response, names = plain
    if {"Intercept", response} & set(names) or _own_columns(spec) & set(names):
        return alike
    if not columns.are_numbers(names):
        return alike
    later = spec.weights is not None and columns.positive(spec.weights)
    weights = None if later else spec.weights
    return ("parts", response, columns.gaps(names), weights, *_common(spec))


def rows_key(spec: Specification) -> tuple[object, ...]:
    """Specifications of one key draw the same rows of a panel, with the same columns.

    Examples
    --------
    >>> one = Specification("cox", "event ~ risk")
    >>> rows_key(one) == rows_key(Specification("cox", "event ~ risk", ties="breslow"))
    True
    """
    return (spec.formula, spec.weights, spec.variance == "robust", *map(repr, _common(spec)))


def _own_columns(spec: Specification) -> set[str]:
    """Columns that a specification names beside its formula."""
    several = (spec.id, spec.cluster, spec.strata)
    names = [name for given in several for name in names_of(given, "columns")]
    single = (spec.start, spec.stop, spec.weights, spec.offset, spec.last_seen)
    return {*names, *(name for name in single if name is not None)}


def _alike(
    specs: Sequence[Specification], places: Sequence[int], panel: pd.DataFrame
) -> Iterator[Job]:
    """One formula, whose ties, variance and the like differ."""
    sample = _drawn(specs[0], panel)
    if sample is None:
        yield from map(Job, places)
        return
    every = tuple(range(sample.matrix.shape[1]))
    shares = [Share(spec, every) for spec in specs]
    for place, start in zip(places, _starts(sample, shares), strict=True):
        yield Job(place, sample, start)


def _parts(
    specs: Sequence[Specification],
    places: Sequence[int],
    panel: pd.DataFrame,
    columns: _Columns,
) -> Iterator[Job]:
    """Several sums of columns: one sample holds all of them."""
    terms = [plain[1] for spec in specs if (plain := plain_formula(spec.formula)) is not None]
    response = sides_of(specs[0].formula)[0]
    union = tuple(dict.fromkeys(name for names in terms for name in names))
    later = [s.weights if s.weights and columns.positive(s.weights) else None for s in specs]
    given = None if later[0] is not None else specs[0].weights
    formula = f"{response}~ {' + '.join(union)}"
    whole = _drawn(replace(specs[0], formula=formula, weights=given), panel)
    if whole is None:
        yield from map(Job, places)
        return
    timed = {*whole.clocks, *_weights_of_time(whole, panel, later)}
    jobs: list[tuple[int, Sample, Share]] = []
    first = int(whole.design.intercept)
    for place, spec, names, weights in zip(places, specs, terms, later, strict=True):
        if timed & {*names, weights}:
            yield Job(place)
            continue
        sample = _narrowed(whole, spec.formula, names)
        case = None if weights is None else whole.used(columns.values(weights))
        at = (*range(first), *(first + union.index(name) for name in names))
        sample = sample if case is None else replace(sample, weights=case)
        jobs.append((place, sample, Share(spec, at, case)))
    starts = _starts(whole, [share for _, _, share in jobs])
    for (place, sample, _), start in zip(jobs, starts, strict=True):
        yield Job(place, sample, start)


def _narrowed(sample: Sample, formula: str, names: Sequence[str]) -> Sample:
    """The same rows with some of the columns of a plain formula, for another plain formula.

    As if drawn for it, where the columns left out decided over no row.
    """
    own = sample.design
    first = int(own.intercept)
    at = [*range(first), *(first + own.variables.index(name) for name in names)]
    matrix = np.ascontiguousarray(own.matrix[:, at])
    labels = tuple(own.names[j] for j in at)
    others = [name for name in own.dropped if name not in own.variables]
    design = replace(
        own,
        formula=formula,
        matrix=matrix,
        names=labels,
        terms={name: (j,) for j, name in enumerate(labels)},
        variables=tuple(names),
        dropped={n: own.dropped[n] for n in [*names, *others] if n in own.dropped},
    )
    same = sample.matrix is own.matrix
    return replace(
        sample,
        design=design,
        matrix=matrix if same else np.ascontiguousarray(sample.matrix[:, at]),
        clocks={name: clock for name, clock in sample.clocks.items() if name in names},
    )


def _weights_of_time(
    whole: Sample, panel: pd.DataFrame, weights: Sequence[str | None]
) -> dict[str, object]:
    """Columns of weights that are the time itself, which is refused where rows are long."""
    names = [name for name in dict.fromkeys(weights) if name is not None]
    if whole.stop is None or not names:
        return {}
    rows = panel[names] if whole.keep is None else panel.loc[whole.keep, names]
    return dict(clocks_among(rows, names, whole.stop))


def _drawn(spec: Specification, panel: pd.DataFrame) -> Sample | None:
    """The rows; None where something is wrong with them, which each fit then says for itself."""
    try:
        return room_for(spec).draw(spec, panel)
    except CoalitionError:
        return None


def _starts(whole: Sample, shares: Sequence[Share]) -> list[object]:
    """What the room's fits can begin with, where it knows."""
    if not shares:
        return []
    room = room_for(shares[0].spec)
    nothing: list[object] = [None] * len(shares)
    if not hasattr(room, "head_starts") or not whole.event.any():
        return nothing
    try:
        return cast("_Headed", room).head_starts(whole, shares)
    except CoalitionError:
        return nothing
