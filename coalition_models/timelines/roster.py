"""Who is in a coalition when: every spell, before any sample is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.members.facts import Facts
from coalition_models.members.timing import DATE_COLUMN, ExitDate, usable_dates
from coalition_models.timelines.calendar import AsOf, Integers, month_number
from coalition_models.timelines.given import needed
from coalition_models.timelines.keys import shared_codes

__all__ = ["NEVER", "Roster", "known_month", "listed_members", "regions", "roster"]

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: month of an exit that has not happened
NEVER = 900_000

#: first number of each region of the Correlates of War, and its name
_REGIONS = {
    0: "Americas",
    200: "Europe",
    400: "Africa",
    600: "Middle East and North Africa",
    700: "Asia",
    900: "Oceania",
}


@dataclass(frozen=True)
class Roster:
    """All spells of some coalitions, one position per spell."""

    coalition: Objects
    cow: Integers
    spell: Integers
    entry: Integers
    #: month of the main exit, or the one in which it is known
    exit: Integers
    #: month of the main exit itself
    left: Integers
    exit_kind: Objects
    #: month of the exit by the chosen date, for counting exits
    dated: Integers
    peak: Floats
    lead: Flags
    complete: frozenset[str]

    def codes(self, coalitions: pd.Series) -> tuple[Integers, Integers]:
        """Whole-number codes of the coalitions of the spells and of some rows."""
        return shared_codes([self.coalition], [coalitions])

    def keys(self, coalitions: pd.Series, cow: pd.Series | Integers) -> tuple[Integers, Integers]:
        """Whole-number codes of (coalition, state) for the spells and for some rows."""
        return shared_codes([self.coalition, self.cow], [coalitions, cow])

    def positions(self, panel: pd.DataFrame) -> Integers:
        """Position of each row's own spell; -1 where the roster does not have it."""
        keys, wanted = shared_codes(
            [self.coalition, self.cow, self.spell],
            [panel[name] for name in ("coalition", "cow", "spell")],
        )
        order = np.argsort(keys, kind="stable")
        if not len(order):
            return np.full(len(panel), -1, dtype=np.int64)
        place = order[np.minimum(np.searchsorted(keys[order], wanted), len(order) - 1)]
        return np.where(keys[place] == wanted, place, -1)

    def covers(self, coalitions: pd.Series) -> Flags:
        """Whether all members of each row's coalition are listed."""
        inside: Flags = coalitions.isin(self.complete).to_numpy(dtype=bool)
        return inside

    def present(
        self, coalitions: pd.Series, month: Integers, *, and_next: int = 0
    ) -> tuple[Integers, Integers, Integers, Integers]:
        """List who is present in each coalition and month that occurs.

        Parameters
        ----------
        coalitions : Series
        month : array
        and_next : int
            Also those who enter in this number of months that follow.

        Returns
        -------
        tuple of arrays
            For each row the number of its (coalition, month) pair; for each presence the pair
            and the position of the spell; for each pair its month. A member is present from its
            month of entry to the month before its exit.
        """
        code, at = self.codes(coalitions)
        pairs, of_row = np.unique(at * 1_000_000 + month, return_inverse=True)
        pair_code, pair_month = pairs // 1_000_000, pairs % 1_000_000
        order = np.argsort(code, kind="stable")
        low = np.searchsorted(code[order], pair_code, side="left")
        count = np.searchsorted(code[order], pair_code, side="right") - low
        pair = np.repeat(np.arange(len(pairs)), count)
        within = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
        spell = order[np.repeat(low, count) + within]
        entered = self.entry[spell] <= pair_month[pair] + and_next
        there = entered & (pair_month[pair] < self.exit[spell])
        return of_row.ravel(), pair[there], spell[there], pair_month


