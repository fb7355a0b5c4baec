"""One state's time in a coalition: leaders, elections, deaths, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.record import with_panel
from coalition_models.report.figures.style import (
    COLOURS,
    EXIT_COLOURS,
    GREY,
    Plot,
    new_figure,
    styled,
)
from coalition_models.report.words import state_names
from coalition_models.timelines.calendar import calendar_of, known_table
from coalition_models.timelines.yearly import require_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_timeline", "timeline"]

#: lanes of the upper part, from the top
_LANES = {"leader": 0, "election": 1, "presence": 2}
_NAMES = ("leaders", "elections", "contingent")
_COLUMNS = ["kind", "start", "end", "label", "size"]
#: a bar narrower than this share of the picture has no room for a name
_LEAST_SHARE = 0.07
_UNDATED = "#e3e5e8"
_SHADES = ("#dbe4ee", "#c2cfdd")


def timeline(
    panel: pd.DataFrame,
    state: str,
    *,
    coalition: str | None = None,
    margin: int = 6,
    elections: pd.DataFrame | None = None,
    leaders: pd.DataFrame | None = None,
    deaths: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List what :func:`plot_timeline` draws for one state.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`.
    state : str
        ISO3 code.
    coalition : str, optional
        Needed where the panel has the state in more than one.
    margin : int
        Months shown before the first and after the last row.
    elections : DataFrame, optional
        Your own ``cow, date, kind``.
    leaders : DataFrame, optional
        Your own ``cow, leader, start, end``.
    deaths : DataFrame, optional
        Your own ``coalition, cow, date, deaths``.

    Returns
    -------
    DataFrame
        ``kind, start, end, label, size``, sorted: ``presence`` (one per spell, from the first to
        the last day of its rows; the label is the kind of exit), ``exit`` (the event, on the day
        that ``participation`` has if it lies within the last period, else on the first day of
        that period), ``leader`` (effective leader), ``election``, ``death`` (a day, ``size``
        persons), ``death_undated`` (a year, and those of its deaths whose day is not known).

    Raises
    ------
    DataError
        If the state or coalition is not in the panel, or the coalition is not named where it
        must be.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> spain = timeline(panel, "ESP")
    >>> spain.loc[spain["kind"].isin(["election", "exit"]), ["kind", "start"]]
           kind      start
    5  election 2004-03-14
    6      exit 2004-04-27
    """
    rows = _rows_of(panel, state, coalition)
    months = calendar_of(rows).months
    first = rows["period"].min() - pd.DateOffset(months=margin)
    last = rows["period"].max() + pd.DateOffset(months=margin + months)
    parts = [
        *_spells(rows, months),
        *_elections(rows, elections, first, last),
        *_leaders(rows, leaders, first, last),
        *_deaths(rows, deaths, first, last),
    ]
    out = pd.DataFrame(parts, columns=_COLUMNS)
    return out.sort_values(["kind", "start"], kind="stable", ignore_index=True)


def _rows_of(panel: pd.DataFrame, state: str, coalition: str | None) -> pd.DataFrame:
    needed = ["coalition", "state", "cow", "spell", "period", "event", "exit_kind"]
    absent = [name for name in needed if name not in panel.columns]
    if absent:
        raise DataError(
            f"the panel lacks the columns {', '.join(absent)}; build_panel() makes them"
        )
    rows = panel[panel["state"] == state]
    if rows.empty:
        found = sorted(set(panel["state"]))
        raise DataError(f"no state {state!r} in the panel; it has {first_few(found)}")
    coalitions = sorted(set(rows["coalition"]))
    if coalition is None and len(coalitions) > 1:
        raise DataError(f"name the coalition: {state} is in {', '.join(coalitions)}")
    chosen = coalitions[0] if coalition is None else coalition
    if chosen not in coalitions:
        raise DataError(f"{state} is not in {chosen!r}, but in {', '.join(coalitions)}")
    found_rows = rows[rows["coalition"] == chosen]
    # the length of a period is read off the whole panel: one state may have a single row
    with_panel(found_rows, {"period": _period(panel)})
    return found_rows


def _period(panel: pd.DataFrame) -> str:
    return {1: "month", 3: "quarter", 12: "year"}[calendar_of(panel).months]


