"""Changes of the source of leaders' support: in which months, and which state-years are coded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.timelines.calendar import Integers, month_number, window_sum

__all__ = ["support_changes", "support_coded"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def support_changes(chisols: pd.DataFrame, cow: Integers, low: Integers, high: Integers) -> Floats:
    """Count the changes of the source of support in the months ``low`` to ``high`` of a state.

    Minor changes, within a governing coalition, do not count.

    Parameters
    ----------
    chisols : DataFrame
        ``cow, year, event, date``.
    """
    dated = chisols.dropna(subset=["cow", "date"])
    changes = dated[dated["event"] == "source_change"]
    return window_sum(
        changes["cow"].to_numpy(dtype=np.int64),
        month_number(changes["date"]),
        np.ones(len(changes)),
        cow,
        low,
        high,
    )


def support_coded(chisols: pd.DataFrame, cow: Integers, low: Integers, high: Integers) -> Flags:
    """Whether every year from month ``low`` to ``high`` of a state is coded.

    Examples
    --------
    >>> table = pd.DataFrame({"cow": [230], "year": [2004]})
    >>> month = np.array([2004 * 12, 2005 * 12])
    >>> support_coded(table, np.array([230, 230]), month, month).tolist()
    [True, False]
    """
    years = chisols.dropna(subset=["cow", "year"]).drop_duplicates(["cow", "year"])
    found = window_sum(
        years["cow"].to_numpy(dtype=np.int64),
        years["year"].to_numpy(dtype=np.int64),
        np.ones(len(years)),
        cow,
        low // 12,
        high // 12,
    )
    whole: Flags = found == high // 12 - low // 12 + 1
    return whole
