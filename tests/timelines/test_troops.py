"""Which strengths are used, to which spell they belong, and how they are carried forward."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.timelines.roster import roster
from coalition_models.timelines.troops import strengths, usable_troops

SPELLS = pd.DataFrame(
    {
        "coalition": "one",
        "cow": [230, 230, 2],
        "spell": [1, 2, 1],
        "entry": pd.to_datetime(["2003-02-10", "2004-05-01", "2003-01-01"]),
        "exit": pd.to_datetime(["2004-01-20", None, None]),
        "exit_kind": ["early", "ongoing", "leader"],
    }
)


def seen(*rows, **extra):
    frame = pd.DataFrame(rows, columns=["cow", "date", "troops"])
    frame = frame.assign(coalition="one", date=pd.to_datetime(frame["date"]), **extra)
    return frame


def test_only_observed_and_trusted_rows_of_the_bundled_table_are_used():
    table = cm.load("troops")
    doubtful = table["note"].fillna("").str.startswith("DOUBTFUL")
    usable = usable_troops(cm.load("troops"))
    key = ["coalition", "cow", "date"]
    clean = table[(table["status"] == "in_theatre") & ~doubtful & table["troops"].notna()]
    assert set(map(tuple, usable[key].to_numpy())) == set(map(tuple, clean[key].to_numpy()))
    assert len(usable) < len(table)


def test_of_several_sources_the_most_trusted_count_and_equals_are_averaged():
    rows = seen(
        (230, "2003-03-01", 100), (230, "2003-03-01", 300), (230, "2003-03-01", 900)
    ).assign(confidence=["high", "high", "low"])
    assert usable_troops(rows)["troops"].tolist() == [200.0]
    without = rows.drop(columns="confidence")
    assert usable_troops(without)["troops"].tolist() == [1300 / 3]


def test_a_strength_dated_to_the_year_counts_from_december():
    rows = seen((230, "2003-07-01", 100)).assign(date_precision="year")
    assert usable_troops(rows)["month"].tolist() == [2003 * 12 + 11]


def test_carried_forward_within_the_spell_only():
    levels = strengths(
        roster(SPELLS, {"one"}),
        seen((230, "2003-03-05", 100), (230, "2003-09-01", 40), (230, "2004-06-01", 70)),
    )
    month = 2003 * 12 + np.array([1, 2, 7, 8, 12])
    troops, age, peak = levels.at(np.zeros(5, dtype=np.int64), month)
    np.testing.assert_array_equal(troops, [np.nan, 100, 100, 40, 40])
    np.testing.assert_array_equal(age, [np.nan, 0, 5, 0, 4])
    np.testing.assert_array_equal(peak, [np.nan, 100, 100, 100, 100])
    # the second spell starts anew: May 2004 knows nothing, June has its own number and peak
    again = levels.at(np.ones(2, dtype=np.int64), 2004 * 12 + np.array([4, 5]))
    np.testing.assert_array_equal(again[0], [np.nan, 70])
    np.testing.assert_array_equal(again[2], [np.nan, 70])
    nobody = levels.at(np.array([-1]), np.array([2004 * 12]))
    assert np.isnan(nobody[0]).all()


def test_observations_outside_every_spell_are_not_used():
    levels = strengths(
        roster(SPELLS, {"one"}),
        seen((230, "2003-01-05", 5), (230, "2004-03-01", 6), (300, "2003-05-01", 7)),
    )
    assert len(levels.troops) == 0
    assert np.isnan(levels.at(np.array([0]), np.array([2003 * 12 + 5]))[0]).all()


def test_the_last_day_of_a_month_counts():
    levels = strengths(
        roster(SPELLS, {"one"}), seen((230, "2003-03-20", 50), (230, "2003-03-05", 100))
    )
    assert levels.troops.tolist() == [50]


def test_bad_tables_name_every_fault():
    with pytest.raises(cm.DataError, match=r"lacks the columns troops.*date must hold dates"):
        cm.Facts(troops=pd.DataFrame({"coalition": ["one"], "cow": [2], "date": ["2003"]}))
    with pytest.raises(cm.DataError, match="negative troops in rows 0"):
        cm.Facts(troops=seen((230, "2003-03-05", -1)))
    with pytest.raises(cm.DataError, match="the table of members: no rows"):
        cm.Facts(members=SPELLS.iloc[:0])
    with pytest.raises(cm.DataError, match="exit_date must be one of"):
        roster(SPELLS, {"one"}, exit_date="soon")
