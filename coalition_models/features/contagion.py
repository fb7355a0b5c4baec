"""Whether others have gone before: earlier and recent defectors, and the lead state's own cuts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.members.spell_checks import EVENT_KINDS
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    find_until,
    known_table,
    month_number,
    window_sum,
)
from coalition_models.timelines.given import cited, facts_for
from coalition_models.timelines.keys import shared_codes
from coalition_models.timelines.roster import NEVER, Roster, listed_members, regions
from coalition_models.timelines.troops import Strengths, strengths

__all__ = ["add_contagion"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Exits:
    """Exits that count, with the group of the coalition and of the state in it."""

    coalition: Integers
    state: Integers
    month: Integers
    weight: Floats

    def others(
        self, coalition: Integers, state: Integers, low: Integers, high: Integers, weight: Floats
    ) -> Floats:
        """Sum over the months ``low`` to ``high``, leaving out the row's own state."""
        everyone = window_sum(self.coalition, self.month, weight, coalition, low, high)
        own = window_sum(self.state, self.month, weight, state, low, high)
        return everyone - own


@builder(
    columns=(
        "earlier_defectors",
        "defector_share",
        "recent_exits_<m>m",
        "exit_troops_<m>m",
        "log_exit_troops_<m>m",
        "region_exits_<m>m",
        "ally_exits_<m>m",
        "lead_below_peak",
        "lead_change_12m",
    ),
    needs=("coalition", "cow", "period", "members", "troops?"),
)
def add_contagion(
    panel: pd.DataFrame,
    *,
    windows: Sequence[int] = (3, 6, 12),
    exit_kinds: Sequence[str] = ("early",),
    exit_date: str = "main",
    as_of: str = "start",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add how many other members have defected, and whether the lead state draws down.

    Counted over all members, also those that the panel leaves out. A state's own exits never
    count for it, not even those of its earlier spells.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    windows : sequence of int
        Months within which an exit is recent; the longest is used for the weighted columns.
    exit_kinds : sequence of str
        Kinds of exit that count, as in :func:`build_panel`.
    exit_date : {"main", "announced", "last"}
        When an exit counts. Only announcements that were carried out are coded, so
        ``"announced"`` counts none that came to nothing.
    as_of : {"start", "end"}
        Whether exits of others within the period count (``"end"``).
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members``, all of them
        (``leader`` as kind of exit marks the lead state); ``troops`` for the columns on strength.
        In members made by :func:`spells_from_levels` an exit is known only some periods after the
        state was last seen; as of the start it counts from its column ``exit_known``.
    **old
        Names of an earlier version for the tables ``members`` and ``troops`` of facts.

    Returns
    -------
    DataFrame
        A copy with ``earlier_defectors`` (other states that have defected so far),
        ``defector_share`` (of the other states that ever joined so far, the lead state
        included), ``recent_exits_<m>m`` for each window, and for the longest one
        ``exit_troops_<m>m`` (persons: last observed strength of those that left, else their
        peak), ``log_exit_troops_<m>m``, ``region_exits_<m>m`` (from the own region of the
        Correlates of War), ``ally_exits_<m>m`` (NATO members; 0 for a state outside NATO);
        ``lead_below_peak`` (share by which the lead state is below its peak so far) and
        ``lead_change_12m`` (its relative change in twelve months). Missing for a coalition
        whose members are not all listed.

    Notes
    -----
    Number of other defectors as in Tago (2009), recent exits of partners as in Weisiger (2016),
    contagion as in von Borzyskowski and Vabulas (2019).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> italy = cm.add_contagion(panel).query("state == 'ITA'").set_index("period")
    >>> italy.loc[["2004-04-01", "2004-06-01"], "earlier_defectors"].tolist()
    [1.0, 4.0]
    """
    check_arguments(add_contagion, locals())
    moment = check_as_of(as_of)
    months = _windows(windows)
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    kinds = _kinds(exit_kinds)
    held = facts_for(panel, facts, "add_contagion", old)
    listed = listed_members(held, "add_contagion", exit_date=exit_date, as_of=moment)
    levels = strengths(listed, held.table("troops"))
    chosen = np.isin(listed.exit_kind, kinds) & (listed.dated != NEVER)
    code, at = listed.codes(rows["coalition"])
    cow = rows["cow"].to_numpy(dtype=np.int64)
    state, own = listed.keys(rows["coalition"], cow)
    exits = _Exits(
        code[chosen],
        state[chosen],
        listed.dated[chosen],
        _weights(listed, levels, chosen),
    )
    known = calendar.known(moment)
    row = (at, own)
    longest = max(months)
    gone, joined = _so_far(listed, exits, (code, state), row, known)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "earlier_defectors": gone,
            "defector_share": np.where(joined > 0, gone / joined, np.nan),
        }
    one = np.ones(len(exits.month))
    for m in months:
        columns[f"recent_exits_{m}m"] = exits.others(*row, known - m + 1, known, one)
    low = known - longest + 1
    columns |= _weighted(exits, row, low, known, longest)
    states = (listed.cow[chosen], cow)
    columns[f"region_exits_{longest}m"] = _from_region(exits, states, row, low, known)
    columns[f"ally_exits_{longest}m"] = _of_allies(exits, states, row, low, known)
    columns |= _lead(listed, levels, code, at, known)
    covered = listed.covers(rows["coalition"])
    return attach(
        panel,
        {name: np.where(covered, value, np.nan) for name, value in columns.items()},
        sources=[*cited(held, "members", "troops"), "nato_accession"],
        choices={"exit_kinds": kinds, "exit_date": exit_date, "as_of": moment},
        builder="add_contagion",
        cure="Strengths need Facts(troops=...), the lead state a spell of kind 'leader' in members",
    )


def _windows(windows: Sequence[int]) -> list[int]:
    months = sorted({check_window(m, "each of windows") for m in windows})
    if not months or months[0] == 0:
        raise DataError(f"windows must be one or more numbers of months above 0, not {windows!r}")
    return months


def _kinds(exit_kinds: Sequence[str]) -> list[str]:
    given = [exit_kinds] if isinstance(exit_kinds, str) else exit_kinds
    kinds = list(dict.fromkeys(map(str, given)))
    unknown = [k for k in kinds if k not in EVENT_KINDS]
    if unknown or not kinds:
        raise DataError(
            f"exit_kinds must be one or more of {', '.join(EVENT_KINDS)}; "
            f"found {first_few(unknown) or 'none'}"
        )
    return kinds


def _weights(listed: Roster, levels: Strengths, chosen: Flags) -> Floats:
    """Persons who left: the last strength observed before the exit, else the peak."""
    spell = np.flatnonzero(chosen).astype(np.int64)
    last = levels.at(spell, np.minimum(listed.dated, listed.left)[chosen])[0]
    # a zero seen on the way out is not what was withdrawn
    return np.where(np.nan_to_num(last) > 0, last, listed.peak[chosen])


def _so_far(
    listed: Roster,
    exits: _Exits,
    spells: tuple[Integers, Integers],
    row: tuple[Integers, Integers],
    known: Integers,
) -> tuple[Floats, Floats]:
    """Count other states that have defected, and that have joined, each state once."""
    start = np.zeros_like(known)
    first = _first(exits.state, exits.month)
    gone = _Exits(exits.coalition[first], exits.state[first], exits.month[first], np.ones(0))
    code, state = spells
    begin = _first(state, listed.entry)
    came = _Exits(code[begin], state[begin], listed.entry[begin], np.ones(0))
    return (
        gone.others(*row, start, known, np.ones(len(first))),
        came.others(*row, start, known, np.ones(len(begin))),
    )


def _first(state: Integers, month: Integers) -> Integers:
    """Position of the first entry of each state."""
    order = np.lexsort((month, state))
    return order[np.unique(state[order], return_index=True)[1]]


def _weighted(
    exits: _Exits, row: tuple[Integers, Integers], low: Integers, high: Integers, window: int
) -> dict[str, Floats]:
    unknown = np.isnan(exits.weight)
    persons = exits.others(*row, low, high, np.where(unknown, 0.0, exits.weight))
    blind = exits.others(*row, low, high, unknown.astype(np.float64))
    persons = np.where(blind > 0, np.nan, persons)
    return {f"exit_troops_{window}m": persons, f"log_exit_troops_{window}m": np.log1p(persons)}


def _from_region(
    exits: _Exits,
    states: tuple[Integers, Integers],
    row: tuple[Integers, Integers],
    low: Integers,
    high: Integers,
) -> Floats:
    """Exits of states from the row's own region."""
    left, cow = states
    inside, own = shared_codes([exits.coalition, regions(left)], [row[0], regions(cow)])
    local = _Exits(inside, exits.state, exits.month, exits.weight)
    return local.others(own, row[1], low, high, np.ones(len(left)))


def _of_allies(
    exits: _Exits,
    states: tuple[Integers, Integers],
    row: tuple[Integers, Integers],
    low: Integers,
    high: Integers,
) -> Floats:
    """Exits of NATO members, for NATO members."""
    joined = known_table("nato_accession").set_index("ccode")["accession_date"]
    since = dict(zip(joined.index, month_number(joined), strict=True))
    left, cow = states
    allied = np.array([since.get(int(c), NEVER) for c in left], dtype=np.int64) <= exits.month
    number = exits.others(*row, low, high, allied.astype(np.float64))
    own = pd.Series(cow).map(since).fillna(NEVER).to_numpy(dtype=np.int64)
    return np.where(own <= high, number, 0.0)


def _lead(
    listed: Roster, levels: Strengths, code: Integers, at: Integers, known: Integers
) -> dict[str, Floats]:
    """How far the lead state is below its own peak, and its change in twelve months."""
    spell = np.flatnonzero(listed.lead).astype(np.int64)
    found = find_until(code[spell], listed.entry[spell], at, known)
    lead = np.where(found >= 0, spell[found], -1) if len(spell) else found
    now, _, peak = levels.at(lead, known)
    before = levels.at(lead, known - 12)[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "lead_below_peak": np.where(peak > 0, 1 - now / peak, np.nan),
            "lead_change_12m": np.where(before > 0, now / before - 1, np.nan),
        }
