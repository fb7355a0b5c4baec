"""Operational profiles: which observation stands behind each level."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.profile import operational_profile
from coalition_models.errors import DataError
from coalition_models.record import record_of


@pytest.fixture
def poland(made_up):
    return made_up.members([("POL", 1, "2005-01-10", "2005-06-20", "early")])


def by_month(profile, column):
    return dict(zip(profile["period"].dt.strftime("%Y-%m"), profile[column], strict=True))


def test_a_level_is_the_last_observation_and_never_filled_backwards(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500, "2005-04-30": 400}})
    profile = made_up.profile_of(poland, seen)
    troops, basis = by_month(profile, "troops"), by_month(profile, "basis")
    assert np.isnan(troops["2005-01"])
    assert basis["2005-01"] == "unknown"
    assert (troops["2005-02"], basis["2005-02"]) == (500, "observed")
    assert (troops["2005-03"], basis["2005-03"]) == (500, "carried")
    assert (troops["2005-04"], basis["2005-04"]) == (400, "observed")
    assert by_month(profile, "age_months")["2005-03"] == 1


def test_the_month_of_exit_counts_as_present_and_ends_at_zero(made_up, poland):
    profile = made_up.profile_of(poland, made_up.levels({"POL": {"2005-02-15": 500}}))
    last = profile.set_index("period").loc["2005-06-01"]
    assert last["present"]
    assert last["ended"]
    assert (last["troops"], last["basis"]) == (0, "withdrawn")
    assert profile["period"].max() == pd.Timestamp("2005-07-01")


def test_staff_who_stay_count_where_a_list_shows_them(made_up, poland):
    spells = poland.assign(last_personnel=pd.Timestamp("2005-12-31"))
    seen = made_up.levels({"POL": {"2005-02-15": 500, "2005-06-20": 15}})
    troops = by_month(made_up.profile_of(spells, seen), "troops")
    assert troops["2005-06"] == 15
    without = by_month(made_up.profile_of(spells, seen.head(1)), "troops")
    assert without["2005-06"] == 0


def test_a_last_day_seen_is_not_yet_an_exit(made_up):
    series = made_up.monthly("POL", "2005-01-31", [100, 100, 100])
    more = made_up.monthly("ESP", "2005-01-31", [50] * 12)
    spells = cm.spells_from_levels(pd.concat([series, more]))
    profile = made_up.profile_of(spells, pd.concat([series, more]), end="2005-12-31")
    poland = profile[profile["state"] == "POL"]
    assert by_month(poland, "troops")["2005-03"] == 100
    assert by_month(poland, "troops")["2005-04"] == 0
    assert not by_month(poland, "present")["2005-04"]


def test_interpolation_joins_two_observations_of_one_spell_only(made_up, poland):
    seen = made_up.levels({"POL": {"2005-01-31": 500, "2005-03-31": 382}})
    profile = made_up.profile_of(poland, seen, method="interpolate")
    troops = by_month(profile, "troops")
    # 28 of 59 days: 500 - 118 * 28 / 59 = 444
    assert troops["2005-02"] == pytest.approx(444)
    assert by_month(profile, "basis")["2005-02"] == "interpolated"
    # no line towards the exit
    assert troops["2005-05"] == 382


def test_plans_and_doubtful_figures_are_set_aside_and_counted(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500, "2005-03-15": 900, "2005-04-15": 50}})
    seen["status"] = ["in_theatre", "planned", "in_theatre"]
    seen["note"] = ["", "", "DOUBTFUL: between two contingents"]
    profile = made_up.profile_of(poland, seen)
    assert by_month(profile, "troops")["2005-05"] == 500
    assert record_of(profile).notes["profile"]["set_aside"] == {"status planned": 1, "doubtful": 1}
    kept = made_up.profile_of(poland, seen, doubtful="keep")
    assert by_month(kept, "troops")["2005-04"] == 50
    assert by_month(kept, "doubtful")["2005-04"]


def test_the_more_trusted_of_two_figures_of_one_day_holds(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    both = pd.concat([seen.assign(confidence="high"), seen.assign(troops=700, confidence="low")])
    assert by_month(made_up.profile_of(poland, both), "troops")["2005-02"] == 500
    turned = by_month(made_up.profile_of(poland, both.iloc[::-1]), "troops")
    assert turned["2005-02"] == 500


def test_a_return_begins_at_unknown_strength(made_up):
    spells = made_up.members(
        [
            ("POL", 1, "2005-01-10", "2005-03-20", "scheduled"),
            ("POL", 2, "2005-08-01", "2005-12-31", "mission_end"),
        ]
    )
    seen = made_up.levels({"POL": {"2005-01-31": 500, "2005-09-15": 200}})
    profile = made_up.profile_of(spells, seen)
    assert by_month(profile, "spell")["2005-05"] == 1
    assert not by_month(profile, "present")["2005-05"]
    assert by_month(profile, "troops")["2005-05"] == 0
    assert np.isnan(by_month(profile, "troops")["2005-08"])
    assert by_month(profile, "troops")["2005-09"] == 200


def test_old_values_are_marked_as_gaps(made_up):
    spells = made_up.members([("POL", 1, "2003-01-10", "2006-12-20", "early")])
    profile = made_up.profile_of(spells, made_up.levels({"POL": {"2003-02-15": 500}}))
    gap = by_month(profile, "gap")
    assert gap["2003-01"]
    assert not gap["2004-02"]
    assert gap["2004-03"]


def test_changes_of_task_are_named(made_up, poland):
    change = made_up.changes([("POL", "2005-03-15", "re_role", "no", 500, 500)])
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    profile = made_up.profile_of(poland.assign(role="combat"), seen, changes=change)
    assert by_month(profile, "changes")["2005-03"] == "re_role"
    assert by_month(profile, "task_change")["2005-02"] == ""
    assert by_month(profile, "task_change")["2005-05"] == "re_role: made up"
    assert set(profile["role"]) == {"combat"}


def test_bundled_lists_give_spain_its_months():
    spain = cm.load("participation").query("coalition == 'iraq' and state == 'ESP'")
    profile = operational_profile(spain).set_index("period")
    assert profile.loc["2003-12-01", "troops"] == 1300
    assert profile.loc["2004-04-01", ["troops", "ended"]].tolist() == [0, True]
    assert "full_withdrawal" in profile.loc["2004-05-01", "changes"]


def test_the_air_wing_of_japan_is_not_zero_because_its_ground_force_left():
    japan = cm.load("participation").query("coalition == 'iraq' and state == 'JPN'")
    profile = operational_profile(japan)
    second = profile[profile["spell"] == 2].query("present and not ended")
    assert second["troops"].isna().all()
    assert (
        record_of(profile).notes["profile"]["set_aside"][
            "reported withdrawn while a contingent was there"
        ]
        == 1
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"method": "spline"}, "step, interpolate"),
        ({"doubtful": "maybe"}, "'drop' or 'keep'"),
        ({"exit_is": "never"}, "'departure' or 'last_seen'"),
        ({"period": "week"}, "month, quarter, year"),
    ],
)
def test_unknown_options_name_the_right_ones(made_up, poland, options, words):
    with pytest.raises(DataError, match=words):
        made_up.profile_of(poland, made_up.levels({"POL": {"2005-02-15": 500}}), **options)


def test_bad_tables_are_refused(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    with pytest.raises(DataError, match="missing: date"):
        made_up.profile_of(poland, seen.drop(columns="date"))
    with pytest.raises(DataError, match="troops must be at least 0, found -1"):
        made_up.profile_of(poland, seen.assign(troops=-1))
    with pytest.raises(DataError, match="exit before entry"):
        made_up.profile_of(poland.assign(exit=pd.Timestamp("2004-01-01")), seen)
    with pytest.raises(DataError, match="empty"):
        made_up.profile_of(poland.head(0), seen)


def test_the_time_of_day_changes_nothing(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-28": 500, "2005-04-30": 400}})
    task = made_up.changes([("POL", "2005-03-31", "re_role", "no", 0, 0)])
    plain = made_up.profile_of(poland, seen, changes=task)
    night = pd.Timedelta("23:59:59.999999999")
    late = made_up.profile_of(
        poland.assign(entry=poland["entry"] + night, exit=poland["exit"] + night),
        seen.assign(date=seen["date"] + night),
        changes=task.assign(date=task["date"] + night),
    )
    pd.testing.assert_frame_equal(late, plain)


def test_levels_of_one_day_that_are_trusted_alike_give_their_mean(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    two = pd.concat([seen.assign(source="a"), seen.assign(troops=700, source="b")])
    for rows in (two, two.iloc[::-1]):
        profile = made_up.profile_of(poland, rows)
        february = profile.set_index("period").loc["2005-02-01"]
        assert (february["troops"], february["source"]) == (600, "a | b")
    # the better trusted one holds alone
    sure = two.assign(confidence=["high", "low"])
    for rows in (sure, sure.iloc[::-1]):
        assert by_month(made_up.profile_of(poland, rows), "troops")["2005-02"] == 500


@pytest.mark.parametrize(
    "change",
    [
        {"troops": "1,000"},
        {"troops": float("inf")},
        {"date": "15/02/2005"},
        {"date": 20050215},
        {"date": pd.Period("2005-02", "M")},
        {"date": pd.Timestamp("2005-02-15", tz="UTC")},
        {"date": pd.NaT},
        {"state": None},
    ],
)
def test_levels_that_are_none_are_refused_by_column(made_up, poland, change):
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    (name,) = change
    both = pd.concat([seen, seen.assign(**change)], ignore_index=True)
    with pytest.raises(DataError, match=f"levels; mend them:\n  - column {name} "):
        made_up.profile_of(poland, both)


def test_other_tables_of_a_profile_are_checked(made_up, poland):
    seen = made_up.levels({"POL": {"2005-02-15": 500}})
    task = made_up.changes([("POL", "2005-03-31", "re_role", "no", 0, 0)])
    for wrong in ({"change": "rerole"}, {"date": "31/03/2005"}, {"planned": "No"}):
        with pytest.raises(DataError, match=f"changes cannot be used.*{next(iter(wrong))}"):
            made_up.profile_of(poland, seen, changes=task.assign(**wrong))
    zone = poland.assign(entry=poland["entry"].dt.tz_localize("UTC"))
    with pytest.raises(DataError, match="column entry must hold date"):
        made_up.profile_of(zone, seen)
    with pytest.raises(DataError, match="coalition, mandate_end"):
        operational_profile(poland, seen, coalitions=pd.DataFrame({"coalition": ["made_up"]}))


@pytest.mark.parametrize(("on_the_day", "left"), [(480, 0), (300, 0), (299, 299), (40, 40)])
def test_a_strength_of_the_day_of_exit_is_of_who_stays_or_of_who_leaves(
    made_up, poland, on_the_day, left
):
    """When the main contingent goes, fewer than half stay."""
    last = poland["exit"].iloc[0]
    seen = made_up.levels({"POL": {"2005-02-15": 600, f"{last:%Y-%m-%d}": on_the_day}})
    profile = made_up.profile_of(poland, seen).set_index("period")
    assert profile.loc[last.to_period("M").to_timestamp(), "troops"] == left


def test_canada_took_its_combat_force_home_in_july_2011():
    canada = cm.load("participation").query("coalition == 'isaf' and state == 'CAN'")
    troops = by_month(operational_profile(canada), "troops")
    assert troops["2011-06"] == 2922
    assert troops["2011-07"] == 0
