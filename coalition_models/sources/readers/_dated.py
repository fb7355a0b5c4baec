"""Dated codes for rows that may speak of a state before, or after, it had its number."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from coalition_models.sources.bundled import bundled_table
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.readers._frames import current_code, to_int

__all__ = ["codes_from_cow", "codes_from_iso3"]


def codes_from_iso3(frame: pd.DataFrame, iso3: pd.Series, dates: pd.Series) -> pd.DataFrame:
    """Put ``iso3`` and the dated ``cow`` in front of a frame whose source has ISO3 codes.

    ``cow`` is missing for territories and for years before the state had a number.
    """
    out = frame.copy()
    out.insert(0, "iso3", iso3.astype(object))
    out.insert(1, "cow", to_cow(iso3.astype(object), dates, system="iso3", missing="na"))
    return out


def codes_from_cow(frame: pd.DataFrame, codes: pd.Series, dates: pd.Series) -> pd.DataFrame:
    """Put ``iso3`` and ``cow`` in front of a frame whose source has COW numbers.

    A predecessor's number that the source carries on is replaced by the current one, and the
    other way round for Germany. Rows just outside a state's life (an election held on the eve of
    independence, a territory that a source follows) keep the source's number, and the code that
    the state had at any time.
    """
    when = dates
    if not pd.api.types.is_datetime64_any_dtype(dates):
        when = pd.to_datetime(to_int(dates).astype("string") + "-12-31")
    cow = current_code(to_int(codes), dates)
    breaks = bundled_table("country_successions")
    for row in breaks[breaks["reused_from"].notna()].itertuples(index=False):
        early = (when < row.first_day) & (when >= row.reused_from)
        cow = cow.mask((cow == row.cow).fillna(False) & early, row.predecessor)
    iso3 = from_cow(cow, dates=dates, missing="na")
    unmatched = iso3.isna() & cow.notna()
    ever = {code: _any_iso3(int(code)) for code in cow[unmatched].unique()}
    out = frame.copy()
    out.insert(0, "iso3", iso3.mask(unmatched, cow.map(ever)).astype(object))
    out.insert(1, "cow", cow)
    return out


@lru_cache(maxsize=1024)
def _any_iso3(code: int) -> str | None:
    """Return the latest ISO3 code that a number stood for at the turn of some decade."""
    years = list(range(2020, 1810, -5))
    known = from_cow([code] * len(years), dates=years, missing="na").dropna()
    return None if known.empty else str(known.iloc[0])
