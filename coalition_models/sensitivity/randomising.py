"""What chance would do to a finding on elections, had every state voted at another time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import permutations, product
from math import factorial, prod
from pathlib import Path
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count, check_draws
from coalition_models.errors import DataError, counted, first_few, gathered
from coalition_models.inference.null_score import score_at_null
from coalition_models.kernels.wild import TIE
from coalition_models.members.facts import Facts
from coalition_models.models.family import require
from coalition_models.models.sample.sides import event_of
from coalition_models.models.specification import Specification
from coalition_models.render import InTables, Table, format_number, format_p, frame_table
from coalition_models.sensitivity.calendar_worlds import (
    Moves,
    featured,
    refuse_other_features,
    score_worlds,
)
from coalition_models.sensitivity.calendars import Calendars, calendars_of
from coalition_models.sensitivity.rebuilding import Rebuild
from coalition_models.timelines.calendar import month_number

__all__ = ["Randomised", "randomise"]

Integers = npt.NDArray[np.int64]
How = Literal["shift", "permute"]
Snap = Literal["hold", "fix"]
Side = Literal["two", "above", "below"]

#: months beyond the panel in which a snap vote could bear on a row
_BEYOND = 12


@dataclass(frozen=True, repr=False)
class Randomised(InTables):
    """A score among those of worlds with other calendars.

    Attributes
    ----------
    term : str
    z, p_value : float
        Rao's statistic with its sign as observed, and the share of the worlds, the observed one
        among them, whose statistic is not smaller (ties count).
    events, exposed_events, exposed_clusters : int
        As observed.
    moved_exposed_events : int
        Those of states whose calendar is moved: what the test can rest on.
    exposed_by_snap : int
        Exposed events that are so by a snap vote alone.
    exact : bool
        Whether all worlds were looked at; drawn otherwise.
    draws : DataFrame
        ``z, exposed_events`` of every world but, if drawn, the observed one.
    states : DataFrame
        ``state, cow, cycle`` (months), ``system, snap_votes`` (in the time that matters), ``events,
        exposed_events`` and ``held``: why its calendar stays, empty where it is moved.
    how, side : str
    notes : tuple of str
    """

    term: str
    z: float
    p_value: float
    events: int
    exposed_events: int
    exposed_clusters: int
    moved_exposed_events: int
    exposed_by_snap: int
    exact: bool
    draws: pd.DataFrame
    states: pd.DataFrame
    how: str
    side: str
    notes: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The result in a sentence made from its numbers."""
        count = f"{len(self.draws):,} {'worlds, all there are' if self.exact else 'drawn worlds'}"
        moved = int((self.states["held"] == "").sum())
        usual = self.draws["exposed_events"].median()
        return (
            f"With the calendars of {moved} of {len(self.states)} states {_WORDS[self.how]}, "
            f"{self.exposed_events} of {self.events} exits of those exposed to {self.term} "
            f"(score z {self.z:.2f}) have p = {format_p(self.p_value)} among {count}, in whose "
            f"median {usual:.0f} exits are exposed."
        )

    def to_table(self) -> Table:
        """All numbers, ready for text, Markdown, LaTeX and HTML."""
        rows = [
            ["score z", format_number(self.z)],
            [f"p, {_SIDES[self.side]}", format_p(self.p_value)],
            ["exposed events", f"{self.exposed_events} of {self.events}"],
            ["clusters with exposed events", f"{self.exposed_clusters}"],
            ["exposed events of states that are moved", f"{self.moved_exposed_events}"],
            ["exposed events by a snap vote alone", f"{self.exposed_by_snap}"],
            ["worlds", f"{len(self.draws):,}{', all' if self.exact else ' drawn'}"],
            [
                "exposed events in them, median",
                format_number(self.draws["exposed_events"].median()),
            ],
        ]
        return Table([f"{self.term}, {_WORDS[self.how]}", ""], rows, notes=self.notes)

    def to_tables(self) -> list[Table]:
        """The test, and the states."""
        return [self.to_table(), frame_table(self.states, title="Calendars")]


