"""Small steps that several readers share: decode, date, give codes, and close a tidy frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from coalition_models.errors import CoverageError, DataError, counted, first_few
from coalition_models.record import with_notes
from coalition_models.sources.bundled import bundled_table

__all__ = [
    "add_codes",
    "close_frame",
    "dates_from_parts",
    "from_r_days",
    "need",
    "read_r",
    "read_text",
    "to_int",
]


def read_r(path: Path) -> pd.DataFrame:
    """Read the one data frame that an R file (.rda or .rds) holds.

    Raises
    ------
    CoverageError
        If the package ``rdata`` is not installed.
    DataError
        If the file cannot be parsed or holds anything but one data frame.
    """
    try:
        import rdata
    except ImportError as error:
        raise CoverageError(
            f"reading {path.name} needs the package rdata: pip install 'coalition-models[fetch]'"
        ) from error
    with warnings.catch_warnings():
        # Dates and tibbles have no constructor; the numbers beneath them are what we want.
        warnings.filterwarnings("ignore", message="Missing constructor")
        warnings.filterwarnings("error", message="Unknown file type")
        try:
            bare = path.suffix.lower() == ".rds"
            found = {path.stem: rdata.read_rds(path)} if bare else rdata.read_rda(path)
        except (OSError, ValueError, NotImplementedError, UserWarning) as error:
            raise DataError(f"cannot read {path.name} as an R file: {error}") from error
    frames = [value for value in found.values() if isinstance(value, pd.DataFrame)]
    if len(found) != 1 or len(frames) != 1:
        raise DataError(
            f"{path.name}: expected one data frame, found {first_few(found) or 'nothing'}"
        )
    return frames[0].reset_index(drop=True)


def _decode(text: str) -> str:
    """Undo the reading of UTF-8 bytes as latin-1, where that is what happened."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return text


def read_text(path: Path) -> pd.DataFrame:
    """Read a CSV file as text, cell by cell, whatever mixture of UTF-8 and latin-1 it is.

    Blank cells and NA become missing; spaces at the ends (also the non-breaking ones) go.
    """
    try:
        raw = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="latin-1")
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name}: {error}") from error
    raw.columns = raw.columns.str.strip()
    for name in raw.columns:
        cells = raw[name]
        if not cells.map(str.isascii).all():
            cells = cells.map(_decode)
        cells = cells.str.strip()
        raw[name] = cells.mask(cells.isin(["", "NA"]))
    return raw


def need(raw: pd.DataFrame, columns: Sequence[str], source: str) -> None:
    """Refuse a file that lacks the columns a reader is going to use."""
    absent = [name for name in columns if name not in raw.columns]
    if absent:
        raise DataError(
            f"{source}: the file lacks the columns {first_few(absent)}; "
            f"it has {first_few(raw.columns)}. Is it the pinned version?"
        )


def to_int(values: pd.Series) -> pd.Series:
    """Turn text or floats into nullable integers; text and fractions are an error.

    Examples
    --------
    >>> import pandas as pd
    >>> to_int(pd.Series(["3", None, "4.0"])).tolist()
    [3, <NA>, 4]
    """
    try:
        numbers = pd.to_numeric(values).astype("Float64")
    except (ValueError, TypeError) as error:
        raise DataError(f"column {values.name!r} must hold whole numbers: {error}") from error
    whole = numbers.round()
    broken = ((numbers - whole).abs() > 1e-6).fillna(False)
    if broken.any():
        raise DataError(
            f"column {values.name!r} must hold whole numbers, found "
            f"{first_few(numbers[broken].unique())} in {counted(broken.sum(), 'row')}"
        )
    return whole.astype("Int64")


