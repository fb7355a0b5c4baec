"""The facts that come with the package, by coalition and revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.members.agreement import announcement_note
from coalition_models.members.bundled_deaths import bundled_coverage, bundled_deaths
from coalition_models.members.fact_tables import TABLES
from coalition_models.members.facts import Facts, trusted_facts
from coalition_models.members.spell_checks import spell_labels
from coalition_models.record import record_of, with_notes
from coalition_models.sources.catalog import NEWEST, entry
from coalition_models.sources.load import load

__all__ = ["bundled_by_value", "bundled_facts", "facts", "facts_with", "revision_of", "told_of"]

#: which bundled tables stand behind each table of bundled facts
_SOURCES: Mapping[str, tuple[str, ...]] = {
    "members": ("participation",),
    "coalitions": ("coalitions",),
    "troops": ("troops",),
    "changes": ("profile_changes",),
    "deaths": ("fatalities", "fatal_incidents"),
}
#: how the sources of the lists that say what they count begin
_LISTED = "NATO ISAF placemat"
#: columns in which a row must equal a bundled one to stand for it
_SAME = ("state", "entry", "exit", "exit_kind")
_SAME_TOO = (
    "announced", "last_personnel", "peak_troops", "role", "sector", "exit_kind_alt",
    "entry_precision", "exit_precision", "announced_precision",
)  # fmt: skip
_KEY = ["coalition", "cow", "spell"]
_OPERATIONS = ("isaf", "all")


def facts(*coalitions: str, revision: int | None = None, operation: str | None = None) -> Facts:
    """Return the bundled facts of some coalitions.

    Parameters
    ----------
    *coalitions : str
        Names as in ``load("coalitions")``; all of them if none is given.
    revision : int, optional
        1 for the first revision of the facts; the newest (2) by default.
    operation : {"isaf", "all"}, optional
        Whose contingents ``isaf`` holds: by default (``"isaf"``) those of ISAF, so that the two
        spells that served in Enduring Freedom throughout (Australia's first, Korea's first) are
        left out; ``"all"`` keeps them. The first revision does not tell them apart and holds all.

    Returns
    -------
    Facts
        Spells, strengths, changes, deaths with their coverage. American deaths in Iraq and ISAF
        are those counted by day, as far as that count goes (Afghanistan: September 2014); deaths
        of a coalition without coverage are not in it. Strengths from lists of NATO have a column
        ``counting_basis``. Elections, leaders and yearly figures of states are not part of it:
        they come from the package's tables and the external sources, for every state that these
        know.

    Raises
    ------
    DataError
        If there is no such coalition, revision or operation.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.facts("iraq").members["state"].nunique()
    40
    >>> [len(cm.facts("isaf", operation=which).members) for which in ("isaf", "all")]
    [53, 55]
    """
    wrong = [name for name in coalitions if not isinstance(name, str)]
    if wrong:
        raise DataError(f"coalitions must be names, such as facts('iraq'), not {first_few(wrong)}")
    if operation is not None and operation not in _OPERATIONS:
        raise DataError(f"operation must be 'isaf' or 'all', not {operation!r:.40}")
    return bundled_facts(tuple(dict.fromkeys(coalitions)), revision, operation)


def bundled_facts(
    names: tuple[str, ...] = (), revision: int | None = None, operation: str | None = None
) -> Facts:
    """Bundled facts of the coalitions named, or of all; see :func:`facts`.

    Examples
    --------
    >>> len(bundled_facts(("isaf",)).members), len(bundled_facts(("isaf",), 1).members)
    (53, 55)
    """
    entry("participation").at(revision)
    number = NEWEST if revision is None else revision
    if number != NEWEST and operation == "isaf":
        raise DataError(
            f"revision {number} of the facts does not tell the spells of Enduring Freedom from "
            "those of ISAF: drop operation=, or revision="
        )
    return _bundled(names, number, operation or ("isaf" if number == NEWEST else "all"))


@lru_cache(maxsize=64)
def _bundled(names: tuple[str, ...], revision: int, operation: str) -> Facts:
    known = load("coalitions", revision=revision)
    unknown = [name for name in names if name not in set(known["coalition"])]
    if unknown:
        which = "" if revision == NEWEST else f" in revision {revision}"
        raise DataError(
            f"no bundled coalition named {first_few(map(repr, unknown))}{which}; known: "
            f"{', '.join(known['coalition'])}. For one of your own make Facts(members, coalitions)"
        )
    chosen = list(names) or list(known["coalition"])
    tables: dict[str, Any] = {
        "members": load("participation", revision=revision),
        "coalitions": known,
        "troops": _troops(revision),
        "changes": load("profile_changes", revision=revision),
        "deaths": bundled_deaths(revision),
        "coverage": bundled_coverage(revision),
    }
    for name, table in tables.items():
        part = table[table["coalition"].isin(chosen)].reset_index(drop=True)
        part.attrs = {}
        tables[name] = part
    if tables["coverage"].empty:
        tables["deaths"] = tables["coverage"] = None
    tables["members"] = _of_operation(tables["members"], revision, operation)
    sources = {n: s for n, s in _SOURCES.items() if tables[n] is not None}
    if "deaths" in sources and revision == NEWEST and {"iraq", "isaf"} & set(chosen):
        sources["deaths"] = (*sources["deaths"], "lead_deaths")
    return trusted_facts(tables, sources)


def _troops(revision: int) -> pd.DataFrame:
    """Strengths, with what the list behind each counts where that is known."""
    table = load("troops", revision=revision)
    if revision != NEWEST:
        return table
    basis = load("counting_basis").set_index(["coalition", "date"])["basis"]
    keys = pd.MultiIndex.from_frame(table[["coalition", "date"]])
    listed = table["source"].str.startswith(_LISTED)
    found = basis.reindex(keys).to_numpy(dtype=object)
    return table.assign(counting_basis=np.where(listed, found, np.nan))


def _of_operation(members: pd.DataFrame, revision: int, operation: str) -> pd.DataFrame:
    """Leave out the spells of another operation, and say so in the table's record."""
    if "operation" not in members.columns or "isaf" not in set(members["coalition"]):
        return with_notes(members, bundled={"revision": revision})
    other = (members["operation"] == "oef").to_numpy(dtype=bool)
    told = {"revision": revision, "operation": operation, "oef": spell_labels(members[other])}
    if operation == "all":
        return with_notes(members, bundled=told)
    return with_notes(members[~other].reset_index(drop=True), bundled=told)


