"""Pictures of leaving in several ways, and of how the rate of leaving goes over time at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted
from coalition_models.models.after.incidence import CumulativeIncidence
from coalition_models.models.after.rates import incidence_rates
from coalition_models.models.display import Background
from coalition_models.models.sample.columns import require_columns
from coalition_models.record import record_of
from coalition_models.report.figures.style import COLOURS, Plot, new_figure, styled
from coalition_models.report.figures.survival import LINES, numbers_at_risk
from coalition_models.report.words import time_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MARKERS", "hazard_data", "incidence_data", "plot_hazard", "plot_incidence"]

#: marks that differ in print without colour
MARKERS = ("o", "s", "D", "^", "v", "P")
#: limits are drawn up to so many times the largest rate
_REACH = 4.0


def incidence_data(found: CumulativeIncidence) -> pd.DataFrame:
    """List the steps that :func:`plot_incidence` draws, from the first entry to the last row.

    Returns
    -------
    DataFrame
        ``group, kind, time, incidence, conf_low, conf_high``.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "exit": [1, 2, 1, 0]})
    >>> data = cm.plot.incidence_data(cm.cumulative_incidence(df, "exit"))
    >>> data.query("kind == '2'")["time"].tolist()
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    check_arguments(incidence_data, locals())
    table = found.table if found.by else found.table.assign(group="all")
    columns = ["time", "incidence", "conf_low", "conf_high"]
    parts = []
    for group, (starts, stops) in found.spans.items():
        for kind in found.kinds:
            mine = table[(table["group"] == group) & (table["kind"] == kind)][columns]
            last = mine.iloc[-1].tolist() if len(mine) else [0.0] * 4
            ends = pd.DataFrame(
                [[min(0.0, starts[0]), 0.0, 0.0, 0.0], [stops[-1], *last[1:]]], columns=columns
            )
            steps = pd.concat([ends[:1], mine, ends[1:]], ignore_index=True).astype(float)
            parts.append(steps.assign(group=group, kind=str(kind)))
    out = pd.concat(parts, ignore_index=True)
    return out[["group", "kind", *columns]]


def plot_incidence(
    found: CumulativeIncidence, *, title: str = "", xlabel: str | None = None
) -> Plot:
    """Draw the share that has left in each way, with bands; below, the number at risk.

    Parameters
    ----------
    found : CumulativeIncidence
        From :func:`cumulative_incidence`. Kinds differ in colour, groups in the kind of line.
    title : str
    xlabel : str, optional
        By default the panel's unit of time and where it counts from, if the panel tells.

    Returns
    -------
    Plot
        With :func:`incidence_data`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "exit": [1, 2, 1, 0]})
    >>> cm.plot.incidence(cm.cumulative_incidence(df, "exit")).data["kind"].unique().tolist()
    ['1', '2']
    """
    check_arguments(plot_incidence, locals())
    data = incidence_data(found)
    groups = list(found.spans)
    with styled():
        figure, (axis, below) = new_figure(
            7.0, 3.4 + 0.2 * len(groups), 2, height_ratios=[10, 0.6 + 0.8 * len(groups)]
        )
        for (group, kind), part in data.groupby(["group", "kind"], sort=False):
            colour = COLOURS[[str(one) for one in found.kinds].index(str(kind)) % len(COLOURS)]
            line = LINES[groups.index(str(group)) % len(LINES)]
            label = f"{kind}, {group}" if found.by else str(kind)
            axis.fill_between(
                part["time"], part["conf_low"], part["conf_high"], step="post", color=colour,
                alpha=0.13, linewidth=0,
            )  # fmt: skip
            axis.step(
                part["time"], part["incidence"], where="post", color=colour, linestyle=line,
                linewidth=1.8, label=label,
            )  # fmt: skip
        axis.set_ylim(0, 1.03)
        axis.set_xlim(left=float(data["time"].min()))
        axis.set_title(title)
        axis.set_ylabel("share that has left")
        axis.set_xlabel(_time_of(found.table) if xlabel is None else xlabel)
        axis.legend(loc="best", title=f"{100 * found.level:g}% bands", title_fontsize=8)
        said = f"number at risk, from above: {'; '.join(groups)}" if found.by else ""
        numbers_at_risk(below, axis, groups, found.at_risk, said)
    return Plot(figure, data)


def _time_of(table: pd.DataFrame) -> str:
    choices: Sequence[str] = record_of(table).notes.get("data_choices", ())
    return time_label(choices)


