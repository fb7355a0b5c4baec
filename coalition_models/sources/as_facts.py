"""A source's own table given as facts: put in the form that builders read, and counted."""

from __future__ import annotations

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources.election_rows import (
    ELECTION_SOURCES,
    election_source_of,
    election_windows,
    elections_of,
)
from coalition_models.sources.leader_rows import leader_source_of, leaders_of
from coalition_models.sources.load import load

__all__ = ["facts_of_source"]

_ELECTIONS = ["state", "cow", "date", "precision", "kind", "round", "scheduled", "note"]
_LEADERS = ["state", "cow", "leader", "start", "end", "known_until", "entry", "exit"]


def facts_of_source(
    name: str, given: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    """Put elections or leaders as a reader of the package returns them into the form of facts.

    Any other table is returned as it is.

    Parameters
    ----------
    name : {"elections", "leaders"}
        Table of facts.
    given : DataFrame
        Such as ``load("reign-elections")``, or some of its rows.

    Returns
    -------
    DataFrame
        Elections have ``known_from`` and ``known_until``, leaders ``known_until``: beyond them the
        source says nothing.
    dict
        What the table says of itself: its name, and how many rows were left out or put right.

    Raises
    ------
    DataError
        If leaders of several offices stand in one table.
    """
    if name == "elections":
        return _elections(given)
    return _leaders(given) if name == "leaders" else (given, {})


def _elections(given: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    source = election_source_of(given)
    if source is None:
        return given, {}
    listed = elections_of(source, given, load("election_corrections"), whole=False)
    table = _with_windows(listed.rows, election_windows(source, listed.rows))
    about = ELECTION_SOURCES[source].table
    return table, {"table": {"name": about}, "put_right": dict(listed.left_out)}


def _with_windows(rows: pd.DataFrame, windows: pd.DataFrame) -> pd.DataFrame:
    """Say in each row between which days all elections of its kind and state are listed."""
    pairs = rows.assign(row=range(len(rows))).merge(windows, on=["cow", "kind"], how="left")
    outside = ~((pairs["first"] <= pairs["date"]) & (pairs["date"] <= pairs["last"]))
    # a vote outside all of them, before the source begins, speaks of its own day only
    pairs = pairs.assign(
        outside=outside,
        known_from=pairs["first"].where(~outside, pairs["date"]),
        known_until=pairs["last"].where(~outside, pairs["date"]),
    )
    chosen = pairs.sort_values(["row", "outside"], kind="stable").drop_duplicates("row")
    return chosen[[*_ELECTIONS, "known_from", "known_until"]].reset_index(drop=True)


def _leaders(given: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, dict[str, object]]]:
    offices = list(dict.fromkeys(given["office"].dropna())) if "office" in given.columns else []
    if len(offices) > 1:
        raise DataError(
            f"the table of leaders has leaders of {len(offices)} offices ({first_few(offices)}): "
            f"keep one, such as table[table['office'] == {offices[0]!r}], or leave it out and "
            "choose with who="
        )
    source = leader_source_of(given)
    if source is None:
        return given, {}
    listed = leaders_of(source, given)
    rows = listed.rows.rename(columns={"iso3": "state"})
    kept = [column for column in _LEADERS if column in rows.columns]
    return rows[kept], {"table": {"name": source}, "put_right": dict(listed.left_out)}
