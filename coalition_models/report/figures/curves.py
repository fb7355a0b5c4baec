"""The specification curve: estimates in order above, the choices behind each below."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.models.term_labels import general_label
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.sensitivity.curve_result import SpecCurve
from coalition_models.sensitivity.scales import SCORE, is_ratio

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_spec_curve", "spec_curve_data"]

#: inches of the upper panel, and of a line of choices
_TOP, _LINE = 2.6, 0.19


def spec_curve_data(curve: SpecCurve) -> pd.DataFrame:
    """One row per specification with an estimate, smallest first.

    Returns
    -------
    DataFrame
        ``place`` (from 1), the choices, ``z``, ``exposed_events``, ``scale``, ``ratio, conf_low,
        conf_high`` (the estimate itself on a scale without a ratio), ``significant`` (z beyond
        1.96). Specifications on a scale of the other kind than the curve's are left out.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity import Dimension, spec_curve
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> ties = Dimension("ties", {t: lambda s, t=t: s.respecify(ties=t)
    ...                           for t in ("efron", "breslow")})
    >>> cm.plot.spec_curve_data(spec_curve(spec, "risk", [ties], panel=panel))["place"].tolist()
    [1, 2]
    """
    check_arguments(spec_curve_data, {"curve": curve})
    drawn = _drawn(curve)
    known = drawn.dropna(subset=["estimate"]).sort_values(
        ["estimate", *curve.dimensions], kind="stable", ignore_index=True
    )
    shown = np.exp if is_ratio(curve.scale) else np.asarray
    ratios = {
        "ratio": shown(known["estimate"]),
        "conf_low": shown(known["conf_low"]),
        "conf_high": shown(known["conf_high"]),
    }
    out = known[[*curve.dimensions, "z", "exposed_events", "scale"]].assign(
        **ratios, significant=known["z"].abs() > EDGE
    )
    out.insert(0, "place", np.arange(1, len(out) + 1))
    return out


def _drawn(curve: SpecCurve) -> pd.DataFrame:
    """Specifications whose estimates are ratios, if those of the curve are; else the like scale."""
    if not is_ratio(curve.scale):
        return curve.alike
    known = curve.table[curve.table["problem"].eq("")]
    rows: pd.DataFrame = known[[is_ratio(str(scale)) for scale in known["scale"]]]
    return rows


def plot_spec_curve(curve: SpecCurve, *, title: str = "") -> Plot:
    """Draw a specification curve in two panels.

    Above, the estimate of every specification with its interval, in order; in blue where z lies
    beyond 1.96; hollow where it is on another scale than the curve's own, such as odds beside
    hazards. Below, a dot under each marks the option of every choice. What has no estimate, or is
    no ratio where the others are, is counted in a note.

    Parameters
    ----------
    curve : SpecCurve
    title : str, optional

    Returns
    -------
    Plot
        With :func:`spec_curve_data`.

    Raises
    ------
    DataError
        No specification has an estimate.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity import Dimension, spec_curve
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8}, seed=1)
    >>> spec = cm.Specification("cox", "event ~ risk", cluster="state")
    >>> ties = Dimension("ties", {t: lambda s, t=t: s.respecify(ties=t)
    ...                           for t in ("efron", "breslow")})
    >>> cm.plot.spec_curve(spec_curve(spec, "risk", [ties], panel=panel)).data.shape[0]
    2
    """
    check_arguments(plot_spec_curve, {"curve": curve, "title": title})
    data = spec_curve_data(curve)
    if data.empty:
        raise DataError("no specification of the curve has an estimate: there is nothing to draw")
    shown = {name: set(data[name]) for name in curve.dimensions}
    lines = [
        (name, label)
        for name in curve.dimensions
        for label in dict.fromkeys(curve.table[name])
        if label in shown[name]
    ]
    height = _TOP + _LINE * (len(lines) + len(curve.dimensions)) + 0.7
    with styled():
        figure, _ = new_figure(7.2, height)
        figure.clear()
        grid = figure.add_gridspec(2, 1, height_ratios=[_TOP, height - _TOP - 0.7], hspace=0.04)
        top = figure.add_subplot(grid[0])
        below = figure.add_subplot(grid[1], sharex=top)
        _draw_estimates(top, data, curve, title)
        _draw_choices(below, data, lines)
        judged = "score z" if curve.statistic == SCORE else "z"
        below.set_xlabel(f"specifications, by estimate; blue: {judged} beyond 1.96")
    return Plot(figure, data)


def _draw_estimates(axis: Axes, data: pd.DataFrame, curve: SpecCurve, title: str) -> None:
    colours = np.where(data["significant"], COLOURS[0], GREY)
    axis.vlines(data["place"], data["conf_low"], data["conf_high"], color=colours, linewidth=1.2)
    own = (data["scale"] == curve.scale).to_numpy()
    ratios = is_ratio(curve.scale)
    axis.scatter(data["place"][own], data["ratio"][own], color=colours[own], s=12, zorder=3)
    others = list(dict.fromkeys(data["scale"][~own]))
    for scale, marker in zip(others, cycle("DsP^v"), strict=False):
        at = (data["scale"] == scale).to_numpy()
        axis.scatter(data["place"][at], data["ratio"][at], edgecolor=colours[at], facecolor="white",
                     marker=marker, s=13, linewidth=0.8, zorder=4, label=scale)  # fmt: skip
    if others:
        axis.legend(loc="upper left", frameon=False, fontsize=8)
    axis.axhline(1.0 if ratios else 0.0, color="#333333", linewidth=0.8)
    if ratios:
        axis.set_yscale("log")
        mark_ratios(axis.yaxis)
    apart = int(curve.table["problem"].eq("").sum()) - len(_drawn(curve))
    lost = len(curve.table) - len(data) - apart
    note = f"; {lost} without an estimate" if lost else ""
    note += f"; {apart} on another scale" if apart else ""
    axis.set_ylabel(curve.scale)
    axis.set_title(
        title or f"{general_label(curve.term)}: {counted(len(data), 'specification')}{note}"
    )
    axis.tick_params(labelbottom=False)
    axis.grid(axis="x", visible=False)


def _draw_choices(axis: Axes, data: pd.DataFrame, lines: list[tuple[str, object]]) -> None:
    """A line per option, with a gap between choices."""
    where, names, at, last = [], [], 0.0, None
    for name, label in lines:
        at += 1.6 if last not in (None, name) else 1.0
        last = name
        held = data[data[name] == label]
        colours = np.where(held["significant"], COLOURS[0], GREY)
        axis.scatter(held["place"], np.full(len(held), at), color=colours, s=9, marker="s")
        where.append(at)
        names.append(f"{name}: {label}")
    axis.set_yticks(where, names)
    axis.set_ylim(at + 0.8, 0.2)
    axis.grid(axis="x", visible=False)
