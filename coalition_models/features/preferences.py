"""How far a member's preferences are from those of the lead state and of its partners."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import Integers, calendar_of, check_as_of
from coalition_models.timelines.given import cited, facts_for
from coalition_models.timelines.keys import shared_codes
from coalition_models.timelines.leads import coalition_table, lead_of
from coalition_models.timelines.roster import Roster, listed_members
from coalition_models.timelines.yearly import (
    External,
    Yearly,
    check_external,
    check_lag,
    not_read,
    optional_source,
    state_figures,
    year_known,
    yearly,
)

__all__ = ["add_preferences"]

Floats = npt.NDArray[np.float64]

_SOURCES = ("state_years", "ideal-points")
_COLUMNS = ("ideal_point", "ideal_distance_lead", "ideal_distance_coalition")


@builder(
    columns=_COLUMNS,
    needs=("coalition", "cow", "period", "members", "coalitions", "states?"),
    sources=("ideal-points?",),
)
def add_preferences(
    panel: pd.DataFrame,
    *,
    source: str = "state_years",
    lag: int = 1,
    as_of: str = "start",
    external: str = "require",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add ideal points in the UN General Assembly and their distances.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    source : {"state_years", "ideal-points"}
        The bundled table (members of the coalitions in ``participation``, 1988-2021), or the
        external one (all states, 1946-2024).
    lag : int
        Years by which votes lag: 1 for the last completed year.
    as_of : {"start", "end"}
        When the year must be complete, and who counts as present.
    external : {"require", "if_at_hand", "never"}
        Whether ``source="ideal-points"`` is fetched, or its columns are missing where it is not
        at hand. ``"never"`` goes with the bundled table only.
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members`` and
        ``coalitions`` (the lead state); ``ideal_point`` of ``states``, in any one dimension, is
        used if it is there.
    **old
        Names of an earlier version for tables of facts (``data``: ``states``).

    Returns
    -------
    DataFrame
        A copy with ``ideal_point``, ``ideal_distance_lead`` (absolute difference to the lead
        state), ``ideal_distance_coalition`` (to the mean of the other members present whose
        ideal point is known, the lead state included). Missing outside the coverage.

    Raises
    ------
    CoverageError
        If ``source="ideal-points"`` is not at hand and cannot be fetched.

    Notes
    -----
    Distances as in Wolford and Ritter (2016) and von Borzyskowski and Vabulas (2019).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> latest = cm.add_preferences(panel).groupby("state")["ideal_distance_lead"].last()
    >>> latest.idxmin()
    'GBR'
    """
    check_arguments(add_preferences, locals())
    moment = check_as_of(as_of)
    if source not in _SOURCES:
        raise DataError(f"source must be one of {', '.join(_SOURCES)}, not {source!r}")
    choice = check_external(external)
    if choice == "never" and source == "ideal-points":
        raise DataError("external='never' leaves source='ideal-points' unread; give one of the two")
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    held = facts_for(panel, facts, "add_preferences", old)
    points, sources = _points(source, held, choice)
    year = year_known(calendar, moment, check_lag(lag))
    cow = rows["cow"].to_numpy(dtype=np.int64)
    known = calendar.known(moment)
    own = points.at("ideal_point", cow, year)
    lead = lead_of(rows, coalition_table(held, "add_preferences"))
    to_lead = np.abs(own - points.at("ideal_point", lead, year))
    listed = listed_members(held, "add_preferences", as_of=moment)
    partners = _partners(rows, listed, points, known, year, own)
    return attach(
        panel,
        {
            "ideal_point": own,
            "ideal_distance_lead": np.where(lead == cow, np.nan, to_lead),
            "ideal_distance_coalition": np.abs(own - partners),
        },
        sources=[*sources, *cited(held, "members", "coalitions")],
        choices={
            "source": "given" if sources and source not in sources else source,
            "lag": lag,
            "as_of": moment,
        },
        notes={} if sources else dict.fromkeys(_COLUMNS, not_read(source, choice)),
        builder="add_preferences",
        cure="source='ideal-points' (external) has all states; or Facts(states=...)",
    )


def _points(source: str, facts: Facts, external: External) -> tuple[Yearly, list[str]]:
    own = facts.table("states")
    if source == "state_years" or (own is not None and "ideal_point" in own.columns):
        return state_figures(facts, ["ideal_point"])
    table = optional_source(source, "ideal_point", "add_preferences", external)
    if table is None:
        return yearly(
            pd.DataFrame(columns=["cow", "year", "ideal_point"], dtype=float), ["ideal_point"]
        ), []
    return yearly(table, ["ideal_point"]), [source]


def _partners(
    panel: pd.DataFrame,
    listed: Roster,
    points: Yearly,
    known: Integers,
    year: Integers,
    own: Floats,
) -> Floats:
    """Mean ideal point of the others present in the coalition of each row."""
    of_row, pair, spell, month = listed.present(panel["coalition"], known)
    size = len(month)
    # all rows of one coalition and month have one year
    pair_year = np.zeros(size, dtype=np.int64)
    pair_year[of_row] = year
    member = listed.cow[spell]
    value = points.at("ideal_point", member, pair_year[pair])
    seen = ~np.isnan(value)
    total = np.bincount(pair, np.where(seen, value, 0.0), size)[of_row]
    number = np.bincount(pair, seen, size)[of_row]
    # take the own state out where it is among those present
    present, rows = shared_codes([pair, member], [of_row, panel["cow"]])
    there = np.isin(rows, present[seen])
    total = total - np.where(there, np.nan_to_num(own), 0.0)
    number = number - there
    covered = listed.covers(panel["coalition"]) & (number > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(covered, total / number, np.nan)
