"""Pictures of operational profiles: strength over time, with what happened around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import as_days, check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.report.figures.style import COLOURS, GREY, Plot, new_figure, styled
from coalition_models.report.words import state_names
from coalition_models.sources.load import load

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plot_profile", "profile_marks"]

_KEY = ["coalition", "state"]
_MOST = 8
#: mark -> (symbol, colour, label)
_MARKS = {
    "drawdown": ("v", COLOURS[1], "cut"),
    "full_withdrawal": ("X", COLOURS[1], "left"),
    "main_contingent_withdrawal": ("X", COLOURS[1], "left"),
    "re_role": ("D", COLOURS[3], "other task"),
    "relocation": ("s", COLOURS[3], "other place"),
    "caveat_tightened": ("P", COLOURS[3], "tighter rules"),
    "extension": (">", COLOURS[2], "extension"),
    "reinforcement": ("^", COLOURS[2], "reinforcement"),
    "election": ("", "#333333", "election"),
    "new leader": ("*", COLOURS[5], "new leader"),
}


def profile_marks(
    profile: pd.DataFrame,
    *,
    changes: pd.DataFrame | None = None,
    elections: pd.DataFrame | None = None,
    leaders: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """List what :func:`plot_profile` draws: levels, changes, elections, new leaders.

    Parameters
    ----------
    profile : DataFrame
        Made by :func:`operational_profile`.
    changes, elections, leaders : DataFrame, optional
        Shaped as the bundled tables of that name (``profile_changes``), which are the default.
        An empty frame leaves that kind out.

    Returns
    -------
    DataFrame
        ``coalition, state, date, what, troops, note``: one row per period (``what`` is
        ``troops``) and one per event while the member was there.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.profile import operational_profile
    >>> spain = cm.load("participation").query("coalition == 'iraq' and state == 'ESP'")
    >>> marks = profile_marks(operational_profile(spain))
    >>> marks.loc[marks["what"] == "election", "date"].tolist()
    [Timestamp('2004-03-14 00:00:00')]
    """
    needed = [*_KEY, "cow", "period", "present", "ended", "troops", "gap"]
    absent = [name for name in needed if name not in profile.columns]
    if absent or profile.empty:
        raise DataError(
            f"the profile lacks the columns {first_few(absent)}; operational_profile() makes them"
            if absent
            else "no profile to draw: the table is empty"
        )
    levels = profile[[*_KEY, "period", "troops", "basis"]].rename(
        columns={"period": "date", "basis": "note"}
    )
    first = profile.groupby(_KEY)["period"].min().rename("begin")
    last = profile.groupby(_KEY)["period"].max().rename("finish") + pd.offsets.MonthEnd(0)
    bounds = pd.concat([first, last], axis=1).reset_index()
    bounds = bounds.merge(profile[[*_KEY, "cow"]].drop_duplicates(_KEY), on=_KEY)
    table = load("profile_changes") if changes is None else changes
    votes = load("elections") if elections is None else elections
    terms = load("leaders") if leaders is None else leaders
    table, votes = _dated(table, "date"), _dated(votes, "date")
    terms = _dated(terms, "start")
    if len(terms) and "office" in terms.columns:
        terms = terms[terms["office"] == "effective"]
    parts = [levels.assign(what="troops")]
    if len(table):
        found = bounds.merge(table[[*_KEY, "date", "change", "reason"]], on=_KEY)
        parts.append(found.rename(columns={"change": "what", "reason": "note"}))
    if len(votes):
        found = bounds.merge(votes[["cow", "date", "kind"]], on="cow")
        parts.append(found.rename(columns={"kind": "note"}).assign(what="election"))
    if len(terms):
        found = bounds.merge(terms[["cow", "start", "leader"]], on="cow")
        found = found.rename(columns={"start": "date", "leader": "note"})
        parts.append(found.assign(what="new leader"))
    during = [
        part[(part["date"] >= part["begin"]) & (part["date"] <= part["finish"])][_COLUMNS]
        for part in parts[1:]
    ]
    rows = [parts[0], *[part for part in during if len(part)]]
    out = pd.concat(rows, ignore_index=True).drop_duplicates()
    return out[[*_KEY, "date", "what", "troops", "note"]].sort_values(
        [*_KEY, "date", "what"], kind="stable", ignore_index=True
    )


def _dated(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """The table with a column of days, which a file of one's own may hold as text."""
    if table.empty or column not in table.columns:
        return table
    return table.assign(**{column: as_days(table[column], column)})


_COLUMNS = [*_KEY, "date", "what", "note"]


