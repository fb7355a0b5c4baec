"""Dated country codes, across every break that matters."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.sources.codes import from_cow, to_cow
from coalition_models.sources.readers.state_codes import (
    read_cow_gw_panel,
    read_cow_states,
    read_gw_cow_panel,
    read_gw_states,
)

#: on the Gleditsch-Ward list, never in the COW system
OUTSIDE_COW = [
    "Abkhazia",
    "Great Colombia",
    "Orange Free State",
    "South Ossetia",
    "Tibet",
    "Transvaal",
    "United Provinces of Central America",
    "Vietnam (Annam/Cochin China/Tonkin)",
]


@pytest.mark.parametrize(
    ("name", "date", "cow"),
    [
        ("DEU", "1913-01-01", 255),
        ("Germany", "1990-10-02", 260),
        ("Germany", "1990-10-03", 255),
        ("DEU", 2003, 255),
        ("West Germany", 1985, 260),
        ("East Germany", 1985, 265),
        ("DDR", "1990-10-02", 265),
        ("Federal Republic of Germany", 1985, 260),
        ("Yugoslavia", 1985, 345),
        ("YUG", 1999, 345),
        ("SCG", 2005, 345),
        ("Serbia", 2010, 345),
        ("Serbia", 1914, 345),
        ("SRB", 1995, 345),
        ("MNE", "2006-06-03", 341),
        ("Kosovo", 2010, 347),
        ("XKX", 2010, 347),
        ("Vietnam", 1970, 816),
        ("VNM", 2010, 816),
        ("South Vietnam", 1970, 817),
        ("Yemen", "1990-05-21", 678),
        ("Yemen", "1990-05-22", 679),
        ("YEM", 1985, 678),
        ("South Yemen", 1985, 680),
        ("Soviet Union", 1985, 365),
        ("SUN", 1985, 365),
        ("RUS", 1985, 365),
        ("Russian Federation", 2003, 365),
        ("Macedonia", 2003, 343),
        ("North Macedonia", 2020, 343),
        ("The former Yugoslav Republic of Macedonia", 2010, 343),
        ("Czechoslovakia", "1992-12-31", 315),
        ("Czech Republic", "1993-01-01", 316),
        ("Slovakia", 1993, 317),
        ("Tonga", 2004, 955),
        ("Korea", 1900, 730),
        ("Korea, Republic of", 2004, 732),
    ],
)
def test_name_on_a_date(name: str, date: str | int, cow: int) -> None:
    assert to_cow([name], date).tolist() == [cow]


@pytest.mark.parametrize(
    ("gw", "year", "cow"),
    [
        (260, 1985, 260),
        (260, 2003, 255),
        (255, 1913, 255),
        (345, 1995, 345),
        (340, 2010, 345),
        (340, 1914, 345),
        (341, 2010, 341),
        (678, 1985, 678),
        (678, 2003, 679),
        (680, 1985, 680),
        (816, 1970, 816),
        (817, 1970, 817),
        (315, 1992, 315),
        (316, 1993, 316),
        (970, 2004, 946),
        (971, 2004, 970),
        (972, 2004, 955),
        (973, 2004, 947),
    ],
)
def test_gleditsch_ward_number_there_and_back(gw: int, year: int, cow: int) -> None:
    assert to_cow([gw], year, system="gw").tolist() == [cow]
    assert from_cow([cow], to="gw", dates=year).tolist() == [gw]


@pytest.mark.parametrize(
    ("cow", "date", "iso3"),
    [
        (255, 2003, "DEU"),
        (260, 1985, "DEU"),
        (265, 1985, "DDR"),
        (345, 1914, "SRB"),
        (345, 1985, "YUG"),
        (345, "2003-02-03", "YUG"),
        (345, "2003-02-04", "SCG"),
        (345, "2006-06-04", "SCG"),
        (345, "2006-06-05", "SRB"),
        (365, "1991-12-25", "SUN"),
        (365, "1991-12-26", "RUS"),
        (365, 1914, "RUS"),
        (315, 1992, "CSK"),
        (316, 1993, "CZE"),
        (817, 1970, "RVN"),
        (816, 1970, "VNM"),
        (678, 1985, "YEM"),
        (679, 1991, "YEM"),
        (680, 1985, "YMD"),
        (955, 2004, "TON"),
        (347, 2010, "XKX"),
    ],
)
def test_iso3_on_a_date(cow: int, date: str | int, iso3: str) -> None:
    assert from_cow([cow], dates=date).tolist() == [iso3]


def test_name_of_macedonia_follows_its_date() -> None:
    dates = ["2019-02-11", "2019-02-12"]
    assert from_cow([343, 343], to="name", dates=dates).tolist() == ["Macedonia", "North Macedonia"]


def test_every_iso3_code_returns_to_its_state() -> None:
    codes = pd.Series([2, 20, 230, 290, 325, 345, 365, 385, 732, 740, 816, 955])
    for year in (1950, 1985, 1995, 2010):
        assert to_cow(from_cow(codes, dates=year), year).tolist() == codes.tolist()


def test_index_name_and_missing_values_stay() -> None:
    names = pd.Series(["ESP", None, np.nan, "Poland"], index=[9, 7, 5, 3], name="state")
    found = to_cow(names)
    assert found.index.tolist() == [9, 7, 5, 3]
    assert found.name == "state"
    assert found.dtype == "Int64"
    assert found.tolist() == [230, pd.NA, pd.NA, 290]


def test_accents_case_and_punctuation_do_not_matter() -> None:
    names = ["CÔTE D\u2019IVOIRE", "cote divoire", "Türkiye", "the netherlands", "U.K."]
    assert to_cow(names, 2010).tolist() == [437, 437, 640, 210, 200]


def test_dates_of_all_kinds() -> None:
    for date in (1985, "1985", datetime.date(1985, 6, 1), pd.Timestamp("1985-06-01")):
        assert to_cow(["DEU"], date).tolist() == [260]
    per_row = pd.Series(pd.to_datetime(["1985-06-01", "2003-06-01"]))
    assert to_cow(pd.Series(["DEU", "DEU"]), per_row).tolist() == [260, 255]


def test_a_missing_date_resolves_only_codes_that_never_changed_hands() -> None:
    assert to_cow(["ESP"], [None]).tolist() == [230]
    with pytest.raises(DataError, match="'DEU' without a date may be any of"):
        to_cow(["DEU"], [None])
    with pytest.raises(DataError, match="345 without a date"):
        from_cow([345], dates=[pd.NaT])


def test_every_unknown_name_is_listed_with_its_nearest() -> None:
    with pytest.raises(DataError) as caught:
        to_cow(["Spain", "Spian", "Ruritania", "Polnd", "Spian"])
    message = str(caught.value)
    assert message.startswith("3 names or codes could not be matched")
    assert "'Spian' is unknown (nearest: Spain" in message
    assert "'Polnd' is unknown (nearest: Poland" in message
    assert "'Ruritania' is unknown" in message
    assert "missing='na'" in message


def test_unknown_becomes_missing_on_request() -> None:
    assert to_cow(["Spain", "Ruritania"], missing="na").tolist() == [230, pd.NA]
    assert from_cow([230, 999], missing="na").tolist() == ["ESP", None]


@pytest.mark.parametrize(
    ("name", "date"),
    [
        ("West Germany", 1995),
        ("Czechia", 1985),
        ("Czechoslovakia", 2003),
        ("Montenegro", 2003),
        ("Kosovo", 2005),
        ("East Germany", 2003),
        ("South Yemen", 2003),
        ("Germany", 1947),
    ],
)
def test_a_state_outside_its_time_is_refused(name: str, date: int) -> None:
    with pytest.raises(DataError, match=f"names no state in {date}"):
        to_cow([name], date)


def test_numbers_need_their_system() -> None:
    with pytest.raises(DataError, match="system='gw'"):
        to_cow([260], 1985)
    assert to_cow([260], 1985, system="cow").tolist() == [260]
    with pytest.raises(DataError, match="260 names no state in 2003"):
        to_cow([260], 2003, system="cow")


def test_wrong_options_list_the_right_ones() -> None:
    with pytest.raises(DataError, match="system must be one of auto, iso3, name, gw, cow"):
        to_cow(["ESP"], system="un")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="to must be one of iso3, gw, name"):
        from_cow([230], to="iso2")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="missing must be one of raise, na"):
        to_cow(["ESP"], missing="ignore")  # type: ignore[arg-type]


def test_dates_must_match_the_rows() -> None:
    with pytest.raises(DataError, match="3 codes, 2 dates"):
        to_cow(["ESP", "POL", "ITA"], [2003, 2004])
    with pytest.raises(DataError, match="indexes differ"):
        to_cow(pd.Series(["ESP", "POL"]), pd.Series([2003, 2004], index=[5, 6]))
    with pytest.raises(DataError, match="found 'soon'"):
        to_cow(["ESP"], "soon")


@pytest.mark.mirror
def test_every_membership_of_cow_is_known_by_number_and_name(mirror: Path) -> None:
    members = read_cow_states(mirror / "cow-states.rda")
    last = members["end"].fillna(pd.Timestamp("2016-12-31"))
    for day in (members["start"], last):
        assert to_cow(members["cow"], day, system="cow").equals(members["cow"])
        assert to_cow(members["name"], day).tolist() == members["cow"].tolist()


@pytest.mark.mirror
def test_every_membership_of_gleditsch_ward_is_known_or_outside_cow(mirror: Path) -> None:
    members = read_gw_states(mirror / "gw-states.rda")
    last = members["end"].fillna(pd.Timestamp("2020-12-31"))
    first_days, last_days = (
        to_cow(members["gw"], day, system="gw", missing="na") for day in (members["start"], last)
    )
    outside = sorted(members.loc[first_days.isna(), "name"])
    assert outside == OUTSIDE_COW
    assert sorted(members.loc[last_days.isna(), "name"]) == OUTSIDE_COW
    inside = first_days.notna()
    named = to_cow(members.loc[inside, "name"], members.loc[inside, "start"])
    assert named.tolist() == first_days[inside].tolist()
    # One number, two COW states: the successor of West Germany and of North Yemen.
    changed = members.loc[inside & (first_days != last_days), "gw"]
    assert sorted(changed) == [260, 678]


@pytest.mark.mirror
def test_every_member_year_of_cow_is_known(mirror: Path) -> None:
    panel = read_cow_gw_panel(mirror / "cow-gw-panel.rda")
    assert to_cow(panel["cow"], panel["year"], system="cow").equals(panel["cow"].rename("cow"))
    ours = from_cow(panel["cow"], to="gw", dates=panel["year"])
    differ = panel[(ours != panel["gw"]).fillna(False)]
    assert differ.empty
    # A COW member without a Gleditsch-Ward number: not a member of that list in the year.
    blank = panel[panel["gw"].isna() & ours.notna()].groupby("cow")["year"].agg(["min", "max"])
    assert blank.to_dict("index") == {
        345: {"min": 1916, "max": 1917},
        600: {"min": 1905, "max": 1912},
        651: {"min": 1856, "max": 1882},
        670: {"min": 1927, "max": 1931},
        812: {"min": 1953, "max": 1953},
    }


@pytest.mark.mirror
def test_every_member_year_of_gleditsch_ward_is_known(mirror: Path) -> None:
    panel = read_gw_cow_panel(mirror / "gw-cow-panel.rda")
    both = panel[panel["cow"].notna()]
    ours = to_cow(both["gw"], both["year"], system="gw")
    differ = both[ours != both["cow"]]
    # In the year of unification the panel keeps the old number; the year's last state is 255.
    assert differ[["gw", "cow", "year"]].to_numpy().tolist() == [[260, 260, 1990]]


def test_numbers_that_are_no_year_are_no_date():
    for wrong in (20030401, 200304, 0, -5):
        with pytest.raises(DataError, match="years from 1 to 9999"):
            to_cow("DEU", wrong)


def test_scalars_of_numpy_and_floats_are_taken():
    assert from_cow(np.int64(2)).tolist() == ["USA"]
    assert from_cow(2.0).tolist() == ["USA"]
    assert to_cow("DEU", np.int64(2003)).tolist() == [255]
    assert to_cow("DEU", np.datetime64("1985-06-30")).tolist() == [260]


@pytest.mark.parametrize("date", ["03/10/1990", "3 October 1990", pd.Timestamp("1990", tz="UTC")])
def test_a_date_that_could_be_another_is_refused(date: object) -> None:
    with pytest.raises(DataError, match="dates must be years, dates or time stamps"):
        to_cow(["DEU"], date)  # type: ignore[arg-type]
    assert to_cow(["DEU"], "1990-10-03").tolist() == [255]
