"""Figures on the literature's claims: matrix of verdicts, forest of one claim, flips."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import product
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.hypotheses.contested import Contested
from coalition_models.hypotheses.data_sets import combinable
from coalition_models.hypotheses.result import Verdicts
from coalition_models.report.figures.style import GREY, Plot, mark_ratios, new_figure, styled
from coalition_models.report.in_words import word, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["forest_caption", "plot_contested", "plot_forest", "plot_verdicts"]

#: colours that differ in lightness too, and a letter for print in black and white
_COLOURS = {
    "supported": ("#0072B2", "S"),
    "contradicted": ("#D55E00", "C"),
    "little effect": ("#999999", "L"),
    "inconclusive": ("#d9d9d9", "\N{MIDDLE DOT}"),
    "untestable": ("#ffffff", "x"),
}
_WIDEST = 1e4
#: intervals of a contested claim are drawn up to this ratio, or its inverse
_FAR = 50.0
#: columns that the matrix has room for at least, so that its legend fits below it
_FEWEST = 3
#: letters of a data set's name that stand beside each other above its column
_COLUMN = 10
#: letters of a bold title to an inch
_LETTERS = 11


def plot_verdicts(verdicts: Verdicts, *, title: str = "", untestable: bool = True) -> Plot:
    """Draw the matrix of claims by data sets.

    Parameters
    ----------
    verdicts : Verdicts
    title : str
    untestable : bool
        Whether claims that could be tested nowhere have a line.

    Returns
    -------
    Plot
        With ``claim, name, data_set, verdict, strength, ratio, p_value, q_value, proxy`` as data.
        Bold marks an outright verdict; italic marks a proxy.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.hypotheses.verdicts import test_hypotheses
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"leader_change": 1.0},
    ...                           covariates={"leader_change": "pulse"}, seed=1)
    >>> found = test_hypotheses(panel, ["H02", "H08"], robust=False)
    >>> cm.plot.verdicts(found).data["verdict"].tolist()
    ['supported', 'untestable']
    """
    check_arguments(plot_verdicts, locals())
    columns = [
        "claim", "name", "data_set", "verdict", "strength", "ratio", "p_value", "q_value", "proxy",
    ]  # fmt: skip
    data = verdicts.table[columns]
    if not untestable:
        tested = data.loc[data["verdict"] != "untestable", "claim"].unique()
        data = data[data["claim"].isin(tested)]
    if data.empty:
        raise DataError("no claim was tested, so there is nothing to draw")
    claims = data.drop_duplicates("claim")
    sets = [name for name in verdicts.data_sets["data_set"] if (data["data_set"] == name).any()]
    with styled():
        across = max(len(sets), _FEWEST)
        width = 4.2 + 0.75 * across
        figure, (axis,) = new_figure(width, 2.1 + 0.24 * len(claims))
        _draw_cells(axis, data, list(claims["claim"]), sets)
        labels = [f"{row.claim}  {row.name}" for row in claims.itertuples(index=False)]
        axis.set_yticks(range(len(claims)), labels, fontsize=9)
        named = ["\n".join(wrap(name, _COLUMN, break_long_words=False)) for name in sets]
        axis.set_xticks(range(len(sets)), named, fontsize=9)
        axis.xaxis.tick_top()
        axis.set_xlim(-0.5, across - 0.5)
        axis.set_ylim(len(claims) - 0.5, -0.5)
        axis.grid(visible=False)
        axis.tick_params(length=0)
        for side in axis.spines.values():
            side.set_visible(False)
        if title:
            lines = wrap(title, int(_LETTERS * width))
            figure.suptitle("\n".join(lines), x=0.01, ha="left", fontsize=10, weight="bold")
        _legend(axis)
    return Plot(figure, data.reset_index(drop=True))


def _draw_cells(axis: Axes, data: pd.DataFrame, claims: list[str], sets: list[str]) -> None:
    from matplotlib.patches import Rectangle

    for row in data.to_dict("records"):
        if row["data_set"] not in sets:
            continue
        x, y = sets.index(row["data_set"]), claims.index(row["claim"])
        colour, letter = _COLOURS[row["verdict"]]
        axis.add_patch(
            Rectangle(
                (x - 0.46, y - 0.44), 0.92, 0.88, facecolor=colour, edgecolor="#bbbbbb", lw=0.4
            )
        )
        dark = row["verdict"] in ("supported", "contradicted")
        tone = "white" if dark else "#333333"
        shown = letter
        if row["verdict"] != "untestable":
            shown = f"{letter} {_short(float(row['ratio']))}"
        weight = "bold" if row["strength"] == "outright" else "normal"
        style = "italic" if row["proxy"] else "normal"
        axis.text(
            x, y, shown, ha="center", va="center", fontsize=8.5, color=tone, weight=weight,
            style=style,
        )  # fmt: skip


def _short(ratio: float) -> str:
    if ratio >= 100:
        return ">100"
    return "<0.01" if ratio < 0.01 else f"{ratio:.2f}"


def _legend(axis: Axes) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor=colour, edgecolor="#bbbbbb", label=f"{letter} {name}")
        for name, (colour, letter) in _COLOURS.items()
    ]
    axis.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=3,
        fontsize=9,
        title=(
            "number: ratio, from 0 to 1 or per standard deviation\n"
            "bold: outright, not by p only; italic: proxy"
        ),
        title_fontsize=9,
    )


def plot_forest(verdicts: Verdicts, claim: str, *, title: str = "") -> Plot:
    """Draw one claim's ratio on each data set, with the combined one where there is any.

    Parameters
    ----------
    verdicts : Verdicts
    claim : str
        Id of a claim that was tested.
    title : str

    Returns
    -------
    Plot
        With ``label, estimate, low, high, kind, combinable`` (log scale, per step) as data;
        ``kind`` is ``data set``, ``fixed`` or ``random``. Hollow marks are data sets that cannot
        enter a combination: they have too few events to decide, or another set's exits.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.hypotheses.verdicts import test_hypotheses
    >>> panel = cm.simulate_panel(members=60, hazard=0.02, coefficients={"leader_change": 1.0},
    ...                           covariates={"leader_change": "pulse"}, seed=1)
    >>> found = test_hypotheses(panel, "H02", robust=False)
    >>> cm.plot.forest(found, "H02").data[["label", "kind"]].values.tolist()
    [['panel', 'data set']]
    """
    check_arguments(plot_forest, locals())
    tested = verdicts.table[verdicts.table["verdict"] != "untestable"]
    part = tested[tested["claim"] == claim]
    if part.empty:
        raise DataError(
            f"claim {claim!r} was tested on no data set; tested: "
            f"{first_few(tested['claim'].unique()) or 'none'}"
        )
    with np.errstate(divide="ignore"):
        middle, low, high = (
            np.log(part[name].to_numpy(dtype=float))
            for name in ("ratio", "ratio_low", "ratio_high")
        )
    lines = pd.DataFrame(
        {
            "label": part["data_set"],
            "estimate": middle,
            "low": low,
            "high": high,
            "kind": "data set",
            "combinable": (part["reason"] == "") & part["data_set"].map(combinable).astype(bool),
        }
    )
    combined = _combined(verdicts, claim)
    data = pd.concat([lines, combined], ignore_index=True) if len(combined) else lines
    name = str(part["name"].iloc[0])
    term = str(part["term"].iloc[0])
    with styled():
        figure, (axis,) = new_figure(6.4, 1.3 + 0.32 * len(data))
        _draw_forest(axis, data)
        axis.set_title(title or f"{claim}: {name}")
        axis.set_xlabel(
            f"ratio per {_step(part)} of {word(term)}, {100 * verdicts.level:g}% interval; "
            f"expected sign {part['sign'].iloc[0]}"
        )
    return Plot(figure, data.reset_index(drop=True))


def forest_caption(data: pd.DataFrame) -> str:
    """Say what a forest shows, from its data: what is combined, and what hollow marks are."""
    single = data[data["kind"] == "data set"]
    usable = int(single["combinable"].sum())
    text = f"on {len(single)} data sets"
    if (data["kind"] != "data set").any():
        text += f"; diamonds: {usable} of them combined"
    else:
        text += f"; nothing is combined, since {usable} of them can be and two are needed"
    if usable < len(single):
        text += ". Hollow: too few events to decide, or the exits of another set in another form"
    return f"{text}."


def _step(part: pd.DataFrame) -> str:
    return "unit" if (part["step"] == 1).all() else "standard deviation"


def _combined(verdicts: Verdicts, claim: str) -> pd.DataFrame:
    found = verdicts.meta[verdicts.meta["claim"] == claim]
    rows = [
        {
            "label": f"{kind} effect",
            "estimate": line[kind],
            "low": line[f"{kind}_low"],
            "high": line[f"{kind}_high"],
            "kind": kind,
            "combinable": True,
        }
        for line in found.to_dict("records")
        for kind in ("fixed", "random")
    ]
    return pd.DataFrame(rows, columns=["label", "estimate", "low", "high", "kind", "combinable"])


def _draw_forest(axis: Axes, data: pd.DataFrame) -> None:
    bound = np.log(_WIDEST)
    for y, row in enumerate(data.to_dict("records")):
        single = row["kind"] == "data set"
        colour = "#0072B2" if single else "#222222"
        low, high = np.clip([row["low"], row["high"]], -bound, bound)
        axis.hlines(y, np.exp(low), np.exp(high), colors=colour, linewidth=1.8)
        if -bound <= row["estimate"] <= bound:
            axis.plot(
                np.exp(row["estimate"]), y, "o" if single else "D", color=colour, markersize=5,
                markerfacecolor=colour if row["combinable"] else "white",
            )  # fmt: skip
        for end, mark in ((row["low"], "<"), (row["high"], ">")):
            if abs(end) > bound:
                axis.plot(np.exp(np.sign(end) * bound), y, mark, color=colour, markersize=4)
    axis.axvline(1.0, color=GREY, linewidth=0.9)
    axis.set_xscale("log")
    mark_ratios(axis.xaxis)
    axis.set_yticks(range(len(data)), list(data["label"]))
    axis.set_ylim(len(data) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")


def plot_contested(contested: Contested, *, title: str = "") -> Plot:
    """Draw a contested claim's ratio by unit, side and window (or by unit and measure) and date.

    Panels share one log scale, so that they can be compared, and say whether theirs is a hazard
    or an odds ratio. Drawn are the combinations of the first outcome, ``early`` by default.

    Parameters
    ----------
    contested : Contested
        Made by :func:`contest`.
    title : str

    Returns
    -------
    Plot
        With the combinations drawn as data, and the 95% interval as ``ratio_low, ratio_high``:
        for leaders Woolf's, from the cells; for state-months the one that agrees with the p-value.

    Raises
    ------
    DataError
        If no combination could be estimated.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.hypotheses.contested import contest
    >>> cm.plot.contested(contest("elections", "iraq", windows=[2], dates=["main"])).data.shape[0]
    10
    """
    check_arguments(plot_contested, locals())
    data = contested.with_intervals()
    if "outcome" in data.columns:
        data = data[data["outcome"] == data["outcome"].iloc[0]]
    data = data.reset_index(drop=True)
    known = data[data["sign"] != ""]
    if known.empty:
        raise DataError("no combination could be estimated, so there is nothing to draw")
    middle = "window" if "window" in contested.choices else contested.choices[1]
    sides = list(dict.fromkeys(known["side"])) if "side" in known.columns else [""]
    units, dates = list(dict.fromkeys(known["unit"])), list(dict.fromkeys(known["date"]))
    values = list(dict.fromkeys(known[middle]))
    marks = dict(zip(dates, ("o", "s", "^"), strict=False))
    with styled():
        wide = 6.4 if len(sides) == 1 else 2.6 * len(sides)
        figure, axes = new_figure(wide, 1.1 + 1.8 * len(units), len(units), len(sides))
        for axis, (unit, side) in zip(axes, product(units, sides), strict=True):
            part = known[known["unit"] == unit]
            odds = part["exit_yes"].notna().all()
            part = part[part["side"] == side] if side else part
            if part.empty:
                axis.set_visible(False)
                continue
            _draw_panel(axis, part, middle, values, marks, _scale(known))
            axis.set_title(f"{unit if side == sides[0] else ''}\n{side}" if side else unit)
            if side == sides[0]:
                axis.set_ylabel("odds ratio" if odds else "hazard ratio")
            if unit == units[-1] or (unit, side) == (units[-2], sides[-1]):
                axis.set_xlabel("window in months" if middle == "window" else middle)
        _date_legend(axes[-1], marks)
        if title:
            figure.suptitle(title, fontsize=10)
    return Plot(figure, data)


def _draw_panel(
    axis: Axes,
    part: pd.DataFrame,
    middle: str,
    values: list[Hashable],
    marks: dict[Hashable, str],
    scale: tuple[float, float],
) -> None:
    dates = list(marks)
    for row in part.to_dict("records"):
        x = values.index(row[middle]) + 0.15 * (dates.index(row["date"]) - 1)
        _draw_combination(axis, x, row, marks[row["date"]])
    axis.axhline(1.0, color=GREY, linewidth=0.9, zorder=1)
    axis.set_yscale("log")
    axis.set_ylim(*scale)
    axis.set_xlim(-0.5, len(values) - 0.5)
    mark_ratios(axis.yaxis, most=6)
    axis.set_xticks(range(len(values)), [wrapped(word(str(value)), 16) for value in values])


def _scale(known: pd.DataFrame) -> tuple[float, float]:
    """Limits of the ratios' axis: every ratio is inside, intervals up to a fiftyfold ratio."""
    low = min(max(known["ratio_low"].min(), 1 / _FAR), known["ratio"].min())
    high = max(min(known["ratio_high"].max(), _FAR), known["ratio"].max())
    return low / 1.2, high * 1.2


def _draw_combination(axis: Axes, x: float, row: dict[Hashable, Any], mark: str) -> None:
    colour = _COLOURS["supported" if row["sign"] == "+" else "contradicted"][0]
    axis.vlines(x, row["ratio_low"], row["ratio_high"], colors=colour, linewidth=1.1, alpha=0.4)
    axis.plot(
        x, row["ratio"], mark, color=colour, markersize=6,
        markerfacecolor=colour if row["p_value"] < 0.05 else "white",
    )  # fmt: skip


def _date_legend(axis: Axes, marks: dict[Hashable, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], marker=mark, linestyle="", color=GREY, label=f"exit dated: {date}")
        for date, mark in marks.items()
    ]
    axis.figure.legend(
        handles=handles, loc="outside lower center", ncols=3, fontsize=8, title_fontsize=8,
        title="blue: more exits, orange: fewer; filled: p < 0.05; lines: 95% interval",
    )  # fmt: skip
