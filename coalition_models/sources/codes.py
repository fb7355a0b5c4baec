"""Dated country codes: Correlates of War, Gleditsch-Ward, ISO3 and names.

``data/codes/states.csv`` holds the periods in which one state bore one set of codes, and
``data/codes/names.csv`` the names under which data sets list it. They say whom a code means, not
whether that state was a member of either system on a day.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments, read_day
from coalition_models.errors import DataError
from coalition_models.sources.cow_abbreviations import COW_ABBREVIATIONS
from coalition_models.sources.state_periods import StatePeriod, read_codes, state_periods

__all__ = ["from_cow", "iso3_of", "to_cow", "unmatched"]

System = Literal["auto", "iso3", "name", "gw", "cow"]
Target = Literal["iso3", "gw", "name"]
Missing = Literal["raise", "na"]
Day = datetime.date
#: one date, year or time stamp for all rows, or one per row
Dates = int | Day | str | pd.Series | Sequence[object] | None

_SYSTEMS = ("auto", "iso3", "name", "gw", "cow")
_TARGETS = ("iso3", "gw", "name")


@dataclass(frozen=True)
class _Span:
    """The days that a row speaks of: one day, one calendar year, or not known."""

    first: Day
    last: Day
    label: str

    @property
    def known(self) -> bool:
        return self.label != ""


@lru_cache(maxsize=4)
def _index(system: Literal["iso3", "name", "gw", "cow"]) -> dict[str, tuple[StatePeriod, ...]]:
    """Map each code or normalised name to the periods of every state that ever bore it."""
    if system == "name":
        names = read_codes("names.csv")
        bearers = list(zip(names["name"].map(_normal), names["cow"].astype(int), strict=True))
    else:
        values = [(getattr(period, system), period.cow) for period in state_periods()]
        bearers = [(str(value), cow) for value, cow in values if value is not None]
    cows: dict[str, set[int]] = {}
    for key, cow in bearers:
        cows.setdefault(key, set()).add(cow)
    return {key: tuple(p for p in state_periods() if p.cow in found) for key, found in cows.items()}


def _normal(name: str) -> str:
    """Reduce a name to what identifies it: no case, accents, punctuation or article."""
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    plain = plain.replace("&", " and ").replace("'", "").replace("\u2019", "")
    words = re.sub(r"[^a-z0-9]+", " ", plain).split()
    return " ".join(word for word in words if word != "the")


def _candidates(value: object, system: System) -> tuple[StatePeriod, ...]:
    if system in ("gw", "cow"):
        number = _number(value)
        return () if number is None else _index(system).get(str(number), ())
    if not isinstance(value, str):
        return ()
    if system in ("auto", "iso3"):
        found = _index("iso3").get(value.strip().upper(), ())
        if found or system == "iso3":
            return found
    return _index("name").get(_normal(value), ())


def _number(value: object) -> int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _choose(candidates: Iterable[StatePeriod], span: _Span) -> list[StatePeriod]:
    """Return the last period that shares a day with the span; all of them if it is not known."""
    meeting = [p for p in candidates if p.first <= span.last and p.last >= span.first]
    return meeting[-1:] if span.known else meeting


def unmatched(values: pd.Series, dates: pd.Series) -> list[str]:
    """Say of each name or ISO3 code that is no state on its date why it is none.

    Examples
    --------
    >>> unmatched(pd.Series(["ESP", "DDR"]), pd.Series(pd.to_datetime(["2003-01-01"] * 2)))
    ["'DDR' names no state in 2003-01-01, but German Democratic Republic (COW 265) \
1949-10-05..1990-10-02"]
    """
    problems = _resolve(_series(values), dates, "auto")[1]
    return list(dict.fromkeys(_reason(*found, "auto") for found in problems.values()))


def iso3_of(text: str, day: object) -> str | None:
    """ISO3 code of a state that is named in another way, or None.

    Known are names, and the abbreviations of the Correlates of War where they differ.

    Examples
    --------
    >>> iso3_of("UKG", 2003), iso3_of("GMY", 2003), iso3_of("Spain", 2003), iso3_of("XYZ", 2003)
    ('GBR', 'DEU', 'ESP', None)
    """
    meant = COW_ABBREVIATIONS.get(text.strip().upper(), text)
    cow = to_cow([meant], cast(Dates, day), missing="na")
    code = from_cow(cow, dates=cast(Dates, day), missing="na").iloc[0]
    return code if isinstance(code, str) else None


# ------------------------------------------------------------------------------------- dates
def _spans(dates: Dates, index: pd.Index) -> list[_Span]:
    if dates is None:
        dates = Day.today()
    if isinstance(dates, pd.Series):
        if not dates.index.equals(index):
            raise DataError(
                f"dates must have one value per row, in the same order: {len(index)} codes, "
                f"{len(dates)} dates, and their indexes differ; align them or pass .to_numpy()"
            )
        values = dates.tolist()
    elif isinstance(dates, (str, Day)) or np.ndim(cast(npt.ArrayLike, dates)) == 0:
        values = [dates]
    else:
        values = list(cast(Iterable[object], dates))
    spans = {value: _span(value) for value in dict.fromkeys(values)}
    if len(values) == 1:
        return [spans[values[0]]] * len(index)
    if len(values) != len(index):
        raise DataError(
            f"dates must be one value or one per row: {len(index)} codes, {len(values)} dates"
        )
    return [spans[value] for value in values]


def _span(value: object) -> _Span:
    if pd.isna(value):  # type: ignore[call-overload]
        return _Span(Day.min, Day.max, "")
    year = None if isinstance(value, Day) else _number(value)
    if year is not None and 1 <= year <= 9999:
        return _Span(Day(year, 1, 1), Day(year, 12, 31), str(year))
    if year is not None and not isinstance(value, str):
        raise DataError(
            f"dates must be dates, time stamps or years from 1 to 9999, found the number {value!r}"
        )
    stamp = read_day(value)
    if stamp is None:
        raise DataError(
            "dates must be years, dates or time stamps without a time zone, as text such as "
            f"'1990-10-03', found {value!r}"
        )
    day = stamp.date()
    return _Span(day, day, day.isoformat())


# ------------------------------------------------------------------------------------ public
def to_cow(
    names: str | int | Sequence[object] | pd.Series,
    dates: Dates = None,
    *,
    system: System = "auto",
    missing: Missing = "raise",
) -> pd.Series:
    """Turn ISO3 codes, country names or Gleditsch-Ward numbers into COW numbers.

    A code or name stands for the state that bore it on the date given: Germany is 260 in 1989 and
    255 in 1991. A year stands for the state that existed when the year, or the state's last part
    of it, ended.

    Parameters
    ----------
    names : str, int, sequence or Series
        Missing values stay missing. Names are matched without regard to case, accents,
        punctuation or the article.
    dates : date, year, or one per row, optional
        Today, if not given. Where a row's date is missing, only codes that never changed hands
        can be resolved.
    system : {"auto", "iso3", "name", "gw", "cow"}
        What ``names`` are. ``"auto"`` takes each text as ISO3 code if it is one, else as a name;
        numbers need ``"gw"``, or ``"cow"`` to check COW numbers against the dates.
    missing : {"raise", "na"}
        What to do with what is not known: an error that lists all of it, or ``<NA>``.

    Returns
    -------
    Series of Int64
        COW state numbers, with the index of ``names``.

    Raises
    ------
    DataError
        If a name is unknown, or names a state that did not exist on its date; every one is
        listed, with the nearest names.

    Notes
    -----
    State system membership is another matter: see ``load("cow-states")``. ISO3 codes are those
    in force on the date (SUN, YUG, SCG, CSK, DDR, YMD); a state that was only renamed keeps
    today's code throughout. Kosovo is XKX and South Vietnam RVN, neither assigned by ISO.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.to_cow(["DEU", "West Germany", "Yemen"], 1985).tolist()
    [260, 260, 678]
    >>> cm.to_cow(["DEU", "Czechia", "Serbia", "Tonga"], 2005).tolist()
    [255, 316, 345, 955]
    >>> cm.to_cow([260, 340, 678, 972], 2010, system="gw").tolist()
    [255, 345, 679, 955]
    """
    check_arguments(to_cow, locals())
    _check_option("system", system, _SYSTEMS)
    values = _series(names)
    chosen, problems = _resolve(values, dates, system)
    _report(problems, missing, system)
    cows = [None if period is None else period.cow for period in chosen]
    return pd.Series(cows, index=values.index, dtype="Int64", name=values.name)


def from_cow(
    codes: int | Sequence[object] | pd.Series,
    to: Target = "iso3",
    *,
    dates: Dates = None,
    missing: Missing = "raise",
) -> pd.Series:
    """Turn COW numbers into ISO3 codes, Gleditsch-Ward numbers or names.

    Parameters
    ----------
    codes : int, sequence or Series
        COW state numbers; missing ones stay missing.
    to : {"iso3", "gw", "name"}
    dates : date, year, or one per row, optional
        Today, if not given.
    missing : {"raise", "na"}
        What to do with a number that no state bore on its date.

    Returns
    -------
    Series
        Text, or Int64 for ``"gw"``; missing where the state has no such code (Bavaria and other
        states that ended before ISO 3166 began have no ISO3 code).

    Raises
    ------
    DataError
        If a number is unknown, or its state did not exist on its date.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.from_cow([345, 365], dates=1985).tolist()
    ['YUG', 'SUN']
    >>> cm.from_cow([345, 255, 955], to="gw", dates=2010).tolist()
    [340, 260, 972]
    """
    check_arguments(from_cow, locals())
    _check_option("to", to, _TARGETS)
    values = _series(codes)
    chosen, problems = _resolve(values, dates, "cow", wanted=to)
    _report(problems, missing, "cow")
    found = [None if period is None else getattr(period, to) for period in chosen]
    dtype = "Int64" if to == "gw" else "object"
    return pd.Series(found, index=values.index, dtype=dtype, name=to)


def _series(values: str | int | Sequence[object] | pd.Series) -> pd.Series:
    if isinstance(values, pd.Series):
        return values
    if np.ndim(cast(npt.ArrayLike, values)) > 1:
        raise DataError("names and codes must be one value or one column of them, not a table")
    single = isinstance(values, str) or np.ndim(cast(npt.ArrayLike, values)) == 0
    return pd.Series([values] if single else list(cast(Sequence[object], values)), dtype=object)


def _check_option(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DataError(f"{name} must be one of {', '.join(allowed)}; found {value!r}")


#: a value, the time asked for, and the periods that it might be
_Unmatched = tuple[object, _Span, tuple[StatePeriod, ...]]


def _resolve(
    values: pd.Series, dates: Dates, system: System, wanted: str = "cow"
) -> tuple[list[StatePeriod | None], dict[tuple[str, str], _Unmatched]]:
    """Find each row's period, and each value that has none with what came near."""
    spans = _spans(dates, values.index)
    value_codes, distinct = pd.factorize(values.astype(object), use_na_sentinel=False)
    # spans are one object per distinct date, and numbers are quicker to compare than spans
    kinds = {id(span): span for span in spans}
    numbers = {key: number for number, key in enumerate(kinds)}
    span_codes = np.array([numbers[id(span)] for span in spans], dtype=np.int64)
    pair_codes, pairs = pd.factorize(value_codes * max(len(numbers), 1) + span_codes)
    by_number = list(kinds.values())
    known: list[StatePeriod | None] = []
    problems: dict[tuple[str, str], _Unmatched] = {}
    for pair in pairs.tolist():
        value, span = distinct[pair // len(numbers)], by_number[pair % len(numbers)]
        known.append(None)
        if pd.isna(value):
            continue
        candidates = _candidates(value, system)
        found = _choose(candidates, span)
        if len({getattr(period, wanted) for period in found}) == 1:
            known[-1] = found[-1]
        else:
            problems[str(value), span.label] = value, span, candidates
    return [known[code] for code in pair_codes.tolist()], problems


def _reason(value: object, span: _Span, candidates: tuple[StatePeriod, ...], system: System) -> str:
    if not candidates:
        return f"{value!r} is unknown{_nearest(value, system)}"
    when = "; ".join(f"{p.name} (COW {p.cow}) {p.dates()}" for p in candidates)
    if not span.known:
        return f"{value!r} without a date may be any of: {when}"
    return f"{value!r} names no state in {span.label}, but {when}"


def _nearest(value: object, system: System) -> str:
    if system in ("gw", "cow"):
        return f" as a {system.upper()} number"
    if not isinstance(value, str):
        return " as text; for numbers give system='gw' or system='cow'"
    titles = _titles()
    near = get_close_matches(_normal(value), titles, n=3, cutoff=0.6)
    return f" (nearest: {', '.join(titles[key] for key in near)})" if near else ""


@lru_cache(maxsize=1)
def _titles() -> dict[str, str]:
    return {_normal(name): name for name in read_codes("names.csv")["name"]}


def _report(problems: dict[tuple[str, str], _Unmatched], missing: Missing, system: System) -> None:
    _check_option("missing", missing, ("raise", "na"))
    if not problems or missing == "na":
        return
    kind = {"gw": "Gleditsch-Ward numbers", "cow": "COW numbers"}.get(system, "names or codes")
    reasons = [_reason(*found, system) for found in problems.values()]
    listing = "\n".join(f"  - {text}" for text in dict.fromkeys(reasons))
    raise DataError(
        f"{len(problems)} {kind} could not be matched to a COW state; mend them, check the "
        f"dates, or pass missing='na' to get <NA>:\n{listing}"
    )
