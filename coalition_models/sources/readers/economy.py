"""Readers of state-year measures: wealth, population, capabilities, votes at the United Nations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.sources.readers._dated import codes_from_cow, codes_from_iso3
from coalition_models.sources.readers._frames import close_frame, need, read_r, to_int

__all__ = [
    "READERS",
    "read_cow_capabilities",
    "read_gdp_population",
    "read_ideal_points",
    "read_penn_world_table",
]


def read_penn_world_table(path: Path) -> pd.DataFrame:
    """Read the Penn World Table 10.01, 1950-2019.

    State-years without national accounts are dropped and counted. Territories stay; they have no
    COW number.

    Returns
    -------
    DataFrame
        ``iso3, cow, name, year, gdp_expenditure, gdp_output, gdp_national_prices`` (million 2017
        US dollars), ``population`` (million), ``exchange_rate`` (national currency per dollar),
        ``gdp_per_capita`` (2017 US dollars at purchasing power, expenditure side).
    """
    raw = read_r(path)
    need(
        raw,
        ["country", "isocode", "year", "rgdpe", "rgdpo", "rgdpna", "pop", "xr"],
        "penn-world-table",
    )
    rows = raw[raw["rgdpe"].notna()]
    frame = pd.DataFrame(
        {
            "name": rows["country"].astype(str).astype(object),
            "year": to_int(rows["year"]),
            "gdp_expenditure": rows["rgdpe"],
            "gdp_output": rows["rgdpo"],
            "gdp_national_prices": rows["rgdpna"],
            "population": rows["pop"],
            "exchange_rate": rows["xr"],
            "gdp_per_capita": rows["rgdpe"] / rows["pop"],
        }
    )
    frame = codes_from_iso3(frame, rows["isocode"].astype(str), frame["year"])
    dropped = {"no national accounts in the year": int(raw["rgdpe"].isna().sum())}
    return close_frame(frame, ["iso3", "year"], "penn-world-table", dropped)


def read_gdp_population(path: Path) -> pd.DataFrame:
    """Read model-based GDP and population of COW states, 1816-2019 (Fariss et al. 2022).

    The values are posterior medians of a measurement model, smoother than any raw series.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, gdp_per_capita`` (2011 dollars at purchasing power, anchored on the
        Maddison Project), ``gdp`` (million 2017 dollars), ``population`` (million), each with
        the standard deviation of its posterior in ``_sd``.
    """
    columns = {
        "mrgdppc": "gdp_per_capita",
        "sd_mrgdppc": "gdp_per_capita_sd",
        "pwtrgdp": "gdp",
        "sd_pwtrgdp": "gdp_sd",
        "pwtpop": "population",
        "sd_pwtpop": "population_sd",
    }
    return _state_years(path, "gdp-population", columns)


def read_cow_capabilities(path: Path) -> pd.DataFrame:
    """Read the National Material Capabilities, version 7.0, 1816-2022.

    Version 7 revises earlier ones: the composite index differs from that in older articles.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, military_spending`` (thousand current US dollars), ``soldiers``
        (thousands), ``steel`` (thousand tons), ``energy`` (thousand coal-ton equivalents),
        ``population, urban_population`` (thousands), ``capability_index`` (share of the world, 0
        to 1).
    """
    columns = {
        "milex": "military_spending",
        "milper": "soldiers",
        "irst": "steel",
        "pec": "energy",
        "tpop": "population",
        "upop": "urban_population",
        "cinc": "capability_index",
    }
    return _state_years(path, "cow-capabilities", columns)


def _state_years(path: Path, source: str, columns: dict[str, str]) -> pd.DataFrame:
    raw = read_r(path)
    need(raw, ["ccode", "year", *columns], source)
    frame = raw[list(columns)].rename(columns=columns)
    frame.columns = pd.Index([str(name) for name in frame.columns])
    frame.insert(0, "year", to_int(raw["year"]))
    frame = codes_from_cow(frame, raw["ccode"], frame["year"])
    return close_frame(frame, ["cow", "year"], source, {})


#: COW number of the state from which the distances are measured
_UNITED_STATES = 2
_IDEAL_POINTS = {
    "final": "idealpointfp",
    "all": "idealpointall",
    "legacy": "idealpointlegacy",
}


def read_ideal_points(path: Path) -> pd.DataFrame:
    """Read ideal points from votes in the UN General Assembly, 1946-2024 (release of July 2025).

    Scores compare over time only within one column. The year is the session's first; there was
    no vote in the session of 1964. A distance is the absolute difference to the United States in
    the same column and year.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, ideal_point`` (votes on final passage), ``ideal_point_all`` (all
        votes), ``ideal_point_legacy`` (method of the 2017 article), ``votes`` (on final passage),
        and ``distance_us``, ``distance_us_all``, ``distance_us_legacy``.
    """
    try:
        raw = pd.read_stata(path)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name} as a Stata file: {error}") from error
    need(raw, ["ccode", "year", "nvotesfp", *_IDEAL_POINTS.values()], "ideal-points")
    year = to_int(raw["year"])
    frame = pd.DataFrame({"year": year})
    for suffix, name in _IDEAL_POINTS.items():
        frame["ideal_point" + _tail(suffix)] = raw[name].astype(float)
    frame["votes"] = to_int(raw["nvotesfp"])
    american = raw["ccode"] == _UNITED_STATES
    for suffix in _IDEAL_POINTS:
        point = frame["ideal_point" + _tail(suffix)]
        anchor = year.map(dict(zip(year[american], point[american], strict=True)))
        frame["distance_us" + _tail(suffix)] = np.abs(point - anchor.astype(float))
    frame = codes_from_cow(frame, raw["ccode"], year)
    return close_frame(frame, ["cow", "year"], "ideal-points", {})


def _tail(suffix: str) -> str:
    return "" if suffix == "final" else f"_{suffix}"


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "cow-capabilities": read_cow_capabilities,
    "gdp-population": read_gdp_population,
    "ideal-points": read_ideal_points,
    "penn-world-table": read_penn_world_table,
}
