"""Tables that users bring: plain columns, whole numbers, known words, one row per key."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from coalition_models.arguments import not_days, read_days
from coalition_models.errors import AbsentError, DataError, counted, first_few
from coalition_models.record import keep_record
from coalition_models.tables.contract import Column, Contract
from coalition_models.tables.plain import native, plain_column

__all__ = ["YES_NO", "own_table", "plain", "plain_panel", "require_columns", "words_of"]

#: the words of a yes/no column
YES_NO = ("yes", "no")

#: columns that say whose row it is: never empty in a table of one's own
_KEYS = ("coalition", "state", "cow", "spell", "year")
_WHOLE = {
    "cow": Column("cow", "number", minimum=0),
    "spell": Column("spell", "number"),
    # year and state share a key, see yearly()
    "year": Column("year", "number", minimum=1, maximum=9999),
}


def own_table(
    data: pd.DataFrame,
    names: Sequence[str],
    what: str,
    *,
    numbers: Sequence[str] = (),
    dates: Sequence[str] = (),
    filled: Sequence[str] = (),
    words: Mapping[str, Sequence[object]] | None = None,
    yes_no: Sequence[str] = (),
    key: Sequence[str] = (),
) -> pd.DataFrame:
    """Check a table of the user's own and return it with plain columns.

    Parameters
    ----------
    data : DataFrame
    names : sequence of str
        Columns that must be there; those that say whose row it is may not be empty.
    what : str
        Name of the table for messages.
    numbers, dates : sequence of str
        Columns that must hold numbers or dates, if they are there.
    filled : sequence of str
        Further columns that may not be empty.
    words : mapping, optional
        Column to the values that it may hold, if it is there.
    yes_no : sequence of str
        Columns that hold ``yes`` and ``no``; True and False are read as such.
    key : sequence of str
        Columns that no two rows may share.

    Raises
    ------
    DataError
        With everything that is wrong, and where.

    Examples
    --------
    >>> import pandas as pd
    >>> votes = pd.DataFrame({"cow": [2, 2], "scheduled": [True, None]})
    >>> own_table(votes, ["cow"], "table of votes", yes_no=["scheduled"])
       cow scheduled
    0    2       yes
    1    2      None
    >>> own_table(votes.assign(cow=[2.5, 3]), ["cow"], "table of votes")
    Traceback (most recent call last):
    coalition_models.errors.DataError: the table of votes: column cow must hold whole numbers, not
    so in 1 row: 0 (2.5)
    """
    table = plain(data)
    if table.columns.is_unique:
        table = table.assign(**_read(table, dates, words or {}, yes_no))
    require_columns(
        table,
        names,
        what,
        numbers=numbers,
        dates=dates,
        whole=[n for n in _WHOLE if n in names],
        filled=[*(n for n in _KEYS if n in names), *filled],
        words={**(words or {}), **dict.fromkeys(yes_no, YES_NO)},
        key=key,
    )
    return table


def require_columns(
    table: pd.DataFrame,
    names: Sequence[str],
    what: str,
    *,
    numbers: Sequence[str] = (),
    dates: Sequence[str] = (),
    whole: Sequence[str] = (),
    filled: Sequence[str] = (),
    words: Mapping[str, Sequence[object]] | None = None,
    key: Sequence[str] = (),
) -> None:
    """List everything that is wrong with the columns of a table.

    Examples
    --------
    >>> import pandas as pd
    >>> require_columns(pd.DataFrame({"cow": [2]}), ["cow"], "table of polls")
    """
    problems = _kind_problems(table, names, numbers, dates, whole)
    if not problems:
        problems = [
            *_not_finite(table, numbers, whole),
            *_not_whole(table, whole),
            *_contract(table, what, whole, filled, words or {}, key).problems(table),
        ]
    if problems:
        # a sentence where the table itself is the subject, a list where its columns are
        link = " " if problems[0].startswith(("lacks", "has")) else ": "
        absent = len(problems) == 1 and problems[0].startswith("lacks")
        kind = AbsentError if absent else DataError
        raise kind(f"the {what}{link}{'; '.join(problems)}")


def _kind_problems(
    table: pd.DataFrame,
    names: Sequence[str],
    numbers: Sequence[str],
    dates: Sequence[str],
    whole: Sequence[str],
) -> list[str]:
    """Columns that are not there, are there twice, or hold another kind of value."""
    if not table.columns.is_unique:
        twice = dict.fromkeys(table.columns[table.columns.duplicated()])
        return [f"has repeated columns: {first_few(twice)}; keep one of each"]
    absent = [name for name in names if name not in table.columns]
    problems = [f"lacks the columns {', '.join(absent)}"] if absent else []
    counts = dict.fromkeys([*whole, *(n for n in ("cow", "year") if n in names)])
    kinds: list[tuple[Iterable[str], str, Callable[[pd.Series], bool]]] = [
        ([n for n in numbers if n not in counts], "numbers", pd.api.types.is_numeric_dtype),
        (counts, "whole numbers", pd.api.types.is_numeric_dtype),
    ]
    for columns, kind, fits in kinds:
        for name in [n for n in columns if n in table.columns]:
            if not fits(table[name]):
                problems.append(f"column {name} must hold {kind}, found {table[name].dtype}")
    for name in [n for n in dates if n in table.columns]:
        wrong = read_days(table[name])[1]
        if not wrong.any():
            continue
        found = f"found {table[name].dtype}"
        if pd.api.types.is_object_dtype(table[name].dtype):
            # the values tell more where the column may hold anything
            found = not_days(table[name], wrong).partition("; ")[2]
        problems.append(f"column {name} must hold dates without a time zone, {found}")
    return problems


def _not_finite(table: pd.DataFrame, numbers: Sequence[str], whole: Sequence[str]) -> list[str]:
    problems = []
    for name in [n for n in numbers if n in table.columns and n not in whole]:
        endless = np.isinf(table[name].to_numpy(dtype=np.float64, na_value=np.nan))
        if endless.any():
            rows = first_few(table.index[endless])
            problems.append(f"column {name} must hold finite numbers, not so in rows {rows}")
    return problems


def _not_whole(table: pd.DataFrame, whole: Sequence[str]) -> list[str]:
    problems = []
    for name in [n for n in whole if n in table.columns]:
        values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
        odd = ~np.isnan(values) & ~(np.isfinite(values) & (values == np.floor(values)))
        if odd.any():
            rows = zip(table.index[odd], values[odd], strict=True)
            problems.append(
                f"column {name} must hold whole numbers, not so in "
                f"{counted(int(odd.sum()), 'row')}: {first_few(f'{r} ({v:g})' for r, v in rows)}"
            )
    return problems


def _read(
    table: pd.DataFrame,
    dates: Sequence[str],
    words: Mapping[str, Sequence[object]],
    yes_no: Sequence[str],
) -> dict[str, pd.Series]:
    """Columns of objects that can be read without doubt: flags, numbers, dates as text."""
    columns = {name: table[name].map(_word) for name in yes_no if name in table.columns}
    for name in [n for n in dates if n in table.columns]:
        days, wrong = read_days(table[name])
        if not wrong.any():
            columns[name] = days
    for name, allowed in words.items():
        if name in table.columns and not _texts(allowed) and _all_numbers(table[name]):
            columns[name] = pd.to_numeric(table[name])
    return columns


def _word(value: object) -> object:
    return YES_NO[not value] if isinstance(value, bool | np.bool_) else value


def _texts(words: Sequence[object]) -> bool:
    return all(isinstance(word, str) for word in words)


def _all_numbers(series: pd.Series) -> bool:
    """Whether a column of objects holds numbers only: numbers beside None, not text."""
    held = series.dropna()
    return series.dtype == object and all(isinstance(value, int | float) for value in held)


def _kind(series: pd.Series) -> Literal["boolean", "date", "number", "string"]:
    if pd.api.types.is_datetime64_any_dtype(series):
        return "date"
    if pd.api.types.is_bool_dtype(series):
        return "boolean"
    return "number" if pd.api.types.is_numeric_dtype(series) else "string"


def _contract(
    table: pd.DataFrame,
    what: str,
    whole: Sequence[str],
    filled: Sequence[str],
    words: Mapping[str, Sequence[object]],
    key: Sequence[str],
) -> Contract:
    """Column contract for what must be filled, which words a column may hold, and its key."""
    columns = {name: _WHOLE.get(name, Column(name, "number")) for name in whole}
    for name in [n for n in filled if n in table.columns and n not in columns]:
        columns[name] = Column(name, _kind(table[name]))
    for name, allowed in words.items():
        kind: Literal["number", "string"] = "string" if _texts(allowed) else "number"
        columns[name] = Column(name, kind, values=tuple(allowed))
    required = [replace(c, required=c.name in filled) for c in columns.values()]
    return Contract(what, tuple(required), tuple(key))


def words_of(contract: Contract, *columns: str) -> dict[str, tuple[object, ...]]:
    """Words that the columns of a bundled table may hold, and so those of one's own table.

    Examples
    --------
    >>> words_of(Contract("votes", (Column("kind", "string", values=("local", "other")),)), "kind")
    {'kind': ('local', 'other')}
    """
    return {c.name: c.values for c in contract.columns if c.name in columns}


def plain_panel(panel: pd.DataFrame, whole: Sequence[str] = ("cow",)) -> pd.DataFrame:
    """Return a panel with plain columns for look-ups, its numbers of states and spells checked.

    Columns that are not there are left to :func:`calendar_of`.
    """
    rows = plain(panel)
    if rows.columns.is_unique:
        names = [n for n in whole if n in rows.columns]
        require_columns(rows, names, "panel", whole=names, filled=names)
    return rows


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with numpy columns and no name on its index; the caller's is left alone.

    Categories become what they stand for, so that none without a row counts; nullable and Arrow
    columns become numbers, dates and objects with None. A named index could be taken for a column.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"state": pd.Categorical(["ESP"], ["ESP", "ITA"]), "cow": [230]})
    >>> plain(table.set_index("cow", drop=False)).dtypes.astype(str).to_dict()
    {'state': 'object', 'cow': 'int64'}
    """
    out = table.set_axis(table.index.set_names([None] * table.index.nlevels))
    if not out.columns.is_unique:
        return out
    out.attrs = {}  # pandas copies them with every column that is read
    for name, dtype in zip(out.columns, out.dtypes, strict=True):
        if not isinstance(dtype, np.dtype):
            out[name] = plain_column(out[name])
        elif not dtype.isnative:
            out[name] = native(out[name])
    keep_record(out, table)
    return out
