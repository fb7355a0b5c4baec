"""Small bundled tables of facts: what the package does with them rests on these rows."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sources.bundled import bundled_table
from coalition_models.sources.codes import from_cow


@pytest.mark.parametrize(
    "name",
    ["nato_candidates", "former_communist", "coverage", "renamed_missions", "collective_heads",
     "us_troops_operations", "country_successions", "corrections"],
)  # fmt: skip
def test_it_is_what_load_gives(name):
    pd.testing.assert_frame_equal(bundled_table(name), cm.load(name), check_flags=False)
    assert bundled_table(name) is bundled_table(name)


@pytest.mark.parametrize(
    ("name", "year"),
    [("nato_candidates", 2023), ("collective_heads", 2010), ("us_troops_operations", 2010)],
)
def test_codes_agree(name, year):
    table = cm.load(name)
    assert from_cow(table["cow"], dates=year).tolist() == table["state"].tolist()


def test_formerly_communist_states():
    table = cm.load("former_communist")
    assert len(table) == 31
    later = table[table["state"] != "CSK"]
    assert from_cow(later["cow"], dates=2010).tolist() == later["state"].tolist()
    assert from_cow([315], dates=1990).tolist() == ["CSK"]


def test_what_facts_say_of_the_coverage_of_deaths():
    rows = cm.facts().coverage.set_index("coalition")[["first", "last"]]
    days = {name: [f"{day:%Y-%m}" for day in row] for name, row in rows.iterrows()}
    assert days == {
        "iraq": ["2003-01", "2009-12"],
        "isaf": ["2001-01", "2014-12"],
        "rsm": ["2015-01", "2017-12"],
        "unosom2": ["1993-05", "1995-03"],
        "minusma": ["2013-07", "2023-12"],
    }


def test_a_successor_begins_where_its_codes_do():
    states = cm.load("country_codes")
    for row in cm.load("country_successions").itertuples(index=False):
        starts = states.loc[states["cow"] == row.cow, "start"]
        assert (starts == row.first_day).any(), row
