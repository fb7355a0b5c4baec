"""United Nations peacekeeping: who contributed personnel, and who died."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.readers._frames import (
    close_frame,
    dates_from_parts,
    need,
    read_text,
    to_int,
)

__all__ = [
    "READERS",
    "read_geopko_contributors",
    "read_henke_fatalities",
    "read_ipi_contributions",
    "read_un_fatalities",
    "read_un_mission_totals",
]

#: column of the long IPI file -> ours; the monthly files have the short names below
_IPI = {
    "Date": "date",
    "Contributor": "contributor",
    "Contributor ISO-3": "code",
    "Mission": "mission",
    "Troops Total": "troops",
    "Experts on Mission Total": "experts_on_mission",
    "Individual Police Total": "individual_police",
    "Formed Police Units Total": "formed_police",
    "Total Total": "total",
    "Troops Female": "troops_women",
    "Total Female": "total_women",
}
#: the misspelling is the source's
_IPI_MONTHLY = {
    "Date": "date",
    "Contributor": "contributor",
    "Contributor_ISO-3": "code",
    "Mission": "mission",
    "Troops": "troops",
    "Experts_on_Mission": "experts_on_mission",
    "Inidividual_Police": "individual_police",
    "Formed_Police_Units": "formed_police",
    "Total": "total",
}
_KINDS = ["troops", "experts_on_mission", "individual_police", "formed_police"]


def read_ipi_contributions(path: Path) -> pd.DataFrame:
    """Read UN uniformed personnel by contributor, mission and month.

    One row per contributor, mission and month end with at least one person. An empty cell of a
    kind of personnel is a zero, because the kinds are checked to add up to the total.
    """
    raw = read_text(path)
    names = _IPI_MONTHLY if "Contributor_ISO-3" in raw.columns else _IPI
    need(raw, list(names), path.name)
    table = raw[list(names)].rename(columns=names)
    for kind in [*_KINDS, "total"]:
        table[kind] = to_int(table[kind])
    for women in ("troops_women", "total_women"):
        table[women] = to_int(table[women]) if women in table else pd.array([pd.NA] * len(table))
        table[women] = table[women].astype("Int64")
    table[_KINDS] = table[_KINDS].fillna(0)
    wrong = table[table[_KINDS].sum(axis=1) != table["total"]]
    if len(wrong):
        keys = wrong["contributor"] + " " + wrong["mission"] + " " + wrong["date"]
        raise DataError(
            f"{path.name}: the kinds of personnel must add up to the total; they do not in "
            f"{counted(len(wrong), 'row')}: {first_few(keys)}. Is it the pinned version?"
        )
    # February 2012 stands at the 28th in the file.
    table["date"] = pd.to_datetime(table["date"]) + pd.offsets.MonthEnd(0)
    empty = table["total"] == 0
    table = _with_state(table[~empty], table.loc[~empty, "code"], "date").drop(columns="code")
    return close_frame(
        table,
        ["date", "cow", "mission"],
        path.name,
        {"no personnel in the row": int(empty.sum())},
    )


def _with_state(table: pd.DataFrame, names: pd.Series, when: str) -> pd.DataFrame:
    """Put dated ``iso3`` and ``cow`` in front; what is no state stays without codes."""
    out = table.copy()
    cow = to_cow(names, table[when], missing="na")
    out.insert(0, "iso3", from_cow(cow, dates=table[when]))
    out.insert(1, "cow", cow)
    return out


def read_un_mission_totals(path: Path) -> pd.DataFrame:
    """Read UN personnel by mission and month; ``iso3`` and ``cow`` are the host's."""
    raw = read_text(path)
    names = {
        "Date": "date",
        "Mission": "mission",
        "Country of Mission": "host",
        "Country of Mission ISO-3": "code",
        "Number of Contributors": "n_contributors",
        "Troops": "troops",
        "Police": "police",
        "Observers": "observers",
        "Total": "total",
    }
    need(raw, list(names), path.name)
    table = raw[list(names)].rename(columns=names)
    for name in ("n_contributors", "troops", "police", "observers", "total"):
        table[name] = to_int(table[name])
    table["date"] = pd.to_datetime(table["date"]) + pd.offsets.MonthEnd(0)
    table["host"] = table["host"].str.rstrip("'")
    table = _with_state(table, table["code"], "date").drop(columns="code")
    return close_frame(table, ["date", "mission"], path.name, {})


#: "Korea (ROK) (150), Nepal (size unknown)" -> name and size of each contributor
_CONTRIBUTOR = re.compile(
    r"\s*(?P<name>[^(),][^,]*?)\s*\((?P<size>[\d.]+|size unknown)\)\s*(?:,|$)"
)
_NO_STATE = ("CARICOM", "Multinational", "TCC name unknown", "Un")


