"""Worlds in which calendars were moved or exchanged, and the score of a term in each of them.

A state's features depend on its own calendar alone, so that features are made for every calendar
once (all states moved by one month, by two, ...) and a world is put together from the rows of its
states. Whether that holds is tested on a world that is made from its facts; where it does not,
every world is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import (
    CoalitionError,
    CoverageError,
    DataError,
    FitError,
    first_few,
    gathered,
)
from coalition_models.inference.null_score import score_at_null
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.models.sample.sides import event_of
from coalition_models.record import keep_record, record_of, with_record
from coalition_models.sensitivity.calendars import Calendars
from coalition_models.sensitivity.engine import run_tasks
from coalition_models.sensitivity.rebuilding import Rebuild

__all__ = ["Moves", "Scored", "Worlds", "featured", "refuse_other_features", "score_worlds"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_CHUNK = 100
#: between the numbers of a state under one calendar and under the next, above all state numbers
_STEP = 10_000


@dataclass(frozen=True, eq=False)
class Moves:
    """What is done to the calendars of some states.

    Attributes
    ----------
    states : array of int, shape (S,)
        Their numbers.
    ways : array of int, shape (S,)
        How many calendars each can have: months of a cycle, or states of its group.
    group : array of int, shape (S,)
        States that exchange calendars have one number; of no meaning where they are shifted.
    swap : bool
        Whether calendars are exchanged; moved in time otherwise.
    snap : bool
        Whether snap votes move too.
    """

    states: Integers
    ways: Integers
    group: Integers
    swap: bool
    snap: bool = True

    def facts(self, calendars: Calendars, taken: Integers) -> Facts:
        """Facts in which each state has the calendar of its place: months, or places further on."""
        if not self.swap:
            by = dict(zip(self.states.tolist(), taken.tolist(), strict=True))
            return calendars.shifted(by, snap=self.snap)
        whose = {}
        for one in np.unique(self.group):
            at = np.flatnonzero(self.group == one)
            for place, row in enumerate(at):
                other = at[(place + taken[row]) % len(at)]
                whose[int(self.states[row])] = int(self.states[other])
        return calendars.swapped(whose)

    def draw(self, rng: np.random.Generator) -> Integers:
        """A random calendar for every state."""
        if not self.swap:
            return rng.integers(0, self.ways)
        taken = np.zeros(len(self.states), dtype=np.int64)
        for one in np.unique(self.group):
            at = np.flatnonzero(self.group == one)
            order = rng.permutation(len(at))
            taken[at] = (order - np.arange(len(at))) % len(at)
        return taken


def featured(rebuild: Rebuild, panel: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Features of some facts on a panel; who is at risk depends on no calendar."""
    rows = with_record(panel.copy(), replace(record_of(panel), facts=facts))
    with gathered():  # of what is missing the panel as it is has told
        return rows if rebuild.features is None else rebuild.features(rows)


@dataclass(frozen=True, eq=False)
class Worlds:
    """Rows of a panel under every calendar.

    Attributes
    ----------
    own : DataFrame
        With the calendars as they are.
    columns : mapping
        Name of a column that moves -> its values under each calendar (calendars, n).
    state : array of int, shape (n,)
        Place of each row's state among those that are moved; -1 for the others.
    """

    own: pd.DataFrame
    columns: Mapping[str, npt.NDArray[np.generic]]
    state: Integers

    @classmethod
    def of(
        cls,
        rebuild: Rebuild,
        calendars: Calendars,
        moves: Moves,
        panel: pd.DataFrame,
        *,
        together: bool = True,
        workers: int | None = 1,
    ) -> Worlds:
        """Make the features of every calendar, of all ``together`` or of one after the other."""
        own = featured(rebuild, panel, calendars.facts)
        made = _side_by_side(rebuild, calendars, moves, panel, own) if together else None
        if made is None:
            most = int(moves.ways.max(initial=1))
            panels = run_tasks(
                partial(_at, rebuild, calendars, moves, panel), range(most), about="calendars",
                chunk=1, workers=workers,
            ).answers  # fmt: skip
            if any(len(one) != len(own) for one in panels):
                raise DataError("features= must keep the rows of the panel")
            made = {c: np.stack([one[c].to_numpy() for one in panels]) for c in own.columns}
        moving = {name: values for name, values in made.items() if _moves(values)}
        place = pd.Index(moves.states).get_indexer(pd.Index(own["cow"].to_numpy(dtype=np.int64)))
        return cls(own, moving, place.astype(np.int64))

    def rows_of(self, taken: Integers) -> Integers:
        """Calendar of each row in a world."""
        return np.where(self.state >= 0, taken[self.state], 0)

    def panel(self, taken: Integers) -> pd.DataFrame:
        """Put a world together."""
        at, rows = self.rows_of(taken), np.arange(len(self.own))
        made = {name: values[at, rows] for name, values in self.columns.items()}
        return self.own.assign(**made)


