"""How dangerous the mission is, for the member and for the coalition, and since it entered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, warn
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.fact_tables import role_words
from coalition_models.members.facts import Facts
from coalition_models.tables.own import own_table, plain_panel
from coalition_models.timelines.calendar import (
    Calendar,
    Integers,
    calendar_of,
    check_as_of,
    entry_month,
)
from coalition_models.timelines.deaths import (
    Deaths,
    check_undated,
    known_deaths,
    undated_choices,
    undated_deaths,
)
from coalition_models.timelines.fatality_rate import FatalityRates, fatality_rates
from coalition_models.timelines.given import cited, facts_for, needed
from coalition_models.timelines.theatre import theatre_intensity
from coalition_models.timelines.yearly import (
    External,
    external_choice,
    not_read,
    optional_source,
    year_known,
)

__all__ = ["add_risk"]

Floats = npt.NDArray[np.float64]

_CONFLICTS = "ucdp-conflicts"
_TABLES = ("members", "deaths", "coalitions", "troops")
#: what a member compares with its entry: the option and the column
_LEVELS = {
    "partner_deaths": "log_partner_deaths_12m",
    "fatality_rate": "fatality_rate_operation",
}


@builder(
    columns=(
        "combat_role",
        "partner_deaths_12m",
        "log_partner_deaths_12m",
        "fatality_rate_operation",
        "fatality_rate_sector",
        "risk_above_entry",
        "risk_below_entry",
        "months_since_entry",
        "theatre_intensity",
    ),
    needs=(
        "coalition",
        "state",
        "cow",
        "spell",
        "period",
        "entry?",
        "members",
        "deaths",
        "coverage",
        "troops?",
    ),
    sources=("ucdp-conflicts?",),
)
def add_risk(
    panel: pd.DataFrame,
    *,
    level: str = "partner_deaths",
    min_known: float = 0.5,
    undated: str = "january",
    as_of: str = "start",
    external: str = "never",
    facts: Facts | None = None,
    theatre: pd.DataFrame | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add the role of the contingent, the losses around it, and how both compare with its entry.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, state, cow, spell, period``.
    level : {"partner_deaths", "fatality_rate"}
        What is compared with its level at entry: ``log_partner_deaths_12m``, known for nearly
        every row, or ``fatality_rate_operation``, known where enough strengths are.
    min_known : float
        A fatality rate is given only if the strength of at least this share of the members is
        known over the twelve months (of the sector or of the operation).
    undated : {"january", "spread", "drop"}
        As in :func:`add_casualties`.
    as_of : {"start", "end"}
        Whether deaths within the period count (``"end"``).
    external : {"never", "if_at_hand", "require"}
        Whether to add ``theatre_intensity`` from UCDP's conflicts (``ucdp-conflicts``), missing
        where they are not at hand, or fetched.
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``members`` (with ``role`` in
        the words of ``participation``: ``combat``, ``security``, ``training``, ...; and
        ``sector`` for the rate of the sector) and ``deaths`` with their ``coverage``; the rates
        need ``troops``.
    theatre : DataFrame, optional
        Your own ``coalition, year, intensity`` (any scale), one row per coalition and year.
    **old
        Names of an earlier version for tables of facts (``data``: roles), and ``extended`` for
        ``external="require"``; they go in the next.

    Returns
    -------
    DataFrame
        A copy with ``combat_role`` (0/1: the contingent's main task was combat; one value per
        spell), ``partner_deaths_12m`` (deaths of all other members, the lead state included, in
        the last 12 months) and ``log_partner_deaths_12m``; ``fatality_rate_operation`` and
        ``fatality_rate_sector`` (deaths per 1,000 troop-months of the last 12 months, of all
        members but the lead state); ``risk_above_entry`` and ``risk_below_entry`` (by how much
        the ``level`` is above or below what it was when the member entered: two columns, so that
        losses and gains can have different slopes); ``months_since_entry``.
        With ``external`` or ``theatre``: ``theatre_intensity`` (0 no conflict with 25 battle
        deaths in the year, 1 minor, 2 war with 1,000) of the last completed year.

    Raises
    ------
    DataError
        For unknown options and tables without the columns named above.
    CoverageError
        If deaths come without coverage, or UCDP is asked for and not at hand.

    Notes
    -----
    Risk drives whether a state defects, and staying gets harder with time (McInnis 2020). Being
    above the level at entry is no domain of losses, in which prospect theory has people seek risk
    and not shun it: it is a level of danger. American deaths are known by day in Iraq and ISAF
    (to September 2014), but American strength is known
    seldom: the rates leave the lead state out. Before anybody served, the rate is zero. A sector
    is the first place named for the spell; where spells moved, that is an approximation.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.add_risk(cm.build_panel(cm.load("participation"), coalitions=["iraq"]))
    >>> panel.query("state == 'DNK'")["combat_role"].unique().tolist()
    [1.0]
    """
    check_arguments(add_risk, locals())
    moment = check_as_of(as_of)
    rule = check_undated(undated)
    _check_options(min_known, level)
    choice = external_choice(external, old, "add_risk", default="never")
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows, ("coalition", "state", "cow", "spell", "period"))
    known = facts_for(panel, facts, "add_risk", old)
    members = needed(known, "members", "add_risk", "roles and sectors")
    deaths = known_deaths(known, moment, rule, "add_risk")
    rates = fatality_rates(deaths, known, min_known, "add_risk")
    until = calendar.known(moment)
    partners = _partner_deaths(rows, deaths, until)
    columns = {
        "combat_role": _combat(rows, _roles(old, members)),
        "partner_deaths_12m": partners,
        "log_partner_deaths_12m": np.log1p(partners),
        "fatality_rate_sector": rates.of_sector(rows, until),
        "fatality_rate_operation": rates.of_operation(rows["coalition"], until),
    }
    entry = entry_month(rows)
    then = Calendar(entry, entry + calendar.months - 1, calendar.months).known(moment)
    change = columns[_LEVELS[level]] - _level(level, rows, deaths, rates, then)
    columns |= _since_entry(change, calendar.first - entry)
    read = theatre is None and _conflicts(choice) is not None
    absent = theatre is None and choice != "never" and not read
    if read or theatre is not None:
        described, year = known.table("coalitions"), year_known(calendar, moment)
        found = theatre_intensity(rows["coalition"], year, described, theatre)
        columns["theatre_intensity"] = found
    if absent:
        columns["theatre_intensity"] = np.full(len(rows), np.nan)
    return attach(
        panel,
        columns,
        sources=[*cited(known, *_TABLES), *([_CONFLICTS] if read else [])],
        choices={
            "level": level,
            "min_known": min_known,
            "as_of": moment,
            **undated_choices(rule, undated_deaths(known)),
            **deaths.choices,
        },
        notes={"theatre_intensity": not_read(_CONFLICTS, choice)} if absent else {},
        builder="add_risk",
        cure="Rates need Facts(troops=...), roles and sectors columns of members",
    )