def revision_of(facts: Facts) -> int | None:
    """Revision of bundled facts; None for facts of one's own.

    Examples
    --------
    >>> revision_of(facts("iraq", revision=1)), revision_of(Facts())
    (1, None)
    """
    if facts.members is None:
        return None
    found = record_of(facts.members).notes.get("bundled", {}).get("revision")
    return None if found is None else int(found)


def told_of(
    facts: Facts, coalitions: Iterable[str], exit_date: str = "main"
) -> tuple[list[dict[str, str]], list[str]]:
    """What a panel of bundled facts must tell: spells left out, and notes.

    Examples
    --------
    >>> [row["spell"] for row in told_of(facts("isaf"), ["isaf"])[0]]
    ['isaf AUS-1', 'isaf KOR-1']
    >>> told_of(facts("iraq", revision=1), ["iraq"])[1]
    ['facts of revision 1']
    """
    told = {} if facts.members is None else record_of(facts.members).notes.get("bundled", {})
    if not told:
        return [], []
    notes = [] if told["revision"] == NEWEST else [f"facts of revision {told['revision']}"]
    notes += [announcement_note()] if exit_date == "announced" else []
    spells = list(told.get("oef", ())) if "isaf" in set(coalitions) else []
    if not spells:
        return [], notes
    if told["operation"] == "isaf":
        reason = "served in Enduring Freedom throughout (operation='all' keeps it)"
        return [{"spell": label, "reason": reason} for label in spells], notes
    return [], [*notes, f"served in Enduring Freedom throughout, kept: {', '.join(spells)}"]


