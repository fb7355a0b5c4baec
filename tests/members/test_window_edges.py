"""At the first and the last day of observation the day decides, not the period around it."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm


def spell(state="DEU", cow=255, entry="2013-02-01", exit="2013-11-20", kind="early", **more):
    return pd.DataFrame({"coalition": "mali", "state": [state], "cow": [cow], "spell": 1,
                         "entry": [entry], "exit": [exit], "exit_kind": kind, **more})  # fmt: skip


def coalition(start="2013-01-11", end="2014-12-31", lead="FRA"):
    return pd.DataFrame(
        {"coalition": ["mali"], "start": [start], "mandate_end": [end], "lead_state": [lead]}
    )


def events(members, table=None, **options):
    table = coalition() if table is None else table
    return int(cm.build_panel(members, coalitions=table, **options)["event"].sum())


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_an_exit_after_the_last_day_is_no_event(period):
    inside = {"month": "2013-11-15", "quarter": "2013-10-31", "year": "2013-02-28"}[period]
    panel = cm.build_panel(spell(), coalitions=coalition(), period=period, until=inside)
    assert panel["event"].sum() == 0
    assert any("after the last day of observation" in n for n in cm.record_of(panel).panel["notes"])
    assert events(spell(), period=period, until="2013-11-20") == 1
    assert events(spell(exit="2013-11-20 14:00"), period=period, until="2013-11-20") == 1
    assert events(spell(), period=period, until="2013-11-19") == 0


@pytest.mark.parametrize("period", ["month", "quarter", "year"])
def test_an_exit_after_the_mandate_is_no_event(period):
    late = spell(exit="2014-03-31")
    assert events(late, coalition(end="2014-03-30"), period=period) == 0
    assert events(late, coalition(end="2014-03-31"), period=period) == 1
    assert events(spell(exit="2014-11-20"), coalition(end="2014-03-31"), period="year") == 0


@pytest.mark.parametrize("date", ["announced", "last"])
def test_the_chosen_date_decides(date):
    column = {"announced": "announced", "last": "last_personnel"}[date]
    day = {"announced": "2013-11-05", "last": "2013-11-28"}[date]
    member = spell(**{column: [day]})
    assert events(member, exit_date=date, until="2013-11-20") == int(date == "announced")
    assert events(member, until="2013-11-20") == 1


def test_who_enters_after_the_last_day_is_no_member():
    both = pd.concat([spell(), spell("BEL", 211, entry="2014-03-20", exit="2014-08-01")])
    for options in ({"until": "2014-03-19"}, {"until": "2014-03-19", "period": "year"}):
        panel = cm.build_panel(both, coalitions=coalition(), **options)
        assert set(panel["state"]) == {"DEU"}
        (left_out,) = cm.record_of(panel).panel["dropped"]
        assert left_out["reason"] == "entered after observation ended"
    assert set(cm.build_panel(both, coalitions=coalition(), until="2014-03-20")["state"]) == {
        "DEU",
        "BEL",
    }
    ended = coalition(end="2014-03-19")
    assert set(cm.build_panel(both, coalitions=ended, period="quarter")["state"]) == {"DEU"}


@pytest.mark.parametrize("period", ["month", "year"])
def test_an_exit_before_the_first_day_has_no_row(period):
    both = pd.concat([spell(exit="2013-06-05"), spell("BEL", 211, exit="2014-08-01")])
    panel = cm.build_panel(
        both, coalitions=coalition(), period=period, truncate_before="2013-06-20"
    )
    assert set(panel["state"]) == {"BEL"}
    assert cm.record_of(panel).panel["dropped"][0]["reason"] == "ended before observation begins"
    assert events(both, period=period, truncate_before="2013-06-05") == 2


def test_an_exit_before_the_coalition_began_has_no_row():
    early = pd.concat(
        [spell(entry="2013-01-01", exit="2013-01-08"), spell("BEL", 211, exit="2014-08-01")]
    )
    with pytest.warns(cm.CoalitionWarning, match="ended before the coalition began"):
        panel = cm.build_panel(early, coalitions=coalition(), clock="coalition")
    assert set(panel["state"]) == {"BEL"}


def test_winding_up_leaves_whole_periods():
    left = spell(exit="2014-11-30")
    assert events(left, coalition(end="2014-12-10"), wind_up=1) == 1
    assert events(left, coalition(end="2014-12-10"), wind_up=2) == 0


def test_bundled_exits_within_the_mandate_stay_events():
    for name, count in (("iraq", 21), ("isaf", 8), ("rsm", 5), ("unosom2", 16)):
        panel = cm.build_panel(cm.load("participation"), coalitions=[name])
        assert panel["event"].sum() == count, name
