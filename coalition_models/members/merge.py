"""Joining a table to a panel without losing what the panel remembers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, counted, first_few, warn
from coalition_models.members.own_members import with_states
from coalition_models.record import keep_record, record_of, with_features
from coalition_models.tables.plain import plain_table

__all__ = ["merge"]


def merge(
    panel: pd.DataFrame,
    table: pd.DataFrame,
    *,
    on: str | Sequence[str],
    how: Literal["left", "inner"] = "left",
) -> pd.DataFrame:
    """Join columns of a table to a panel, which keeps its record, its rows and their order.

    pandas' own ``merge`` drops what the panel remembers: the facts that features are built from,
    its choices, what to cite. This one keeps it, and notes the new columns as given.

    Parameters
    ----------
    panel : DataFrame
        Made by :func:`build_panel`.
    table : DataFrame
        One row per key. Categories and numbers of any width join what they stand for, and in
        ``state`` names of states (``"Spain"``) their codes.
    on : str or sequence of str
        Columns that both have, such as ``["state", "period"]``.
    how : {"left", "inner"}
        Whether rows without a match stay, with missing values, or go.

    Returns
    -------
    DataFrame
        A copy of the panel with the table's other columns. The index stays as it was.

    Raises
    ------
    DataError
        Keys that are not in both, repeated or missing in the table, or of other types; columns
        that the panel has already.

    Warns
    -----
    CoalitionWarning
        Where no row of the panel has a match.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> panel = cm.build_panel(cm.facts("iraq"))
    >>> polls = pd.DataFrame({"state": ["ESP", "POL"], "against": [0.91, 0.7]})
    >>> joined = cm.merge(panel, polls, on="state")
    >>> cm.facts_of(joined) is cm.facts_of(panel), int(joined["against"].notna().sum())
    (True, 77)
    """
    check_arguments(merge, locals())
    keys = [on] if isinstance(on, str) else list(on)
    right = _coded(panel, plain_table(table, "the table"), keys)
    _check(panel, right, keys)
    new = [name for name in right.columns if name not in keys]
    marked = plain_table(panel[keys], "the panel").assign(_row=range(len(panel)))
    try:
        found = marked.merge(right.assign(_match=True), on=keys, how=how)
    except ValueError as error:
        raise DataError(f"the keys {', '.join(keys)} do not join: {error}") from None
    if len(panel) and not found["_match"].notna().any():
        warn(_no_match(marked, right, keys))
    rows = found["_row"].to_numpy()
    out = panel.iloc[rows].copy()
    for name in new:
        out[name] = found[name].to_numpy() if len(found) else found[name]
    keep_record(out, panel)
    if record_of(panel).panel:
        with_features(out, {name: {"source": "given"} for name in new})
    return out


def _coded(panel: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The table with the codes of states that it names otherwise than the panel does."""
    if "state" not in keys or not all("state" in frame.columns for frame in (panel, table)):
        return table
    here = set(panel["state"].astype(object))
    others = [name for name in table["state"].dropna().unique() if name not in here]
    names = [name for name in others if isinstance(name, str)]
    if not names:
        return table
    coded, _ = with_states(pd.DataFrame({"state": names}), ())
    codes = {name: code for name, code in zip(names, coded["state"], strict=True) if code in here}
    return table.assign(state=table["state"].map(lambda name: codes.get(name, name)))


def _no_match(panel: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> str:
    def some(frame: pd.DataFrame) -> str:
        rows = frame[keys].drop_duplicates().itertuples(index=False)
        return first_few((" ".join(map(str, row)) for row in rows), limit=3)

    return (
        f"merge: no row of the panel has a match by {', '.join(keys)}: the panel has "
        f"{some(panel)}, the table {some(table) if len(table) else 'no row'}"
    )


def _check(panel: pd.DataFrame, table: pd.DataFrame, keys: list[str]) -> None:
    problems = []
    for frame, what in ((panel, "panel"), (table, "table")):
        absent = [key for key in keys if key not in frame.columns]
        if absent:
            problems.append(f"the {what} lacks the columns {', '.join(absent)}")
        if frame.columns.has_duplicates:
            problems.append(f"the {what} has repeated columns")
    if not keys:
        problems.append("on= names no column")
    taken = [name for name in table.columns if name in panel.columns and name not in keys]
    if taken:
        problems.append(
            f"the panel has these columns already: {first_few(taken)}; rename or drop them"
        )
    problems = problems or _key_problems(table, keys)
    if problems:
        raise DataError("; ".join(problems))


def _key_problems(table: pd.DataFrame, keys: list[str]) -> list[str]:
    problems = []
    twice = table.duplicated(keys)
    if twice.any():
        rows = table.loc[twice, keys].itertuples(index=False)
        problems.append(
            f"{counted(int(twice.sum()), 'row')} of the table repeat a key: "
            f"{first_few(' '.join(map(str, row)) for row in rows)}"
        )
    if table[keys].isna().to_numpy().any():
        problems.append("the table has rows without a key")
    return problems
