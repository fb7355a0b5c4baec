"""Pictures of how well a fit holds: Schoenfeld and Cox-Snell residuals, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.nonparametric.smoothers_lowess import lowess

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few
from coalition_models.models.after.nonparametric import survival_curve
from coalition_models.models.fit import Fit
from coalition_models.models.sample.sides import event_of
from coalition_models.report.figures.style import COLOURS, GREY, Plot, new_figure, styled
from coalition_models.report.words import time_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "calibration_data",
    "cox_snell_data",
    "plot_calibration",
    "plot_cox_snell",
    "plot_schoenfeld",
    "schoenfeld_data",
]

#: fewer events are drawn without a smooth line
_FEWEST = 5
_MEMBER = ("coalition", "state", "spell")


def schoenfeld_data(fit: Fit) -> pd.DataFrame:
    """Scaled Schoenfeld residuals about the coefficient: what the effect was at each event.

    Returns
    -------
    DataFrame
        ``term, time, effect`` (log scale), ``coefficient``, ``smooth`` (lowess over the rank of
        time with half of the events; missing with fewer than five).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, coefficients={"risk": 0.8}, seed=1)
    >>> data = cm.plot.schoenfeld_data(cm.cox("event ~ risk", panel, cluster="state"))
    >>> bool(abs(data["effect"].mean() - data["coefficient"].iloc[0]) < 1e-9)
    True
    """
    check_arguments(schoenfeld_data, locals())
    found = fit.residuals("scaled_schoenfeld")
    time = found[fit.choices.stop].to_numpy(dtype=float)
    parts = []
    for term, coefficient in zip(fit.names, fit.coefficients, strict=True):
        effect = found[term].to_numpy(dtype=float)
        effect = effect - effect.mean() + coefficient
        rank = stats.rankdata(time)
        smooth = np.full(len(time), np.nan)
        if len(time) >= _FEWEST:
            smooth = lowess(effect, rank, frac=0.5, it=0, return_sorted=False)
        parts.append(
            pd.DataFrame(
                {"term": term, "time": time, "effect": effect, "coefficient": coefficient,
                 "smooth": smooth}
            ).sort_values("time", kind="stable")
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def plot_schoenfeld(fit: Fit, *, title: str = "") -> Plot:
    """Draw whether effects stay the same over time at risk, a panel per term.

    Parameters
    ----------
    fit : Fit
        Of the Cox family.
    title : str

    Returns
    -------
    Plot
        With :func:`schoenfeld_data`. A flat smooth line speaks for proportional hazards;
        ``cm.check_ph(fit)`` tests it.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=40, coefficients={"risk": 0.8}, seed=1)
    >>> cm.plot.schoenfeld(cm.cox("event ~ risk", panel)).data["term"].unique().tolist()
    ['risk']
    """
    check_arguments(plot_schoenfeld, locals())
    data = schoenfeld_data(fit)
    terms = list(dict.fromkeys(data["term"]))
    columns = min(2, len(terms))
    rows = -(-len(terms) // columns)
    with styled():
        figure, axes = new_figure(3.6 * columns + 0.6, 2.4 * rows + 0.5, rows, columns)
        for axis, term in zip(axes, terms, strict=False):
            part = data[data["term"] == term]
            axis.axhline(0, color="#333333", linewidth=0.7)
            axis.axhline(part["coefficient"].iloc[0], color=COLOURS[0], linewidth=1, linestyle="--")
            axis.plot(part["time"], part["effect"], "o", color=GREY, markersize=3.5)
            axis.plot(part["time"], part["smooth"], color=COLOURS[1], linewidth=1.8)
            axis.set_title(term)
        for axis in axes[len(terms) :]:
            axis.set_visible(False)
        figure.supylabel("effect at each event (log scale)", fontsize=9)
        figure.supxlabel(
            f"{time_label(fit.data_choices)}\nbroken: the coefficient; orange: smooth", fontsize=9
        )
        if title:
            figure.suptitle(title, fontsize=10, weight="bold")
    return Plot(figure, data)


def cox_snell_data(
    fit: Fit, data: pd.DataFrame, *, id: str | Sequence[str] | None = None
) -> pd.DataFrame:
    """Cox-Snell residuals by member, and the cumulative hazard that they have.

    Parameters
    ----------
    fit : Fit
        Of the Cox family.
    data : DataFrame
        The data that it was fitted to.
    id : str or sequence of str, optional
        Columns of a member; ``coalition, state, spell`` by default, each row by itself where they
        are not there.

    Returns
    -------
    DataFrame
        ``residual`` (expected events of a member while it was followed), ``hazard`` (minus the
        logarithm of the Kaplan-Meier estimate of the residuals), ``conf_low, conf_high``; where
        the model holds, ``hazard`` is ``residual``.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8}, seed=1)
    >>> found = cm.plot.cox_snell_data(cm.cox("event ~ risk", panel), panel)
    >>> bool(found["residual"].is_monotonic_increasing)
    True
    """
    check_arguments(cox_snell_data, {"fit": fit, "data": data, "id": id})
    used = fit.used_of(data)
    martingale = fit.residuals("martingale")["martingale"].to_numpy(dtype=float)
    event = used[event_of(fit.formula)].to_numpy(dtype=float)
    rows = pd.DataFrame({"expected": event - martingale, "event": event})
    names = [id] if isinstance(id, str) else list(id or _MEMBER)
    absent = [name for name in names if name not in used.columns]
    if absent and id is not None:
        raise DataError(f"the data have no column {first_few(absent)}")
    keys = [np.arange(len(rows))] if absent else [used[name].to_numpy() for name in names]
    members = rows.groupby(keys).sum()
    members["event"] = (members["event"] > 0).astype(int)
    # who was followed at no event has a residual of 0, and says nothing of the line
    members = members[members["expected"] > 0]
    curve = survival_curve(members, start=None, stop="expected").table
    with np.errstate(divide="ignore"):
        hazard = {
            name: -np.log(curve[column])
            for name, column in (
                ("hazard", "survival"), ("conf_low", "conf_high"), ("conf_high", "conf_low")
            )
        }  # fmt: skip
    out = pd.DataFrame({"residual": curve["time"], **hazard})
    known = np.isfinite(out["hazard"].to_numpy(dtype=float))
    return pd.DataFrame(out[known]).reset_index(drop=True)


def plot_cox_snell(
    fit: Fit, data: pd.DataFrame, *, id: str | Sequence[str] | None = None, title: str = ""
) -> Plot:
    """Draw Cox-Snell residuals against their own cumulative hazard: on the line where all is well.

    Parameters
    ----------
    fit, data, id
        As in :func:`cox_snell_data`.
    title : str

    Returns
    -------
    Plot
        With :func:`cox_snell_data`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.8}, seed=1)
    >>> len(cm.plot.cox_snell(cm.cox("event ~ risk", panel), panel).data) > 10
    True
    """
    check_arguments(plot_cox_snell, {"fit": fit, "data": data, "id": id, "title": title})
    found = cox_snell_data(fit, data, id=id)
    most = float(max(found["residual"].max(), found["hazard"].max())) * 1.05
    with styled():
        figure, (axis,) = new_figure(4.6, 4.2)
        axis.plot([0, most], [0, most], color=GREY, linewidth=1, linestyle="--")
        axis.fill_between(
            found["residual"], found["conf_low"], found["conf_high"].clip(upper=most), step="post",
            color=COLOURS[0], alpha=0.15, linewidth=0,
        )  # fmt: skip
        axis.step(found["residual"], found["hazard"], where="post", color=COLOURS[0], lw=1.8)
        axis.set_xlim(0, most)
        axis.set_ylim(0, most)
        axis.set_title(title)
        axis.set_xlabel("Cox-Snell residual (expected events)")
        axis.set_ylabel("cumulative hazard of the residuals")
    return Plot(figure, found)


def calibration_data(table: pd.DataFrame, *, level: float = 0.95) -> pd.DataFrame:
    """Groups of predicted chances with the share of events in each and its exact limits.

    Parameters
    ----------
    table : DataFrame
        ``chance`` (mean predicted), ``events`` and ``rows`` of each group.
    level : float

    Returns
    -------
    DataFrame
        ``chance, share, conf_low, conf_high, events, rows``, smallest chance first.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> table = pd.DataFrame({"chance": [0.1, 0.4], "events": [2, 9], "rows": [20, 20]})
    >>> cm.plot.calibration_data(table)["share"].tolist()
    [0.1, 0.45]
    """
    check_arguments(calibration_data, locals())
    absent = [name for name in ("chance", "events", "rows") if name not in table.columns]
    if absent or table.empty:
        raise DataError(
            f"calibration needs groups with chance, events and rows; lacks {first_few(absent)}"
            if absent
            else "the table of calibration is empty: there is nothing to draw"
        )
    out = table[["chance", "events", "rows"]].sort_values("chance", ignore_index=True)
    events, rows = out["events"].to_numpy(float), out["rows"].to_numpy(float)
    tail = (1 - level) / 2
    low = np.where(events > 0, stats.beta.ppf(tail, events, rows - events + 1), 0.0)
    high = np.where(events < rows, stats.beta.ppf(1 - tail, events + 1, rows - events), 1.0)
    return out.assign(share=events / rows, conf_low=low, conf_high=high)[
        ["chance", "share", "conf_low", "conf_high", "events", "rows"]
    ]


def plot_calibration(table: pd.DataFrame, *, level: float = 0.95, title: str = "") -> Plot:
    """Draw predicted chances against what happened: on the line where predictions are right.

    Parameters
    ----------
    table, level
        As in :func:`calibration_data`.
    title : str

    Returns
    -------
    Plot
        With :func:`calibration_data`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> table = pd.DataFrame({"chance": [0.1, 0.4], "events": [2, 9], "rows": [20, 20]})
    >>> len(cm.plot.calibration(table).data)
    2
    """
    check_arguments(plot_calibration, locals())
    data = calibration_data(table, level=level)
    with styled():
        figure, (axis,) = new_figure(4.6, 4.2)
        _draw_calibration(axis, data)
        axis.set_title(title)
        axis.set_xlabel("predicted chance (mean of the group)")
        axis.set_ylabel(f"share of events, {100 * level:g}% limits")
    return Plot(figure, data)


def _draw_calibration(axis: Axes, data: pd.DataFrame) -> None:
    most = float(max(data["conf_high"].max(), data["chance"].max())) * 1.08
    axis.plot([0, most], [0, most], color=GREY, linewidth=1, linestyle="--")
    axis.vlines(data["chance"], data["conf_low"], data["conf_high"], color=COLOURS[0], lw=1.4)
    axis.plot(data["chance"], data["share"], "o-", color=COLOURS[0], markersize=5, linewidth=0.8)
    axis.set_xlim(0, most)
    axis.set_ylim(0, most)
