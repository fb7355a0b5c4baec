"""Values that an external source has wrong, put right as it is read, and told."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.record import with_notes
from coalition_models.sources.bundled import bundled_table

__all__ = ["Corrected", "put_right"]


@dataclass(frozen=True)
class Corrected:
    """The cells of a file with known errors put right, and how many rows each change met."""

    rows: pd.DataFrame
    counts: dict[str, int]

    def told(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Note in the record of what a reader made of the rows what was put right."""
        return with_notes(frame, put_right=self.counts) if self.counts else frame


def put_right(raw: pd.DataFrame, source: str) -> Corrected:
    """Apply the corrections of a source in ``corrections.csv`` to the cells of its file.

    A reader calls it before anything else. Corrections are looked up all at once, so that the
    result of one is not the cause of another; one that meets no row changes nothing.

    Parameters
    ----------
    raw : DataFrame
        The file as read; not changed.
    source : str
        Name of the external source.

    Returns
    -------
    Corrected
        ``rows``, and ``counts``: reason to number of rows, of corrections that met any.

    Raises
    ------
    DataError
        If a correction names a column that the file lacks.

    Examples
    --------
    >>> raw = pd.DataFrame({"country": ["Malawi", "Togo"], "ccode": ["533", "461"]})
    >>> found = put_right(raw.assign(event="Vote"), "reign-elections")
    >>> found.rows["ccode"].tolist(), found.counts
    (['553', '461'], {'mistyped number of Malawi in one row (ccode 533, right 553)': 1})
    """
    table = bundled_table("corrections")
    fixes = table[table["source"] == source]
    keys = [_conditions(key) for key in fixes["key"]]
    named = {*fixes["column"], *(column for key in keys for column in key)}
    absent = sorted(named - set(raw.columns))
    if absent:
        raise DataError(
            f"{source}: corrections.csv names columns that the file lacks: {first_few(absent)}. "
            "Is it the pinned version?"
        )
    out = raw.copy()
    counts: dict[str, int] = {}
    for fix, key in zip(fixes.itertuples(index=False), keys, strict=True):
        conditions = {**key, str(fix.column): str(fix.old)}
        rows = pd.Series(True, index=raw.index)
        for column, value in conditions.items():
            rows &= (_text(raw[column]) == value).fillna(False)
        if rows.any():
            new = str(fix.new) if isinstance(fix.new, str) else None
            out[fix.column] = out[fix.column].mask(rows, new)
            counts[_said(fix.reason, fix.column, fix.old, new)] = int(rows.sum())
    return Corrected(out, counts)


def _conditions(key: object) -> dict[str, str]:
    """Columns and values that a key names: ``country=Malawi; year=2004``."""
    if not isinstance(key, str) or not key:
        return {}
    pairs = [part.partition("=") for part in key.split("; ")]
    return {column: value for column, _, value in pairs}


def _text(column: pd.Series) -> pd.Series:
    return column.astype("string").str.removesuffix(".0")


def _said(reason: object, column: object, old: object, new: str | None) -> str:
    return f"{reason} ({column} {old}, {'missing' if new is None else f'right {new}'})"
