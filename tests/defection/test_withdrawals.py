"""Falls in strength and the quartile method, on profiles made by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.defection.withdrawals import (
    share_below,
    significant_withdrawals,
    withdrawals,
)
from coalition_models.errors import DataError
from coalition_models.record import record_of


@pytest.fixture
def poland(made_up):
    return made_up.members([("POL", 1, "2003-01-01", "2008-12-31", "mission_end")])


def falls_of(made_up, spells, days, **options):
    return withdrawals(made_up.profile_of(spells, made_up.levels({"POL": days})), **options)


def test_a_fall_is_measured_in_persons_and_per_cent(made_up, poland):
    falls = falls_of(made_up, poland, {"2003-02-01": 800, "2004-06-15": 600})
    first = falls.iloc[0]
    assert (first["before"], first["after"], first["persons"], first["percent"]) == (
        800,
        600,
        200,
        25,
    )
    assert first["period"] == pd.Timestamp("2004-01-01")
    assert first["date"] == pd.Timestamp("2004-06-01")
    assert first["observed_before"] == pd.Timestamp("2003-02-01")
    assert first["observed_after"] == pd.Timestamp("2004-06-15")
    assert not first["full"]
    # the mission's end is a fall too, and says so
    assert falls.iloc[1][["after", "full"]].tolist() == [0, True]


def test_a_rotation_dip_of_one_month_is_no_fall(made_up, poland):
    days = {"2003-02-01": 800, "2004-12-10": 300, "2005-01-10": 800}
    assert len(falls_of(made_up, poland, days, every="month")) == 1
    assert len(falls_of(made_up, poland, days)) == 1
    # taken as it stands, the level at the year's end is down
    assert falls_of(made_up, poland, days, dip=0)["persons"].tolist() == [500, 800]
    # two months are a fall unless two are allowed
    longer = {"2003-02-01": 800, "2004-11-10": 300, "2005-01-10": 800}
    assert falls_of(made_up, poland, longer)["persons"].tolist() == [500, 800]
    assert falls_of(made_up, poland, longer, dip=2)["persons"].tolist() == [800]


def test_a_last_short_cut_before_the_end_is_not_filled_up(made_up):
    spells = made_up.members([("POL", 1, "2003-01-01", "2005-03-10", "early")])
    days = {"2003-02-01": 800, "2005-02-05": 300}
    falls = falls_of(made_up, spells, days, every="month")
    assert falls["persons"].tolist() == [500, 300]


def test_the_level_of_a_year_can_be_its_end_its_mean_or_its_peak(made_up, poland):
    days = {"2003-01-01": 800, "2004-07-01": 600}
    assert falls_of(made_up, poland, days)["persons"].tolist() == [200, 600]
    # half of 2004 at 800 and half at 600; 2008 is at 600 to its last month, which ends at zero
    mean = falls_of(made_up, poland, days, level="mean")
    assert mean["before"].tolist()[:2] == [800, 700]
    peak = falls_of(made_up, poland, days, level="peak")
    assert peak["period"].dt.year.tolist() == [2005, 2009]
    assert peak["date"].tolist()[0] == pd.Timestamp("2004-07-01")


def test_a_spell_within_one_year_leaves_a_trace_in_the_peaks_only(made_up):
    spells = made_up.members([("POL", 1, "2004-02-01", "2004-09-10", "early")])
    days = {"2004-03-01": 100}
    assert falls_of(made_up, spells, days).empty
    peak = falls_of(made_up, spells, days, level="peak")
    assert peak[["persons", "full"]].iloc[0].tolist() == [100, True]
    assert peak["date"].iloc[0] == pd.Timestamp("2004-09-01")


def test_a_return_does_not_hide_the_exit_before_it(made_up):
    spells = made_up.members(
        [
            ("POL", 1, "2003-01-01", "2004-03-10", "scheduled"),
            ("POL", 2, "2004-08-01", "2008-12-31", "mission_end"),
        ]
    )
    falls = falls_of(made_up, spells, {"2003-02-01": 800, "2004-08-10": 300})
    first = falls.iloc[0]
    assert (first["persons"], first["spell"], first["full"]) == (500, 1, True)
    assert first["date"] == pd.Timestamp("2004-03-01")


def test_pairs_of_years_without_a_level_are_counted(made_up, poland):
    falls = falls_of(made_up, poland, {"2005-02-01": 800})
    assert record_of(falls).notes["withdrawals"]["strength_unknown"] == 2
    assert falls["persons"].tolist() == [800]


@pytest.fixture
def falls():
    """Persons and per cent of eight falls, in two coalitions of four."""
    frame = pd.DataFrame(
        {
            "coalition": ["a"] * 4 + ["b"] * 4,
            "persons": [10.0, 20, 30, 40, 100, 200, 300, 400],
            "percent": [100.0, 90, 10, 5, 40, 30, 20, 10],
            "period": pd.Timestamp("2005-01-01"),
            "coalition_end": pd.Timestamp("2006-12-31"),
        }
    )
    return frame


def marked(falls, **options):
    ranked = significant_withdrawals(falls, **options)
    return ranked.index[ranked["significant"]].tolist()


def test_upper_quartiles_by_hand(falls):
    # pooled persons: quantile 0.75 lies a quarter of the way from 200 to 300, at 225
    ranked = significant_withdrawals(falls)
    assert ranked["cut_persons"].unique().tolist() == [225]
    # pooled per cent, sorted 5 10 10 20 30 40 90 100: a quarter from 40 to 90, at 52.5
    assert ranked["cut_percent"].unique().tolist() == [52.5]
    assert marked(falls) == [0, 1, 6, 7]
    assert marked(falls, measure="persons") == [6, 7]
    assert marked(falls, measure="percent") == [0, 1]
    assert marked(falls, measure="both") == []


def test_ranked_within_each_coalition(falls):
    # a: persons cut 32.5, per cent cut 92.5; b: persons 325, per cent 32.5
    assert marked(falls, pooled="coalition") == [0, 3, 4, 7]
    assert marked(falls, pooled="coalition", quantile=0) == list(range(8))


def test_a_fall_at_the_cut_counts(falls):
    same = falls.assign(persons=[50.0] * 8, percent=[100 / 3] * 8)
    assert marked(same, measure="both") == list(range(8))


def test_small_falls_and_years_of_drawdown_are_not_ranked(falls):
    assert marked(falls, minimum=50, measure="percent") == [4]
    late = falls.assign(
        period=pd.to_datetime(["2005-01-01"] * 4 + ["2006-01-01"] * 3 + ["2007-01-01"])
    )
    ranked = significant_withdrawals(late, drawdown_years=1)
    assert ranked.index.tolist() == [0, 1, 2, 3]
    assert record_of(ranked).notes["ranking"]["set_aside"] == {
        "after the coalition's end": 1,
        "in the coalition's last years": 3,
        "below the minimum": 0,
    }
    # what happens after a mandate's end is never a defection
    assert len(significant_withdrawals(late)) == 7


def test_share_below_counts_strictly(falls):
    table = share_below(falls, 200)
    assert table.loc["b", ["falls", "below"]].tolist() == [4, 1]
    assert table.loc["total", "share"] == pytest.approx(5 / 8)
    with pytest.raises(DataError, match="empty"):
        share_below(falls.head(0))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"measure": "rank"}, "either, both, persons, percent"),
        ({"quantile": 1.5}, "between 0 and 1"),
        ({"pooled": "mission"}, "True or 'coalition'"),
        ({"minimum": -1}, "0 persons or more"),
        ({"drawdown_years": -1}, "whole number of years"),
    ],
)
def test_wrong_options_of_the_ranking(falls, options, words):
    with pytest.raises(DataError, match=words):
        significant_withdrawals(falls, **options)


def test_wrong_options_of_the_falls(made_up, poland):
    profile = made_up.profile_of(poland, made_up.levels({"POL": {"2003-02-01": 800}}))
    with pytest.raises(DataError, match="end, mean, peak"):
        withdrawals(profile, level="median")
    with pytest.raises(DataError, match="whole number of periods"):
        withdrawals(profile, dip=-1)
    with pytest.raises(DataError, match="lacks the columns troops"):
        withdrawals(profile.drop(columns="troops"))
    yearly = made_up.profile_of(poland, made_up.levels({"POL": {"2003-02-01": 800}}), period="year")
    with pytest.raises(DataError, match="finer profile"):
        withdrawals(yearly, every="month")
    with pytest.raises(DataError, match="two rows for one member"):
        withdrawals(pd.concat([profile, profile]))


def test_a_profile_read_back_from_a_file_is_refused_by_column(made_up):
    spells = made_up.members([("POL", 1, "2005-01-10", "2006-06-20", "early")])
    profile = made_up.profile_of(spells, made_up.levels({"POL": {"2005-02-15": 500}}))
    with pytest.raises(DataError, match=r"falls .* column period must hold date values"):
        withdrawals(profile.assign(period=profile["period"].astype(str)))
    falls = withdrawals(profile)
    whole = withdrawals(profile.assign(troops=profile["troops"].astype("Int64")))
    pd.testing.assert_frame_equal(whole, falls)
    with pytest.raises(DataError, match="column period must hold date values"):
        significant_withdrawals(falls.assign(period=falls["period"].astype(str)))
