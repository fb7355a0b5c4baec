"""Figures of staying: Kaplan-Meier curves and what a Cox model predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.models.fit import Fit
from coalition_models.models.nonparametric import SurvivalCurve
from coalition_models.models.scenarios import predict_survival
from coalition_models.report.style import COLOURS, Plot, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_survival", "plot_survival_curve"]


def plot_survival_curve(
    curve: SurvivalCurve, *, title: str = "", xlabel: str = "time at risk"
) -> Plot:
    """Draw Kaplan-Meier curves with their bands; below, the numbers at risk at the next event.

    Parameters
    ----------
    curve : SurvivalCurve
        From :func:`survival_curve`.
    title, xlabel : str

    Returns
    -------
    Plot
        With the curve's table as data.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4], "event": [1, 0, 1, 1]})
    >>> plot_survival_curve(cm.survival_curve(df)).data["survival"].round(2).tolist()
    [0.75, 0.38, 0.0]
    """
    table = curve.table if curve.by else curve.table.assign(group="all")
    groups = list(dict.fromkeys(table["group"]))
    with styled():
        figure, (axis, below) = new_figure(
            7.0, 3.4 + 0.2 * len(groups), 2, height_ratios=[10, 0.6 + 0.8 * len(groups)]
        )
        for j, group in enumerate(groups):
            part = table[table["group"] == group]
            _draw_steps(axis, part, COLOURS[j % len(COLOURS)], str(group))
        axis.set_ylim(0, 1.03)
        axis.set_xlim(left=0)
        axis.set_title(title)
        axis.set_ylabel("share still there")
        axis.set_xlabel(xlabel)
        if len(groups) > 1:
            axis.legend(loc="best")
        _numbers_at_risk(below, axis, table, groups)
    return Plot(figure, curve.table)


def _draw_steps(axis: Axes, part: pd.DataFrame, colour: str, label: str) -> None:
    """A curve that falls at event times, from one at the start."""
    origin = min(0.0, float(part["time"].min()))
    time = np.concatenate([[origin], part["time"]])
    share = np.concatenate([[1.0], part["survival"]])
    low = np.concatenate([[1.0], part["conf_low"]])
    high = np.concatenate([[1.0], part["conf_high"]])
    axis.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axis.step(time, share, where="post", color=colour, linewidth=1.8, label=label)


def _numbers_at_risk(below: Axes, axis: Axes, table: pd.DataFrame, groups: list[object]) -> None:
    """Write the number at risk at the next event time at or after each tick."""
    low, high = axis.get_xlim()
    ticks = [t for t in axis.get_xticks() if low <= t <= high]
    below.set_xlim(low, high)
    below.set_ylim(len(groups) - 0.4, -0.9)
    below.axis("off")
    below.text(
        low,
        -0.75,
        "at risk at the next exit",
        fontsize=7.5,
        color="#555555",
        ha="left",
        va="center",
    )
    for j, group in enumerate(groups):
        part = table[table["group"] == group]
        for tick in ticks:
            later = part[part["time"] >= tick]
            if len(later):
                text = f"{int(later['at_risk'].iloc[0])}"
                colour = COLOURS[j % len(COLOURS)] if len(groups) > 1 else "#333333"
                below.text(tick, j, text, fontsize=8, color=colour, ha="center", va="center")


def plot_survival(
    fit: Fit,
    scenarios: pd.DataFrame | Mapping[str, object],
    *,
    times: list[float] | None = None,
    title: str = "",
    xlabel: str = "time at risk",
) -> Plot:
    """Draw the survival that a Cox model predicts for scenarios or covariate paths.

    Parameters
    ----------
    fit : Fit
        From :func:`cox`.
    scenarios : mapping or DataFrame
        As in :func:`predict_survival`: ``{"election_near": [0, 1]}`` or a frame of paths.
    times : list of float, optional
    title, xlabel : str

    Returns
    -------
    Plot
        With the prediction's table as data; the bands hold the baseline's uncertainty.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> fit = cm.cox("event ~ risk", df, id="state")
    >>> sorted(set(cm.plot_survival(fit, {"risk": [0, 2]}).data["scenario"]))
    ['risk = 0', 'risk = 2']
    """
    check_arguments(plot_survival, locals())
    prediction = predict_survival(fit, scenarios, times=times)
    with styled():
        figure, (axis,) = new_figure(7.0, 3.4)
        for j, (name, part) in enumerate(prediction.table.groupby("scenario", sort=False)):
            _draw_steps(axis, part, COLOURS[j % len(COLOURS)], str(name))
        axis.set_ylim(0, 1.03)
        axis.set_title(title)
        axis.set_ylabel("predicted share still there")
        axis.set_xlabel(xlabel)
        axis.legend(loc="best")
    return Plot(figure, prediction.table)