def dates_from_parts(
    year: pd.Series, month: pd.Series, day: pd.Series | None = None
) -> tuple[pd.Series, pd.Series]:
    """Build dates and their precision from numbers of which some are unknown.

    A day that is missing, or 0, gives the 15th of the month and precision ``month``; a month
    that is missing, or 0, gives 1 July and precision ``year``; no year gives no date.

    Examples
    --------
    >>> import pandas as pd
    >>> year, month = pd.Series([2004, 2014, 2001]), pd.Series([3, 8, None])
    >>> dates, precision = dates_from_parts(year, month, pd.Series([14, 0, None]))
    >>> dates.dt.strftime("%Y-%m-%d").tolist()
    ['2004-03-14', '2014-08-15', '2001-07-01']
    >>> precision.tolist()
    ['day', 'month', 'year']
    """
    years, months = to_int(year), to_int(month)
    days = to_int(day) if day is not None else pd.Series(pd.NA, index=year.index, dtype="Int64")
    known_month = months.fillna(0) > 0
    known_day = known_month & (days.fillna(0) > 0)
    parts = pd.DataFrame(
        {
            "year": years,
            "month": months.where(known_month, 7),
            "day": days.where(known_day, 15).where(known_month, 1),
        }
    )
    dates = pd.Series(pd.NaT, index=year.index, dtype="datetime64[ns]")
    dated = years.notna()
    dates[dated] = pd.to_datetime(parts[dated].astype("int64"))
    precision = pd.Series("day", index=year.index, dtype=object)
    precision[~known_day] = "month"
    precision[~known_month] = "year"
    precision[~dated] = None
    return dates, precision


def from_r_days(days: pd.Series) -> pd.Series:
    """Turn days since 1970-01-01, as R keeps them, into dates."""
    return pd.to_datetime(days, unit="D", origin="unix").astype("datetime64[ns]")


def add_codes(frame: pd.DataFrame, codes: pd.Series, dates: pd.Series | None) -> pd.DataFrame:
    """Put dated ``iso3`` and ``cow`` in front of a frame.

    ``codes`` are COW numbers, possibly those of a predecessor state (260 for Germany after
    1990, 315 for the Czech Republic); ``dates`` are dates or years.
    """
    from coalition_models.sources.codes import from_cow

    cow = current_code(to_int(codes), dates)
    out = frame.copy()
    out.insert(0, "iso3", from_cow(cow, to="iso3", dates=dates))
    out.insert(1, "cow", cow)
    return out


def current_code(cow: pd.Series, dates: pd.Series | None) -> pd.Series:
    """Replace the number of a predecessor state that a source carries on after the break.

    ``dates`` are dates or years. A yearly row of the year of the break keeps its number, since
    both states existed in it.

    Examples
    --------
    >>> import pandas as pd
    >>> current_code(pd.Series([260, 260], dtype="Int64"), pd.Series([1985, 2003])).tolist()
    [260, 255]
    """
    if dates is None:
        return cow
    if pd.api.types.is_datetime64_any_dtype(dates):
        when = dates
    else:
        when = pd.to_datetime(to_int(dates).astype("string") + "-01-01")
    out = cow.copy()
    for row in bundled_table("country_successions").itertuples(index=False):
        out[(cow == row.predecessor).fillna(False) & (when >= row.first_day)] = row.cow
    return out


def close_frame(
    frame: pd.DataFrame, key: Sequence[str], source: str, dropped: dict[str, int]
) -> pd.DataFrame:
    """Sort by key, refuse repeated keys, and record what was dropped and why."""
    repeated = frame.duplicated(list(key), keep=False)
    if repeated.any():
        rows = frame.loc[repeated, list(key)].drop_duplicates().astype(str)
        raise DataError(
            f"{source}: {int(repeated.sum())} rows share a key ({', '.join(key)}): "
            f"{first_few(rows.agg(' '.join, axis=1))}. Is it the pinned version?"
        )
    out = frame.sort_values(list(key), kind="stable").reset_index(drop=True)
    with_notes(out, dropped={reason: count for reason, count in dropped.items() if count})
    return out
