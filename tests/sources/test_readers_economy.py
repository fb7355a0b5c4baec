"""Readers of state-year measures: shapes, spot values and the traps of each file."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.record import record_of
from coalition_models.sources.readers.economy import (
    read_cow_capabilities,
    read_gdp_population,
    read_ideal_points,
    read_penn_world_table,
)

pytestmark = pytest.mark.mirror


@pytest.fixture(scope="module")
def world(mirror):
    return read_penn_world_table(mirror / "penn-world-table.rda")


@pytest.fixture(scope="module")
def fariss(mirror):
    return read_gdp_population(mirror / "gdp-population.rda")


@pytest.fixture(scope="module")
def capabilities(mirror):
    return read_cow_capabilities(mirror / "cow-capabilities.rda")


@pytest.fixture(scope="module")
def opinions(mirror):
    return read_ideal_points(mirror / "ideal-points.dta")


def _value(frame, cow, year, column):
    found = frame[(frame["cow"] == cow) & (frame["year"] == year)]
    assert len(found) == 1
    return found[column].iloc[0]


def test_shapes(world, fariss, capabilities, opinions):
    assert [len(f) for f in (world, fariss, capabilities, opinions)] == [
        10399,
        16536,
        17121,
        11440,
    ]
    assert record_of(world).notes["dropped"] == {"no national accounts in the year": 2411}


def test_penn_world_table(world):
    assert _value(world, 230, 2003, "population") == pytest.approx(42.596453)
    assert _value(world, 230, 2003, "gdp_per_capita") == pytest.approx(30208.70, abs=0.01)
    assert _value(world, 290, 2019, "gdp_per_capita") == pytest.approx(33248.03, abs=0.01)
    assert world["year"].max() == 2019


def test_penn_world_table_territories_have_no_cow_number(world):
    assert world.loc[world["iso3"] == "HKG", "cow"].isna().all()
    germany = world[world["iso3"] == "DEU"].set_index("year")["cow"]
    assert (germany[1980], germany[2000]) == (260, 255)


def test_gdp_population(fariss):
    assert _value(fariss, 230, 2003, "gdp_per_capita") == pytest.approx(30678.44, abs=0.01)
    assert _value(fariss, 230, 2003, "population") == pytest.approx(42.905, abs=0.001)
    assert _value(fariss, 2, 1816, "population") == pytest.approx(9.164504)


def test_capabilities(capabilities):
    assert _value(capabilities, 2, 2003, "military_spending") == 404_920_000
    assert _value(capabilities, 2, 2003, "capability_index") == pytest.approx(0.152068, abs=1e-6)
    assert _value(capabilities, 230, 2018, "soldiers") == 121
    assert (capabilities.select_dtypes("number").min() >= 0).all()


def test_capabilities_missing_stay_missing(capabilities):
    assert capabilities["military_spending"].isna().sum() == 2360
    assert capabilities["soldiers"].isna().sum() == 456


def test_ideal_points(opinions):
    assert _value(opinions, 2, 2003, "ideal_point") == pytest.approx(2.766, abs=0.001)
    assert _value(opinions, 230, 2003, "ideal_point") == pytest.approx(1.029, abs=0.001)
    assert _value(opinions, 290, 2003, "ideal_point") == pytest.approx(1.151, abs=0.001)


def test_distances_are_to_the_united_states_in_the_same_year_and_column(opinions):
    assert _value(opinions, 230, 2003, "distance_us") == pytest.approx(
        _value(opinions, 2, 2003, "ideal_point") - _value(opinions, 230, 2003, "ideal_point")
    )
    own = opinions[opinions["cow"] == 2]
    assert (own["distance_us"].dropna() == 0).all()
    # a row that only the older method scores has no distance in the newer column
    only_old = opinions[opinions["ideal_point"].isna()]
    assert only_old["distance_us"].isna().all()
    assert only_old["distance_us_legacy"].notna().any()


def test_no_vote_in_the_session_of_1964(opinions):
    assert 1964 not in set(opinions["year"])
    assert not opinions["year"].isna().any()


def test_a_file_that_is_not_stata_is_refused(tmp_path):
    path = tmp_path / "ideal-points.dta"
    path.write_text("not a Stata file")
    with pytest.raises(DataError, match="ideal-points"):
        read_ideal_points(path)


def test_codes_and_years_are_whole_numbers(fariss):
    assert isinstance(fariss["cow"].dtype, pd.Int64Dtype)
    assert isinstance(fariss["year"].dtype, pd.Int64Dtype)
