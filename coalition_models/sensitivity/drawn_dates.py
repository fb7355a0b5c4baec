"""Dates of spells drawn within what is known of them.

A date known to the month may be any day of it. What is drawn keeps the order of a spell (entry,
announcement, exit, last person), that of a state's spells, and the side of the mandate's end on
which the exit was coded. Exits decided together have one place within their months.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from coalition_models.errors import DataError, first_few
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spell_checks import one_state, spell_labels

__all__ = ["FIELDS", "NOT_KNOWN", "DateBounds", "date_bounds"]

#: dates that are drawn, in their order within a spell
FIELDS = ("entry", "announced", "exit")
#: how a date is known of which there is none
NOT_KNOWN = "not at all"
_TRIES = 2000
_OPEN = 10**7

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DateBounds:
    """First and last possible day of every date, in days since 1970.

    Attributes
    ----------
    facts : Facts
    first, last, main : array of int, shape (spells, 3)
        In the order of :data:`FIELDS`.
    known : array of bool
        Where there is a date at all.
    group : array of int, shape (spells,)
        Spells whose exits were decided together have one number.
    undated : array of bool, shape (spells,)
        Early exits whose announcement is not known and is drawn all the same; as it stands they
        are dated by the departure.
    before, after : array of int, shape (pairs, 2)
        Spell and field of dates of which the first is never later than the second.
    """

    facts: Facts
    first: Integers
    last: Integers
    main: Integers
    known: Flags
    group: Integers
    undated: Flags
    before: Integers
    after: Integers

    @property
    def members(self) -> pd.DataFrame:
        """The spells."""
        assert self.facts.members is not None
        return self.facts.members

    @property
    def uncertain(self) -> Flags:
        """Which dates have more than one possible day."""
        found: Flags = self.known & (self.last > self.first)
        return found

    def how_known(self, rows: Integers, at: int) -> str:
        """How well an uncertain date of spells that share it is known."""
        if at == 1 and self.undated[rows].all():
            return NOT_KNOWN
        precision = self.members[f"{FIELDS[at]}_precision"].iloc[rows]
        return f"to the {'year' if precision.eq('year').any() else 'month'}"

    def draw(self, rng: np.random.Generator) -> Integers:
        """One day per date, uniform over all worlds that keep the order.

        Raises
        ------
        DataError
            Dates that hardly any world keeps in order.
        """
        days = self._days(self._places(rng))
        for _ in range(_TRIES):
            wrong = self._disordered(days)
            if not wrong.any():
                return days
            again = np.isin(self._block, self._block[self.before[wrong, 0]])
            days[again] = self._days(self._places(rng))[again]
        labels = np.array(spell_labels(self.members))[self.before[self._disordered(days), 0]]
        raise DataError(
            f"no order of dates was found in {_TRIES} draws for {first_few(dict.fromkeys(labels))}:"
            " see whether their entry, announcement and exit can all be true"
        )

    def moved(self, where: Flags, days: Integers) -> Integers:
        """The main dates with some moved, as far as the dates beside them allow."""
        found = np.where(where & self.known, days, self.main)
        as_exit = self.undated & ~where[:, 1]
        found[as_exit, 1] = found[as_exit, 2]
        for one, other in zip(self.before, self.after, strict=True):
            here, there = tuple(one), tuple(other)
            if (where[here] or where[there]) and found[here] > found[there]:
                if where[here]:
                    found[here] = found[there]
                else:
                    found[there] = found[here]
        return found

    def facts_at(self, days: Integers) -> Facts:
        """Facts with these days; a date that was moved is known to the day there."""
        members = self.members
        changed: dict[str, pd.Series] = {}
        for at, name in enumerate(FIELDS):
            new = self.known[:, at] & (days[:, at] != self.main[:, at])
            drawn = new | (self.uncertain[:, at])
            if name not in members.columns or not drawn.any():
                continue
            stamps = pd.Series(days[:, at].astype("datetime64[D]"), index=members.index)
            changed[name] = members[name].mask(new, stamps.astype("datetime64[ns]"))
            if f"{name}_precision" in members.columns:
                changed[f"{name}_precision"] = members[f"{name}_precision"].mask(drawn, "day")
        tables = {name: getattr(self.facts, name) for name in TABLES}
        tables["members"] = members.assign(**changed)
        return trusted_facts(tables, self.facts.sources)

    @cached_property
    def _block(self) -> Integers:
        """Spells whose dates hang together, by order or by a decision."""
        n = len(self.members)
        same = pd.Series(np.arange(n)).groupby(self.group).transform("min").to_numpy()
        rows = np.concatenate([self.before[:, 0], same])
        columns = np.concatenate([self.after[:, 0], np.arange(n)])
        graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
        found: Integers = connected_components(graph, directed=False)[1].astype(np.int64)
        return found

    def _places(self, rng: np.random.Generator) -> npt.NDArray[np.float64]:
        own = rng.random((len(self.members), len(FIELDS)))
        return np.column_stack([own[:, 0], own[self.group, 1], own[self.group, 2]])

    def _days(self, places: npt.NDArray[np.float64]) -> Integers:
        length = self.last - self.first + 1
        found: Integers = self.first + np.floor(places * length).astype(np.int64)
        return found

    def _disordered(self, days: Integers) -> Flags:
        first = days[self.before[:, 0], self.before[:, 1]]
        found: Flags = first > days[self.after[:, 0], self.after[:, 1]]
        return found


def date_bounds(
    facts: Facts, joint: pd.DataFrame | None = None, *, lead: int | None = None
) -> DateBounds:
    """First and last possible day of all entries, announcements and exits of some facts.

    Parameters
    ----------
    facts : Facts
        With members, and ``entry_precision, announced_precision, exit_precision`` (day, month,
        year) as far as known; a date without a precision is known to the day.
    joint : DataFrame, optional
        Exits decided together: ``group, coalition, state, spell``; optionally ``follows``.
    lead : int, optional
        Days. The announcement of an early exit that is not known is drawn from so many days
        before the departure until that; it is left alone by default.

    Examples
    --------
    >>> import coalition_models as cm
    >>> bounds = date_bounds(cm.facts("iraq"), cm.load("joint_exits"))
    >>> bounds.uncertain.sum(axis=0).tolist()
    [20, 4, 10]
    >>> date_bounds(cm.facts("iraq"), lead=200).uncertain.sum(axis=0).tolist()
    [20, 5, 10]
    """
    if facts.members is None or facts.members.empty:
        raise DataError("the facts hold no members: there is no date to draw")
    members = facts.members
    shape = (len(members), len(FIELDS))
    first, last, main = (np.zeros(shape, dtype=np.int64) for _ in range(3))
    known = np.zeros(shape, dtype=bool)
    for at, name in enumerate(FIELDS):
        if name not in members.columns:
            continue
        known[:, at] = members[name].notna().to_numpy(dtype=bool)
        filled = members[name].fillna(pd.Timestamp("1970-01-01"))
        main[:, at] = _day_numbers(filled)
        first[:, at], last[:, at] = _span(filled, members.get(f"{name}_precision"))
    _keep_sides(facts, members, first, last, main)
    undated = np.zeros(len(members), dtype=bool)
    if lead is not None and "announced" in members.columns:
        early = (members["exit_kind"] == "early").fillna(False).to_numpy(dtype=bool)
        undated = early & ~known[:, 1] & known[:, 2]
        known[undated, 1] = True
        main[undated, 1], last[undated, 1] = main[undated, 2], last[undated, 2]
        earliest = np.maximum(main[undated, 2] - lead, main[undated, 0])
        first[undated, 1] = np.minimum(earliest, main[undated, 2])
    before, after = _order(members, first, last, known)
    group = _groups(members, joint)
    return DateBounds(facts, first, last, main, known, group, undated, before, after)


def _day_numbers(dates: pd.Series) -> Integers:
    return dates.to_numpy().astype("datetime64[D]").astype(np.int64)


def _span(dates: pd.Series, precision: pd.Series | None) -> tuple[Integers, Integers]:
    day = dates.to_numpy().astype("datetime64[D]")
    first, last = day.copy(), day.copy()
    for word, unit in (("month", "M"), ("year", "Y")):
        if precision is None:
            break
        here = (precision == word).fillna(False).to_numpy(dtype=bool)
        begin = day.astype(f"datetime64[{unit}]")
        first = np.where(here, begin.astype("datetime64[D]"), first)
        last = np.where(here, (begin + 1).astype("datetime64[D]") - np.timedelta64(1, "D"), last)
    return first.astype(np.int64), last.astype(np.int64)


def _keep_sides(
    facts: Facts, members: pd.DataFrame, first: Integers, last: Integers, main: Integers
) -> None:
    """Exits stay on their side of the mandate's end, entries on theirs of the start."""
    if facts.coalitions is None:
        return
    table = facts.coalitions.set_index("coalition")
    for column, at in (("mandate_end", FIELDS.index("exit")), ("start", 0)):
        if column not in table.columns:
            continue
        edge = members["coalition"].map(table[column])
        number = _day_numbers(edge.fillna(pd.Timestamp("1970-01-01")))
        beyond = 1 if column == "mandate_end" else 0
        late = main[:, at] >= number + beyond
        given = edge.notna().to_numpy(dtype=bool)
        first[:, at] = np.where(given & late, np.maximum(first[:, at], number + beyond),
                                first[:, at])  # fmt: skip
        last[:, at] = np.where(given & ~late, np.minimum(last[:, at], number + beyond - 1),
                               last[:, at])  # fmt: skip


