"""Pictures of profiles: what is drawn is what the data say."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.profile import operational_profile
from coalition_models.errors import DataError
from coalition_models.report.figures.profiles import plot_profile, profile_marks


@pytest.fixture(scope="module")
def iraq():
    members = cm.load("participation").query("coalition == 'iraq' and state in ['ITA', 'KOR']")
    return operational_profile(members)


def test_marks_hold_every_level_and_every_change(iraq):
    marks = profile_marks(iraq)
    assert (marks["what"] == "troops").sum() == len(iraq)
    changes = cm.load("profile_changes").query("coalition == 'iraq' and state == 'ITA'")
    mine = marks.query("state == 'ITA'")
    for kind, group in changes.groupby("change"):
        assert set(mine.loc[mine["what"] == kind, "date"]) == set(group["date"])
    elections = mine.loc[mine["what"] == "election", "date"]
    assert pd.Timestamp("2006-04-09") in set(elections)
    assert "new leader" in set(mine["what"])


def test_events_outside_the_membership_are_not_drawn(iraq):
    marks = profile_marks(iraq)
    begin, end = iraq["period"].min(), iraq["period"].max() + pd.offsets.MonthEnd(0)
    assert marks["date"].between(begin, end).all()


def test_empty_tables_leave_a_kind_out(iraq):
    nothing = pd.DataFrame()
    marks = profile_marks(iraq, changes=nothing, elections=nothing, leaders=nothing)
    assert set(marks["what"]) == {"troops"}


def test_one_picture_per_member_with_the_same_bytes_each_time(iraq):
    plot = plot_profile(iraq, title="Iraq")
    assert len(plot.figure.axes) == 2
    assert [axis.get_title(loc="left") for axis in plot.figure.axes] == [
        "Iraq: Italy",
        "Iraq: South Korea",
    ]
    assert plot.to_bytes("svg") == plot_profile(iraq, title="Iraq").to_bytes("svg")
    assert plot.data.equals(profile_marks(iraq))


def test_unknown_strength_is_hatched_not_zero(iraq):
    axis = plot_profile(iraq[iraq["state"] == "ITA"]).figure.axes[0]
    hatched = [area for area in axis.collections if area.get_hatch()]
    assert len(hatched) == 1
    unknown = iraq[(iraq["state"] == "ITA") & iraq["troops"].isna()]
    assert len(unknown) > 0


def test_a_member_of_which_no_strength_is_known_can_be_drawn():
    members = cm.load("participation").query("coalition == 'iraq' and state == 'ISL'")
    plot = plot_profile(operational_profile(members))
    assert plot.data.loc[plot.data["what"] == "troops", "troops"].fillna(0).eq(0).all()


def test_too_many_members_and_wrong_tables_are_refused():
    members = cm.load("participation").query("coalition == 'iraq' and exit_kind != 'leader'")
    profile = operational_profile(members)
    with pytest.raises(DataError, match="39 members are too many"):
        plot_profile(profile)
    with pytest.raises(DataError, match="lacks the columns troops"):
        plot_profile(profile.drop(columns="troops"))
    with pytest.raises(DataError, match="empty"):
        plot_profile(profile.head(0))
