"""Pictures of how far a finding holds: estimators, hidden causes, one left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.after.estimators import EstimatorComparison
from coalition_models.models.term_labels import general_label
from coalition_models.report.figures.incidence import MARKERS
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.report.in_words import spells_in_words, wrapped
from coalition_models.sensitivity.hidden_confounder import Confounding, bias_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "confounding_data",
    "estimators_data",
    "leave_one_out_data",
    "plot_confounding",
    "plot_estimators",
    "plot_leave_one_out",
]

#: strengths and shares of a hidden cause at which the contours are computed
_STRENGTHS = np.geomspace(1.0, 10.0, 46)
_SHARES = np.linspace(0.0, 1.0, 51)
#: ratios of contours, as far as they are reached
_LEVELS = (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 8.0)


def estimators_data(found: EstimatorComparison) -> pd.DataFrame:
    """List the ratios that :func:`plot_estimators` draws, by term and estimator.

    Returns
    -------
    DataFrame
        ``term, estimator, scale, ratio, conf_low, conf_high, p_value``; estimators without a ratio
        (such as the probit) are left out.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_estimators("event ~ risk", panel, families=["cox", "probit"])
    >>> cm.plot.estimators_data(found)["estimator"].tolist()
    ['cox', 'cox (Firth)', 'cox (log-F(1, 1))']
    """
    check_arguments(estimators_data, locals())
    known = found.table[found.table["problem"].eq("") & found.table["ratio"].notna()]
    columns = ["term", "estimator", "scale", "ratio", "conf_low", "conf_high", "p_value"]
    scale = [found.fits[name].family.ratio for name in known["estimator"]]
    return known.assign(scale=scale)[columns].reset_index(drop=True)


def plot_estimators(found: EstimatorComparison, *, title: str = "") -> Plot:
    """Draw what each estimator says of each term, a panel per term, a mark per scale.

    Parameters
    ----------
    found : EstimatorComparison
        From :func:`compare_estimators`.
    title : str

    Returns
    -------
    Plot
        With :func:`estimators_data`. Ratios of different scales are not to be compared in size.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_estimators("event ~ risk", panel, families=["cox", "logit"])
    >>> cm.plot.estimators(found).data["scale"].unique().tolist()
    ['hazard ratio', 'odds ratio']
    """
    check_arguments(plot_estimators, locals())
    data = estimators_data(found)
    if data.empty:
        raise DataError("no estimator has a ratio: there is nothing to draw")
    terms = list(dict.fromkeys(data["term"]))
    names = list(dict.fromkeys(data["estimator"]))
    scales = list(dict.fromkeys(data["scale"]))
    with styled():
        figure, axes = new_figure(
            2.0 + 2.0 * len(terms), 1.4 + 0.26 * len(names), columns=len(terms)
        )
        for axis, term in zip(axes, terms, strict=True):
            axis.axvline(1.0, color=GREY, linewidth=0.9)
            for place, scale in enumerate(scales):
                part = data[(data["term"] == term) & (data["scale"] == scale)]
                at = [names.index(name) for name in part["estimator"]]
                colour = COLOURS[place % len(COLOURS)]
                axis.hlines(at, part["conf_low"], part["conf_high"], color=colour, linewidth=1.6)
                axis.plot(
                    part["ratio"], at, MARKERS[place % len(MARKERS)], color=colour, markersize=5,
                    label=scale,
                )  # fmt: skip
            axis.set_xscale("log")
            mark_ratios(axis.xaxis, most=4)
            axis.set_title(wrapped(general_label(str(term)), 22))
            axis.set_yticks(range(len(names)), names if axis is axes[0] else [])
            axis.set_ylim(len(names) - 0.5, -0.5)
            axis.grid(visible=False, axis="y")
        handles, labels = axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(4, len(labels)))
        axes[len(axes) // 2].set_xlabel("ratio with its 95% interval (log scale)")
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


def leave_one_out_data(found: pd.DataFrame) -> pd.DataFrame:
    """Ratios without each group, the furthest from the whole first.

    Parameters
    ----------
    found : DataFrame
        Of one term: from ``cm.inference.leave_one_out``, or ``cm.sensitivity.leave_out``, whose
        first row is the whole.

    Returns
    -------
    DataFrame
        ``left_out, ratio, p_value, whole``.

    Raises
    ------
    DataError
        Several terms in one table.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"left_out": ["ESP", "POL", "JPN"], "estimate": [0.7, 0.1, 0.8],
    ...                       "p_value": 0.2})
    >>> cm.plot.leave_one_out_data(found)["left_out"].tolist()
    ['POL', 'JPN', 'ESP']
    """
    check_arguments(leave_one_out_data, locals())
    absent = [name for name in ("left_out", "estimate", "p_value") if name not in found.columns]
    if absent:
        raise DataError(f"the table has no column {first_few(absent)}: give leave_one_out(fit)")
    terms = list(dict.fromkeys(found["term"])) if "term" in found.columns else []
    if len(terms) > 1:
        raise DataError(f"the table is of {first_few(terms)}: give term= to leave_one_out()")
    rows = pd.DataFrame(found)
    whole = np.nan
    if "by" in rows.columns:
        base = rows["by"].eq("")
        whole = float(np.exp(rows.loc[base, "estimate"].iloc[0])) if base.any() else np.nan
        rows = rows[~base]
    middle = np.log(whole) if np.isfinite(whole) else float(rows["estimate"].median())
    far = (rows["estimate"] - middle).abs().sort_values(ascending=False, kind="stable").index
    kept = rows.loc[far]
    return pd.DataFrame(
        {
            "left_out": kept["left_out"].astype(str),
            "ratio": np.exp(kept["estimate"]),
            "p_value": kept["p_value"],
            "whole": whole,
        }
    ).reset_index(drop=True)


def plot_leave_one_out(found: pd.DataFrame, *, most: int = 25, title: str = "") -> Plot:
    """Draw a term's ratio without each group, the furthest at the top; filled where p < 0.05.

    Parameters
    ----------
    found : DataFrame
        As in :func:`leave_one_out_data`.
    most : int
        Lines at most; the title of the axis says how many more there are.
    title : str

    Returns
    -------
    Plot
        With all of :func:`leave_one_out_data`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=30, coefficients={"risk": 0.8}, seed=1)
    >>> fit = cm.cox("event ~ risk", panel, cluster="state")
    >>> len(cm.plot.leave_one_out(cm.inference.leave_one_out(fit)).data)
    30
    """
    check_arguments(plot_leave_one_out, locals())
    data = leave_one_out_data(found)
    known = data[np.isfinite(data["ratio"])]
    if known.empty or most < 1:
        raise DataError("no estimate without a group, or most below 1: there is nothing to draw")
    part = known.head(most)
    rest = len(data) - len(part)
    with styled():
        figure, (axis,) = new_figure(6.0, 1.3 + 0.2 * len(part))
        axis.axvline(1.0, color=GREY, linewidth=0.9)
        if np.isfinite(data["whole"].iloc[0]):
            axis.axvline(data["whole"].iloc[0], color="#333333", linewidth=0.9, linestyle="--")
        for y, (ratio, p) in enumerate(zip(part["ratio"], part["p_value"], strict=True)):
            face = COLOURS[0] if p < 0.05 else "white"
            axis.plot(ratio, y, "o", color=COLOURS[0], markersize=5, markerfacecolor=face)
        axis.set_xscale("log")
        mark_ratios(axis.xaxis, most=6)
        names = [spells_in_words(str(name)) for name in part["left_out"]]
        axis.set_yticks(range(len(part)), names)
        axis.set_ylim(len(part) - 0.5, -0.5)
        axis.set_title(title)
        more = f"; {rest} more are not drawn" if rest else ""
        axis.set_xlabel(f"ratio without this one (log scale)\nfilled: p < 0.05{more}")
    return Plot(figure, data)


def confounding_data(found: Confounding) -> pd.DataFrame:
    """The ratio that would be left if there were a hidden cause, over its strength and spread.

    Returns
    -------
    DataFrame
        ``unexposed, exposed`` (share of rows with the cause), ``strength``, ``ratio`` (the
        finding's over the bias), for every share among the unexposed that ``found`` looked at.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.0}, seed=2)
    >>> panel["high"] = (panel["risk"] > 0).astype(int)
    >>> fit = cm.cox("event ~ high", panel, cluster="state")
    >>> found = cm.sensitivity.confounding(fit, "high", panel, shares=[(0.5, 0.1)], draws=2)
    >>> cm.plot.confounding_data(found).query("strength == 1")["ratio"].nunique()
    1
    """
    check_arguments(confounding_data, locals())
    rows = [
        (other, one, strength, found.ratio / bias_of(strength, one, other))
        for other in sorted(map(float, found.grid["unexposed"].unique()))
        for one in map(float, _SHARES)
        for strength in map(float, _STRENGTHS)
    ]
    return pd.DataFrame(rows, columns=["unexposed", "exposed", "strength", "ratio"])


def plot_confounding(found: Confounding, *, title: str = "") -> Plot:
    """Draw contours of the ratio that a hidden cause would leave; dots are the simulated ones.

    Parameters
    ----------
    found : Confounding
        From ``cm.sensitivity.confounding``.
    title : str

    Returns
    -------
    Plot
        With :func:`confounding_data`; the thick line is where nothing would be left.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=80, coefficients={"risk": 1.0}, seed=2)
    >>> panel["high"] = (panel["risk"] > 0).astype(int)
    >>> fit = cm.cox("event ~ high", panel, cluster="state")
    >>> found = cm.sensitivity.confounding(fit, "high", panel, shares=[(0.5, 0.1)], draws=2)
    >>> len(cm.plot.confounding(found).figure.axes)
    1
    """
    check_arguments(plot_confounding, locals())
    data = confounding_data(found)
    panels = list(dict.fromkeys(data["unexposed"]))
    with styled():
        figure, axes = new_figure(0.8 + 3.1 * len(panels), 3.7, columns=len(panels))
        for axis, other in zip(axes, panels, strict=True):
            _draw_contours(axis, data[data["unexposed"] == other], found)
            axis.set_title(f"{other:.0%} of unexposed rows have it")
        axes[0].set_ylabel("ratio by which the cause raises the hazard")
        figure.supxlabel(
            "share of exposed rows that have the hidden cause; thick: nothing would be left\n"
            f"{general_label(found.term)} as fitted: {found.ratio:.2f} ({found.low:.2f} to "
            f"{found.high:.2f}); dots: simulated",
            fontsize=9,
        )
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


def _draw_contours(axis: Axes, part: pd.DataFrame, found: Confounding) -> None:
    other = float(part["unexposed"].iloc[0])
    grid = part.pivot_table(index="strength", columns="exposed", values="ratio")
    low, high = float(grid.to_numpy().min()), float(grid.to_numpy().max())
    levels = [level for level in _LEVELS if low < level < high]
    axis.set_yscale("log")
    if levels:
        lines = axis.contour(
            grid.columns.to_numpy(), grid.index.to_numpy(), grid.to_numpy(), levels=levels,
            colors=COLOURS[0], linewidths=[2.6 if level == 1.0 else 0.9 for level in levels],
        )  # fmt: skip
        axis.clabel(lines, fmt="%g", fontsize=8)
    tried = found.grid[found.grid["unexposed"] == other]
    axis.plot(tried["exposed"], tried["strength"], "o", color=COLOURS[1], markersize=4.5)
    for row in tried.to_dict("records"):
        axis.annotate(
            f"{row['ratio']:.2f}", (row["exposed"], row["strength"]), xytext=(5, -3),
            textcoords="offset points", fontsize=7.5, color="#7a3300",
        )  # fmt: skip
    axis.set_xlim(0, 1)
    axis.set_ylim(1, 10)
    mark_ratios(axis.yaxis, most=6)
