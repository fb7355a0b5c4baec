"""How strong a member is, compared with the world, its partners, the lead state and itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.members.panel import dated_by
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    Calendar,
    Integers,
    calendar_of,
    check_as_of,
    entry_month,
)
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
    own_figures,
    state_figures,
    year_at,
    year_known,
    yearly,
)

__all__ = ["add_capability"]

Floats = npt.NDArray[np.float64]

_INDEX = "cow-capabilities"
_CINC = (
    "cinc",
    "cinc_share",
    "cinc_to_lead",
    "capability_change",
    "capability_change_10",
    "capability_change_20",
)


@builder(
    columns=(
        "cinc",
        "cinc_share",
        "cinc_to_lead",
        "gdp_per_capita",
        "log_gdp_per_capita",
        "capability_change",
        "capability_change_10",
        "capability_change_20",
    ),
    needs=("coalition", "cow", "spell", "period", "entry?", "members", "coalitions", "states?"),
    sources=("cow-capabilities?",),
)
def add_capability(
    panel: pd.DataFrame,
    *,
    lag: int = 1,
    as_of: str = "start",
    external: str = "if_at_hand",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add material capability, income, and the change of capability since entry.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, spell, period``.
    lag : int
        Years by which the sources lag: 1 for the last completed year.
    as_of : {"start", "end"}
        When the year must be complete.
    external : {"if_at_hand", "require", "never"}
        The composite index comes from ``cow-capabilities``: its columns are missing where that
        is not at hand, or it is fetched, or not read.
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members`` and
        ``coalitions`` (the lead state); ``capability_index`` and ``gdp_per_capita`` of ``states``
        are used if they are there.
    **old
        Names of an earlier version for tables of facts (``data``: ``states``).

    Returns
    -------
    DataFrame
        A copy with ``cinc`` (share of the world), ``cinc_share`` (of all members with troops
        there at some time in the row's period, 1 for a sole supporter),
        ``cinc_to_lead`` (over the sum of its own and the lead state's), ``gdp_per_capita`` and
        ``log_gdp_per_capita``, ``capability_change`` (of ``cinc`` since entry, relative),
        ``capability_change_10`` and ``capability_change_20`` (0/1: by at least 10 or 20 per
        cent, up or down). Missing outside the coverage, never zero.

    Raises
    ------
    CoverageError
        With ``external="require"``, if the source cannot be had.

    Notes
    -----
    Share of the coalition as in Weisiger (2016); thresholds of change as in Leeds and Savun
    (2007) and Leeds, Mattes and Vogel (2009).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> richest = cm.add_capability(panel).groupby("state")["gdp_per_capita"].first()
    >>> richest.idxmax()
    'SGP'
    """
    check_arguments(add_capability, locals())
    moment = check_as_of(as_of)
    years = check_lag(lag)
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows, ("coalition", "cow", "spell", "period"))
    cow = rows["cow"].to_numpy(dtype=np.int64)
    year = year_known(calendar, moment, years)
    held = facts_for(panel, facts, "add_capability", old)
    income, sources = state_figures(held, ["gdp_per_capita"])
    choice = check_external(external)
    index, more = _index(held, choice)
    gdp = income.at("gdp_per_capita", cow, year)
    columns = {"gdp_per_capita": gdp, "log_gdp_per_capita": np.log(np.where(gdp > 0, gdp, np.nan))}
    if index is None:
        columns |= dict.fromkeys(_CINC, np.full(len(cow), np.nan))
    else:
        own = index.at("capability_index", cow, year)
        lead = lead_of(rows, coalition_table(held, "add_capability"))
        other = index.at("capability_index", lead, year)
        with np.errstate(divide="ignore", invalid="ignore"):
            columns["cinc"] = own
            columns["cinc_share"] = _share(rows, _roster(rows, held), index, calendar, year)
            columns["cinc_to_lead"] = np.where(lead == cow, np.nan, own / (own + other))
        then = index.at("capability_index", cow, year_at(entry_month(rows), years))
        columns |= _change(own, then)
    return attach(
        panel,
        columns,
        sources=[*sources, *more, *cited(held, "members", "coalitions")],
        choices={"lag": years, "as_of": moment},
        notes={} if index is not None else dict.fromkeys(_CINC, not_read(_INDEX, choice)),
        builder="add_capability",
        cure="Get the source: coalition-models data fetch cow-capabilities; or give your own in "
        "Facts(states=...)",
    )


def _index(facts: Facts, external: External) -> tuple[Yearly | None, list[str]]:
    """Composite index of every state, and what to cite for it."""
    own = facts.table("states")
    if own is not None and "capability_index" in own.columns:
        return own_figures(own, ["capability_index"]), []
    table = optional_source(_INDEX, "capability_index", "add_capability", external)
    if table is None:
        return None, []
    return yearly(table, ["capability_index"]), [_INDEX]


def _roster(panel: pd.DataFrame, facts: Facts) -> Roster:
    """All spells, each up to the later of its main exit and the one that the panel is dated by."""
    # who is at risk in the period counts, whenever others could tell that it left
    listed = listed_members(facts, "add_capability", exit_date=dated_by(panel), as_of="end")
    return replace(listed, exit=np.maximum(listed.exit, listed.dated))


def _share(
    panel: pd.DataFrame, listed: Roster, index: Yearly, calendar: Calendar, year: Integers
) -> Floats:
    """Own index over the sum of all who are there in the period; missing if one is not known.

    Whoever enters or leaves within the period is at risk in it, so it counts for every row of the
    coalition and period: otherwise the shares of those at risk could add to more than one.
    """
    of_row, pair, spell, month = listed.present(
        panel["coalition"], calendar.first - 1, and_next=calendar.months
    )
    size = len(month)
    cow = panel["cow"].to_numpy(dtype=np.int64)
    # a state at risk counts once, with several spells in the period and where it is not listed
    codes = np.concatenate(shared_codes([pair, listed.cow[spell]], [of_row, cow]))
    once = np.unique(codes, return_index=True)[1]
    group = np.concatenate([pair, of_row])[once]
    pair_year = np.zeros(size, dtype=np.int64)
    pair_year[of_row] = year
    member = np.concatenate([listed.cow[spell], cow])[once]
    value = index.at("capability_index", member, pair_year[group])
    total = np.bincount(group, value, size)[of_row]
    own = index.at("capability_index", cow, year)
    return np.where(listed.covers(panel["coalition"]) & (total > 0), own / total, np.nan)


def _change(now: Floats, then: Floats) -> dict[str, Floats]:
    with np.errstate(divide="ignore", invalid="ignore"):
        change = np.where(then > 0, now / then - 1, np.nan)
    columns = {"capability_change": change}
    for percent in (10, 20):
        # a hair below the threshold is rounding
        far = np.abs(change) >= percent / 100 - 1e-9
        columns[f"capability_change_{percent}"] = np.where(
            np.isnan(change), np.nan, far.astype(np.float64)
        )
    return columns
