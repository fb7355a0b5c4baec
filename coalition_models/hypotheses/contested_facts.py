"""The facts on which a contested claim is judged: of a bundled coalition, or a user's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from coalition_models.designs.leader_cases import cases_of_each
from coalition_models.errors import DataError, counted, warn
from coalition_models.members.bundled_facts import bundled_facts
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel
from coalition_models.members.timing import DATE_COLUMN

__all__ = ["Basis", "basis_of"]


@dataclass(frozen=True)
class Basis:
    """Facts, their name, and what is to be told of what they lack."""

    facts: Facts
    name: str
    own: bool
    said: list[str] = field(default_factory=list)

    def panel(self, exit_date: str, exit_kinds: Sequence[str] = ("early",)) -> pd.DataFrame:
        """The panel with spells that end on this date, in exits of these kinds."""
        named = None if self.own else [self.name]
        return build_panel(self.facts, coalitions=named, exit_date=exit_date, exit_kinds=exit_kinds)

    def cases(self, windows: Sequence[int], exit_date: str) -> list[pd.DataFrame]:
        """Leaders' cases of all coalitions, for each window."""
        found, without = cases_of_each(self.facts, windows, exit_date=exit_date)
        if without:
            self.said.append(
                f"of {counted(without, 'spell')} no leader is on record, so that no case is made "
                "of them: give Facts(leaders=...)"
            )
        return found

    def tell(self) -> None:
        """Give the warnings on one's own facts; of bundled ones the documentation tells."""
        for text in dict.fromkeys(self.said) if self.own else ():
            warn(text)

    def has(self, column: str) -> bool:
        """Whether the facts' own table of states has a column."""
        return self.facts.states is not None and column in self.facts.states.columns


def basis_of(coalition: str | Facts, dates: Sequence[str]) -> Basis:
    """Look up a bundled coalition, or check one's own facts.

    Raises
    ------
    DataError
        An unknown coalition; facts without members or coalitions, or without the days by which
        exits are to be dated.

    Examples
    --------
    >>> basis_of("iraq", ["main"]).own
    False
    """
    if isinstance(coalition, str):
        return Basis(bundled_facts((coalition,)), coalition, own=False)
    members = coalition.members
    absent = [name for name in ("members", "coalitions") if coalition.table(name) is None]
    if members is None or absent:
        raise DataError(
            f"a claim is judged on members and coalitions; the facts hold no {', '.join(absent)}"
        )
    columns = [DATE_COLUMN[date] for date in dates if date in DATE_COLUMN]
    lost = [name for name in dict.fromkeys(columns) if name not in members.columns]
    if lost:
        known = [date for date in dates if DATE_COLUMN.get(date) in members.columns]
        raise DataError(
            f"the members of these facts lack the columns {', '.join(lost)}, by which exits are to "
            f"be dated: give them, or choose dates={known or ['main']}"
        )
    return Basis(coalition, ", ".join(dict.fromkeys(members["coalition"])), own=True)
