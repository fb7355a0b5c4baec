"""The same rows of a panel, timed from another origin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.errors import AbsentError, DataError
from coalition_models.members.facts import facts_of
from coalition_models.record import record_of, with_panel
from coalition_models.timelines.calendar import calendar_of, entry_month, month_number

__all__ = ["on_clock"]

_SPELL = ["coalition", "cow", "spell"]


def on_clock(panel: pd.DataFrame, clock: str) -> pd.DataFrame:
    """Time a panel from each spell's entry, or from the start of its coalition.

    The entry is the day in the column ``entry``, also where the first rows are left out; the start
    is the coalition's own, from the panel's facts, and rows before it are left out, as in
    :func:`build_panel`.

    Parameters
    ----------
    panel : DataFrame
        One row per member and calendar period.
    clock : {"entry", "coalition"}

    Returns
    -------
    DataFrame
        A copy with other ``start`` and ``stop``.

    Raises
    ------
    DataError
        Rows that are not one period long; spells whose true entry lies before the data, with
        ``"entry"``; a coalition whose start is not known, with ``"coalition"``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"), truncate_before="2006-01-01")
    >>> int(on_clock(panel, "coalition").query("state == 'POL'")["start"].iloc[0])
    34
    """
    if clock not in ("entry", "coalition"):
        raise DataError(f"clock must be 'entry' or 'coalition', not {clock!r}")
    absent = [n for n in (*_SPELL, "period", "start", "stop") if n not in panel.columns]
    if absent:
        raise AbsentError(
            f"the panel lacks the columns {', '.join(absent)}; build_panel() makes it"
        )
    if not np.allclose(panel["stop"] - panel["start"], 1):
        raise AbsentError("only rows of one period each can be timed anew")
    calendar = calendar_of(panel)
    if clock == "entry":
        _refuse_unknown_entries(panel)
        origin = entry_month(panel)
    else:
        origin = _coalition_start(panel) // calendar.months * calendar.months
    begun = (calendar.first - origin) // calendar.months
    out = panel.assign(start=begun, stop=begun + 1)[begun >= 0]
    return with_panel(out, {**record_of(panel).panel, "clock": clock})


def _refuse_unknown_entries(panel: pd.DataFrame) -> None:
    facts = facts_of(panel)
    members = None if facts is None else facts.members
    if members is None or "entry_known" not in members.columns:
        return
    open_start = members[~members["entry_known"].astype(bool)]
    rows = pd.MultiIndex.from_frame(panel[_SPELL])
    if rows.isin(pd.MultiIndex.from_frame(open_start[_SPELL])).any():
        raise AbsentError("spells were already running when the data begin: no time since entry")


def _coalition_start(panel: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    facts = facts_of(panel)
    table = None if facts is None else facts.coalitions
    known = {} if table is None else dict(zip(table["coalition"], table["start"], strict=True))
    start = pd.to_datetime(panel["coalition"].map(known))
    if start.isna().any():
        names = ", ".join(dict.fromkeys(panel.loc[start.isna(), "coalition"].astype(str)))
        raise AbsentError(f"the start of {names} is not known: give facts with coalitions")
    return month_number(start)
