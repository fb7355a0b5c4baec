"""What holds of every state in every month: an election near on either side, or democracy.

One calendar serves all units: a state-month reads its own month, a leader the month of the last
day. So every combination sees the same exposure, and whole calendars can be exchanged over states.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.elections import add_elections
from coalition_models.features.regime import add_regime
from coalition_models.members.facts import Facts
from coalition_models.record import with_panel

__all__ = ["SIDES", "Calendars", "either_side", "election_calendars", "regime_calendars"]

Floats = npt.NDArray[np.float64]

#: where the election lies: ahead of the month, behind it, or on either side
SIDES = ("ahead", "behind", "around")


@dataclass(frozen=True, eq=False)
class Calendars:
    """Months of all states, and what holds in them under each label.

    Attributes
    ----------
    lines : mapping
        Label -> a line per state, a column per month; missing where it is not known.
    """

    lines: Mapping[tuple[object, ...], pd.DataFrame]

    def at(self, label: tuple[object, ...], states: pd.Series, months: pd.Series) -> Floats:
        """What holds of states in months; missing outside the calendar."""
        held = self.lines[label]
        row = held.index.get_indexer(pd.Index(states))
        column = held.columns.get_indexer(pd.Index(months))
        values = held.to_numpy(dtype=float)[row, column]
        return np.where((row < 0) | (column < 0), np.nan, values)

    def ever(
        self, label: tuple[object, ...], states: pd.Series, first: pd.Series, last: pd.Series
    ) -> Floats:
        """Whether it holds in any month of a span; missing where that cannot be told."""
        held = self.lines[label]
        values = held.to_numpy(dtype=float)
        row = held.index.get_indexer(pd.Index(states))
        begin = held.columns.get_indexer(pd.Index(first))
        end = held.columns.get_indexer(pd.Index(last))
        found = np.full(len(row), np.nan)
        for at, (i, a, b) in enumerate(zip(row, begin, end, strict=True)):
            span = values[i, a : b + 1] if min(i, a, b) >= 0 else np.array([])
            if span.size and (np.nanmax(span, initial=0.0) == 1 or not np.isnan(span).any()):
                found[at] = np.nanmax(span)
        return found

    def complete(self) -> list[str]:
        """States of which everything is known under every label."""
        whole = [held.notna().all(axis=1) for held in self.lines.values()]
        kept = pd.concat(whole, axis=1).all(axis=1)
        return [str(state) for state in kept.index[kept]]


def election_calendars(
    facts: Facts, windows: Sequence[int], first: pd.Timestamp, last: pd.Timestamp
) -> Calendars:
    """Say of every state and month whether an election is near, by side and window.

    Examples
    --------
    >>> import coalition_models as cm
    >>> march = pd.Timestamp("2004-03-01")
    >>> found = election_calendars(cm.facts("iraq"), [1], march, march + pd.DateOffset(months=2))
    >>> found.lines["behind", 1].loc["ESP"].tolist()  # Spain voted on 14 March 2004
    [0.0, 1.0, 0.0]
    """
    grid = _grid(facts, first, last)
    lines: dict[tuple[object, ...], pd.DataFrame] = {}
    for window in windows:
        made = add_elections(grid, window=window)
        ahead, behind = made["election_near"], made["post_election"]
        sides = {"ahead": ahead, "behind": behind, "around": either_side(ahead, behind)}
        lines |= {(side, window): _wide(grid, values) for side, values in sides.items()}
    return Calendars(lines)


def regime_calendars(
    facts: Facts, measures: Mapping[str, str], first: pd.Timestamp, last: pd.Timestamp
) -> Calendars:
    """Say of every state and month whether it is a democracy, by measure -> column."""
    grid = _grid(facts, first, last)
    made = {name: add_regime(grid, measures=[name])[column] for name, column in measures.items()}
    return Calendars({(name,): _wide(grid, values) for name, values in made.items()})


def either_side(ahead: pd.Series, behind: pd.Series) -> pd.Series:
    """One on either side; missing where none is known and one side is not.

    Examples
    --------
    >>> either_side(pd.Series([1, 0, 0]), pd.Series([None, 0, None])).tolist()
    [1.0, 0.0, nan]
    """
    both = pd.concat([ahead, behind], axis=1).astype(float)
    most = both.max(axis=1)
    return most.where((most == 1) | both.notna().all(axis=1))


def _grid(facts: Facts, first: pd.Timestamp, last: pd.Timestamp) -> pd.DataFrame:
    """Every state that is at risk in some coalition, in every month."""
    members = cast("pd.DataFrame", facts.members)
    rows = members[members["exit_kind"] != "leader"].drop_duplicates("state")
    if rows.empty:
        raise DataError("these facts hold nobody who could leave")
    months = pd.DataFrame({"period": pd.date_range(first, last, freq="MS")})
    grid = rows[["coalition", "state", "cow"]].merge(months, how="cross")
    grid = grid.assign(spell=1, start=0, entry=first)
    with_panel(grid, {"period": "month", "clock": "coalition"}, facts=facts)
    return grid


def _wide(grid: pd.DataFrame, values: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame({"state": grid["state"], "period": grid["period"], "value": values})
    return table.pivot_table("value", "state", "period", aggfunc="first", dropna=False, sort=False)


Lookup = Callable[[tuple[object, ...]], Floats]
