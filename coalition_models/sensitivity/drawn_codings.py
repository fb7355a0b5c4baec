"""How each exit may be coded, and worlds in which it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.members.agreement import coder_agreement
from coalition_models.members.bundled_facts import revision_of
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spell_checks import EVENT_KINDS, spell_labels

__all__ = ["MISTAKEN_FOR", "Codings", "codings_of", "likeliest", "measured_error"]

Objects = npt.NDArray[np.object_]

#: the kind that an uncontested exit would be where its coding is wrong
MISTAKEN_FOR: Mapping[str, str] = {
    "early": "scheduled",
    "scheduled": "early",
    "mission_end": "early",
    "post_mandate": "early",
    "exogenous": "early",
}
_KEY = ["coalition", "state", "spell"]


@dataclass(frozen=True, eq=False)
class Codings:
    """Kinds of all spells, and how else they may be coded.

    ``two`` maps the row of a spell with distributions of its own to its kinds and their chances.
    """

    facts: Facts
    kinds: Objects
    two: Mapping[int, tuple[Objects, npt.NDArray[np.float64]]]

    def draw(self, rng: np.random.Generator, wrong: int, of: int) -> Objects:
        """Kinds of one world."""
        found = self.kinds.copy()
        rate = rng.beta(wrong + 0.5, of - wrong + 0.5) if of else 0.0
        hit = rng.random(len(found)) < rate
        places = rng.random(len(found))
        for row, kind in enumerate(self.kinds):
            if row in self.two:
                others, chances = self.two[row]
                found[row] = others[np.searchsorted(np.cumsum(chances)[:-1], places[row], "right")]
            elif hit[row] and kind in MISTAKEN_FOR:
                found[row] = MISTAKEN_FOR[kind]
        return found

    def recoded(self, changes: Mapping[int, str]) -> Objects:
        """Kinds as coded but for some rows."""
        found = self.kinds.copy()
        for row, kind in changes.items():
            found[row] = kind
        return found

    def world(self, kinds: Objects) -> Callable[[], Facts]:
        """What makes the facts with these kinds."""
        return _Recoded(self.facts, kinds)

    @property
    def labels(self) -> list[str]:
        """Names of the spells."""
        assert self.facts.members is not None
        return spell_labels(self.facts.members)


@dataclass(frozen=True, eq=False)
class _Recoded:
    facts: Facts
    kinds: Objects

    def __call__(self) -> Facts:
        assert self.facts.members is not None
        tables = {name: self.facts.table(name) for name in TABLES}
        tables["members"] = self.facts.members.assign(exit_kind=self.kinds)
        return trusted_facts(tables, self.facts.sources)


def codings_of(facts: Facts, contested: float, chances: pd.DataFrame | None) -> Codings:
    """Codings of all spells: two where they are contested, own ones where chances are given.

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(codings_of(cm.facts("iraq"), 0.5, None).two)
    14
    """
    if facts.members is None or facts.members.empty:
        raise DataError("the facts hold no members: there is no exit to code")
    members = facts.members
    kinds = members["exit_kind"].to_numpy(dtype=object)
    two: dict[int, tuple[Objects, npt.NDArray[np.float64]]] = {}
    if "exit_kind_alt" in members.columns:
        for row, other in enumerate(members["exit_kind_alt"]):
            if isinstance(other, str) and other != kinds[row]:
                pair = np.array([kinds[row], other], dtype=object)
                two[row] = (pair, np.array([1 - contested, contested]))
    if chances is not None:
        two |= _own_chances(members, chances)
    return Codings(facts, kinds, two)


def _own_chances(
    members: pd.DataFrame, chances: pd.DataFrame
) -> dict[int, tuple[Objects, npt.NDArray[np.float64]]]:
    absent = [name for name in (*_KEY, "exit_kind", "chance") if name not in chances.columns]
    if absent:
        raise DataError(f"chances lacks the columns {', '.join(absent)}")
    wrong = sorted(set(chances["exit_kind"]) - set(EVENT_KINDS))
    if wrong:
        raise DataError(f"chances has unknown kinds: {first_few(wrong)}; known: {EVENT_KINDS}")
    rows = {key: row for row, key in enumerate(members[_KEY].itertuples(index=False, name=None))}
    found: dict[int, tuple[Objects, npt.NDArray[np.float64]]] = {}
    for key, part in chances.groupby(_KEY, sort=False):
        values = part["chance"].to_numpy(dtype=float)
        if key not in rows:
            raise DataError(f"chances names a spell that the facts do not hold: {key}")
        if not (values >= 0).all() or not np.isclose(values.sum(), 1):
            raise DataError(f"the chances of {key} must be 0 or more and sum to one: {values}")
        found[rows[key]] = (part["exit_kind"].to_numpy(dtype=object), values)
    return found


def measured_error(facts: Facts, error: tuple[int, int] | None) -> tuple[int, int]:
    """Wrong codings of early or not, out of how many: those given, or as measured.

    Examples
    --------
    >>> import coalition_models as cm
    >>> measured_error(cm.facts("iraq"), None)
    (1, 30)
    """
    if error is None:
        if revision_of(facts) is None:
            raise DataError(
                "the error of coding was measured on the bundled facts: give your own, "
                "error=(wrong, of), or (0, 0) for none"
            )
        found = coder_agreement().query("what == 'early' and round == '1'")
        checked, agree = int(found["of"].iloc[0]), int(found["agree"].iloc[0])
        return checked - agree, checked
    wrong, of = error
    if not 0 <= wrong <= of:
        raise DataError(f"error is (wrong, of): {wrong} wrong of {of} cannot be")
    return wrong, of


def likeliest(coded: Codings, row: int) -> tuple[str, float] | None:
    """The likeliest coding that is not the one in the facts, and its chance.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = codings_of(cm.facts("iraq"), 0.4, None)
    >>> likeliest(found, min(found.two))
    ('mission_end', 0.4)
    """
    kinds, chances = coded.two[row]
    others = [(float(c), str(k)) for k, c in zip(kinds, chances, strict=True)
              if k != coded.kinds[row] and c > 0]  # fmt: skip
    return (max(others)[1], max(others)[0]) if others else None
