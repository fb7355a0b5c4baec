"""Derive the table of national elections, and what it covers, from ParlGov and REIGN."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from coalition_models.sources._rows import each_row
from coalition_models.sources.election_rows import KINDS, elections_of, kind_runs

__all__ = ["COVERAGE_COLUMNS", "ELECTION_COLUMNS", "build_coverage", "build_elections", "votes"]

FIRST_DAY = pd.Timestamp("1988-01-01")
LAST_DAY = pd.Timestamp("2021-12-31")

ELECTION_COLUMNS = [
    "state",
    "cow",
    "date",
    "precision",
    "kind",
    "round",
    "sources",
    "agreement",
    "alternative_date",
    "note",
]
COVERAGE_COLUMNS = ["state", "cow", "kind", "source", "start", "end", "complete", "note"]
_VOTES = ["source", "state", "cow", "kind", "date", "precision", "round", "given", "note"]

#: Two sources mean one election if they are at most so many days apart, once corrected.
_SAME_ELECTION = 3


def votes(
    members: pd.DataFrame,
    parlgov: pd.DataFrame,
    reign: pd.DataFrame,
    corrections: pd.DataFrame,
) -> pd.DataFrame:
    """List the votes of both sources, corrected, for all years they have.

    Parameters
    ----------
    members : DataFrame
        ``state, cow`` of the states wanted.
    parlgov, reign : DataFrame
        What the readers of ``parlgov-elections`` and ``reign-elections`` return.
    corrections : DataFrame
        The table ``election_corrections``.

    Returns
    -------
    DataFrame
        ``source, state, cow, kind, date, precision, round, given`` (the day in the source),
        ``note``.

    Raises
    ------
    DataError
        If a correction names a vote that its source does not list.
    """
    listed = {"parlgov": parlgov, "reign": reign}
    right = [
        elections_of(name, table[table["iso3"].isin(members["state"])], corrections).rows.assign(
            source=name
        )
        for name, table in listed.items()
    ]
    return pd.concat(right, ignore_index=True)[_VOTES]


@dataclass(frozen=True)
class _Vote:
    """One round of an election in one source."""

    source: str
    state: str
    cow: int
    kind: str
    date: pd.Timestamp
    precision: str
    round: int | None
    given: pd.Timestamp
    note: str


def build_elections(table: pd.DataFrame) -> pd.DataFrame:
    """Merge the votes of both sources into one row per round of an election, 1988-2021.

    ParlGov gives the day where both have the election. ``agreement`` compares the days that the
    sources themselves give, before correction.
    """
    inside = table[(table["date"] >= FIRST_DAY) & (table["date"] <= LAST_DAY)]
    listed = [_vote(row) for row in each_row(inside)]
    other = [vote for vote in listed if vote.source == "reign"]
    rows = []
    for vote in (v for v in listed if v.source == "parlgov"):
        twins = [o for o in other if _same(vote, o)]
        other = [o for o in other if o not in twins]
        rows.append(_row(vote, *twins))
    rows += [_row(vote) for vote in other]
    out = pd.DataFrame(rows, columns=ELECTION_COLUMNS).astype({"round": "Int64"})
    return out.sort_values(["state", "date", "kind"], ignore_index=True)


def _vote(row: Any) -> _Vote:
    return _Vote(
        source=row.source,
        state=row.state,
        cow=int(row.cow),
        kind=row.kind,
        date=row.date,
        precision=row.precision,
        round=None if pd.isna(row.round) else int(row.round),
        given=row.given,
        note=row.note,
    )


def _same(one: _Vote, other: _Vote) -> bool:
    apart = abs((one.date - other.date).days)
    return (one.state, one.kind) == (other.state, other.kind) and apart <= _SAME_ELECTION


def _row(vote: _Vote, *twins: _Vote) -> dict[str, object]:
    both = (vote, *twins)
    apart = max(abs((twin.given - vote.given).days) for twin in both)
    other_days = [v.given for v in both if v.given != vote.date]
    rounds = [v.round for v in both if v.round is not None]
    together = f"days_apart:{apart}" if apart else "agree"
    return {
        "state": vote.state,
        "cow": vote.cow,
        "date": vote.date,
        "precision": vote.precision,
        "kind": vote.kind,
        "round": rounds[0] if rounds else None,
        "sources": ";".join(v.source for v in both),
        "agreement": together if twins else "single",
        "alternative_date": other_days[0] if other_days else None,
        "note": "; ".join(dict.fromkeys(v.note for v in both if v.note)),
    }


# ---------------------------------------------------------------------------------- coverage
def build_coverage(
    members: pd.DataFrame, table: pd.DataFrame, leaders: pd.DataFrame, reign_end: pd.Timestamp
) -> pd.DataFrame:
    """Say, for each state and kind of election, which source lists all of them in which years.

    ParlGov covers the national parliament of its states. REIGN covers one kind at a time: the one
    that decides who is the effective leader. Where both kinds occur, the first vote of the new
    kind is the border.

    Parameters
    ----------
    members, table : DataFrame
        ``state, cow``, and what :func:`votes` returns.
    leaders : DataFrame
        What the reader of ``reign-leaders`` returns: its first spell dates a new state.
    reign_end : Timestamp
        The last day that REIGN covers.
    """
    rows: list[dict[str, object]] = []
    for state, cow in zip(members["state"], members["cow"], strict=True):
        own = table[table["state"] == state].sort_values("date")
        first = max(FIRST_DAY, leaders.loc[leaders["cow"] == cow, "start"].min())
        parlgov = own[own["source"] == "parlgov"]
        reign = own[own["source"] == "reign"]
        found: list[dict[str, object]] = []
        if len(parlgov):
            found.append(_cover("legislative", "parlgov", first, LAST_DAY, ""))
        found += _reign_runs(reign, parlgov, first, reign_end)
        found += [
            _cover(kind, "reign", first, reign_end, _why_not(kind, reign))
            for kind in KINDS
            if kind not in {row["kind"] for row in found}
        ]
        rows += [{"state": state, "cow": cow} | row for row in found]
    out = pd.DataFrame(rows, columns=COVERAGE_COLUMNS)
    return out.sort_values(["state", "kind", "source", "start"], ignore_index=True)


def _cover(
    kind: str, source: str, start: pd.Timestamp, end: pd.Timestamp, problem: str
) -> dict[str, object]:
    return {
        "kind": kind,
        "source": source,
        "start": start,
        "end": end,
        "complete": "no" if problem else "yes",
        "note": problem,
    }


def _why_not(kind: str, reign: pd.DataFrame) -> str:
    if reign.empty:
        return "no election in the source: it lists only those that decide who leads"
    return f"no {kind} election decides who leads, so the source lists none"


def _reign_runs(
    reign: pd.DataFrame, parlgov: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
) -> list[dict[str, object]]:
    """Split the source's years into runs of one kind of election."""
    if reign.empty:
        return []
    rows = []
    for kind, start, end in kind_runs(reign, first, last):
        problem = _lacking(reign, parlgov, start, end) if kind == "legislative" else ""
        rows.append(_cover(kind, "reign", start, end, problem))
    return rows


def _lacking(
    reign: pd.DataFrame, parlgov: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp
) -> str:
    """Name the elections of a period that ParlGov lists and REIGN does not."""
    inside = parlgov[(parlgov["date"] >= start) & (parlgov["date"] <= end)]
    near = pd.Timedelta(days=_SAME_ELECTION)
    absent = [day for day in inside["date"] if not ((reign["date"] - day).abs() <= near).any()]
    return "lacks " + ", ".join(f"{day:%Y-%m-%d}" for day in absent) if absent else ""
