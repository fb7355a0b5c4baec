"""Tables that the files of several sets make in the same way."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.designs.set_record import OwnTable
from coalition_models.errors import counted
from coalition_models.members.facts import Facts, facts_of, trusted_facts
from coalition_models.members.periods import as_period, period_number
from coalition_models.members.timing import LEFT_OUT
from coalition_models.record import keep_record, record_of
from coalition_models.sources.election_rows import elections_of
from coalition_models.sources.leader_rows import join_collective, leaders_of
from coalition_models.sources.load import load

__all__ = [
    "REIGN_LEADERS",
    "REIGN_VOTES",
    "coalition_rows",
    "leader_terms",
    "read_facts",
    "renumbered",
    "with_partners",
    "with_peak",
]


def read_facts(
    members: pd.DataFrame,
    coalitions: pd.DataFrame,
    sources: tuple[str, ...],
    troops: pd.DataFrame | None = None,
) -> Facts:
    """Facts of tables that a reader made, which are not checked again.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.facts("iraq")
    >>> read_facts(iraq.members, iraq.coalitions, ("participation",)).sources
    {'members': ('participation',)}
    """
    tables = {"members": members, "coalitions": coalitions}
    if troops is not None:
        tables["troops"] = troops[["coalition", "cow", "date", "troops"]]
    return trusted_facts(tables, {"members": sources})


def coalition_rows(members: pd.DataFrame, starts: pd.Series, ends: pd.Series) -> pd.DataFrame:
    """Coalitions without a lead state, as missions of the United Nations are.

    Parameters
    ----------
    members : DataFrame
    starts, ends : Series
        First and last day by coalition; where the first is not known it is the first entry.

    Examples
    --------
    >>> one = pd.DataFrame({"coalition": ["x"], "entry": pd.to_datetime(["2001-03-01"])})
    >>> day = pd.Series(pd.to_datetime(["2004-12-31"]), ["x"])
    >>> coalition_rows(one, day.iloc[:0], day)["start"].dt.year.tolist()
    [2001]
    """
    names = sorted(set(members["coalition"]))
    first = members.groupby("coalition")["entry"].min()
    start = starts.reindex(names).fillna(first.reindex(names))
    return pd.DataFrame(
        {
            "coalition": names,
            "lead_state": pd.Series([None] * len(names), dtype="object"),
            "framework": "un",
            "start": np.minimum(start.to_numpy(), first.reindex(names).to_numpy()),
            "mandate_end": ends.reindex(names).to_numpy(),
        }
    )


def renumbered(members: pd.DataFrame) -> pd.DataFrame:
    """Spells in order of entry, numbered anew.

    Examples
    --------
    >>> rows = pd.DataFrame({"coalition": "x", "state": "A", "entry": [2, 1], "spell": [7, 9]})
    >>> renumbered(rows)[["entry", "spell"]].values.tolist()
    [[1, 1], [2, 2]]
    """
    ordered = members.sort_values(["coalition", "state", "entry"], ignore_index=True)
    ordered["spell"] = ordered.groupby(["coalition", "state"]).cumcount() + 1
    return ordered


def with_partners(panel: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Periods in which somebody else is on the same side: nobody else can be left alone.

    Members that are left out of the panel are partners all the same.

    Returns
    -------
    DataFrame, str
        The rows kept, and what was left out in words.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.build_panel(cm.facts("iraq"))
    >>> len(with_partners(iraq)[0]) == len(iraq)
    True
    """
    alone = _partners(panel) < 2
    kept = panel[~alone].reset_index(drop=True)
    keep_record(kept, panel)
    exits = int(panel.loc[alone, "event"].sum())
    note = (
        f"; {counted(int(alone.sum()), 'row')} of a state that is alone on its side "
        f"({counted(exits, 'event')}) are left out, since it has no partner to leave"
    )
    return kept, note


def _partners(panel: pd.DataFrame) -> npt.NDArray[np.integer[Any]]:
    """States on the side of each row in its period, its own included."""
    key = ["coalition", "period"]
    there = panel[[*key, "state"]]
    held = facts_of(panel)
    left = None if held is None or held.members is None else held.members
    if left is not None and LEFT_OUT in left.columns:
        left = left[left[LEFT_OUT].fillna("") != ""]
        unit = as_period(str(record_of(panel).panel["period"]))
        pairs = panel[key].drop_duplicates().merge(left, on="coalition")
        number, first, last = (
            period_number(pairs[name], unit) for name in ("period", "entry", "exit")
        )
        inside = ((first <= number) & (number <= last)).fillna(False).to_numpy(dtype=bool)
        there = pd.concat([there, pairs.loc[inside, [*key, "state"]]])
    sizes = there.groupby(key, observed=True)["state"].nunique()
    return sizes.reindex(pd.MultiIndex.from_frame(panel[key])).to_numpy()


def with_peak(panel: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Add each spell's peak strength; it is known only afterwards, so it may choose a sample only.

    Examples
    --------
    >>> import coalition_models as cm
    >>> iraq = cm.facts("iraq")
    >>> "peak_troops" in with_peak(cm.build_panel(iraq), iraq.members)
    True
    """
    key = ["coalition", "state", "spell"]
    if "peak_troops" not in members.columns:
        return panel
    peaks = members.drop_duplicates(key).set_index(key)["peak_troops"].astype("Float64")
    found = peaks.reindex(pd.MultiIndex.from_frame(panel[key]))
    out = panel.assign(peak_troops=found.to_numpy(dtype=float, na_value=float("nan")))
    keep_record(out, panel)
    return out


def leader_terms(source: str) -> pd.DataFrame:
    """Leaders of a source, with each collective head as one: ``cow, leader, start, end``."""
    return join_collective(leaders_of(source, load(source)).rows[["cow", "leader", "start", "end"]])


def _reign_votes(_: Facts) -> pd.DataFrame:
    """REIGN's votes for the office that leads, its known errors put right."""
    listed = elections_of("reign", load("reign-elections"), load("election_corrections"))
    return listed.rows[["cow", "date", "kind"]]


def _reign_leaders(_: Facts) -> pd.DataFrame:
    return leader_terms("reign-leaders")


REIGN_VOTES = OwnTable("elections", "elections", "reign-elections", _reign_votes)
REIGN_LEADERS = OwnTable("leadership", "leaders", "reign-leaders", _reign_leaders)
