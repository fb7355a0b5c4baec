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
from coalition_models.errors import DataError, counted, warn
from coalition_models.kernels.product_limit import RiskRows, area, product_limit
from coalition_models.models.after.observed import (
    Observed,
    count_at_risk,
    numbered,
    read_observed,
)
from coalition_models.models.display import Background
from coalition_models.models.sample.checks import names_of
from coalition_models.record import with_notes
from coalition_models.render import Table, format_number

__all__ = [
    "Interval",
    "SurvivalCurve",
    "limits",
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
        conf_low, conf_high``: one row per event time. ``at_risk`` and ``events`` are sums of
        weights where there are any.
    by : tuple of str
    level : float
    interval : str
    spans : mapping
        Group -> the starts and the stops of its rows, each sorted; groups without an event, which
        have no row in ``table``, are here too. The only group without ``by`` is ``"all"``.
    notes : tuple of str
        What there is to know of the rows; printed under the curve.
    variance : str
        How ``std_error`` was made.
    rows : mapping
        Group -> its rows as arrays, for :meth:`restricted_mean`.
    """

    table: pd.DataFrame
    by: tuple[str, ...]
    level: float
    interval: str
    spans: Mapping[str, tuple[Floats, Floats]] = field(repr=False)
    notes: tuple[str, ...] = ()
    variance: str = "Greenwood's variance"
    rows: Mapping[str, RiskRows] = field(default_factory=dict, repr=False)

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

    def quantiles(self, probabilities: Sequence[float] | float = 0.5) -> pd.DataFrame:
        """When so large a share has left, with limits: the median by default.

        The first time at which survival is at or below one less the share, and for the limits
        the first times at which those of survival are; missing where that is not reached. R's
        ``quantile`` takes the middle of the stretch where survival is just that.

        Returns
        -------
        DataFrame
            ``group, probability, estimate, conf_low, conf_high``.

        Examples
        --------
        >>> import pandas as pd
        >>> df = pd.DataFrame({"start": 0, "stop": range(1, 7), "event": 1})
        >>> survival_curve(df).quantiles([0.3, 0.5])[["probability", "estimate"]]
           probability  estimate
        0          0.3       2.0
        1          0.5       3.0
        """
        check_arguments(SurvivalCurve.quantiles, locals())
        shares = np.atleast_1d(np.asarray(probabilities, dtype=float))
        if not ((shares > 0) & (shares < 1)).all():
            raise DataError(f"probabilities must lie between 0 and 1, not {probabilities!r}")
        out = []
        for group in self.spans:
            table = self.table[self.table["group"] == group] if self.by else self.table
            for share in shares:
                when = [
                    _first_at_or_below(table, column, 1 - share)
                    for column in ("survival", "conf_low", "conf_high")
                ]
                out.append((group, float(share), *when))
        return pd.DataFrame(
            out, columns=["group", "probability", "estimate", "conf_low", "conf_high"]
        )

    def restricted_mean(self, horizon: float | None = None) -> pd.DataFrame:
        """Expected time at risk up to a horizon: the area under each curve, with limits.

        Parameters
        ----------
        horizon : float, optional
            Default: the last time at which every group has someone at risk. Beyond a group's own
            last time its curve is not known, and a horizon there is refused.

        Returns
        -------
        DataFrame
            ``group, horizon, mean, std_error, conf_low, conf_high``, with normal limits. Time
            counts from 0, or from the first entry where that is before 0.

        Examples
        --------
        >>> import pandas as pd
        >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3], "event": [1, 1, 0]})
        >>> survival_curve(df).restricted_mean(3)[["mean", "std_error"]].round(3)
            mean  std_error
        0  2.0      0.471
        """
        check_arguments(SurvivalCurve.restricted_mean, locals())
        if not self.rows:
            raise DataError("restricted_mean() needs the curve's own rows, which this one lacks")
        lasts = {group: float(stops[-1]) for group, (_, stops) in self.spans.items()}
        end = min(lasts.values()) if horizon is None else float(horizon)
        origin = min(0.0, *(float(starts[0]) for starts, _ in self.spans.values()))
        short = [f"{group} (to {last:g})" for group, last in lasts.items() if last < end]
        if short:
            raise DataError(
                f"horizon={end:g} lies beyond the last time at risk of {'; '.join(short)}, where "
                "survival is not known; choose an earlier one"
            )
        if end <= origin:
            raise DataError(f"horizon must lie after {origin:g}, not at {end:g}")
        out = []
        width = float(stats.norm.isf((1 - self.level) / 2))
        for group, rows in self.rows.items():
            mean, variance = area(rows, product_limit(rows), origin, end)
            error = float(np.sqrt(variance))
            out.append((group, end, mean, error, mean - width * error, mean + width * error))
        names = ["group", "horizon", "mean", "std_error", "conf_low", "conf_high"]
        return pd.DataFrame(out, columns=names)

    def to_table(self) -> Table:
        """The curve, ready for text, Markdown, LaTeX and HTML."""
        note = (
            "Kaplan-Meier; a row is at risk after its start, up to and with its stop. "
            f"{100 * self.level:g}% limits on the {self.interval} scale, {self.variance}."
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
    weights: str | None = None,
    cluster: str | None = None,
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
    weights : str, optional
        Case weights, 0 or more. The variance is then the infinitesimal jackknife's, by member
        (by row where the panel does not say whose rows are whose).
    cluster : str, optional
        Column by which the infinitesimal jackknife sums, as R's ``survfit(cluster=)``.
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
    >>> import coalition_models as cm
    >>> import pandas as pd
    >>> df = pd.DataFrame({"start": [0, 0, 2, 2, 0], "stop": [2, 3, 4, 5, 5],
    ...                    "event": [1, 1, 1, 0, 1]})
    >>> cm.survival_curve(df).table[["time", "at_risk", "events", "survival"]].round(3)
       time  at_risk  events  survival
    0   2.0        3       1     0.667
    1   3.0        4       1     0.500
    2   4.0        3       1     0.333
    3   5.0        2       1     0.167
    """
    check_arguments(survival_curve, locals())
    names = names_of(by, "by")
    also = [] if cluster is None else [cluster]
    seen = read_observed(
        panel, [*names, *also], "survival_curve", event=event, start=start, stop=stop,
        weights=weights,
    )  # fmt: skip
    sums, words = _summed_by(seen, cluster)
    codes, labels = numbered(seen.panel, names) if names else (None, ["all"])
    parts, spans, kept = [], {}, {}
    for number, label in enumerate(labels):
        rows = _rows(seen, sums, slice(None) if codes is None else codes == number)
        kept[label] = rows
        spans[label] = np.sort(rows.start), np.sort(rows.stop)
        curve = _table(rows, level, interval)
        _warn_if_emptied(curve, label if names else "")
        if names:
            curve.insert(0, "group", label)
        parts.append(curve)
    table = pd.concat([part for part in parts if len(part)], ignore_index=True)
    with_notes(table, data_choices=list(Background(panel).choices(())))
    return SurvivalCurve(table, names, level, interval, spans, seen.notes, words, kept)


