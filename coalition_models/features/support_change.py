"""Leaders who rest on other social groups than their predecessors, in all states."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    calendar_of,
    check_as_of,
    check_window,
    short_window,
)
from coalition_models.timelines.support import support_changes, support_coded
from coalition_models.timelines.yearly import check_external, not_read, optional_source

__all__ = ["add_support_change"]


@builder(
    columns=("support_change",),
    sources=("chisols",),
)
def add_support_change(
    panel: pd.DataFrame, *, months: int = 12, as_of: str = "start", external: str = "require"
) -> pd.DataFrame:
    """Add whether the source of the leader's support changed in the months before the period.

    Unlike :func:`add_leadership`, which follows each leader, this counts the changes themselves, as
    CHISOLS (external) dates them.

    Parameters
    ----------
    panel : DataFrame
        Needs ``cow`` and ``period``.
    months : int
        How many months back, from the one before the period on; 1 or more.
    as_of : {"start", "end"}
        ``"end"`` counts the months back from the period's own last one.
    external : {"require", "if_at_hand", "never"}
        Fetch CHISOLS, or leave the column missing where it is not at hand, or always.

    Returns
    -------
    DataFrame
        A copy with ``support_change`` (0/1: a leader with another social source of support took
        over; minor changes of a governing coalition do not count). Missing where a year of these
        months is not covered (1919 to 2018, states above 500,000 inhabitants), unless a change is
        on record in one that is.

    Raises
    ------
    DataError
        If ``months`` is not a whole number, 1 or more.
    CoverageError
        If the source cannot be had.

    Notes
    -----
    After Leeds, Mattes and Vogel (2009); data of Mattes, Leeds and Matsumura (2016).

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> panel = pd.DataFrame({"cow": [230], "period": pd.to_datetime(["2004-06-01"])})
    >>> from coalition_models.record import with_panel
    >>> panel = with_panel(panel, {"period": "month"})
    >>> cm.add_support_change(panel)["support_change"].tolist()  # doctest: +SKIP
    [1.0]
    """
    check_arguments(add_support_change, locals())
    moment = check_as_of(as_of)
    choice = check_external(external)
    length = check_window(months, "months")
    if length < 1:
        raise DataError("months must be 1 or more: the months before the period are looked at")
    rows = plain_panel(panel)
    calendar = calendar_of(rows)
    cow = rows["cow"].to_numpy(dtype=np.int64)
    high = calendar.known(moment)
    low = high - length + 1
    table = optional_source("chisols", "changes of support", "add_support_change", choice)
    value = np.full(len(rows), np.nan)
    if table is not None:
        found = support_changes(table, cow, low, high)
        whole = support_coded(table, cow, low, high)
        value = np.where(found > 0, 1.0, np.where(whole, 0.0, np.nan))
    return attach(
        panel,
        {"support_change": value},
        sources=["chisols"] if table is not None else [],
        choices={"months": length, "as_of": moment, **short_window(length, calendar, moment)},
        notes={} if table is not None else {"support_change": not_read("chisols", choice)},
        builder="add_support_change",
        cure="CHISOLS covers 1919 to 2018 and states above 500,000 inhabitants",
    )
