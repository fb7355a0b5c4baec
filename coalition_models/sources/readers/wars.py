"""Wars and conflicts: which states took part, from when to when, and who died."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.readers._frames import (
    close_frame,
    dates_from_parts,
    from_r_days,
    need,
    read_r,
    read_text,
    to_int,
)

__all__ = [
    "READERS",
    "read_coalition_deaths",
    "read_cow_interstate_wars",
    "read_ucdp_conflicts",
]

_OUTCOMES = {
    1: "winner",
    2: "loser",
    3: "compromise",
    4: "transformed",
    5: "ongoing",
    6: "stalemate",
    7: "continues below war level",
    8: "changed sides",
}


def read_cow_interstate_wars(path: Path) -> pd.DataFrame:
    """Read participants of interstate wars, one row per block of participation.

    Minus eight (does not apply) and minus nine (unknown) become missing; an unknown day or month
    shows in the precision.
    """
    raw = read_text(path)
    parts = [
        f"{edge}{part}{block}"
        for block in (1, 2)
        for edge in ("Start", "End")
        for part in ("Month", "Day", "Year")
    ]
    plain = ["WarNum", "ccode", "Side", "Initiator", "Outcome", "BatDeath", "WhereFought"]
    need(raw, ["WarName", "StateName", "TransFrom", "TransTo", *plain, *parts], path.name)
    numbers = raw[[*plain, *parts]].apply(to_int)
    numbers = numbers.mask(numbers.isin([-8, -9]))
    blocks = [_block(raw, numbers, block) for block in (1, 2)]
    table = pd.concat(blocks, ignore_index=True)
    table.insert(0, "iso3", from_cow(table["cow"], dates=table["start"]))
    return close_frame(table, ["war_num", "side", "cow", "block"], path.name, {})


def _block(raw: pd.DataFrame, numbers: pd.DataFrame, block: int) -> pd.DataFrame:
    """Build the rows of the first or second block of participation."""
    took_part = numbers[f"StartYear{block}"].notna()
    raw, numbers = raw[took_part], numbers[took_part]
    start, start_precision = _date(numbers, "Start", block)
    end, end_precision = _date(numbers, "End", block)
    return pd.DataFrame(
        {
            "cow": numbers["ccode"],
            "war_num": numbers["WarNum"],
            "war_name": raw["WarName"],
            "name": raw["StateName"],
            "side": numbers["Side"],
            "block": block,
            "start": start,
            "start_precision": start_precision,
            "end": end,
            "end_precision": end_precision,
            "initiator": numbers["Initiator"] == 1,
            "outcome": numbers["Outcome"].map(_OUTCOMES).astype(object),
            "bat_death": numbers["BatDeath"],
            "region_code": numbers["WhereFought"],
            "transformed_from_wars": raw["TransFrom"].mask(raw["TransFrom"] == "-8"),
            "transformed_to_wars": raw["TransTo"].mask(raw["TransTo"] == "-8"),
        }
    )


def _date(numbers: pd.DataFrame, edge: str, block: int) -> tuple[pd.Series, pd.Series]:
    year, month, day = (numbers[f"{edge}{part}{block}"] for part in ("Year", "Month", "Day"))
    return dates_from_parts(year, month, day)


#: UCDP's precision codes: 1 day known, 2 month known, above that at best the year
_PRECISION = {1: "day", 2: "month"}
_TYPES = {
    "intrastate": "intrastate",
    "interstate": "interstate",
    "II": "internationalised intrastate",
    "extrasystemic": "extrasystemic",
}
_PARTIES = (
    ("gwno_a", "A", "primary"),
    ("gwno_a_2nd", "A", "secondary"),
    ("gwno_b", "B", "primary"),
    ("gwno_b_2nd", "B", "secondary"),
)


def read_ucdp_conflicts(path: Path) -> pd.DataFrame:
    """Read conflict years, one row per state that was a party or sent troops to one.

    The file repeats a conflict year for every combination of its parties; here each party stands
    once. Rebel organisations have no number and no row.
    """
    raw = read_r(path)
    need(raw, [name for name, _, _ in _PARTIES], path.name)
    year = to_int(raw["year"])
    common = pd.DataFrame(
        {
            "conflict_id": to_int(raw["conflict_id"]),
            "year": year,
            "incompatibility": raw["incompatibility"].astype(object),
            "intensity": to_int(raw["intensity_level"]).map({1: "minor", 2: "war"}).astype(object),
            "conflict_type": raw["type_of_conflict"].map(_TYPES).astype(object),
            "conflict_start": from_r_days(raw["start_date"]),
            "conflict_start_precision": _precision(raw["start_prec"]),
            "episode_start": from_r_days(raw["start_date2"]),
            "episode_start_precision": _precision(raw["start_prec2"]),
            "episode_ended": raw["ep_end"] == 1,
            "episode_end": from_r_days(raw["ep_end_date"]),
        }
    )
    rows = [_parties(common, raw[name], side, role) for name, side, role in _PARTIES]
    table = pd.concat(rows, ignore_index=True).drop_duplicates(ignore_index=True)
    cow = to_cow(table["gw"], table["year"], system="gw", missing="na")
    table.insert(0, "iso3", from_cow(cow, dates=table["year"]))
    table.insert(1, "cow", cow)
    return close_frame(table, ["conflict_id", "year", "side", "role", "gw"], path.name, {})


def _precision(codes: pd.Series) -> pd.Series:
    return to_int(codes).map(_PRECISION).astype(object).fillna("year")


def _parties(common: pd.DataFrame, gw: pd.Series, side: str, role: str) -> pd.DataFrame:
    rows = common[gw.notna()].copy()
    rows.insert(0, "gw", to_int(gw[gw.notna()]))
    rows.insert(3, "side", side)
    rows.insert(4, "role", role)
    return rows


def read_coalition_deaths(path: Path) -> pd.DataFrame:
    """Read military deaths in Iraq and Afghanistan by nationality and year with a death."""
    raw = read_text(path)
    names = {
        "participant_country": "name",
        "participant_maddison_code": "code",
        "conflict_name": "war",
        "year": "year",
        "year_deaths": "deaths",
        "participant_deaths": "deaths_all_years",
    }
    need(raw, list(names), path.name)
    table = raw[list(names)].rename(columns=names)
    for name in ("year", "deaths", "deaths_all_years"):
        table[name] = to_int(table[name])
    table["war"] = table["war"].str.replace("War in ", "", regex=False)
    cow = to_cow(table["code"], table["year"], system="iso3")
    table.insert(0, "iso3", from_cow(cow, dates=table["year"]))
    table.insert(1, "cow", cow)
    return close_frame(table.drop(columns="code"), ["war", "cow", "year"], path.name, {})


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "cow-interstate-wars": read_cow_interstate_wars,
    "ucdp-conflicts": read_ucdp_conflicts,
    "coalition-deaths": read_coalition_deaths,
}