_WORDS = {
    "shift": "shifted within their own cycle",
    "permute": "exchanged among states of one system and coverage",
}
_SIDES = {"two": "two-sided", "above": "above", "below": "below"}


def randomise(
    spec: Specification,
    term: str,
    facts: Facts,
    *,
    features: Callable[[pd.DataFrame], pd.DataFrame],
    options: Mapping[str, object] | None = None,
    how: How = "shift",
    leaders: bool = True,
    snap: Snap = "hold",
    early: int = 4,
    terms: Mapping[str, int] | None = None,
    groups: Mapping[str, str] | None = None,
    side: Side = "two",
    draws: int = 999,
    seed: int = 1,
    workers: int | None = 1,
    keep: str | Path | None = None,
    progress: bool = False,
) -> Randomised:
    """Test a term of elections by the worlds in which states vote at other times.

    Given the length of a term, the phase of scheduled elections is taken as an accident. With
    ``shift`` each state's calendar of votes and leaders is moved by a random number of months of
    its own cycle, independently of the others'; with ``permute`` states of one system and coverage
    exchange whole calendars. Features are made from the facts of every world. The statistic is the
    score z where the term has no effect.

    Snap votes are not exchangeable: governments choose their date, perhaps with the mission in
    mind. A state with one in the time that matters keeps its calendar (``hold``).

    Parameters
    ----------
    spec : Specification
        Of a family with scores at the null, clustered one way.
    term : str
        A column of the formula that ``features`` makes.
    facts : Facts
        Their elections and leaders are used; those bundled where they hold none.
    features : callable
        From a panel to one with the columns of the formula: ``cm.add_elections``. It must read the
        facts of the panel that it is given.
    options : mapping, optional
        Of :func:`build_panel`.
    how : {"shift", "permute"}
    leaders : bool
        Whether leaders go with the elections of their state.
    snap : {"hold", "fix"}
        ``hold``: the whole calendar of a state with a snap vote between a cycle before the panel
        begins and a year after it ends stays. ``fix``: only its snap votes stay, and scheduled ones
        move round them, which is no exact test, since a snap vote sets the clock of those after it.
    early : int
        Months before the end of its term from which on a vote is a snap vote; a column
        ``scheduled`` of the elections goes before.
    terms : mapping, optional
        State -> months of a term. By default the commonest distance of its votes, in years.
    groups : mapping, optional
        With ``permute``: state -> group, instead of kinds of election and coverage. States that it
        does not name keep their calendar.
    side : {"two", "above", "below"}
        Whether worlds count that are as far from 0, as high, or as low.
    draws, seed : int
        All worlds are looked at instead where there are no more than that.
    workers : int or None
        Processes (or threads, as joblib is told); the result does not depend on it.
    keep : path, optional
        Results are appended to this file as they come; the same call goes on where an interrupted
        one was.
        Worlds that are scored all at once take no time and are not kept.
    progress : bool
        Show how far it is, the rate and the time that is left.

    Returns
    -------
    Randomised

    Raises
    ------
    DataError
        No state whose calendar can be moved; features that do not follow the calendars.

    Notes
    -----
    The p-value is exact if calendars come round with their cycle and are independent of the
    mission. Where the timing of the mission itself followed elections it is too small.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.randomise(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=19)
    >>> found.exposed_events, found.events, len(found.draws)
    (3, 21, 19)
    """
    check_arguments(randomise, locals())
    check_draws(draws, least=1)
    _check_words(how=(how, _WORDS), snap=(snap, ("hold", "fix")), side=(side, _SIDES))
    require(spec.record, "null_scores", "randomise()")
    rebuild = Rebuild(spec, term, features, dict(options or {}))
    with gathered() as told:
        bare = replace(rebuild, features=None).panel(facts)
        own = features(bare)
    calendars = calendars_of(facts, leaders=leaders, terms=_by_number(terms, own), early=early)
    explicit = featured(rebuild, bare, calendars.facts)
    refuse_other_features(own, explicit, re.findall(r"\w+", spec.formula))
    seen = score_at_null(spec, term, own)
    states = _states(calendars, own, event_of(spec.formula), term, how, snap, groups)
    moves = _moves(states, how, snap)
    taken, exact = _drawn(moves, draws, seed)
    scored = score_worlds(
        rebuild, calendars, moves, taken, panel=bare, workers=workers, keep=keep,
        progress=progress,
    )  # fmt: skip
    z = seen.numbers["z"]
    moved = states["held"] == ""
    return Randomised(
        term=term, z=z, p_value=_p_value(z, scored.z, side, exact),
        events=int(seen.numbers["events"]),
        exposed_events=int(seen.numbers.get("exposed_events", 0)),
        exposed_clusters=int(seen.numbers.get("exposed_clusters", 0)),
        moved_exposed_events=int(states.loc[moved, "exposed_events"].sum()),
        exposed_by_snap=_by_snap(rebuild, calendars, bare, own), exact=exact,
        draws=pd.DataFrame({"z": scored.z, "exposed_events": scored.exposed_events}),
        states=states.drop(columns="group"), how=how, side=side,
        notes=(*_notes(states, scored.z, snap, leaders), *told),
    )  # fmt: skip


