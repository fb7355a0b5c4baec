"""How much a member has committed: strength, share, and whether it still stands by it."""

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
from coalition_models.timelines.calendar import (
    AsOf,
    Calendar,
    Integers,
    calendar_of,
    check_as_of,
    check_window,
    find_until,
)
from coalition_models.timelines.given import cited, facts_for, needed
from coalition_models.timelines.keys import shared_codes
from coalition_models.timelines.roster import Roster, known_month, listed_members
from coalition_models.timelines.troops import Strengths, strengths
from coalition_models.timelines.yearly import (
    check_external,
    check_lag,
    not_read,
    optional_source,
    own_figures,
    state_figures,
    year_known,
    yearly,
)

__all__ = ["add_commitment"]

Floats = npt.NDArray[np.float64]

_RECOMMITMENTS = ("reinforcement", "extension")


@builder(
    columns=(
        "troops",
        "log_troops",
        "troops_age_months",
        "troop_share",
        "strength_known",
        "troops_per_million",
        "relative_commitment",
        "share_below_peak",
        "recommitted",
        "months_since_recommitment",
    ),
    needs=("coalition", "cow", "spell", "period", "members", "troops", "changes?", "states?"),
    sources=("cow-capabilities?",),
)
def add_commitment(
    panel: pd.DataFrame,
    *,
    min_known: float = 0.75,
    strength_lag: int = 0,
    lag: int = 1,
    as_of: str = "start",
    external: str = "if_at_hand",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add the strength of the contingent and how it compares.

    The last observation is carried forward within the spell; nothing is interpolated and nothing
    is carried from an earlier spell. Of the bundled strengths only those observed in theatre are
    used, without those marked as doubtful; of several sources for one day, the most trusted.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, spell, period``.
    min_known : float
        A share of the coalition is given only when the strength of the lead state and of at
        least this share of the members present is known; the others count for nothing.
    strength_lag : int
        Months by which strengths lag. A contingent that goes home is small before it is gone, so
        that a recent strength tells of the exit: take 12 where strength is to explain it.
    lag : int
        Years by which population and soldiers lag: 1 for the last completed year.
    as_of : {"start", "end"}
        Whether changes within the period count (``"end"``). Strengths observed in it never do,
        since in the period of exit they would be what the exit left.
    external : {"if_at_hand", "require", "never"}
        ``relative_commitment`` needs ``cow-capabilities``: missing where it is not at hand,
        fetched, or not read.
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members`` and ``troops``;
        ``changes`` for what rests on reinforcements and extensions (they must cover every
        coalition that they name). ``population`` and ``soldiers`` of ``states`` are used if they
        are there.
    **old
        Names of an earlier version for tables of facts; they go in the next one.

    Returns
    -------
    DataFrame
        A copy with ``troops`` (persons), ``log_troops`` (log1p), ``troops_age_months``,
        ``troop_share`` (of the coalition), ``strength_known`` (share of members present whose
        strength is known), ``troops_per_million`` (inhabitants), ``relative_commitment`` (per
        cent of the state's soldiers), ``share_below_peak`` (of its own peak so far),
        ``recommitted`` (0/1: reinforced or extended in this spell) and
        ``months_since_recommitment`` (or since entry). Missing before the first observation.

    Notes
    -----
    Number of troops as in Tago (2009), share as in Weisiger (2016). Mello (2020) calibrates low
    commitment at 1.5, 1 and 0.5; that his measure is the per cent of the armed forces is assumed.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> spain = cm.add_commitment(panel).query("state == 'ESP'").set_index("period")
    >>> spain.loc[["2004-04-01"], ["troops", "troops_age_months"]]
                troops  troops_age_months
    period
    2004-04-01  1300.0                4.0
    """
    check_arguments(add_commitment, locals())
    moment = check_as_of(as_of)
    if not 0 <= min_known <= 1:
        raise DataError(f"min_known must be a share between 0 and 1, not {min_known!r}")
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows, ("coalition", "cow", "spell", "period"))
    held = facts_for(panel, facts, "add_commitment", old)
    listed = listed_members(held, "add_commitment")
    levels = strengths(listed, needed(held, "troops", "add_commitment"))
    own = listed.positions(rows)
    wait = check_window(strength_lag, "strength_lag")
    known = calendar.known("start") - wait
    troops, age, peak = levels.at(own, known)
    share, share_known = _share(rows, listed, levels, own, known, min_known)
    year = year_known(calendar, moment, check_lag(lag))
    population, soldiers, absent, sources = _sizes(rows, year, held, external)
    with np.errstate(divide="ignore", invalid="ignore"):
        columns = {
            "troops": troops,
            "log_troops": np.log1p(troops),
            # seen from the period itself, not from the month before it
            "troops_age_months": age + 1 + wait,
            "troop_share": share,
            "strength_known": share_known,
            "troops_per_million": troops / (population / 1e6),
            "relative_commitment": 100 * troops / (soldiers * 1000),
            "share_below_peak": np.where(peak > 0, 1 - troops / peak, np.nan),
        }
    columns = {name: np.where(np.isfinite(c), c, np.nan) for name, c in columns.items()}
    columns |= _recommitment(rows, listed, own, calendar, moment, held.table("changes"))
    return attach(
        panel,
        columns,
        sources=[*cited(held, "troops", "members", "changes"), *sources],
        choices={"min_known": min_known, "strength_lag": wait, "lag": lag, "as_of": moment},
        notes={"relative_commitment": "measure of Mello (2020) assumed" + absent},
        builder="add_commitment",
        cure="Give what is missing in Facts, or get the source: coalition-models data fetch",
    )


def _share(
    panel: pd.DataFrame,
    listed: Roster,
    levels: Strengths,
    own: Integers,
    known: Integers,
    min_known: float,
) -> tuple[Floats, Floats]:
    """Own share of all troops present, and the share of members whose strength is known."""
    of_row, pair, spell, month = listed.present(panel["coalition"], known)
    strength = levels.at(spell, month[pair])[0]
    seen = ~np.isnan(strength)
    size = len(month)
    total = np.bincount(pair, np.where(seen, strength, 0.0), size)[of_row]
    number = np.bincount(pair, minlength=size)[of_row]
    counted = np.bincount(pair, seen, size)[of_row]
    blind = np.bincount(pair, listed.lead[spell] & ~seen, size)[of_row]
    mine = levels.at(own, known)[0]
    # in the month of its exit a member is at risk, though by its end it is no longer present
    there = (own >= 0) & (listed.entry[own] <= known) & (known < listed.exit[own])
    total = total + np.where(there, 0.0, np.nan_to_num(mine))
    covered = listed.covers(panel["coalition"]) & (number > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        known_share = np.where(covered, counted / number, np.nan)
        usable = covered & (blind == 0) & (known_share >= min_known) & (total > 0)
        return np.where(usable, mine / total, np.nan), known_share


def _sizes(
    panel: pd.DataFrame, year: Integers, facts: Facts, external: str
) -> tuple[Floats, Floats, str, list[str]]:
    """Population and soldiers of each row's state, what is not at hand, and what to cite."""
    cow = panel["cow"].to_numpy(dtype=np.int64)
    choice = check_external(external)
    figures, sources = state_figures(facts, ["population"])
    people = figures.at("population", cow, year)
    own = facts.table("states")
    if own is not None and "soldiers" in own.columns:
        return people, own_figures(own, ["soldiers"]).at("soldiers", cow, year), "", sources
    table = optional_source("cow-capabilities", "soldiers", "add_commitment", choice)
    if table is None:
        absent = f"; {not_read('cow-capabilities (soldiers)', choice)}"
        return people, np.full(len(cow), np.nan), absent, sources
    known = yearly(table, ["soldiers"]).at("soldiers", cow, year)
    return people, known, "", [*sources, "cow-capabilities"]


def _recommitment(
    panel: pd.DataFrame,
    listed: Roster,
    own: Integers,
    calendar: Calendar,
    moment: AsOf,
    changes: pd.DataFrame | None,
) -> dict[str, Floats]:
    """Months since the state last reinforced or extended, else since it came."""
    nothing = np.full(len(own), np.nan)
    if changes is None:
        return {"recommitted": nothing, "months_since_recommitment": nothing.copy()}
    table = changes
    covered = panel["coalition"].isin(set(table["coalition"])).to_numpy() & (own >= 0)
    chosen = table[table["change"].isin(_RECOMMITMENTS)]
    by = ["coalition", "cow"]
    group, wanted = shared_codes([chosen[c] for c in by], [panel[c] for c in by])
    month = known_month(chosen, "date")
    found = find_until(group, month, wanted, calendar.known(moment))
    last = np.where(found >= 0, month[found], -1) if len(month) else found
    entry = listed.entry[own]
    again = last >= entry
    now = calendar.first if moment == "start" else calendar.last
    since = (now - np.where(again, last, entry)).astype(np.float64)
    return {
        "recommitted": np.where(covered, again.astype(np.float64), np.nan),
        "months_since_recommitment": np.where(covered, since, np.nan),
    }
