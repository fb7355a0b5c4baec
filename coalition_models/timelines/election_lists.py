"""Elections of the states that the bundled table does not have, from the sources at hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from coalition_models.sources.election_rows import (
    ELECTION_SOURCES,
    KINDS,
    election_windows,
    elections_of,
)
from coalition_models.sources.extend_elections import compare_elections
from coalition_models.timelines.calendar import Integers, known_table
from coalition_models.timelines.election_distances import Distances
from coalition_models.timelines.election_votes import (
    Votes,
    bundled_states,
    make_votes,
    months_of,
)
from coalition_models.timelines.yearly import optional_source

__all__ = ["by_other_sources"]

#: sources of the states that the bundled table does not have, the first that covers a row first
_IN_ORDER = {
    "union": ("reign", "nelda", "bjornskov-rode"),
    "reign": ("reign",),
    "parlgov": ("parlgov",),
}


def by_other_sources(
    first: Distances,
    measure: Callable[[Votes], Distances],
    source: str,
    kinds: str | tuple[str, ...],
    cow: Integers,
    *,
    extended: bool,
) -> tuple[list[Distances], tuple[str, ...]]:
    """Measure the rows of states that the bundled table does not have, source by source.

    A source is read only if those before it leave a row uncovered. Nothing is downloaded.

    Parameters
    ----------
    first : Distances
        By the bundled table, or by a source with all states that was asked for by name.
    measure : callable
        Gives the distances by a list of elections.
    source : {"union", "reign", "parlgov", "nelda", "bjornskov-rode"}
        The last two list all states themselves, so that there are no others.
    kinds : str or tuple
        As checked by :func:`check_kinds`. ``"regime"`` is known to REIGN only.
    cow : array of int
        State of each row.
    extended : bool
        With ``"union"``: an election that any of the sources lists.

    Returns
    -------
    list of Distances
        ``first``, and one for each source that was read, in order.
    tuple of str
        Tables that were wanted and are not at hand.
    """
    other = ~np.isin(cow, bundled_states())
    names = _IN_ORDER.get(source, ())
    names = tuple(name for name in names if kinds != "regime" or name == "reign")
    parts, absent = [first], []
    steps = [names] if extended and source == "union" else [(name,) for name in names]
    for step in steps:
        left = other & ~np.logical_or.reduce([part.ahead & part.behind for part in parts])
        if not left.any():
            break
        states = np.unique(cow[left])
        found = {name: _rows(name, states, extended=extended) for name in step}
        absent += [ELECTION_SOURCES[name].table for name, rows in found.items() if rows is None]
        lists = {name: rows for name, rows in found.items() if rows is not None}
        if lists:
            parts.append(measure(_votes(lists, _together(lists), kinds)))
    return parts, tuple(absent)


def _rows(name: str, states: Integers, *, extended: bool) -> pd.DataFrame | None:
    about = ELECTION_SOURCES[name]
    listed = optional_source(about.table, "elections", "add_elections", "if_at_hand")
    if listed is None:
        return None
    mine = listed[listed["cow"].isin(states)]
    rows = elections_of(name, mine, known_table("election_corrections"), whole=False).rows
    # whether a vote kept to the constitutional rhythm is said with external="require" only
    return rows if extended else rows.drop(columns="scheduled")


def _votes(
    lists: dict[str, pd.DataFrame], rows: pd.DataFrame, kinds: str | tuple[str, ...]
) -> Votes:
    """Elections of one list, covered where any of the sources behind it covers them."""
    chosen = KINDS if isinstance(kinds, str) else kinds
    spans = pd.concat(
        [election_windows(name, part) for name, part in lists.items()], ignore_index=True
    )
    return make_votes(
        rows[rows["kind"].isin(list(chosen))],
        windows=tuple(months_of(spans[spans["kind"] == kind]) for kind in chosen),
        need_all=not isinstance(kinds, str),
        listed=rows,
        sources=tuple(ELECTION_SOURCES[name].table for name in lists),
    )


def _together(lists: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Elections that any source lists, each once: the earlier source in the order dates it."""
    names = list(lists)
    table = lists[names[0]]
    for name in names[1:]:
        new, _ = compare_elections(table, lists[name], monthly=name == "bjornskov-rode")
        new = new.astype(table.dtypes.to_dict())
        table = pd.concat([table, new], ignore_index=True) if len(table) else new
    return table
