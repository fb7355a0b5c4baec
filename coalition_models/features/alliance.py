"""What ties a member to the alliance and to the lead state."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.sources.catalog import entry
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import (
    Integers,
    calendar_of,
    check_as_of,
    known_table,
    month_number,
)
from coalition_models.timelines.given import cited, facts_for
from coalition_models.timelines.keys import shared_codes
from coalition_models.timelines.leads import coalition_table, lead_of
from coalition_models.timelines.yearly import (
    External,
    check_external,
    check_lag,
    not_read,
    optional_source,
    own_figures,
    year_known,
    yearly,
)

__all__ = ["add_alliance"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

_UNITED_STATES = 2
#: the ties that a user's table of states may hold
_FOUR = ("lead_defence_pact", "us_troops_hosted", "us_aid_per_head", "us_trade_per_gdp")


@dataclass(frozen=True)
class _Ties:
    """Ties of each row's state to the lead state; what was not at hand, by column."""

    pact: Floats
    hosted: Floats
    aid: Floats
    trade: Floats
    absent: dict[str, str]
    sources: list[str]


@builder(
    columns=(
        "nato_member",
        "nato_candidate",
        "lead_defence_pact",
        "us_troops_hosted",
        "log_us_troops_hosted",
        "us_aid_per_head",
        "us_trade_per_gdp",
        "us_dependence",
        "framework",
        "nato_framework",
        "ad_hoc_framework",
    ),
    needs=("coalition", "cow", "period", "coalitions", "states?"),
    sources=("atop-alliances?", "us-troops-abroad?", "us-trade?"),
)
def add_alliance(
    panel: pd.DataFrame,
    *,
    hosted_at_least: float = 100,
    aid_at_least: float = 0.1,
    trade_at_least: float = 0.05,
    lag: int = 1,
    as_of: str = "start",
    external: str = "if_at_hand",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add membership of NATO, ties to the United States, and the coalition's framework.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, period``.
    hosted_at_least, aid_at_least, trade_at_least : float
        From how many US troops hosted (persons), US military aid (dollars per head) and US trade
        (dollars per dollar of product) a tie counts in ``us_dependence``.
    lag : int
        Years by which yearly sources lag: 1 for the last completed year. Membership and
        candidacy are known by the month.
    as_of : {"start", "end"}
        Which month, and which completed year, is known.
    external : {"if_at_hand", "require", "never"}
        Pacts (``atop-alliances``), US troops (``us-troops-abroad``) and trade (``us-trade``) do
        not come with the package: missing where not at hand, fetched, or not read.
    facts : Facts, optional
        In place of those that the panel was built from. Needed are ``coalitions`` (the lead
        state, ``framework``); the four ties are read from ``states`` if it holds them:
        ``lead_defence_pact, us_troops_hosted, us_aid_per_head, us_trade_per_gdp``.
    **old
        Names of an earlier version for tables of facts (``data``: ``states``).

    Returns
    -------
    DataFrame
        A copy with ``nato_member``, ``nato_candidate`` (0/1), ``lead_defence_pact`` (0/1: one
        owes the other help if attacked), ``us_troops_hosted`` (persons), ``log_us_troops_hosted``,
        ``us_aid_per_head`` (military, current dollars; 0 where the source, which lists payments,
        lists none in its years), ``us_trade_per_gdp`` (exports and imports in current dollars
        over product at purchasing power: a proxy, as trade with others is not at hand),
        ``us_dependence`` (share of the four ties that exist), ``framework``, ``nato_framework``
        and ``ad_hoc_framework`` (0/1). Missing outside the coverage, never zero.

    Raises
    ------
    CoverageError
        With ``external="require"``, if a source cannot be had; names source and variable.

    Notes
    -----
    Framework as in Kreps (2010), pacts as in Weisiger (2016), aid as in Newnham (2008) and Henke
    (2019), trade as in Riegler, Lis and Hisarciklilar (2017). The index is ours; it stands for
    the dependence of Massie (2016) and McInnis (2020).

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    >>> romania = cm.add_alliance(panel).query("state == 'ROU'").set_index("period")
    >>> romania.loc[["2004-03-01", "2004-04-01"], ["nato_member", "nato_candidate"]]
                nato_member  nato_candidate
    period
    2004-03-01          0.0             1.0
    2004-04-01          1.0             0.0
    """
    check_arguments(add_alliance, locals())
    moment = check_as_of(as_of)
    choice = check_external(external)
    least = _thresholds(hosted_at_least, aid_at_least, trade_at_least)
    rows = plain_panel(panel)
    calendar = calendar_of(rows, ("coalition", "cow", "period"))
    cow = rows["cow"].to_numpy(dtype=np.int64)
    held = facts_for(panel, facts, "add_alliance", old)
    table = coalition_table(held, "add_alliance")
    lead = lead_of(rows, table)
    year = year_known(calendar, moment, check_lag(lag))
    ties = _own(held, cow, year) or _sources(cow, lead, year, choice)
    member, candidate = _nato(cow, calendar.known(moment))
    framework = _framework(rows, table)
    notes = dict(ties.absent)
    if ties.absent:
        notes["us_dependence"] = "; ".join(dict.fromkeys(ties.absent.values()))
    return attach(
        panel,
        {
            "nato_member": member,
            "nato_candidate": candidate,
            "lead_defence_pact": ties.pact,
            "us_troops_hosted": ties.hosted,
            "log_us_troops_hosted": np.log1p(ties.hosted),
            "us_aid_per_head": ties.aid,
            "us_trade_per_gdp": ties.trade,
            "us_dependence": _dependence(ties, least),
            "framework": framework,
            "nato_framework": _carried_by(framework, "nato"),
            "ad_hoc_framework": _carried_by(framework, "ad_hoc"),
        },
        sources=["nato_accession", "nato_candidates", *cited(held, "coalitions"), *ties.sources],
        choices={
            "hosted_at_least": least[0],
            "aid_at_least": least[1],
            "trade_at_least": least[2],
            "lag": lag,
            "as_of": moment,
        },
        notes=notes,
        builder="add_alliance",
        cure="Get the sources (coalition-models data fetch atop-alliances us-troops-abroad "
        "us-trade), or give your own in Facts(states=..., coalitions=...)",
    )


def _thresholds(hosted: float, aid: float, trade: float) -> tuple[float, float, float]:
    given = {"hosted_at_least": hosted, "aid_at_least": aid, "trade_at_least": trade}
    wrong = [f"{name}={value!r}" for name, value in given.items() if not value > 0]
    if wrong:
        raise DataError(f"thresholds of a tie must be above 0; found {', '.join(wrong)}")
    return float(hosted), float(aid), float(trade)


def _nato(cow: Integers, known: Integers) -> tuple[Floats, Floats]:
    """Membership and candidacy in the last known month."""
    joined = known_table("nato_accession").set_index("ccode")["accession_date"]
    since = dict(zip(joined.index, month_number(joined).tolist(), strict=True))
    asked = known_table("nato_candidates")
    candidate = dict(zip(asked["cow"], month_number(asked["since"]).tolist(), strict=True))
    states = pd.Series(cow)
    inside = known < (int(entry("nato_accession").end) + 1) * 12
    member = (states.map(since) <= known).to_numpy(dtype=bool)
    waiting = (states.map(candidate) <= known).to_numpy(dtype=bool) & ~member
    return np.where(inside, member, np.nan), np.where(inside, waiting, np.nan)


def _framework(panel: pd.DataFrame, table: pd.DataFrame) -> pd.Series:
    if "framework" not in table.columns:
        return pd.Series(None, index=panel.index, dtype=object)
    return panel["coalition"].map(table["framework"]).astype(object)


def _carried_by(framework: pd.Series, name: str) -> pd.Series:
    named = framework.astype("string").str.lower() == name
    return named.astype("Float64").astype("float64").where(framework.notna())


def _own(facts: Facts, cow: Integers, year: Integers) -> _Ties | None:
    """Ties as the facts give them; None where they give none of the four."""
    own = facts.table("states")
    given = [] if own is None else [name for name in _FOUR if name in own.columns]
    if own is None or not given:
        return None
    held = own_figures(own, given)
    nothing = np.full(len(cow), np.nan)
    pact, hosted, aid, trade = (
        held.at(name, cow, year) if name in given else nothing for name in _FOUR
    )
    absent = {name: "not in the table of states" for name in _FOUR if name not in given}
    return _Ties(pact, hosted, aid, trade, absent, list(facts.sources.get("states", ())))


def _sources(cow: Integers, lead: Integers, year: Integers, external: External) -> _Ties:
    """Read the ties from the sources, as far as they are at hand."""
    nothing = np.full(len(cow), np.nan)
    absent: dict[str, str] = {}
    sources = ["state_years"]
    states = yearly(known_table("state_years"), ["population", "gdp_per_capita", "us_military_aid"])
    people = states.at("population", cow, year)
    product = people * states.at("gdp_per_capita", cow, year)
    found: dict[str, pd.DataFrame | None] = {}
    for name, column, variable in (
        ("atop-alliances", "lead_defence_pact", "defense"),
        ("us-troops-abroad", "us_troops_hosted", "troops"),
        ("us-trade", "us_trade_per_gdp", "us_exports and us_imports"),
    ):
        found[name] = optional_source(name, variable, "add_alliance", external)
        if found[name] is None:
            absent[column] = not_read(name, external)
        else:
            sources.append(name)
    if "us_troops_hosted" in absent:
        absent["log_us_troops_hosted"] = absent["us_troops_hosted"]
    pacts, hosts, trade = found.values()
    return _Ties(
        nothing if pacts is None else _pact(pacts, cow, lead, year),
        nothing if hosts is None else _hosted(hosts, cow, year),
        _per_head(states.at("us_military_aid", cow, year), people, cow, year),
        nothing if trade is None else _trade(trade, cow, year) / product,
        absent,
        sources,
    )


def _pact(table: pd.DataFrame, cow: Integers, lead: Integers, year: Integers) -> Floats:
    """1 if the state or the lead state owes the other help if attacked; the source lists all."""
    bound = table[table["defense"] == 1]
    parts = [bound[name].to_numpy(dtype=np.int64) for name in ("cow", "partner_cow", "year")]
    keys, wanted = shared_codes(
        [np.minimum(parts[0], parts[1]), np.maximum(parts[0], parts[1]), parts[2]],
        [np.minimum(cow, lead), np.maximum(cow, lead), year],
    )
    inside = (year >= int(table["year"].min())) & (year <= int(table["year"].max()))
    return np.where(
        inside & (lead >= 0) & (lead != cow), np.isin(wanted, keys).astype(np.float64), np.nan
    )


def _hosted(table: pd.DataFrame, cow: Integers, year: Integers) -> Floats:
    """US personnel based in the state, not the totals of a war; missing for the US itself."""
    based = yearly(table[~table["operation_total"]], ["troops"])
    return np.where(cow == _UNITED_STATES, np.nan, based.at("troops", cow, year))


def _per_head(aid: Floats, people: Floats, cow: Integers, year: Integers) -> Floats:
    table = known_table("coverage")
    window = table[table["column"] == "us_military_aid"].iloc[0]
    inside = (year >= window["first"].year) & (year <= window["last"].year)
    return np.where(inside & (cow != _UNITED_STATES), np.nan_to_num(aid) / people, np.nan)


def _trade(table: pd.DataFrame, cow: Integers, year: Integers) -> Floats:
    held = yearly(table, ["us_exports", "us_imports"])
    return held.at("us_exports", cow, year) + held.at("us_imports", cow, year)


def _dependence(ties: _Ties, least: tuple[float, float, float]) -> Floats:
    """Share of the four ties that exist; missing unless all are known."""
    hosted, aid, trade = least
    held = [ties.pact >= 1, ties.hosted >= hosted, ties.aid >= aid, ties.trade >= trade]
    known = ~np.isnan(ties.pact + ties.hosted + ties.aid + ties.trade)
    return np.where(known, np.mean(held, axis=0), np.nan)
