"""Figure: one formula by every estimator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.after.estimators import EstimatorComparison
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_estimators"]

#: ratios beyond these are cut off at the edge
_WIDEST = 1e3


def plot_estimators(
    compared: EstimatorComparison, *, terms: Sequence[str] | None = None, title: str = ""
) -> Plot:
    """Draw what every estimator says of each term, a panel per term, on a log axis.

    Estimates on different scales are not to be compared in size: each scale has its own colour.
    Estimators whose numbers are no ratios (probit) are drawn as the exponential of the estimate.

    Parameters
    ----------
    compared : EstimatorComparison
        From :func:`compare_estimators`.
    terms : sequence of str, optional
        Default: all.
    title : str

    Returns
    -------
    Plot
        With ``estimator, term, scale, ratio, conf_low, conf_high, p_value`` as data.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> found = cm.compare_estimators("event ~ risk", panel, families=["cox", "weibull"])
    >>> len(cm.plot.estimators(found).data) == len(found.table)
    True
    """
    check_arguments(plot_estimators, {"terms": terms, "title": title})
    if not isinstance(compared, EstimatorComparison):
        raise DataError(
            f"compared must come from compare_estimators(), not {type(compared).__name__}"
        )
    found = compared.table[compared.table["problem"] == ""]
    known = list(dict.fromkeys(found["term"]))
    chosen = known if terms is None else list(terms)
    unknown = [term for term in chosen if term not in known]
    if unknown or not chosen:
        raise DataError(f"no such term: {first_few(unknown)}; there are {first_few(known)}")
    data = found[found["term"].isin(chosen)].copy()
    plain = data["ratio"].isna()
    sources = {"ratio": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
    for name, source in sources.items():
        data.loc[plain, name] = np.exp(data.loc[plain, source])
    columns = ["estimator", "term", "scale", "ratio", "conf_low", "conf_high", "p_value"]
    data = data[columns].reset_index(drop=True)
    scales = list(dict.fromkeys(data["scale"]))
    names = list(dict.fromkeys(data["estimator"]))
    with styled():
        height = 1.2 + 0.2 * len(names)
        figure, axes = new_figure(7.0, height * len(chosen), rows=len(chosen))
        for axis, term in zip(axes, chosen, strict=True):
            _draw(axis, data[data["term"] == term], names, scales)
            axis.set_title(term, loc="left", fontsize=9)
        axes[-1].set_xlabel("ratio per unit of the term, 95% interval (log scale)")
        if title:
            figure.suptitle(title)
        handles, labels = axes[0].get_legend_handles_labels()
        once = dict(zip(labels, handles, strict=True))
        figure.legend(once.values(), once.keys(), loc="outside lower center", ncols=2)
    return Plot(figure, data)


def _draw(axis: Axes, data: pd.DataFrame, names: Sequence[str], scales: Sequence[str]) -> None:
    axis.axvline(1.0, color=GREY, linewidth=0.9)
    axis.set_xscale("log")
    for place, scale in enumerate(scales):
        own = data[data["scale"] == scale]
        height = [names.index(name) for name in own["estimator"]]
        colour = COLOURS[place % len(COLOURS)]
        low = own["conf_low"].clip(lower=1 / _WIDEST, upper=_WIDEST)
        high = own["conf_high"].clip(lower=1 / _WIDEST, upper=_WIDEST)
        axis.hlines(height, low, high, colors=colour, linewidth=1.6)
        middle = own["ratio"].clip(lower=1 / _WIDEST, upper=_WIDEST)
        axis.plot(middle, height, "o", color=colour, markersize=4, label=scale)
    mark_ratios(axis.xaxis)
    axis.set_yticks(range(len(names)), list(names))
    axis.set_ylim(len(names) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