def _conflicts(external: External) -> pd.DataFrame | None:
    return optional_source(_CONFLICTS, "the intensity of conflicts", "add_risk", external)


def _check_options(min_known: float, level: str) -> None:
    if not 0 <= min_known <= 1:
        raise DataError(f"min_known must be a share between 0 and 1, not {min_known!r}")
    if level not in _LEVELS:
        raise DataError(f"level must be one of {', '.join(_LEVELS)}, not {level!r}")


def _roles(old: dict[str, object], members: pd.DataFrame) -> pd.DataFrame:
    """Spells with their roles; an earlier version took them as a table of their own."""
    roles = old.get("data")
    if not isinstance(roles, pd.DataFrame):
        return members
    warn("data= of add_risk() goes in the next version: give role as a column of members")
    return roles


def _level(
    level: str, rows: pd.DataFrame, deaths: Deaths, rates: FatalityRates, month: Integers
) -> Floats:
    """What is compared with the entry, as it was known in a month."""
    if level == "fatality_rate":
        return rates.of_operation(rows["coalition"], month)
    return np.log1p(_partner_deaths(rows, deaths, month))


def _since_entry(change: Floats, months: Integers) -> dict[str, Floats]:
    """How far the level is above or below that of the entry, and how long ago that was."""
    return {
        "risk_above_entry": np.maximum(change, 0.0),
        "risk_below_entry": np.maximum(-change, 0.0),
        "months_since_entry": months.astype(np.float64),
    }


def _combat(panel: pd.DataFrame, spells: pd.DataFrame) -> Floats:
    if "role" not in spells.columns:
        return np.full(len(panel), np.nan)
    # by number where there is one: a state may be listed under a name
    key = ["coalition", "cow" if "cow" in spells.columns else "state", "spell"]
    words = {"role": role_words()}
    held = own_table(spells, [*key, "role"], "table of members", words=words, key=key)
    roles = held[[*key, "role"]]
    # every spell of the panel is looked up once, not every row
    codes, names = _spell_codes(panel[key])
    found = names.merge(roles, on=key, how="left")["role"].to_numpy(dtype=object)
    combat = np.where(pd.isna(found), np.nan, found == "combat").astype(float)
    return combat[codes]


def _spell_codes(rows: pd.DataFrame) -> tuple[Integers, pd.DataFrame]:
    codes = rows.groupby(list(rows.columns), sort=False, dropna=False).ngroup()
    numbers = np.asarray(codes, dtype=np.int64)
    first = pd.Series(numbers).drop_duplicates().index
    return numbers, rows.iloc[first].reset_index(drop=True)


def _partner_deaths(panel: pd.DataFrame, deaths: Deaths, until: Integers) -> Floats:
    """Deaths of all other members in the 12 months up to a month."""
    group, at = deaths.keys(panel["coalition"], panel["cow"])
    everyone = deaths.sum(*deaths.codes(panel["coalition"]), until - 11, until)
    others = everyone - deaths.sum(group, at, until - 11, until)
    return np.where(deaths.inside(panel["coalition"], until), others, np.nan)
