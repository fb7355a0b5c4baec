"""Spells read for a panel: plain columns, codes of states, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.members.facts import Facts
from coalition_models.members.own_members import with_spells, with_states
from coalition_models.members.spell_checks import MISSING, SPELL_DATES, check_spells
from coalition_models.tables.plain import plain_table

__all__ = ["Read", "read_members", "wrong_spells"]


@dataclass(frozen=True, eq=False)
class Read:
    """Spells with plain columns, what is wrong with these, and, once looked for, with spells."""

    spells: pd.DataFrame
    problems: tuple[str, ...]
    wrong: list[str] | None = None


#: spells of facts, which never change, read and checked once for all panels built from them
_OF_FACTS: WeakKeyDictionary[Facts, Read] = WeakKeyDictionary()


def read_members(members: pd.DataFrame | Facts, *, whole: bool) -> Read:
    """Read the spells; those of facts as a whole once."""
    if not isinstance(members, Facts):
        spells, problems = _members(members)
        return Read(spells, tuple(problems))
    if not whole:
        spells, problems = _members(_spells(members))
        return Read(spells, tuple(problems))
    held = _OF_FACTS.get(members)
    if held is None:
        spells, problems = _members(_spells(members))
        held = Read(spells, tuple(problems), wrong_spells(spells))
        _OF_FACTS[members] = held
    # the caller may write on what it is given
    return replace(held, spells=held.spells.copy())


def wrong_spells(spells: pd.DataFrame) -> list[str]:
    """What is wrong with spells; a missing column is named once, by who reads the columns."""
    return [text for text in check_spells(spells, "month") if not text.startswith(MISSING)]


def _spells(facts: Facts) -> pd.DataFrame:
    if facts.members is None:
        raise DataError("the facts hold no members: there is nobody to follow")
    return facts.members


def _members(members: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the spells with plain columns and codes, and what is wrong with their columns."""
    if members.empty:
        raise DataError("members has no rows: there is nobody to follow")
    spells = plain_table(members, "members", dates=SPELL_DATES)
    spells, unknown = with_states(spells, ("entry", "exit"))
    problems = [f"unknown states: {'; '.join(unknown)}"] if unknown else []
    if unknown:
        spells = spells[spells["cow"].notna()].reset_index(drop=True)
    spells = with_spells(spells)
    needed = ["coalition", "state", "spell", "entry", "exit", "exit_kind"]
    absent = [name for name in needed if name not in spells.columns]
    if absent:
        needed.remove("spell")
        # without entries no spell can be numbered, and without states none has a number
        told = [name for name in absent if name != "spell" or "entry" not in absent]
        problems.append(
            f"members must have the columns {', '.join(needed)}; missing: {', '.join(told)}"
        )
    return spells, problems
