"""Whole histories of an exposure, and how they are exchanged in a draw.

What is exchangeable under the null is a state's whole calendar, never a row: rows of one state
follow on each other, and permuting them makes p-values far too small.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel
from coalition_models.sources.state_periods import career

__all__ = [
    "Exchange",
    "Worlds",
    "by_state",
    "complete_histories",
    "exposure_histories",
    "throughout",
    "worlds_of",
]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def exposure_histories(
    facts: Facts,
    make: Callable[[pd.DataFrame], pd.DataFrame],
    column: str,
    *,
    period: str = "month",
) -> pd.DataFrame:
    """What a builder would say of every state in every period, whether it took part or not.

    Parameters
    ----------
    facts : Facts
        Of one coalition.
    make : callable
        From a panel to one with the column, such as ``lambda p: cm.add_elections(p, window=2)``.
    column : str
    period : str
        As in :func:`build_panel`.

    Returns
    -------
    DataFrame
        A line per state, a column per period from the coalition's start to its mandate's end.

    Raises
    ------
    DataError
        Facts of several coalitions, or whose mandate has no end; a builder without the column.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.sensitivity.exposure_histories(
    ...     cm.facts("iraq"), cm.add_elections, "election_near")
    >>> found.shape, int(found.loc["ESP", "2004-03-01"])
    ((39, 70), 1)
    """
    check_arguments(exposure_histories, {"column": column, "period": period})
    made = make(throughout(facts, period=period))
    if column not in made.columns:
        raise DataError(f"the builder makes no column {column!r}")
    return by_state(made, column)


def by_state(panel: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column as a table of states by periods.

    Examples
    --------
    >>> rows = pd.DataFrame({"state": ["ESP", "ESP"], "period": [1, 2], "near": [0, 1]})
    >>> by_state(rows, "near").to_numpy().tolist()
    [[0, 1]]
    """
    return panel.set_index(["state", "period"])[column].unstack()  # noqa: PD010


def throughout(facts: Facts, *, period: str = "month") -> pd.DataFrame:
    """Rows of every state in every period of a coalition, whether it took part then or not.

    A state that was founded or dissolved meanwhile has the periods in which it was one.

    Raises
    ------
    DataError
        Facts of several coalitions, or whose mandate has no end.

    Examples
    --------
    >>> import coalition_models as cm
    >>> throughout(cm.facts("iraq")).groupby("state").size().unique().tolist()
    [70]
    """
    if facts.members is None or facts.coalitions is None or len(facts.coalitions) != 1:
        raise DataError("exposure_histories() needs the facts of one coalition, with its members")
    one = facts.coalitions.iloc[0]
    last = one["mandate_end"] if pd.notna(one["mandate_end"]) else one["end"]
    if pd.isna(last):
        raise DataError(f"the mandate of {one['coalition']!r} has no end: give coalitions one")
    at_risk = facts.members[facts.members["exit_kind"] != "leader"]
    everyone = at_risk.sort_values("entry").drop_duplicates("state")
    first_days, last_days = _as_states(everyone, one["start"], last)
    spells = everyone[["coalition", "state", "cow"]].assign(
        spell=1, entry=first_days, exit=last_days, exit_kind="mission_end"
    )
    return build_panel(facts.replace(members=spells), period=period)


def _as_states(
    members: pd.DataFrame, start: pd.Timestamp, last: pd.Timestamp
) -> tuple[list[pd.Timestamp], list[pd.Timestamp]]:
    """First and last day, within a coalition's time, on which each member was a state."""
    days = []
    for cow, entry in zip(members["cow"], members["entry"], strict=True):
        borne = career(int(cow), start.date()) or career(int(cow), entry.date())
        if not borne:  # not of the system of states: facts that allow it speak for themselves
            days.append((start, last))
            continue
        end = borne[-1].last
        days.append(
            (
                max(start, pd.Timestamp(borne[0].first)),
                last if end >= last.date() else pd.Timestamp(end),
            )
        )
    firsts, lasts = zip(*days, strict=True)
    return list(firsts), list(lasts)


@dataclass(frozen=True)
class Exchange:
    """How histories are exchanged in every draw, once for all specifications.

    Attributes
    ----------
    kind : {"permute", "shift"}
        ``permute``: states of one group swap their histories. ``shift``: each state's history is
        turned round by a random number of periods of its own.
    groups : mapping, optional
        State -> group within which histories are exchanged, such as states of one political system
        and coverage. States that it does not name keep their own.
    """

    kind: Literal["permute", "shift"] = "permute"
    groups: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("permute", "shift"):
            raise DataError(f"kind must be 'permute' or 'shift', not {self.kind!r}")

    @property
    def words(self) -> str:
        """What was done, for a note."""
        within = "" if self.groups is None else " within groups"
        if self.kind == "permute":
            return f"whole histories permuted over states{within}"
        return f"each state's history turned round by a random time{within}"