def _check_words(**given: tuple[str, object]) -> None:
    for name, (value, choices) in given.items():
        known = list(cast("list[str]", choices))
        if value not in known:
            raise DataError(f"{name} must be one of {', '.join(known)}, not {value!r}")


def _by_number(terms: Mapping[str, int] | None, panel: pd.DataFrame) -> dict[int, int] | None:
    """Terms by the number of the state."""
    if terms is None:
        return None
    numbers = dict(zip(panel["state"], panel["cow"], strict=True))
    wrong = [name for name in terms if name not in numbers]
    if wrong:
        raise DataError(f"terms names no states of the panel: {first_few(wrong)}")
    for name, months in terms.items():
        check_count(months, f"the term of {name}", least=1, of="months")
    return {int(numbers[name]): int(months) for name, months in terms.items()}


def _states(
    calendars: Calendars,
    panel: pd.DataFrame,
    event: str,
    term: str,
    how: str,
    snap: str,
    groups: Mapping[str, str] | None,
) -> pd.DataFrame:
    """States of the panel, and why some keep their calendar."""
    found = panel.groupby("state", sort=True, as_index=False)["cow"].first()
    cow = found["cow"].astype(int)
    found["cycle"] = cow.map(dict(calendars.cycles)).astype("Int64")
    systems = cow.map(calendars.systems)
    found["system"] = systems
    month = month_number(panel["period"])
    votes = month_number(calendars.votes["date"])
    back = calendars.votes["cow"].map(dict(calendars.cycles)).fillna(0).to_numpy(dtype=np.int64)
    matter = (votes >= month.min() - back) & (votes <= month.max() + _BEYOND) & calendars.snap
    counts = calendars.votes.loc[matter, "cow"].value_counts()
    found["snap_votes"] = cow.map(counts).fillna(0).astype(int)
    events = panel[panel[event] == 1]
    high = panel[term].max() if panel[term].nunique() == 2 else np.nan
    found["events"] = found["state"].map(events["state"].value_counts()).fillna(0).astype(int)
    exposed = events.loc[events[term] == high, "state"].value_counts()
    found["exposed_events"] = found["state"].map(exposed).fillna(0).astype(int)
    held = pd.Series("", index=found.index)
    held[systems.isna()] = "no election is known"
    if how == "shift":
        held[found["cycle"].isna() & (held == "")] = "no term is known"
    if snap == "hold":
        held[(found["snap_votes"] > 0) & (held == "")] = "a snap vote"
    group = systems if groups is None else found["state"].map(dict(groups))
    if how == "permute":
        held[group.isna() & (held == "")] = "in no group"
        size = group[held == ""].value_counts()
        held[(group.map(size).fillna(0) < 2) & (held == "")] = "alone in its group"
    out: pd.DataFrame = found.assign(held=held, group=group)
    return out


