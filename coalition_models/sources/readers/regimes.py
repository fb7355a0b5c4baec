"""Readers of sources on regimes, democracy and coups."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from coalition_models.record import with_notes
from coalition_models.sources.corrections import put_right
from coalition_models.sources.readers._dated import codes_from_cow
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
    "read_bjornskov_rode",
    "read_coups",
    "read_democracy_bmr",
    "read_polity5",
    "read_reign_regimes",
    "read_state_democracy",
]

#: What the file writes as the end of a regime that is still in place, see also ``corrections``.
_STILL_IN_PLACE = pd.Timestamp("2020-12-31")

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH_OR_YEAR = re.compile("|".join(_MONTHS) + r"|(?<!\d)(?:19|20)\d\d(?!\d)")

#: Polity's marks for years in which no score applies.
_SPECIAL = {-66: "interruption", -77: "interregnum", -88: "transition"}


def _plain(values: pd.Series) -> pd.Series:
    return values.astype(object).where(values.notna(), None)


def read_reign_regimes(path: Path) -> pd.DataFrame:
    """Read spells of political regimes in REIGN, to February 2021.

    Regimes still in place (31 December of 2020 or, wrongly, of 2021 in the file) have no end
    here. A start before 1678 is missing; their number stands in its record.

    Returns
    -------
    DataFrame
        ``iso3, cow, regime`` (name of the case), ``kind`` (17 types after Geddes, Wright and
        Frantz), ``start, end``.
    """
    raw = read_text(path)
    need(
        raw,
        ["cowcode", "gwf_casename", "gwf_startdate", "gwf_enddate", "gwf_regimetype"],
        "reign-regimes",
    )
    right = put_right(raw, "reign-regimes")
    raw = right.rows
    # One regime (San Marino's) began in 1600, before what a time stamp can hold.
    ancient = raw["gwf_startdate"].str[-4:].astype(int) < pd.Timestamp.min.year + 1
    start = pd.to_datetime(raw["gwf_startdate"].mask(ancient), format="%m/%d/%Y")
    end = pd.to_datetime(raw["gwf_enddate"], format="%m/%d/%Y")
    frame = pd.DataFrame(
        {
            "regime": raw["gwf_casename"],
            "kind": raw["gwf_regimetype"],
            "start": start,
            "end": end.mask(end == _STILL_IN_PLACE),
        }
    )
    frame = codes_from_cow(frame, raw["cowcode"], end - pd.Timedelta(days=1))
    out = close_frame(frame, ["cow", "regime"], "reign-regimes", {})
    with_notes(out, start_before_1678=int(ancient.sum()))
    return right.told(out)


def read_bjornskov_rode(path: Path) -> pd.DataFrame:
    """Read regimes and months of parliamentary elections, 1950-2020 (Bjoernskov and Rode).

    The row's year is not the year of its election: those held from July to December stand in the
    next year's row. ``election`` holds the month itself, on the 15th, read from the file's text;
    ``last_vote`` the month of a second vote that the same row names; texts that name no month are
    counted in its record. States appear before their
    independence, and territories without a COW number too.

    Returns
    -------
    DataFrame
        ``iso3, cow, name, source_code, year, regime`` (category), ``democracy, presidential,
        monarchy, communist, colony, multiparty, alternation, free_election,
        proportional`` (0 or 1), ``electoral`` (0 to 3), ``election, last_vote,
        election_text``.
    """
    raw = read_r(path)
    flags = {
        "Democracy": "democracy",
        "Presidential": "presidential",
        "Monarchy": "monarchy",
        "Communist": "communist",
        "Colony": "colony",
        "multiparty": "multiparty",
        "alternation": "alternation",
        "free_and_fair_election": "free_election",
        "proportional_voting": "proportional",
        "electoral": "electoral",
    }
    names = "pacl_update_country pacl_update_country_isocode year DD_category election_month_year"
    need(raw, [*names.split(), "cown", *flags], "bjornskov-rode")
    months = raw["election_month_year"].map(_election_months, na_action="ignore")
    frame = pd.DataFrame(
        {
            "name": _plain(raw["pacl_update_country"]),
            "source_code": _plain(raw["pacl_update_country_isocode"]),
            "year": to_int(raw["year"]),
            "regime": _plain(raw["DD_category"]),
            **{new: to_int(raw[old]) for old, new in flags.items()},
            "election": pd.to_datetime(months.map(_first, na_action="ignore")),
            "last_vote": pd.to_datetime(months.map(_last, na_action="ignore")),
            "election_text": _plain(raw["election_month_year"]),
        }
    )
    frame = codes_from_cow(frame, raw["cown"], frame["year"])
    out = close_frame(frame, ["source_code", "year"], "bjornskov-rode", {})
    with_notes(out, elections_without_month=int(months.map(len, na_action="ignore").eq(0).sum()))
    return out


def _election_months(text: str) -> list[pd.Timestamp]:
    """List the months that a text names, each with the year that follows it.

    Examples
    --------
    >>> [f"{month:%Y-%m}" for month in _election_months("November 2000 and January 2001")]
    ['2000-11', '2001-01']
    >>> [f"{month:%Y-%m}" for month in _election_months("May and June 2002 (annulled)")]
    ['2002-05', '2002-06']
    """
    found: list[pd.Timestamp] = []
    waiting: list[int] = []
    for word in _MONTH_OR_YEAR.findall(text):
        if word in _MONTHS:
            waiting.append(_MONTHS.index(word) + 1)
        else:
            found += [pd.Timestamp(int(word), month, 15) for month in waiting]
            waiting = []
    return found


def _first(months: list[pd.Timestamp]) -> pd.Timestamp | None:
    return months[0] if months else None


def _last(months: list[pd.Timestamp]) -> pd.Timestamp | None:
    return months[-1] if len(months) > 1 else None


def read_polity5(path: Path) -> pd.DataFrame:
    """Read Polity5 scores, 1776-2018 (2019 and 2020: United States only).

    The marks -66, -77 and -88 (interruption, interregnum, transition) are no scores: they become
    missing, and ``special`` names them. ``polity2`` fills some of them as its authors do. A
    state that changed in the middle of a year may have two rows with different ``polity_code``.

    Returns
    -------
    DataFrame
        ``iso3, cow, polity_code, name, year, polity2, polity`` (-10 to 10), ``democracy,
        autocracy`` (0 to 10), ``executive_constraints`` (1 to 7), ``executive_competition`` (1 to
        3), ``participation_competition`` (0 to 5), ``durable`` (years), ``special``.
    """
    raw = read_r(path)
    scores = {
        "polity2": "polity2",
        "polity": "polity",
        "democ": "democracy",
        "autoc": "autocracy",
        "xconst": "executive_constraints",
        "xrcomp": "executive_competition",
        "parcomp": "participation_competition",
    }
    need(
        raw,
        ["polity_annual_ccode", "polity_annual_country", "year", "cown", "durable", *scores],
        "polity5",
    )
    polity = to_int(raw["polity"])
    frame = pd.DataFrame(
        {
            "polity_code": to_int(raw["polity_annual_ccode"]),
            "name": _plain(raw["polity_annual_country"]),
            "year": to_int(raw["year"]),
            **{new: _score(raw[old]) for old, new in scores.items()},
            "durable": to_int(raw["durable"]),
            "special": polity.map(_SPECIAL).astype(object),
        }
    )
    frame = codes_from_cow(frame, raw["cown"], frame["year"])
    return close_frame(frame, ["polity_code", "year"], "polity5", {})


def _score(values: pd.Series) -> pd.Series:
    numbers = to_int(values)
    return numbers.mask(numbers.isin(list(_SPECIAL)).fillna(False))


def read_democracy_bmr(path: Path) -> pd.DataFrame:
    """Read the dichotomous measure of democracy, 1800-2020 (Boix, Miller and Rosato, version 4).

    Returns
    -------
    DataFrame
        ``iso3, cow, source_code, name, year, democracy`` (0 or 1), ``transition`` (1 to
        democracy, -1 breakdown), ``breakdowns`` (earlier ones), ``duration`` (years of the
        regime), ``democracy_strict`` (missing where data are missing), ``democracy_suffrage``
        (with female suffrage), ``sovereign``.
    """
    raw = read_r(path)
    columns = {
        "democracy": "democracy",
        "democracy_trans": "transition",
        "democracy_breakdowns": "breakdowns",
        "democracy_duration": "duration",
        "democracy_omitteddata": "democracy_strict",
        "democracy_femalesuffrage": "democracy_suffrage",
        "sovereign": "sovereign",
    }
    need(raw, ["bmr_ccode", "bmr_country", "year", "cown", *columns], "democracy-bmr")
    frame = pd.DataFrame(
        {
            "source_code": to_int(raw["bmr_ccode"]),
            "name": _plain(raw["bmr_country"]),
            "year": to_int(raw["year"]),
            **{new: to_int(raw[old]) for old, new in columns.items()},
        }
    )
    frame = codes_from_cow(frame, raw["cown"], frame["year"])
    return close_frame(frame, ["source_code", "year"], "democracy-bmr", {})


def read_state_democracy(path: Path) -> pd.DataFrame:
    """Read yearly democracy scores of COW states, 1816-2025.

    Returns
    -------
    DataFrame
        ``iso3, cow, year, uds`` (extended unified democracy score), ``uds_adjusted`` (above 0:
        democracy), ``polity2``, ``polyarchy`` (V-Dem, 0 to 1).
    """
    raw = read_r(path)
    need(raw, ["ccode", "year", "euds", "aeuds", "polity2", "v2x_polyarchy"], "state-democracy")
    frame = pd.DataFrame(
        {
            "year": to_int(raw["year"]),
            "uds": raw["euds"],
            "uds_adjusted": raw["aeuds"],
            "polity2": to_int(raw["polity2"]),
            "polyarchy": raw["v2x_polyarchy"],
        }
    )
    frame = codes_from_cow(frame, raw["ccode"], frame["year"])
    return close_frame(frame, ["cow", "year"], "state-democracy", {})


_COUPS = {0: "none", 1: "failed", 2: "successful"}


def read_coups(path: Path) -> pd.DataFrame:
    """Read coups by state and year, 1979-2010, with Polity scores (Powell and Thyne).

    The file keeps the year as a date and the Gleditsch-Ward number of the state. Polity's special
    marks become missing.

    Returns
    -------
    DataFrame
        ``iso3, cow, gw, year, coup`` (none, failed, successful: the year's most
        successful attempt), ``successful`` (0 or 1), ``democracy, autocracy, polity, polity2``.
    """
    from coalition_models.sources.codes import from_cow, to_cow

    raw = read_r(path)
    need(
        raw,
        ["gwcode", "year", "coup1", "succ.coup", "democ", "autoc", "polity", "polity2"],
        "coups",
    )
    year = from_r_days(raw["year"]).dt.year.astype("Int64")
    gw = to_int(raw["gwcode"])
    # The state of a row is the one that lived at midyear, the day the file gives.
    midyear, _ = dates_from_parts(year, pd.Series(6, index=raw.index), pd.Series(30, raw.index))
    cow = to_cow(gw, midyear, system="gw", missing="na")
    cow = cow.fillna(to_cow(gw, year, system="gw", missing="na"))
    iso3 = from_cow(cow, dates=midyear, missing="na")
    frame = pd.DataFrame(
        {
            "iso3": iso3.where(iso3.notna(), from_cow(cow, dates=year, missing="na")),
            "cow": cow,
            "gw": gw,
            "year": year,
            "coup": to_int(raw["coup1"]).map(_COUPS).astype(object),
            "successful": to_int(raw["succ.coup"]),
            "democracy": _score(raw["democ"]),
            "autocracy": _score(raw["autoc"]),
            "polity": _score(raw["polity"]),
            "polity2": to_int(raw["polity2"]),
        }
    )
    return close_frame(frame, ["gw", "year"], "coups", {})


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "bjornskov-rode": read_bjornskov_rode,
    "coups": read_coups,
    "democracy-bmr": read_democracy_bmr,
    "polity5": read_polity5,
    "reign-regimes": read_reign_regimes,
    "state-democracy": read_state_democracy,
}
