"""Elections as each source lists them, in one form, with what it covers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources._rows import each_row
from coalition_models.sources.catalog import entry

__all__ = [
    "ELECTION_SOURCES",
    "KINDS",
    "Listed",
    "corrected",
    "election_source_of",
    "election_windows",
    "elections_of",
    "kind_runs",
]

KINDS = ("legislative", "presidential")
#: all that a row of an election says, whichever source it comes from
_COLUMNS = ["state", "cow", "date", "precision", "kind", "round", "scheduled", "given", "note"]
_NELDA_KINDS = {
    "legislative": "legislative",
    "presidential": "presidential",
    "constituent_assembly": "legislative",
}


@dataclass(frozen=True)
class Listed:
    """Elections of one source, and how many rows of the file are no such thing, by reason."""

    rows: pd.DataFrame
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class _Source:
    """An external source of elections: its table, what it lists, and how it is recognised."""

    table: str
    kinds: tuple[str, ...]
    marks: frozenset[str]
    read: Callable[[pd.DataFrame], tuple[pd.DataFrame, dict[str, int]]]


def elections_of(
    source: str, listed: pd.DataFrame, corrections: pd.DataFrame, *, whole: bool = True
) -> Listed:
    """List the elections of a source, each once, its known errors put right.

    Parameters
    ----------
    source : str
        One of :data:`ELECTION_SOURCES`.
    listed : DataFrame
        What the reader of the source's table returns, or some rows of it.
    corrections : DataFrame
        The table ``election_corrections``.
    whole : bool
        Whether every correction must find its vote; not so where ``listed`` is a part.

    Returns
    -------
    Listed
        Rows ``state, cow, date, precision, kind`` (legislative, presidential), ``round,
        scheduled`` (yes, no, or missing), ``given`` (the day in the source), ``note``; sorted as
        in the source. ``left_out`` counts referendums, events that are no vote, rows without a
        date or a state number, and repeated elections; ``corrected`` days are counted too.

    Raises
    ------
    DataError
        If a correction names a vote that the source does not list, where ``whole``.
    """
    about = ELECTION_SOURCES[source]
    rows, left_out = about.read(listed)
    rows = rows.assign(given=rows["date"], source=source)
    rows = rows.assign(note="") if "note" not in rows.columns else rows
    fixes = corrections[corrections["source"] == source]
    right = corrected(rows, fixes, whole=whole)
    changed = (right["date"] != right["given"]) | (right["kind"] != rows["kind"])
    # Corrected before referendums go: some of them are elections filed under the wrong kind.
    counts = {"corrected": int(changed.sum()), **left_out}
    counts["referendums"] = int((~right["kind"].isin(KINDS)).sum())
    right = right[right["kind"].isin(KINDS)]
    counts["without a state number"] = int(right["cow"].isna().sum())
    right = right.dropna(subset=["cow"]).astype({"cow": "int64"})
    # Germany's vote of 1987 stands in REIGN under both of its numbers.
    twice = right.duplicated(["cow", "date", "kind"])
    counts["listed twice"] = int(twice.sum())
    out = right[~twice].reset_index(drop=True).reindex(columns=_COLUMNS)
    return Listed(out, {reason: count for reason, count in counts.items() if count})


def election_source_of(table: pd.DataFrame) -> str | None:
    """Name the source whose reader made a table, by its columns; None for any other table.

    Examples
    --------
    >>> election_source_of(pd.DataFrame(columns=["cow", "date", "kind"])) is None
    True
    """
    held = set(table.columns)
    found = [name for name, about in ELECTION_SOURCES.items() if about.marks <= held]
    return found[0] if found else None


def election_windows(source: str, rows: pd.DataFrame) -> pd.DataFrame:
    """Say between which days a source lists all elections of a kind, of each state in ``rows``.

    REIGN lists one kind at a time: the one that decides who leads; see :func:`kind_runs`.

    Returns
    -------
    DataFrame
        ``cow, kind, first, last``.
    """
    about = ELECTION_SOURCES[source]
    item = entry(about.table)
    first, last = pd.Timestamp(item.start), pd.Timestamp(item.end)
    if source == "reign":
        found = [
            (cow, kind, start, end)
            for cow, own in rows.sort_values("date", kind="stable").groupby("cow")
            for kind, start, end in kind_runs(own, first, last)
        ]
    else:
        states = rows["cow"].drop_duplicates()
        found = [(cow, kind, first, last) for cow in states for kind in about.kinds]
    table = pd.DataFrame(found, columns=["cow", "kind", "first", "last"])
    return table.astype({"cow": "int64", "first": "datetime64[ns]", "last": "datetime64[ns]"})


def kind_runs(
    votes: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Split the years of a state in REIGN into runs of one kind of election: kind, start, end.

    The first vote of the new kind is the border.

    Examples
    --------
    >>> votes = pd.DataFrame({"kind": ["legislative", "presidential"],
    ...     "date": pd.to_datetime(["2001-05-06", "2005-05-08"])})
    >>> first, last = pd.Timestamp("2000-01-01"), pd.Timestamp("2009-12-31")
    >>> [(kind, f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for kind, a, b in kind_runs(votes, first, last)]
    [('legislative', '2000-01-01', '2005-05-07'), ('presidential', '2005-05-08', '2009-12-31')]
    """
    new = votes[votes["kind"] != votes["kind"].shift()]
    starts, kinds = new["date"].tolist(), new["kind"].tolist()
    borders = [*(day - pd.Timedelta(days=1) for day in starts[1:]), last]
    return [
        (kind, first if number == 0 else max(first, starts[number]), end)
        for number, (kind, end) in enumerate(zip(kinds, borders, strict=True))
        if end >= first
    ]


