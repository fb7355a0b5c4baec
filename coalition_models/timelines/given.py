"""Which facts a builder reads: those of the panel, or those that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import AbsentError, DataError, warn
from coalition_models.members.facts import Facts, facts_of
from coalition_models.members.timing import PANEL_COLUMNS
from coalition_models.record import record_of
from coalition_models.timelines.calendar import Calendar, month_number

__all__ = ["cited", "facts_beside", "facts_for", "needed", "within_coverage"]

Floats = npt.NDArray[np.float64]


def _same(*names: str) -> dict[str, str]:
    return {name: name for name in names}


#: builder -> its arguments of an earlier version and the tables of facts that they were; roles of
#: spells (none of them) are a column of members now
_OLD: Mapping[str, Mapping[str, str]] = {
    "add_casualties": {"data": "deaths", **_same("coverage", "members", "troops", "states")},
    "add_risk": {"data": "", "losses": "deaths", **_same("coverage", "members", "troops")},
    "add_commitment": {"data": "troops", **_same("members", "changes", "states")},
    "add_contagion": {"data": "members", **_same("troops")},
    "add_lead_exit": {},
    "add_elections": {"data": "elections"},
    "add_leadership": {"data": "leaders"},
    "add_regime": {"data": "states"},
    "add_capability": {"data": "states", **_same("members", "coalitions")},
    "add_alliance": {"data": "states", **_same("coalitions")},
    "add_preferences": {"data": "states", **_same("members", "coalitions")},
}


def facts_for(
    panel: pd.DataFrame, facts: Facts | None, builder: str, old: Mapping[str, object]
) -> Facts:
    """Facts that a builder reads.

    Parameters
    ----------
    panel : DataFrame
    facts : Facts, optional
        Given by the caller: these and no others.
    builder : str
        For messages.
    old : mapping
        Tables given under the names of an earlier version, which replace the panel's.

    Raises
    ------
    DataError
        If the panel was built here and lost what it remembers, so that nothing tells which facts
        it rests on.
    """
    names = _OLD[builder]
    unknown = [name for name in old if name not in names]
    if unknown:
        raise TypeError(f"{builder}() got an unexpected keyword argument {unknown[0]!r}")
    given = {name: t for name, t in old.items() if t is not None and names[name]}
    if facts is not None:
        if given:
            raise DataError(f"give facts= or {', '.join(given)}=, not both")
        return facts
    held = facts_of(panel)
    built = set(PANEL_COLUMNS) <= set(panel.columns)
    if held is None and not given and built and not record_of(panel).panel:
        raise AbsentError(
            f"the panel no longer knows the facts that it was built from, which {builder} reads: a "
            "merge or a file drops them. Join tables with cm.merge(panel, table, on=...), or give "
            f"the facts: {builder}(panel, facts=cm.facts('iraq')) for bundled ones, or your own"
        )
    if not given:
        return held if held is not None else Facts()
    tables = {names[name]: table for name, table in given.items()}
    if "coverage" in tables and "deaths" not in tables:
        raise DataError(
            "coverage= says where deaths of your own are complete, and none are given; the bundled "
            "deaths have coverage of their own"
        )
    written = ", ".join(f"{name}=" for name in given)
    meant = ", ".join(f"{name}=..." for name in tables)
    warn(
        f"{written} of {builder}() go in the next version: make Facts({meant}) and give it to "
        "build_panel(), or as facts="
    )
    return facts_beside(panel, **tables)


def facts_beside(panel: pd.DataFrame, **tables: Any) -> Facts:
    """Facts of a panel with some tables replaced; of a panel without any, these alone.

    Examples
    --------
    >>> facts_beside(pd.DataFrame({"cow": [2]}), coverage={"mali": ("2013-01", "2014-01")})
    <Facts: coverage 1>
    """
    held = facts_of(panel)
    return (held if held is not None else Facts()).replace(**tables)


def needed(facts: Facts, table: str, builder: str, why: str = "") -> pd.DataFrame:
    """One table of the facts.

    Raises
    ------
    DataError
        If the facts do not hold it: which table, why, and how to give it.
    """
    found = facts.table(table)
    if found is None:
        more = ", coverage=..." if table == "deaths" else ""
        raise AbsentError(
            f"{builder} needs {table}{f' ({why})' if why else ''}, and the facts of this panel "
            f"hold none. Give them: Facts(..., {table}=...{more}), or facts_of(panel).replace("
            f"{table}=...{more}) as facts=; cm.facts('iraq') holds the package's own"
        )
    return found


def cited(facts: Facts, *tables: str) -> list[str]:
    """Tables to cite for some tables of facts.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cited(cm.facts("iraq"), "members", "troops")
    ['participation', 'troops']
    """
    return [name for table in tables for name in facts.sources.get(table, ())]


def within_coverage(
    facts: Facts, table: str, calendar: Calendar, columns: dict[str, Floats]
) -> dict[str, Floats]:
    """Leave missing what lies outside the months that a table of facts covers, if it says so."""
    known = facts.table("coverage")
    window = known[known["table"] == table] if known is not None else None
    if window is None or window.empty:
        return columns
    low, high = month_number(window["first"]).min(), month_number(window["last"]).max()
    inside = (calendar.first >= low) & (calendar.first <= high)
    return {name: np.where(inside, value, np.nan) for name, value in columns.items()}
