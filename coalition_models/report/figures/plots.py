"""Figures: who took part, how many stayed, what a model says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from coalition_models.arguments import as_day, as_days, check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.members.own_members import with_spells, with_states
from coalition_models.members.spell_checks import exit_before_entry, spell_labels
from coalition_models.models.fit import Fit
from coalition_models.models.term_labels import term_labels
from coalition_models.report.figures.style import (
    COLOURS,
    EXIT_COLOURS,
    GREY,
    Plot,
    mark_ratios,
    new_figure,
    styled,
)
from coalition_models.report.fits import named
from coalition_models.report.in_words import wrapped
from coalition_models.report.words import state_names
from coalition_models.tables.plain import plain_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["participation_lines", "plot_coefficients", "plot_participation"]

_NEEDED = ["coalition", "state", "spell", "entry", "exit", "exit_kind"]
#: one per fit, so that they can be told apart in print without colour
_MARKS = ("o", "s", "D", "^", "v", "P")
_MARKERS = {"early": "X", "ongoing": ">"}

_KIND_NAMES = {
    "early": "early exit",
    "scheduled": "end of a fixed term",
    "mission_end": "mission end",
    "post_mandate": "stayed past the mandate",
    "exogenous": "recalled for war or disaster at home",
    "ongoing": "still there",
    "leader": "lead state",
    "unknown": "not known whether it left",
}


def participation_lines(
    members: pd.DataFrame, *, until: str | pd.Timestamp | None = None
) -> pd.DataFrame:
    """List one line per spell, in the order in which :func:`plot_participation` draws them.

    Returns
    -------
    DataFrame
        ``coalition, state, label, spell, entry, exit, exit_kind, row``; states that left first
        come first, spells of one state share a ``row``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> lines = participation_lines(cm.load("participation").query("coalition == 'iraq'"))
    >>> lines["row"].nunique()
    40
    """
    # a state that is unknown is drawn under the name given
    table = with_spells(with_states(plain_table(members, "members"), ("entry", "exit"))[0])
    absent = [name for name in _NEEDED if name not in table.columns]
    if absent:
        raise DataError(f"members lacks the columns {', '.join(absent)}")
    if table.empty:
        raise DataError("no spell to draw: the table of members is empty")
    table = plain_table(table, "members", dates=["entry", "exit"])
    for name in ("entry", "exit"):
        table[name] = as_days(table[name], name)
    lines = table[_NEEDED].copy()
    lines["label"] = state_names(table)
    unknown = sorted(set(lines["exit_kind"].map(str)) - set(EXIT_COLOURS))
    if unknown:
        raise DataError(
            f"unknown exit_kind {first_few(unknown)}: expected {', '.join(EXIT_COLOURS)}"
        )
    for name in ("entry", "exit"):
        lines[name] = as_days(lines[name], name)
    nobody = lines["entry"].isna()
    if nobody.any():
        raise DataError(f"column entry is empty for {first_few(lines.loc[nobody, 'state'])}")
    lines["exit"] = lines["exit"].fillna(_end(lines, until))
    backwards = exit_before_entry(table.assign(exit=lines["exit"]))
    if backwards.any():
        bad = lines[backwards]
        raise DataError(
            f"exit, or until= where there is none, before entry: {first_few(spell_labels(bad))}"
        )
    final = lines.groupby(["coalition", "state"])["exit"].transform("max")
    order = lines.assign(final=final).sort_values(
        ["coalition", "final", "state", "spell"], kind="stable"
    )
    keys = order["coalition"] + " " + order["state"]
    order["row"] = pd.factorize(keys)[0]
    return order.drop(columns="final").reset_index(drop=True)


def _end(lines: pd.DataFrame, until: str | pd.Timestamp | None) -> pd.Timestamp:
    """The day to which lines of spells without an exit are drawn."""
    day = as_day(until, "until")
    if day is not None:
        return day
    if lines["exit"].isna().all():
        raise DataError("no spell has an exit: give until=, the day to which they are drawn")
    return pd.Timestamp(max(lines["exit"].max(), lines["entry"].max()))


def plot_participation(
    members: pd.DataFrame,
    *,
    title: str = "",
    mandate_end: str | pd.Timestamp | None = None,
    until: str | pd.Timestamp | None = None,
) -> Plot:
    """Draw one line per spell from entry to exit, coloured by the kind of exit.

    Parameters
    ----------
    members : DataFrame
        Spells as in ``load("participation")``; best of one coalition.
    title : str
    mandate_end : date, optional
        Drawn as a vertical line.
    until : date, optional
        Where lines of spells without an exit end; by default at the mandate's end or the last day
        in the table, whichever is later. An arrow says that they go on.

    Returns
    -------
    Plot
        With the lines as ``data``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.load("participation").query("coalition == 'iraq'")
    >>> len(cm.plot.participation(iraq, mandate_end="2008-12-31").data)
    52
    """
    check_arguments(plot_participation, locals())
    mandate = as_day(mandate_end, "mandate_end")
    last = as_day(until, "until")
    if last is None and mandate is not None:
        days = [as_days(members[name], name).max() for name in ("entry", "exit") if name in members]
        last = max([mandate, *(day for day in days if not pd.isna(day))])
    lines = participation_lines(members, until=last)
    count = int(lines["row"].max()) + 1
    with styled():
        figure, (axis,) = new_figure(7.5, 1.2 + 0.165 * count)
        for kind, group in lines.groupby("exit_kind", sort=False):
            colour = EXIT_COLOURS[str(kind)]
            axis.hlines(group["row"], group["entry"], group["exit"], colors=colour, linewidth=3.2)
            marker = _MARKERS.get(str(kind), "|")
            axis.plot(group["exit"], group["row"], marker, color=colour, markersize=5)
        if mandate is not None:
            at = _day_number(mandate)
            axis.axvline(at, color=GREY, linewidth=0.9, linestyle="--")
            axis.annotate(
                "mandate ends",
                (at, -0.8),
                xytext=(-4, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=7.5,
                color="#555555",
            )
        names = lines.drop_duplicates("row")
        axis.set_yticks(names["row"], names["label"], fontsize=7.5)
        axis.set_ylim(count - 0.3, -1.4)
        axis.grid(visible=False, axis="y")
        axis.tick_params(axis="y", length=0)
        axis.set_title(title)
        _legend(axis, [kind for kind in EXIT_COLOURS if kind in set(lines["exit_kind"])])
    return Plot(figure, lines)


def _day_number(date: pd.Timestamp) -> float:
    """Matplotlib's number of a day: days since 1970."""
    return float((date - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))


