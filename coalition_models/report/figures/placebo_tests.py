"""A picture of a finding beside the tests in which there should be nothing to find."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.inference.wald_numbers import EDGE
from coalition_models.report.figures.incidence import MARKERS
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)

__all__ = ["placebos_data", "plot_placebos"]


class _Tests(Protocol):
    """What placebo tests are read from."""

    @property
    def table(self) -> pd.DataFrame: ...


def placebos_data(found: _Tests) -> pd.DataFrame:
    """List the tests that :func:`plot_placebos` draws, the finding first.

    Parameters
    ----------
    found : object with ``table``
        ``kind`` (``finding`` for the finding itself), ``test, estimate, std_error, p_value``
        (log scale), ``exposed_events``, as placebo tests give it.

    Returns
    -------
    DataFrame
        ``kind, test, ratio, conf_low, conf_high, p_value, exposed_events``.
    """
    table = getattr(found, "table", None)
    needed = ["kind", "test", "estimate", "std_error", "p_value", "exposed_events"]
    absent = [name for name in needed if table is None or name not in table.columns]
    if table is None or absent:
        raise DataError(
            f"found must have a table of placebo tests, with {', '.join(needed)}, not "
            f"{type(found).__name__}"
        )
    reach = EDGE * table["std_error"]
    with np.errstate(over="ignore"):
        return pd.DataFrame(
            {
                "kind": table["kind"],
                "test": table["test"],
                "ratio": np.exp(table["estimate"]),
                "conf_low": np.exp(table["estimate"] - reach),
                "conf_high": np.exp(table["estimate"] + reach),
                "p_value": table["p_value"],
                "exposed_events": table["exposed_events"],
            }
        ).reset_index(drop=True)


def plot_placebos(found: _Tests, *, title: str = "") -> Plot:
    """Draw a finding above the tests in which there should be nothing.

    Parameters
    ----------
    found : object with ``table``
        As in :func:`placebos_data`.
    title : str

    Returns
    -------
    Plot
        With :func:`placebos_data`; tests without a finite estimate say so.
    """
    check_arguments(plot_placebos, {"title": title})
    data = placebos_data(found)
    kinds = list(dict.fromkeys(data["kind"]))
    with styled():
        figure, (axis,) = new_figure(6.4, 1.4 + 0.3 * len(data))
        axis.axvline(1.0, color=GREY, linewidth=0.9)
        axis.set_xscale("log")
        for y, row in enumerate(data.to_dict("records")):
            place = kinds.index(row["kind"])
            colour, mark = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
            if not np.isfinite(row["ratio"]):
                axis.text(1.0, y, " no finite estimate", fontsize=7.5, va="center", color="#555555")
                continue
            axis.hlines(y, row["conf_low"], row["conf_high"], color=colour, linewidth=1.6)
            axis.plot(row["ratio"], y, mark, color=colour, markersize=5.5)
        mark_ratios(axis.xaxis, most=7)
        labels = [
            f"{row['test']} ({row['exposed_events']:.0f} exposed events)"
            for row in data.to_dict("records")
        ]
        axis.set_yticks(range(len(data)), labels)
        axis.set_ylim(len(data) - 0.5, -0.5)
        axis.grid(visible=False, axis="y")
        axis.set_title(title)
        axis.set_xlabel("ratio with its 95% interval (log scale); the first line is the finding")
    return Plot(figure, data)
