"""Which features the sources of an analysis set support, and how each is added."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from coalition_models.designs.own_set import OWN
from coalition_models.designs.set_data import SetData, renamed_missions
from coalition_models.errors import CoverageError, DataError, first_few, gathered
from coalition_models.features.elections import add_elections
from coalition_models.features.leadership import add_leadership
from coalition_models.features.preferences import add_preferences
from coalition_models.features.regime import REGIME_SOURCES, add_regime
from coalition_models.features.registry import builder_named
from coalition_models.members.fact_tables import coverage_table
from coalition_models.members.facts import Facts, facts_of, trusted_facts
from coalition_models.record import without_features
from coalition_models.sources.catalog import entry
from coalition_models.sources.election_rows import elections_of
from coalition_models.sources.fetch import at_hand
from coalition_models.sources.leader_rows import join_collective, leaders_of
from coalition_models.sources.load import load
from coalition_models.timelines.calendar import no_less_than_a_period

__all__ = ["NOT_SUPPORTED", "add_set_features", "lacking", "set_facts"]

Builder = Callable[..., pd.DataFrame]


@dataclass(frozen=True)
class _Step:
    """One idea and its builder, which reads the facts of the set: its own, or ``add_<idea>``."""

    idea: str
    own: Builder | None = None

    @property
    def add(self) -> Builder:
        return self.own or builder_named(f"add_{self.idea}").function


#: why a set lacks a feature that others have
NOT_SUPPORTED = {
    "un": {
        "risk": "roles of contingents are not coded",
        "alliance": "a UN mission has no lead state",
    },
    "interventions": {
        "casualties": "no source has the supporters' deaths by year",
        "risk": "roles of contingents are not coded",
        "commitment": "strengths are not known",
        "alliance": "the side's lead state is not coded",
    },
    "wars": {
        "elections": "no source has election days from 1848 on",
        "casualties": "deaths are known for the whole war only",
        "risk": "roles of contingents are not coded",
        "commitment": "strengths by month are not known",
        "alliance": "the side's lead state is not coded",
        "preferences": "votes in the United Nations begin in 1946",
    },
}


def set_facts(data: SetData, family: str) -> tuple[Facts, dict[str, str]]:
    """Facts of a set; and which of its own sources are not at hand.

    Examples
    --------
    >>> from coalition_models.designs.set_data import set_data
    >>> set_facts(set_data("iraq", "main"), "bundled")[0].members["coalition"].unique().tolist()
    ['iraq']
    """
    if data.facts is not None:
        return data.facts, lacking(data.facts) if family == OWN else {}
    tables: dict[str, pd.DataFrame] = {"members": data.members, "coalitions": data.coalitions}
    sources: dict[str, tuple[str, ...]] = {"members": data.sources}
    windows, missing = [], {}
    if data.levels is not None:
        tables["troops"] = data.levels[["coalition", "cow", "date", "troops"]]
    else:
        missing["commitment"] = "strengths are not known"
    for idea, table, source, read in _OWN.get(family, ()):
        try:
            tables[table] = read(data)
        except CoverageError as error:
            missing[idea] = str(error).splitlines()[0]
            continue
        sources[table] = (source,)
        windows.append(_covered(table, source, data))
    if windows:
        tables["coverage"] = pd.concat(windows, ignore_index=True)
    return trusted_facts(tables, sources), missing


def lacking(facts: Facts) -> dict[str, str]:
    """Ideas that read a table which the facts do not hold, with the reason.

    Examples
    --------
    >>> import coalition_models as cm
    >>> lacking(cm.facts("iraq").replace(troops=None))
    {'commitment': 'the facts hold no troops: Facts(..., troops=...)'}
    """
    return {
        idea: f"the facts hold no {table}: Facts(..., {table}=...)"
        for idea, table in _NEEDS.items()
        if facts.table(table) is None
    }


def _covered(table: str, source: str, data: SetData) -> pd.DataFrame:
    """Months in which a source tells of a set's states that nothing happened."""
    about = entry(source)
    if table == "deaths":
        return coverage_table(
            dict.fromkeys(data.coalitions["coalition"], (about.start[:7], about.end[:7]))
        )
    # the last year may be cut short, and what comes next is looked up ahead of the row
    first, last = f"{int(about.start[:4]) + 1}-01", f"{int(about.end[:4]) - 1}-12"
    rows = [(table, name, first, last) for name in data.coalitions["coalition"]]
    return coverage_table(pd.DataFrame(rows, columns=["table", "coalition", "first", "last"]))


