"""How tests are counted: each once, q over the distinct ones, and what two sets have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from statsmodels.stats.multitest import multipletests

from coalition_models.hypotheses.cells import ORDER
from coalition_models.hypotheses.rule import DECIDED, strength

__all__ = ["Reach", "counted_once", "reach_of", "share_events"]

#: an exit in a set of years may be dated to the year before or after
_YEARS_APART = 1


@dataclass(frozen=True)
class Reach:
    """Who is in a data set, and who had an event when.

    ``events`` holds (state, year); None where the rows do not tell, as without a period.
    """

    states: frozenset[str]
    events: frozenset[tuple[str, int]] | None


def reach_of(panel: pd.DataFrame) -> Reach:
    """States of a panel and their events by year.

    Examples
    --------
    >>> reach_of(pd.DataFrame({"cow": [230, 290], "event": [1, 0],
    ...                        "period": pd.to_datetime(["2004-04-01", "2004-04-01"])})).events
    frozenset({('230', 2004)})
    """
    name = next((one for one in ("cow", "state") if one in panel.columns), None)
    if name is None:
        return Reach(frozenset(), None)
    who = panel[name].astype(str)
    if "period" not in panel.columns:
        return Reach(frozenset(who), None)
    happened = panel["event"] == 1
    years = panel.loc[happened, "period"].dt.year
    return Reach(frozenset(who), frozenset(zip(who[happened], years.astype(int), strict=True)))


def share_events(one: Reach, other: Reach) -> bool:
    """Whether one event may be in both: of one state, within a year; True where it is not known.

    Examples
    --------
    >>> iraq = Reach(frozenset({"ESP"}), frozenset({("ESP", 2004)}))
    >>> share_events(iraq, Reach(frozenset({"ESP"}), frozenset({("ESP", 2005)})))
    True
    >>> share_events(iraq, Reach(frozenset({"ESP"}), frozenset({("ESP", 2009)})))
    False
    """
    if one.events is None or other.events is None:
        return True
    near = {
        (state, year + move)
        for state, year in one.events
        for move in range(-_YEARS_APART, _YEARS_APART + 1)
    }
    return not near.isdisjoint(other.events)


def counted_once(
    table: pd.DataFrame, q: float, reach: Mapping[str, Reach]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Add q, what is the same test as another, what counts, and how strong a verdict is.

    Returns
    -------
    tuple
        The table in its order of columns, and the number of distinct tests by data set.
    """
    tested = table["verdict"] != "untestable"
    values = pd.Series(float("nan"), index=table.index)
    same = pd.Series("", index=table.index)
    family = {}
    for data_set, part in table[tested].groupby("data_set", sort=False):
        key = part.groupby(["formula", "term", "estimate"], sort=False).ngroup()
        first = part.groupby(key)["claim"].transform("first")
        same[part.index] = first.where(first != part["claim"], "")
        p_value = part.groupby(key, sort=True)["p_value"].first()
        adjusted = pd.Series(multipletests(p_value, method="fdr_bh")[1], index=p_value.index)
        values[part.index] = key.map(adjusted).to_numpy(dtype=float)
        family[str(data_set)] = len(p_value)
    decided = table["verdict"].isin(DECIDED)
    out = table.assign(
        q_value=values,
        discovery=decided & (values < q),
        same_as=same,
        counted=(same == "") & (table["own_cases"] == ""),
    )
    kinds = [
        strength(str(row["verdict"]), discovery=bool(row["discovery"]),
                 elsewhere=_elsewhere(row, out, reach))
        for row in out.to_dict("records")
    ]  # fmt: skip
    return out.assign(strength=kinds)[list(ORDER)].reset_index(drop=True), family


def _elsewhere(
    row: Mapping[object, object], table: pd.DataFrame, reach: Mapping[str, Reach]
) -> bool:
    """Whether a set that shares no events gives the claim the same verdict."""
    alike = table[
        (table["claim"] == row["claim"])
        & (table["verdict"] == row["verdict"])
        & (table["own_cases"] == "")
        & (table["data_set"] != row["data_set"])
    ]
    own = reach.get(str(row["data_set"]))
    return (
        own is not None
        and not row["own_cases"]
        and any(not share_events(own, reach[str(name)]) for name in alike["data_set"])
    )
