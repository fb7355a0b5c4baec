"""Figures of staying: Kaplan-Meier curves and what a Cox model predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
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
    """Draw Kaplan-Meier curves with their bands; below, the number at risk at each tick.

    A member is at risk after its entry, up to and with its exit, so that who enters at a tick
    counts from the next one on; at the first entry those count that enter then.

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
    groups = list(curve.spans)
    with styled():
        figure, (axis, below) = new_figure(
            7.0, 3.4 + 0.2 * len(groups), 2, height_ratios=[10, 0.6 + 0.8 * len(groups)]
        )
        for j, group in enumerate(groups):
            starts, stops = curve.spans[group]
            part = _to_the_end(table[table["group"] == group], stops[-1])
            _draw_steps(axis, part, COLOURS[j % len(COLOURS)], group, min(0.0, starts[0]))
        axis.set_ylim(0, 1.03)
        axis.set_xlim(left=min(0.0, *(starts[0] for starts, _ in curve.spans.values())))
        axis.set_title(title)
        axis.set_ylabel("share still there")
        axis.set_xlabel(xlabel)
        if len(groups) > 1:
            axis.legend(loc="best")
        _numbers_at_risk(below, axis, curve)
    return Plot(figure, curve.table)


def _to_the_end(part: pd.DataFrame, end: float) -> pd.DataFrame:
    """The curve carried on from its last event to the last time anyone was observed."""
    columns = ["time", "survival", "conf_low", "conf_high"]
    last = part[columns].iloc[-1].tolist() if len(part) else [end, 1.0, 1.0, 1.0]
    return pd.concat(
        [part[columns], pd.DataFrame([[end, *last[1:]]], columns=columns)], ignore_index=True
    )


def _draw_steps(axis: Axes, part: pd.DataFrame, colour: str, label: str, origin: float) -> None:
    """A curve that falls at event times, from one at the start."""
    time = np.concatenate([[origin], part["time"]])
    share = np.concatenate([[1.0], part["survival"]])
    low = np.concatenate([[1.0], part["conf_low"]])
    high = np.concatenate([[1.0], part["conf_high"]])
    axis.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axis.step(time, share, where="post", color=colour, linewidth=1.8, label=label)


def _numbers_at_risk(below: Axes, axis: Axes, curve: SurvivalCurve) -> None:
    """Write the number at risk at each tick, one line per group."""
    groups = list(curve.spans)
    low, high = axis.get_xlim()
    ticks = [t for t in axis.get_xticks() if low <= t <= high]
    below.set_xlim(low, high)
    below.set_ylim(len(groups) - 0.4, -0.9)
    below.axis("off")
    below.text(
        low, -0.75, "number at risk", fontsize=7.5, color="#555555", ha="left", va="center"
    )  # fmt: skip
    counts = curve.at_risk(ticks)
    for j, group in enumerate(groups):
        colour = COLOURS[j % len(COLOURS)] if len(groups) > 1 else "#333333"
        for tick, count in zip(ticks, counts[group], strict=True):
            below.text(tick, j, f"{count}", fontsize=8, color=colour, ha="center", va="center")


def plot_survival(
    fit: Fit | SurvivalCurve,
    scenarios: pd.DataFrame | Mapping[str, object] | None = None,
    *,
    times: list[float] | None = None,
    title: str = "",
    xlabel: str = "time at risk",
) -> Plot:
    """Draw who is still there: a Kaplan-Meier curve, or what a model predicts for scenarios.

    Parameters
    ----------
    fit : Fit or SurvivalCurve
        A curve from :func:`survival_curve` is drawn with its band and the number at risk; a fit
        from :func:`cox` or :func:`logit` needs ``scenarios``.
    scenarios : mapping or DataFrame
        As in :func:`predict_survival`: ``{"election_near": [0, 1]}`` or a frame of paths.
    times : list of float, optional
        Of the prediction.
    title, xlabel : str

    Returns
    -------
    Plot
        With the table of the curve or prediction as data; the bands of a prediction hold the
        baseline's uncertainty.

    Raises
    ------
    DataError
        A fit without scenarios, or a curve with scenarios or times.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> fit = cm.cox("event ~ risk", df, id="state")
    >>> sorted(set(cm.plot_survival(fit, {"risk": [0, 2]}).data["scenario"]))
    ['risk = 0', 'risk = 2']
    >>> cm.plot_survival(cm.survival_curve(df)).data["at_risk"].tolist()
    [8, 7, 6, 4, 3, 2]
    """
    check_arguments(plot_survival, locals())
    if isinstance(fit, SurvivalCurve):
        if scenarios is not None or times is not None:
            raise DataError("a SurvivalCurve is drawn as it stands: leave out scenarios and times")
        return plot_survival_curve(fit, title=title, xlabel=xlabel)
    if scenarios is None:
        raise DataError(
            "a fit predicts survival for scenarios, and none were given: give scenarios such as "
            f"{{{fit.engine.sample.design.variables[0]!r}: [0, 1]}}, or a survival_curve()"
        )
    prediction = predict_survival(fit, scenarios, times=times)
    with styled():
        figure, (axis,) = new_figure(7.0, 3.4)
        for j, (name, part) in enumerate(prediction.table.groupby("scenario", sort=False)):
            origin = prediction.given.get(str(name), min(0.0, float(part["time"].min())))
            label = prediction.label(str(name))
            _draw_steps(axis, part, COLOURS[j % len(COLOURS)], label, origin)
        axis.set_ylim(0, 1.03)
        axis.set_title(title)
        axis.set_ylabel("predicted share still there")
        axis.set_xlabel(xlabel)
        axis.legend(loc="best")
    return Plot(figure, prediction.table)