def corrected(
    table: pd.DataFrame, corrections: pd.DataFrame, *, whole: bool = True
) -> pd.DataFrame:
    """Put known errors right in ``source, state, kind, date, precision, round, given, note``.

    Parameters
    ----------
    whole : bool
        Whether every correction must find its vote.

    Raises
    ------
    DataError
        If a correction names a vote that its source does not list, where ``whole``.

    Examples
    --------
    >>> day = pd.Timestamp("2019-05-28")
    >>> table = pd.DataFrame({"source": ["reign"], "state": ["ESP"], "kind": ["legislative"],
    ...     "date": [day], "precision": ["day"], "round": [pd.NA], "given": [day], "note": [""]})
    >>> fix = pd.DataFrame({"source": ["reign"], "state": ["ESP"], "kind": ["legislative"],
    ...     "date": [day], "action": ["replace"], "new_date": [pd.Timestamp("2019-04-28")],
    ...     "new_kind": [pd.NA], "new_round": [pd.NA], "reason": ["a month late"]})
    >>> corrected(table, fix)[["date", "given", "note"]].iloc[0].tolist()
    [Timestamp('2019-04-28 00:00:00'), Timestamp('2019-05-28 00:00:00'), 'a month late']
    """
    out = table.copy()
    unused = []
    for fix in each_row(corrections):
        rows = (
            (table["source"] == fix.source)
            & (table["state"] == fix.state)
            & (table["kind"] == fix.kind)
            & (table["given"] == fix.date)
        )
        if not rows.any():
            unused.append(f"{fix.source} {fix.state} {fix.kind} {fix.date:%Y-%m-%d}")
            continue
        out.loc[rows, "note"] = fix.reason
        if fix.action == "replace":
            out.loc[rows, ["date", "precision"]] = [fix.new_date, "day"]
            if isinstance(fix.new_kind, str):
                out.loc[rows, "kind"] = fix.new_kind
            if pd.notna(fix.new_round):
                out.loc[rows, "round"] = int(fix.new_round)
    if unused and whole:
        raise DataError(
            "election_corrections.csv corrects votes that their source does not list "
            f"(mend or remove the rows): {first_few(unused)}"
        )
    return out


def _parlgov(listed: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """ParlGov, party by party: the national parliament's elections, one row each."""
    national = listed[listed["kind"] == "legislative"]
    each = national.drop_duplicates("election_id").rename(columns={"iso3": "state"})
    each = each.assign(precision="day", round=pd.Series(pd.NA, index=each.index, dtype="Int64"))
    europe = listed.loc[listed["kind"] != "legislative", "election_id"].nunique()
    return each, {"of the European Parliament": int(europe)}


def _reign(listed: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """REIGN: votes that were held for the office that leads, referendums among them."""
    held = listed["is_vote"].astype(bool) & listed["date"].notna()
    votes = listed[held].rename(columns={"iso3": "state", "regular": "scheduled"})
    return votes, {"events that are no vote": int((~held).sum())}


def _nelda(listed: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """NELDA: the dated rounds; the later ones have no date of their own."""
    dated = listed[listed["date"].notna()].rename(columns={"iso3": "state"})
    rows = dated.assign(
        kind=dated["kind"].map(_NELDA_KINDS),
        note="may be an upper house or a ceremonial president",
    )
    return rows, {"later rounds without a day": len(listed) - len(dated)}


def _bjornskov_rode(listed: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """Bjoernskov and Rode: one row per state and year, the last election of it by its month."""
    rows = listed[listed["election"].notna()].rename(columns={"iso3": "state"})
    rows = rows.assign(
        date=rows["election"],
        precision="month",
        kind="legislative",
        round=pd.Series(pd.NA, index=rows.index, dtype="Int64"),
        note=rows["election_text"],
    )
    return rows, {}


#: name in ``add_elections(sources=)`` to the external source behind it
ELECTION_SOURCES: Mapping[str, _Source] = {
    "parlgov": _Source(
        "parlgov-elections",
        ("legislative",),
        frozenset({"cow", "date", "kind", "election_id", "party_id"}),
        _parlgov,
    ),
    "reign": _Source(
        "reign-elections",
        KINDS,
        frozenset({"cow", "date", "kind", "is_vote", "regular", "round"}),
        _reign,
    ),
    "nelda": _Source(
        "nelda", KINDS, frozenset({"cow", "date", "kind", "first_round", "round"}), _nelda
    ),
    "bjornskov-rode": _Source(
        "bjornskov-rode",
        ("legislative",),
        frozenset({"cow", "election", "election_text"}),
        _bjornskov_rode,
    ),
}
