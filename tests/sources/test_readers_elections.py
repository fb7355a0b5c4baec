"""Readers of election sources: shapes, spot values and the traps of each file."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.record import record_of
from coalition_models.sources.readers.elections import (
    REIGN_LAST_DAY,
    read_nelda,
    read_parlgov_elections,
    read_reign_elections,
)

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def reign(mirror):
    return read_reign_elections(mirror / "reign-elections.csv")


@pytest.fixture(scope="module")
def parlgov(mirror):
    return read_parlgov_elections(mirror / "parlgov-elections.csv")


@pytest.fixture(scope="module")
def nelda(mirror):
    return read_nelda(mirror / "nelda.rda")


def _days(frame, state, kind, year):
    rows = frame[(frame["iso3"] == state) & (frame["kind"] == kind)]
    return sorted(set(rows.loc[rows["date"].dt.year == year, "date"].dt.strftime("%Y-%m-%d")))


def test_shapes(reign, parlgov, nelda):
    assert (len(reign), len(parlgov), len(nelda)) == (4206, 8997, 3104)
    assert int(reign["is_vote"].sum()) == 2803
    assert nelda["date"].isna().sum() == 295
    assert parlgov["election_id"].nunique() > 844


@pytest.mark.parametrize(
    ("state", "kind", "year", "days"),
    [
        ("ESP", "legislative", 2004, ["2004-03-14"]),
        ("AUS", "legislative", 2007, ["2007-11-24"]),
        ("ITA", "legislative", 2006, ["2006-04-09"]),
        ("KOR", "presidential", 2007, ["2007-12-19"]),
        ("FRA", "presidential", 2012, ["2012-04-22", "2012-05-06"]),
    ],
)
def test_reign_votes(reign, state, kind, year, days):
    assert _days(reign[reign["is_vote"]], state, kind, year) == days


def test_reign_holds_no_forecast_and_says_how_many_it_dropped(reign):
    assert reign["date"].max() <= REIGN_LAST_DAY
    assert not reign["event"].str.startswith("Upcoming").any()
    assert record_of(reign).notes["dropped"]["announced for the future"] == 141


def test_reign_lists_only_the_effective_leaders_office(reign):
    assert _days(reign, "POL", "legislative", 2007) == []
    assert _days(reign, "POL", "presidential", 2005) == ["2005-10-09", "2005-10-23"]


def test_reign_codes_are_those_of_the_day(reign):
    german = reign[reign["iso3"] == "DEU"]
    assert set(german.loc[german["date"] < "1990-10-03", "cow"]) == {260}
    assert set(german.loc[german["date"] > "1990-10-03", "cow"]) == {255}
    assert not (reign["cow"] == 533).any()
    assert reign["iso3"].notna().all()


def test_reign_day_unknown_is_the_fifteenth_with_precision_month(reign):
    vague = reign[reign["precision"] == "month"]
    assert len(vague) == 950
    assert set(vague["date"].dt.day) == {15}


def test_parlgov_values_and_its_known_error(parlgov):
    spain = parlgov[(parlgov["iso3"] == "ESP") & (parlgov["date"] == "2004-03-14")]
    assert int(spain["seats"].sum()) == 350
    psoe = spain[spain["party"] == "PSOE"].iloc[0]
    assert int(psoe["seats"]) == 164
    assert psoe["cow"] == 230
    assert _days(parlgov, "NLD", "legislative", 2010) == ["2010-06-09"]
    # as in the file: the table of corrections mends it, the reader does not
    assert _days(parlgov, "POL", "legislative", 2007) == ["2007-10-19"]


def test_nelda_days(nelda):
    assert _days(nelda, "ESP", "legislative", 2004) == ["2004-03-14"]
    assert _days(nelda, "POL", "legislative", 2007) == ["2007-10-21"]
    assert _days(nelda, "KOR", "presidential", 2007) == ["2007-12-19"]


def test_nelda_gives_no_day_to_later_rounds(nelda):
    second = nelda[nelda["election_id"] == "290-2005-1009-P2"].iloc[0]
    assert pd.isna(second["date"])
    assert second["first_round"] == pd.Timestamp("2005-10-09")
    assert nelda.loc[nelda["round"] > 1, "date"].isna().all()


def test_a_file_of_another_version_is_refused(tmp_path):
    path = tmp_path / "reign-elections.csv"
    path.write_text("ccode,country\n2,USA\n")
    with pytest.raises(DataError, match="elec_year"):
        read_reign_elections(path)


def test_an_unknown_kind_of_vote_is_refused(mirror, tmp_path):
    text = (mirror / "parlgov-elections.csv").read_text(encoding="utf-8").splitlines()
    path = tmp_path / "parlgov-elections.csv"
    path.write_text("\n".join([text[0], text[1].replace("parliament", "senate")]))
    with pytest.raises(DataError, match="senate"):
        read_parlgov_elections(path)
