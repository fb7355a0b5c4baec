"""The panel of an analysis set, also for states of the past that have no ISO code."""

from __future__ import annotations

import pandas as pd

from coalition_models.designs.set_data import SetData
from coalition_models.members.panel import build_panel
from coalition_models.members.periods import as_period
from coalition_models.members.timing import Account, Choices, expand, select_spells, time_spells

__all__ = ["set_panel"]


def set_panel(data: SetData, *, historical: bool, peak_at_least: float = 0) -> pd.DataFrame:
    """Build the panel of a set.

    Parameters
    ----------
    data : SetData
    historical : bool
        Whether some states have a name in place of an ISO code, which :func:`build_panel`
        refuses. Their Correlates of War numbers were checked when the table was joined.
    peak_at_least : float
        Keep members whose peak reaches this number of persons.

    Examples
    --------
    >>> from coalition_models.designs.set_data import set_data
    >>> int(set_panel(set_data("iraq", "main"), historical=False)["event"].sum())
    21
    """
    if not historical:
        return build_panel(
            data.members,
            coalitions=data.coalitions,
            period=data.period,
            clock=data.clock,
            peak_at_least=peak_at_least,
        )
    choices = Choices(
        period=as_period(data.period),
        clock="entry",
        exit_date="main",
        exit_kinds=("early",),
        wind_up=0,
        until=None,
        truncate_before=None,
        peak_at_least=float(peak_at_least),
    )
    account = Account()
    table = data.coalitions.set_index("coalition", drop=False)
    timed = time_spells(data.members, table, choices, account)
    rows = expand(select_spells(timed, table, choices, account), choices)
    rows.attrs["panel"] = {
        **choices.as_dict(),
        "dropped": account.dropped,
        "notes": account.notes,
    }
    return rows
