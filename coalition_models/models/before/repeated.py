"""Rows of members who can have the event more than once, arranged for Cox models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError, counted, first_few, warn
from coalition_models.models.before.cutting import TimedRows, no_event, read_rows
from coalition_models.models.sample.checks import default_id, histories_of
from coalition_models.models.sample.columns import require_columns
from coalition_models.record import keep_record

__all__ = ["KINDS", "repeated_events"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

KINDS = ("andersen-gill", "total", "gap", "marginal")


def repeated_events(
    data: pd.DataFrame,
    kind: str,
    *,
    id: str | Sequence[str] | None = None,
    event: str = "event",
    start: str | None = "start",
    stop: str = "stop",
    most: int | None = None,
) -> pd.DataFrame:
    """Arrange rows with several events per member for one of the four usual Cox models.

    A column ``episode`` is added: 1 until a member's first event, 2 until its second, and so on.

    Parameters
    ----------
    data : DataFrame
        One row per interval; a member's rows go on after an event.
    kind : {"andersen-gill", "total", "gap", "marginal"}
        ``"andersen-gill"`` (Andersen and Gill 1982): events are alike; fit with ``cluster=id``.
        ``"total"`` (Prentice, Williams and Peterson 1981): at risk of the second event after the
        first only, on the clock since the origin; fit with ``strata="episode", cluster=id``.
        ``"gap"``: the same on the clock since the last event (the first episode keeps its own
        clock, and so late entry); fit with ``strata="episode", cluster=id`` and
        ``id=[id, "episode"]``. ``"marginal"`` (Wei, Lin and Weissfeld 1989): at risk of every
        event from the beginning, so that there is a copy of a member's rows for each; fit like
        ``"gap"``.
    id : str or sequence of str, optional
        Columns that make one member; ``coalition, state`` and ``spell`` where all are present.
        Whoever leaves and comes back has two spells: give ``id=["coalition", "state"]``.
    event, start, stop : str
        Columns. ``start=None``: every row enters at 0, and a column ``start`` is added.
    most : int, optional
        Episodes after this one are left out, and a warning says how many rows that are. Late
        episodes hold few members, and their strata say little. Default: none is left out; with
        ``"marginal"`` there are as many copies as the largest number of events.

    Returns
    -------
    DataFrame
        New rows with what the panel remembers; the index is new.

    Raises
    ------
    DataError
        An unknown ``kind``; no ``id``; a column ``episode`` in the data already; overlapping rows.
    FitError
        No member has more than one event.

    Notes
    -----
    A robust variance is needed in all four, since one member's events are not independent:
    ``cluster=`` the member. ``"marginal"`` treats a member as at risk of its third event before
    its second, which is hard to defend where events can only follow one another.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": ["A", "A", "A", "B"], "start": [0, 3, 5, 0],
    ...                    "stop": [3, 5, 9, 4], "event": [1, 1, 0, 1]})
    >>> cm.repeated_events(df, "gap", id="state")
      state  start  stop  event  episode
    0     A      0     3      1        1
    1     A      0     2      1        2
    2     A      0     4      0        3
    3     B      0     4      1        1
    """
    check_arguments(repeated_events, locals())
    if kind not in KINDS:
        raise DataError(f"kind must be one of {', '.join(KINDS)}; found {kind!r}")
    if most is not None and (isinstance(most, bool) or most < 1):
        raise DataError(f"most is a number of episodes, 1 or more; found {most!r}")
    member = default_id(data, id)
    if not member:
        raise DataError("repeated events are those of one member: name its columns by id=")
    require_columns(data, member, f"id={id!r}")
    if "episode" in data.columns:
        raise DataError("the data have a column 'episode' already: rename it, or leave it out")
    gaps = data[list(member)].isna().any(axis=1)
    if gaps.any():
        shown = first_few(data.index[gaps])
        raise DataError(f"id is missing in {counted(gaps.sum(), 'row')} ({shown})")
    histories = None if data.empty else histories_of(data, member)
    rows = read_rows(data, start, stop, event, "repeated_events", histories)
    codes = histories_of(rows.data, member).codes
    episode, since = _episodes(rows, codes)
    counts = np.bincount(codes, weights=rows.event)
    if counts.max() < 2:
        raise FitError(
            f"no member ({', '.join(member)}) has more than one event, so nothing is repeated: "
            "use cox(), or name by id= what goes on after an event"
        )
    out = _arranged(rows, kind, episode, since, most)
    if most is not None and kind != "andersen-gill":
        _tell(episode, most)
    return keep_record(out.reset_index(drop=True), rows.data)


def _episodes(rows: TimedRows, codes: Integers) -> tuple[Integers, Floats]:
    """Number of each row's episode, and when its member's last event before it was."""
    order = np.lexsort((rows.stop, rows.start, codes))
    own, happened, stop = codes[order], rows.event[order], rows.stop[order]
    begins = np.concatenate([[True], own[1:] != own[:-1]])
    before = np.concatenate([[0.0], np.cumsum(happened)[:-1]])
    first = np.flatnonzero(begins)
    sizes = np.diff(np.append(first, len(own)))
    episode = before - np.repeat(before[first], sizes) + 1
    ended = np.where(happened == 1, stop, -np.inf)
    last = np.concatenate([[-np.inf], ended[:-1]])
    last[begins] = -np.inf
    since = pd.Series(last).groupby(own).cummax().to_numpy()
    found, when = np.empty(len(own), dtype=np.int64), np.empty(len(own))
    found[order], when[order] = episode.astype(np.int64), since
    return found, when


def _arranged(
    rows: TimedRows, kind: str, episode: Integers, since: Floats, most: int | None
) -> pd.DataFrame:
    start, stop, event = rows.names
    out = rows.data.assign(episode=episode)
    if start is None:
        out = out.assign(start=rows.start)
    if kind == "andersen-gill":
        return out
    if kind == "marginal":
        events = int(episode[rows.event == 1].max())
        return _copies(out, str(event), episode, events if most is None else most)
    if kind == "gap":
        later = np.isfinite(since)
        shift = np.where(later, since, 0.0)
        for name, values in ((start or "start", rows.start), (stop, rows.stop)):
            moved = values - shift
            whole = (moved == np.rint(moved)).all() and out[name].dtype.kind in "iu"
            out[name] = moved.astype(np.int64) if whole else moved
    return out if most is None else out[episode <= most]


def _copies(rows: pd.DataFrame, event: str, episode: Integers, most: int) -> pd.DataFrame:
    """A copy of a member's rows for each event it is at risk of, up to that event."""
    nothing = no_event(rows[event])
    parts = []
    for number in range(1, most + 1):
        part = rows[episode <= number].assign(episode=number)
        own = episode[episode <= number] == number
        parts.append(part.assign(**{event: part[event].where(own, nothing)}))
    return pd.concat(parts)


def _tell(episode: Integers, most: int) -> None:
    lost = int((episode > most).sum())
    if lost:
        warn(f"{counted(lost, 'row')} of episodes after {most} left out (most={most})")
