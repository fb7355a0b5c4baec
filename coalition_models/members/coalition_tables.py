"""Tables of one's own coalitions: when they began, when their mandate ends, who leads them."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources.codes import from_cow, iso3_of, to_cow
from coalition_models.sources.load import load
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import plain_table

__all__ = ["coalition_problems", "own_coalitions", "read_coalitions"]

_DATES = ("start", "mandate_end")
_CONTRACT = Contract(
    "coalitions",
    (
        Column("coalition", required=True),
        Column("start", "date", required=True),
        Column("mandate_end", "date"),
        Column("lead_state"),
    ),
    key=("coalition",),
)


def read_coalitions(table: pd.DataFrame, needed: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Read a table of coalitions; return it with everything that is wrong with it.

    Examples
    --------
    >>> import pandas as pd
    >>> mali = pd.DataFrame({"coalition": ["mali"], "start": ["2014-12-31"],
    ...                      "mandate_end": ["2013-01-11"], "lead_state": ["UKG"]})
    >>> for problem in read_coalitions(mali, ["coalition", "start"])[1]:
    ...     print(problem)
    start after mandate_end: mali (2014-12-31 to 2013-01-11)
    column lead_state must match an ISO3 code: UKG of mali (GBR is meant)
    """
    plain = plain_table(table, "the table of coalitions", dates=_DATES)
    absent = [name for name in needed if name not in plain.columns]
    found = []
    if absent:
        found.append(
            f"the table of coalitions lacks the columns {', '.join(absent)}; it must have "
            f"{', '.join(needed)}"
        )
    return plain, found + coalition_problems(plain, needed)


def coalition_problems(table: pd.DataFrame, needed: Sequence[str]) -> list[str]:
    """List what is wrong with the columns that a table of coalitions has."""
    columns = tuple(
        column
        for column in _CONTRACT.columns
        if column.name in table.columns and (column.name in needed or not column.required)
    )
    key = _CONTRACT.key if "coalition" in table.columns else ()
    found = [
        f"the table of coalitions: {p}"
        for p in Contract("coalitions", columns, key).problems(table)
    ]
    readable = [c for c in _DATES if c in table.columns and table[c].dtype.kind == "M"]
    if "coalition" in table.columns and len(readable) == len(_DATES):
        found += _swapped(table)
    if "coalition" in table.columns and "lead_state" in table.columns:
        found += _no_lead_states(table)
    return found


def _swapped(table: pd.DataFrame) -> list[str]:
    wrong = table[(table["start"] > table["mandate_end"]).to_numpy(dtype=bool)]
    pairs = [
        f"{row.coalition} ({row.start:%Y-%m-%d} to {row.mandate_end:%Y-%m-%d})"
        for row in wrong.itertuples(index=False)
    ]
    return [f"start after mandate_end: {first_few(pairs)}"] if pairs else []


def _no_lead_states(table: pd.DataFrame) -> list[str]:
    """Lead states that are no state: nobody would be taken out of the risk set."""
    dated = "start" in table.columns and table["start"].dtype.kind == "M"
    known = table[table["lead_state"].map(lambda value: isinstance(value, str)).astype(bool)]
    if dated:
        known = known[known["start"].notna()]
    if known.empty:
        return []
    days = known["start"] if dated else None
    cow = to_cow(known["lead_state"], days, system="iso3", missing="na")
    code = from_cow(cow, dates=days, missing="na")
    wrong = known[(code != known["lead_state"]).to_numpy(dtype=bool)]
    names = []
    starts = wrong["start"] if dated else [None] * len(wrong)
    for lead, coalition, day in zip(wrong["lead_state"], wrong["coalition"], starts, strict=True):
        meant = iso3_of(str(lead), day)
        cure = f"{meant} is meant" if meant else "no state on the day of its start"
        names.append(f"{lead} of {coalition} ({cure})")
    return [f"column lead_state must match an ISO3 code: {first_few(names)}"] if names else []


def own_coalitions(coalitions: pd.DataFrame | None, needed: Sequence[str]) -> pd.DataFrame:
    """Return the bundled table of coalitions, or one's own if nothing is wrong with it.

    Raises
    ------
    DataError
        With everything that is wrong.

    Examples
    --------
    >>> len(own_coalitions(None, ["coalition"]))
    13
    """
    if coalitions is None:
        return load("coalitions")
    table, problems = read_coalitions(coalitions, needed)
    if problems:
        listing = "\n".join(f"  - {p}" for p in problems)
        raise DataError(f"these coalitions cannot be read; mend them:\n{listing}")
    return table
