"""Every early exit with the elections on either side of its decision, and whether one was early."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd

from coalition_models.members.facts import Facts
from coalition_models.sources.fetch import at_hand
from coalition_models.sources.load import load

__all__ = ["election_decisions"]

_REIGN = "reign-elections"
#: an election that comes this many months before the state's usual term is over is shown as short
_SHORT = 6


def election_decisions(facts: Facts) -> pd.DataFrame:
    """List early exits with the nearest elections before and after the decision.

    Whether an election was called early is read where the facts say (``scheduled`` of a table of
    one's own, REIGN where it is at hand); otherwise it is unknown, and how long after the last one
    of its kind it came stands beside the state's usual time. Whether the mission was why an
    election was early no source says.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        One row per early exit: ``coalition, state, spell, announced, exit, dated_by`` (announced,
        or main where no announcement is known), and for ``before`` and ``after`` that day the
        ``election_*`` (date), ``months_*`` (calendar months), ``snap_*`` (yes, no, unknown),
        ``gap_*`` (months since the last one of its kind) and ``usual_*`` (median of the state's).

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = election_decisions(cm.facts("iraq")).set_index("state")
    >>> f"{found.loc['ESP', 'election_before']:%Y-%m-%d}"
    '2004-03-14'
    """
    members = cast("pd.DataFrame", facts.members)
    left = members[members["exit_kind"] == "early"].reset_index(drop=True)
    votes = _votes(facts)
    said = left["announced"] if "announced" in left.columns else pd.Series(pd.NaT, left.index)
    day = said.where(said.notna(), left["exit"])
    columns = ["coalition", "state", "spell", "exit"]
    rows = []
    for at, one in enumerate(left[columns].to_dict("records")):
        mine = votes[votes["cow"] == left["cow"].iloc[at]]
        when = pd.Timestamp(day.iloc[at])
        past, ahead = mine[mine["date"] < when], mine[mine["date"] >= when]
        rows.append(
            {
                **{str(name): value for name, value in one.items()},
                "announced": said.iloc[at],
                "dated_by": "main" if pd.isna(said.iloc[at]) else "announced",
                **_about(past.iloc[-1] if len(past) else None, when, "before"),
                **_about(ahead.iloc[0] if len(ahead) else None, when, "after"),
            }
        )
    return pd.DataFrame(rows)


def _about(vote: pd.Series | None, day: pd.Timestamp, side: str) -> dict[str, object]:
    names = [f"{what}_{side}" for what in ("election", "months", "snap", "gap", "usual")]
    if vote is None:
        return dict(zip(names, [pd.NaT, np.nan, "unknown", np.nan, np.nan], strict=True))
    date = pd.Timestamp(vote["date"])
    months = abs((date.year - day.year) * 12 + date.month - day.month)
    snap = {"yes": "no", "no": "yes"}.get(str(vote["scheduled"]), "unknown")
    values: list[object] = [date, float(months), snap, vote["gap"], vote["usual"]]
    return dict(zip(names, values, strict=True))


def short_term(decisions: pd.DataFrame, side: str) -> pd.Series:
    """Whether the election on a side came well before the state's usual term was over.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = election_decisions(cm.facts("iraq"))
    >>> short_term(found, "before").dtype
    dtype('bool')
    """
    early: pd.Series = decisions[f"gap_{side}"] < decisions[f"usual_{side}"] - _SHORT
    return early.fillna(False).astype(bool)


def _votes(facts: Facts) -> pd.DataFrame:
    """First rounds by state and day, with what is known of their being early."""
    own = facts.table("elections")
    table = load("elections") if own is None else own
    table = table.copy()
    later = table["round"].eq(2) if "round" in table.columns else pd.Series(False, table.index)
    table = table[~later.fillna(False).to_numpy(dtype=bool)]
    if "scheduled" not in table.columns:
        table = table.assign(scheduled=None)
        if own is None and at_hand(_REIGN):
            table = _with_reign(table)
    table = table.sort_values(["cow", "date"], ignore_index=True)
    since = table.groupby(["cow", "kind"])["date"].diff().dt.days / 30.4375
    table = table.assign(gap=since.round(1))
    usual = table.groupby(["cow", "kind"])["gap"].transform("median")
    return table.assign(usual=usual)


def _with_reign(table: pd.DataFrame) -> pd.DataFrame:
    """What REIGN says of elections of the same month."""
    theirs = load(_REIGN)
    theirs = theirs[theirs["is_vote"].astype(bool) & theirs["date"].notna()]
    theirs = theirs.rename(columns={"regular": "scheduled"})
    key = ["cow", "kind", "month"]
    told = theirs.assign(month=theirs["date"].dt.to_period("M")).drop_duplicates(key)
    mine = table.drop(columns="scheduled").assign(month=table["date"].dt.to_period("M"))
    return mine.merge(told[[*key, "scheduled"]], on=key, how="left").drop(columns="month")
