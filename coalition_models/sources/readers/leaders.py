"""Readers of sources on leaders: REIGN, ParlGov cabinets, Archigos, CHISOLS, leader ideology."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.sources.readers._dated import codes_from_cow, codes_from_iso3
from coalition_models.sources.readers._frames import (
    close_frame,
    dates_from_parts,
    from_r_days,
    need,
    read_r,
    read_text,
    to_int,
)
from coalition_models.sources.readers.elections import REIGN_LAST_DAY

__all__ = [
    "ARCHIGOS_LAST_DAY",
    "READERS",
    "read_archigos",
    "read_chisols",
    "read_leader_ideology",
    "read_parlgov_cabinets",
    "read_reign_leaders",
]

#: Archigos writes the end of its period for leaders who were still in office then.
ARCHIGOS_LAST_DAY = pd.Timestamp("2015-12-31")

_UNKNOWN = "-99"


def read_reign_leaders(path: Path) -> pd.DataFrame:
    """Read the effective leaders of all states in REIGN, complete from 1950 to February 2021.

    The source gives the day on which a leader took office but only the month of leaving; a
    leader still in office in February 2021 has no end. One leader may have several spells.

    Returns
    -------
    DataFrame
        One row per spell in office: ``iso3, cow, leader, start, start_precision, end,
        end_precision, born, female, military_career, confirmed`` (month of the last election
        that confirmed the leader on entry), ``leader_id``. ``end`` is the 15th of the month of
        leaving, or the day of entry where that is later. ``cow`` is the number that the state had
        when the spell ended.
    """
    raw = read_text(path)
    columns = (
        "ccode leadid leader sdate smonth syear emonth eyear birthyear gender militarycareer "
        "l_month l_year"
    )
    need(raw, columns.split(), "reign-leaders")
    start, start_precision = dates_from_parts(raw["syear"], raw["smonth"], raw["sdate"])
    end, end_precision = dates_from_parts(raw["eyear"], raw["emonth"])
    same_month = end.dt.to_period("M") == start.dt.to_period("M")
    end = end.mask(same_month & (end < start), start)
    confirmed, _ = dates_from_parts(raw["l_year"], raw["l_month"])
    known = raw.replace(_UNKNOWN, pd.NA)
    frame = pd.DataFrame(
        {
            "leader": raw["leader"],
            "start": start,
            "start_precision": start_precision,
            "end": end,
            "end_precision": end_precision,
            "born": to_int(known["birthyear"]),
            "female": known["gender"].map({"1": "no", "0": "yes"}),
            "military_career": pd.to_numeric(known["militarycareer"]).astype("Float64"),
            "confirmed": confirmed,
            "leader_id": raw["leadid"],
        }
    )
    # Kohl's second spell began two days before the unification: it belongs to the new Germany.
    frame = codes_from_cow(frame, raw["ccode"], end.fillna(REIGN_LAST_DAY))
    return close_frame(frame, ["cow", "start"], "reign-leaders", {})


#: ParlGov's word for members of parliament without a party
_NO_PARTY = "none"


def read_parlgov_cabinets(path: Path) -> pd.DataFrame:
    """Read cabinets, party by party, from ParlGov (development version, November 2023).

    A cabinet ends when the next one starts; the source gives no date of its own for it. The
    prime minister's name is the cabinet's name without its number. Switzerland's collegial
    government has none.

    Returns
    -------
    DataFrame
        One row per cabinet and party in parliament: ``iso3, cow, start, election_date,
        cabinet_id, cabinet, prime_minister, caretaker, party_id, party, party_name,
        in_cabinet, leads_cabinet, seats, seats_total, left_right`` (0 left to 10 right).
    """
    raw = read_text(path)
    columns = (
        "country_name_short election_date start_date cabinet_name caretaker cabinet_party "
        "prime_minister seats election_seats_total party_name_short party_name_english left_right "
        "cabinet_id party_id"
    )
    need(raw, columns.split(), "parlgov-cabinets")
    name = raw["cabinet_name"]
    person = name.str.replace(r"\s+[IVX]+$", "", regex=True)
    frame = pd.DataFrame(
        {
            "start": pd.to_datetime(raw["start_date"], format="%Y-%m-%d"),
            "election_date": pd.to_datetime(raw["election_date"], format="%Y-%m-%d"),
            "cabinet_id": to_int(raw["cabinet_id"]),
            "cabinet": name,
            "prime_minister": person.mask(name.str.startswith("Bundesrat")),
            "caretaker": raw["caretaker"].map({"1": "yes", "0": "no"}),
            "party_id": to_int(raw["party_id"]),
            "party": raw["party_name_short"],
            "party_name": raw["party_name_english"],
            "in_cabinet": raw["cabinet_party"].map({"1": "yes", "0": "no"}),
            "leads_cabinet": raw["prime_minister"].map({"1": "yes", "0": "no"}),
            "seats": to_int(raw["seats"]),
            "seats_total": to_int(raw["election_seats_total"]),
            "left_right": pd.to_numeric(raw["left_right"]),
        }
    )
    frame = codes_from_iso3(frame, raw["country_name_short"], frame["start"])
    key = ["cabinet_id", "party_id"]
    seats = frame.groupby(key)["seats"].transform("sum", min_count=1)
    repeated = frame.duplicated(key) & (frame["party"] == _NO_PARTY)
    frame = frame.assign(seats=seats)[~repeated]
    dropped = {"second group of members without a party, its seats added": int(repeated.sum())}
    return close_frame(frame, key, "parlgov-cabinets", dropped)


def read_archigos(path: Path) -> pd.DataFrame:
    """Read the leaders of Archigos 4.1, to the end of 2015, with manner of entry and exit.

    The file numbers states after Gleditsch and Ward; a leader still in office on 31 December
    2015 has that day as the end in the file and none here.

    Returns
    -------
    DataFrame
        ``iso3, cow, leader, start, end, entry, exit, exit_detail, born, female, leader_id``;
        ``cow`` is missing where the Correlates of War system has no such state.
    """
    from coalition_models.sources.codes import from_cow, to_cow

    raw = read_r(path)
    need(
        raw,
        [
            "obsid",
            "gwcode",
            "leader",
            "yrborn",
            "gender",
            "startdate",
            "enddate",
            "entry",
            "exit",
            "exitcode",
        ],
        "archigos",
    )
    start, end = from_r_days(raw["startdate"]), from_r_days(raw["enddate"])
    censored = (end == ARCHIGOS_LAST_DAY) & (raw["exit"].astype(str) == "Still in Office")
    codes = to_int(raw["gwcode"])
    # As in REIGN, a spell bears the number that its state had when it ended.
    last = end - pd.Timedelta(days=1)
    cow = to_cow(codes, last, system="gw", missing="na")
    cow = cow.fillna(to_cow(codes, start, system="gw", missing="na"))
    iso3 = from_cow(cow, dates=last, missing="na")
    frame = pd.DataFrame(
        {
            "iso3": iso3.where(iso3.notna(), from_cow(cow, dates=start, missing="na")),
            "cow": cow,
            "leader": _words(raw["leader"]),
            "start": start,
            "end": end.mask(censored),
            "entry": _words(raw["entry"]).str.lower().str.replace(" ", "_"),
            "exit": _words(raw["exit"]).str.lower().str.replace(" ", "_"),
            "exit_detail": _words(raw["exitcode"]),
            "born": to_int(raw["yrborn"].where(raw["yrborn"] > 0)),
            "female": _words(raw["gender"]).map({"F": "yes", "M": "no"}),
            "leader_id": _words(raw["obsid"]),
        }
    )
    return close_frame(frame, ["leader_id"], "archigos", {})


def _words(values: pd.Series) -> pd.Series:
    """Plain text objects; missing stays missing."""
    return values.astype(object).where(values.notna(), None)


_CHISOLS_EVENTS = {
    "leader_change": "leaderch",
    "source_change": "solsch",
    "minor_source_change": "solsminch",
}


def read_chisols(path: Path) -> pd.DataFrame:
    """Read changes of leader and of the leader's source of support, 1919-2018 (CHISOLS 5.0).

    The file spreads the events of a year over seven slots; a change of the source of support can
    stand in slot 2 to 7 while slot 1 is empty, so all are read. A state-year without any change
    keeps one row with event ``none``, so that the coverage can be told from it. States below
    500,000 inhabitants are absent.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, event`` (none, leader_change, source_change, minor_source_change),
        ``slot, date, precision, leaders`` (all of the year), ``office, affiliation,
        democracy``.
    """
    raw = read_text(path)
    need(
        raw,
        ["ccode", "year", "leader", "leaderpos", "affiliation", "dem", "leaderchyr1", "solschyr1"],
        "chisols",
    )
    parts = [
        _chisols_events(raw, event, stem, slot)
        for event, stem in _CHISOLS_EVENTS.items()
        for slot in range(1, 8)
    ]
    events = pd.concat(parts)
    quiet = raw[~raw.index.isin(events.index)].index
    empty = pd.DataFrame({"event": "none", "slot": 0}, index=quiet)
    events = pd.concat([events, empty])
    year = raw.loc[events.index].reset_index(drop=True)
    frame = pd.DataFrame(
        {
            "year": to_int(year["year"]),
            "event": events["event"].to_numpy(),
            "slot": events["slot"].to_numpy(),
            "date": pd.to_datetime(events["date"]).to_numpy(),
            "precision": events["precision"].to_numpy(),
            "leaders": year["leader"],
            "office": year["leaderpos"],
            "affiliation": year["affiliation"],
            "democracy": year["dem"].map({"0": "no", "1": "yes", "Transition Year": "transition"}),
        }
    )
    frame = codes_from_cow(frame, year["ccode"], year["year"])
    return close_frame(frame, ["cow", "year", "event", "slot"], "chisols", {})


def _chisols_events(raw: pd.DataFrame, event: str, stem: str, slot: int) -> pd.DataFrame:
    names = [f"{stem}{unit}{slot}" for unit in ("yr", "mo", "day")]
    need(raw, names, "chisols")
    rows = raw[raw[names[0]].notna()]
    date, precision = dates_from_parts(*(rows[name] for name in names))
    return pd.DataFrame({"event": event, "slot": slot, "date": date, "precision": precision})


_NO_LABEL = {"n/a"}
_TIBET = "711"


def read_leader_ideology(path: Path) -> pd.DataFrame:
    """Read the economic ideology of heads of government and leaders, 1945-2020 (Herre 2023).

    Each row describes 31 December. The head of government and the leader differ in many states
    (Poland, France, Ukraine, Portugal): choose one deliberately. The ideology is economic only.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, head_of_government, head_ideology, head_party, head_title, leader,
        leader_ideology, leader_party, leader_position, same_person``. Ideology is one of
        leftist, centrist, rightist, none, no information, not applicable.
    """
    raw = read_text(path)
    columns = {
        "hog": "head_of_government",
        "hog_ideology": "head_ideology",
        "hog_party_eng": "head_party",
        "hog_title": "head_title",
        "leader": "leader",
        "leader_ideology": "leader_ideology",
        "leader_party_eng": "leader_party",
        "leader_position": "leader_position",
        "match_hog_leader": "same_person",
    }
    need(raw, ["country_code_cow", "year", *columns], "leader-ideology")
    frame = raw[list(columns)].rename(columns=columns)
    frame["same_person"] = frame["same_person"].mask(frame["same_person"].isin(_NO_LABEL))
    frame.insert(0, "year", to_int(raw["year"]))
    tibet = raw["country_code_cow"] == _TIBET
    frame = codes_from_cow(
        frame[~tibet], raw.loc[~tibet, "country_code_cow"], frame["year"][~tibet]
    )
    dropped = {"Tibet, no state of the Correlates of War system": int(tibet.sum())}
    return close_frame(frame, ["cow", "year"], "leader-ideology", dropped)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "archigos": read_archigos,
    "chisols": read_chisols,
    "leader-ideology": read_leader_ideology,
    "parlgov-cabinets": read_parlgov_cabinets,
    "reign-leaders": read_reign_leaders,
}
