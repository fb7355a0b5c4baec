"""Which facts on decisions would move a contested finding most, one at a time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.hypotheses.contested_facts import Basis
from coalition_models.hypotheses.contested_joint import MONTHS, Rows
from coalition_models.members.panel import build_panel
from coalition_models.sensitivity.redating import swings

__all__ = ["facts_wanted"]

_COLUMNS = ["coalition", "state", "spell", "known", "dated", "swing"]
#: leads from decision to departure that are tried, as quantiles of those known
_TRIED = (0.25, 0.5, 0.75)


def facts_wanted(basis: Basis, rows: Rows, label: tuple[object, ...]) -> pd.DataFrame:
    """Decisions that are not known to the day, by how far a date would move the score.

    A decision that is not known is dated before the departure by a quarter, a half and three
    quarters of the leads that are known of all coalitions' early exits; one known to the month or
    the year by its departure. It is the swing of one fact at a time; where the truth lies nobody
    knows.

    Parameters
    ----------
    basis : Basis
    rows : Rows
        With panels of early exits by decision and by departure.
    label : tuple
        Of the exposure.

    Returns
    -------
    DataFrame
        ``coalition, state, spell, known`` (not at all, or to the month or year), ``dated`` (as it
        stands), ``swing`` (largest change of the score z), the largest first.
    """
    members = basis.facts.members
    if members is None or "announced" not in members.columns:
        return pd.DataFrame(columns=_COLUMNS)
    said, done = rows.panels.get(("announced", "early")), rows.panels.get(("main", "early"))
    if said is None or done is None:
        return pd.DataFrame(columns=_COLUMNS)
    early = members["exit_kind"] == "early"
    unsure = _how_known(members)[early]
    leads = (members["exit"] - members["announced"])[early].dt.days
    leads = leads[leads > 0]
    others = [done]
    if unsure.eq("not at all").any() and len(leads):
        others += [_dated(basis, members, early, float(q)) for q in leads.quantile(list(_TRIED))]
    found: dict[tuple[str, str, int], float] = {}
    here = _with(rows, said, label)
    for other in others:
        try:
            moved = swings(MONTHS, here, _with(rows, other, label), "near")
        except DataError:
            continue
        for key, change in moved.items():
            found[key] = max(found.get(key, 0.0), abs(change))
    table = members[early].assign(known=unsure)
    table = table[table["known"] != ""]
    keys = table[["coalition", "state", "spell"]].itertuples(index=False, name=None)
    table = table.assign(
        dated=table["announced"].where(table["announced"].notna(), table["exit"]),
        swing=[found.get(key, 0.0) for key in keys],
    )
    return table[_COLUMNS].sort_values("swing", ascending=False, ignore_index=True)


def _how_known(members: pd.DataFrame) -> pd.Series:
    """How a decision is known; empty where it is to the day."""
    known = pd.Series("", members.index)
    if "announced_precision" in members.columns:
        coarse = members["announced_precision"].isin(["month", "year"])
        known = known.mask(coarse, "to the " + members["announced_precision"].astype(str))
    return known.mask(members["announced"].isna(), "not at all")


def _dated(basis: Basis, members: pd.DataFrame, early: pd.Series, lead: float) -> pd.DataFrame:
    """The panel in which decisions that are not known came so many days before the departure."""
    gone = early & members["announced"].isna()
    day = members["exit"] - pd.Timedelta(days=round(lead))
    day = day.where(day > members["entry"], members["entry"])
    facts = basis.facts.replace(
        members=members.assign(announced=members["announced"].mask(gone, day))
    )
    named = None if basis.own else [basis.name]
    return build_panel(facts, coalitions=named, exit_date="announced")


def _with(rows: Rows, panel: pd.DataFrame, label: tuple[object, ...]) -> pd.DataFrame:
    near = rows.calendars.at(label, panel["state"], panel["period"])
    known = ~np.isnan(near)
    return panel.assign(near=near)[known].reset_index(drop=True)
