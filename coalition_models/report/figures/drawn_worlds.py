"""Pictures of drawn worlds: calendars, dates and codings; and of the facts worth checking."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError
from coalition_models.models.term_labels import general_label
from coalition_models.render import format_p
from coalition_models.report.figures.style import (
    COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.report.in_words import spells_in_words, word
from coalition_models.sensitivity.randomising import Randomised
from coalition_models.sensitivity.uncertain_codings import CodingUncertainty
from coalition_models.sensitivity.uncertain_dates import DateUncertainty
from coalition_models.sensitivity.worth_checking import InformationValue

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "information_data",
    "plot_information",
    "plot_randomised",
    "plot_worlds",
    "randomised_data",
    "worlds_data",
]

_INK = "#333333"


def randomised_data(found: Randomised) -> pd.DataFrame:
    """List the scores that :func:`plot_randomised` draws, the observed one first.

    Returns
    -------
    DataFrame
        ``world`` (``observed``, then 1, 2, ...), ``z, exposed_events``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.randomise(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=9)
    >>> cm.plot.randomised_data(found)["world"].tolist()[:2], len(cm.plot.randomised_data(found))
    (['observed', '1'], 10)
    """
    check_arguments(randomised_data, locals())
    first = pd.DataFrame({"z": [found.z], "exposed_events": [float(found.exposed_events)]})
    rows = pd.concat([first, found.draws], ignore_index=True)
    rows.insert(0, "world", ["observed", *map(str, range(1, len(rows)))])
    return rows


def plot_randomised(found: Randomised, *, title: str = "") -> Plot:
    """Draw the score z of the worlds with other calendars, and that of the world as it was.

    Parameters
    ----------
    found : Randomised
        From ``cm.sensitivity.randomise``.
    title : str

    Returns
    -------
    Plot
        With :func:`randomised_data`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.randomise(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=9)
    >>> len(cm.plot.randomised(found).data)
    10
    """
    check_arguments(plot_randomised, locals())
    data = randomised_data(found)
    known = data["z"].iloc[1:].dropna()
    if known.empty or not np.isfinite(found.z):
        raise DataError("no world has a score: there is nothing to draw")
    with styled():
        figure, (axis,) = new_figure(6.0, 2.7)
        axis.hist(known, bins=min(30, max(5, len(known) // 8)), color=GREY, label="other calendars")
        axis.axvline(found.z, color=COLOURS[1], linewidth=2, label="as it was")
        axis.set_ylabel("worlds")
        axis.set_xlabel(
            f"score z of {general_label(found.term)}; p {format_p(found.p_value)} of "
            f"{len(data) - 1} worlds"
        )
        axis.set_title(title)
        axis.grid(axis="x", visible=False)
        axis.legend(loc="upper right")
    return Plot(figure, data)


def worlds_data(found: DateUncertainty | CodingUncertainty) -> pd.DataFrame:
    """List the ratios that :func:`plot_worlds` draws, as coded first.

    Returns
    -------
    DataFrame
        ``world, ratio, p_value, z_by_cluster``; worlds without an estimate have no ratio.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.date_uncertainty(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=2,
    ...     whose=False)
    >>> cm.plot.worlds_data(found)["world"].tolist()
    ['as coded', '0', '1']
    """
    check_arguments(worlds_data, locals())
    columns = ["world", "estimate", "p_value", "z_by_cluster"]
    rows = pd.concat([found.naive[columns].to_frame().T, found.draws[columns]], ignore_index=True)
    return pd.DataFrame(
        {
            "world": rows["world"].astype(str),
            "ratio": np.exp(rows["estimate"].astype(float)),
            "p_value": rows["p_value"].astype(float),
            "z_by_cluster": rows["z_by_cluster"].astype(float),
        }
    )


def plot_worlds(found: DateUncertainty | CodingUncertainty, *, title: str = "") -> Plot:
    """Draw the ratio in every drawn world, as coded, and of all worlds together.

    Parameters
    ----------
    found : DateUncertainty or CodingUncertainty
    title : str

    Returns
    -------
    Plot
        With :func:`worlds_data`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> spec = cm.Specification("cox", "event ~ election_near", cluster="state")
    >>> found = cm.sensitivity.date_uncertainty(
    ...     spec, "election_near", cm.facts("iraq"), features=cm.add_elections, draws=2,
    ...     whose=False)
    >>> len(cm.plot.worlds(found).data)
    3
    """
    from matplotlib.ticker import MaxNLocator

    check_arguments(plot_worlds, {"found": found, "title": title})
    data = worlds_data(found)
    drawn = data.iloc[1:]
    known = drawn[np.isfinite(drawn["ratio"]) & (drawn["ratio"] > 0)].sort_values("ratio")
    if known.empty:
        raise DataError("no world has an estimate: there is nothing to draw")
    lost = len(drawn) - len(known)
    with styled():
        figure, (axis,) = new_figure(6.0, 2.7)
        axis.axhline(1.0, color=GREY, linewidth=0.9)
        places = np.arange(1, len(known) + 1)
        sure = (known["p_value"] < 0.05).to_numpy()
        axis.scatter(places[sure], known["ratio"][sure], s=14, color=COLOURS[0], label="p < 0.05")
        axis.scatter(places[~sure], known["ratio"][~sure], s=14, facecolors="white",
                     edgecolors=COLOURS[0], label="p 0.05 or more")  # fmt: skip
        _as_coded(axis, found, data)
        axis.set_yscale("log")
        _room(axis)
        mark_ratios(axis.yaxis, most=6)
        axis.set_xlabel(
            f"worlds by ratio of {general_label(found.term)}"
            + (f"; {lost} without an estimate are not drawn" if lost else "")
        )
        axis.set_ylabel("ratio (log scale)")
        axis.xaxis.set_major_locator(MaxNLocator(integer=True))
        axis.set_title(title)
        axis.grid(axis="x", visible=False)
        figure.legend(loc="outside lower center", ncols=2)
    return Plot(figure, data)


def _as_coded(axis: Axes, found: DateUncertainty | CodingUncertainty, data: pd.DataFrame) -> None:
    own = float(data["ratio"].iloc[0])
    if np.isfinite(own):
        axis.axhline(own, color=_INK, linewidth=1.0, linestyle="--", label="as coded")
    if found.combined is not None:
        low, high = np.exp(found.combined.limits())
        if np.isfinite([low, high]).all() and low > 0:
            axis.axhspan(low, high, color=COLOURS[4], alpha=0.18, linewidth=0,
                         label="95%, all worlds together")  # fmt: skip


def _room(axis: Axes) -> None:
    """At least a factor of two, so that worlds that are all alike look alike."""
    low, high = axis.get_ylim()
    if high / low < 2:
        middle = float(np.sqrt(low * high))
        axis.set_ylim(middle / np.sqrt(2), middle * np.sqrt(2))


def information_data(found: InformationValue) -> pd.DataFrame:
    """List the facts that :func:`plot_information` draws, those that move most first.

    Returns
    -------
    DataFrame
        ``fact`` (state, spell and column), ``present, range, ratio_low, ratio_high, share`` (of the
        variance).

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> rows = pd.DataFrame({"state": ["ESP"], "spell": ["1"], "column": ["exit"], "present": "",
    ...                      "range": "", "lowest": 0.1, "highest": 0.4, "share": 0.02})
    >>> own = pd.Series({"estimate": 0.3})
    >>> none = pd.DataFrame()
    >>> found = cm.sensitivity.InformationValue("risk", own, none, rows, none, ())
    >>> cm.plot.information_data(found).columns.tolist()[:2]
    ['fact', 'present']
    """
    check_arguments(information_data, locals())
    rows = found.facts
    names = rows["state"] + " " + rows["spell"] + ", " + rows["column"]
    return pd.DataFrame(
        {
            "fact": names.astype(str),
            "present": rows["present"],
            "range": rows["range"],
            "ratio_low": np.exp(rows["lowest"].astype(float)),
            "ratio_high": np.exp(rows["highest"].astype(float)),
            "share": rows["share"].astype(float),
        }
    )


def _fact(row: Mapping[Hashable, Any]) -> str:
    who, _, what = str(row["fact"]).rpartition(", ")
    return f"{spells_in_words(who)}, {word(what)} ({row['share']:.1%})"


def plot_information(found: InformationValue, *, most: int = 10, title: str = "") -> Plot:
    """Draw the ratios between which each fact moves a finding, those to check first at the top.

    Parameters
    ----------
    found : InformationValue
        From ``cm.sensitivity.value_of_information``.
    most : int
        Facts at most.
    title : str

    Returns
    -------
    Plot
        With all of :func:`information_data`.

    Raises
    ------
    DataError
        No fact moves the finding.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> rows = pd.DataFrame({"state": ["ESP"], "spell": ["1"], "column": ["exit"], "present": "",
    ...                      "range": "", "lowest": 0.1, "highest": 0.4, "share": 0.02})
    >>> own = pd.Series({"estimate": 0.3})
    >>> none = pd.DataFrame()
    >>> found = cm.sensitivity.InformationValue("risk", own, none, rows, none, ())
    >>> cm.plot.information(found).data["fact"].tolist()
    ['ESP 1, exit']
    """
    check_arguments(plot_information, locals())
    check_count(most, "most", least=1)
    data = information_data(found)
    part = data[data["share"] > 0].head(most)
    if part.empty:
        raise DataError("no fact moves the estimate: there is nothing to draw")
    with styled():
        figure, (axis,) = new_figure(6.4, 1.3 + 0.26 * len(part))
        axis.axvline(1.0, color=GREY, linewidth=0.9)
        own = float(np.exp(float(found.naive["estimate"])))
        if np.isfinite(own):
            axis.axvline(own, color=_INK, linewidth=0.9, linestyle="--")
        axis.hlines(range(len(part)), part["ratio_low"], part["ratio_high"], color=COLOURS[0],
                    linewidth=4)  # fmt: skip
        axis.set_xscale("log")
        mark_ratios(axis.xaxis, most=6)
        labels = [_fact(row) for row in part.to_dict("records")]
        axis.set_yticks(range(len(part)), labels)
        axis.set_ylim(len(part) - 0.5, -0.5)
        axis.grid(axis="y", visible=False)
        axis.set_title(title)
        axis.set_xlabel(f"ratio of {general_label(found.term)} (log scale)\nover what each fact "
                        "may be; in brackets: share of the variance")  # fmt: skip
    return Plot(figure, data)
