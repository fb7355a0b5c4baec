"""Facts of a set with what its further sources tell, and the features that these support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coalition_models.designs.set_record import Counts, Feature, SetRecord
from coalition_models.errors import CoverageError, DataError, first_few, gathered
from coalition_models.features.elections import add_elections
from coalition_models.features.leadership import add_leadership
from coalition_models.features.preferences import add_preferences
from coalition_models.features.regime import REGIME_SOURCES, add_regime
from coalition_models.members.fact_tables import TABLES, coverage_table
from coalition_models.members.facts import Facts, facts_of, trusted_facts
from coalition_models.progress import in_steps
from coalition_models.record import without_features
from coalition_models.sources.catalog import entry
from coalition_models.sources.fetch import at_hand
from coalition_models.timelines.calendar import no_less_than_a_period

__all__ = [
    "ELECTIONS_BY_PERIOD",
    "IDEAL_POINTS",
    "LEADERS_BY_PERIOD",
    "REGIME_AT_HAND",
    "REGIME_OWN",
    "add_set_features",
    "lacking",
    "set_facts",
]

#: idea -> the table of facts without which a coalition has none of its features
_NEEDS = {"casualties": "deaths", "risk": "deaths", "commitment": "troops"}
#: measure of democracy -> column of a table of states, and external source
_MEASURES = {
    "polity": ("polity2", "polity5"),
    "bmr": ("democracy_bmr", "democracy-bmr"),
    "polyarchy": ("polyarchy", "state-democracy"),
}


def set_facts(record: SetRecord) -> tuple[Facts, Counts, dict[str, str]]:
    """Facts of a set, its counts, and the ideas whose facts are not at hand, with the reason.

    Examples
    --------
    >>> from coalition_models.designs.sets import set_record
    >>> set_facts(set_record("iraq"))[0].members["coalition"].unique().tolist()
    ['iraq']
    """
    if record.facts is None:
        raise DataError(f"the set {record.name!r} is made of rows, not of facts")
    found = record.facts()
    facts, counts = (found, {}) if isinstance(found, Facts) else found
    facts, missing = _with_own_tables(facts, record)
    ideas = {feature.idea for feature in record.ideas}
    absent = {idea: why for idea, why in lacking(facts).items() if idea in ideas}
    return facts, counts, {**absent, **missing}


def _with_own_tables(facts: Facts, record: SetRecord) -> tuple[Facts, dict[str, str]]:
    """Add the tables that come from sources of their own, where they are at hand."""
    tables = {name: facts.table(name) for name in TABLES}
    sources = dict(facts.sources)
    windows, missing = [], {}
    for own in record.own_tables:
        try:
            tables[own.table] = own.read(facts)
        except CoverageError as error:
            missing[own.idea] = str(error).splitlines()[0]
            continue
        sources[own.table] = (own.source,)
        if facts.coalitions is not None:
            windows.append(_covered(own.table, own.source, facts.coalitions))
    if not record.own_tables:
        return facts, missing
    if windows:
        held = [] if facts.coverage is None else [coverage_table(facts.coverage)]
        tables["coverage"] = pd.concat([*held, *windows], ignore_index=True)
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


def _covered(table: str, source: str, coalitions: pd.DataFrame) -> pd.DataFrame:
    """Months in which a source tells of a set's states that nothing happened."""
    about = entry(source)
    if table == "deaths":
        return coverage_table(
            dict.fromkeys(coalitions["coalition"], (about.start[:7], about.end[:7]))
        )
    # the last year may be cut short, and what comes next is looked up ahead of the row
    first, last = f"{int(about.start[:4]) + 1}-01", f"{int(about.end[:4]) - 1}-12"
    rows = [(table, name, first, last) for name in coalitions["coalition"]]
    return coverage_table(pd.DataFrame(rows, columns=["table", "coalition", "first", "last"]))


def add_set_features(
    panel: pd.DataFrame,
    record: SetRecord,
    missing: Mapping[str, str],
    only: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Add every feature that a set supports; tell which are missing and why.

    Parameters
    ----------
    panel : DataFrame
        Built from the set's facts.
    record : SetRecord
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
    >>> from coalition_models.designs.sets import set_record
    >>> out, _ = add_set_features(cm.build_panel(cm.facts("iraq")), set_record("iraq"), {})
    >>> {"election_near", "leader_change", "log_deaths_12m", "combat_role"} <= set(out.columns)
    True
    """
    absent = {**missing, **record.unsupported}
    if only is not None:
        known = [feature.idea for feature in record.ideas]
        unknown = [idea for idea in only if idea not in (*known, *absent)]
        if unknown:
            raise DataError(f"features must be of {', '.join(known)}; found {first_few(unknown)}")
        absent = {idea: reason for idea, reason in absent.items() if idea in only}
    out = panel
    about = f"features of {record.name}"
    for feature in in_steps(record.ideas, about, unit="feature"):
        if feature.idea in absent or (only is not None and feature.idea not in only):
            continue
        before = set(out.columns)
        try:
            with gathered():
                out = feature.add(out)
        except CoverageError as error:
            absent[feature.idea] = str(error).splitlines()[0]
            continue
        new = [c for c in out.columns if c not in before]
        out = _without_unknown(out, new, feature.idea, absent)
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


def _elections(panel: pd.DataFrame) -> pd.DataFrame:
    return add_elections(panel, window=no_less_than_a_period(panel, 6))


def _leadership(panel: pd.DataFrame) -> pd.DataFrame:
    return add_leadership(panel, window=no_less_than_a_period(panel, 6))


def _preferences(panel: pd.DataFrame) -> pd.DataFrame:
    return add_preferences(panel, source="ideal-points")


def _regime_if_at_hand(panel: pd.DataFrame) -> pd.DataFrame:
    # a bundled set must not begin to download
    absent = [name for name in REGIME_SOURCES if not at_hand(name)]
    if absent:
        raise CoverageError(f"external sources not at hand: {', '.join(absent)}")
    return add_regime(panel)


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


#: half a year before and after, and no less than a row of the panel
ELECTIONS_BY_PERIOD = Feature("elections", _elections)
LEADERS_BY_PERIOD = Feature("leadership", _leadership)
IDEAL_POINTS = Feature("preferences", _preferences)
REGIME_AT_HAND = Feature("regime", _regime_if_at_hand)
REGIME_OWN = Feature("regime", _own_regime)
