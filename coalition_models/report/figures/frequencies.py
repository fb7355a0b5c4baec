"""Pictures of how often states defect, and of what coalitions were made of."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.designs.frequencies import Frequencies
from coalition_models.designs.hollowing import Hollowing
from coalition_models.designs.sets import place_of
from coalition_models.errors import DataError
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.report.in_words import COLUMNS, word

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["frequencies_data", "hollowing_data", "plot_frequencies", "plot_hollowing"]

#: interval -> its columns, colour and width of line; the widest first
_SPANS = {
    "all": ("conf", "#d5d8dc", 7.0),
    "sampling": ("sampling", GREY, 1.2),
    "coding": ("coding", COLOURS[1], 2.4),
    "dating": ("dating", COLOURS[0], 2.4),
}
#: lines beside the rate's own, in lines of the picture
_OFFSET = {"all": 0.0, "sampling": 0.0, "coding": -0.24, "dating": 0.24}


def frequencies_data(found: Frequencies) -> pd.DataFrame:
    """List what :func:`plot_frequencies` draws.

    Returns
    -------
    DataFrame
        ``outcome, group, interval`` (``all, sampling, coding, dating``), ``rate, low, high``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> data = cm.plot.frequencies_data(cm.frequencies("rsm", outcomes=["early"]))
    >>> data["interval"].tolist()
    ['all', 'sampling', 'coding', 'dating']
    """
    check_arguments(frequencies_data, locals())
    rows = []
    for row in found.table.to_dict("records"):
        group = ", ".join(str(row[name]).replace("_", " ") for name in found.by)
        for name, (stem, _, _) in _SPANS.items():
            rows.append(
                {
                    "outcome": row["outcome"],
                    "group": group,
                    "interval": name,
                    "rate": row["rate"],
                    "low": row[f"{stem}_low"],
                    "high": row[f"{stem}_high"],
                }
            )
    return pd.DataFrame(rows)


def plot_frequencies(found: Frequencies, *, title: str = "") -> Plot:
    """Draw defections in 100 member-years: a panel per outcome, a line per group.

    Pale: all that is unsure together; thin: sampling; the coloured lines beside: what dating and
    coding of doubtful cases do to the rate. The axis is logarithmic; what reaches 0 runs into its
    left edge, and a rate of 0 is an open mark there.

    Parameters
    ----------
    found : Frequencies
        Made by :func:`frequencies`.
    title : str

    Examples
    --------
    >>> import coalition_models as cm
    >>> len(cm.plot.frequencies(cm.frequencies("rsm", outcomes=["early"])).data)
    4
    """
    check_arguments(plot_frequencies, locals())
    data = frequencies_data(found)
    outcomes = list(dict.fromkeys(data["outcome"]))
    groups = list(dict.fromkeys(data["group"]))
    names = list(dict.fromkeys(_called(row, found.by) for row in found.table.to_dict("records")))
    positive = data.loc[data["rate"] > 0, "rate"]
    if positive.empty:
        raise DataError("no rate above 0 to draw")
    edge, far = 0.25 * min(float(positive.min()), 1.0), 1.2 * float(data["high"].max())
    columns = min(2, len(outcomes))
    lines = -(-len(outcomes) // columns)
    with styled():
        figure, axes = new_figure(
            7.4 if columns > 1 else 6.0, lines * (0.75 + 0.36 * len(groups)) + 0.6, lines, columns
        )
        for axis in axes[len(outcomes) :]:
            axis.set_visible(False)
        for at, (axis, outcome) in enumerate(zip(axes, outcomes, strict=False)):
            part = data[data["outcome"] == outcome]
            axis.set_xscale("log")
            axis.set_xlim(edge, far)
            _draw_rates(axis, part, groups, edge)
            mark_ratios(axis.xaxis, most=6)
            axis.set_title(_OUTCOMES.get(outcome, outcome))
            axis.set_yticks(range(len(groups)), names if at % columns == 0 else [])
        figure.supxlabel("defections in 100 member-years (log scale)", fontsize=9)
        _legend(axes[0])
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


_OUTCOMES = {"early": "early exit"}


def _called(row: Mapping[Hashable, object], by: Sequence[str]) -> str:
    """A group in words."""
    return ", ".join(COLUMNS.get(name, word)(str(row[name])) for name in by)


def _draw_rates(axis: Axes, part: pd.DataFrame, groups: list[str], edge: float) -> None:
    for name, (_, colour, width) in _SPANS.items():
        some = part[part["interval"] == name]
        at = np.array([groups.index(group) for group in some["group"]]) + _OFFSET[name]
        axis.hlines(
            at, some["low"].clip(lower=edge), some["high"], colors=colour, linewidth=width,
            label=name,
        )  # fmt: skip
    main = part[part["interval"] == "all"]
    lines = np.array([groups.index(group) for group in main["group"]])
    rate = main["rate"].to_numpy()
    axis.plot(rate[rate > 0], lines[rate > 0], "o", color="#222222", markersize=4)
    for line in lines[rate == 0]:
        axis.plot(
            edge, line, "o", markerfacecolor="white", color="#222222", markersize=4, clip_on=False
        )
    for line in sorted(set(range(len(groups))) - set(lines.tolist())):
        axis.text(
            0.5, line, "cannot be told", transform=axis.get_yaxis_transform(), ha="center",
            va="center", fontsize=7, color=GREY, bbox={"facecolor": "white", "lw": 0, "pad": 1},
        ).set_in_layout(False)  # fmt: skip
    axis.set_ylim(len(groups) - 0.5, -0.5)


def _legend(axis: Axes) -> None:
    axis.figure.legend(
        *axis.get_legend_handles_labels(), loc="outside upper center", ncols=len(_SPANS)
    )


_SHARES = ("flags", "without_lead", "effective_without_lead")
_SHADES = {"collapsed": "#9aa0a6", "hollow": COLOURS[1]}
_WORDS = {
    "flags": "members",
    "without_lead": "strength without the lead",
    "effective_without_lead": "effective partners",
}


def hollowing_data(found: Hollowing) -> pd.DataFrame:
    """List what :func:`plot_hollowing` draws: shares of each measure's peak.

    Returns
    -------
    DataFrame
        ``coalition, month, what`` (``flags, without_lead, effective_without_lead``), ``share, low,
        high`` (of the measure's own peak; of strengths in months with enough of them known),
        ``hollow, collapsed, judged``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> data = cm.plot.hollowing_data(cm.hollowing(cm.facts("iraq")))
    >>> data.query("what == 'flags'")["share"].max()
    np.float64(1.0)
    """
    check_arguments(hollowing_data, locals())
    parts = []
    for name, whole in found.months.groupby("coalition", sort=False):
        # a lead state alone is no coalition any more
        one = whole[: int(np.flatnonzero(whole["flags"] > 1).max(initial=0)) + 1]
        judged = one[1 - one["unknown"] >= found.rule.known]
        for what in _SHARES:
            base = one if what == "flags" else judged
            peak = float(base[what].max()) if len(base) else np.nan
            if not peak > 0:
                continue
            limits = [f"{what}_low", f"{what}_high"] if what != "flags" else [what, what]
            parts.append(
                pd.DataFrame(
                    {
                        "coalition": name,
                        "month": base["month"],
                        "what": what,
                        "share": base[what] / peak,
                        "low": base[limits[0]] / peak,
                        "high": base[limits[1]] / peak,
                        "hollow": base["hollow"],
                        "collapsed": base["collapsed"],
                        "judged": base["judged"],
                    }
                )
            )
    if not parts:
        raise DataError("no month with enough known strengths to draw")
    return pd.concat(parts, ignore_index=True)


def plot_hollowing(found: Hollowing, *, title: str = "") -> Plot:
    """Draw members, partners' strength and effective partners as shares of their peaks.

    Bands are readings between two lists; orange stretches are hollow, grey ones collapsed under
    the rule; right of the dotted line, in the wind-up, nothing is judged. Months in which too few
    strengths are known have no line of strength.

    Parameters
    ----------
    found : Hollowing
        Made by :func:`hollowing`.
    title : str

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.plot.hollowing(cm.hollowing(cm.facts("iraq"))).data["coalition"].unique().tolist()
    ['iraq']
    """
    check_arguments(plot_hollowing, locals())
    from matplotlib.patches import Patch

    data = hollowing_data(found)
    names = list(dict.fromkeys(data["coalition"]))
    with styled():
        figure, axes = new_figure(7.0, 0.7 + 1.9 * len(names), len(names))
        for axis, name in zip(axes, names, strict=True):
            _draw_composition(axis, data[data["coalition"] == name])
            axis.set_title(word(place_of(name)))
        figure.supylabel("share of the peak", fontsize=9)
        lines, words = axes[0].get_legend_handles_labels()
        for what, colour in _SHADES.items():
            lines.append(Patch(color=colour, alpha=0.22, linewidth=0))
            words.append(what)
        figure.legend(lines, words, loc="outside lower center", ncols=len(words))
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


def _draw_composition(axis: Axes, part: pd.DataFrame) -> None:
    looks = ((COLOURS[0], "-"), ("#222222", "--"), (COLOURS[2], "-."))
    for what, (colour, line) in zip(_SHARES, looks, strict=True):
        some = part[part["what"] == what].set_index("month")
        if some.empty:
            continue
        # months without enough known strengths break the line
        some = some.reindex(pd.date_range(some.index.min(), some.index.max(), freq="MS"))
        axis.fill_between(
            some.index, some["low"], some["high"], color=colour, alpha=0.18, linewidth=0
        )
        axis.plot(some.index, some["share"], line, color=colour, linewidth=1.4, label=_WORDS[what])
    flags = part[part["what"] == "flags"]
    for column, colour in _SHADES.items():
        for month in pd.DatetimeIndex(flags.loc[flags[column].astype(bool), "month"]):
            end = month + pd.offsets.MonthBegin(1)
            days = np.array([month, end], dtype="datetime64[D]")
            axis.fill_between(days, 0, 1.05, color=colour, alpha=0.22, linewidth=0)
    closed = flags.loc[~flags["judged"].astype(bool), "month"]
    if len(closed):
        axis.axvline(closed.min(), color="#555555", linewidth=0.9, linestyle=":")
    axis.set_ylim(0, 1.05)
