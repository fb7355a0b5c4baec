"""Kaplan-Meier survival on (start, stop] rows with late entry.

Written here because lifelines' table counts those who enter at an event time as at risk at it; here
the counts are those of the risk sets that a Cox model uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, FitError, counted, first_few, warn
from coalition_models.kernels._times import snap_times
from coalition_models.models.display import Background
from coalition_models.models.sample.checks import (
    Histories,
    check_event,
    check_history,
    check_times,
    default_id,
    names_of,
    raise_all,
)
from coalition_models.models.sample.clock import check_pace, note_of_gaps
from coalition_models.models.sample.columns import (
    refuse_repeated_columns,
    require_columns,
    require_times,
)
from coalition_models.models.sample.labels import distinct_labels, times_given
from coalition_models.record import remembers, with_notes
from coalition_models.render import Table, format_number
from coalition_models.tables.plain import in_native_order

__all__ = [
    "Interval",
    "SurvivalCurve",
    "count_at_risk",
    "groups_of",
    "limits",
    "members_of",
    "survival_curve",
]

Floats = npt.NDArray[np.float64]
Interval = Literal["log", "log-log", "plain"]

#: a product of shares that differs from one half by no more than this is one half
_ROUNDING = 1e-9


@dataclass(frozen=True, repr=False)
class SurvivalCurve:
    """Share of members still there, by time at risk and group.

    Attributes
    ----------
    table : DataFrame
        ``group`` (where ``by`` was given), ``time, at_risk, events, survival, std_error,
        conf_low, conf_high``: one row per event time. ``std_error`` is Greenwood's.
    by : tuple of str
    level : float
    interval : str
    spans : mapping
        Group -> the starts and the stops of its rows, each sorted; groups without an event, which
        have no row in ``table``, are here too. The only group without ``by`` is ``"all"``.
    notes : tuple of str
        What there is to know of the rows; printed under the curve.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    level: float
    interval: str
    spans: Mapping[str, tuple[Floats, Floats]] = field(repr=False)
    notes: tuple[str, ...] = ()

    def at_risk(self, times: Sequence[float]) -> pd.DataFrame:
        """Count the rows at risk at given times, one column per group.

        A row is at risk after its start, up to and with its stop; at the time of the first entry
        those count that enter then.

        Examples
        --------
        >>> import pandas as pd
        >>> df = pd.DataFrame({"start": [0, 0, 2], "stop": [2, 3, 4], "event": [1, 1, 1]})
        >>> survival_curve(df).at_risk([0, 2, 3])["all"].tolist()
        [2, 2, 2]
        """
        check_arguments(SurvivalCurve.at_risk, locals())
        return count_at_risk(self.spans, times)

    def median(self) -> pd.Series:
        """First time at which half or less are left, by group; missing where it is not reached."""
        reached = self.table[self.table["survival"] <= 0.5 + _ROUNDING]
        if not self.by:
            first = float(reached["time"].iloc[0]) if len(reached) else float("nan")
            return pd.Series([first], index=["all"], name="median")
        groups = pd.Index(list(self.spans), name="group")
        return reached.groupby("group")["time"].first().reindex(groups).rename("median")

    def to_table(self) -> Table:
        """The curve, ready for text, Markdown, LaTeX and HTML."""
        note = (
            "Kaplan-Meier; a row is at risk after its start, up to and with its stop. "
            f"{100 * self.level:g}% limits on the {self.interval} scale, Greenwood's variance."
        )
        known = set(self.table["group"]) if self.by else set(self.spans)
        quiet = [group for group in self.spans if group not in known]
        notes = [note, f"No event, so survival stays 1: {'; '.join(quiet)}."] if quiet else [note]
        notes += [f"{text[0].upper()}{text[1:]}." for text in self.notes]
        rows = [
            [format_number(value) for value in row]
            for row in self.table.astype(object).itertuples(index=False, name=None)
        ]
        return Table(list(self.table.columns), rows, "Survival", notes)

    def __repr__(self) -> str:
        events = counted(int(self.table["events"].sum()), "event")
        by = f" by {', '.join(self.by)}" if self.by else ""
        return f"<SurvivalCurve{by}: {counted(len(self.table), 'row')}, {events}>"

    def __str__(self) -> str:
        return self.to_table().text()

    def _repr_html_(self) -> str:
        return self.to_table().html()