def _moves(values: npt.NDArray[np.generic]) -> bool:
    first = pd.Series(values[0])
    return any(not pd.Series(line).equals(first) for line in values[1:])


def _side_by_side(
    rebuild: Rebuild,
    calendars: Calendars,
    moves: Moves,
    panel: pd.DataFrame,
    own: pd.DataFrame,
) -> dict[str, npt.NDArray[np.generic]] | None:
    """Columns under every calendar, made at once of states with numbers of their own.

    Columns that are not those of the panel where nothing has moved are left out: they rest on
    more than the calendars. None where a builder does not know such states.
    """
    most = int(moves.ways.max(initial=1))
    rows, tables = [], {"elections": [], "leaders": []}  # type: ignore[var-annotated]
    for k in range(most):
        facts = moves.facts(calendars, np.where(k < moves.ways, k, 0))
        for name, held in tables.items():
            table = facts.table(name)
            if table is not None:
                held.append(table.assign(cow=table["cow"] + _STEP * (k + 1)))
        rows.append(panel.assign(cow=panel["cow"] + _STEP * (k + 1),
                                 state=panel["state"] + f" {k}"))  # fmt: skip
    every: dict[str, object] = {name: calendars.facts.table(name) for name in TABLES}
    every |= {name: pd.concat(held, ignore_index=True) for name, held in tables.items() if held}
    stacked = keep_record(pd.concat(rows, ignore_index=True), panel)
    try:
        found = featured(rebuild, stacked, trusted_facts(every, calendars.facts.sources))
    except CoalitionError:
        return None
    if len(found) != len(stacked) or list(found.columns) != list(own.columns):
        return None
    lines = {name: found[name].to_numpy().reshape(most, -1) for name in own.columns}
    return {
        name: values
        for name, values in lines.items()
        if pd.Series(values[0]).equals(pd.Series(own[name].to_numpy()))
    }


def _at(
    rebuild: Rebuild, calendars: Calendars, moves: Moves, panel: pd.DataFrame, k: int
) -> pd.DataFrame:
    taken = np.where(k < moves.ways, k, 0)
    return featured(rebuild, panel, moves.facts(calendars, taken))


@dataclass(frozen=True, eq=False)
class Scored:
    """Score of the term in every world.

    ``z`` and ``exposed_events`` (B,); missing where a world has no statistic. ``put_together``
    says whether worlds were put together from the rows of their states.
    """

    z: Floats
    exposed_events: Floats
    put_together: bool


