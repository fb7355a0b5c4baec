"""The printed numbers of a study, as the text that was printed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.errors import ReplicationError, first_few
from coalition_models.replications import studies

__all__ = ["KEY", "folder_of", "read_published"]

#: what tells one number from another
KEY = ["table", "model", "term", "quantity"]
_COLUMNS = [*KEY, "printed", "page"]
_OPTIONAL = "deviation"
_FILE = "published.csv"
_CELLS = (
    "a row has more cells than the first one: put a text with a comma into quotes, and write "
    "decimals with a point"
)


def folder_of(name: str) -> Path:
    """Folder of a study: its record, the printed numbers, and notes.

    Raises
    ------
    ReplicationError
        If there is none.

    Examples
    --------
    >>> sorted(path.suffix for path in folder_of("box-steffensmeier-zorn-2001").glob("[np]*.*"))
    ['.csv', '.md']
    """
    for place in studies.__path__:
        folder = Path(place) / name.replace("-", "_")
        if (folder / "study.py").is_file():
            return folder
    raise ReplicationError(f"no folder of a study {name!r} in replications/studies")


def read_published(folder: Path) -> pd.DataFrame:
    """Read printed numbers as the text that was printed.

    Parameters
    ----------
    folder : Path
        Folder of a study, with ``published.csv``; without that file no number was printed.

    Returns
    -------
    DataFrame
        ``table, model, term, quantity, printed, page, deviation``; all text, so that ``0.170``
        keeps its last digit. ``deviation`` is a word of the record's ``deviations``, or empty.

    Raises
    ------
    ReplicationError
        If a column is missing, a number is no number, a key is repeated, or there is no row.

    Examples
    --------
    >>> read_published(folder_of("box-steffensmeier-zorn-2001"))["printed"].head(2).tolist()
    ['-0.439', '0.123']
    """
    path = folder / _FILE
    if not path.is_file():
        return pd.DataFrame(columns=[*_COLUMNS, _OPTIONAL], dtype=str)
    file = f"{_FILE} of {folder.name}"
    frame = _as_text(path, file)
    if not isinstance(frame.index, pd.RangeIndex):
        raise ReplicationError(f"{file}: {_CELLS}; look at {first_few(frame.index)}")
    absent = [name for name in _COLUMNS if name not in frame]
    strange = [name for name in frame.columns if name not in (*_COLUMNS, _OPTIONAL)]
    if absent or strange:
        told = [f"lacks {', '.join(absent)}"] if absent else []
        told += [f"has {first_few(strange)}, which it may not have"] if strange else []
        told += ["its columns must be separated by commas"] if len(frame.columns) == 1 else []
        raise ReplicationError(
            f"{file} must have the columns {', '.join(_COLUMNS)} and may have {_OPTIONAL}; it "
            f"{'; '.join(told)}"
        )
    frame = frame.apply(lambda column: column.str.strip())
    if frame.empty:
        raise ReplicationError(f"{file} has a first line and no number: leave it out, or fill it")
    problems = _problems(frame)
    if problems:
        raise ReplicationError(f"{file} must hold one number per row; {'; '.join(problems)}")
    whole = frame if _OPTIONAL in frame else frame.assign(**{_OPTIONAL: ""})
    kept: pd.DataFrame = whole[[*_COLUMNS, _OPTIONAL]]
    return kept


def _as_text(path: Path, file: str) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = pd.read_csv(path, dtype=str, keep_default_na=False)
    except pd.errors.ParserError as error:
        raise ReplicationError(f"{file}: {_CELLS}: {error}") from error
    except pd.errors.EmptyDataError as error:
        raise ReplicationError(
            f"{file} is empty: its first line must be {','.join(_COLUMNS)}"
        ) from error
    except UnicodeDecodeError as error:
        raise ReplicationError(f"{file} is not in UTF-8: save it so ({error})") from error
    return frame


def _problems(frame: pd.DataFrame) -> list[str]:
    """What is wrong with the rows, each with its line in the file."""
    problems = []
    values = pd.to_numeric(frame["printed"], errors="coerce")
    wrong = frame[~np.isfinite(values.astype(float))]
    if len(wrong):
        problems.append(
            f"no number: {first_few(_on_lines(wrong, wrong['printed'].map(repr)))}: write digits "
            "alone, as in -0.170, without stars, brackets and thousands separators, and leave out "
            "what was not printed"
        )
    repeated = frame[frame.duplicated(KEY)]
    if len(repeated):
        keys = repeated[KEY].agg(" ".join, axis=1)
        problems.append(f"repeated: {first_few(_on_lines(repeated, keys))}: keep one of them")
    return problems


def _on_lines(rows: pd.DataFrame, texts: pd.Series) -> list[str]:
    return [f"{text} on line {row + 2}" for row, text in zip(rows.index, texts, strict=True)]