def plot_profile(
    profile: pd.DataFrame,
    *,
    changes: pd.DataFrame | None = None,
    elections: pd.DataFrame | None = None,
    leaders: pd.DataFrame | None = None,
    title: str = "",
) -> Plot:
    """Draw strength over time, one picture per member, with cuts, extensions, elections, leaders.

    A pale area stands on an old observation (the profile's ``gap``); hatching marks periods in
    which the member was there and its strength is not known.

    Parameters
    ----------
    profile : DataFrame
        Made by :func:`operational_profile`, of at most eight members.
    changes, elections, leaders : DataFrame, optional
        As for :func:`profile_marks`.
    title : str

    Returns
    -------
    Plot
        With the rows of :func:`profile_marks` as ``data``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> from coalition_models.defection.profile import operational_profile
    >>> korea = cm.load("participation").query("coalition == 'iraq' and state == 'KOR'")
    >>> plot = cm.plot.profile(operational_profile(korea))
    >>> int((plot.data["what"] == "drawdown").sum())
    3
    """
    check_arguments(plot_profile, locals())
    data = profile_marks(profile, changes=changes, elections=elections, leaders=leaders)
    members = list(profile[_KEY].drop_duplicates().itertuples(index=False, name=None))
    if len(members) > _MOST:
        raise DataError(
            f"{len(members)} members are too many for one picture, at most {_MOST}: select some, "
            "as in profile.query(\"state == 'ITA'\")"
        )
    names = dict(zip(profile["state"], state_names(profile), strict=True))
    days = data["date"]
    span = (days.min() - pd.Timedelta(days=45), days.max() + pd.Timedelta(days=75))
    with styled():
        figure, axes = new_figure(7.5, 0.9 + 1.75 * len(members), rows=len(members))
        for axis, (coalition, state) in zip(axes, members, strict=True):
            one = (profile["coalition"] == coalition) & (profile["state"] == state)
            mine = (data["coalition"] == coalition) & (data["state"] == state)
            _draw_levels(axis, profile[one])
            _draw_marks(axis, data[mine & (data["what"] != "troops")])
            axis.set_ylabel("persons")
            axis.set_title(f"{title or coalition}: {names.get(state, state)}")
            axis.set_xlim(*span)
        _legend(axes[-1], data, profile)
    return Plot(figure, data)


def _draw_levels(axis: Axes, rows: pd.DataFrame) -> None:
    dates = rows["period"].to_numpy()
    step = dates[-1] - dates[-2] if len(dates) > 1 else np.timedelta64(30, "D")
    edges = np.append(dates, dates[-1] + step)
    troops = rows["troops"].to_numpy(dtype=float)
    known = np.isfinite(troops)
    top = float(troops[known].max()) if known.any() else 1.0
    old = rows["gap"].to_numpy(dtype=bool)
    for first, last in _runs(known & ~old):
        _area(axis, edges[first : last + 1], troops[first:last], alpha=0.55)
    for first, last in _runs(known & old):
        _area(axis, edges[first : last + 1], troops[first:last], alpha=0.2)
    for first, last in _runs(known):
        level = troops[first:last]
        axis.step(
            edges[first : last + 1],
            np.append(level, level[-1]),
            where="post",
            color=COLOURS[0],
            linewidth=1,
        )
    for first, last in _runs(rows["present"].to_numpy(dtype=bool) & ~known):
        axis.fill_between(
            edges[[first, last]], 0, 0.12 * top, facecolor="none", edgecolor=GREY, hatch="////",
            linewidth=0,
        )  # fmt: skip
    axis.set_ylim(0, max(top, 1.0) * 1.35)


def _area(
    axis: Axes,
    edges: npt.NDArray[np.datetime64],
    level: npt.NDArray[np.float64],
    *,
    alpha: float,
) -> None:
    height = np.append(level, level[-1])
    axis.fill_between(edges, 0, height, step="post", color=COLOURS[0], alpha=alpha, linewidth=0)


def _runs(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First position and the one after the last of each unbroken run."""
    change = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in change.reshape(-1, 2)]


def _draw_marks(axis: Axes, marks: pd.DataFrame) -> None:
    top = axis.get_ylim()[1]
    for what, group in marks.groupby("what", sort=True):
        if what not in _MARKS:
            continue
        symbol, colour, _ = _MARKS[str(what)]
        dates = group["date"].to_numpy()
        if what in ("election", "new leader"):
            for date in dates:
                axis.axvline(date, color=colour, linewidth=0.8, linestyle="--", zorder=1)
        if what == "election":
            continue
        height = np.full(len(group), top * (0.95 if what == "new leader" else 0.86))
        axis.plot(dates, height, symbol, color=colour, markersize=5.5, linestyle="none")


def _legend(axis: Axes, data: pd.DataFrame, profile: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    found = set(data["what"])
    shown: dict[str, Line2D | Patch] = {"strength": Patch(color=COLOURS[0], alpha=0.55)}
    if (profile["gap"] & profile["troops"].gt(0)).any():
        shown["as last observed"] = Patch(color=COLOURS[0], alpha=0.2)
    if (profile["present"] & profile["troops"].isna()).any():
        shown["not known"] = Patch(facecolor="none", edgecolor=GREY, hatch="////", linewidth=0)
    for what, (symbol, colour, label) in _MARKS.items():
        if what not in found:
            continue
        drawn = Line2D([], [], marker=symbol or "None", color=colour, linewidth=0.8, markersize=5.5)
        drawn.set_linestyle("--" if what in ("election", "new leader") else "none")
        shown.setdefault(label, drawn)
    axis.figure.legend(
        handles=list(shown.values()),
        labels=list(shown),
        loc="outside lower center",
        ncols=min(6, len(shown)),
        fontsize=8,
    )
