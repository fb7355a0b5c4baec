"""How far a member's preferences are from those of the lead state and of its partners."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.common import (
    Integers,
    attach,
    calendar_of,
    check_as_of,
    known_table,
)
from coalition_models.features.keys import shared_codes
from coalition_models.features.leads import coalition_table, lead_of
from coalition_models.features.own_tables import plain_panel
from coalition_models.features.roster import Roster, roster
from coalition_models.features.yearly import (
    Yearly,
    check_lag,
    external_source,
    year_known,
    yearly,
)

__all__ = ["add_preferences"]

Floats = npt.NDArray[np.float64]

_SOURCES = ("state_years", "ideal-points")


def add_preferences(
    panel: pd.DataFrame,
    *,
    source: str = "state_years",
    lag: int = 1,
    as_of: str = "start",
    data: pd.DataFrame | None = None,
    members: pd.DataFrame | None = None,
    coalitions: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Add ideal points in the UN General Assembly and their distances.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    source : {"state_years", "ideal-points"}
        The bundled table (members of the coalitions in ``participation``, 2000-2021), or the
        external one (all states, 1946-2024).
    lag : int
        Years by which votes lag: 1 for the last completed year.
    as_of : {"start", "end"}
        When the year must be complete, and who counts as present.
    data : DataFrame, optional
        Your own ``cow, year, ideal_point``, in any one dimension.
    members : DataFrame, optional
        Your own spells of all members: ``coalition, cow, spell, entry, exit, exit_kind``.
    coalitions : DataFrame, optional
        Your own ``coalition, start, lead_state`` (ISO3).

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
    >>> latest = add_preferences(panel).groupby("state")["ideal_distance_lead"].last()
    >>> latest.idxmin()
    'GBR'
    """
    check_arguments(add_preferences, locals())
    moment = check_as_of(as_of)
    if source not in _SOURCES:
        raise DataError(f"source must be one of {', '.join(_SOURCES)}, not {source!r}")
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    points = _points(source, data)
    year = year_known(calendar, moment, check_lag(lag))
    cow = rows["cow"].to_numpy(dtype=np.int64)
    own = points.at("ideal_point", cow, year)
    lead = lead_of(rows, coalition_table(coalitions))
    to_lead = np.abs(own - points.at("ideal_point", lead, year))
    listed = roster(members, as_of=moment)
    partners = _partners(rows, listed, points, calendar.known(moment), year, own)
    return attach(
        panel,
        {
            "ideal_point": own,
            "ideal_distance_lead": np.where(lead == cow, np.nan, to_lead),
            "ideal_distance_coalition": np.abs(own - partners),
        },
        sources=[] if data is not None else [source],
        choices={"source": "data" if data is not None else source, "lag": lag, "as_of": moment},
    )


def _points(source: str, data: pd.DataFrame | None) -> Yearly:
    if data is not None:
        return yearly(data, ["ideal_point"], what="table of ideal points")
    if source == "state_years":
        return yearly(known_table("state_years"), ["ideal_point"])
    return yearly(external_source(source, "ideal_point", "add_preferences"), ["ideal_point"])


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
