"""What a row's leader is: how long in office, of which party, and against the leader at entry."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.timelines.calendar import AsOf, Integers, known_table
from coalition_models.timelines.leader_terms import Terms
from coalition_models.timelines.support import support_coded

__all__ = [
    "irregular_entry",
    "party_columns",
    "since_entry",
    "support_columns",
    "support_known",
    "time_in_office",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_IRREGULAR = ("irregular", "foreign_imposition")


def _pick(values: Floats, found: Integers) -> Floats:
    """Value of each row's term; missing where nobody is known to lead."""
    if not len(values):
        return np.full(len(found), np.nan)
    return np.where(found >= 0, values[found], np.nan)


def _flag(condition: pd.Series, of: pd.Series) -> Floats:
    known = of.notna().to_numpy() & (of != "unknown").to_numpy(dtype=bool, na_value=False)
    return np.where(known, condition.to_numpy(dtype=float), np.nan)


def irregular_entry(terms: Terms, now: Integers) -> Floats:
    """1 where the leader came to power irregularly, 0 where regularly, else missing."""
    manner = terms.table["entry"]
    return _pick(_flag(manner.isin(_IRREGULAR), manner), now)


def time_in_office(
    terms: Terms, cow: Integers, now: Integers, known: Integers, months: int, moment: AsOf
) -> dict[str, Floats]:
    """How long the leader has been in office, whether that is new, and how long it is vacant."""
    # at the start of a period the months up to it are counted, its own is not
    passed = known + 1 if moment == "start" else known
    tenure = passed - _pick(terms.began.astype(float), now)
    last = terms.last_to_enter(cow, known)
    vacant_since = _pick(np.where(terms.over, terms.left, np.nan), last)
    return {
        "leader_change": np.where(now >= 0, (tenure <= months).astype(float), np.nan),
        "tenure_months": tenure,
        "months_since_leader_change": np.where(now >= 0, tenure, passed - vacant_since),
    }


def party_columns(terms: Terms, now: Integers, new: Flags) -> dict[str, Floats]:
    """Party and position of the leader against the predecessor's."""
    position = _positions(terms.table)
    before = np.where(terms.previous >= 0, position[terms.previous], np.nan)
    shift = _pick(position - before, now)
    steady = _pick(position, now)
    return {
        "party_change": np.where(new, _pick(_other_party(terms), now), _pick(_known(terms), now)),
        "left_right": steady,
        "left_right_change": np.where(new, shift, steady * 0.0),
    }


def _positions(table: pd.DataFrame) -> Floats:
    if "left_right" not in table.columns:
        return np.full(len(table), np.nan)
    return table["left_right"].to_numpy(dtype=float, na_value=np.nan)


def _known(terms: Terms) -> Floats:
    """Zero where the leader's party is known."""
    if "party" not in terms.table.columns:
        return np.full(len(terms.table), np.nan)
    return np.where(terms.table["party"].notna(), 0.0, np.nan)


def _other_party(terms: Terms) -> Floats:
    if "party" not in terms.table.columns or not len(terms.table):
        return np.full(len(terms.table), np.nan)
    party = terms.table["party"].to_numpy(dtype=object)
    known = terms.table["party"].notna().to_numpy()
    other = (party != party[terms.previous]).astype(float)
    return np.where(known & (terms.previous >= 0) & known[terms.previous], other, np.nan)


def support_columns(
    terms: Terms, now: Integers, new: Flags, sender: Integers | None
) -> dict[str, Floats]:
    """Whether another social source of support carries the leader, now and since entry."""
    change = terms.table["source_change"]
    # nobody comes to power where only the chair of a body goes round
    marks = np.where(terms.turns, 0.0, _flag(change == "yes", change))
    columns = {"support_change": np.where(new, _pick(marks, now), 0.0)}
    if sender is not None:
        columns["support_changed_since_entry"] = np.where(
            sender >= 0, _any_between(marks, sender, now), np.nan
        )
    return columns


def support_known(terms: Terms, cow: Integers, known: Integers, who: str | None) -> Flags:
    """Whether the source of leaders' support is coded for a state in a month.

    In a table of the user's own it is for the states of which any leader is coded. CHISOLS has
    one leader per state, the effective one.
    """
    if who is None:
        coded = terms.table.loc[terms.table["source_change"].notna(), "cow"].unique()
        return np.isin(cow, coded)
    if who != "effective":
        return np.zeros(len(cow), dtype=bool)
    return support_coded(known_table("chisols"), cow, known, known)


def since_entry(terms: Terms, now: Integers, sender: Integers) -> dict[str, Floats]:
    """Compare the leader in office now with the one in the month of entry."""
    known = (now >= 0) & (sender >= 0)
    if not len(terms.table):
        empty = np.full(len(now), np.nan)
        return {"joined_under_other_leader": empty, "left_right_since_entry": empty.copy()}
    names = terms.table["leader"].to_numpy(dtype=object)
    # at the start of the month of entry the predecessor of the sender may still be in office
    later = known & (now > sender)
    differs = later & (names[now] != names[sender])
    position = _positions(terms.table)
    shift = np.where(later, position[now] - position[sender], position[now] * 0.0)
    return {
        "joined_under_other_leader": np.where(known, differs, np.nan).astype(float),
        "left_right_since_entry": np.where(known, shift, np.nan),
    }


def _any_between(values: Floats, after: Integers, until: Integers) -> Floats:
    """1 if any term after one and up to another is marked, 0 if none is, else missing."""
    yes = np.concatenate([[0], np.cumsum(values == 1)])
    unknown = np.concatenate([[0], np.cumsum(np.isnan(values))])
    high = np.maximum(until, after) + 1
    some = yes[high] - yes[after + 1] > 0
    gaps = unknown[high] - unknown[after + 1] > 0
    return np.where(some, 1.0, np.where(gaps, np.nan, 0.0))