def _order(
    members: pd.DataFrame, first: Integers, last: Integers, known: Flags
) -> tuple[Integers, Integers]:
    """Pairs of dates that keep their order; those that cannot as recorded are left alone."""
    n = np.arange(len(members))
    pairs = [(n, a, n, b) for a, b in ((0, 1), (1, 2), (0, 2))]
    if "last_personnel" in members.columns:
        gone = members["last_personnel"].fillna(pd.Timestamp("2262-01-01"))
        cap = np.maximum(_day_numbers(gone), first[:, 2])
        last[:, 2] = np.where(known[:, 2], np.minimum(last[:, 2], cap), last[:, 2])
    state = one_state(members)
    frame = pd.DataFrame({"c": members["coalition"].to_numpy(), "s": state.to_numpy(),
                          "e": members["entry"].to_numpy(), "n": n})  # fmt: skip
    frame = frame.sort_values(["c", "s", "e", "n"], kind="stable")
    following = frame.groupby(["c", "s"])["n"].shift(-1)
    here = following.notna().to_numpy()
    pairs.append((frame["n"].to_numpy()[here], 2, following[here].to_numpy(dtype=np.int64), 0))
    before, after = [], []
    for i, a, j, b in pairs:
        can = known[i, a] & known[j, b] & (first[i, a] <= last[j, b])
        before.append(np.column_stack([i[can], np.full(can.sum(), a)]))
        after.append(np.column_stack([j[can], np.full(can.sum(), b)]))
    return np.concatenate(before), np.concatenate(after)


def _groups(members: pd.DataFrame, joint: pd.DataFrame | None) -> Integers:
    """Number of each spell's group: its own place, or the first of those it left with."""
    own = np.arange(len(members))
    if joint is None or joint.empty:
        return own
    lead: dict[str, str] = {}
    if "follows" in joint.columns:
        led = joint[joint["follows"].notna()]
        lead = dict(zip(led["group"], led["follows"], strict=True))
    key = ["coalition", "state", "spell"]
    names = joint.set_index(key)["group"].map(lambda name: lead.get(name, name))
    found = pd.MultiIndex.from_frame(members[key]).map(names.to_dict())
    label = pd.Series(found, dtype=object).where(pd.Series(found).notna(), pd.Series(own))
    return pd.Series(own).groupby(label).transform("min").to_numpy(dtype=np.int64)