def _spells(rows: pd.DataFrame, months: int) -> list[tuple[object, ...]]:
    facts = known_table("participation").set_index(["coalition", "cow", "spell"])["exit"]
    parts: list[tuple[object, ...]] = []
    for spell, group in rows.sort_values("period").groupby("spell"):
        final = group.iloc[-1]
        begin, after = final["period"], final["period"] + pd.DateOffset(months=months)
        end = after - pd.Timedelta(days=1)
        parts.append(("presence", group["period"].min(), end, str(final["exit_kind"]), 1.0))
        if final["event"] == 1:
            day = facts.get((final["coalition"], final["cow"], spell))
            within = day is not None and begin <= day < after
            parts.append(("exit", day if within else begin, pd.NaT, str(final["exit_kind"]), 1.0))
    return parts


def _elections(
    rows: pd.DataFrame, data: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple[object, ...]]:
    table = known_table("elections") if data is None else data
    require_columns(table, ["cow", "date", "kind"], "table of elections", dates=["date"])
    near = table["cow"].isin(set(rows["cow"])) & table["date"].between(first, last)
    return [
        ("election", row.date, pd.NaT, str(row.kind), 1.0)
        for row in table.loc[near, ["date", "kind"]].itertuples(index=False)
    ]


def _leaders(
    rows: pd.DataFrame, data: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple[object, ...]]:
    table = known_table("leaders") if data is None else data
    require_columns(table, ["cow", "leader", "start", "end"], "table of leaders", dates=["start"])
    if data is None:
        table = table[table["office"] == "effective"]
    ended = pd.to_datetime(table["end"]).fillna(last)
    near = table["cow"].isin(set(rows["cow"])) & (table["start"] <= last) & (ended >= first)
    begin, end = (
        table["start"].where(table["start"] > first, first),
        ended.where(ended < last, last),
    )
    return [
        ("leader", since, until, str(name), 1.0)
        for since, until, name in zip(begin[near], end[near], table["leader"][near], strict=True)
    ]


def _deaths(
    rows: pd.DataFrame, data: pd.DataFrame | None, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple[object, ...]]:
    table = known_table("fatal_incidents") if data is None else data
    require_columns(
        table, ["coalition", "cow", "date", "deaths"], "table of deaths", dates=["date"]
    )
    dated = _own(table, rows)
    near = dated["date"].between(first, last)
    parts: list[tuple[object, ...]] = [
        ("death", day, pd.NaT, "", number)
        for day, number in zip(
            dated["date"][near], dated["deaths"][near].astype("float64"), strict=True
        )
    ]
    if data is not None:
        return parts
    known = dated.groupby(dated["date"].dt.year)["deaths"].sum()
    total = _own(known_table("fatalities"), rows).groupby("year")["deaths"].sum()
    rest = total.sub(known.reindex(total.index, fill_value=0)).astype("float64")
    for year, number in zip(rest.index.astype(int), rest, strict=True):
        begin = pd.Timestamp(year=year, month=1, day=1)
        end = begin + pd.DateOffset(years=1) - pd.Timedelta(days=1)
        if number > 0 and begin <= last and end >= first:
            parts.append(("death_undated", begin, end, str(year), number))
    return parts


