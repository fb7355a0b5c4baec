"""Facts checked by hand in the derived tables, and what they may not claim."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sources.build import DERIVED_TABLES

#: states that became independent, or one, after 1988
_YOUNGER = {
    "ARM", "AZE", "BIH", "CZE", "EST", "GEO", "HRV", "KAZ", "LTU", "LVA", "MDA", "MKD", "MNE",
    "SVK", "SVN", "UKR",
}  # fmt: skip


@pytest.fixture(scope="module")
def members():
    return cm.load("participation")[["state", "cow"]].drop_duplicates()


@pytest.fixture(scope="module")
def elections():
    return cm.load("elections")


@pytest.fixture(scope="module")
def coverage():
    return cm.load("election_coverage")


@pytest.fixture(scope="module")
def leaders():
    return cm.load("leaders")


@pytest.fixture(scope="module")
def years():
    return cm.load("state_years")


@pytest.mark.parametrize("name", DERIVED_TABLES)
def test_keys_are_unique_and_rows_sorted(name):
    table = cm.load(name)
    key = list(DERIVED_TABLES[name])
    assert not table.duplicated(key).any()
    order = ["state", "date", "kind"] if name == "elections" else key
    pd.testing.assert_frame_equal(table, table.sort_values(order, ignore_index=True))


@pytest.mark.parametrize("name", DERIVED_TABLES)
def test_states_are_those_of_participation_with_their_numbers(name, members):
    table = cm.load(name)
    numbers = members.set_index("state")["cow"]
    assert set(table["state"]) <= set(numbers.index)
    assert (table["cow"] == table["state"].map(numbers)).all()


@pytest.mark.parametrize(
    ("state", "kind", "days"),
    [
        ("ESP", "legislative", ["2000-03-12", "2004-03-14", "2008-03-09", "2011-11-20"]),
        ("POL", "legislative", ["2001-09-23", "2005-09-25", "2007-10-21", "2011-10-09"]),
        ("POL", "presidential", ["2000-10-08", "2005-10-09", "2005-10-23", "2010-06-20"]),
        ("GBR", "legislative", ["2001-06-07", "2005-05-05", "2010-05-06", "2015-05-07"]),
        ("JPN", "legislative", ["2000-06-25", "2003-11-09", "2005-09-11", "2009-08-30"]),
        ("AUS", "legislative", ["2001-11-10", "2004-10-09", "2007-11-24", "2010-08-21"]),
        ("ITA", "legislative", ["2001-05-13", "2006-04-09", "2008-04-13"]),
        ("GEO", "presidential", ["2000-04-09", "2004-01-04", "2008-01-05", "2013-10-27"]),
        ("USA", "presidential", ["2000-11-07", "2004-11-02", "2008-11-04", "2012-11-06"]),
        ("DNK", "legislative", ["2001-11-20", "2005-02-08", "2007-11-13", "2011-09-15"]),
        ("FRA", "legislative", ["2002-06-09", "2007-06-10", "2012-06-10", "2017-06-11"]),
        ("TUR", "legislative", ["2002-11-03", "2007-07-22", "2011-06-12", "2015-06-07"]),
        ("NLD", "legislative", ["2002-05-15", "2003-01-22", "2006-11-22", "2010-06-09"]),
        (
            "MKD",
            "legislative",
            ["2002-09-15", "2006-07-05", "2008-06-01", "2011-06-05", "2014-04-27"],
        ),
        ("UKR", "presidential", ["2004-10-31", "2004-12-26", "2010-01-17", "2010-02-07"]),
    ],
)
def test_days_of_elections(elections, state, kind, days):
    own = elections[(elections["state"] == state) & (elections["kind"] == kind)]
    own = own[own["date"] >= "2000-01-01"]
    assert own["date"].dt.strftime("%Y-%m-%d").tolist()[: len(days)] == days


def test_spain_2004_is_in_both_sources(elections):
    row = elections[(elections["state"] == "ESP") & (elections["date"] == "2004-03-14")].iloc[0]
    assert (row["sources"], row["agreement"]) == ("parlgov;reign", "agree")


def test_poland_2007_is_corrected_and_says_so(elections):
    row = elections[(elections["state"] == "POL") & (elections["date"] == "2007-10-21")].iloc[0]
    assert row["alternative_date"] == pd.Timestamp("2007-10-19")
    assert "21 October" in row["note"]


def test_a_day_that_differs_from_the_source_has_a_note(elections):
    differing = elections[elections["alternative_date"].notna()]
    assert len(differing) > 10
    assert differing["note"].notna().all()
    assert (differing["alternative_date"] != differing["date"]).all()


def test_every_correction_is_in_the_table_of_elections(elections):
    fixes = cm.load("election_corrections")
    inside = fixes[fixes["date"] >= "1988-01-01"]
    days = inside["new_date"].fillna(inside["date"])
    kinds = inside["new_kind"].fillna(inside["kind"])
    key = set(zip(elections["state"], elections["date"], elections["kind"], strict=True))
    assert set(zip(inside["state"], days, kinds, strict=True)) <= key


def test_corrections_are_days_on_which_the_country_votes():
    fixes = cm.load("election_corrections").set_index(["source", "state", "date"])["new_date"]
    polish = fixes[("parlgov", "POL", pd.Timestamp("2007-10-19"))]
    bulgarian = fixes[("parlgov", "BGR", pd.Timestamp("2001-06-18"))]
    slovak = fixes[("parlgov", "SVK", pd.Timestamp("2016-03-06"))]
    weekdays = [day.day_name() for day in (polish, bulgarian, slovak)]
    assert weekdays == ["Sunday", "Sunday", "Saturday"]


def test_no_election_lies_outside_what_its_source_covers(elections, coverage):
    covers = coverage.merge(elections, on=["state", "kind"], suffixes=("", "_vote"))
    inside = (covers["date"] >= covers["start"]) & (covers["date"] <= covers["end"])
    listed = [
        one in every.split(";")
        for one, every in zip(covers["source"], covers["sources"], strict=True)
    ]
    hits = covers[inside & pd.Series(listed, index=covers.index)]
    found = set(zip(hits["state"], hits["date"], hits["kind"], strict=True))
    assert found == set(zip(elections["state"], elections["date"], elections["kind"], strict=True))


def test_coverage_says_something_about_every_state_and_kind(coverage, members):
    found = set(zip(coverage["state"], coverage["kind"], strict=True))
    expected = {(s, k) for s in members["state"] for k in ("legislative", "presidential")}
    assert found == expected


def test_coverage_claims(coverage):
    def complete(state, kind):
        own = coverage[(coverage["state"] == state) & (coverage["kind"] == kind)]
        own = own[own["end"] > "2000-01-01"]
        return sorted(own.loc[own["complete"] == "yes", "source"])

    assert complete("ESP", "legislative") == ["parlgov", "reign"]
    assert complete("POL", "legislative") == ["parlgov"]
    assert complete("POL", "presidential") == ["reign"]
    assert complete("UKR", "legislative") == []
    assert complete("UKR", "presidential") == ["reign"]
    assert complete("AUT", "presidential") == []
    for state in ("TON", "JOR", "ARE", "BHR"):
        assert complete(state, "legislative") == complete(state, "presidential") == []
    reasons = coverage.loc[coverage["complete"] == "no", "note"]
    assert reasons.notna().all()


def test_reign_covers_nothing_after_its_last_complete_month(elections, coverage):
    last = pd.Timestamp("2021-02-28")
    assert coverage.loc[coverage["source"] == "reign", "end"].max() == last
    late = elections[elections["date"] > last]
    assert set(late["sources"]) == {"parlgov"}


def test_every_state_has_an_effective_leader_throughout(leaders, members):
    effective = leaders[leaders["office"] == "effective"]
    assert set(effective["state"]) == set(members["state"])
    first = effective.groupby("state")["start"].min()
    late = first[first > "1988-01-01"]
    assert set(late.index) == _YOUNGER | {"RUS"}
    assert late["MNE"] == pd.Timestamp("2006-06-03")
    still = effective[effective["end"].isna()].groupby("state").size()
    assert (still == 1).all()
    assert set(still.index) == set(members["state"])


@pytest.mark.parametrize(
    ("state", "office", "leader", "start", "end"),
    [
        ("ESP", "effective", "Rodriguez Zapatero", "2004-04-17", "2011-12-20"),
        ("ESP", "head_of_government", "Zapatero", "2004-04-17", "2011-12-21"),
        ("POL", "effective", "Kwasniewski", "1995-12-23", "2005-12-23"),
        ("POL", "head_of_government", "Tusk", "2007-11-16", "2014-09-22"),
        ("GBR", "head_of_government", "Blair", "1997-05-02", "2007-06-27"),
        ("GBR", "head_of_government", "Brown", "2007-06-27", "2010-05-11"),
        ("JPN", "effective", "Junichiro Koizumi", "2001-04-26", "2006-09-26"),
        ("AUS", "effective", "Rudd", "2007-12-03", "2010-06-24"),
        ("ITA", "head_of_government", "Prodi", "2006-05-17", "2008-05-08"),
        ("ITA", "head_of_government", "Berlusconi", "2001-06-11", "2006-05-17"),
        ("GEO", "effective", "Shevardnadze", "1992-03-10", "2003-11-23"),
        ("TON", "effective", "Sevele", "2006-02-11", "2010-12-22"),
        ("KOR", "effective", "Lee Myung Bak", "2008-02-25", "2013-02-25"),
        ("UKR", "effective", "Yushchenko", "2005-01-23", "2010-02-25"),
    ],
)
def test_spells_in_office(leaders, state, office, leader, start, end):
    own = leaders[(leaders["state"] == state) & (leaders["office"] == office)]
    row = own[(own["leader"] == leader) & (own["start"] == start)]
    assert row["end"].dt.strftime("%Y-%m-%d").tolist() == [end]


def test_a_prime_minister_of_several_cabinets_is_one_row(leaders):
    dutch = leaders[(leaders["state"] == "NLD") & (leaders["office"] == "head_of_government")]
    balkenende = dutch[dutch["leader"] == "Balkenende"].iloc[0]
    assert len(dutch[dutch["leader"] == "Balkenende"]) == 1
    assert balkenende["caretaker"] == "partly"
    assert "2010-02-23" in balkenende["note"]


def test_spells_do_not_run_backwards_or_overlap(leaders):
    assert not (leaders["end"] < leaders["start"]).any()
    for _, own in leaders.groupby(["state", "office"]):
        following = own["start"].shift(-1)
        assert not (own["end"] > following).any()
        # only the last one is still in office
        assert own["end"].isna().sum() <= 1
        assert own["end"].iloc[:-1].notna().all()


def test_no_spell_claims_to_know_more_than_its_source(leaders):
    assert (leaders["start"] <= leaders["known_until"]).all()
    assert (leaders["end"].dropna() <= leaders.loc[leaders["end"].notna(), "known_until"]).all()
    assert leaders["known_until"].groupby(leaders["office"]).nunique().eq(1).all()


def test_left_right_of_prime_ministers(leaders):
    heads = leaders[leaders["office"] == "head_of_government"]
    values = heads.groupby(["state", "leader"])["left_right"].first()
    assert values["POL", "Marcinkiewicz"] == pytest.approx(7.7, abs=0.01)
    assert values["ESP", "Zapatero"] < 5 < values["ESP", "Aznar"]


def test_effective_leaders_take_party_only_from_the_cabinet_they_head(leaders):
    effective = leaders[leaders["office"] == "effective"]
    assert effective.loc[effective["state"] == "POL", "party"].isna().all()
    assert effective.loc[effective["source"] == "reign", "party"].isna().all()
    parties = effective[effective["state"] == "GBR"].set_index("leader")["party"]
    assert set(parties) == {"Lab", "Con"}


def test_an_entry_that_parlgov_dates_otherwise_says_so(leaders):
    effective = leaders[leaders["office"] == "effective"]
    kan = effective[(effective["state"] == "JPN") & (effective["leader"] == "Naoto Kan")]
    assert kan["note"].tolist() == ["cabinet from 2010-06-04 in ParlGov"]
    zapatero = effective[effective["leader"] == "Rodriguez Zapatero"]
    assert zapatero["note"].isna().tolist() == [True]
    differing = effective[effective["note"].notna()]
    assert len(differing) == 67
    assert set(differing["source"]) == {"reign;parlgov"}


def test_state_years_spot_values(years):
    rows = years.set_index(["state", "year"])
    assert rows.loc[("ESP", 2003), "population"] == 42_596_453
    assert rows.loc[("ESP", 2003), "gdp_per_capita"] == pytest.approx(30208.70)
    assert rows.loc[("SLV", 2004), "us_military_aid"] == pytest.approx(12.9e6, rel=0.01)
    assert rows.loc[("POL", 2003), "us_military_aid"] == pytest.approx(1.37e9, rel=0.01)
    assert rows.loc[("ESP", 2003), "ideal_point_distance_us"] == pytest.approx(1.73765)


@pytest.mark.parametrize(
    ("state", "first"),
    [("BGR", 2004), ("ALB", 2009), ("HRV", 2009), ("MNE", 2017), ("MKD", 2020), ("ESP", 1988)],
)
def test_nato_membership_begins_in_the_year_of_accession(years, state, first):
    own = years[(years["state"] == state) & (years["nato_member"] == 1)]
    assert own["year"].min() == first


def test_states_that_never_joined_nato_by_2021(years):
    never = years.groupby("state")["nato_member"].max()
    assert never[["AUS", "JPN", "FIN", "SWE", "UKR", "GEO"]].eq(0).all()


def test_missing_outside_coverage_never_zero(years):
    assert years.loc[years["year"] > 2019, ["population", "gdp_per_capita"]].isna().all(axis=None)
    outside = (years["year"] < 2002) | (years["year"] > 2015)
    assert years.loc[outside, "us_military_aid"].isna().all()
    assert years.loc[years["state"] == "TON", "gdp_per_capita"].isna().all()
    assert not (years["us_military_aid"] == 0).any()
    assert not (years["population"] == 0).any()


def test_every_member_state_has_every_year_of_its_life(years, members):
    counts = years.groupby("state")["year"].agg(["min", "max", "size"])
    assert set(counts.index) == set(members["state"])
    assert (counts["max"] == 2021).all()
    late = counts[counts["min"] > 1988]["min"]
    assert set(late.index) == _YOUNGER | {"DEU"}
    assert (late["MNE"], late["CZE"], late["DEU"]) == (2006, 1993, 1990)
    assert (counts["size"] == counts["max"] - counts["min"] + 1).all()
