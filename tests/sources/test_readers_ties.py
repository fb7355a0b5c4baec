"""Alliances, troops, trade and aid: values that can be looked up, and the traps."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.record import record_of
from coalition_models.sources.readers.ties import (
    read_atop_alliances,
    read_us_military_aid,
    read_us_trade,
    read_us_troops_abroad,
)


@pytest.mark.mirror
def test_alliances(mirror: Path) -> None:
    frame = read_atop_alliances(mirror / "atop-alliances.rda")
    american = frame[(frame["cow"] == 2) & (frame["year"] == 2004)]
    assert american["defense"].sum() == 63
    partners = set(american.loc[american["defense"] == 1, "partner_iso3"])
    assert {"ESP", "POL", "SLV", "HND"} <= partners
    assert not {"ISR", "SAU"} & partners
    dropped = {"state did not exist in the year": 4}
    assert record_of(frame).notes["dropped"] == dropped
    split = frame[frame["cow"].isin([315, 316, 317])].groupby("cow")["year"].agg(["min", "max"])
    assert split.loc[315, "max"] == 1992
    assert split.loc[[316, 317], "min"].tolist() == [1993, 1993]


@pytest.fixture(scope="module")
def troops(mirror: Path) -> pd.DataFrame:
    return read_us_troops_abroad(mirror / "us-troops-abroad.csv")


@pytest.mark.mirror
class TestTroops:
    def count(self, troops: pd.DataFrame, cow: int, year: int) -> int:
        row = troops[(troops["cow"] == cow) & (troops["year"] == year)]
        return int(row["troops"].item())

    def test_known_values(self, troops: pd.DataFrame) -> None:
        assert self.count(troops, 230, 2008) == 1_308
        assert self.count(troops, 255, 2008) == 38_788
        assert self.count(troops, 732, 2008) == 25_771

    def test_states_under_pseudo_codes(self, troops: pd.DataFrame) -> None:
        assert self.count(troops, 58, 1985) == 75
        assert self.count(troops, 58, 2008) == 3
        assert self.count(troops, 341, 2014) == 9
        assert self.count(troops, 713, 2021) == 39
        assert self.count(troops, 626, 2015) == 15
        assert troops["cow"].max() < 1000

    def test_germany_and_yemen_change_number_after_1990(self, troops: pd.DataFrame) -> None:
        for old, new in ((260, 255), (678, 679)):
            assert troops.loc[troops["cow"] == old, "year"].max() == 1990
            assert troops.loc[troops["cow"] == new, "year"].min() == 1991
        assert self.count(troops, 260, 1990) == 227_586
        assert (
            not troops.duplicated(["iso3", "year"]).drop(troops[troops["iso3"].isna()].index).any()
        )

    def test_totals_of_operations_are_marked(self, troops: pd.DataFrame) -> None:
        marked = troops[troops["operation_total"]].groupby("iso3")["year"].min()
        assert marked.to_dict() == {"AFG": 2001, "IRQ": 2003}

    def test_what_was_dropped_is_counted(self, troops: pd.DataFrame) -> None:
        assert record_of(troops).notes["dropped"] == {
            "territory or no place": 1_268,
            "state did not exist in the year": 60,
            "filler of zero beside the state's real count": 47,
        }
        assert len(troops) + 1_268 + 60 + 47 == 14_792


def test_two_counts_for_one_state_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "troops.csv"
    path.write_text(
        "countryname,ccode,year,troops,army,navy,air_force,marine_corps,space_force,coast_guard\n"
        "Taiwan,713,2021,5,NA,NA,NA,NA,NA,NA\n"
        "Taiwan,1012,2021,39,NA,NA,NA,NA,NA,NA\n"
    )
    with pytest.raises(DataError, match="two counts for one state and year: 713 2021"):
        read_us_troops_abroad(path)


@pytest.mark.mirror
def test_trade(mirror: Path) -> None:
    frame = read_us_trade(mirror / "us-trade.csv")
    by = frame.dropna(subset="iso3").set_index(["iso3", "year"])["us_exports"].sort_index()
    assert by["DEU", 2003] == pytest.approx(28.8e9, rel=0.005)
    assert by["GBR", 1995] == 28_826_900_000
    assert by["GBR", 1997] == 36_434_900_000
    assert not frame["partner"].isin(["European Union", "Special Categories"]).any()
    assert record_of(frame).notes["dropped"] == {"no single partner": 29}
    # A blank stays missing: not reported is not zero.
    assert frame["us_imports"].isna().sum() == 87
    serbia = frame[frame["cow"] == 345].groupby("year").size()
    assert (serbia == 1).all()


@pytest.mark.mirror
def test_military_aid(mirror: Path) -> None:
    frame = read_us_military_aid(mirror / "us-military-aid.csv")
    aid = frame.dropna(subset="iso3").set_index(["iso3", "year"])["military_aid"].sort_index()
    assert aid["SLV", 2004] == pytest.approx(12.9e6, rel=0.005)
    assert aid["POL", 2003] == pytest.approx(1.37e9, rel=0.005)
    assert aid["SRB", 2008] == 268_000 + 160_000  # the second under a name of the past
    kosovo = frame[frame["cow"] == 347]
    assert kosovo["year"].min() == 2009
    assert record_of(frame).notes["dropped"] == {"payment to a region, not to a state": 171}
    raw = pd.read_csv(mirror / "us-military-aid.csv")
    regions = raw["Country.Name"].str.endswith(" Region") | (raw["Country.Name"] == "World")
    total = raw.loc[~regions, "Current.Dollar.Amount"].sum()
    assert frame["military_aid"].sum() == pytest.approx(total)
    assert frame["n_payments"].sum() + 171 == len(raw)


def test_other_aid_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aid.csv"
    path.write_text(
        "Country.Name,Fiscal.Year,Foreign.Assistance.Objective.Name,Transaction.Type.Name,"
        "Current.Dollar.Amount\nPoland,2003,Economic,Disbursements,5\n"
    )
    with pytest.raises(DataError, match="military disbursements only, found 1 other"):
        read_us_military_aid(path)
