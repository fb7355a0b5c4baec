"""Values of columns as whole numbers, by first appearance: members, clusters, strata."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.sample.rows import Rows

__all__ = ["Numbering"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: with fewer rows to a run of equal values, looking for runs saves nothing
_RUN = 4
#: up to so many values a dictionary is faster than a table of hashes
_SHORT = 1000


@dataclass
class Numbering:
    """Numbers the values of columns, each column once.

    Rows of a panel mostly stand member by member, so values are looked up once per run of equal
    ones.
    """

    data: Rows
    known: dict[str, tuple[Integers, int]] = field(default_factory=dict)
    turns: dict[str, Flags | None] = field(default_factory=dict)

    def column(self, name: str) -> tuple[Integers, int]:
        """A number per row, -1 in gaps, and how many there are."""
        if name not in self.known:
            self.known[name] = self._spread([name], self._turns(name))
        return self.known[name]

    def joint(self, names: Sequence[str]) -> tuple[Integers, int]:
        """Number the combinations by first appearance; rows with a gap get -1."""
        if len(names) == 1:
            return self.column(names[0])
        turns: Flags | None = np.zeros(len(self.data), dtype=bool)
        for name in names:
            own = self._turns(name)
            turns = None if own is None or turns is None else turns | own
        return self._spread(names, turns)

    def _turns(self, name: str) -> Flags | None:
        """Rows whose value is another one than that of the row before; None where not looked at."""
        if name not in self.turns:
            self.turns[name] = _turns(self.data.array(name))
        return self.turns[name]

    def _spread(self, names: Sequence[str], turns: Flags | None) -> tuple[Integers, int]:
        """Number the first row of each run, and give the others of the run its number."""
        columns = [self.data.array(name) for name in names]
        if turns is None or _RUN * np.count_nonzero(turns) > len(turns):
            return _combined(columns)
        codes, count = _combined([column[turns] for column in columns])
        return codes[np.cumsum(turns) - 1], count


def _turns(values: object) -> Flags | None:
    if not isinstance(values, np.ndarray) or not len(values):
        return None
    turns = np.ones(len(values), dtype=bool)
    try:
        turns[1:] = values[1:] != values[:-1]
    except (TypeError, ValueError):  # objects that do not compare with each other
        return None
    return turns


def _combined(columns: Sequence[object]) -> tuple[Integers, int]:
    few = _listed(columns)
    if few is not None:
        places: dict[object, int] = {}
        told = [places.setdefault(key, len(places)) for key in zip(*few, strict=True)]
        return np.array(told, dtype=np.int64), len(places)
    codes, count = _numbered(columns[0])
    for column in columns[1:]:
        part, size = _numbered(column)
        gap = (codes < 0) | (part < 0)
        joined, found = pd.factorize(codes * size + part)
        codes, count = joined.astype(np.int64, copy=False), len(found)
        if gap.any():
            codes = np.where(gap, -1, codes)
    return codes, count


def _listed(columns: Sequence[object]) -> list[list[object]] | None:
    """Values of short columns of text or whole numbers, of which none is missing; else None."""
    found: list[list[object]] = []
    for column in columns:
        if not isinstance(column, np.ndarray) or len(column) > _SHORT:
            return None
        held = column.tolist()
        whole = column.dtype.kind in "iu"
        if not whole and not (column.dtype == object and all(type(one) is str for one in held)):
            return None
        found.append(held)
    return found


def _numbered(values: object) -> tuple[Integers, int]:
    codes, labels = pd.factorize(values)  # type: ignore[call-overload]
    return codes.astype(np.int64, copy=False), len(labels)