def facts_with(
    members: pd.DataFrame, coalitions: pd.DataFrame | None, described: pd.DataFrame
) -> Facts:
    """Facts of a plain table of members: bundled ones where all rows are bundled, else its own.

    Parameters
    ----------
    members : DataFrame
        Checked spells. Where all rows of a coalition equal bundled ones of one revision by value,
        they stand for that coalition: its whole list of members, strengths, deaths. Any other
        rows are all that is known.
    coalitions : DataFrame, optional
        The user's own table of coalitions, if one was given.
    described : DataFrame
        The rows of the table of coalitions in use.
    """
    names = list(dict.fromkeys(members["coalition"]))
    same, revision = ([], None) if coalitions is not None else _bundled_among(members, names)
    table = described.reset_index(drop=True)
    operation = _operation_of(members, revision)
    if same == names:
        return bundled_facts(tuple(names), revision, operation)
    own = members[~members["coalition"].isin(same)].reset_index(drop=True)
    if not same:
        return trusted_facts({"members": own, "coalitions": table}, {})
    base = bundled_facts(tuple(same), revision, operation)
    together = pd.concat([base.members, own], ignore_index=True)
    held = {name: getattr(base, name) for name in TABLES}
    return trusted_facts(held | {"members": together, "coalitions": table}, dict(base.sources))


def bundled_by_value(members: pd.DataFrame) -> Facts | None:
    """Bundled facts of the coalitions all of whose rows equal bundled ones; None without any.

    Examples
    --------
    >>> import coalition_models as cm
    >>> sorted(set(bundled_by_value(cm.load("participation").head(3)).members["coalition"]))
    ['iraq']
    """
    names = list(dict.fromkeys(members["coalition"]))
    same, revision = _bundled_among(members, names)
    if same != names:
        return None
    return bundled_facts(tuple(same), revision, _operation_of(members, revision))


def _bundled_among(members: pd.DataFrame, names: list[str]) -> tuple[list[str], int | None]:
    """Coalitions of which all rows equal bundled ones, and the revision in which they do.

    The revision that the table says it is of is tried first, then the newest.
    """
    notes = record_of(members).notes
    stamped = notes.get("table", {}).get("revision") or notes.get("bundled", {}).get("revision")
    older = sorted(entry("participation").earlier, reverse=True)
    best: tuple[list[str], int | None] = ([], None)
    for revision in dict.fromkeys([stamped or NEWEST, NEWEST, *older]):
        same = _equal_rows(members, names, revision)
        if len(same) > len(best[0]):
            best = (same, revision)
        if same == names:
            break
    return best


def _equal_rows(members: pd.DataFrame, names: list[str], revision: int) -> list[str]:
    known = load("participation", revision=revision)
    candidates = [name for name in names if name in set(known["coalition"])]
    rows = members[members["coalition"].isin(candidates)]
    compared = [*_SAME, *(c for c in _SAME_TOO if c in rows.columns)]
    if rows.empty or any(c not in rows.columns for c in _SAME):
        return []
    other = rows[_KEY].merge(known[[*_KEY, *compared]], on=_KEY, how="left")
    same = np.ones(len(rows), dtype=bool)
    for column in compared:
        mine, theirs = rows[column].reset_index(drop=True), other[column]
        both = mine.isna() & theirs.isna()
        same &= (both | (mine.astype(object) == theirs.astype(object))).to_numpy(dtype=bool)
    other_rows = set(rows["coalition"].to_numpy()[~same])
    return [name for name in candidates if name not in other_rows]


def _operation_of(members: pd.DataFrame, revision: int | None) -> str | None:
    """``all`` where the rows hold spells of Enduring Freedom."""
    if revision is None or revision != NEWEST:
        return None
    known = load("participation")
    other = pd.MultiIndex.from_frame(known.loc[known["operation"] == "oef", _KEY])
    return "all" if pd.MultiIndex.from_frame(members[_KEY]).isin(other).any() else None