def _own(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    mine = table["cow"].isin(set(rows["cow"])) & table["coalition"].isin(set(rows["coalition"]))
    return table[mine]


def plot_timeline(
    panel: pd.DataFrame,
    state: str,
    *,
    coalition: str | None = None,
    title: str = "",
    margin: int = 6,
    elections: pd.DataFrame | None = None,
    leaders: pd.DataFrame | None = None,
    deaths: pd.DataFrame | None = None,
) -> Plot:
    """Draw one state's time in a coalition with leaders, elections, deaths and exit.

    Parameters
    ----------
    panel, state, coalition, margin, elections, leaders, deaths
        As in :func:`timeline`.
    title : str

    Returns
    -------
    Plot
        With what :func:`timeline` lists as ``data``. Deaths whose day is not known are drawn as a
        pale bar over their year.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> cm.plot.timeline(panel, "ESP").data["kind"].value_counts()["death"]
    np.int64(4)
    """
    check_arguments(plot_timeline, locals())
    data = timeline(
        panel,
        state,
        coalition=coalition,
        margin=margin,
        elections=elections,
        leaders=leaders,
        deaths=deaths,
    )
    present = data[data["kind"] == "presence"]
    low = present["start"].min() - pd.DateOffset(months=margin)
    high = present["end"].max() + pd.DateOffset(months=margin)
    with styled():
        figure, (lanes, toll) = new_figure(7.5, 3.4, rows=2, height_ratios=[3, 2])
        for axis in (lanes, toll):
            axis.set_xlim(_day(low), _day(high))
            axis.xaxis_date()
            for date in data.loc[data["kind"] == "exit", "start"]:
                axis.axvline(_day(date), color=EXIT_COLOURS["early"], linewidth=1.0, linestyle="--")
        _draw_lanes(lanes, data, _day(high) - _day(low))
        _draw_deaths(toll, data)
        lanes.set_title(title or _title(panel, state, coalition))
        _legend(lanes, data)
    return Plot(figure, data)


def _title(panel: pd.DataFrame, state: str, coalition: str | None) -> str:
    rows = panel[panel["state"] == state]
    name = state_names(rows.head(1)).iloc[0]
    return f"{name} in {coalition or rows['coalition'].iloc[0]}"


def _legend(axis: Axes, data: pd.DataFrame) -> None:
    """Say what the dashed line and the pale bars are, where there are any."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = set(data["kind"])
    shown: list[Line2D | Patch] = []
    if "exit" in found:
        shown.append(
            Line2D([], [], color=EXIT_COLOURS["early"], linestyle="--", linewidth=1.0, label="exit")
        )
    if "death_undated" in found:
        shown.append(Patch(color=_UNDATED, label="deaths of a year, day not known"))
    if shown:
        axis.figure.legend(handles=shown, loc="outside lower center", ncols=2, fontsize=8)


def _day(date: pd.Timestamp) -> float:
    """Matplotlib's number of a day: days since 1970."""
    return float((date - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1))


def _marks(data: pd.DataFrame, kind: str) -> list[tuple[float, float, str, float]]:
    """First and last day, label and size of everything of one kind."""
    part = data[data["kind"] == kind]
    days = [[_day(date) for date in part[name]] for name in ("start", "end")]
    sizes = part["size"].astype("float64")
    return list(zip(*days, part["label"].astype(str), sizes, strict=True))


def _draw_lanes(axis: Axes, data: pd.DataFrame, width: float) -> None:
    for place, (begin, end, name, _) in enumerate(_marks(data, "leader")):
        axis.barh(0, end - begin, left=begin, height=0.7, color=_SHADES[place % 2])
        if end - begin >= _LEAST_SHARE * width:
            middle = (begin + end) / 2
            axis.text(middle, 0, name, ha="center", va="center", fontsize=7.5, clip_on=True)
    votes = [mark[0] for mark in _marks(data, "election")]
    axis.plot(votes, [_LANES["election"]] * len(votes), "D", color=COLOURS[0], markersize=6)
    for begin, end, kind, _ in _marks(data, "presence"):
        colour = EXIT_COLOURS.get(kind, GREY)
        axis.hlines(_LANES["presence"], begin, end, colors=colour, linewidth=6)
    for day, _, _, _ in _marks(data, "exit"):
        axis.plot(day, _LANES["presence"], "X", color="#222222", markersize=7)
    for kind in ("leader", "election"):
        if not _marks(data, kind):
            _say_none(axis, _LANES[kind])
    axis.set_yticks(range(len(_NAMES)), list(_NAMES))
    axis.set_ylim(len(_NAMES) - 0.4, -0.6)
    axis.grid(visible=False, axis="y")
    axis.tick_params(axis="x", labelbottom=False)


def _say_none(axis: Axes, height: float) -> None:
    axis.text(
        0.5, height, "none known", transform=axis.get_yaxis_transform(), ha="center", va="center",
        fontsize=7.5, color="#777777",
    )  # fmt: skip


def _draw_deaths(axis: Axes, data: pd.DataFrame) -> None:
    from matplotlib.ticker import MaxNLocator

    undated, dated = _marks(data, "death_undated"), _marks(data, "death")
    for begin, end, _, size in undated:
        axis.bar(begin, size, width=end - begin, align="edge", color=_UNDATED)
    for day, _, _, size in dated:
        axis.vlines(day, 0, size, colors="#222222", linewidth=1.6)
        axis.plot(day, size, "o", color="#222222", markersize=3.5)
    top = max((mark[3] for mark in [*undated, *dated]), default=0.0)
    axis.set_ylim(0, 1.15 * top if top > 0 else 1)
    if not (undated or dated):
        _say_none(axis, 0.5)
    axis.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
    axis.set_ylabel("own deaths")
