"""Who leads, since when, and whether it is still the leader who sent the troops."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.features.common import (
    Integers,
    attach,
    calendar_of,
    check_as_of,
    check_window,
    entry_month,
    find_until,
    month_number,
)
from coalition_models.sources.catalog import load

__all__ = ["add_leadership"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_OFFICES = ("effective", "head_of_government")


def add_leadership(
    panel: pd.DataFrame,
    *,
    window: int = 6,
    who: str = "effective",
    as_of: str = "start",
    data: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add leadership change and the leader's time in office.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``cow`` and ``period``; ``spell`` and ``coalition``
        for the leader at entry.
    window : int
        Months for which a new leader counts as new.
    who : {"effective", "head_of_government"}
        The effective leader (REIGN), or the prime minister or chancellor (ParlGov, where it
        covers the state). They differ in Poland, for example.
    as_of : {"start", "end"}
        ``"start"``: only changes before the period began; ``"end"``: also those within it.
        In Spain the new leader took office on 17 April 2004 and the contingent left on
        27 April, so ``"start"`` puts the change after the exit.
    data : DataFrame, optional
        Your own table with ``cow, leader, start, end``.

    Returns
    -------
    DataFrame
        A copy with ``leader_change`` (0/1: the leader took office at most ``window`` months
        ago), ``tenure_months`` (since the leader took office), ``joined_under_other_leader``
        (0/1: the leader in office in the period of entry is gone). Missing where the sources
        name no leader.

    Notes
    -----
    Used by Tago (2009), Pilster, Boehmelt and Tago (2015) and Mello (2020).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> after = cm.add_leadership(panel, as_of="end").query("state == 'ESP'")
    >>> after[["period", "leader_change"]].tail(2).values.tolist()
    [[Timestamp('2004-03-01 00:00:00'), 0.0], [Timestamp('2004-04-01 00:00:00'), 1.0]]
    """
    moment = check_as_of(as_of)
    months = check_window(window)
    if who not in _OFFICES:
        raise DataError(f"who must be one of {', '.join(_OFFICES)}, not {who!r}")
    calendar = calendar_of(panel)
    table = _leaders(who, data)
    cow = panel["cow"].to_numpy(dtype=np.int64)
    group = table["cow"].to_numpy(dtype=np.int64)
    began = month_number(table["start"])
    left = _last_months(table)
    known = calendar.known(moment)
    found = find_until(group, began, cow, known)
    # nobody is known to lead after the last leader on record left
    inside = (found >= 0) & (left[found] >= known)
    tenure = np.where(inside, known - began[found], np.nan)
    if moment == "start":
        tenure = tenure + 1
    columns: dict[str, Floats] = {
        "leader_change": np.where(inside, (tenure <= months).astype(float), np.nan),
        "tenure_months": tenure,
    }
    if {"coalition", "spell"} <= set(panel.columns):
        columns["joined_under_other_leader"] = _other_leader(
            panel, table, group, began, found, inside
        )
    return attach(
        panel,
        columns,
        sources=["leaders"] if data is None else [],
        choices={"window": months, "who": who, "as_of": moment},
    )


def _leaders(who: str, data: pd.DataFrame | None) -> pd.DataFrame:
    if data is not None:
        absent = [c for c in ("cow", "leader", "start", "end") if c not in data.columns]
        if absent:
            raise DataError(f"the table of leaders lacks the columns {', '.join(absent)}")
        return data.sort_values(["cow", "start"], ignore_index=True)
    table = load("leaders")
    return table[table["office"] == who].sort_values(["cow", "start"], ignore_index=True)


def _last_months(table: pd.DataFrame) -> Integers:
    """Last month of which it is known that the leader still led."""
    last = table["end"]
    if "known_until" in table.columns:
        last = last.fillna(table["known_until"])
    open_end = last.isna().to_numpy()
    months = month_number(last.fillna(pd.Timestamp("2000-01-01")))
    return np.where(open_end, np.iinfo(np.int64).max, months)


def _other_leader(
    panel: pd.DataFrame,
    table: pd.DataFrame,
    group: Integers,
    began: Integers,
    found: Integers,
    inside: Flags,
) -> Floats:
    """Compare the leader in office now with the one in the month of entry."""
    entry = entry_month(panel)
    sender = find_until(group, began, panel["cow"].to_numpy(dtype=np.int64), entry)
    names = table["leader"].to_numpy(dtype=object)
    known = inside & (sender >= 0)
    differs = names[np.maximum(found, 0)] != names[np.maximum(sender, 0)]
    # at the start of the month of entry the predecessor of the sender may still be in office
    return np.where(known, differs & (found > sender), np.nan).astype(float)