def read_geopko_contributors(path: Path) -> pd.DataFrame:
    """Read UN troop contributors by mission and year.

    ``troops_standard`` adds up standard unit sizes over the places where the size is known; it
    is missing, not zero, where none is.
    """
    raw = read_text(path)
    need(raw, ["mission", "year", "year.overview"], path.name)
    parts = pd.DataFrame(
        [
            (mission, year, match["name"], match["size"])
            for mission, year, text in zip(
                raw["mission"], raw["year"], raw["year.overview"], strict=True
            )
            for match in _contributors(text, path.name)
        ],
        columns=["mission", "year", "name", "size"],
    )
    nameless = parts["name"].isin(_NO_STATE)
    parts = parts[~nameless].copy()
    parts["name"] = parts["name"].str.replace(" (ROK)", "", regex=False)
    parts["year"] = to_int(parts["year"])
    parts["troops_standard"] = pd.to_numeric(parts["size"].replace("size unknown", None))
    parts["cow"] = to_cow(parts["name"], parts["year"])
    groups = parts.groupby(["mission", "year", "cow"], as_index=False)
    table = groups.agg(
        n_locations=("size", "size"),
        n_locations_size_unknown=("troops_standard", lambda sizes: int(sizes.isna().sum())),
    )
    table["troops_standard"] = groups["troops_standard"].sum(min_count=1)["troops_standard"]
    table.insert(0, "iso3", from_cow(table["cow"], dates=table["year"]))
    table = table[["iso3", "cow", "mission", "year", "troops_standard"]].join(
        table[["n_locations", "n_locations_size_unknown"]]
    )
    return close_frame(
        table,
        ["mission", "year", "cow"],
        path.name,
        {"unnamed contributor or group of states at a location": int(nameless.sum())},
    )


def _contributors(text: str, file: str) -> list[re.Match[str]]:
    found = list(_CONTRIBUTOR.finditer(text))
    if sum(len(match.group()) for match in found) != len(text):
        raise DataError(f"{file}: cannot read the contributors {text!r}. Is it the pinned version?")
    return found


def read_un_fatalities(path: Path) -> pd.DataFrame:
    """Read deaths of UN peacekeepers, one row per death.

    Six deaths of 2003 to 2005 are listed twice, for Serbia and Montenegro and for Montenegro,
    which did not exist; the second row is dropped.
    """
    raw = read_text(path)
    names = {
        "id": "id",
        "casualty_id": "casualty_id",
        "incident_date": "date",
        "mission_acronym": "mission",
        "casualty_nationality": "nationality",
        "gender": "gender",
        "casualty_personnel_type": "personnel",
        "type_of_incident": "cause",
    }
    need(raw, list(names), path.name)
    table = raw[list(names)].rename(columns=names)
    table["id"] = to_int(table["id"])
    table["date"] = pd.to_datetime(table["date"])
    for name in ("personnel", "cause"):
        table[name] = table[name].str.lower()
    table["nationality"] = table["nationality"].mask(table["nationality"] == "ZZ [Undetermined]")
    table = _with_state(table, table["nationality"], "date")
    listed_twice = table.duplicated("casualty_id", keep=False) & table["cow"].isna()
    return close_frame(
        table[~listed_twice],
        ["casualty_id"],
        path.name,
        {"same death again under a state that did not exist": int(listed_twice.sum())},
    )


def read_henke_fatalities(path: Path) -> pd.DataFrame:
    """Read UN peacekeeping deaths by contributor, mission and month with at least one death."""
    try:
        raw = pd.read_stata(path, convert_categoricals=False)
    except (OSError, ValueError) as error:
        raise DataError(f"cannot read {path.name} as a Stata file: {error}") from error
    names = {
        "Nationality": "nationality",
        "Mission": "mission",
        "Year": "year",
        "Month": "month",
        "Total": "deaths",
        "Malicious": "deaths_malicious",
        "Accident": "deaths_accident",
        "Illness": "deaths_illness",
        "Other": "deaths_other",
        "Mil": "deaths_troops",
        "Obs": "deaths_observers",
        "Police": "deaths_police",
        "International": "deaths_international_staff",
        "Local": "deaths_local_staff",
        "Otherstaff": "deaths_other_staff",
    }
    need(raw, list(names), path.name)
    table = raw[list(names)].rename(columns=names)
    for name in [name for name in table if name not in ("nationality", "mission")]:
        table[name] = to_int(table[name])
    dates, _ = dates_from_parts(table["year"], table["month"])
    table.insert(2, "date", dates)
    table = table.drop(columns=["year", "month"])
    table["nationality"] = table["nationality"].mask(table["nationality"] == "ZZ [Undetermined]")
    table = _with_state(table, table["nationality"], "date")
    return close_frame(table, ["date", "mission", "nationality"], path.name, {})


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "ipi-contributions-2009-2014": read_ipi_contributions,
    **{f"ipi-contributions-2014-{month:02d}": read_ipi_contributions for month in range(3, 9)},
    "un-mission-totals": read_un_mission_totals,
    "geopko-contributors": read_geopko_contributors,
    "un-fatalities": read_un_fatalities,
    "henke-fatalities": read_henke_fatalities,
}
