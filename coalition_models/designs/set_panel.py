"""The panel of an analysis set, also for states of the past that have no ISO code."""

from __future__ import annotations

from typing import cast

import pandas as pd

from coalition_models.designs.set_data import SetData
from coalition_models.members.facts import Facts
from coalition_models.members.panel import build_panel, recorded
from coalition_models.members.periods import as_period
from coalition_models.members.timing import (
    Account,
    Choices,
    ExitDate,
    expand,
    select_spells,
    time_spells,
)

__all__ = ["set_panel"]


def set_panel(
    data: SetData,
    facts: Facts,
    *,
    historical: bool,
    peak_at_least: float = 0,
    exit_date: str = "main",
    until: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Build the panel of a set.

    Parameters
    ----------
    data : SetData
    facts : Facts
        The set's own.
    historical : bool
        Whether some states have a name in place of an ISO code, which :func:`build_panel`
        refuses. Their Correlates of War numbers were checked when the table was joined.
    peak_at_least : float
        Keep members whose peak reaches this number of persons.
    exit_date : {"main", "announced", "last"}
        As in :func:`build_panel`.
    until : date, optional
        As there; not for historical sets.

    Examples
    --------
    >>> from coalition_models.designs.set_data import set_data
    >>> import coalition_models as cm
    >>> iraq = set_data("iraq", "main")
    >>> int(set_panel(iraq, cm.facts("iraq"), historical=False)["event"].sum())
    21
    """
    if not historical:
        return build_panel(
            facts,
            period=data.period,
            clock=data.clock,
            exit_date=exit_date,
            peak_at_least=peak_at_least,
            until=until,
        )
    choices = Choices(
        period=as_period(data.period),
        clock="entry",
        exit_date=cast(ExitDate, exit_date),
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
    return recorded(rows, choices, account, facts)
