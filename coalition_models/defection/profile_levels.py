"""Dated strengths: which of them count as observed, each for its day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.members.own_members import with_states
from coalition_models.record import keep_record
from coalition_models.sources.catalog import contract_of
from coalition_models.sources.codes import from_cow
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = ["by_day", "observed_levels", "read_levels", "without_contradictions"]

_KEY = ["coalition", "state"]


def by_day(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Leave out the time of day: what happened at any hour of a period's last day is in it.

    Examples
    --------
    >>> import pandas as pd
    >>> late = pd.DataFrame({"date": pd.to_datetime(["2004-01-31 23:59"])})
    >>> str(by_day(late, "date")["date"].iloc[0])
    '2004-01-31 00:00:00'
    """
    dated = [
        c
        for c in columns
        if c in table.columns
        and isinstance(table[c].dtype, np.dtype)
        and table[c].dtype.kind == "M"
    ]
    out = table.assign(**{name: table[name].dt.normalize() for name in dated})
    keep_record(out, table)
    return out


def read_levels(levels: pd.DataFrame, level: str) -> pd.DataFrame:
    """Check the levels, and take each for its day."""
    table, unknown = with_states(plain_table(levels, "levels", dates=["date"]), ["date"])
    contract = Contract(
        "levels",
        (
            Column("coalition", required=True),
            Column("state", required=True),
            Column("date", "date", required=True),
            Column(level, "number", minimum=0),
            Column("source"),
            Column("confidence"),
            Column("status"),
            Column("note"),
            Column("counting_basis"),
        ),
    )
    absent = [c.name for c in contract.columns[:4] if c.name not in table.columns]
    if absent:
        raise DataError(f"levels must have the columns coalition, state, date, {level}; "
                        f"missing: {first_few(absent)}")  # fmt: skip
    problems = [f"unknown states: {'; '.join(unknown)}"] if unknown else contract.problems(table)
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"no profile can be drawn of these levels; mend them:\n{listing}")
    return by_day(_by_code(table), "date")


def _by_code(table: pd.DataFrame) -> pd.DataFrame:
    """States by code where names stand beside their numbers: members are matched by code."""
    named = ~table["state"].str.fullmatch("[A-Z]{3}").fillna(False).astype(bool)
    if "cow" not in table.columns or not named.any():
        return table
    numbers = pd.to_numeric(table["cow"], errors="coerce")
    codes = from_cow(numbers, dates=table["date"], missing="na")
    return table.assign(state=table["state"].where(~named | codes.isna(), codes))


def observed_levels(
    levels: pd.DataFrame,
    level: str,
    statuses: Sequence[str],
    doubtful: str,
    renamed: dict[str, str],
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Keep the levels that were observed; count the others by reason."""
    frame = pd.DataFrame(
        {
            "coalition": levels["coalition"].replace(renamed),
            "state": levels["state"],
            "date": levels["date"],
            "troops": levels[level].astype("float64"),
            "source": levels["source"] if "source" in levels.columns else "",
            "confidence": levels["confidence"] if "confidence" in levels.columns else "",
        }
    )
    basis = levels["counting_basis"] if "counting_basis" in levels.columns else None
    frame["counting_basis"] = basis if basis is not None else pd.Series(None, levels.index, object)
    frame["status"] = levels["status"] if "status" in levels.columns else ""
    note = levels["note"].fillna("") if "note" in levels.columns else pd.Series("", levels.index)
    frame["doubtful"] = note.str.startswith("DOUBTFUL").to_numpy(dtype=bool)
    reasons = {"listed without a number": frame["troops"].isna()}
    if "status" in levels.columns:
        _check_statuses(levels, statuses)
        for status in sorted(set(levels["status"]) - set(statuses)):
            reasons[f"status {status}"] = levels["status"] == status
    if doubtful == "drop":
        reasons["doubtful"] = frame["doubtful"]
    keep = pd.Series(True, index=frame.index)
    aside: dict[str, int] = {}
    for reason, rows in reasons.items():
        hit = keep & rows
        aside[reason] = int(hit.sum())
        keep &= ~hit
    return frame[keep], {reason: n for reason, n in aside.items() if n}


def _check_statuses(levels: pd.DataFrame, statuses: Sequence[str]) -> None:
    """Refuse a status that neither these levels nor the table ``troops`` knows."""
    (column,) = (c for c in contract_of("troops").columns if c.name == "status")
    known = dict.fromkeys([*map(str, column.values), *levels["status"].dropna().unique()])
    unknown = [status for status in statuses if status not in known]
    if unknown:
        raise DataError(f"statuses must be among {', '.join(known)}; found {first_few(unknown)}")


def without_contradictions(
    used: pd.DataFrame, spells: pd.DataFrame, aside: dict[str, int]
) -> pd.DataFrame:
    """Set aside a list's "withdrawn" for a member that the spells show as there."""
    gone = used[used["status"] == "withdrawn"].reset_index()
    pairs = gone.merge(spells[[*_KEY, "entry", "exit"]], on=_KEY)
    # the list means an earlier contingent: the one that is there has not left yet
    inside = (pairs["date"] >= pairs["entry"]) & ~(pairs["date"] >= pairs["exit"])
    wrong = list(dict.fromkeys(pairs.loc[inside, "index"]))
    if len(wrong):
        aside["reported withdrawn while a contingent was there"] = len(wrong)
    return used.drop(index=wrong)
