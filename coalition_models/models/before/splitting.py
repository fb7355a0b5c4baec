"""Rows cut at chosen times or at the times of events."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError
from coalition_models.models.before.cutting import cut, in_pieces, read_rows
from coalition_models.models.sample.labels import times_given

__all__ = ["split_rows"]


def split_rows(
    data: pd.DataFrame,
    at: Sequence[float] | None = None,
    *,
    events: bool = False,
    event: str | None = "event",
    start: str | None = "start",
    stop: str = "stop",
) -> pd.DataFrame:
    """Cut rows at given times, or at every time at which an event happens.

    A row at risk on (start, stop] that holds a time inside becomes two that meet there; the event
    stays with the last piece, and every other column is copied, so that a covariate that depends
    on time can be made anew from ``stop``. No estimate on the old columns changes. As R's
    ``survSplit`` and Stata's ``stsplit``.

    Parameters
    ----------
    data : DataFrame
        One row per interval.
    at : sequence of float, optional
        Times to cut at, on the clock of ``start`` and ``stop``.
    events : bool
        Cut at the times of all events (of any stratum) as well; what a covariate needs that
        changes with time inside a Cox model.
    event, start, stop : str
        Columns. ``start=None``: every row enters at 0, and a column ``start`` is added.
        ``event=None``: rows without an outcome yet.

    Returns
    -------
    DataFrame
        New rows in the order of the old ones, with what the panel remembers. The index is new
        where a row was cut. Whole numbers become decimal ones where a cut needs them.

    Raises
    ------
    DataError
        Neither ``at`` nor ``events``; wrong event coding, reversed or empty rows.
    FitError
        ``events=True`` without any event.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": ["ESP", "POL"], "start": [0, 0], "stop": [3, 5],
    ...                    "event": [1, 1]})
    >>> cm.split_rows(df, events=True)
      state  start  stop  event
    0   ESP      0     3      1
    1   POL      0     3      0
    2   POL      3     5      1
    """
    check_arguments(split_rows, locals())
    given = times_given(at)
    if given is None and not events:
        raise DataError("say where to cut: at= with times, or events=True for the events' times")
    if events and event is None:
        raise DataError("events=True needs the column of events: name it with event=")
    if given is not None and np.isinf(given).any():
        raise DataError("at holds an infinite time")
    rows = read_rows(data, start, stop, event, "split_rows")
    times = [] if given is None else [given]
    if events:
        if not rows.event.any():
            raise FitError(f"no event: column {event!r} is 0 in all rows, so nothing to cut at")
        times.append(rows.stop[rows.event == 1])
    return in_pieces(rows, cut(rows.start, rows.stop, [np.unique(np.concatenate(times))]))