def survival_curve(
    panel: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    event: str = "event",
    start: str | None = "start",
    stop: str = "stop",
    level: float = 0.95,
    interval: Interval = "log",
) -> SurvivalCurve:
    """Kaplan-Meier estimate on (start, stop] rows, late entry and gaps included.

    Parameters
    ----------
    panel : DataFrame
        Rows at risk; one or many per member.
    by : str or sequence of str, optional
        One curve per value, or per combination of values.
    event, start, stop : str
        Columns. ``start=None``: every row enters at 0, as in plain right-censored data.
    level : float
        Of the limits.
    interval : {"log", "log-log", "plain"}
        Scale on which the limits are symmetric; ``"log"`` is the default of R's ``survfit``.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    DataError
        Wrong event coding, reversed or empty rows, rows of two lengths, missing groups.
    FitError
        No event at all.

    Examples
    --------
    >>> import pandas as pd
    >>> df = pd.DataFrame({"start": [0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 5],
    ...                    "event": [1, 1, 1, 0, 1]})
    >>> survival_curve(df).table[["time", "at_risk", "events", "survival"]].round(3)
       time  at_risk  events  survival
    0   2.0        3       1     0.667
    1   3.0        4       1     0.500
    2   4.0        3       1     0.333
    3   5.0        2       1     0.167
    """
    check_arguments(survival_curve, locals())
    names = names_of(by, "by")
    refuse_repeated_columns(panel)
    panel = in_native_order(panel)
    require_columns(panel, [event, *names], "survival_curve")
    require_times(panel, start, stop, "survival_curve")
    if panel.empty:
        raise DataError("the data have no rows")
    happened, problems, _ = check_event(panel, event)
    first, last, wrong = check_times(panel, start, stop)
    who = members_of(panel)
    if who is not None and not problems and not wrong:
        wrong = check_history(panel, who, first, last)
    raise_all([*problems, *wrong])
    members = None if who is None else who.codes
    if not remembers(panel):
        check_pace(panel, members, first)
    notes = tuple(note_of_gaps(members, first, last))
    first, last = snap_times(first, last)
    if not happened.any():
        raise FitError(f"no event: column {event!r} is 0 in all {counted(len(panel), 'row')}")
    parts, spans = [], {}
    for label, rows in groups_of(panel, names):
        curve = _kaplan_meier(first[rows], last[rows], happened[rows], level, interval)
        spans[label or "all"] = np.sort(first[rows]), np.sort(last[rows])
        emptied = curve.loc[curve["survival"] == 0, "time"]
        if len(emptied) and emptied.iloc[0] < curve["time"].iloc[-1]:
            warn(
                f"everyone at risk{f' in {label}' if names else ''} had the event at "
                f"{emptied.iloc[0]:g}, after which survival is 0 although members enter later: "
                "start the curve when enough are at risk"
            )
        if names:
            curve.insert(0, "group", label)
        parts.append(curve)
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    with_notes(table, data_choices=list(Background(panel).choices(())))
    return SurvivalCurve(table, names, level, interval, spans, notes)


def count_at_risk(
    spans: Mapping[str, tuple[Floats, Floats]], times: Sequence[float]
) -> pd.DataFrame:
    """Rows at risk at given times, one column per group; ``spans`` as in :class:`SurvivalCurve`."""
    when = times_given(times)
    if when is None:
        raise DataError("at_risk() takes the times to count at")
    first = min(starts[0] for starts, _ in spans.values())
    counts = {}
    for group, (starts, stops) in spans.items():
        before = np.searchsorted(starts, when) - np.searchsorted(stops, when)
        entering = np.searchsorted(starts, first, side="right")
        counts[group] = np.where(when == first, entering, before)
    return pd.DataFrame(counts, index=pd.Index(when, name="time"))


