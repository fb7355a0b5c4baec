"""State system membership and year-by-year codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pandas as pd

from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.readers._frames import (
    close_frame,
    from_r_days,
    need,
    read_r,
    to_int,
)

__all__ = [
    "READERS",
    "read_cow_gw_panel",
    "read_cow_states",
    "read_gw_cow_panel",
    "read_gw_states",
]


def _memberships(
    path: Path, number: Literal["ccode", "gwcode"], abbreviation: str, name: str
) -> pd.DataFrame:
    raw = read_r(path)
    need(raw, [number, abbreviation, name, "start", "end"], path.name)
    table = pd.DataFrame(
        {
            "abbreviation": raw[abbreviation].astype(object),
            "name": raw[name].astype(object),
            "start": from_r_days(raw["start"]),
            "end": from_r_days(raw["end"]),
            "code": to_int(raw[number]),
        }
    )
    # The last day of the list is where it was closed, not where memberships ended.
    table["end"] = table["end"].mask(table["end"] == table["end"].max())
    return table


def read_cow_states(path: Path) -> pd.DataFrame:
    """Read COW state system membership; a membership that goes on has no end."""
    table = _memberships(path, "ccode", "cw_abb", "cw_name")
    table.insert(0, "iso3", from_cow(table["code"], dates=table["start"], missing="na"))
    table.insert(1, "cow", table["code"])
    return close_frame(table.drop(columns="code"), ["cow", "start"], path.name, {})


def read_gw_states(path: Path) -> pd.DataFrame:
    """Read Gleditsch-Ward state system membership, microstates included."""
    table = _memberships(path, "gwcode", "gw_abb", "gw_name")
    table["microstate"] = read_r(path)["microstate"] == 1
    cow = to_cow(table["code"], table["start"], system="gw", missing="na")
    table.insert(0, "iso3", from_cow(cow, dates=table["start"]))
    table.insert(1, "cow", cow)
    table.insert(2, "gw", table["code"])
    return close_frame(table.drop(columns="code"), ["gw", "start"], path.name, {})


def _panel(path: Path, number: Literal["ccode", "gwcode"], label: str) -> pd.DataFrame:
    raw = read_r(path)
    need(raw, ["stateabb", "year", "gwcode", "ccode", "gw_name", "cw_name"], path.name)
    kept = raw[raw[number].notna()].reset_index(drop=True)
    year, cow = to_int(kept["year"]), to_int(kept["ccode"])
    table = pd.DataFrame(
        {
            "iso3": from_cow(cow, dates=year),
            "cow": cow,
            "gw": to_int(kept["gwcode"]),
            "year": year,
            "abbreviation": kept["stateabb"].astype(object),
            "cow_name": kept["cw_name"].astype(object),
            "gw_name": kept["gw_name"].astype(object),
        }
    )
    key = ["cow" if number == "ccode" else "gw", "year"]
    return close_frame(
        table, key, path.name, {f"no {label} number in the year": len(raw) - len(kept)}
    )


def read_cow_gw_panel(path: Path) -> pd.DataFrame:
    """Read COW member years with Gleditsch-Ward numbers."""
    return _panel(path, "ccode", "COW")


def read_gw_cow_panel(path: Path) -> pd.DataFrame:
    """Read Gleditsch-Ward member years with COW numbers, which some lack."""
    return _panel(path, "gwcode", "Gleditsch-Ward")


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "cow-states": read_cow_states,
    "gw-states": read_gw_states,
    "cow-gw-panel": read_cow_gw_panel,
    "gw-cow-panel": read_gw_cow_panel,
}
