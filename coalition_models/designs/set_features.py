"""Which features the sources of an analysis set support, and how each is added."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.designs.set_data import RENAMED_MISSIONS, SetData
from coalition_models.errors import CoverageError
from coalition_models.features.alliance import add_alliance
from coalition_models.features.capability import add_capability
from coalition_models.features.casualties import add_casualties
from coalition_models.features.commitment import add_commitment
from coalition_models.features.common import calendar_of
from coalition_models.features.contagion import add_contagion
from coalition_models.features.elections import add_elections
from coalition_models.features.leader_terms import join_collective
from coalition_models.features.leadership import add_leadership
from coalition_models.features.preferences import add_preferences
from coalition_models.features.regime import add_regime
from coalition_models.features.risk import add_risk
from coalition_models.sources.build_elections import corrected
from coalition_models.sources.catalog import entry, load
from coalition_models.sources.fetch import at_hand

__all__ = ["NOT_SUPPORTED", "add_set_features", "set_builders"]

_REGIMES = ("polity5", "democracy-bmr", "state-democracy")

Builder = Callable[[pd.DataFrame, SetData], pd.DataFrame]


@dataclass(frozen=True)
class _Step:
    """One builder, and the external source it is given, whose years bound what it knows."""

    idea: str
    add: Builder
    source: str = ""


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


def add_set_features(
    panel: pd.DataFrame, data: SetData, family: str
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Add every feature that a set supports; tell which are missing and why.

    Parameters
    ----------
    panel : DataFrame
    data : SetData
    family : {"bundled", "un", "interventions", "wars"}

    Returns
    -------
    DataFrame
        The panel with the features' columns.
    dict
        Idea to the reason for which it could not be added.

    Examples
    --------
    >>> from coalition_models.designs.set_data import set_data
    >>> from coalition_models.designs.set_panel import set_panel
    >>> data = set_data("iraq", "main")
    >>> out, _ = add_set_features(set_panel(data, historical=False), data, "bundled")
    >>> {"election_near", "leader_change", "log_deaths_12m", "combat_role"} <= set(out.columns)
    True
    """
    missing = dict(NOT_SUPPORTED.get(family, {}))
    out = panel
    for step in _STEPS[family]:
        before = set(out.columns)
        try:
            out = step.add(out, data)
        except CoverageError as error:
            missing[step.idea] = str(error).splitlines()[0]
            continue
        new = [c for c in out.columns if c not in before]
        if step.source:
            out = _within(out, new, step.source)
        out = _without_unknown(out, new, step.idea, missing)
    return out, missing


def _without_unknown(
    panel: pd.DataFrame, columns: list[str], idea: str, missing: dict[str, str]
) -> pd.DataFrame:
    """Drop columns of which the set's sources know no value at all."""
    unknown = [c for c in columns if panel[c].isna().all()]
    if not unknown:
        return panel
    missing[f"{idea}: {', '.join(unknown)}"] = "not known to the set's sources for any row"
    out = panel.drop(columns=unknown)
    out.attrs = dict(panel.attrs)
    kept = panel.attrs.get("features", {})
    out.attrs["features"] = {k: v for k, v in kept.items() if k not in unknown}
    return out


def _within(panel: pd.DataFrame, columns: list[str], source: str) -> pd.DataFrame:
    """Blank what lies outside the years of a source: there it is missing, never zero."""
    about = entry(source)
    year = panel["period"].dt.year
    # the last year may be cut short, and what comes next is looked up ahead of the row
    known = (year > int(about.start[:4])) & (year < int(about.end[:4]))
    numeric = [c for c in columns if pd.api.types.is_numeric_dtype(panel[c])]
    out = panel.assign(**{c: panel[c].astype("float64").where(known, np.nan) for c in numeric})
    out.attrs = dict(panel.attrs)
    out.attrs["sources"] = [*dict.fromkeys([*panel.attrs.get("sources", []), source])]
    return out


def _reign_votes() -> pd.DataFrame:
    """REIGN's votes for the office that leads, its known errors put right."""
    listed = load("reign-elections")
    held = listed[listed["is_vote"]].rename(columns={"iso3": "state"})
    held = held.assign(source="reign", given=held["date"], note="")
    fixes = load("election_corrections")
    right = corrected(held, fixes[fixes["source"] == "reign"])
    chosen = right[right["kind"].isin(["legislative", "presidential"])]
    votes = chosen[["cow", "date", "kind"]].dropna(subset=["cow"]).astype({"cow": "int64"})
    # Germany's vote of 1987 stands there under both of its numbers
    return votes.drop_duplicates(ignore_index=True)


def _reign_terms() -> pd.DataFrame:
    return _terms("reign-leaders")


def _archigos_terms() -> pd.DataFrame:
    return _terms("archigos")


def _terms(source: str) -> pd.DataFrame:
    listed = load(source).dropna(subset=["cow"]).astype({"cow": "int64"})
    terms = join_collective(listed[["cow", "leader", "start", "end"]])
    terms = terms.sort_values(["cow", "start"], kind="stable", ignore_index=True)
    # whoever comes ends the term of the one before, four of which run on in REIGN
    following = terms.groupby("cow")["start"].shift(-1)
    return terms.assign(end=terms["end"].where(~(terms["end"] > following), following))


