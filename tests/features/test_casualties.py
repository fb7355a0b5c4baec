"""Own deaths: dated ones by month, the others on the next 1 January, missing outside coverage."""

from __future__ import annotations

import csv
import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm


def test_italy_knows_in_december_what_happened_in_november(iraq, row):
    panel = cm.add_casualties(iraq)
    assert row(panel, "ITA", "2003-11-01", "deaths_12m") == 0
    assert row(panel, "ITA", "2003-12-01", "deaths_12m") == 17
    assert row(panel, "ITA", "2003-12-01", "log_deaths_12m") == pytest.approx(math.log(18))
    at_end = cm.add_casualties(iraq, as_of="end")
    assert row(at_end, "ITA", "2003-11-01", "deaths_12m") == 17


def test_twelve_months_later_they_have_left_the_window(iraq, row):
    panel = cm.add_casualties(iraq)
    # 17 on 12 November 2003: in the window of November 2004, not of December 2004
    inside = row(panel, "ITA", "2004-11-01", "deaths_12m")
    after = row(panel, "ITA", "2004-12-01", "deaths_12m")
    assert inside - after == 17


def test_undated_deaths_enter_on_the_next_first_of_january(iraq, root):
    """Poland's cumulative toll at the start of each year is the sum of all years before."""
    with (root / "data" / "fatalities.csv").open(encoding="utf-8") as file:
        years = {
            int(r["year"]): int(r["deaths"])
            for r in csv.DictReader(file)
            if (r["coalition"], r["state"]) == ("iraq", "POL")
        }
    panel = cm.add_casualties(iraq).query("state == 'POL'").set_index("period")
    for year in range(2004, 2009):
        expected = sum(n for y, n in years.items() if y < year)
        assert panel.loc[f"{year}-01-01", "deaths_cumulative"] == expected


def test_every_state_reaches_its_yearly_total_in_january(isaf, root):
    with (root / "data" / "fatalities.csv").open(encoding="utf-8") as file:
        records = [r for r in csv.DictReader(file) if r["coalition"] == "isaf"]
    panel = cm.add_casualties(isaf)
    january = panel[panel["period"].dt.month == 1]
    for line in january.itertuples(index=False):
        expected = sum(
            int(r["deaths"])
            for r in records
            if r["state"] == line.state and int(r["year"]) < line.period.year
        )
        assert line.deaths_cumulative == expected, (line.state, line.period)


def test_recency_weights_halve_with_every_half_life(iraq, row):
    losses = pd.DataFrame(
        {
            "coalition": ["iraq"],
            "cow": [325],
            "date": pd.to_datetime(["2004-01-10"]),
            "deaths": [8],
        }
    )
    panel = cm.add_casualties(
        iraq, data=losses, coverage={"iraq": ("2003-01", "2009-12")}, half_life=6
    )
    # known from February on, the month after: weight 1 in the month of the loss
    assert row(panel, "ITA", "2004-02-01", "deaths_weighted") == pytest.approx(8)
    assert row(panel, "ITA", "2004-08-01", "deaths_weighted") == pytest.approx(4)
    assert row(panel, "ITA", "2005-02-01", "deaths_weighted") == pytest.approx(2)
    assert row(panel, "ESP", "2004-03-01", "deaths_weighted") == 0


def test_missing_outside_the_coverage_never_zero():
    rsm = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    panel = cm.add_casualties(rsm)
    late = panel["period"] > "2018-01-01"
    assert panel.loc[late, "deaths_12m"].isna().all()
    assert panel.loc[~late, "deaths_12m"].notna().all()
    assert panel.attrs["features"]["deaths_12m"]["missing_rows"] == int(late.sum())


def test_own_losses_need_their_coverage(iraq):
    losses = pd.DataFrame(
        {"coalition": ["iraq"], "cow": [325], "date": [pd.Timestamp("2004-01-10")], "deaths": [1]}
    )
    with pytest.raises(cm.CoverageError, match=r"coverage=.*iraq"):
        cm.add_casualties(iraq, data=losses)
    with pytest.raises(cm.DataError, match="lacks the columns deaths"):
        cm.add_casualties(iraq, data=losses.drop(columns="deaths"), coverage={})


def test_quarters_sum_the_same_deaths(iraq):
    quarters = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="quarter")
    by_month = cm.add_casualties(iraq).set_index(["state", "period"])["deaths_12m"]
    by_quarter = cm.add_casualties(quarters).set_index(["state", "period"])["deaths_12m"]
    both = by_quarter.to_frame("quarter").join(by_month.rename("month"), how="inner")
    assert len(both) > 200
    assert (both["quarter"] == both["month"]).all()


def test_bad_options(iraq):
    with pytest.raises(cm.DataError, match="half_life"):
        cm.add_casualties(iraq, half_life=0)
    with pytest.raises(cm.DataError, match="as_of must be"):
        cm.add_casualties(iraq, as_of="now")


def test_the_panel_keeps_its_rows_and_the_caller_its_frame(iraq):
    before = iraq.copy(deep=True)
    panel = cm.add_casualties(iraq.sample(frac=1, random_state=1))
    assert panel.index.tolist() == iraq.sample(frac=1, random_state=1).index.tolist()
    back = panel.sort_index()
    plain = cm.add_casualties(iraq)
    np.testing.assert_array_equal(back["deaths_12m"], plain["deaths_12m"])
    pd.testing.assert_frame_equal(iraq, before)
