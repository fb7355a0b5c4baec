"""Incidence rates of any panel: events by the time that members were at risk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.arguments import check_arguments, check_draws
from coalition_models.errors import DataError, first_few
from coalition_models.kernels.rates import drawn_limits, exact_limits, ratio_limits
from coalition_models.members.periods import PERIODS, Period, panel_period
from coalition_models.models.after.observed import members_of, numbered
from coalition_models.models.sample.checks import (
    check_event,
    check_history,
    check_times,
    names_of,
    raise_all,
)
from coalition_models.models.sample.columns import (
    refuse_repeated_columns,
    require_columns,
    require_times,
)
from coalition_models.record import record_of, with_notes
from coalition_models.tables.plain import in_native_order

__all__ = ["incidence_rates", "rate_columns", "years_in_a_period"]

Floats = npt.NDArray[np.float64]


def incidence_rates(
    panel: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    *,
    event: str = "event",
    start: str = "start",
    stop: str = "stop",
    per: float = 100.0,
    unit: str | None = None,
    reference: str | None = None,
    cluster: str | None = None,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> pd.DataFrame:
    """Count events by time at risk, as a rate with exact limits.

    Parameters
    ----------
    panel : DataFrame
        Rows at risk on ``(start, stop]``; one or many per member.
    by : str or sequence of str, optional
        One rate per value, or combination of values.
    event, start, stop : str
        Columns.
    per : float
        Time to which a rate refers: events in 100 member-years by default.
    unit : {"year", "period"}, optional
        Whether time is counted in years, which needs a panel that says, or shows, how long its
        periods are; or in its own periods. By default years where that is known.
    reference : str, optional
        A group (its label, as in the column ``group``) to which the others are compared.
    cluster : str, optional
        Column by whose values events may hang together, such as ``"state"``: adds limits from
        drawing whole clusters with replacement.
    draws, seed : int
        Of these draws.
    level : float
        Of all limits.

    Returns
    -------
    DataFrame
        ``group`` (``all`` without ``by``) and the columns of ``by``; ``members`` (spells, where
        the panel tells them apart), ``events, time, unit, rate, conf_low, conf_high`` (exact for a
        Poisson count); with ``cluster`` ``clusters`` (that have an event), ``drawn_low,
        drawn_high`` (missing with fewer than two such clusters); with ``reference`` ``ratio,
        ratio_low, ratio_high, p_value`` (exact given the sum of events, as R's ``poisson.test``).

    Raises
    ------
    DataError
        Wrong event coding, reversed or overlapping rows, missing groups, an unknown reference,
        years asked for where the length of a period is not known.

    Notes
    -----
    Exact limits take events for independent: where one exit brings others they are too narrow, and
    limits over clusters help only as far as events hang together within a cluster. Percentiles over
    few clusters are too narrow as well.

    Examples
    --------
    >>> import coalition_models as cm
    >>> rates = cm.incidence_rates(cm.build_panel(cm.facts("iraq", "isaf")), by="coalition")
    >>> rates[["coalition", "events", "rate", "conf_low", "conf_high"]].round(1)
      coalition  events  rate  conf_low  conf_high
    0      iraq      21  15.3       9.5       23.5
    1      isaf       6   1.2       0.4        2.6
    """
    check_arguments(incidence_rates, locals())
    names = names_of(by, "by")
    _refuse_numbers(per, level)
    check_draws(draws, least=100)
    refuse_repeated_columns(panel)
    panel = in_native_order(panel)
    require_columns(panel, [event, *names, *([cluster] if cluster else [])], "incidence_rates")
    happened, time = _read(panel, event, start, stop)
    chosen, years = _unit(panel, unit)
    code, labels = numbered(panel, names)
    groups = [(label, np.flatnonzero(code == at)) for at, label in enumerate(labels)]
    table = pd.DataFrame({"group": [label or "all" for label, _ in groups]})
    for name in names:
        table[name] = [panel[name].iloc[rows[0]] for _, rows in groups]
    who = members_of(panel)
    if who is not None:
        table["members"] = [len(np.unique(who.codes[rows])) for _, rows in groups]
    held = panel[cluster].to_numpy(dtype=object) if cluster else None
    if held is not None and pd.isna(held).any():
        raise DataError(f"column {cluster!r} has gaps: fill them or leave these rows out")
    columns = rate_columns(
        code, happened, time * years, held, per=per, level=level, draws=draws, seed=seed
    )
    columns.insert(2, "unit", chosen)
    table = pd.concat([table, columns], axis=1)
    if reference is not None:
        table = _compared(table, reference, level)
    return with_notes(table, rates={"per": per, "unit": chosen, "level": level, "seed": seed})


def _refuse_numbers(per: float, level: float) -> None:
    problems = []
    if not 0 < per < np.inf:
        problems.append(f"per must be a number above 0, not {per!r}")
    if not 0 < level < 1:
        problems.append(f"level must lie between 0 and 1, not {level!r}")
    raise_all(problems)


def _read(panel: pd.DataFrame, event: str, start: str, stop: str) -> tuple[Floats, Floats]:
    """Events and time at risk of each row."""
    require_times(panel, start, stop, "incidence_rates")
    if panel.empty:
        raise DataError("the data have no rows")
    happened, problems, _ = check_event(panel, event)
    first, last, wrong = check_times(panel, start, stop)
    who = members_of(panel)
    if who is not None and not problems and not wrong:
        wrong = check_history(panel, who, first, last)
    raise_all([*problems, *wrong])
    return happened, last - first


def _unit(panel: pd.DataFrame, unit: str | None) -> tuple[str, float]:
    if unit not in (None, "year", "period"):
        raise DataError(f"unit must be 'year' or 'period', not {unit!r}")
    if unit == "period":
        return unit, 1.0
    years = years_in_a_period(panel)
    if years is None and unit == "year":
        raise DataError(
            "the panel does not say how long its periods are, so that time cannot be counted in "
            "years: take unit='period', or a panel made by build_panel()"
        )
    return ("period", 1.0) if years is None else ("year", years)


def years_in_a_period(panel: pd.DataFrame) -> float | None:
    """Years in one period of a panel, by its record or its rows; None where neither tells.

    Examples
    --------
    >>> import coalition_models as cm
    >>> round(12 * years_in_a_period(cm.build_panel(cm.facts("iraq"))))
    1
    """
    named = record_of(panel).panel.get("period")
    known = cast("Period | None", named if named in PERIODS else None)
    if "period" in panel.columns and pd.api.types.is_datetime64_any_dtype(panel["period"]):
        keys = [c for c in ("coalition", "state", "spell") if c in panel.columns]
        if keys:
            known = panel_period(panel, known) or known
    return None if known is None else 1 / PERIODS[known]


def rate_columns(
    code: npt.NDArray[np.int64],
    events: Floats,
    time: Floats,
    cluster: npt.NDArray[np.object_] | None,
    *,
    per: float = 100.0,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Rates of groups numbered from 0: ``events, time, rate`` and their limits.

    Examples
    --------
    >>> rate_columns(np.array([0, 0]), np.array([1.0, 0.0]), np.array([2.0, 3.0]), None)["rate"][0]
    np.float64(20.0)
    """
    count = int(code.max()) + 1
    total = np.bincount(code, events, count)
    length = np.bincount(code, time, count)
    low, high = exact_limits(total, level)
    out = pd.DataFrame(
        {
            "events": total.astype(np.int64),
            "time": length,
            "rate": per * total / length,
            "conf_low": per * low / length,
            "conf_high": per * high / length,
        }
    )
    if cluster is None:
        return out
    # by value, so that the order of rows draws nothing else
    labels = pd.Series(cluster).astype(str).to_numpy(dtype=object)
    which, names = pd.factorize(labels, sort=True)
    cell = which * count + code
    shape = (len(names), count)
    brought = np.bincount(cell, events, len(names) * count).reshape(shape).astype(float)
    spent = np.bincount(cell, time, len(names) * count).reshape(shape).astype(float)
    rng = np.random.default_rng(seed)
    drawn_low, drawn_high = drawn_limits(brought, spent, draws, level, rng)
    return out.assign(
        clusters=(brought > 0).sum(axis=0), drawn_low=per * drawn_low, drawn_high=per * drawn_high
    )


def _compared(table: pd.DataFrame, reference: str, level: float) -> pd.DataFrame:
    """Ratios of the groups to one of them."""
    if reference not in set(table["group"]):
        raise DataError(f"reference must be one of {first_few(table['group'])}, not {reference!r}")
    base = table[table["group"] == reference].iloc[0]
    rows = []
    for row in table.to_dict("records"):
        if row["group"] == reference:
            rows.append((1.0, np.nan, np.nan, np.nan))
            continue
        events = int(row["events"]), int(base["events"])
        found = ratio_limits(events, (row["time"], base["time"]), level)
        share = row["time"] / (row["time"] + base["time"])
        p = stats.binomtest(events[0], sum(events), share).pvalue if sum(events) else np.nan
        rows.append((*found, float(p)))
    ratios = pd.DataFrame(rows, columns=["ratio", "ratio_low", "ratio_high", "p_value"])
    return pd.concat([table, ratios], axis=1)
