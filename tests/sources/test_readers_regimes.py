"""Readers of sources on regimes and coups: shapes, spot values and the traps of each file."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.record import record_of
from coalition_models.sources.readers.regimes import (
    read_bjornskov_rode,
    read_coups,
    read_democracy_bmr,
    read_polity5,
    read_reign_regimes,
    read_state_democracy,
)

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def rode(mirror):
    return read_bjornskov_rode(mirror / "bjornskov-rode.rda")


@pytest.fixture(scope="module")
def polity(mirror):
    return read_polity5(mirror / "polity5.rda")


@pytest.fixture(scope="module")
def bmr(mirror):
    return read_democracy_bmr(mirror / "democracy-bmr.rda")


@pytest.fixture(scope="module")
def scores(mirror):
    return read_state_democracy(mirror / "state-democracy.rda")


@pytest.fixture(scope="module")
def coups(mirror):
    return read_coups(mirror / "coups.rda")


@pytest.fixture(scope="module")
def regimes(mirror):
    return read_reign_regimes(mirror / "reign-regimes.csv")


def _value(frame, cow, year, column):
    found = frame[(frame["cow"] == cow) & (frame["year"] == year)]
    assert len(found) == 1
    return found[column].iloc[0]


@pytest.mark.slow
def test_shapes(rode, polity, bmr, scores, coups, regimes):
    assert [len(f) for f in (rode, polity, bmr, scores, coups, regimes)] == [
        14768,
        17574,
        19775,
        17706,
        5828,
        627,
    ]


@pytest.mark.parametrize(
    ("state", "month"),
    [
        ("ESP", "2004-03"),
        ("POL", "2005-09"),
        ("POL", "2007-10"),
        ("ITA", "2006-04"),
        ("NLD", "2010-06"),
        ("KOR", "2008-04"),
        ("TON", "2010-11"),
    ],
)
def test_rode_election_months(rode, state, month):
    own = rode[rode["iso3"] == state]
    assert month in set(own["election"].dropna().dt.strftime("%Y-%m"))


def test_rode_files_late_elections_under_the_next_year(rode):
    polish = rode[(rode["iso3"] == "POL") & (rode["year"] == 2008)].iloc[0]
    assert polish["election"] == pd.Timestamp("2007-10-15")
    dated = rode[rode["election"].notna()]
    shift = dated["year"] - dated["election"].dt.year
    late = dated["election"].dt.month >= 7
    assert (shift[late] == 1).mean() > 0.9
    assert (shift[~late] == 0).mean() > 0.9


def test_rode_second_votes_and_texts_without_month(rode):
    egypt = rode[(rode["iso3"] == "EGY") & rode["election_text"].eq("October and December 2015")]
    assert egypt["election"].tolist() == [pd.Timestamp("2015-10-15")]
    assert egypt["last_vote"].tolist() == [pd.Timestamp("2015-12-15")]
    unread = rode["election_text"].notna() & rode["election"].isna()
    assert int(unread.sum()) == record_of(rode).notes["elections_without_month"] == 47


def test_rode_codes_are_dated(rode):
    assert _value(rode, 260, 1989, "iso3") == "DEU"
    assert _value(rode, 255, 2003, "iso3") == "DEU"
    assert rode.loc[rode["name"] == "Hong Kong", "cow"].isna().all()


def test_polity_values(polity):
    assert _value(polity, 230, 2003, "polity2") == 10
    assert _value(polity, 290, 2003, "polity2") == 10
    assert _value(polity, 369, 2003, "polity2") == 6


def test_polity_special_marks_are_never_numbers(polity):
    for name in ("polity", "polity2", "democracy", "autocracy", "executive_constraints"):
        assert polity[name].min() >= -10, name
    assert _value(polity, 700, 2001, "special") == "interruption"
    assert pd.isna(_value(polity, 700, 2001, "polity2"))
    assert polity["special"].value_counts().to_dict() == {
        "transition": 312,
        "interruption": 260,
        "interregnum": 237,
    }


def test_bmr(bmr):
    assert _value(bmr, 800, 2003, "democracy") == 1
    assert _value(bmr, 800, 2007, "democracy") == 0
    assert _value(bmr, 230, 2003, "democracy") == 1
    assert set(bmr["democracy"].dropna()) == {0, 1}


def test_state_democracy(scores):
    assert _value(scores, 369, 2003, "polity2") == 6
    assert _value(scores, 230, 2003, "polyarchy") == pytest.approx(0.875)
    assert _value(scores, 230, 2018, "uds_adjusted") == pytest.approx(1.336676, abs=1e-6)
    assert scores["polyarchy"].dropna().between(0, 1).all()


def test_coups_years_and_marks(coups):
    assert (coups["year"].min(), coups["year"].max()) == (1979, 2010)
    honduras = coups[(coups["iso3"] == "HND") & (coups["year"] == 2009)].iloc[0]
    assert (honduras["coup"], honduras["successful"]) == ("successful", 1)
    thailand = coups[(coups["iso3"] == "THA") & (coups["year"] == 2006)].iloc[0]
    assert thailand["successful"] == 1
    assert coups.loc[(coups["iso3"] == "ESP") & (coups["year"] == 2004), "coup"].item() == "none"
    assert ((coups["coup"] == "successful") == (coups["successful"] == 1)).all()
    assert coups["polity"].min() >= -10


def test_reign_regimes(regimes):
    spain = regimes[regimes["iso3"] == "ESP"].sort_values("start")
    assert spain["kind"].tolist() == ["personal", "provisional", "parliamentary"]
    assert pd.isna(spain["end"].iloc[-1])
    assert spain["start"].iloc[-1] == pd.Timestamp("1976-07-01")
    yemen = regimes[regimes["cow"] == 679]
    assert yemen["kind"].tolist() == ["personal", "warlordism"]


def test_reign_regimes_in_place_at_the_end_have_no_end(regimes):
    # what ended in the last weeks of the data did end; the file's 31 December is no end
    assert regimes["end"].max() == pd.Timestamp("2021-02-01")
    assert not regimes["end"].isin(pd.to_datetime(["2020-12-31", "2021-12-31"])).any()
    assert regimes["end"].isna().sum() == 194
    assert record_of(regimes).notes["start_before_1678"] == int(regimes["start"].isna().sum()) == 1
