"""Rows of a CSV file, as a panel that stands as it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError, first_few

__all__ = ["read_rows"]

#: a number as much of Europe writes it
_COMMA = r"\s*-?\d+,\d+\s*"


def read_rows(path: Path) -> pd.DataFrame:
    r"""Read a table separated by commas, with decimal points.

    Raises
    ------
    DataError
        No file; another separator; numbers with decimal commas; a period that is no date.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "rows.csv")
    ...     _ = path.write_text("state,start,stop,event\nESP,0,1,0\n")
    ...     read_rows(path).shape
    (1, 4)
    """
    try:
        rows = pd.read_csv(path, encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it so") from error
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise DataError(f"cannot read {path}: {said}") from error
    _refuse_other_signs(path, rows)
    if "period" in rows.columns:
        days = pd.to_datetime(rows["period"], errors="coerce", format="ISO8601")
        wrong = rows.loc[days.isna() & rows["period"].notna(), "period"].astype(str).unique()
        if len(wrong):
            raise DataError(
                f"{path}: period must be a date, year first, such as 2008-12-01, not "
                f"{first_few(wrong)}"
            )
        rows["period"] = days
    return rows


def _refuse_other_signs(path: Path, rows: pd.DataFrame) -> None:
    """What a spreadsheet writes where commas are decimal signs."""
    for sign, name in ((";", "semicolons"), ("\t", "tabs")):
        if len(rows.columns) == 1 and sign in str(rows.columns[0]):
            raise DataError(
                f"{path} has {name} between its columns: save it with commas between them, and "
                "points as decimal signs"
            )
    for column in rows.columns:
        texts = rows[column].dropna()
        if texts.dtype == object and len(texts) and texts.astype(str).str.fullmatch(_COMMA).all():
            raise DataError(
                f"{path}: {column} holds decimal commas ({first_few(texts.unique())}): write "
                "numbers with a point"
            )
