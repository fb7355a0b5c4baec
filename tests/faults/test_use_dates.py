"""Dates of spells: columns without any date, exits before entries, spells in one month."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.record import record_of

EMPTY = [None, np.nan, pd.NaT, pd.NA]
TABLE = pd.DataFrame({
    "coalition": ["mine"], "start": pd.to_datetime(["2010-01-01"]),
    "mandate_end": pd.to_datetime(["2011-12-31"]), "lead_state": ["USA"],
})  # fmt: skip
TWO = pd.DataFrame({
    "coalition": "mine", "state": ["DEU", "FRA"], "spell": 1,
    "entry": pd.to_datetime(["2010-01-31", "2010-02-28"]), "exit": pd.NaT, "exit_kind": "ongoing",
})  # fmt: skip


def germany(*days, **more):
    """Spells of Germany, each from one day to another."""
    entry, exit_ = (pd.to_datetime(list(d)) for d in zip(*days, strict=True))
    table = pd.DataFrame({"coalition": "mine", "state": "DEU", "entry": entry, "exit": exit_})
    return table.assign(spell=range(1, len(days) + 1), exit_kind="early", **more)


# columns without any date


@pytest.mark.parametrize(
    ("period", "rows", "empty", "dtype"),
    [
        *(("month", 24 + 23, empty, None) for empty in EMPTY), ("quarter", 8 + 8, None, object),
        ("year", 2 + 2, np.nan, "category"), ("quarter", 8 + 8, pd.NA, "string"),
        ("year", 2 + 2, pd.NA, object), ("month", 24 + 23, None, "category"),
    ],
)  # fmt: skip
def test_column_of_exits_that_is_empty(empty, period, rows, dtype):
    """Everybody is still there: January 2010 to December 2011, and from February."""
    column = pd.Series([empty] * 2, dtype=dtype)
    panel = cm.build_panel(TWO.assign(exit=column), coalitions=TABLE, period=period)
    assert (len(panel), panel["event"].sum()) == (rows, 0)


@pytest.mark.parametrize(
    ("empty", "until", "rows"),
    [
        (None, "2011-06-30", 18 + 17), (np.nan, "2010-02-15", 2), (pd.NaT, "2010-12-01", 12 + 11),
        (pd.NA, "2011-06-30", 18 + 17),
    ],
)  # fmt: skip
def test_open_mandate_that_is_empty(empty, until, rows):
    open_end = TABLE.assign(mandate_end=empty)
    assert len(cm.build_panel(TWO, coalitions=open_end, until=until)) == rows
    facts = cm.Facts(members=TWO, coalitions=open_end)
    assert len(cm.build_panel(facts, until=until)) == rows
    with pytest.raises(DataError, match="the mandate of mine is open: give until="):
        cm.build_panel(TWO, coalitions=open_end)


@pytest.mark.parametrize(
    ("empty", "choice", "column"),
    [
        (None, "announced", "announced"), (np.nan, "announced", "announced"),
        (pd.NA, "last", "last_personnel"), (None, "last", "last_personnel"),
    ],
)  # fmt: skip
def test_other_exit_date_that_is_empty(empty, choice, column):
    members = TWO.assign(exit=pd.Timestamp("2010-06-01"), exit_kind="early", **{column: empty})
    panel = cm.build_panel(members, coalitions=TABLE, exit_date=choice)
    assert (len(panel), panel["event"].sum()) == (6 + 5, 2)
    assert "the main exit date is used" in " ".join(record_of(panel).panel["notes"])


def test_profile_of_members_without_last_days():
    iraq = cm.load("participation", revision=1).query("coalition == 'iraq'")
    troops = cm.load("troops", revision=1)
    right = cm.operational_profile(iraq.assign(last_personnel=pd.NaT), troops)
    assert len(right) == 1889
    for empty in (None, np.nan, pd.NA):
        found = cm.operational_profile(iraq.assign(last_personnel=empty), troops)
        pd.testing.assert_frame_equal(found, right)


# exits before entries


@pytest.mark.parametrize(
    ("days", "period"),
    [
        (("2010-01-31", "2010-01-05"), "month"), (("2010-02-02", "2010-02-01"), "quarter"),
        (("2011-03-31", "2011-02-28"), "year"), (("2011-03-31", "2010-03-31"), "month"),
    ],
)  # fmt: skip
def test_exit_before_entry(days, period):
    """Not an event on (0, 1], whatever the period, wherever the spells are read."""
    bad = germany(days, cow=255)
    levels = pd.DataFrame({"coalition": "mine", "state": ["DEU"], "cow": 255, "troops": 5})
    levels["date"] = pd.Timestamp("2010-04-01")
    for read in (
        lambda: cm.build_panel(bad, coalitions=TABLE, period=period),
        lambda: cm.build_panel(bad.drop(columns="cow"), coalitions=TABLE, period=period),
        lambda: cm.Facts(members=bad, coalitions=TABLE),
        lambda: cm.code_defections(bad, rule="tago-2009"),
        lambda: cm.operational_profile(bad, levels, coalitions=TABLE),
        lambda: cm.plot.participation(bad),
    ):
        with pytest.raises(DataError, match="before entry: mine DEU-1"):
            read()
    text = bad.assign(**{n: bad[n].dt.strftime("%Y-%m-%d") for n in ("entry", "exit")})
    with pytest.raises(DataError, match="before entry: mine DEU-1"):
        cm.build_panel(text, coalitions=TABLE, period=period)


def test_exit_before_entry_where_the_day_is_not_known():
    one = germany(("2010-01-31", "2010-01-01"), exit_precision="month")
    panel = cm.build_panel(one, coalitions=TABLE)
    assert panel[["start", "stop", "event"]].to_numpy().tolist() == [[0, 1, 1]]
    assert len(cm.plot.participation(one).data) == 1
    with pytest.raises(DataError, match="exit before entry"):
        cm.build_panel(germany(("2010-02-01", "2010-01-31"), exit_precision="month"),
                       coalitions=TABLE)  # fmt: skip


def test_picture_that_ends_before_a_spell_begins():
    with pytest.raises(DataError, match="until= where there is none, before entry: mine FRA-1"):
        cm.plot.participation(TWO, until="2010-02-01")
    assert len(cm.plot.participation(TWO, until="2010-03-01").data) == 2


@pytest.mark.parametrize("day", ["2010-01-05", "2009-11-30", "2010-04-04"])
def test_last_days_out_of_order_give_way(day):
    members = germany(("2010-01-31", "2010-05-05"), last_personnel=pd.Timestamp(day))
    panel = cm.build_panel(members, coalitions=TABLE, exit_date="last")
    assert (len(panel), panel["event"].sum()) == (5, 1)
    assert "no usable last_personnel date" in " ".join(record_of(panel).panel["notes"])


# two spells in one period


@pytest.mark.parametrize(
    ("days", "period", "rows"),
    [
        ([("2010-01-31", "2010-03-20"), ("2010-03-10", "2010-05-05")], "month",
         [("01", 1, 0), ("02", 1, 0), ("03", 1, 1), ("04", 2, 0), ("05", 2, 1)]),
        ([("2010-01-31", "2010-03-05"), ("2010-03-10", "2010-05-05")], "month",
         [("01", 1, 0), ("02", 1, 0), ("03", 1, 1), ("04", 2, 0), ("05", 2, 1)]),
        ([("2010-01-31", "2010-03-05"), ("2010-03-10", "2010-05-25")], "quarter",
         [("01", 1, 1), ("04", 2, 1)]),
        ([("2010-01-31", "2010-01-31"), ("2010-02-01", "2010-02-01")], "month",
         [("01", 1, 1), ("02", 2, 1)]),
    ],
)  # fmt: skip
def test_spells_that_meet_in_one_period(days, period, rows):
    """The period belongs to the earlier spell; every exit is counted once, and it is noted."""
    panel = cm.build_panel(germany(*days), coalitions=TABLE, period=period)
    found = zip(panel["period"].dt.strftime("%m"), panel["spell"], panel["event"], strict=True)
    assert list(found) == rows
    met = days[0][1][:7] == days[1][0][:7] or period == "quarter"
    assert ("after the previous spell" in " ".join(record_of(panel).panel["notes"])) == met


@pytest.mark.parametrize(
    ("second", "period"),
    [(("2010-03-10", "2010-03-25"), "month"), (("2010-02-10", "2010-03-15"), "quarter"),
     (("2010-05-10", "2010-12-25"), "year")],
)  # fmt: skip
def test_exit_that_has_no_period_of_its_own_is_told(second, period):
    first = {"month": ("2010-01-31", "2010-03-05")}.get(period, ("2010-01-02", "2010-01-20"))
    with pytest.warns(CoalitionWarning, match="1 exit is not in the panel.*mine DEU-2"):
        panel = cm.build_panel(germany(first, second), coalitions=TABLE, period=period)
    assert panel["event"].sum() == 1
    assert [dict(row)["spell"] for row in record_of(panel).panel["dropped"]] == ["mine DEU-2"]


@pytest.mark.parametrize(
    "second", [("2010-02-10", "2010-05-05"), ("2010-01-31", "2010-02-02"), ("2010-02-28", None)]
)
def test_spells_that_overlap_by_months(second):
    both = germany(("2010-01-31", "2010-03-20"), second)
    both.loc[both["exit"].isna(), "exit_kind"] = "ongoing"
    with pytest.raises(DataError, match="overlapping spells: mine DEU-1 and mine DEU-2"):
        cm.build_panel(both, coalitions=TABLE)
