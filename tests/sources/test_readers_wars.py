"""Wars and conflicts: values that can be looked up, and the traps."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from coalition_models.sources.readers.wars import (
    read_coalition_deaths,
    read_cow_interstate_wars,
    read_ucdp_conflicts,
)


@pytest.fixture(scope="module")
def wars(mirror: Path) -> pd.DataFrame:
    return read_cow_interstate_wars(mirror / "cow-interstate-wars.csv")


@pytest.mark.mirror
class TestInterstateWars:
    @pytest.mark.parametrize(
        ("war", "cow", "end"),
        [
            (106, 365, "1917-12-05"),
            (106, 360, "1917-12-09"),
            (106, 355, "1918-09-29"),
            (163, 900, "1972-12-20"),
            (163, 732, "1973-01-28"),
        ],
    )
    def test_exits(self, wars: pd.DataFrame, war: int, cow: int, end: str) -> None:
        row = wars[(wars["war_num"] == war) & (wars["cow"] == cow)]
        assert row["end"].tolist() == [pd.Timestamp(end)]

    def test_counts(self, wars: pd.DataFrame) -> None:
        assert wars["war_num"].nunique() == 95
        assert (wars["block"] == 1).sum() == 337
        assert (wars["end"] >= wars["start"]).all()

    def test_codes_for_unknown_are_missing(self, wars: pd.DataFrame) -> None:
        thailand = wars[(wars["war_name"] == "Second Laotian, Phase 2") & (wars["cow"] == 800)]
        assert thailand["bat_death"].isna().all()
        assert (wars["bat_death"].dropna() >= 0).all()

    def test_iso3_is_that_of_the_time(self, wars: pd.DataFrame) -> None:
        serbia = wars[wars["cow"] == 345].groupby("war_num")["iso3"].first()
        assert serbia[106] == "SRB"
        assert serbia[221] == "YUG"


@pytest.fixture(scope="module")
def ucdp(mirror: Path) -> pd.DataFrame:
    return read_ucdp_conflicts(mirror / "ucdp-conflicts.rda")


@pytest.mark.mirror
class TestUcdp:
    def test_supporters(self, ucdp: pd.DataFrame) -> None:
        supporters = ucdp[ucdp["role"] == "secondary"]
        assert len(supporters) == 3_411
        assert supporters["gw"].nunique() == 143
        iraq = supporters[supporters["conflict_id"] == 259]
        assert iraq["year"].between(2004, 2011).sum() == 137
        afghanistan = supporters[supporters["conflict_id"] == 333]
        assert afghanistan["year"].between(2003, 2014).sum() == 441

    def test_gleditsch_ward_numbers_become_cow_numbers(self, ucdp: pd.DataFrame) -> None:
        isaf = ucdp[(ucdp["conflict_id"] == 333) & (ucdp["year"] == 2010)]
        pairs = dict(zip(isaf["gw"], isaf["cow"], strict=True))
        assert pairs[260] == 255
        assert isaf[isaf["gw"] == 260]["iso3"].tolist() == ["DEU"]
        yemen = ucdp[(ucdp["gw"] == 678) & (ucdp["year"] == 2015)]
        assert set(yemen["cow"]) == {679}

    def test_only_hyderabad_is_no_state(self, ucdp: pd.DataFrame) -> None:
        assert set(ucdp.loc[ucdp["cow"].isna(), "gw"]) == {751}


@pytest.mark.mirror
def test_coalition_deaths(mirror: Path) -> None:
    frame = read_coalition_deaths(mirror / "coalition-deaths.csv")
    iraq = frame[(frame["war"] == "Iraq") & (frame["year"] <= 2009)].groupby("iso3")["deaths"].sum()
    assert iraq["GBR"] == 179
    assert iraq["ITA"] == 33
    assert iraq["ESP"] == 11
    assert frame[frame["war"] == "Afghanistan"]["deaths"].sum() == 3_525
    # Only years with a death are listed: the reader adds no zeros.
    assert (frame["deaths"] > 0).all()
    sums = frame.groupby(["war", "cow"]).agg({"deaths": "sum", "deaths_all_years": "first"})
    assert (sums["deaths"] == sums["deaths_all_years"]).all()