def _summed_by(seen: Observed, cluster: str | None) -> tuple[npt.NDArray[np.int64] | None, str]:
    """Groups of rows whose influence is summed, and how the variance is then called."""
    if cluster is not None:
        codes, labels = numbered(seen.panel, [cluster])
        if len(labels) < 2:
            raise DataError(f"cluster column {cluster!r} has one value only")
        return codes, f"infinitesimal jackknife by {cluster} (G = {len(labels)})"
    if seen.weights is None:
        return None, "Greenwood's variance"
    if seen.members is None:
        return np.arange(len(seen.stop)), "infinitesimal jackknife by row"
    return seen.members, "infinitesimal jackknife by member"


def _rows(
    seen: Observed, sums: npt.NDArray[np.int64] | None, inside: slice | npt.NDArray[np.bool_]
) -> RiskRows:
    groups = None
    if sums is not None:
        groups = np.unique(sums[inside], return_inverse=True)[1].astype(np.int64)
    weights = None if seen.weights is None else seen.weights[inside]
    return RiskRows(seen.start[inside], seen.stop[inside], seen.event[inside], weights, groups)


def _warn_if_emptied(curve: pd.DataFrame, label: str) -> None:
    emptied = curve.loc[curve["survival"] == 0, "time"]
    if len(emptied) and emptied.iloc[0] < curve["time"].iloc[-1]:
        warn(
            f"everyone at risk{f' in {label}' if label else ''} had the event at "
            f"{emptied.iloc[0]:g}, after which survival is 0 although members enter later: "
            "start the curve when enough are at risk"
        )


def _first_at_or_below(table: pd.DataFrame, column: str, share: float) -> float:
    reached = table.loc[table[column] <= share + _ROUNDING, "time"]
    return float(reached.iloc[0]) if len(reached) else float("nan")


def _table(rows: RiskRows, level: float, interval: Interval) -> pd.DataFrame:
    found = product_limit(rows)
    relative = np.sqrt(found.variance)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(found.survival > 0, found.survival * relative, np.nan)
        low, high = limits(found.survival, relative, level, interval)
    return pd.DataFrame(
        {
            "time": found.times,
            "at_risk": found.at_risk,
            "events": found.events,
            "survival": found.survival,
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
