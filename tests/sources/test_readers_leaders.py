"""Readers of sources on leaders: shapes, spot values and the traps of each file."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.record import record_of
from coalition_models.sources.readers.elections import REIGN_LAST_DAY
from coalition_models.sources.readers.leaders import (
    ARCHIGOS_LAST_DAY,
    read_archigos,
    read_chisols,
    read_leader_ideology,
    read_parlgov_cabinets,
    read_reign_leaders,
)

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def reign(mirror):
    return read_reign_leaders(mirror / "reign-leaders.csv")


@pytest.fixture(scope="module")
def cabinets(mirror):
    return read_parlgov_cabinets(mirror / "parlgov-cabinets.csv")


@pytest.fixture(scope="module")
def archigos(mirror):
    return read_archigos(mirror / "archigos.rda")


@pytest.fixture(scope="module")
def chisols(mirror):
    return read_chisols(mirror / "chisols.csv")


@pytest.fixture(scope="module")
def ideology(mirror):
    return read_leader_ideology(mirror / "leader-ideology.csv")


def test_shapes(reign, cabinets, archigos, chisols, ideology):
    assert [len(f) for f in (reign, cabinets, archigos, chisols, ideology)] == [
        2524,
        12633,
        3409,
        13229,
        10986,
    ]


@pytest.mark.parametrize(
    ("state", "name", "start", "end_month"),
    [
        ("ESP", "Zapatero", "2004-04-17", "2011-12"),
        ("AUS", "Rudd", "2007-12-03", "2010-06"),
        ("KOR", "Lee Myung", "2008-02-25", "2013-02"),
        ("ITA", "Prodi", "2006-05-17", "2008-05"),
    ],
)
def test_reign_spells(reign, state, name, start, end_month):
    found = reign[(reign["iso3"] == state) & reign["leader"].str.contains(name)]
    found = found[found["start"] == start].iloc[0]
    assert f"{found['end']:%Y-%m}" == end_month
    assert (found["start_precision"], found["end_precision"]) == ("day", "month")


def test_reign_knows_no_end_after_its_last_day_and_none_before_the_start(reign):
    assert reign["end"].isna().sum() == 194
    assert reign["start"].max() <= REIGN_LAST_DAY
    assert not (reign["end"] < reign["start"]).any()


def test_reign_spells_bear_the_number_at_their_end(reign):
    kohl = reign[reign["leader"] == "Kohl"].sort_values("start")
    assert kohl["cow"].tolist() == [260, 255]


def test_reign_unknown_gender_is_missing(reign):
    assert reign["female"].isna().sum() == 144
    assert set(reign["female"].dropna()) == {"yes", "no"}


def test_parlgov_cabinets(cabinets):
    rows = cabinets[cabinets["leads_cabinet"] == "yes"].set_index("cabinet")
    dutch = rows[rows["iso3"] == "NLD"].loc["Balkenende VI"]
    assert dutch["start"] == pd.Timestamp("2010-02-23")
    assert dutch["caretaker"] == "yes"
    spain = rows[rows["iso3"] == "ESP"].loc["Zapatero I"]
    assert spain["start"] == pd.Timestamp("2004-04-17")
    assert (spain["prime_minister"], spain["party"]) == ("Zapatero", "PSOE")
    tusk = rows[rows["iso3"] == "POL"].loc["Tusk I"]
    assert tusk["start"] == pd.Timestamp("2007-11-16")


def test_parlgov_switzerland_has_no_prime_minister(cabinets):
    swiss = cabinets[cabinets["iso3"] == "CHE"]
    assert len(swiss) > 0
    assert swiss["prime_minister"].isna().all()
    assert cabinets.loc[cabinets["iso3"] != "CHE", "prime_minister"].notna().all()


def test_parlgov_seats_without_party_are_added_not_lost(cabinets):
    french = cabinets[(cabinets["iso3"] == "FRA") & (cabinets["cabinet"] == "Pleven II")]
    assert french.loc[french["party"] == "none", "seats"].tolist() == [14]
    assert sum(record_of(cabinets).notes["dropped"].values()) == 7


def test_archigos(archigos):
    spain = archigos[archigos["leader_id"] == "SPN-2004"].iloc[0]
    assert (spain["iso3"], spain["start"]) == ("ESP", pd.Timestamp("2004-04-17"))
    rudd = archigos[archigos["leader_id"] == "AUL-2007"].iloc[0]
    assert (rudd["start"], rudd["entry"]) == (pd.Timestamp("2007-12-03"), "regular")
    polish = archigos[(archigos["cow"] == 290) & (archigos["start"] == "2005-12-23")].iloc[0]
    assert polish["exit"] == "natural_death"


def test_archigos_has_cow_numbers_and_open_ends(archigos):
    merkel = archigos[archigos["leader"].str.contains("Merkel")].iloc[0]
    assert (merkel["cow"], pd.isna(merkel["end"])) == (255, True)
    assert set(archigos.loc[archigos["exit"] == "still_in_office", "end"].dropna()) <= {
        day for day in archigos["end"].dropna() if day < ARCHIGOS_LAST_DAY
    }
    assert archigos["end"].max() <= ARCHIGOS_LAST_DAY


def test_chisols_events(chisols):
    spain = chisols[(chisols["cow"] == 230) & (chisols["year"] == 2004)]
    assert set(spain["event"]) == {"leader_change", "source_change"}
    assert set(spain["date"]) == {pd.Timestamp("2004-04-17")}
    korea = chisols[(chisols["cow"] == 732) & chisols["year"].isin([2003, 2008])]
    changes = korea[korea["event"] == "source_change"]
    assert changes["date"].tolist() == [pd.Timestamp("2008-02-25")]
    dutch = chisols[(chisols["cow"] == 210) & (chisols["year"] == 2010)]
    assert {"minor_source_change", "source_change"} <= set(dutch["event"])


def test_chisols_reads_a_change_that_stands_in_a_late_slot(chisols):
    polish = chisols[(chisols["cow"] == 290) & (chisols["year"] == 2010)]
    source = polish[polish["event"] == "source_change"].iloc[0]
    assert (source["slot"], source["date"]) == (4, pd.Timestamp("2010-08-06"))


def test_chisols_keeps_years_without_change(chisols):
    quiet = chisols[chisols["event"] == "none"]
    assert len(quiet) == 9004
    assert quiet["date"].isna().all()
    assert len(chisols[["cow", "year"]].drop_duplicates()) == 11338


def test_leader_ideology(ideology):
    def head(cow, year):
        row = ideology[(ideology["cow"] == cow) & (ideology["year"] == year)].iloc[0]
        return row["head_ideology"]

    assert (head(230, 2003), head(230, 2004), head(290, 2008)) == (
        "rightist",
        "leftist",
        "rightist",
    )


def test_leader_ideology_has_todays_numbers(ideology):
    recent = ideology[ideology["year"] >= 2000]
    assert not recent["cow"].isin([260, 315, 678]).any()
    assert {255, 316, 679} <= set(recent["cow"])
