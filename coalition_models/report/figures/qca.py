"""Cases by membership in a set and in the outcome."""

from __future__ import annotations

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.qca.xy import xy_data
from coalition_models.record import record_of
from coalition_models.render import format_number
from coalition_models.report.figures.style import COLOURS, GREY, Plot, new_figure, styled

__all__ = ["plot_qca_xy", "xy_data"]

#: what is worth a look is in colour and has its name beside it
_COLOURS = {
    "typical": COLOURS[0],
    "deviant consistency": COLOURS[1],
    "deviant coverage": COLOURS[5],
    "undecided": COLOURS[3],
}


def plot_qca_xy(
    expression: str,
    data: pd.DataFrame,
    outcome: str,
    *,
    relation: str = "sufficiency",
    title: str = "",
) -> Plot:
    """Draw cases by membership in an expression (across) and in the outcome (up).

    Above the diagonal x is a subset of y. Deviant cases, and those undecided, carry their names.

    Parameters
    ----------
    expression, data, outcome, relation
        As for :func:`coalition_models.qca.xy_data`.
    title : str

    Returns
    -------
    Plot
        With ``xy_data`` as its data.

    Raises
    ------
    DataError
        As ``xy_data``.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.7, 0.2, 0.1], "Y": [0.9, 0.4, 0.6, 0.1]}, list("wxyz"))
    >>> cm.plot.qca_xy("A", cases, "Y").data["kind"].tolist()[:2]
    ['typical', 'deviant consistency']
    """
    check_arguments(plot_qca_xy, locals())
    found = xy_data(expression, data, outcome, relation=relation)
    fit = record_of(found).notes["fit"]
    with styled():
        figure, (axis,) = new_figure(4.6, 4.6)
        axis.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axis.axhline(0.5, color=GREY, linewidth=0.6, linestyle=":")
        axis.axvline(0.5, color=GREY, linewidth=0.6, linestyle=":")
        for kind, part in found.groupby("kind", sort=False):
            colour = _COLOURS.get(str(kind), GREY)
            axis.scatter(part["x"], part["y"], color=colour, s=20, label=str(kind), zorder=3)
            if colour not in (GREY, COLOURS[0]):
                for name, case in part.iterrows():
                    place = float(case["x"]), float(case["y"])
                    axis.annotate(str(name), place, (3, 3), textcoords="offset points", fontsize=7)
        axis.set_xlim(-0.03, 1.03)
        axis.set_ylim(-0.03, 1.03)
        axis.set_xlabel(f"membership in {expression}")
        axis.set_ylabel(f"membership in {fit['y']}")
        numbers = ", ".join(
            f"{name} {format_number(fit[name])}"
            for name in ("consistency", "coverage", "pri", "ron")
            if name in fit
        )
        axis.set_title(title or f"{relation}: {numbers}")
        axis.legend(loc="lower right")
    return Plot(figure, found)