def hazard_data(
    panel: pd.DataFrame, *, width: float = 6, by: str | None = None, event: str = "event"
) -> pd.DataFrame:
    """Rate of events by stretch of time at risk, with exact limits.

    Parameters
    ----------
    panel : DataFrame
        Rows ``(start, stop]``, none longer than a stretch.
    width : float
        Of a stretch, in the panel's periods.
    by : str, optional
        A column whose values are told apart.
    event : str

    Returns
    -------
    DataFrame
        ``group, begin, end, events, time, rate, conf_low, conf_high``, in events per 100
        member-periods.

    Raises
    ------
    DataError
        Rows that lie in two stretches.

    Examples
    --------
    >>> import coalition_models as cm
    >>> data = cm.plot.hazard_data(cm.build_panel(cm.facts("iraq")), width=12)
    >>> data[["begin", "end", "events"]].iloc[0].tolist()
    [0.0, 12.0, 5.0]
    """
    check_arguments(hazard_data, {"panel": panel, "width": width, "by": by, "event": event})
    require_columns(panel, ["start", "stop", event, *([] if by is None else [by])], "hazard")
    if not width > 0:
        raise DataError(f"width must be a positive length of time, not {width!r}")
    number = np.floor(panel["start"].to_numpy(dtype=float) / width)
    crossing = int((panel["stop"].to_numpy(dtype=float) > (number + 1) * width).sum())
    if crossing:
        raise DataError(
            f"{counted(crossing, 'row')} of the panel lie in two stretches of {width:g}: cut them "
            "with cm.split_rows, or take another width"
        )
    rows = panel.assign(_stretch=number)
    names = ["_stretch"] if by is None else [by, "_stretch"]
    found = incidence_rates(rows, by=names, event=event, unit="period", per=100)
    group = "all" if by is None else found[by].astype(str)
    begin = found["_stretch"].astype(float) * width
    out = found.assign(group=group, begin=begin, end=begin + width)
    columns = ["group", "begin", "end", "events", "time", "rate", "conf_low", "conf_high"]
    return out[columns].sort_values(["group", "begin"], ignore_index=True)


def plot_hazard(
    panel: pd.DataFrame,
    *,
    width: float = 6,
    by: str | None = None,
    event: str = "event",
    title: str = "",
    xlabel: str | None = None,
) -> Plot:
    """Draw the rate of leaving over time at risk, in stretches, with exact limits.

    Parameters
    ----------
    panel, width, by, event
        As in :func:`hazard_data`.
    title : str
    xlabel : str, optional

    Returns
    -------
    Plot
        With :func:`hazard_data`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(cm.plot.hazard(cm.build_panel(cm.facts("iraq")), width=12).data)
    6
    """
    options = {"width": width, "by": by, "event": event, "title": title, "xlabel": xlabel}
    check_arguments(plot_hazard, options)
    data = hazard_data(panel, width=width, by=by, event=event)
    groups = list(dict.fromkeys(data["group"]))
    with styled():
        figure, (axis,) = new_figure(7.0, 3.4)
        for place, group in enumerate(groups):
            _draw_rates(axis, data[data["group"] == group], place, len(groups))
        # a stretch with little time has limits that would press all others down
        most = _REACH * float(data["rate"].max()) or float(data["conf_high"].min())
        axis.set_ylim(0, min(most, 1.05 * float(data["conf_high"].max())))
        axis.set_title(title)
        unit = record_of(panel).panel.get("period", "period")
        axis.set_ylabel(f"events in 100 member-{unit}s")
        beyond = (data["conf_high"] > axis.get_ylim()[1]).any()
        time = time_label(Background(panel).choices(())) if xlabel is None else xlabel
        axis.set_xlabel(
            f"{time}\nlimits end above the picture where little time was seen" if beyond else time
        )
        if len(groups) > 1:
            axis.legend(loc="best")
    return Plot(figure, data)


def _draw_rates(axis: Axes, part: pd.DataFrame, place: int, many: int) -> None:
    """Steps over the stretches; limits stand a little apart where there are several groups."""
    colour, line = COLOURS[place % len(COLOURS)], LINES[place % len(LINES)]
    middle = (part["begin"] + part["end"]) / 2
    apart = (part["end"] - part["begin"]) * 0.14 * (place - (many - 1) / 2)
    axis.vlines(
        middle + apart, part["conf_low"], part["conf_high"], color=colour, linewidth=1.2, alpha=0.7
    )
    axis.hlines(
        part["rate"], part["begin"], part["end"], color=colour, linewidth=2.2, linestyle=line,
        label=str(part["group"].iloc[0]),
    )  # fmt: skip
    axis.plot(middle + apart, part["rate"], MARKERS[place % len(MARKERS)], color=colour, ms=4.5)
