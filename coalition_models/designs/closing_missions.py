"""Exits that are the end of a mission, where nothing tells why a state left."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.members.periods import as_period, period_number

__all__ = ["FEWEST_SUPPORTERS", "MASS", "WIND_DOWN", "mass_exits", "wound_down"]

#: where this share of the members leaves in one period, it is the mission that ends
MASS = 0.5
#: of fewer members than this, half may be a decision of one or two
FEWEST_SUPPORTERS = 4
#: months before its last one in which a mission that closes is wound down
WIND_DOWN = 12


def mass_exits(members: pd.DataFrame, *, period: str = "year") -> pd.DataFrame:
    """Early exits in a period in which half or more of four or more members leave, as mission ends.

    Parameters
    ----------
    members : DataFrame
        ``coalition, state, entry, exit, exit_kind`` of all members, by period.
    period : {"month", "quarter", "year"}
        Length of the periods in which exits are counted together.

    Returns
    -------
    DataFrame
        A copy; ``exit_kind`` is ``mission_end`` for these exits, and ``exit_known`` is missing.

    Examples
    --------
    >>> day = pd.to_datetime(["2010-12-31"] * 2 + ["2012-12-31"] * 2)
    >>> four = pd.DataFrame({"coalition": "x", "state": list("ABCD"), "entry": day[0], "exit": day,
    ...                      "exit_kind": ["early", "early", "ongoing", "ongoing"]})
    >>> mass_exits(four)["exit_kind"].tolist()
    ['mission_end', 'mission_end', 'ongoing', 'ongoing']
    >>> mass_exits(four.iloc[1:])["exit_kind"].tolist()
    ['early', 'ongoing', 'ongoing']
    """
    unit = as_period(period)
    first = period_number(members["entry"], unit).to_numpy(dtype=np.int64)
    last = period_number(members["exit"], unit).to_numpy(dtype=np.int64)
    leaves = members["exit_kind"].isin(["early", "mission_end"]).to_numpy(dtype=bool)
    ends = np.zeros(len(members), dtype=bool)
    for places in members.groupby("coalition").indices.values():
        for number in np.unique(last[places][leaves[places]]):
            there = places[(first[places] <= number) & (number <= last[places])]
            gone = there[leaves[there] & (last[there] == number)]
            if len(there) >= FEWEST_SUPPORTERS and len(gone) >= MASS * len(there):
                ends[gone] = True
    return _as_mission_end(members, ends)


def wound_down(members: pd.DataFrame, last_seen: pd.Series, closed: pd.Series) -> pd.DataFrame:
    """Early exits in the last twelve months of a mission that closed, as mission ends.

    Parameters
    ----------
    members : DataFrame
        ``coalition, exit, exit_kind``.
    last_seen : Series
        By coalition, the last day on which anybody was seen.
    closed : Series
        By coalition, whether it ended before the data do.

    Returns
    -------
    DataFrame
        A copy; ``exit_kind`` is ``mission_end`` for these exits, and ``exit_known`` is missing.

    Examples
    --------
    >>> two = pd.DataFrame({"coalition": "x", "exit_kind": "early",
    ...                     "exit": pd.to_datetime(["2009-03-31", "2010-03-31"])})
    >>> day, closed = pd.Series({"x": pd.Timestamp("2010-12-31")}), pd.Series({"x": True})
    >>> wound_down(two, day, closed)["exit_kind"].tolist()
    ['early', 'mission_end']
    """
    unit = as_period("month")
    final = period_number(members["coalition"].map(last_seen), unit)
    late = final - period_number(members["exit"], unit) <= WIND_DOWN
    shut = members["coalition"].map(closed).fillna(False).astype(bool)
    return _as_mission_end(members, (late.fillna(False) & shut).to_numpy(dtype=bool))


def _as_mission_end(members: pd.DataFrame, which: np.ndarray) -> pd.DataFrame:
    early = which & (members["exit_kind"] == "early").to_numpy(dtype=bool)
    out = members.assign(exit_kind=members["exit_kind"].mask(early, "mission_end"))
    if "exit_known" in out.columns:
        # nobody leaves the others behind, so there is nothing to know
        out["exit_known"] = out["exit_known"].mask(early)
    return out
