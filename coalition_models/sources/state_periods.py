"""States of the past and present: the periods in which one bore one set of codes."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources._paths import data_dir

__all__ = ["StatePeriod", "career", "read_codes", "state_periods"]

Day = datetime.date
_ONE_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class StatePeriod:
    """One state under one set of codes, from its first to its last day."""

    cow: int
    gw: int | None
    iso3: str | None
    name: str
    first: Day
    last: Day

    def dates(self) -> str:
        """First and last day as text, empty where there is none."""
        first = "" if self.first == Day.min else self.first.isoformat()
        last = "" if self.last == Day.max else self.last.isoformat()
        return f"{first}..{last}"


@lru_cache(maxsize=1)
def state_periods() -> tuple[StatePeriod, ...]:
    """Read all periods, the earliest first.

    Examples
    --------
    >>> [p.dates() for p in state_periods() if p.iso3 == "DDR"]
    ['1949-10-05..1990-10-02']
    """
    records = cast(list[dict[str, str]], read_codes("states.csv").to_dict("records"))
    rows = [
        StatePeriod(
            cow=int(row["cow"]),
            gw=int(row["gw"]) if row["gw"] else None,
            iso3=row["iso3"] or None,
            name=row["name"],
            first=Day.fromisoformat(row["start"]) if row["start"] else Day.min,
            last=Day.fromisoformat(row["end"]) if row["end"] else Day.max,
        )
        for row in records
    ]
    return tuple(sorted(rows, key=lambda period: period.first))


def read_codes(file: str) -> pd.DataFrame:
    """Read a table of the folder of codes, all of it as text.

    Examples
    --------
    >>> list(read_codes("names.csv").columns)
    ['name', 'cow']
    """
    path = data_dir() / "codes" / file
    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read the code table {path}: {error}") from error


@lru_cache(maxsize=1)
def _next_periods() -> dict[StatePeriod, StatePeriod]:
    """What a state went on as on the day after: under the same number of one of the systems."""
    following = {}
    for one in state_periods():
        for other in state_periods():
            lasting = one.cow == other.cow or (one.gw is not None and one.gw == other.gw)
            if lasting and one.last < Day.max and other.first == one.last + _ONE_DAY:
                following[one] = other
    return following


@lru_cache(maxsize=100_000)
def career(cow: int, day: Day) -> tuple[StatePeriod, ...]:
    """Periods of the state that bore a COW number on a day: the one of that day and those after.

    A state goes on where its COW or its Gleditsch-Ward number does without a day between.

    Examples
    --------
    >>> [period.iso3 for period in career(345, datetime.date(2003, 1, 1))]
    ['YUG', 'SCG', 'SRB']
    >>> career(265, datetime.date(1989, 1, 1))[-1].last.isoformat()
    '1990-10-02'
    """
    now = [p for p in state_periods() if p.cow == cow and p.first <= day <= p.last]
    found = now[-1:]
    while found and found[-1] in _next_periods():
        found.append(_next_periods()[found[-1]])
    return tuple(found)
