"""The length of a panel's periods is told by its own rows; what contradicts them is refused."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.outcome import panel_events
from coalition_models.errors import DataError
from coalition_models.members.periods import panel_period
from coalition_models.record import Frozen, Record, keep_record, with_panel, with_record
from coalition_models.timelines.calendar import calendar_of


@pytest.fixture(scope="module")
def spells():
    return cm.load("participation").query("coalition == 'iraq'")


@pytest.fixture(scope="module")
def months(spells):
    return cm.build_panel(spells)


@pytest.mark.parametrize(
    ("period", "shift", "found"),
    [
        ("year", pd.offsets.YearEnd(0), "2003-12-31"),
        ("year", pd.DateOffset(months=6), "2003-07-01"),
        ("quarter", pd.offsets.QuarterEnd(0), "2003-06-30"),
        ("quarter", pd.DateOffset(months=1), "2003-05-01"),
        ("month", pd.offsets.MonthEnd(0), "2003-04-30"),
        ("month", pd.Timedelta(hours=12), "2003-04-01"),
    ],
)
@pytest.mark.parametrize("keep_attrs", [True, False])
def test_a_period_that_is_not_its_first_day_is_refused(spells, period, shift, found, keep_attrs):
    panel = cm.build_panel(spells, period=period)
    late = panel.assign(period=panel["period"] + shift)
    if not keep_attrs:
        with_record(late, None)
    with pytest.raises(DataError, match=f"first day of each {period}, found .*{found}"):
        cm.add_casualties(late, facts=cm.facts("iraq"))
    with pytest.raises(DataError, match="first day of each"):
        cm.describe_panel(late)


def test_years_by_their_first_day_know_no_death_of_the_year(spells):
    years = cm.add_casualties(cm.build_panel(spells, period="year"))
    assert years.query("state == 'ITA'")["deaths_12m"].iloc[0] == 0


@pytest.mark.parametrize("other", ["quarter", "year"])
@pytest.mark.parametrize("clock", [True, False])
def test_rows_of_two_lengths_are_refused(months, other, clock):
    isaf = cm.build_panel(cm.load("participation"), coalitions=["isaf"], period=other)
    both = pd.concat([months, isaf])
    if not clock:
        both = both.drop(columns=["start", "stop"])
    with pytest.raises(DataError, match=r"rows of two lengths.*isaf"):
        calendar_of(both)
    if clock:
        with pytest.raises(DataError, match="rows of two lengths"):
            cm.describe_panel(both)


@pytest.mark.parametrize("which", ["first", "last"])
def test_records_kept_by_a_grouping_do_not_speak_for_its_rows(months, which):
    by = ["coalition", "state", "cow", "spell", "yr"]
    grouped = months.assign(yr=months["period"].dt.year).groupby(by, as_index=False)
    years = getattr(grouped, which)()
    keep_record(years, months)
    with pytest.raises(DataError, match="most rows of a spell are 12 months"):
        cm.add_casualties(years, facts=cm.facts("iraq"))
    with pytest.raises(DataError, match="most rows of a spell are 12 months"):
        cm.describe_panel(years)


def test_attrs_that_name_a_longer_period_are_refused(months):
    wrong = months.copy()
    with_panel(wrong, {"period": "year"})
    with pytest.raises(DataError, match="one row per year, but most rows of a spell are 1 months"):
        calendar_of(wrong)


@pytest.mark.parametrize("record", [None, Record(), Record(panel=Frozen({}))])
def test_gaps_shuffled_rows_and_a_lost_record_are_no_contradiction(months, record):
    some = months.drop(months.index[5:400:3]).sample(frac=1, random_state=1)
    with_record(some, record)
    assert calendar_of(some).months == 1
    again = some.set_axis([0] * len(some))
    assert calendar_of(again).months == 1
    twice = months[months["period"].dt.month.isin([1, 2])]
    assert calendar_of(twice).months == 1


def test_a_clock_in_years_is_no_second_length(months):
    scaled = months.assign(start=months["start"] / 12, stop=months["stop"] / 12)
    assert calendar_of(scaled).months == 1


def test_rows_of_states_without_spells_do_not_contradict_what_is_said():
    days = pd.to_datetime(["2004-06-01", "2005-06-01"])
    assert panel_period(pd.DataFrame({"cow": 325, "period": days}), "month") == "month"
    with pytest.raises(DataError, match="first day of each year"):
        panel_period(pd.DataFrame({"cow": 325, "period": days}))


def test_one_row_per_spell_tells_nothing():
    row = pd.DataFrame({"spell": [1], "period": pd.to_datetime(["2004-03-01"])})
    assert panel_period(row) is None
    assert panel_period(row, "month") == "month"
    with pytest.raises(DataError, match="first day of each quarter, found 2004-03-01"):
        panel_period(row, "quarter")


def test_a_period_of_panel_events_that_contradicts_the_panel_is_refused(spells):
    quarters = cm.build_panel(spells, period="quarter")
    coded = cm.code_defections(spells, rule="tago-2009")
    for period in ("month", "year"):
        with pytest.raises(DataError, match=f"period='{period}', but the panel says .* quarter"):
            panel_events(quarters, coded, period=period)
    assert panel_events(quarters, coded)["event"].sum() == 21
    assert panel_events(quarters, coded, period="quarter")["event"].sum() == 21
    bare = quarters.copy()
    with_record(bare, None)
    with pytest.raises(DataError, match="one row per month, but"):
        panel_events(bare, coded, period="month")


def test_start_below_zero_is_refused_where_entry_must_be_read_off_it(months):
    bare = months.drop(columns="entry")
    moved = bare.assign(start=bare["start"] - 5, stop=bare["stop"] - 5)
    with pytest.raises(DataError, match="start is below 0"):
        cm.add_leadership(moved)
