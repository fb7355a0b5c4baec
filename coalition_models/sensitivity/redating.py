"""The fewest members whose exits must be dated otherwise before a finding falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError, FitError, first_few, gathered
from coalition_models.inference.null_score import score_at_null
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.models.family import require
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.render import Table, format_number

__all__ = ["FewestRedated", "fewest_redated"]

_KEY = ("coalition", "state", "spell")

Keys = tuple[int, ...]


@dataclass(frozen=True, repr=False)
class FewestRedated:
    """The fewest members with whose other dates the score of a term crosses 1.96.

    Attributes
    ----------
    term : str
    z, z_other : float
        With all members as in the first panel, and as in the other: the score over the root of its
        squares by cluster.
    count : int or None
        How many members; None where not even the most looked at suffice.
    members : tuple of str
        Which, the set that moves the score farthest.
    z_with : float
        With these members dated otherwise.
    sets : int
        How many sets of that size suffice.
    exact : bool
        Whether all sets of that size and of all smaller sizes were looked at; else it is a number
        that suffices.
    differ : int
        Members whose rows differ between the panels; the others cannot move anything.
    """

    term: str
    z: float
    z_other: float
    count: int | None
    members: tuple[str, ...]
    z_with: float
    sets: int
    exact: bool
    differ: int

    def to_table(self) -> Table:
        """One row."""
        row = [format_number(self.z), format_number(self.z_other), str(self.differ)]
        row += ["none found" if self.count is None else str(self.count)]
        row += [", ".join(self.members), format_number(self.z_with)]
        head = ["z", "z, all otherwise", "differ", "fewest", "which", "z then"]
        note = "All sets were looked at." if self.exact else "Sets grew one by one."
        return Table(head, [row], f"Fewest exits to date otherwise: {self.term}", [note])

    def __repr__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def fewest_redated(
    spec: Specification,
    panel: pd.DataFrame,
    other: pd.DataFrame,
    term: str,
    *,
    exact: int = 2,
    most: int = 10,
    fits: int = 5_000,
) -> FewestRedated:
    """Find the fewest members who, dated as in another panel, turn whether a term is significant.

    The panels hold the same spells under two datings of their exits, such as by announcement and by
    departure. A member is dated otherwise when all its rows are taken from the other panel. The
    statistic is the score where the term has no effect, over the root of its squares by cluster,
    against 1.96, so that it exists in every set.

    Parameters
    ----------
    spec : Specification
        Of a family with scores at the null, clustered one way.
    panel, other : DataFrame
        With ``coalition, state, spell, event`` and the columns of the formula.
    term : str
    exact : int
        Up to this size all sets are looked at; larger ones add one member to the best set.
    most : int
        Largest size.
    fits : int
        Most sets of one size that are looked at; with more of them sets grow one by one.

    Returns
    -------
    FewestRedated

    Raises
    ------
    DataError
        Panels that lack columns or hold different spells.

    Examples
    --------
    >>> import coalition_models as cm
    >>> said, done = (
    ...     cm.build_panel(cm.facts("iraq"), exit_date=date).pipe(cm.add_elections, window=3)
    ...     for date in ("announced", "main"))
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.fewest_redated(spec, said, done, "election_near", exact=1, most=2)
    >>> found.differ
    19
    """
    check_arguments(fewest_redated, locals())
    check_count(exact, "exact", least=1)
    check_count(most, "most", least=1)
    require(spec.record, "null_scores", "fewest_redated()")
    both = _Both.of(spec, panel, other, term)
    base = both.z(())
    if not np.isfinite(base):
        raise FitError(f"{term} has no score: it does not vary at the events")
    inward = abs(base) > EDGE
    best: Keys = ()
    whole = True
    for size in range(1, min(most, len(both.differ)) + 1):
        whole = whole and size <= exact and comb(len(both.differ), size) <= fits
        sets = _sets(both.differ, best, size, whole)
        z = np.array([both.z(one) for one in sets])
        known = np.isfinite(z)
        far = np.where(known, -np.sign(base) * z if inward else np.abs(z), -np.inf)
        best = sets[int(far.argmax())]
        turned = known & ((np.abs(z) > EDGE) != inward)
        if turned.any():
            names = tuple(both.labels[key] for key in best)
            reached = float(z[int(far.argmax())])
            return FewestRedated(
                term, base, both.z(both.differ), size, names, reached, int(turned.sum()), whole,
                len(both.differ),
            )  # fmt: skip
    return FewestRedated(
        term, base, both.z(both.differ), None, (), float("nan"), 0, False, len(both.differ)
    )


def _sets(differ: Keys, best: Keys, size: int, whole: bool) -> list[Keys]:
    if whole:
        return list(combinations(differ, size))
    return [(*best, key) for key in differ if key not in best]


@dataclass(frozen=True, eq=False)
class _Both:
    """Rows of both panels under each other, with the spell and the panel of each."""

    spec: Specification
    term: str
    rows: pd.DataFrame
    spell: npt.NDArray[np.int64]
    second: npt.NDArray[np.bool_]
    differ: Keys
    labels: tuple[str, ...]

    @classmethod
    def of(cls, spec: Specification, panel: pd.DataFrame, other: pd.DataFrame, term: str) -> _Both:
        event = event_of(spec.formula)
        columns = [*_KEY, event, term]
        for frame in (panel, other):
            lacking = [name for name in columns if name not in frame.columns]
            if lacking:
                raise DataError(f"a panel lacks {', '.join(lacking)}")
        shared = [name for name in panel.columns if name in other.columns]
        rows = pd.concat([panel[shared], other[shared]], ignore_index=True)
        keys = pd.MultiIndex.from_frame(rows[list(_KEY)])
        spell, known = pd.factorize(keys)
        second = np.arange(len(rows)) >= len(panel)
        lost = set(spell[~second].tolist()) ^ set(spell[second].tolist())
        if lost:
            names = [" ".join(map(str, known[key])) for key in sorted(lost)]
            raise DataError(f"only one of the panels holds {first_few(names)}")
        told = rows[[event, term]].to_numpy(dtype=float)
        differ = tuple(
            key
            for key in range(len(known))
            if not _same(told[(spell == key) & ~second], told[(spell == key) & second])
        )
        labels = tuple(f"{state}-{number}" for _, state, number in known)
        at = np.asarray(spell, dtype=np.int64)
        return cls(spec, term, rows, at, second, differ, labels)

    def z(self, moved: Sequence[int]) -> float:
        """Score with some spells as in the second panel."""
        theirs = np.isin(self.spell, list(moved))
        try:
            with gathered():
                found = score_at_null(self.spec, self.term, self.rows[theirs == self.second])
        except FitError:
            return float("nan")
        return float(found.numbers["z_by_cluster"])


def _same(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
    return one.shape == other.shape and bool(np.array_equal(one, other, equal_nan=True))
