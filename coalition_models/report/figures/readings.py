"""Picture of what a model says under many rules of defection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.models.term_labels import general_label
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.report.in_words import wrapped
from coalition_models.sensitivity.rules import RuleComparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_readings"]


def plot_readings(found: RuleComparison, *, title: str = "") -> Plot:
    """Draw the hazard ratios of every rule: a line per rule, a panel per term.

    Parameters
    ----------
    found : RuleComparison
        Made by :func:`compare_rules` with a formula.
    title : str

    Returns
    -------
    Plot
        With the estimates drawn as ``data``. A rule under which the model could not be fitted
        has its line too, empty.

    Raises
    ------
    DataError
        If the comparison has no estimate.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.sensitivity.rules import compare_rules
    >>> rules = ["tago-2009", "weisiger-2016"]
    >>> found = compare_rules(rules, "iraq", formula="event ~ log_deaths_12m")
    >>> cm.plot.readings(found).data["rule"].tolist()
    ['tago-2009', 'weisiger-2016']
    """
    check_arguments(plot_readings, locals())
    data = found.estimates[found.estimates["hazard_ratio"].notna()].reset_index(drop=True)
    if data.empty:
        raise DataError("no estimate to draw: give compare_rules() a formula that can be fitted")
    terms = list(dict.fromkeys(data["term"]))
    rules = list(found.counts.index)
    with styled():
        figure, axes = new_figure(
            2.1 + 1.75 * len(terms), 1.2 + 0.19 * len(rules), columns=len(terms)
        )
        for axis, term in zip(axes, terms, strict=True):
            _draw_rules(axis, data[data["term"] == term], rules)
            axis.set_title(wrapped(general_label(str(term)), 20))
            axis.set_yticks(range(len(rules)), rules if axis is axes[0] else [])
        figure.supxlabel("hazard ratio (log scale) with its 95% interval", fontsize=9)
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


def _draw_rules(axis: Axes, part: pd.DataFrame, rules: list[str]) -> None:
    """One term under each rule, from the top; rules that were not fitted say so."""
    at = [rules.index(rule) for rule in part["rule"]]
    axis.axvline(1.0, color=GREY, linewidth=0.9)
    axis.hlines(at, part["conf_low"], part["conf_high"], colors=COLOURS[0], linewidth=1.4)
    axis.plot(part["hazard_ratio"], at, "o", color=COLOURS[0], markersize=4)
    axis.set_xscale("log")
    mark_ratios(axis.xaxis, most=5)
    for line in sorted(set(range(len(rules))) - set(at)):
        axis.text(
            0.5, line, "not fitted", transform=axis.get_yaxis_transform(), ha="center",
            va="center", fontsize=7, color=GREY, bbox={"facecolor": "white", "lw": 0, "pad": 1},
        )  # fmt: skip
    axis.set_ylim(len(rules) - 0.5, -0.5)