def _reign_elections(panel: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    return add_elections(panel, data=_reign_votes(), **(_window(panel) | changes))


def _reign_leadership(panel: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    return add_leadership(panel, data=_reign_terms(), **(_window(panel) | changes))


def _archigos_leadership(panel: pd.DataFrame, **changes: Any) -> pd.DataFrame:
    return add_leadership(panel, data=_archigos_terms(), **(_window(panel) | changes))


def _window(panel: pd.DataFrame) -> dict[str, Any]:
    """Half a year, but no less than the period: a shorter window misses half of the changes."""
    return {"window": max(6, calendar_of(panel).months)}


#: builder -> how a set calls it with its own source, and which source that is
_OWN: dict[str, dict[str, tuple[Callable[..., pd.DataFrame], str]]] = {
    "un": {
        "add_elections": (_reign_elections, "reign-elections"),
        "add_leadership": (_reign_leadership, "reign-leaders"),
    },
    "wars": {"add_leadership": (_archigos_leadership, "archigos")},
}
_OWN["interventions"] = _OWN["un"]


def set_builders(family: str) -> dict[str, Callable[..., pd.DataFrame]]:
    """Builders of elections and leaders with a set's own source, for other arguments.

    Parameters
    ----------
    family : str
        A set; without sources of its own the result is empty.

    Returns
    -------
    dict
        Name of the builder to a function of the panel and the builder's arguments; values outside
        the source's years are missing, as in the set's own columns.

    Examples
    --------
    >>> sorted(set_builders("un")), set_builders("iraq")
    (['add_elections', 'add_leadership'], {})
    """

    def bounded(add: Callable[..., pd.DataFrame], source: str) -> Callable[..., pd.DataFrame]:
        def run(panel: pd.DataFrame, **changes: Any) -> pd.DataFrame:
            bare = panel.copy(deep=False)
            bare.attrs = {key: value for key, value in panel.attrs.items() if key != "features"}
            out = add(bare, **changes)
            return _within(out, list(out.attrs["features"]), source)

        return run

    return {name: bounded(add, source) for name, (add, source) in _OWN.get(family, {}).items()}


def _un_deaths(panel: pd.DataFrame, data: SetData) -> pd.DataFrame:
    deaths = load("un-fatalities").dropna(subset=["cow", "date"]).astype({"cow": "int64"})
    # of contingents: neither police nor civilians, many of them hired where the mission is
    deaths = deaths[deaths["personnel"] == "military"]
    rows = deaths.assign(coalition=deaths["mission"].replace(dict(RENAMED_MISSIONS)), deaths=1)
    about = entry("un-fatalities")
    covered = dict.fromkeys(data.coalitions["coalition"], (about.start[:7], about.end[:7]))
    inside = rows[rows["coalition"].isin(list(covered))]
    return add_casualties(
        panel, data=inside[["coalition", "cow", "date", "deaths"]], coverage=covered
    )


def _own_contagion(panel: pd.DataFrame, data: SetData) -> pd.DataFrame:
    return add_contagion(panel, data=data.members, troops=_levels(data))


def _regime_if_at_hand(panel: pd.DataFrame, data: SetData) -> pd.DataFrame:
    # a bundled set must not begin to download
    absent = [name for name in _REGIMES if not at_hand(name)]
    if absent:
        raise CoverageError(f"external sources not at hand: {', '.join(absent)}")
    return add_regime(panel)


def _levels(data: SetData) -> pd.DataFrame:
    if data.levels is None:
        empty = {"coalition": "object", "cow": "int64", "date": "datetime64[ns]", "troops": "float"}
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in empty.items()})
    return data.levels[["coalition", "cow", "date", "troops"]]


def _own_capability(panel: pd.DataFrame, data: SetData) -> pd.DataFrame:
    return add_capability(panel, members=data.members, coalitions=data.coalitions)


def _own_preferences(panel: pd.DataFrame, data: SetData) -> pd.DataFrame:
    return add_preferences(
        panel, source="ideal-points", members=data.members, coalitions=data.coalitions
    )


_STEPS: dict[str, tuple[_Step, ...]] = {
    "bundled": (
        _Step("elections", lambda p, d: add_elections(p)),
        _Step("leadership", lambda p, d: add_leadership(p)),
        _Step("casualties", lambda p, d: add_casualties(p)),
        _Step("risk", lambda p, d: add_risk(p)),
        _Step("commitment", lambda p, d: add_commitment(p)),
        _Step("contagion", lambda p, d: add_contagion(p)),
        _Step("alliance", lambda p, d: add_alliance(p)),
        _Step("regime", _regime_if_at_hand),
        _Step("capability", lambda p, d: add_capability(p)),
        _Step("preferences", lambda p, d: add_preferences(p)),
    ),
    "un": (
        _Step("elections", lambda p, d: _reign_elections(p), "reign-elections"),
        _Step("leadership", lambda p, d: _reign_leadership(p), "reign-leaders"),
        _Step("casualties", _un_deaths, "un-fatalities"),
        _Step("commitment", lambda p, d: add_commitment(p, data=_levels(d), members=d.members)),
        _Step("contagion", _own_contagion),
        _Step("regime", lambda p, d: add_regime(p)),
        _Step("capability", _own_capability),
        _Step("preferences", _own_preferences),
    ),
    "interventions": (
        _Step("elections", lambda p, d: _reign_elections(p), "reign-elections"),
        _Step("leadership", lambda p, d: _reign_leadership(p), "reign-leaders"),
        _Step("contagion", _own_contagion),
        _Step("regime", lambda p, d: add_regime(p)),
        _Step("capability", _own_capability),
        _Step("preferences", _own_preferences),
    ),
    "wars": (
        _Step("leadership", lambda p, d: _archigos_leadership(p), "archigos"),
        _Step("contagion", _own_contagion),
        _Step("regime", lambda p, d: add_regime(p)),
        _Step("capability", _own_capability),
    ),
}
