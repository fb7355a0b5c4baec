"""Readers of election sources: ParlGov, REIGN and NELDA."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.sources.corrections import put_right
from coalition_models.sources.readers._dated import codes_from_cow, codes_from_iso3
from coalition_models.sources.readers._frames import (
    close_frame,
    dates_from_parts,
    need,
    read_r,
    read_text,
    to_int,
)

__all__ = [
    "READERS",
    "REIGN_LAST_DAY",
    "read_nelda",
    "read_parlgov_elections",
    "read_reign_elections",
]

#: The last release of REIGN came out in March 2021; February is its last complete month.
REIGN_LAST_DAY = pd.Timestamp("2021-02-28")

_REIGN_KINDS = {"L": "legislative", "X": "presidential", "R": "referendum"}
_REIGN_ROUNDS = {"1": 1, "2": 2}


def read_reign_elections(path: Path) -> pd.DataFrame:
    """Read the events of elections and referendums in REIGN, 1915 to February 2021.

    REIGN lists only the votes that decide who is the effective leader: where that is the
    president, elections of the parliament are absent, and the other way round. Events that the
    file announces for the future are dropped, as are those dated after its last complete month.

    Returns
    -------
    DataFrame
        One row per event of one election: ``iso3, cow, date, precision, kind`` (legislative,
        presidential, referendum), ``event, is_vote, round, direct, regular, incumbent_won,
        leader_changed, election_id, sequence``. Elections that were held have ``is_vote``.
    """
    raw = read_text(path)
    columns = (
        "ccode country elec_year elec_month elec_day sequence event elecnum type direct regular "
        "victory change runoff"
    )
    need(raw, columns.split(), "reign-elections")
    _known(raw["type"], _REIGN_KINDS, "reign-elections, column type")
    right = put_right(raw, "reign-elections")
    raw, event = right.rows, right.rows["event"]
    forecast = event.str.startswith("Upcoming")
    raw, event = raw[~forecast], event[~forecast]
    codes = to_int(raw["ccode"])
    date, precision = dates_from_parts(raw["elec_year"], raw["elec_month"], raw["elec_day"])
    frame = pd.DataFrame(
        {
            "date": date,
            "precision": precision,
            "kind": raw["type"].map(_REIGN_KINDS),
            "event": event,
            "is_vote": event.str.startswith("Vote").astype(bool),
            "round": raw["runoff"].map(_REIGN_ROUNDS).astype("Int64"),
            "direct": raw["direct"].map({"Y": "yes", "N": "no"}),
            "regular": raw["regular"].map({"Y": "yes", "N": "no"}),
            "incumbent_won": raw["victory"].map({"Y": "yes", "N": "no"}),
            "leader_changed": raw["change"].map({"Y": "yes", "N": "no"}),
            "election_id": raw["elecnum"],
            "sequence": to_int(raw["sequence"]),
        }
    )
    late = date > REIGN_LAST_DAY
    frame = codes_from_cow(frame[~late], codes[~late], date[~late])
    dropped = {
        "announced for the future": int(forecast.sum()),
        f"dated after {REIGN_LAST_DAY:%Y-%m-%d}": int(late.sum()),
    }
    return right.told(close_frame(frame, ["election_id", "sequence"], "reign-elections", dropped))


def read_parlgov_elections(path: Path) -> pd.DataFrame:
    """Read elections of the national and the European Parliament, party by party, from ParlGov.

    Some two-round elections carry the day of the second round (all of France, some of Hungary
    and Lithuania), and a few days are wrong (Poland 2007): see the table
    ``election_corrections``.

    Returns
    -------
    DataFrame
        One row per election and party: ``iso3, cow, date, kind`` (legislative, european),
        ``election_id, party_id, party, party_name, vote_share, seats, seats_total, left_right``.
    """
    raw = read_text(path)
    columns = (
        "country_name_short election_type election_date vote_share seats seats_total "
        "party_name_short party_name_english left_right election_id party_id"
    )
    need(raw, columns.split(), "parlgov-elections")
    kinds = {"parliament": "legislative", "ep": "european"}
    _known(raw["election_type"], kinds, "parlgov-elections, column election_type")
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(raw["election_date"], format="%Y-%m-%d"),
            "kind": raw["election_type"].map(kinds),
            "election_id": to_int(raw["election_id"]),
            "party_id": to_int(raw["party_id"]),
            "party": raw["party_name_short"],
            "party_name": raw["party_name_english"],
            "vote_share": pd.to_numeric(raw["vote_share"]),
            "seats": to_int(raw["seats"]),
            "seats_total": to_int(raw["seats_total"]),
            "left_right": pd.to_numeric(raw["left_right"]),
        }
    )
    frame = codes_from_iso3(frame, raw["country_name_short"], frame["date"])
    return close_frame(frame, ["election_id", "party_id"], "parlgov-elections", {})


_NELDA_KINDS = {"L": "legislative", "P": "presidential", "A": "constituent_assembly"}


def read_nelda(path: Path) -> pd.DataFrame:
    """Read national election rounds 1945-2012 from NELDA, version 4.

    The rows of later rounds are kept, but the file files them under the day of the first round:
    their ``date`` is missing and ``first_round`` holds the day given. Ceremonial presidents are
    included.

    Returns
    -------
    DataFrame
        ``iso3, cow, date, precision, first_round, kind, round, election_id``.
    """
    raw = read_r(path)
    need(raw, ["electionid", "cown"], "nelda")
    parts = (
        raw["electionid"]
        .astype(str)
        .str.extract(
            r"^\d{3}-(?P<year>\d{4})-(?P<month>\d{2})(?P<day>\d{2})-(?P<kind>[A-Z])(?P<round>\d)$"
        )
    )
    unread = raw.loc[parts["kind"].isna(), "electionid"]
    if len(unread):
        raise DataError(f"nelda: election ids of an unknown form: {first_few(unread)}")
    _known(parts["kind"], _NELDA_KINDS, "nelda, letter of the election id")
    day, precision = dates_from_parts(parts["year"], parts["month"], parts["day"])
    later = parts["round"] != "1"
    frame = pd.DataFrame(
        {
            "date": day.mask(later),
            "precision": precision.mask(later),
            "first_round": day,
            "kind": parts["kind"].map(_NELDA_KINDS),
            "round": to_int(parts["round"]),
            "election_id": raw["electionid"].astype(str),
        }
    )
    frame = codes_from_cow(frame, raw["cown"], day)
    return close_frame(frame, ["election_id"], "nelda", {})


def _known(values: pd.Series, expected: dict[str, str], where: str) -> None:
    unknown = sorted(set(values.dropna()) - set(expected))
    if unknown:
        raise DataError(
            f"{where}: expected {', '.join(expected)}; found {first_few(unknown)}. "
            "Is it the pinned version?"
        )


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "nelda": read_nelda,
    "parlgov-elections": read_parlgov_elections,
    "reign-elections": read_reign_elections,
}