def score_worlds(
    rebuild: Rebuild,
    calendars: Calendars,
    moves: Moves,
    draws: Sequence[Integers],
    *,
    panel: pd.DataFrame | None = None,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> Scored:
    """Score a term in worlds of moved calendars; see :class:`Moves` for what a draw is.

    Scores of worlds that are made one by one are kept, and gone on with; those that are made at
    once take no time that would be worth it.

    Raises
    ------
    DataError
        Features that are not a matter of the calendars given.
    """
    if panel is None:
        panel = replace(rebuild, features=None).panel(calendars.facts)
    tested = draws[: min(2, len(draws))]
    worlds, together = Worlds.of(rebuild, calendars, moves, panel), True
    if not all(_agrees(rebuild, calendars, moves, panel, worlds, one) for one in tested):
        worlds = Worlds.of(rebuild, calendars, moves, panel, together=False, workers=workers)
        together = all(_agrees(rebuild, calendars, moves, panel, worlds, one) for one in tested)
    if rebuild.term in worlds.own.columns and rebuild.term not in worlds.columns and len(draws):
        raise DataError(
            f"{rebuild.term!r} is the same under every calendar: features= must make it from the "
            "facts of the panel that it is given"
        )
    if together and _only_the_term(rebuild, worlds):
        return _scored_at_once(rebuild, worlds, draws)
    work = _Score(rebuild, calendars, moves, panel, worlds if together else None)
    found = run_tasks(
        work, list(draws), about="randomise", chunk=_CHUNK, workers=workers, keep=keep,
        progress=progress,
    )  # fmt: skip
    table = pd.DataFrame(found.answers, columns=["z", "exposed_events"]).astype(float)
    return Scored(table["z"].to_numpy(), table["exposed_events"].to_numpy(), together)


def _agrees(
    rebuild: Rebuild,
    calendars: Calendars,
    moves: Moves,
    panel: pd.DataFrame,
    worlds: Worlds,
    taken: Integers,
) -> bool:
    """Whether a world made from its facts is the one put together."""
    whole = featured(rebuild, panel, moves.facts(calendars, taken))
    made = worlds.panel(taken)
    return list(whole.columns) == list(made.columns) and all(
        np.array_equal(_plain(whole[name]), _plain(made[name]), equal_nan=True)
        if pd.api.types.is_numeric_dtype(whole[name].dtype)
        else whole[name].equals(made[name])
        for name in whole.columns
    )


def _plain(values: pd.Series) -> Floats:
    return values.to_numpy(dtype=float, na_value=np.nan)


def _only_the_term(rebuild: Rebuild, worlds: Worlds) -> bool:
    """Whether the term is the only column of the model that moves, and none goes missing."""
    words = set(re.findall(r"\w+", rebuild.spec.formula))
    if words & set(worlds.columns) != {rebuild.term}:
        return False
    values = worlds.columns[rebuild.term].astype(float)
    return bool((np.isnan(values) == np.isnan(values[0])).all())


def _scored_at_once(rebuild: Rebuild, worlds: Worlds, draws: Sequence[Integers]) -> Scored:
    found = score_at_null(rebuild.spec, rebuild.term, worlds.own)
    values = worlds.columns[rebuild.term].astype(float)
    rows = np.arange(values.shape[1]) if found.keep is None else np.flatnonzero(found.keep)
    if not np.array_equal(values[0, rows], found.values):
        raise DataError(f"{rebuild.term!r} must be a column as it stands, not made in the formula")
    event = worlds.own[event_of(rebuild.spec.formula)].to_numpy(dtype=float)[rows] == 1
    high = found.values.max()
    z, exposed = [], []
    for begin in range(0, len(draws), _CHUNK):
        some = draws[begin : begin + _CHUNK]
        drawn = np.stack([values[worlds.rows_of(one)[rows], rows] for one in some], axis=1)
        z.append(found.pull.z(drawn))
        exposed.append((drawn[event] == high).sum(axis=0))
    return Scored(np.concatenate(z), np.concatenate(exposed).astype(float), True)


@dataclass(frozen=True, eq=False)
class _Score:
    """The score of a world: put together, or made from its facts where there are no ``worlds``."""

    rebuild: Rebuild
    calendars: Calendars
    moves: Moves
    panel: pd.DataFrame
    worlds: Worlds | None

    def __call__(self, taken: Integers) -> dict[str, float]:
        """Score and exposed events; missing where the world has no statistic."""
        with gathered():
            rows = (
                featured(self.rebuild, self.panel, self.moves.facts(self.calendars, taken))
                if self.worlds is None
                else self.worlds.panel(taken)
            )
            try:
                numbers = score_at_null(self.rebuild.spec, self.rebuild.term, rows).numbers
            except (FitError, CoverageError):
                numbers = {}
        return {name: numbers.get(name, np.nan) for name in ("z", "exposed_events")}


def refuse_other_features(
    own: pd.DataFrame, explicit: pd.DataFrame, columns: Sequence[str]
) -> None:
    """Refuse calendars that do not give a panel's own features.

    Examples
    --------
    >>> one = pd.DataFrame({"state": ["ESP"], "near": [1.0]})
    >>> refuse_other_features(one, one.copy(), ["near"])
    """
    for name in columns:
        if name not in own.columns or own[name].equals(explicit[name]):
            continue
        same = (own[name] == explicit[name]) | (own[name].isna() & explicit[name].isna())
        wrong = ~same.fillna(False).to_numpy(dtype=bool)
        if wrong.any():
            states = first_few(own.loc[wrong, "state"].unique())
            raise DataError(
                f"{name!r} is not what the calendars of these facts give, in {wrong.sum()} rows of "
                f"{states}: it was made with other sources or options than the plain tables of "
                "elections and effective leaders; put those in Facts(elections=..., leaders=...)"
            )
