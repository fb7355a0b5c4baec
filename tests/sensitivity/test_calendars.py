"""Calendars move as a whole, come round with their term, and tell snap votes."""

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.sensitivity.calendars import calendars_of, moved_dates, snap_votes


def test_a_whole_cycle_later_is_the_same_calendar_in_the_panels_time(voting: cm.Facts) -> None:
    calendars = calendars_of(voting, leaders=False)
    assert set(calendars.cycles.values()) == {12}
    panel = cm.build_panel(voting)
    near = cm.add_elections(panel)["months_to_election"]
    for by in (12, 5):
        moved = calendars.shifted(dict.fromkeys(calendars.cycles, by))
        again = cm.add_elections(panel, facts=moved)["months_to_election"]
        assert again.equals(near) is (by == 12)
        assert again.equals((near + by) % 12)


def test_the_bundled_calendar_is_that_of_the_builders() -> None:
    facts = cm.facts("iraq")
    calendars = calendars_of(facts)
    panel = cm.build_panel(facts)
    ours = cm.add_leadership(cm.add_elections(panel, facts=calendars.facts), facts=calendars.facts)
    theirs = cm.add_leadership(cm.add_elections(panel))
    made = [c for c in theirs.columns if c not in panel.columns]
    pd.testing.assert_frame_equal(ours[made], theirs[made])


def test_leaders_go_with_the_elections_of_their_state() -> None:
    calendars = calendars_of(cm.facts("iraq"))
    moved = calendars.shifted({230: 7})
    before, after = calendars.facts.leaders, moved.leaders
    assert before is not None
    assert after is not None
    zapatero = (before["cow"] == 230) & (before["start"] == "2004-04-17")
    name = before.loc[zapatero, "leader"].iloc[0]
    found = after.loc[(after["cow"] == 230) & (after["leader"] == name), "start"]
    assert pd.Timestamp("2004-11-17") in set(found)
    assert after[after["cow"] != 230].equals(before[before["cow"] != 230]) or len(
        after[after["cow"] != 230]
    ) == len(before[before["cow"] != 230])
    cm.Facts(leaders=after)  # terms of one state still follow on each other


def test_swapped_calendars_keep_all_votes(voting: cm.Facts) -> None:
    calendars = calendars_of(voting, leaders=False)
    swapped = calendars.swapped({230: 235, 235: 230}).elections
    assert swapped is not None
    own = calendars.votes
    for one, other in ((230, 235), (235, 230), (290, 290)):
        assert set(swapped.loc[swapped["cow"] == one, "date"]) == set(
            own.loc[own["cow"] == other, "date"]
        )


def test_snap_votes_by_hand() -> None:
    days = pd.to_datetime(["1992-05-03", "1992-05-17", "1996-05-05", "1998-03-01", "2002-03-03",
                           "2002-03-17", "2006-04-02"])  # fmt: skip
    table = pd.DataFrame({"cow": 310, "date": days, "kind": "legislative"})
    terms, snap = snap_votes(table)
    assert terms == {(310, "legislative"): 48}
    assert snap.tolist() == [False, False, False, True, False, False, False]
    said = table.assign(scheduled=["yes"] * 6 + ["no"])
    assert snap_votes(said)[1].tolist() == [False] * 6 + [True]
    assert snap_votes(table, {310: 24})[1].tolist() == [False] * 3 + [False] * 4


def test_days_at_the_end_of_a_month() -> None:
    days = pd.Series(pd.to_datetime(["2004-01-31", "2003-12-15", None]))
    assert moved_dates(days, [1, -12, 3]).dt.strftime("%Y-%m-%d").tolist()[:2] == [
        "2004-02-29", "2002-12-15",
    ]  # fmt: skip


def test_members_without_elections_are_refused(voting: cm.Facts) -> None:
    assert voting.elections is not None
    spain = voting.elections[voting.elections["cow"] == 230]
    other = voting.replace(elections=spain.assign(cow=640))
    with pytest.raises(DataError, match="no election is known of any member"):
        calendars_of(other)