def members_of(panel: pd.DataFrame) -> Histories | None:
    """Whose rows are whose, where the panel says so."""
    member = default_id(panel, None)
    if not member or panel[list(member)].isna().any(axis=None):
        return None
    keys = panel[list(member)].reset_index(drop=True)  # an index may be named like a column
    groups = keys.groupby(list(member), sort=False, observed=True)
    codes = np.asarray(groups.ngroup(), dtype=np.int64)
    return Histories(member, codes, int(codes.max()) + 1)


def groups_of(
    panel: pd.DataFrame, names: tuple[str, ...]
) -> list[tuple[str, npt.NDArray[np.int64]]]:
    """Rows of each combination of values, by its label."""
    if not names:
        return [("", np.arange(len(panel)))]
    gaps = panel[list(names)].isna().any(axis=1).to_numpy()
    if gaps.any():
        raise DataError(
            f"column {', '.join(names)} is missing in rows {first_few(panel.index[gaps])}; fill "
            "it or leave these rows out"
        )
    keys = panel[list(names)].reset_index(drop=True)
    found = keys.groupby(list(names), sort=True, observed=True).indices
    parts = [key if isinstance(key, tuple) and len(names) > 1 else (key,) for key in found]
    rows = (np.asarray(at, dtype=np.int64) for at in found.values())
    return list(zip(distinct_labels(parts), rows, strict=True))


def _kaplan_meier(
    start: Floats, stop: Floats, event: Floats, level: float, interval: Interval
) -> pd.DataFrame:
    stops = np.sort(stop)
    times, events = np.unique(stop[event == 1], return_counts=True)
    at_risk = np.searchsorted(np.sort(start), times) - np.searchsorted(stops, times)
    survival = np.cumprod(1 - events / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.sqrt(np.cumsum(events / (at_risk * (at_risk - events))))
        errors = np.where(survival > 0, survival * relative, np.nan)
        low, high = limits(survival, relative, level, interval)
    return pd.DataFrame(
        {
            "time": times,
            "at_risk": at_risk,
            "events": events,
            "survival": survival,
            "std_error": errors,
            "conf_low": low,
            "conf_high": high,
        }
    )


def limits(
    survival: Floats, relative: Floats, level: float, interval: str
) -> tuple[Floats, Floats]:
    """Limits of survival, given the standard error of its logarithm.

    Examples
    --------
    >>> import numpy as np

    from coalition_models.record import remembers
    >>> low, high = limits(np.array([0.5]), np.array([0.2]), 0.95, "log")
    >>> low.round(3), high.round(3)
    (array([0.338]), array([0.74]))
    """
    if interval not in ("log", "log-log", "plain"):
        raise DataError(f"interval must be 'log', 'log-log' or 'plain', not {interval!r}")
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, not {level!r}")
    half = stats.norm.isf((1 - level) / 2) * relative
    with np.errstate(all="ignore"):
        if interval == "log":
            low, high = survival * np.exp(-half), survival * np.exp(half)
        elif interval == "plain":
            low, high = survival * (1 - half), survival * (1 + half)
        else:
            width = np.exp(half / np.abs(np.log(survival)))
            low, high = survival**width, survival ** (1 / width)
    known = survival < 1 if interval == "log-log" else np.ones(len(survival), dtype=bool)
    known = known | (relative == 0)
    low = np.where(relative == 0, survival, low)
    high = np.where(relative == 0, survival, high)
    gone = (survival == 0) | ~known
    return (
        np.where(gone, np.nan, np.clip(low, 0.0, 1.0)),
        np.where(gone, np.nan, np.clip(high, 0.0, 1.0)),
    )
