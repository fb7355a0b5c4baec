"""What each revision of the facts moves: counts of spells, exits, deaths, strengths."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from coalition_models.members.bundled_facts import facts as bundled
from coalition_models.members.facts import Facts
from coalition_models.progress import in_steps
from coalition_models.render import listing
from coalition_models.sources.catalog import NEWEST
from coalition_models.sources.load import load

__all__ = ["compare_revisions"]


def compare_revisions(*coalitions: str) -> pd.DataFrame:
    """Count what each revision of the facts holds, side by side.

    Parameters
    ----------
    *coalitions : str
        Names as in ``load("coalitions")``; all of them if none is given.

    Returns
    -------
    DataFrame
        ``coalition, what, revision_1, revision_2, moved``. Counts of spells and states; of exits
        by kind, of those with another defensible coding, and of early ones either way; of early
        exits with an announcement; of spells whose entry, exit, kind or announcement changed;
        of deaths (all, American, and known to the month); of strengths (all, and those that
        count as observed). ``revision_1`` is missing for coalitions that it does not have.
        Spells of Enduring Freedom are counted in both.

    Examples
    --------
    >>> import coalition_models as cm
    >>> found = cm.compare_revisions("iraq", "rsm").set_index(["coalition", "what"])
    >>> found.loc[("rsm", "exits early"), ["revision_1", "revision_2"]].tolist()
    [4, 5]
    """
    names = list(coalitions) or list(load("coalitions")["coalition"])
    # refuses names that no revision knows
    bundled(*names)
    old = set(load("coalitions", revision=1)["coalition"])
    rows = []
    for name in in_steps(names, "compare revisions", unit="coalition"):
        now = dict(_counts(bundled(name, operation="all")))
        first = dict(_counts(bundled(name, revision=1))) if name in old else {}
        now |= _changed(name) if name in old else {}
        for what in dict.fromkeys([*first, *now]):
            # what one revision does not have at all it has none of
            before = first.get(what, 0) if name in old else pd.NA
            rows.append((name, what, before, now.get(what, 0)))
    columns = ["coalition", "what", "revision_1", f"revision_{NEWEST}"]
    out = pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], "Int64"))
    out["moved"] = out[f"revision_{NEWEST}"] - out["revision_1"]
    return listing(out)


def _counts(facts: Facts) -> Iterator[tuple[str, int]]:
    members = facts.members if facts.members is not None else pd.DataFrame()
    yield "states", members["state"].nunique()
    yield "spells", len(members)
    for kind, n in members["exit_kind"].value_counts().sort_index().items():
        yield f"exits {kind}", int(n)
    early = members["exit_kind"] == "early"
    yield "exits with another coding", int(members["exit_kind_alt"].notna().sum())
    yield "exits early in either coding", int((early | (members["exit_kind_alt"] == "early")).sum())
    yield "early exits announced", int((early & members["announced"].notna()).sum())
    yield "exits dated to the day", int((members["exit_precision"] == "day").sum())
    if facts.deaths is not None:
        deaths = facts.deaths
        lead = deaths["state"] == "USA"
        dated = deaths["date_precision"] != "year"
        yield "deaths", int(deaths["deaths"].sum())
        yield "deaths American", int(deaths.loc[lead, "deaths"].sum())
        yield "deaths with a month", int(deaths.loc[dated, "deaths"].sum())
    if facts.troops is not None:
        known = facts.troops["troops"].notna() & (facts.troops["status"] == "in_theatre")
        doubtful = facts.troops["note"].astype("string").str.startswith("DOUBTFUL").fillna(False)
        yield "strengths", len(facts.troops)
        yield "strengths that count", int((known & ~doubtful).sum())


def _changed(name: str) -> dict[str, int]:
    """Spells of both revisions whose dates or kind differ."""
    key = ["state", "spell"]
    tables = (load("participation", revision=number) for number in (1, NEWEST))
    one, other = (table[table["coalition"] == name].set_index(key) for table in tables)
    shared = one.index.intersection(other.index)
    one, other = one.loc[shared], other.loc[shared]
    columns = ("entry", "exit", "exit_kind", "exit_kind_alt", "announced", "peak_troops")
    return {
        f"spells with another {column}": int(
            (~((one[column] == other[column]) | (one[column].isna() & other[column].isna()))
             .fillna(False)).sum()
        )
        for column in columns
    }  # fmt: skip
