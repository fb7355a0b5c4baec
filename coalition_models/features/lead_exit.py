"""Whether the lead state has said that it will go, and whether it has gone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.sources.codes import to_cow
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import Integers, calendar_of, check_as_of, find_until
from coalition_models.timelines.given import cited, facts_for, needed
from coalition_models.timelines.leads import coalition_table, lead_of
from coalition_models.timelines.roster import NEVER, known_month, listed_members

__all__ = ["add_lead_exit"]

Floats = npt.NDArray[np.float64]


@builder(
    columns=("lead_announced", "lead_left"),
    needs=("coalition", "cow", "period", "members", "coalitions"),
)
def add_lead_exit(
    panel: pd.DataFrame,
    *,
    lead: str | None = None,
    as_of: str = "start",
    facts: Facts | None = None,
) -> pd.DataFrame:
    """Add whether the lead state has announced its exit, and whether it has left.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    lead : str, optional
        The state (ISO3 code or name) that led in fact where a coalition has no ``lead_state`` on
        paper, such as ``"USA"`` for a mission of the United Nations.
    as_of : {"start", "end"}
        Whether an announcement or exit within the period counts (``"end"``).
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members`` (the lead state's
        own spells; ``announced`` for the announcement) and ``coalitions`` (``lead_state``).

    Returns
    -------
    DataFrame
        A copy with ``lead_announced`` (0/1: the lead state has announced the end of its present
        stay, or has left) and ``lead_left`` (0/1: it was there and is gone). Missing in the lead
        state's own rows and where no spell of a lead state is listed. Only announcements that
        were carried out are coded; without any column of them ``lead_announced`` is missing until
        the lead state has left.

    Raises
    ------
    DataError
        An unknown state or option; facts without members or coalitions.

    Notes
    -----
    The withdrawal of the leading state of von Borzyskowski and Vabulas (2019), whose measure is
    of the year before.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"))
    >>> britain = cm.add_lead_exit(panel).query("state == 'GBR'").set_index("period")
    >>> britain.loc[["2008-11-01", "2008-12-01"], "lead_announced"].tolist()
    [0.0, 1.0]
    """
    check_arguments(add_lead_exit, locals())
    moment = check_as_of(as_of)
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    held = facts_for(panel, facts, "add_lead_exit", {})
    members = needed(held, "members", "add_lead_exit", "the lead state's spells")
    leader = _leader(rows, held, lead)
    known = calendar.known(moment)
    listed = listed_members(held, "add_lead_exit", as_of=moment)
    spells, wanted = listed.keys(rows["coalition"], leader)
    there = np.isin(wanted, spells) & (leader != rows["cow"].to_numpy(dtype=np.int64))
    last = find_until(spells, listed.entry, wanted, known)
    left = _happened(listed.exit, last, known)
    said = np.full(len(rows), np.nan)
    if "announced" in members.columns:
        said = _happened(known_month(members, "announced"), last, known)
    columns = {"lead_announced": np.where(left == 1, 1.0, said), "lead_left": left}
    return attach(
        panel,
        {name: np.where(there, value, np.nan) for name, value in columns.items()},
        sources=cited(held, "members", "coalitions"),
        choices={"lead": lead or "as in coalitions", "as_of": moment},
        builder="add_lead_exit",
        cure="The lead state needs a spell in members, and its name in coalitions or as lead='USA'",
    )


def _leader(rows: pd.DataFrame, facts: Facts, lead: str | None) -> Integers:
    """Number of the state whose exit is meant, by row; -1 where there is none."""
    named = lead_of(rows, coalition_table(facts, "add_lead_exit"))
    if lead is None or not len(rows):
        return named
    try:
        number = to_cow(pd.Series([lead]), pd.Series([rows["period"].max()]))
    except DataError as error:
        raise DataError(f"lead: {error}") from error
    return np.where(named < 0, int(number.iloc[0]), named)


def _happened(month: Integers, last: Integers, known: Integers) -> Floats:
    """Whether something dated for the last spell begun so far has happened by a month."""
    if not len(month):
        return np.zeros(len(known))
    dated = np.where(last >= 0, month[last], NEVER)
    return (dated <= known).astype(np.float64)
