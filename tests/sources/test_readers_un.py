"""United Nations sources: values that can be looked up, and the traps."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.record import record_of
from coalition_models.sources.readers.un import (
    read_geopko_contributors,
    read_henke_fatalities,
    read_ipi_contributions,
    read_un_fatalities,
    read_un_mission_totals,
)

_MONTHLY = (
    "Date,Contributor,Contributor_ISO-3,Mission,Troops,Experts_on_Mission,"
    "Inidividual_Police,Formed_Police_Units,Total\n"
)


@pytest.fixture(scope="module")
def ipi(mirror: Path) -> pd.DataFrame:
    return read_ipi_contributions(mirror / "ipi-contributions-2009-2014.csv")


@pytest.mark.mirror
class TestIpi:
    def test_world_totals_are_those_the_united_nations_printed(self, ipi: pd.DataFrame) -> None:
        totals = ipi.groupby("date")["total"].sum()
        assert totals["2010-12-31"] == 98_638
        assert totals["2011-12-31"] == 99_016

    def test_february_2012_stands_at_the_months_end(self, ipi: pd.DataFrame) -> None:
        dates = ipi["date"].drop_duplicates()
        assert (dates == dates + pd.offsets.MonthEnd(0)).all()
        assert pd.Timestamp("2012-02-29") in set(dates)

    def test_austria_leaves_the_golan_in_june_2013(self, ipi: pd.DataFrame) -> None:
        austria = ipi.query("iso3 == 'AUT' and mission == 'UNDOF'").set_index("date")["troops"]
        assert austria["2013-05-31"] == 374
        assert austria.index.max() <= pd.Timestamp("2013-07-31")

    def test_a_mission_that_is_renamed_hands_over(self, ipi: pd.DataFrame) -> None:
        india = ipi.query("iso3 == 'IND'")
        monuc = india[india["mission"] == "MONUC"]["date"].max()
        monusco = india[india["mission"] == "MONUSCO"]["date"].min()
        assert (monuc, monusco) == (pd.Timestamp("2010-06-30"), pd.Timestamp("2010-07-31"))

    def test_rows_without_anyone_are_dropped_and_counted(self, ipi: pd.DataFrame) -> None:
        assert record_of(ipi).notes["dropped"] == {"no personnel in the row": 2}
        assert (ipi["total"] > 0).all()

    def test_the_monthly_files_do_not_know_women(self, mirror: Path) -> None:
        august = read_ipi_contributions(mirror / "ipi-contributions-2014-08.csv")
        assert august["total"].sum() == 97_947
        assert august["troops_women"].isna().all()


def test_an_empty_kind_is_a_zero_only_if_the_kinds_add_up(tmp_path: Path) -> None:
    path = tmp_path / "month.csv"
    path.write_text(_MONTHLY + "2014-03-31,Spain,ESP,UNIFIL,588,NA,NA,NA,588\n")
    row = read_ipi_contributions(path).iloc[0]
    assert (row["cow"], row["troops"], row["formed_police"]) == (230, 588, 0)
    path.write_text(_MONTHLY + "2014-03-31,Spain,ESP,UNIFIL,588,NA,NA,NA,600\n")
    with pytest.raises(DataError, match="Spain UNIFIL 2014-03-31"):
        read_ipi_contributions(path)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="lacks the columns Date, Contributor"):
        read_ipi_contributions(path)


@pytest.mark.mirror
def test_mission_totals(mirror: Path) -> None:
    frame = read_un_mission_totals(mirror / "un-mission-totals.csv")
    one = frame.set_index(["date", "mission"])
    assert one.loc[(pd.Timestamp("1990-11-30"), "ONUCA"), "troops"] == 423
    assert one.loc[(pd.Timestamp("2017-03-31"), "UNMOGIP"), "observers"] == 41
    assert pd.isna(one.loc[(pd.Timestamp("2017-03-31"), "UNMOGIP"), "troops"])
    assert frame[frame["date"] == "2010-12-31"]["total"].sum() == 98_638
    months = set(frame["date"])
    gap = [m for m in pd.date_range("1990-11-30", "2017-03-31", freq="ME") if m not in months]
    assert gap == [pd.Timestamp("2016-11-30")]
    assert not frame["host"].str.endswith("'").any()
    assert set(frame.loc[frame["cow"].isna(), "host"]) == {"Western Sahara"}


@pytest.mark.mirror
def test_geopko(mirror: Path) -> None:
    frame = read_geopko_contributors(mirror / "geopko-contributors.csv")
    years = frame.groupby(["iso3", "mission"])["year"].agg(["min", "max"])
    assert years.loc[("CAN", "MINUSMA"), "max"] == 2019
    assert years.loc[("AUT", "UNDOF"), "max"] == 2013
    assert years.loc[("IND", "UNAMSIL"), "max"] == 2000
    assert len(frame) == 3_054
    assert record_of(frame).notes["dropped"] == {
        "unnamed contributor or group of states at a location": 233
    }


def test_geopko_sizes_that_are_unknown_are_not_zero(tmp_path: Path) -> None:
    path = tmp_path / "map.csv"
    path.write_text(
        "mission,year,year.overview\n"
        'UNOCI,2004,"Benin (650), Korea (ROK) (size unknown)"\n'
        'UNOCI,2004,"Benin (size unknown), Multinational (185), TCC name unknown (15)"\n'
    )
    frame = read_geopko_contributors(path).set_index("iso3")
    assert frame.loc["BEN", "troops_standard"] == 650
    assert frame.loc["BEN", "n_locations"] == 2
    assert frame.loc["BEN", "n_locations_size_unknown"] == 1
    assert pd.isna(frame.loc["KOR", "troops_standard"])
    path.write_text("mission,year,year.overview\nUNOCI,2004,Benin 650\n")
    with pytest.raises(DataError, match="cannot read the contributors 'Benin 650'"):
        read_geopko_contributors(path)


@pytest.mark.mirror
def test_un_fatalities(mirror: Path) -> None:
    frame = read_un_fatalities(mirror / "un-fatalities.csv")
    belgians = frame.query("iso3 == 'BEL' and mission == 'UNAMIR'")
    assert len(belgians[belgians["date"].between("1994-04-06", "1994-04-08")]) == 10
    pakistanis = frame[(frame["iso3"] == "PAK") & (frame["date"] == pd.Timestamp("1993-06-05"))]
    assert len(pakistanis) == 22
    assert len(frame) == 4_423
    assert record_of(frame).notes["dropped"] == {
        "same death again under a state that did not exist": 6
    }
    assert set(frame.loc[frame["date"] < "1990-10-03"].query("iso3 == 'DEU'")["cow"]) <= {260}
    ivorians = frame[frame["nationality"] == "C\u00f4te dIvoire"]
    assert (ivorians["cow"] == 437).all()


@pytest.mark.mirror
def test_henke_fatalities(mirror: Path) -> None:
    frame = read_henke_fatalities(mirror / "henke-fatalities.dta")
    assert frame.query("iso3 == 'PAK' and mission == 'UNOSOM'")["deaths"].sum() == 40
    assert frame.query("iso3 == 'BEL' and mission == 'UNAMIR'")["deaths_malicious"].sum() == 10
    assert frame["deaths"].sum() == 3_370
    # Only months with a death are listed: the reader adds no zeros.
    assert (frame["deaths"] > 0).all()
    assert (frame["date"].dt.day == 15).all()