def add_set_features(
    panel: pd.DataFrame,
    family: str,
    missing: Mapping[str, str],
    only: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Add every feature that a set supports; tell which are missing and why.

    Parameters
    ----------
    panel : DataFrame
        Built from the set's facts.
    family : {"bundled", "own", "un", "interventions", "wars"}
    missing : mapping
        Ideas whose own source is not at hand, with the reason.
    only : sequence of str, optional
        The ideas wanted, such as ``elections``; all by default. One of these that cannot be added
        is refused.

    Raises
    ------
    DataError
        An idea asked for that the set does not know, or that cannot be added.

    Returns
    -------
    DataFrame
        The panel with the features' columns.
    dict
        Idea to the reason for which it could not be added.

    Examples
    --------
    >>> import coalition_models as cm
    >>> out, _ = add_set_features(cm.build_panel(cm.facts("iraq")), "bundled", {})
    >>> {"election_near", "leader_change", "log_deaths_12m", "combat_role"} <= set(out.columns)
    True
    """
    absent = {**missing, **NOT_SUPPORTED.get(family, {})}
    if only is not None:
        known = [step.idea for step in _STEPS[family]]
        unknown = [idea for idea in only if idea not in (*known, *absent)]
        if unknown:
            raise DataError(f"features must be of {', '.join(known)}; found {first_few(unknown)}")
        absent = {idea: reason for idea, reason in absent.items() if idea in only}
    out = panel
    for step in _STEPS[family]:
        if step.idea in missing or (only is not None and step.idea not in only):
            continue
        before = set(out.columns)
        try:
            with gathered():
                out = step.add(out)
        except CoverageError as error:
            absent[step.idea] = str(error).splitlines()[0]
            continue
        new = [c for c in out.columns if c not in before]
        out = _without_unknown(out, new, step.idea, absent)
    lost = [f"{idea} ({absent[idea]})" for idea in only or () if idea in absent]
    if lost:
        raise DataError(f"features asked for cannot be added: {'; '.join(lost)}")
    return out, absent


def _without_unknown(
    panel: pd.DataFrame, columns: list[str], idea: str, missing: dict[str, str]
) -> pd.DataFrame:
    """Drop columns of which the set's sources know no value at all."""
    unknown = [c for c in columns if panel[c].isna().all()]
    if not unknown:
        return panel
    missing[f"{idea}: {', '.join(unknown)}"] = "not known to the set's sources for any row"
    return without_features(panel.drop(columns=unknown), unknown)


def _reign_votes() -> pd.DataFrame:
    """REIGN's votes for the office that leads, its known errors put right."""
    listed = elections_of("reign", load("reign-elections"), load("election_corrections"))
    return listed.rows[["cow", "date", "kind"]]


def _terms(source: str) -> pd.DataFrame:
    """Leaders of a source, with each collective head as one."""
    return join_collective(leaders_of(source, load(source)).rows[["cow", "leader", "start", "end"]])


def _un_deaths(data: SetData) -> pd.DataFrame:
    deaths = load("un-fatalities").dropna(subset=["cow", "date"]).astype({"cow": "int64"})
    # of contingents: neither police nor civilians, many of them hired where the mission is
    deaths = deaths[deaths["personnel"] == "military"]
    rows = deaths.assign(coalition=deaths["mission"].replace(dict(renamed_missions())), deaths=1)
    inside = rows[rows["coalition"].isin(data.coalitions["coalition"])]
    return inside[["coalition", "cow", "date", "deaths"]].reset_index(drop=True)


def _window(panel: pd.DataFrame) -> dict[str, Any]:
    return {"window": no_less_than_a_period(panel, 6)}


def _elections(panel: pd.DataFrame) -> pd.DataFrame:
    return add_elections(panel, **_window(panel))


def _leadership(panel: pd.DataFrame) -> pd.DataFrame:
    return add_leadership(panel, **_window(panel))


def _regime_if_at_hand(panel: pd.DataFrame) -> pd.DataFrame:
    # a bundled set must not begin to download
    absent = [name for name in REGIME_SOURCES if not at_hand(name)]
    if absent:
        raise CoverageError(f"external sources not at hand: {', '.join(absent)}")
    return add_regime(panel)


def _preferences(panel: pd.DataFrame) -> pd.DataFrame:
    return add_preferences(panel, source="ideal-points")


def _own_regime(panel: pd.DataFrame) -> pd.DataFrame:
    """Measures that the facts hold, or whose source is at hand."""
    held = facts_of(panel)
    states = None if held is None else held.states
    columns = set() if states is None else set(states.columns)
    known = [
        measure
        for measure, (column, source) in _MEASURES.items()
        if column in columns or at_hand(source)
    ]
    if not known:
        raise CoverageError(
            f"the facts hold none of {', '.join(c for c, _ in _MEASURES.values())} in states, and "
            f"external sources are not at hand: {', '.join(REGIME_SOURCES)}"
        )
    return add_regime(panel, measures=known)


#: measure of democracy -> column of a table of states, and external source
_MEASURES = {
    "polity": ("polity2", "polity5"),
    "bmr": ("democracy_bmr", "democracy-bmr"),
    "polyarchy": ("polyarchy", "state-democracy"),
}
#: idea -> the table of facts without which a user's own coalition has none of its features
_NEEDS = {"casualties": "deaths", "risk": "deaths", "commitment": "troops"}
_VOTES = ("elections", "elections", "reign-elections", lambda data: _reign_votes())
_LEADERS = ("leadership", "leaders", "reign-leaders", lambda data: _terms("reign-leaders"))
#: family -> its own facts: idea, table, external source, and how it is read
_OWN: dict[str, tuple[tuple[str, str, str, Callable[[SetData], pd.DataFrame]], ...]] = {
    "un": (_VOTES, _LEADERS, ("casualties", "deaths", "un-fatalities", _un_deaths)),
    "interventions": (_VOTES, _LEADERS),
    "wars": (("leadership", "leaders", "archigos", lambda data: _terms("archigos")),),
}

_STEPS: dict[str, tuple[_Step, ...]] = {
    "bundled": (
        _Step("elections"),
        _Step("leadership"),
        _Step("casualties"),
        _Step("risk"),
        _Step("commitment"),
        _Step("contagion"),
        _Step("alliance"),
        _Step("regime", _regime_if_at_hand),
        _Step("capability"),
        _Step("preferences"),
    ),
    OWN: (
        _Step("elections", _elections),
        _Step("leadership", _leadership),
        _Step("casualties"),
        _Step("risk"),
        _Step("commitment"),
        _Step("contagion"),
        _Step("alliance"),
        _Step("regime", _own_regime),
        _Step("capability"),
        _Step("preferences"),
    ),
    "un": (
        _Step("elections", _elections),
        _Step("leadership", _leadership),
        _Step("casualties"),
        _Step("commitment"),
        _Step("contagion"),
        _Step("regime"),
        _Step("capability"),
        _Step("preferences", _preferences),
    ),
    "interventions": (
        _Step("elections", _elections),
        _Step("leadership", _leadership),
        _Step("contagion"),
        _Step("regime"),
        _Step("capability"),
        _Step("preferences", _preferences),
    ),
    "wars": (
        _Step("leadership", _leadership),
        _Step("contagion"),
        _Step("regime"),
        _Step("capability"),
    ),
}
