"""Who is in a coalition when: every spell, before any sample is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.features.common import AsOf, Integers, known_table, month_number
from coalition_models.features.keys import shared_codes
from coalition_models.features.own_tables import own_table, words_of
from coalition_models.members.spell_checks import EXIT_KINDS, exit_before_entry
from coalition_models.members.timing import DATE_COLUMN, ExitDate, usable_dates

__all__ = ["NEVER", "Roster", "known_month", "regions", "roster"]

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: month of an exit that has not happened
NEVER = 900_000

_NEEDED = ["coalition", "cow", "spell", "entry", "exit", "exit_kind"]
#: kinds of exit that have no date
_OPEN = ("ongoing", "leader")
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
    data: pd.DataFrame | None = None, *, exit_date: str = "main", as_of: AsOf = "start"
) -> Roster:
    """Read the spells of all members.

    Parameters
    ----------
    data : DataFrame, optional
        Your own spells: ``coalition, cow, spell, entry, exit, exit_kind``; optionally
        ``peak_troops``, ``announced``, ``last_personnel``, and ``exit_known``, the day from which
        an exit can be told, of spells made by :func:`spells_from_levels`. All members of a
        coalition must be there, each spell once. By default ``participation``, of which only the
        coalitions whose members are all listed count as complete.
    exit_date : {"main", "announced", "last"}
        As in :func:`build_panel`; where it is not known or out of order (an announcement before
        the entry, last people who stay into the state's next spell) the main date is used.
    as_of : {"start", "end"}
        With ``"start"`` an exit counts from the day on which it can be known (``exit_known``),
        and until then, or as long as it is missing, the state is taken to be there.

    Examples
    --------
    >>> sorted(roster().complete)
    ['iraq', 'isaf', 'rsm']
    """
    if exit_date not in DATE_COLUMN:
        raise DataError(f"exit_date must be one of {', '.join(DATE_COLUMN)}, not {exit_date!r}")
    table = known_table("participation") if data is None else _own(data, DATE_COLUMN[exit_date])
    if data is None:
        known = known_table("coalitions")
        complete = set(known.loc[known["participation_complete"] == "yes", "coalition"])
    else:
        complete = set(table["coalition"])
    left = known_month(table, "exit")
    main, dated = left, left
    if as_of == "start" and "exit_known" in table.columns:
        # a state last seen some months ago may only be missing from the lists
        told = np.maximum(known_month(table, "exit_known"), left)
        main = np.minimum(told, _next_entry(table))
        dated = np.where(told == NEVER, left, told)
    column = DATE_COLUMN[exit_date]
    if exit_date != "main":
        # the number of a state stands for its name, which the table need not have
        spells = table.assign(state=table["cow"]).reset_index(drop=True)
        usable = usable_dates(spells, cast(ExitDate, exit_date), "month").to_numpy(dtype=bool)
        dated = np.where(usable, known_month(table, column), dated)
    peak: Floats = np.full(len(table), np.nan)
    if "peak_troops" in table.columns:
        peak = table["peak_troops"].to_numpy(dtype=np.float64, na_value=np.nan)
    kind = table["exit_kind"].to_numpy(dtype=object)
    return Roster(
        coalition=table["coalition"].to_numpy(dtype=object),
        cow=table["cow"].to_numpy(dtype=np.int64),
        spell=table["spell"].to_numpy(dtype=np.int64),
        entry=month_number(table["entry"]),
        exit=main,
        left=left,
        exit_kind=kind,
        dated=dated,
        peak=peak,
        lead=np.asarray(kind == "leader", dtype=bool),
        complete=frozenset(complete),
    )


def _next_entry(table: pd.DataFrame) -> Integers:
    """Month in which each spell's state came back: it is there once, whatever was known before."""
    state = shared_codes(*[[table["coalition"], table["cow"]]] * 2)[0]
    entry = month_number(table["entry"])
    order = np.lexsort((entry, state))
    following = np.full(len(table), NEVER, dtype=np.int64)
    same = state[order][1:] == state[order][:-1]
    following[order[:-1][same]] = entry[order][1:][same]
    return following


def _own(data: pd.DataFrame, column: str) -> pd.DataFrame:
    """Check the user's spells: each listed once, in order, and ended unless it goes on."""
    precision = ("entry_precision", "exit_precision", "announced_precision")
    table = own_table(
        data,
        [*_NEEDED, *({column} - set(_NEEDED))],
        "table of members",
        numbers=["peak_troops"],
        dates=["entry", "exit", "exit_known", column],
        filled=["entry", "exit_kind"],
        words={**words_of("participation", *precision), "exit_kind": EXIT_KINDS},
        key=["coalition", "cow", "spell"],
    )
    if table.empty:
        raise DataError("the table of members has no rows; give all spells of each coalition")
    problems = _disorder(table)
    if problems:
        raise DataError(f"the table of members has spells with {'; '.join(problems)}")
    return table


def _disorder(table: pd.DataFrame) -> list[str]:
    """Spells that end before they begin, do not end, or begin before an earlier one ends.

    Judged as :func:`build_panel` does: order by the day where it is known, overlap by months.
    """
    entry = month_number(table["entry"])
    last = month_number(table["exit"].fillna(pd.Timestamp("2000-01-01")))
    last = np.where(table["exit"].isna(), NEVER, last)
    state = shared_codes(*[[table["coalition"], table["cow"]]] * 2)[0]
    order = np.lexsort((entry, state))
    so_far = pd.Series(last[order]).groupby(state[order]).cummax()
    early = np.zeros(len(table), dtype=bool)
    early[order] = entry[order] < so_far.groupby(state[order]).shift().to_numpy()
    wrong = {
        "an exit before the entry": exit_before_entry(table),
        "no exit though not ongoing": (last == NEVER) & ~table["exit_kind"].isin(_OPEN).to_numpy(),
        "an entry before the state's earlier spell ends": early,
    }
    problems = []
    for text, bad in wrong.items():
        if bad.any():
            spells = table.loc[bad, ["coalition", "cow", "spell"]].itertuples(index=False)
            problems.append(f"{text}: {first_few(' '.join(map(str, s)) for s in spells)}")
    return problems


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
