"""Ties between states: alliances, troops, trade and aid of the United States."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources.bundled import bundled_table
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.corrections import put_right
from coalition_models.sources.readers._frames import (
    close_frame,
    need,
    read_r,
    read_text,
    to_int,
)

__all__ = [
    "READERS",
    "read_atop_alliances",
    "read_us_military_aid",
    "read_us_trade",
    "read_us_troops_abroad",
]

_OBLIGATIONS = {
    "atop_defense": "defense",
    "atop_offense": "offense",
    "atop_neutral": "neutrality",
    "atop_nonagg": "nonaggression",
    "atop_consul": "consultation",
}


def read_atop_alliances(path: Path) -> pd.DataFrame:
    """Read alliance obligations by directed dyad and year; dyads without an alliance have no row.

    Rows that put a state in a year in which it did not exist (Czechoslovakia and its successors
    around 1993) are dropped.
    """
    raw = read_r(path)
    need(raw, ["ccode1", "ccode2", "year", *_OBLIGATIONS], path.name)
    year = to_int(raw["year"])
    table = pd.DataFrame({"cow": to_int(raw["ccode1"]), "partner_cow": to_int(raw["ccode2"])})
    table["year"] = year
    for theirs, ours in _OBLIGATIONS.items():
        table[ours] = to_int(raw[theirs])
    lost = pd.Series(False, index=table.index)
    for place, who in ((0, "cow"), (2, "partner_cow")):
        lost |= to_cow(table[who], year, system="cow", missing="na").isna()
        iso3 = from_cow(table[who], dates=year, missing="na")
        table.insert(place, who.replace("cow", "iso3"), iso3)
    return close_frame(
        table[~lost],
        ["cow", "partner_cow", "year"],
        path.name,
        {"state did not exist in the year": int(lost.sum())},
    )


#: 6 is Puerto Rico, and 327 stands for the Vatican, not for the Papal States
_TERRITORIES = (6, 327)
_BRANCHES = ["army", "navy", "air_force", "marine_corps", "space_force", "coast_guard"]


def read_us_troops_abroad(path: Path) -> pd.DataFrame:
    """Read US military personnel by host country and year.

    Some states hide under pseudo-codes (see ``corrections``) while their own number holds a filler
    of zero; where both have a row, the one with personnel stays.
    """
    raw = read_text(path)
    need(raw, ["countryname", "ccode", "year", "troops", *_BRANCHES], path.name)
    right = put_right(raw, "us-troops-abroad")
    raw = right.rows
    table = raw[["countryname", "troops", *_BRANCHES]].rename(columns={"countryname": "name"})
    for name in ("troops", *_BRANCHES):
        table[name] = to_int(table[name])
    year = to_int(raw["year"])
    table.insert(0, "year", year)
    cow = to_int(raw["ccode"])
    table.insert(0, "cow", cow)
    territory = (cow >= 1000) | cow.isin(_TERRITORIES)
    # The count of 1990 was taken before Germany's unification, and Yemen's stands under 678.
    successor = cow.isin([255, 679]) & (year == 1990)
    gone = to_cow(cow, year, system="cow", missing="na").isna() | successor
    table = table[~territory & ~gone]
    filler = _fillers(table, path.name)
    table = table[~filler].copy()
    table.insert(0, "iso3", from_cow(table["cow"], dates=table["year"]))
    operations = bundled_table("us_troops_operations").set_index("cow")["first_year"]
    first = table["cow"].map(operations)
    table["operation_total"] = (table["year"] >= first).fillna(False).astype(bool)
    dropped = {
        "territory or no place": int(territory.sum()),
        "state did not exist in the year": int((gone & ~territory).sum()),
        "filler of zero beside the state's real count": int(filler.sum()),
    }
    return right.told(close_frame(table, ["cow", "year"], path.name, dropped))


def _fillers(table: pd.DataFrame, file: str) -> pd.Series:
    """Mark all rows of a state and year but the one with personnel."""
    key = ["cow", "year"]
    largest = table.sort_values("troops", ascending=False).drop_duplicates(key).index
    filler = ~table.index.isin(largest)
    counted = table[filler & (table["troops"] > 0)]
    if len(counted):
        raise DataError(
            f"{file}: two counts for one state and year: "
            f"{first_few(counted['cow'].astype(str) + ' ' + counted['year'].astype(str))}. "
            "Is it the pinned version?"
        )
    return pd.Series(filler, index=table.index)


_EXPORTS = "Goods, Value of Exports, Free on board (FOB), US Dollars (TXG_FOB_USD)"
_IMPORTS = "Goods, Value of Imports, Cost, Insurance, Freight (CIF), US Dollars (TMG_CIF_USD)"
_AGGREGATES = ("European Union", "Special Categories")


def read_us_trade(path: Path) -> pd.DataFrame:
    """Read US goods trade by partner and year; territories stay, without codes."""
    raw = read_text(path)
    raw.columns = raw.columns.str.replace("\u00ef\u00bb\u00bf", "").str.strip('"')
    need(raw, ["Counterpart Country Name", "Time Period", _EXPORTS, _IMPORTS], path.name)
    table = pd.DataFrame(
        {
            "partner": raw["Counterpart Country Name"],
            "year": to_int(raw["Time Period"]),
            "us_exports": pd.to_numeric(raw[_EXPORTS]).astype("float64"),
            "us_imports": pd.to_numeric(raw[_IMPORTS]).astype("float64"),
        }
    )
    aggregate = table["partner"].isin(_AGGREGATES)
    table = _with_codes(table[~aggregate], "partner")
    return close_frame(
        table, ["partner", "year"], path.name, {"no single partner": int(aggregate.sum())}
    )


def _with_codes(table: pd.DataFrame, name: str) -> pd.DataFrame:
    cow = to_cow(table[name], table["year"], missing="na")
    out = table.copy()
    out.insert(0, "iso3", from_cow(cow, dates=table["year"]))
    out.insert(1, "cow", cow)
    return out


def read_us_military_aid(path: Path) -> pd.DataFrame:
    """Read US military assistance, disbursed, summed by recipient and fiscal year."""
    raw = read_text(path)
    names = {
        "Country.Name": "recipient",
        "Fiscal.Year": "year",
        "Current.Dollar.Amount": "military_aid",
    }
    need(raw, [*names, "Foreign.Assistance.Objective.Name", "Transaction.Type.Name"], path.name)
    other = (raw["Foreign.Assistance.Objective.Name"] != "Military") | (
        raw["Transaction.Type.Name"] != "Disbursements"
    )
    if other.any():
        raise DataError(
            f"{path.name}: expected military disbursements only, found {int(other.sum())} other "
            "rows. Is it the pinned version?"
        )
    payments = raw[list(names)].rename(columns=names)
    payments["year"] = to_int(payments["year"])
    payments["military_aid"] = pd.to_numeric(payments["military_aid"]).astype("float64")
    region = payments["recipient"].str.endswith(" Region") | (payments["recipient"] == "World")
    states = _with_codes(payments[~region], "recipient")
    # Payments still booked under a former name belong to the state that goes on.
    names_now = from_cow(states["cow"], to="name", dates=states["year"])
    states["recipient"] = names_now.fillna(states["recipient"])
    table = states.groupby(["iso3", "cow", "recipient", "year"], as_index=False, dropna=False).agg(
        military_aid=("military_aid", "sum"), n_payments=("military_aid", "size")
    )
    return close_frame(
        table,
        ["recipient", "year"],
        path.name,
        {"payment to a region, not to a state": int(region.sum())},
    )


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "atop-alliances": read_atop_alliances,
    "us-troops-abroad": read_us_troops_abroad,
    "us-trade": read_us_trade,
    "us-military-aid": read_us_military_aid,
}