def _moves(states: pd.DataFrame, how: str, snap: str) -> Moves:
    moved = states[states["held"] == ""]
    if moved.empty:
        reasons = first_few(states["held"].value_counts().index)
        raise DataError(
            f"no state's calendar can be moved: {reasons}; snap='fix' moves the scheduled votes of "
            "states with snap votes, terms= gives the length of a term"
        )
    group = pd.factorize(moved["group"])[0] if how == "permute" else np.zeros(len(moved))
    ways = moved["cycle"] if how == "shift" else moved["group"].map(moved["group"].value_counts())
    cows = moved["cow"].to_numpy(dtype=np.int64)
    many = np.array(ways, dtype=np.int64)
    return Moves(cows, many, group.astype(np.int64), how == "permute", snap == "hold")


def _drawn(moves: Moves, draws: int, seed: int) -> tuple[list[Integers], bool]:
    """Worlds to look at, and whether these are all."""
    if moves.swap:
        sizes = [int((moves.group == one).sum()) for one in np.unique(moves.group)]
        total = prod(factorial(size) for size in sizes)
    else:
        total = prod(moves.ways.tolist())
    if total > draws + 1:
        streams = np.random.SeedSequence(seed).spawn(draws)
        return [moves.draw(np.random.default_rng(one)) for one in streams], False
    if not moves.swap:
        every = product(*(range(int(way)) for way in moves.ways))
        return [np.array(one, dtype=np.int64) for one in every], True
    parts = [np.flatnonzero(moves.group == one) for one in np.unique(moves.group)]
    worlds = []
    for orders in product(*(permutations(range(len(at))) for at in parts)):
        taken = np.zeros(len(moves.states), dtype=np.int64)
        for at, order in zip(parts, orders, strict=True):
            taken[at] = (np.array(order) - np.arange(len(at))) % len(at)
        worlds.append(taken)
    return worlds, True


def _p_value(z: float, drawn: npt.NDArray[np.float64], side: str, exact: bool) -> float:
    """Share of the worlds that are not smaller; one where nothing varies has a statistic of 0."""
    if not np.isfinite(z):
        return float("nan")
    sign = {"two": 1.0, "above": 1.0, "below": -1.0}[side]
    known = np.where(np.isfinite(drawn), drawn, 0.0)
    size = np.abs(known) if side == "two" else sign * known
    own = abs(z) if side == "two" else sign * z
    hits = int((size >= own - TIE * abs(own)).sum())
    return hits / len(drawn) if exact else (1 + hits) / (1 + len(drawn))


def _by_snap(rebuild: Rebuild, calendars: Calendars, bare: pd.DataFrame, own: pd.DataFrame) -> int:
    """Exposed events that are none without the snap votes."""
    values = own[rebuild.term]
    if values.nunique() != 2:
        return 0
    without = featured(rebuild, bare, calendars.without_snap())[rebuild.term]
    exposed = (own[event_of(rebuild.spec.formula)] == 1) & (values == values.max())
    return int((exposed & (without != values.max())).sum())


def _notes(states: pd.DataFrame, z: npt.NDArray[np.float64], snap: str, leaders: bool) -> list[str]:
    held = states[states["held"] != ""]
    found = [
        f"{counted(len(states) - len(held), 'calendar')} moved"
        f"{', leaders with elections' if leaders else ', leaders left as they are'}; a world whose "
        "statistic is as large as that observed counts against it"
    ]
    for reason, part in held.groupby("held"):
        names = first_few(part["state"].tolist(), limit=6)
        found.append(f"{counted(len(part), 'calendar')} left as it is, {reason}: {names}")
    if snap == "fix" and states.loc[states["held"] == "", "snap_votes"].sum():
        found.append("snap votes stay and scheduled ones move round them: no exact test")
    lost = int((~np.isfinite(z)).sum())
    if lost:
        found.append(f"{counted(lost, 'world')} where the term does not vary at risk: z is 0")
    return found