def roster(
    members: pd.DataFrame,
    complete: Iterable[str],
    *,
    exit_date: str = "main",
    as_of: AsOf = "start",
) -> Roster:
    """Read the spells of all members.

    Parameters
    ----------
    members : DataFrame
        Checked spells: ``coalition, cow, spell, entry, exit, exit_kind``; optionally
        ``peak_troops``, ``announced``, ``last_personnel``, and ``exit_known``, the day from which
        an exit can be told, of spells made by :func:`spells_from_levels`.
    complete : iterable of str
        Coalitions whose members are all listed.
    exit_date : {"main", "announced", "last"}
        As in :func:`build_panel`; where it is not known or out of order (an announcement before
        the entry, last people who stay into the state's next spell) the main date is used.
    as_of : {"start", "end"}
        With ``"start"`` an exit counts from the day on which it can be known (``exit_known``),
        and until then, or as long as it is missing, the state is taken to be there.

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(roster(cm.facts("iraq").members, ["iraq"]).entry)
    52
    """
    if exit_date not in DATE_COLUMN:
        raise DataError(f"exit_date must be one of {', '.join(DATE_COLUMN)}, not {exit_date!r}")
    left = known_month(members, "exit")
    main, dated = left, left
    if as_of == "start" and "exit_known" in members.columns:
        # a state last seen some months ago may only be missing from the lists
        told = np.maximum(known_month(members, "exit_known"), left)
        main = np.minimum(told, _next_entry(members))
        dated = np.where(told == NEVER, left, told)
    column = DATE_COLUMN[exit_date]
    if exit_date != "main":
        if column not in members.columns:
            raise DataError(f"exit_date={exit_date!r} needs the column {column!r} in members")
        # the number of a state stands for its name, which the table need not have
        spells = members.assign(state=members["cow"]).reset_index(drop=True)
        usable = usable_dates(spells, cast(ExitDate, exit_date), "month").to_numpy(dtype=bool)
        dated = np.where(usable, known_month(members, column), dated)
    peak: Floats = np.full(len(members), np.nan)
    if "peak_troops" in members.columns:
        peak = members["peak_troops"].to_numpy(dtype=np.float64, na_value=np.nan)
    kind = members["exit_kind"].to_numpy(dtype=object)
    return Roster(
        coalition=members["coalition"].to_numpy(dtype=object),
        cow=members["cow"].to_numpy(dtype=np.int64),
        spell=members["spell"].to_numpy(dtype=np.int64),
        entry=month_number(members["entry"]),
        exit=main,
        left=left,
        exit_kind=kind,
        dated=dated,
        peak=peak,
        lead=np.asarray(kind == "leader", dtype=bool),
        complete=frozenset(complete),
    )


def listed_members(
    facts: Facts, builder: str, *, exit_date: str = "main", as_of: AsOf = "start"
) -> Roster:
    """Spells of all members in some facts, of which the complete coalitions are marked.

    Examples
    --------
    >>> import coalition_models as cm
    >>> sorted(listed_members(cm.facts(), "add_contagion").complete)
    ['iraq', 'isaf', 'rsm', 'unosom2']
    """
    members = needed(facts, "members", builder, "the spells of all members")
    partial: set[str] = set()
    known = facts.table("coalitions")
    if known is not None and "participation_complete" in known.columns:
        partial = set(known.loc[known["participation_complete"] != "yes", "coalition"])
    return roster(members, set(members["coalition"]) - partial, exit_date=exit_date, as_of=as_of)


def _next_entry(table: pd.DataFrame) -> Integers:
    """Month in which each spell's state came back: it is there once, whatever was known before."""
    state = shared_codes(*[[table["coalition"], table["cow"]]] * 2)[0]
    entry = month_number(table["entry"])
    order = np.lexsort((entry, state))
    following = np.full(len(table), NEVER, dtype=np.int64)
    same = state[order][1:] == state[order][:-1]
    following[order[:-1][same]] = entry[order][1:][same]
    return following


def known_month(table: pd.DataFrame, column: str) -> Integers:
    """Month in which a dated fact is known; one known to the year only counts in December.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"exit": pd.to_datetime(["2004-04-27", "2004-07-01", None]),
    ...                       "exit_precision": ["day", "year", None]})
    >>> (known_month(facts, "exit") - 2004 * 12).tolist()
    [3, 11, 875952]
    """
    dates = table[column]
    month = month_number(dates.fillna(pd.Timestamp("2000-01-01")))
    precision = f"{column}_precision"
    if precision in table.columns:
        month = np.where((table[precision] == "year").fillna(False), month // 12 * 12 + 11, month)
    return np.where(dates.isna(), NEVER, month).astype(np.int64)


def regions(cow: Integers) -> Objects:
    """Region of a state, from its Correlates of War number.

    Examples
    --------
    >>> import numpy as np
    >>> regions(np.array([2, 290, 640])).tolist()
    ['Americas', 'Europe', 'Middle East and North Africa']
    """
    bounds = np.array(list(_REGIONS), dtype=np.int64)
    names = np.array(list(_REGIONS.values()), dtype=object)
    found: Objects = names[np.searchsorted(bounds, cow, side="right") - 1]
    return found
