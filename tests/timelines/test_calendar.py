"""The entry of a spell and the length of a period, whatever was done to the panel before."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.record import with_record
from coalition_models.timelines.calendar import calendar_of, entry_month

SINCE = ["months_since_entry", "risk_above_entry"]


@pytest.fixture(scope="module")
def whole(iraq):
    return cm.add_leadership(cm.add_risk(iraq))


def same_as(whole, panel, facts=None):
    key = ["state", "spell", "period"]
    columns = [*SINCE, "joined_under_other_leader"]
    mine = cm.add_leadership(cm.add_risk(panel, facts=facts), facts=facts)
    mine = mine.set_index(key)[columns]
    pd.testing.assert_frame_equal(mine, whole.set_index(key)[columns].loc[mine.index])


@pytest.mark.parametrize("clock", ["entry", "coalition"])
def test_time_since_entry_does_not_start_anew_where_the_panel_is_truncated(whole, clock):
    members = cm.load("participation")
    late = cm.build_panel(members, coalitions=["iraq"], truncate_before="2006-01-01", clock=clock)
    same_as(whole, late)
    poland = cm.add_risk(late).query("state == 'POL'")
    assert poland["months_since_entry"].iloc[0] == 34  # March 2003 to January 2006


def test_time_since_entry_survives_a_join_and_a_stack(whole):
    members = cm.load("participation")
    late = cm.build_panel(members, coalitions=["iraq"], truncate_before="2005-01-01")
    joined = late.merge(pd.DataFrame({"state": late["state"].unique(), "x": 1}))
    with pytest.raises(DataError, match=r"no longer knows the facts.*cm\.merge"):
        cm.add_risk(joined)
    same_as(whole, joined, facts=cm.facts("iraq"))
    kept = cm.merge(late, pd.DataFrame({"state": late["state"].unique(), "x": 1}), on="state")
    same_as(whole, kept)
    both = pd.concat([late, cm.build_panel(members, coalitions=["isaf"])])
    same_as(whole, both[both["coalition"] == "iraq"], facts=cm.facts("iraq"))


def test_a_clock_in_other_units_does_not_change_the_time_since_entry(whole, iraq):
    for start in (iraq["start"] / 12, iraq["start"] + 100):
        changed = iraq.assign(start=start, stop=iraq["stop"])
        same_as(whole, changed)


def test_a_quarter_of_entry_counts_from_its_first_month():
    quarters = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="quarter")
    months = cm.add_risk(quarters)["months_since_entry"]
    assert (months == quarters["start"] * 3).all()


def bare(panel):
    return panel.drop(columns="entry")


def test_a_panel_without_entry_counts_from_its_own_clock(whole, iraq):
    same_as(whole, bare(iraq))
    late = iraq[iraq["period"] >= "2005-01-01"]
    same_as(whole, bare(late))
    late = bare(late)
    with_record(late, None)
    # spells that begin at their own origins can only be on the clock of entry
    same_as(whole, late, facts=cm.facts("iraq"))


@pytest.mark.parametrize("start", [lambda s: s / 12, lambda s: s * 2, lambda s: s.where(s > 3)])
def test_without_entry_a_start_out_of_step_is_refused(iraq, start):
    changed = bare(iraq.assign(start=start(iraq["start"])))
    with pytest.raises(DataError, match=r"start must count whole periods in step .* iraq"):
        cm.add_risk(changed)


@pytest.mark.parametrize("attrs", [True, False])
def test_without_entry_a_truncated_coalition_clock_is_refused(attrs):
    late = bare(
        cm.build_panel(
            cm.load("participation"),
            coalitions=["iraq"],
            clock="coalition",
            truncate_before="2006-01-01",
        )
    )
    if not attrs:
        with_record(late, None)
    with pytest.raises(DataError, match=r"nothing tells .* in a column entry"):
        cm.add_risk(late, facts=cm.facts("iraq"))


def test_without_entry_and_start_there_is_no_time_since_entry(iraq):
    with pytest.raises(DataError, match="neither entry nor start"):
        cm.add_risk(bare(iraq).drop(columns="start"))


@pytest.mark.parametrize(
    "entry",
    [
        lambda panel: panel["entry"].where(panel["state"] != "ESP"),
        lambda panel: panel["entry"].dt.strftime("%Y-%m-%d"),
        lambda panel: panel["entry"].where(panel["state"] != "ESP", pd.Timestamp("2004-03-01")),
        lambda panel: panel["period"],
    ],
)
def test_an_entry_that_cannot_be_is_refused(iraq, entry):
    with pytest.raises(DataError, match="column entry of the panel must hold"):
        cm.add_risk(iraq.assign(entry=entry(iraq)))


def test_a_simulated_panel_knows_its_entries():
    for clock in ("entry", "coalition"):
        panel = cm.simulate_panel(members=20, periods=30, clock=clock, spells=2, seed=4)
        first = panel.groupby(["coalition", "state", "spell"])["period"].transform("min")
        assert (panel["entry"] == first).all()
        assert len(np.unique(entry_month(panel))) > 1


def test_the_length_of_a_period_does_not_depend_on_the_order_of_rows(iraq):
    one = iraq[iraq["state"] == "ITA"].head(36)
    mixed = one.iloc[[*range(0, 36, 3), *range(1, 36, 3), *range(2, 36, 3)]]
    for rows in (one, mixed, one.iloc[::-1]):
        rows = rows.copy()
        with_record(rows, None)
        assert calendar_of(rows).months == 1


@pytest.mark.parametrize("name", ["cow", "state", "period"])
def test_a_panel_with_a_column_twice_is_refused(iraq, name):
    with pytest.raises(DataError, match=f"the panel has repeated columns: {name}"):
        cm.add_elections(pd.concat([iraq, iraq[[name]]], axis=1))


def test_a_panel_in_a_time_zone_is_refused(iraq):
    with pytest.raises(DataError, match=r"period must hold .* dates without a time zone"):
        cm.add_elections(iraq.assign(period=iraq["period"].dt.tz_localize("UTC")))


@pytest.mark.parametrize("name", ["coalition", "cow", "spell", "period"])
def test_a_row_without_its_keys_is_named(iraq, name):
    holed = iraq.assign(**{name: iraq[name].where(iraq.index != 3)})
    with pytest.raises(DataError, match=f"{name} missing in rows 3"):
        entry_month(holed)


@pytest.mark.parametrize(
    ("change", "cure"),
    [
        (lambda day: day.astype(str), r"pd.to_datetime\(df\['period'\]\)"),
        (lambda day: day.dt.to_period("M"), r"df\['period'\].dt.start_time"),
        (lambda day: day.dt.tz_localize("UTC"), r"tz_localize\(None\)"),
        (lambda day: day.dt.year, "format='%Y'"),
        (lambda day: pd.Series([[1]] * len(day), dtype=object), r"found object \(\[1\]\)"),
    ],
)
def test_periods_that_are_no_days_are_refused_with_the_cure(change, cure):
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    panel["period"] = change(panel["period"])
    with pytest.raises(DataError, match=cure):
        cm.add_elections(panel)


def test_a_list_in_a_key_of_a_panel_is_named():
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    for name in ("coalition", "state", "spell"):
        odd = panel.assign(**{name: pd.Series([["x"]] * len(panel), dtype=object)})
        with pytest.raises(DataError, match=f"column {name} holds a list"):
            cm.add_contagion(odd)
