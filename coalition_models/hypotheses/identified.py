"""Terms of which a panel can say nothing: common to all members, or steps of the calendar."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.features.registry import registered
from coalition_models.tables.contract import is_day

__all__ = ["COMMON", "STEPPED", "calendar_step", "common_to_all", "entered_by_year", "not_measured"]

#: least share of a term's variance that must lie between members of one time
COMMON = 0.05
#: a term of which this share of all movement falls on one January is a step of the calendar
STEPPED = 0.5


def not_measured(
    panel: pd.DataFrame, term: str, columns: Sequence[str], strata: Sequence[str] = ()
) -> str:
    """Why no verdict can be given on a term, whatever its estimate; empty if one can.

    Parameters
    ----------
    panel : DataFrame
        With ``term``; rows without ``coalition`` and ``period`` are taken as they are.
    term : str
    columns : sequence of str
        The columns that the term is derived from, as builders make them.
    strata : sequence of str
        Columns by which the model is stratified.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq")).pipe(cm.add_contagion)
    >>> print(not_measured(panel, "recent_exits_6m", ["recent_exits_6m"]).split(":")[0])
    not identified on one coalition
    """
    rows = panel[panel[term].notna()] if term in panel.columns else panel.iloc[:0]
    if rows.empty or not {"coalition", "period"} <= set(rows.columns):
        return ""
    several = len(set(rows["coalition"])) > 1
    if (not several or "coalition" in strata) and (share := common_to_all(rows, term)) < COMMON:
        where = "within coalitions" if several else "on one coalition"
        return (
            f"not identified {where}: {1 - share:.0%} of the variance of {term} is common to all "
            "members at one time, so that only differences of entry would speak; take a set of "
            "several coalitions that is not stratified by them"
        )
    if entered_by_year(columns) and (share := calendar_step(rows, term)) > STEPPED:
        return (
            f"no measure: {share:.0%} of all movement of {term} falls on 1 January, since deaths "
            "known by the year enter then; give deaths by day or month"
        )
    return ""


def common_to_all(panel: pd.DataFrame, term: str) -> float:
    """Share of a term's variance, within coalitions, that lies between members of one period.

    Examples
    --------
    >>> day = pd.to_datetime(["2003-01-01", "2003-01-01", "2003-02-01", "2003-02-01"])
    >>> rows = pd.DataFrame({"coalition": "x", "period": day, "trend": [1, 1, 5, 5.0]})
    >>> common_to_all(rows, "trend")
    0.0
    """
    values = panel[term].astype(float)
    whole = values - values.groupby(panel["coalition"]).transform("mean")
    within = values - values.groupby([panel["coalition"], panel["period"]]).transform("mean")
    total = float((whole**2).sum())
    return float((within**2).sum()) / total if total > 0 else 1.0


def calendar_step(panel: pd.DataFrame, term: str) -> float:
    """Share of a term's movement, from one month to the next, that falls on January.

    0 where rows are no months.

    Examples
    --------
    >>> day = pd.to_datetime(["2003-11-01", "2003-12-01", "2004-01-01", "2004-02-01"])
    >>> rows = pd.DataFrame({"coalition": "x", "state": "A", "spell": 1, "period": day})
    >>> calendar_step(rows.assign(toll=[0, 1, 10, 10]), "toll")
    0.9
    """
    key = ["coalition", "state", "spell"]
    if not {*key, "period"} <= set(panel.columns) or not is_day(panel["period"].dtype):
        return 0.0
    rows = panel.sort_values([*key, "period"], kind="stable")
    month = rows["period"].dt.year * 12 + rows["period"].dt.month
    by = [rows[name] for name in key]
    moved = rows[term].astype(float).groupby(by).diff().abs()
    moved = moved.where(month.groupby(by).diff() == 1)
    total = float(moved.sum())
    january = rows["period"].dt.month == 1
    return float(moved[january].sum()) / total if total > 0 else 0.0


def entered_by_year(columns: Sequence[str]) -> bool:
    """Whether a column comes from a builder that enters deaths without a month in January.

    Examples
    --------
    >>> entered_by_year(["coalition_trend"]), entered_by_year(["election_near"])
    (True, False)
    """
    late = [one for one in registered().values() if "undated" in one.options]
    return any(one.makes(column) for one in late for column in columns)
