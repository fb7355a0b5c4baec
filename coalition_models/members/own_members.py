"""States by name, code or number, and spells without numbers, read in one way everywhere."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from coalition_models.arguments import read_days
from coalition_models.sources.codes import from_cow, to_cow, unmatched

__all__ = ["with_spells", "with_states"]


def with_states(table: pd.DataFrame, days: Sequence[str]) -> tuple[pd.DataFrame, list[str]]:
    """Add the numbers of states that have names or codes only, or the codes where only numbers.

    Parameters
    ----------
    table : DataFrame
        With ``state`` (ISO3 code or name), ``cow``, or both, which are then left as they are.
    days : sequence of str
        Columns of the days, or years, on which a state bore its name; the later ones where it did
        not do so yet on the earlier.

    Returns
    -------
    DataFrame
        With ``cow`` (missing where the state is unknown) and ``state``, the ISO3 code where there
        is one, else the name; ``name`` is what stood there before.
    list of str
        Which states are unknown, and why.

    Examples
    --------
    >>> rows = pd.DataFrame({"state": ["Chad", "FRA"], "date": ["2013-02-01"] * 2})
    >>> with_states(rows, ["date"])[0][["state", "cow"]].values.tolist()
    [['TCD', 483], ['FRA', 220]]
    """
    if ("cow" in table.columns) == ("state" in table.columns):
        return table, []
    dated = [_days(table, name) for name in days if name in table.columns]
    # a day that cannot be read is named elsewhere, and some names never changed hands
    undated = pd.Series(pd.NaT, index=table.index)
    first = dated[0] if dated else undated
    if "state" not in table.columns:
        code = from_cow(table["cow"], dates=first, missing="na").astype(object)
        if code.isna().any():
            # states of the past have a name and no code
            code = code.fillna(from_cow(table["cow"], to="name", dates=first, missing="na"))
        return table.assign(state=code), []
    given = table["state"].astype(object)
    cow = pd.Series(pd.NA, index=table.index, dtype="Int64")
    code = pd.Series(None, index=table.index, dtype=object)
    for on in [*dated, undated]:
        rows = cow.isna() & (first.isna() if on is undated else on.notna())
        cow[rows] = to_cow(given[rows], on[rows], missing="na")
        code[rows] = from_cow(cow[rows], dates=on[rows], missing="na")
    blank = cow.isna() & given.notna()
    unknown = unmatched(given[blank], first[blank]) if blank.any() else []
    named = given.where(code.isna(), code)
    for on in dated[1:]:
        # a state that goes on may bear its last name
        last = from_cow(cow, dates=on, missing="na")
        named = named.where((last != given).to_numpy(dtype=bool), given)
    out = table.assign(state=named, cow=cow if cow.isna().any() else cow.astype("int64"))
    if "name" not in out.columns and not named.equals(given):
        out["name"] = given
    return out, unknown


def with_spells(table: pd.DataFrame) -> pd.DataFrame:
    """Number each state's spells in a coalition by their entry, where they have no numbers.

    Examples
    --------
    >>> rows = pd.DataFrame({"coalition": "mali", "state": "TCD", "cow": 483,
    ...                      "entry": ["2014-02-01", "2013-01-16"]})
    >>> with_spells(rows)["spell"].tolist()
    [2, 1]
    """
    if "spell" in table.columns or not {"coalition", "state", "entry"} <= set(table.columns):
        return table
    state = table["state"].astype(object)
    if "cow" in table.columns:
        # under two names a state has one number
        state = table["cow"].astype(object).where(table["cow"].notna(), state)
    rows = pd.DataFrame({"coalition": table["coalition"], "state": state})
    rows["entry"] = read_days(table["entry"])[0]
    ordered = rows.sort_values("entry", kind="stable")
    order = ordered.groupby(["coalition", "state"], dropna=False).cumcount()
    return table.assign(spell=order.reindex(table.index) + 1)


def _days(table: pd.DataFrame, name: str) -> pd.Series:
    if name != "year":
        return read_days(table[name])[0]
    years = pd.to_numeric(table[name], errors="coerce").astype(float)
    return years.where(years.between(1, 9999) & (years % 1 == 0)).astype("Int64")