@dataclass(frozen=True)
class Worlds:
    """Draws: for every state whose history it has, or by how many periods its own is turned.

    ``places`` (B, states) are positions among ``units``; ``turns`` (B, states) are shares of the
    whole time. One of the two is None.
    """

    units: tuple[str, ...]
    places: Integers | None
    turns: Floats | None

    @property
    def draws(self) -> int:
        """Number of draws."""
        held = self.places if self.places is not None else self.turns
        return 0 if held is None else len(held)

    def exposures(
        self, histories: pd.DataFrame, units: npt.ArrayLike, periods: npt.ArrayLike
    ) -> Floats:
        """Values of each row in each draw.

        Parameters
        ----------
        histories : DataFrame
            As :func:`exposure_histories` gives them.
        units, periods : array-like, shape (n,)
            Of the rows.

        Returns
        -------
        array, shape (n, B)
        """
        grid = histories.reindex(list(self.units)).to_numpy(dtype=float)
        row, at = self._place(units), _columns(histories, periods)
        self._refuse_gaps(grid)
        if self.places is not None:
            swapped: Floats = grid[self.places[:, row].T, at[:, None]]
            return swapped
        assert self.turns is not None
        length = grid.shape[1]
        moved = np.floor(self.turns[:, row].T * length).astype(np.int64)
        turned: Floats = grid[row[:, None], (at[:, None] + moved) % length]
        return turned

    def _refuse_gaps(self, grid: Floats) -> None:
        """A history with gaps can stay where it is; exchanged, it would empty another state's."""
        moves = (
            (self.places != np.arange(len(self.units))).any(axis=0)
            if self.places is not None
            else (cast("Floats", self.turns) != 0).any(axis=0)
        )
        lost = [u for u, line, moved in zip(self.units, grid, moves, strict=True)
                if moved and np.isnan(line).any()]  # fmt: skip
        if lost:
            raise DataError(
                f"the histories of {first_few(lost)} have gaps and cannot be exchanged: "
                "Exchange(groups=complete_histories(tables)), of the histories of all options, "
                "leaves them as they are; .exchange() of the standard choices does so"
            )

    def _place(self, units: npt.ArrayLike) -> Integers:
        found = pd.Index(self.units).get_indexer(pd.Index(np.asarray(units)))
        if (found < 0).any():
            lost = np.unique(np.asarray(units)[found < 0])
            raise DataError(f"histories lack {first_few(lost)}")
        return found.astype(np.int64)


def _columns(histories: pd.DataFrame, periods: npt.ArrayLike) -> Integers:
    at = histories.columns.get_indexer(pd.Index(np.asarray(periods)))
    if (at < 0).any():
        lost = pd.Index(np.unique(np.asarray(periods)[at < 0]))
        raise DataError(f"histories lack {counted(len(lost), 'period')}: {first_few(lost)}")
    return at.astype(np.int64)


def complete_histories(
    histories: pd.DataFrame | Sequence[pd.DataFrame], groups: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Group of each state whose history has no gap; the others are left as they are.

    Parameters
    ----------
    histories : DataFrame, or several
        As :func:`exposure_histories` gives them. A state must be complete in each.
    groups : mapping, optional
        State -> group; one group of all by default.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> held = pd.DataFrame([[0.0, 1.0], [np.nan, 1.0]], index=["ESP", "TON"])
    >>> cm.sensitivity.complete_histories(held)
    {'ESP': 'all'}
    """
    tables = [histories] if isinstance(histories, pd.DataFrame) else list(histories)
    if not tables:
        raise DataError("complete_histories() needs a table of histories, found none")
    whole = tables[0].index
    for one in tables:
        whole = whole[whole.isin(one.index[one.notna().all(axis=1)])]
    if groups is None:
        return dict.fromkeys(map(str, whole), "all")
    return {str(state): groups[str(state)] for state in whole if str(state) in groups}


def worlds_of(units: list[str], exchange: Exchange, *, draws: int, seed: int) -> Worlds:
    """Draw exchanges of histories.

    Parameters
    ----------
    units : list of str
        All states of all specifications.
    exchange : Exchange
    draws, seed : int

    Examples
    --------
    >>> found = worlds_of(["ESP", "POL", "UKR"], Exchange(), draws=2, seed=1)
    >>> sorted(found.places[0].tolist())
    [0, 1, 2]
    """
    if draws < 1:
        raise DataError(f"draws must be 1 or more, not {draws!r}")
    rng = np.random.default_rng(seed)
    groups = exchange.groups
    if exchange.kind == "shift":
        turns = rng.random((draws, len(units)))
        if groups is not None:
            turns[:, [j for j, unit in enumerate(units) if unit not in groups]] = 0.0
        return Worlds(tuple(units), None, turns)
    labels: list[str | None] = (
        [""] * len(units) if groups is None else [groups.get(unit) for unit in units]
    )
    places = np.tile(np.arange(len(units)), (draws, 1))
    for label in dict.fromkeys(one for one in labels if one is not None):
        inside = np.array([j for j, other in enumerate(labels) if other == label])
        places[:, inside] = rng.permuted(np.tile(inside, (draws, 1)), axis=1)
    return Worlds(tuple(units), places, None)
