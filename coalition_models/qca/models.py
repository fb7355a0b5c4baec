"""All ways to explain every row with terms: with the fewest, or with none to spare."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from itertools import product
from operator import or_

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

from coalition_models.errors import DataError, warn

__all__ = ["all_models"]

Bools = npt.NDArray[np.bool_]

#: steps of the search after which it is given up
_STEPS = 100_000
#: models that are listed at most
_LIMIT = 1000


def all_models(chart: Bools, *, fewest: bool = True, limit: int = _LIMIT) -> list[tuple[int, ...]]:
    """Every choice of terms that together hold every row.

    Parameters
    ----------
    chart : array of bool (terms, rows)
        Which term holds which row.
    fewest : bool
        Only models with the fewest terms; else all from which no term can be left out.
    limit : int
        Stop at so many, with a warning.

    Returns
    -------
    list of tuple of int
        Places of the terms, sorted.

    Raises
    ------
    DataError
        A row that no term holds; a chart too large to be searched through.

    Examples
    --------
    >>> ring = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1]], dtype=bool)
    >>> all_models(ring)
    [(0, 1), (0, 2), (1, 2)]
    """
    if chart.shape[1] == 0:
        return []
    if not chart.any(axis=0).all():
        raise DataError("a row to be explained is held by no term")
    rows = _hard_rows(chart)
    parts = [_choices(chart[:, part], fewest) for part in _apart(chart[:, rows], rows)]
    found: list[tuple[int, ...]] = []
    for choice in product(*parts):
        if len(found) == limit:
            warn(
                f"there are more than {limit} models, of which the first {limit} are given: more "
                "cases or fewer conditions would leave less open"
            )
            break
        found.append(tuple(sorted(term for part in choice for term in part)))
    return sorted(found, key=lambda model: (len(model), model))


def _hard_rows(chart: Bools) -> list[int]:
    """Rows that are not held by themselves once the others are: the choices are the same."""
    terms = np.unique(chart, axis=1).T
    # whether the terms of one row are all among those of another
    inside = np.asarray(~(terms[:, None, :] & ~terms[None, :, :]).any(axis=2))
    np.fill_diagonal(inside, False)
    first = {column.tobytes(): place for place, column in reversed(list(enumerate(chart.T.copy())))}
    return sorted(first[row.tobytes()] for row in terms[~inside.any(axis=0)])


def _apart(chart: Bools, names: list[int]) -> Iterator[list[int]]:
    """Groups of rows no two of which share a term: what is chosen in one is free of the others."""
    left = set(range(chart.shape[1]))
    while left:
        group, new = set(), {min(left)}
        while new:
            group |= new
            held = chart[:, sorted(new)].any(axis=1)
            new = set(np.flatnonzero(chart[held].any(axis=0)).tolist()) - group
        left -= group
        yield [names[row] for row in sorted(group)]


def _choices(chart: Bools, fewest: bool) -> list[tuple[int, ...]]:
    """Choices for one group of rows; terms that hold the same of them stand for one another."""
    alike: dict[int, list[int]] = {}
    for term, row in enumerate(chart):
        held = sum(1 << int(place) for place in np.flatnonzero(row))
        if held:
            alike.setdefault(held, []).append(term)
    search = _Search(list(alike), chart.shape[1])
    found = search.fewest() if fewest else search.irredundant()
    out: list[tuple[int, ...]] = []
    for choice in sorted(found, key=lambda sets: (len(sets), sorted(sets))):
        for terms in product(*(alike[held] for held in sorted(choice))):
            out.append(terms)
            if len(out) > _LIMIT:
                return out
    return out


class _Search:
    """Depth first over the row that the fewest terms hold; what is left is looked at once."""

    def __init__(self, sets: list[int], rows: int) -> None:
        self.sets = sets
        self.whole = (1 << rows) - 1
        by_row = [[held for held in sets if held >> row & 1] for row in range(rows)]
        order = sorted(range(rows), key=lambda row: (len(by_row[row]), row))
        self.order = [(1 << row, by_row[row]) for row in order]
        #: rows that share a term with each row
        self.near = {1 << row: reduce(or_, by_row[row], 0) for row in range(rows)}
        #: what is left -> fewer terms than this do not hold it
        self.short: dict[int, int] = {}
        #: what is left -> how many terms hold it at least, and every choice of so many
        self.known: dict[int, tuple[int, set[frozenset[int]]]] = {0: (0, {frozenset()})}
        self.steps = 0

    def _next(self, left: int) -> list[int]:
        """Terms that hold the row of those left that is hardest to hold."""
        self.steps += 1
        if self.steps > _STEPS:
            raise DataError(
                "the rows can be explained in too many ways to list them: take fewer conditions, a "
                "higher frequency cut, or expectations"
            )
        return next(terms for bit, terms in self.order if left & bit)

    def _bound(self, left: int) -> int:
        """Terms that are needed at least: rows no two of which share a term need one each."""
        needed, rest = 0, left
        for bit, _ in self.order:
            if rest & bit:
                needed += 1
                rest &= ~self.near[bit]
        return needed

    def fewest(self) -> set[frozenset[int]]:
        """Every choice of the fewest terms."""
        return self._of_size(self.whole, _fewest(self.sets, self.whole))

    def _of_size(self, left: int, room: int) -> set[frozenset[int]]:
        """Every choice of so many terms, which are the fewest if there are any."""
        if left in self.known:
            size, choices = self.known[left]
            return choices if size <= room else set()
        if max(self.short.get(left, 0), self._bound(left)) > room:
            return set()
        found: set[frozenset[int]] = set()
        for held in self._next(left):
            if len(found) <= _LIMIT:
                found |= {choice | {held} for choice in self._of_size(left & ~held, room - 1)}
        if found:
            self.known[left] = room, found
        else:
            self.short[left] = room + 1
        return found

    def irredundant(self) -> set[frozenset[int]]:
        """Every choice from which no term can be left out."""
        found: set[frozenset[int]] = set()

        def deeper(left: int, chosen: frozenset[int]) -> None:
            if not left:
                found.add(chosen)
                return
            for held in self._next(left):
                if not _idle(more := chosen | {held}, self.whole & ~(left & ~held)):
                    deeper(left & ~held, more)

        deeper(self.whole, frozenset())
        return found


def _fewest(sets: list[int], whole: int) -> int:
    """How few terms hold everything, by integer programming."""
    if whole in sets:
        return 1
    rows = whole.bit_length()
    chart = np.array([[held >> row & 1 for held in sets] for row in range(rows)])
    found = milp(np.ones(len(sets)), constraints=LinearConstraint(chart, lb=1), integrality=1,
                 bounds=Bounds(0, 1))  # fmt: skip
    return round(float(found.fun))


def _idle(chosen: frozenset[int], held: int) -> bool:
    """Whether a term holds no row that the others do not: it will not be missed later either."""
    for one in chosen:
        others = 0
        for other in chosen:
            others |= 0 if other == one else other
        if others & held == held:
            return True
    return False
