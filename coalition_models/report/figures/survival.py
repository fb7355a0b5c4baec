"""Figures of staying: Kaplan-Meier curves and what a Cox model predicts."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.after.nonparametric import SurvivalCurve
from coalition_models.models.after.scenarios import predict_survival
from coalition_models.models.after.stretches import HELD_LONGER
from coalition_models.models.fit import Fit
from coalition_models.record import record_of, with_notes
from coalition_models.report.figures.style import COLOURS, Plot, new_figure, styled
from coalition_models.report.fits import named
from coalition_models.report.words import time_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["LINES", "numbers_at_risk", "plot_survival", "plot_survival_curve"]

Fits: TypeAlias = (
    Fit
    | SurvivalCurve
    | Sequence[Fit]
    | Sequence[SurvivalCurve]
    | Mapping[str, Fit]
    | Mapping[str, SurvivalCurve]
    | pd.Series
)
Floats = npt.NDArray[np.float64]
#: kinds of line, one per fit or group
LINES = ("-", "--", ":", "-.")


def plot_survival_curve(
    curve: SurvivalCurve, *, title: str = "", xlabel: str | None = None
) -> Plot:
    """Draw Kaplan-Meier curves with their bands; below, the number at risk at each tick.

    A member is at risk after its entry, up to and with its exit, so that who enters at a tick
    counts from the next one on; at the first entry those count that enter then.

    Parameters
    ----------
    curve : SurvivalCurve
        From :func:`survival_curve`.
    title : str
    xlabel : str, optional
        By default the panel's unit of time and where it counts from, if the panel tells.

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
            label = _group_label(group, curve.by)
            colour, line = COLOURS[j % len(COLOURS)], LINES[j % len(LINES)]
            _draw_steps(axis, part, colour, label, min(0.0, starts[0]), line)
        axis.set_ylim(0, 1.03)
        axis.set_xlim(left=min(0.0, *(starts[0] for starts, _ in curve.spans.values())))
        axis.set_title(title)
        axis.set_ylabel("share still there")
        axis.set_xlabel(
            time_label(record_of(curve.table).notes.get("data_choices", ()))
            if xlabel is None
            else xlabel
        )
        if len(groups) > 1:
            axis.legend(loc="best")
        numbers_at_risk(below, axis, groups, curve.at_risk)
    return Plot(figure, curve.table)


def _group_label(group: str, by: Sequence[str]) -> str:
    """A number says nothing without the column it is of; words speak for themselves."""
    parts = group.split(", ")
    if len(parts) != len(by):
        return group
    return ", ".join(_value_label(name, part) for name, part in zip(by, parts, strict=True))


def _value_label(name: str, value: str) -> str:
    if value in ("True", "False"):
        return f"{name} = {value}"
    try:
        return f"{name} = {float(value):g}"
    except ValueError:
        return value


def _to_the_end(part: pd.DataFrame, end: float) -> pd.DataFrame:
    """The curve carried on from its last event to the last time anyone was observed."""
    columns = ["time", "survival", "conf_low", "conf_high"]
    last = part[columns].iloc[-1].tolist() if len(part) else [end, 1.0, 1.0, 1.0]
    return pd.concat(
        [part[columns], pd.DataFrame([[end, *last[1:]]], columns=columns)], ignore_index=True
    )


