"""Missions of which only totals are known: how many contribute, and how many troops there are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.designs.hollow_rule import (
    HollowRule,
    collapsed_months,
    first_month,
    hollow_months,
    rule_grid,
)
from coalition_models.errors import DataError
from coalition_models.timelines.calendar import month_number

__all__ = ["mission_hollowing"]

_NEEDED = ("mission", "date", "n_contributors", "troops")
#: months on either side of a change of name in which a collapse may be that change
_NEAR = 3


def mission_hollowing(
    totals: pd.DataFrame,
    rule: HollowRule | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    battalion: int = 600,
) -> pd.DataFrame:
    """Tell which missions were hollow or collapsed from their totals by month.

    Without strengths by state there is no lead to leave out, and no effective number of members:
    strength is that of all. Contributors of police and observers only count as flags. The wind-up
    is counted from a mission's last month, where the source goes on after it.

    Parameters
    ----------
    totals : DataFrame
        ``mission, date, n_contributors, troops``, a row per mission and month, such as
        ``cm.load("un-mission-totals")``.
    rule : HollowRule, optional
    renamed : mapping, optional
        Mission -> name under which it went on.
    battalion : int
        Missions that never had so many troops are of observers and police, and are not judged. The
        number was set after a first look, in which missions of a few dozen came out.

    Returns
    -------
    DataFrame
        One row per mission: ``mission, first, last, months`` (with totals), ``ended`` (whether it
        ends before the source does), ``peak_flags, peak_troops, judged, hollow, collapsed`` (first
        month, or None), ``hollow_never, collapsed_never`` (in how many of the ``rules`` tried), and
        ``renaming`` (whether the collapse is within three months of a change of name).

    Raises
    ------
    DataError
        Columns that are absent, or a mission twice in one month.

    Examples
    --------
    >>> months = pd.date_range("2000-01-01", periods=40, freq="MS")
    >>> table = pd.DataFrame({"mission": "X", "date": months, "n_contributors": 10,
    ...                       "troops": [900] * 20 + [300] * 20})
    >>> found = mission_hollowing(table)
    >>> f"{found['hollow'].iloc[0]:%Y-%m}", found["collapsed"].iloc[0] is None
    ('2001-09', True)
    """
    check_arguments(mission_hollowing, {"totals": totals, "rule": rule, "renamed": renamed})
    absent = [name for name in _NEEDED if name not in totals.columns]
    if absent:
        raise DataError(f"the table of totals lacks {', '.join(absent)}")
    chosen = HollowRule() if rule is None else rule
    names = dict(renamed or {})
    rows = totals.dropna(subset=["mission", "date"])
    rows = rows.assign(
        named=rows["mission"].replace(names),
        month=pd.to_datetime(rows["date"]).dt.to_period("M").dt.to_timestamp(),
    )
    twice = rows.duplicated(["mission", "month"])
    if twice.any():
        line = rows.loc[twice].iloc[0]
        raise DataError(f"mission {line['mission']} is there twice in {line['month']:%Y-%m}")
    end = rows["month"].max()
    found = [
        _mission(str(name), part, chosen, end, battalion) for name, part in rows.groupby("named")
    ]
    table = pd.DataFrame(found).sort_values("first", ignore_index=True)
    for name in ("hollow", "collapsed"):
        table[name] = table[name].astype(object).where(table[name].notna(), None)
    return table


def _mission(
    name: str, part: pd.DataFrame, rule: HollowRule, end: pd.Timestamp, battalion: int
) -> dict[str, object]:
    # where the old name and the new one have a total in one month, the larger stands
    sums = part.groupby("month")[["n_contributors", "troops"]].max().astype(float)
    months = pd.date_range(sums.index.min(), sums.index.max(), freq="MS")
    held = sums.reindex(months)
    flags, strength = held["n_contributors"].to_numpy(), held["troops"].to_numpy()
    known = (~np.isnan(strength)).astype(float)
    ended = bool(months[-1] < end)
    number = month_number(pd.Series(months))
    judged = bool(known.any() and np.nanmax(strength) >= battalion)
    verdicts = []
    for _, one in [("as given", rule), *rule_grid(rule)]:
        limit = number.max() - one.wind_up if ended else number.max()
        free = np.asarray(number <= limit) & judged
        hollow = hollow_months(strength, flags, known, free, one)
        gone = collapsed_months(flags, free, one)
        verdicts.append((first_month(list(months), hollow), first_month(list(months), gone)))
    main, others = verdicts[0], verdicts[1:]
    change = part.loc[part["mission"] != part["named"], "month"].max()
    near = main[1] is not None and pd.notna(change) and _apart(main[1], change) <= _NEAR
    return {
        "mission": name,
        "first": months[0],
        "last": months[-1],
        "months": int(known.sum()),
        "ended": ended,
        "peak_flags": float(np.nanmax(flags)),
        "peak_troops": float(np.nanmax(strength)) if known.any() else np.nan,
        "judged": judged,
        "hollow": main[0],
        "collapsed": main[1],
        "hollow_never": sum(one is None for one, _ in others),
        "collapsed_never": sum(one is None for _, one in others),
        "rules": len(others),
        "renaming": bool(near),
    }


def _apart(one: object, other: pd.Timestamp) -> int:
    first = pd.Timestamp(str(one))
    return abs((first.year - other.year) * 12 + first.month - other.month)
