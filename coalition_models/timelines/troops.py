"""Strength of a member by month: the last observation so far, and how old it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.timelines.calendar import Integers, find_until
from coalition_models.timelines.roster import Roster, known_month

__all__ = ["Strengths", "strengths", "usable_troops"]

Floats = npt.NDArray[np.float64]

_RANK = {"high": 2, "medium": 1, "low": 0}


@dataclass(frozen=True)
class Strengths:
    """Observed strengths: position of the spell in the roster, month, persons, peak so far."""

    spell: Integers
    month: Integers
    troops: Floats
    peak: Floats

    def at(self, spell: Integers, month: Integers) -> tuple[Floats, Floats, Floats]:
        """Last strength observed in or before a month, its age in months, and the peak so far.

        Missing before the first observation of the spell, and for position -1.
        """
        if not len(self.month):
            nothing = np.full(len(spell), np.nan)
            return nothing, nothing, nothing
        found = find_until(self.spell, self.month, spell, month)
        known = (found >= 0) & (spell >= 0)
        return (
            np.where(known, self.troops[found], np.nan),
            np.where(known, month - self.month[found], np.nan),
            np.where(known, self.peak[found], np.nan),
        )


def usable_troops(table: pd.DataFrame) -> pd.DataFrame:
    """Choose the strengths that were observed and can be used as they stand.

    Status ``in_theatre`` only (no plans, ceilings, or NATO trainers), a number is given, and no
    note that begins with DOUBTFUL. A strength dated to the year counts from its December. Where
    several sources speak of one day, those of the highest confidence are taken, and their mean if
    they differ.

    Parameters
    ----------
    table : DataFrame
        ``coalition, cow, date, troops``; ``status``, ``note`` and ``confidence`` are heeded where
        they are there.

    Returns
    -------
    DataFrame
        ``coalition, cow, date, month, troops``, one row per member and day.

    Examples
    --------
    >>> import coalition_models as cm
    >>> table = usable_troops(cm.facts("iraq").troops)
    >>> bool(table.duplicated(["coalition", "cow", "date"]).any())
    False
    """
    keep = table["troops"].notna()
    if "status" in table.columns:
        keep &= table["status"] == "in_theatre"
    if "note" in table.columns:
        keep &= ~table["note"].astype("string").str.startswith("DOUBTFUL").fillna(False)
    rank = (
        table["confidence"].map(_RANK).fillna(0)
        if "confidence" in table.columns
        else pd.Series(0, table.index)
    )
    used = table.assign(rank=rank, month=known_month(table, "date"))[keep.to_numpy(dtype=bool)]
    day = ["coalition", "cow", "date"]
    best = used[used["rank"] == used.groupby(day)["rank"].transform("max")]
    out = best.groupby(day, as_index=False).agg(month=("month", "max"), troops=("troops", "mean"))
    return out.astype({"troops": "float64"})


def strengths(members: Roster, observed: pd.DataFrame | None) -> Strengths:
    """Assign observed strengths to spells.

    An observation belongs to the spell that runs in its month; one before the entry or after the
    exit is left out, so that nothing is carried from one spell into the next. As long as a state
    that was last seen is taken to be there, its list of nobody counts, as it does in a gap that
    was bridged. Within a month the last day counts. None: no strength is known.
    """
    if observed is None:
        none = np.zeros(0, dtype=np.int64)
        return Strengths(none, none.copy(), np.zeros(0), np.zeros(0))
    table = usable_troops(observed).sort_values("date", kind="stable")
    group, wanted = members.keys(table["coalition"], table["cow"])
    month = table["month"].to_numpy(dtype=np.int64)
    spell = find_until(group, members.entry, wanted, month)
    inside = spell >= 0
    last = np.maximum(members.left, members.exit - 1)
    inside[inside] = month[inside] <= last[spell[inside]]
    found = pd.DataFrame(
        {"spell": spell[inside], "month": month[inside], "troops": table["troops"][inside]}
    )
    chosen = found.groupby(["spell", "month"])["troops"].last().reset_index()
    return Strengths(
        spell=chosen["spell"].to_numpy(dtype=np.int64),
        month=chosen["month"].to_numpy(dtype=np.int64),
        troops=chosen["troops"].to_numpy(dtype=np.float64),
        peak=chosen.groupby("spell")["troops"].cummax().to_numpy(dtype=np.float64),
    )