def _draw_steps(
    axis: Axes, part: pd.DataFrame, colour: str, label: str, origin: float, line: str = "-"
) -> None:
    """A curve that falls at event times, from one at the start."""
    time = np.concatenate([[origin], part["time"]])
    share = np.concatenate([[1.0], part["survival"]])
    low = np.concatenate([[1.0], part["conf_low"]])
    high = np.concatenate([[1.0], part["conf_high"]])
    axis.fill_between(time, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    axis.step(time, share, where="post", color=colour, linewidth=1.8, linestyle=line, label=label)


def numbers_at_risk(
    below: Axes,
    axis: Axes,
    groups: Sequence[str],
    at_risk: Callable[[Sequence[float]], pd.DataFrame],
    said: str = "",
) -> None:
    """Write the number at risk at each tick, one line per group in its colour.

    Where colours stand for something else, ``said`` says which line is whose.
    """
    low, high = axis.get_xlim()
    ticks = [t for t in axis.get_xticks() if low <= t <= high]
    below.set_xlim(low, high)
    below.set_ylim(len(groups) - 0.4, -0.9)
    below.axis("off")
    below.text(
        low, -0.75, said or "number at risk", fontsize=7.5, color="#555555", ha="left", va="center"
    )  # fmt: skip
    counts = at_risk(ticks)
    for j, group in enumerate(groups):
        colour = COLOURS[j % len(COLOURS)] if len(groups) > 1 and not said else "#333333"
        for tick, count in zip(ticks, counts[group], strict=True):
            below.text(tick, j, f"{count}", fontsize=8, color=colour, ha="center", va="center")


def plot_survival(
    fit: Fits,
    scenarios: pd.DataFrame | Mapping[str, object] | None = None,
    *,
    times: list[float] | None = None,
    title: str = "",
    xlabel: str | None = None,
) -> Plot:
    """Draw who is still there: a Kaplan-Meier curve, or what a model predicts for scenarios.

    Parameters
    ----------
    fit : Fit or SurvivalCurve, or a sequence or mapping (Series) of names to them
        A curve from :func:`survival_curve` is drawn with its band and the number at risk; a fit
        from :func:`cox` or :func:`logit` needs ``scenarios``. Several are drawn into one picture:
        fits as a kind of line each, curves as a group each.
    scenarios : mapping or DataFrame
        As in :func:`predict_survival`: ``{"election_near": [0, 1]}`` or a frame of paths.
    times : list of float, optional
        Of the prediction.
    title : str
    xlabel : str, optional
        By default the panel's unit of time and where it counts from, if the panel tells.

    Returns
    -------
    Plot
        With the table of the curve or prediction as data (of several fits with ``fit`` first);
        the bands of a prediction hold the baseline's uncertainty.

    Raises
    ------
    DataError
        A fit without scenarios, a curve with scenarios or times, or fits among curves.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEFGH"), "start": 0, "stop": range(1, 9),
    ...                    "event": [1, 1, 1, 0, 1, 1, 1, 0], "risk": [2, 1, 0, 2, 1, 2, 0, 1]})
    >>> fit = cm.cox("event ~ risk", df, id="state")
    >>> sorted(set(cm.plot.survival(fit, {"risk": [0, 2]}).data["scenario"]))
    ['risk = 0', 'risk = 2']
    >>> sorted(set(cm.plot.survival({"Cox": fit}, {"risk": [0, 2]}).data["fit"]))
    ['Cox']
    >>> cm.plot.survival(cm.survival_curve(df)).data["at_risk"].tolist()
    [8, 7, 6, 4, 3, 2]
    """
    given: list[tuple[str, Fit | SurvivalCurve]] = named(fit, (Fit, SurvivalCurve), argument="fit")
    curves = [one for _, one in given if isinstance(one, SurvivalCurve)]
    fits = [(name, one) for name, one in given if isinstance(one, Fit)]
    if curves and fits:
        raise DataError("fit must be fits or curves, not both: draw them in two pictures")
    check_arguments(plot_survival, {**locals(), "fit": given[0][1]})  # named() has read it
    if curves:
        if scenarios is not None or times is not None:
            raise DataError("a SurvivalCurve is drawn as it stands: leave out scenarios and times")
        return plot_survival_curve(_together(given), title=title, xlabel=xlabel)
    return _plot_predictions(fits, scenarios, times, title, xlabel)


def _together(given: Sequence[tuple[str, Fit | SurvivalCurve]]) -> SurvivalCurve:
    """Several curves as the groups of one; one without a name as it stands."""
    curves = [(name, curve) for name, curve in given if isinstance(curve, SurvivalCurve)]
    first = curves[0][1]
    if len(curves) == 1 and not curves[0][0]:
        return first
    if len({(curve.level, curve.interval) for _, curve in curves}) > 1:
        raise DataError("fit must be curves with limits of one level and scale")
    tables: list[pd.DataFrame] = []
    spans: dict[str, tuple[Floats, Floats]] = {}
    for name, curve in curves:
        labels = {group: _joined(name, group, curve.by) for group in curve.spans}
        twice = [label for label in labels.values() if label in spans]
        if twice:
            raise DataError(f"fit has two curves of the name {first_few(twice)}; name them apart")
        table = curve.table if curve.by else curve.table.assign(group="all")
        tables.append(table.assign(group=table["group"].map(labels)))
        spans |= {labels[group]: span for group, span in curve.spans.items()}
    stacked = pd.concat(tables, ignore_index=True)
    choices = [record_of(curve.table).notes.get("data_choices", []) for _, curve in curves]
    one = len({time_label(choice) for choice in choices}) == 1
    with_notes(stacked, data_choices=choices[0] if one else [])
    names = [name for name in stacked.columns if name != "group"]
    return SurvivalCurve(stacked[["group", *names]], ("curve",), first.level, first.interval, spans)


def _joined(name: str, group: str, by: Sequence[str]) -> str:
    return f"{name}: {_group_label(group, by)}" if by else name


def _plot_predictions(
    fits: Sequence[tuple[str, Fit]],
    scenarios: pd.DataFrame | Mapping[str, object] | None,
    times: list[float] | None,
    title: str,
    xlabel: str | None,
) -> Plot:
    """Scenarios by colour, fits by the kind of line."""
    if scenarios is None:
        raise DataError(
            "a fit predicts survival for scenarios, and none were given: give scenarios such as "
            f"{{{fits[0][1].variables[0]!r}: [0, 1]}}, or a survival_curve()"
        )
    tables = []
    remarks: dict[str, None] = {}
    with styled():
        figure, (axis,) = new_figure(7.0, 3.4)
        for (heading, one), line in zip(fits, cycle(LINES)):
            prediction = predict_survival(one, scenarios, times=times)
            for j, (name, part) in enumerate(prediction.table.groupby("scenario", sort=False)):
                origin = prediction.given.get(str(name), min(0.0, float(part["time"].min())))
                label = prediction.label(str(name))
                label = f"{heading}: {label}" if heading else label
                drawn = line if len(fits) > 1 else LINES[j % len(LINES)]
                _draw_steps(axis, part, COLOURS[j % len(COLOURS)], label, origin, drawn)
            tables.append(prediction.table)
            remarks |= dict.fromkeys(n for n in prediction.notes if n.startswith(HELD_LONGER))
            if heading:
                tables[-1] = prediction.table.copy()
                tables[-1].insert(0, "fit", heading)
        axis.set_ylim(0, 1.03)
        axis.set_title(title)
        axis.set_ylabel("predicted share still there")
        units = {time_label(one.data_choices) for _, one in fits}
        common = units.pop() if len(units) == 1 else "time at risk"
        axis.set_xlabel(common if xlabel is None else xlabel)
        axis.legend(loc="best")
        if remarks:
            figure.supxlabel(textwrap.fill(" ".join(remarks), 110), fontsize="x-small")
    return Plot(figure, tables[0] if len(tables) == 1 else pd.concat(tables, ignore_index=True))
