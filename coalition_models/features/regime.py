"""How a member is governed: democracy by two measures, mixed regimes, change of regime."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, check_count
from coalition_models.errors import DataError
from coalition_models.features.attach import attach
from coalition_models.features.registry import builder
from coalition_models.members.facts import Facts
from coalition_models.tables.own import plain_panel
from coalition_models.timelines.calendar import Integers, calendar_of, check_as_of, entry_month
from coalition_models.timelines.given import facts_for
from coalition_models.timelines.yearly import (
    MOST_YEARS,
    External,
    Yearly,
    check_external,
    check_lag,
    not_read,
    optional_source,
    own_figures,
    year_at,
    year_known,
    yearly,
)

__all__ = ["REGIME_SOURCES", "add_regime"]

Floats = npt.NDArray[np.float64]

#: measure -> source and column there
_SOURCES = {
    "polity": ("polity5", "polity2"),
    "bmr": ("democracy-bmr", "democracy"),
    "polyarchy": ("state-democracy", "polyarchy"),
}
#: the external sources that add_regime() reads
REGIME_SOURCES = tuple(source for source, _ in _SOURCES.values())
_COLUMN = {"polity": "polity2", "bmr": "democracy_bmr", "polyarchy": "polyarchy"}
#: bounds of a mixed regime on the Polity scale
_MIXED = (-5, 5)


@builder(
    columns=(
        "polity2",
        "democracy_polity",
        "democracy_bmr",
        "polyarchy",
        "mixed_regime",
        "regime_change",
        "regime_change_since_entry",
        "transition_since_entry",
    ),
    needs=("coalition", "cow", "spell", "period", "entry?", "states?"),
    sources=("polity5", "democracy-bmr", "state-democracy"),
)
def add_regime(
    panel: pd.DataFrame,
    *,
    measures: Sequence[str] = ("polity", "bmr", "polyarchy"),
    threshold: int = 6,
    points: int = 3,
    years: int = 3,
    lag: int = 1,
    as_of: str = "start",
    external: str = "require",
    facts: Facts | None = None,
    **old: object,
) -> pd.DataFrame:
    """Add democracy by several measures and changes of regime.

    All sources are external: without them, and without a table of your own, this is an error,
    unless ``external=`` says otherwise.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`; needs ``coalition, cow, spell, period``.
    measures : sequence of {"polity", "bmr", "polyarchy"}
        Polity5 (to 2018), Boix, Miller and Rosato (to 2020), V-Dem's electoral democracy.
    threshold : int
        Polity score from which a state is a democracy.
    points : int
        Difference of the Polity score that makes a change of regime.
    years : int
        Years over which a change of regime is recent.
    lag : int
        Years by which the sources lag: 1 for the last completed year.
    as_of : {"start", "end"}
        When the year must be complete.
    external : {"require", "if_at_hand", "never"}
        Fetch the sources of the measures, or leave the columns of a measure missing where its
        source is not at hand. ``"never"``: only what the facts' ``states`` hold.
    facts : Facts, optional
        In place of those that the panel was built from; ``polity2``, ``democracy_bmr`` and
        ``polyarchy`` of ``states`` are used if they are there.
    **old
        Names of an earlier version for the table ``states`` of facts.

    Returns
    -------
    DataFrame
        A copy with, from Polity, ``polity2``, ``democracy_polity`` (0/1), ``mixed_regime`` (0/1:
        -5 to 5), ``regime_change`` (0/1: within ``years``), ``regime_change_since_entry`` (0/1);
        ``democracy_bmr`` (0/1) and ``transition_since_entry`` (0/1); ``polyarchy``. Missing
        outside the coverage, never zero. "Entry" compares with the year known at entry.

    Raises
    ------
    CoverageError
        If a source is not at hand and cannot be fetched; names source and variable.

    Notes
    -----
    Democracy as in Weisiger (2016) and Pilster (2011), change of regime as in Leeds (2003);
    anocracies in a dissertation of the University of Kentucky (polysci_etds/42).

    Examples
    --------
    >>> import coalition_models as cm
    >>> import pandas as pd, coalition_models as cm
    >>> scores = pd.DataFrame({"cow": 230, "year": range(1990, 2004), "polity2": 10})
    >>> facts = cm.facts("iraq").replace(states=scores)
    >>> out = cm.add_regime(cm.build_panel(facts).query("state == 'ESP'"), measures=["polity"])
    >>> out["democracy_polity"].unique().tolist()
    [1.0]
    """
    check_arguments(add_regime, locals())
    moment = check_as_of(as_of)
    chosen = _check_measures(measures)
    back = check_count(years, "years", most=MOST_YEARS, of="years")
    points = check_count(points, "points", least=1, most=20, of="points")
    rows = plain_panel(panel, ("cow", "spell"))
    calendar = calendar_of(rows, ("coalition", "cow", "spell", "period"))
    cow = rows["cow"].to_numpy(dtype=np.int64)
    year = year_known(calendar, moment, check_lag(lag))
    entry = year_at(entry_month(rows), lag)
    choice = check_external(external)
    held = facts_for(panel, facts, "add_regime", old)
    columns: dict[str, Floats] = {}
    sources: list[str] = []
    notes: dict[str, str] = {}
    for measure in chosen:
        table, source = _table(measure, held, choice)
        sources += source
        name = _COLUMN[measure]
        before = list(columns)
        columns[name] = table.at(name, cow, year)
        if measure == "polity":
            columns |= _polity(table, cow, year, entry, (threshold, points, back))
        if measure == "bmr":
            then = table.at(name, cow, entry)
            columns["transition_since_entry"] = _differs(columns[name], then, 1)
        if not source and not _given(held, name):
            why = not_read(_SOURCES[measure][0], choice)
            notes |= {made: why for made in columns if made not in before}
    return attach(
        panel,
        columns,
        sources=sources,
        choices={
            "threshold": threshold,
            "points": points,
            "years": back,
            "lag": lag,
            "as_of": moment,
        },
        notes=notes,
        builder="add_regime",
        cure="Outside the years and states of a source give your own: Facts(states=...)",
    )


def _check_measures(measures: Sequence[str]) -> list[str]:
    chosen = [measures] if isinstance(measures, str) else list(measures)
    unknown = [m for m in chosen if m not in _SOURCES]
    if unknown or not chosen:
        raise DataError(f"measures must be some of {', '.join(_SOURCES)}; found {chosen}")
    return chosen


def _given(facts: Facts, name: str) -> bool:
    own = facts.table("states")
    return own is not None and name in own.columns


def _table(measure: str, facts: Facts, external: External) -> tuple[Yearly, list[str]]:
    """Values of a measure, and what to cite; no values where its source is not read."""
    name = _COLUMN[measure]
    own = facts.table("states")
    if own is not None and _given(facts, name):
        return own_figures(own, [name]), list(facts.sources.get("states", ()))
    source, column = _SOURCES[measure]
    table = optional_source(source, column, "add_regime", external)
    if table is None:
        return yearly(pd.DataFrame(columns=["cow", "year", name], dtype=float), [name]), []
    known = table[["cow", "year", column]].rename(columns={column: name})
    return yearly(known, [name]), [source]


def _polity(
    table: Yearly, cow: Integers, year: Integers, entry: Integers, choices: tuple[int, int, int]
) -> dict[str, Floats]:
    threshold, points, years = choices
    now = table.at("polity2", cow, year)
    known = ~np.isnan(now)
    low, high = _MIXED
    return {
        "democracy_polity": np.where(known, now >= threshold, np.nan),
        "mixed_regime": np.where(known, (now >= low) & (now <= high), np.nan),
        "regime_change": _differs(now, table.at("polity2", cow, year - years), points),
        "regime_change_since_entry": _differs(now, table.at("polity2", cow, entry), points),
    }


def _differs(now: Floats, then: Floats, least: int) -> Floats:
    """1 if two values differ by at least so much, 0 if not; missing if one is not known."""
    change = np.abs(now - then)
    return np.where(np.isnan(change), np.nan, (change >= least).astype(np.float64))
