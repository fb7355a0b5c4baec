"""Defections as moves between states: whole, reduced, out."""

from __future__ import annotations

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.record import keep_record

__all__ = ["STATES", "defection_moves"]

#: nothing given up yet; given up in part; gone
STATES = ("whole", "reduced", "out")


def defection_moves(coded: pd.DataFrame) -> pd.DataFrame:
    """Read repeated defections as moves between states, for :func:`multistate` and its like.

    Parameters
    ----------
    coded : DataFrame
        Made by :func:`panel_events` with ``how="repeated"``.

    Returns
    -------
    DataFrame
        A copy with ``from`` (state during the row) and ``to`` (after it): ``whole`` until the first
        defection in part, ``reduced`` from the row after it, ``out`` after a full exit. A further
        defection in part leaves a member reduced and is no move; ``event`` and ``cause`` still
        have it. Ends that are no defection leave the state as it is.

    Raises
    ------
    DataError
        If the columns of repeated events are missing.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.analysis_set("iraq", features=False)
    >>> moves = cm.defection_moves(iraq.recode("mcinnis-coded", how="repeated"))
    >>> moved = moves[moves["from"] != moves["to"]]
    >>> moved.groupby(["from", "to"]).size().to_dict()
    {('reduced', 'out'): 4, ('whole', 'out'): 17, ('whole', 'reduced'): 8}
    """
    check_arguments(defection_moves, locals())
    absent = [name for name in ("cause", "order", "event") if name not in coded.columns]
    if absent:
        raise DataError(
            f"the panel lacks the columns {first_few(absent)}; "
            "panel_events(panel, defections, how='repeated') makes them"
        )
    if {"from", "to"} & set(coded.columns):
        raise DataError("the panel has columns from or to already: rename them")
    origin = pd.Series("whole", coded.index).where(coded["order"] == 1, "reduced")
    after = origin.where(coded["cause"] == "", "reduced").where(coded["cause"] != "full", "out")
    out = coded.assign(**{"from": origin, "to": after})
    keep_record(out, coded)
    return out