def _legend(axis: Axes, kinds: Sequence[str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [],
            [],
            color=EXIT_COLOURS[k],
            linewidth=3.2,
            marker=_MARKERS.get(k),
            markersize=5,
            label=_KIND_NAMES[k],
        )
        for k in kinds
    ]
    axis.figure.legend(
        handles=handles, loc="outside lower center", ncols=min(3, len(handles)), fontsize=8
    )


def plot_coefficients(
    fits: Fit | Sequence[Fit] | Mapping[str, Fit] | pd.Series,
    *,
    terms: Sequence[str] | None = None,
    level: float = 0.95,
    title: str = "",
) -> Plot:
    """Draw hazard or odds ratios with their intervals on a log axis, fits side by side.

    Parameters
    ----------
    fits : Fit, sequence of Fit, or mapping (Series) of names to Fit
        The names stand in the legend; those of a list are ``(1)``, ``(2)``, ...
    terms : sequence of str, optional
        Which coefficients, in this order; by default those that all fits share.
    level : float
    title : str

    Returns
    -------
    Plot
        With ``fit, term, estimate, conf_low, conf_high, p_value`` as data.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"start": 0, "stop": [1, 2, 3, 4, 5, 6],
    ...                    "event": [1, 1, 0, 1, 1, 0], "risk": [2, 1, 2, 1, 0, 0]})
    >>> cm.plot.coefficients(cm.cox("event ~ risk", df)).data["estimate"].round(2).tolist()
    [4.38]
    """
    options = {"terms": terms, "level": level, "title": title}
    check_arguments(plot_coefficients, options)
    given = named(fits, Fit)
    models = {_unlike(name, place, given): fit for place, (name, fit) in enumerate(given)}
    shared = [
        t for t in next(iter(models.values())).names if all(t in f.names for f in models.values())
    ]
    chosen = list(terms) if terms is not None else shared
    unknown = [t for t in chosen if t not in shared]
    if unknown or not chosen:
        raise DataError(
            f"not in every fit: {first_few(unknown)}; shared terms: {first_few(shared)}"
        )
    data = pd.concat(
        [fit.tidy(exponentiate=True, level=level).assign(fit=name) for name, fit in models.items()],
        ignore_index=True,
    )
    data = data[data["term"].isin(chosen)]
    columns = ["fit", "term", "estimate", "conf_low", "conf_high", "p_value"]
    with styled():
        figure, (axis,) = new_figure(7.0, 1.3 + 0.28 * len(chosen) * (len(models) + 0.6))
        _draw_intervals(axis, data, chosen, list(models))
        words = {
            name: label.words for fit in models.values() for name, label in term_labels(fit).items()
        }
        axis.set_yticks(range(len(chosen)), [wrapped(words[term]) for term in chosen])
        axis.set_title(title)
        axis.set_xlabel(f"ratio per unit of the term, {100 * level:g}% interval (log scale)")
        if len(models) > 1:
            axis.figure.legend(loc="outside lower center", ncols=min(3, len(models)), fontsize=8)
    return Plot(figure, data[columns].reset_index(drop=True))


def _unlike(name: str, place: int, given: Sequence[tuple[str, Fit]]) -> str:
    """A name that no fit before has, as the index of a Series may repeat."""
    before = [other for other, _ in given[:place]]
    return f"{name} ({place + 1})" if name in before else name


def _draw_intervals(
    axis: Axes, data: pd.DataFrame, terms: Sequence[str], names: Sequence[str]
) -> None:
    step = 0.8 / max(len(names), 2)
    axis.axvline(1.0, color=GREY, linewidth=0.9)
    for j, name in enumerate(names):
        part = data[data["fit"] == name].set_index("term").loc[list(terms)]
        height = [i + (j - (len(names) - 1) / 2) * step for i in range(len(terms))]
        colour = COLOURS[j % len(COLOURS)]
        axis.hlines(height, part["conf_low"], part["conf_high"], colors=colour, linewidth=1.8)
        mark = _MARKS[j % len(_MARKS)]
        axis.plot(part["estimate"], height, mark, color=colour, markersize=4.5, label=name)
    axis.set_xscale("log")
    mark_ratios(axis.xaxis)
    axis.set_ylim(len(terms) - 0.5, -0.5)
    axis.grid(visible=False, axis="y")
