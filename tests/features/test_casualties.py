"""Own deaths: dated ones by month, the others on the next 1 January, missing outside coverage."""

from __future__ import annotations

import csv
import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import record_of
from coalition_models.timelines.given import facts_beside


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
        iraq,
        half_life=6,
        facts=facts_beside(iraq, deaths=losses, coverage={"iraq": ("2003-01", "2009-12")}),
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
    assert record_of(panel).features["deaths_12m"]["missing_rows"] == int(late.sum())


def test_own_losses_need_their_coverage(iraq):
    losses = pd.DataFrame(
        {"coalition": ["iraq"], "cow": [325], "date": [pd.Timestamp("2004-01-10")], "deaths": [1]}
    )
    with pytest.raises(cm.CoverageError, match=r"coverage=.*iraq"):
        cm.add_casualties(iraq, facts=facts_beside(iraq, deaths=losses, coverage=None))
    with pytest.raises(cm.DataError, match="lacks the columns deaths"):
        cm.add_casualties(iraq, facts=facts_beside(iraq, deaths=losses.drop(columns="deaths")))


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


WHOLE = {"iraq": ("2003-01", "2009-12")}


@pytest.fixture(scope="module")
def losses():
    """Spain loses 2, 6 and 1; Italy loses 3; all by day."""
    return pd.DataFrame(
        {
            "coalition": "iraq",
            "cow": [230, 230, 230, 325],
            "date": pd.to_datetime(["2003-09-05", "2003-11-20", "2004-02-01", "2003-11-02"]),
            "deaths": [2, 6, 1, 3],
        }
    )


def test_every_count_by_hand(iraq, losses, row):
    panel = cm.add_casualties(
        iraq, trend_window=2, facts=facts_beside(iraq, deaths=losses, coverage=WHOLE)
    )
    expected = {
        # month: last, 12m, all, first loss, mass casualty, partners last and all
        "2003-09-01": (0, 0, 0, 0, 0, 0, 0),
        "2003-10-01": (2, 2, 2, 1, 0, 0, 0),
        "2003-12-01": (6, 8, 8, 1, 1, 3, 3),
        "2004-01-01": (0, 8, 8, 0, 1, 0, 3),
        "2004-02-01": (0, 8, 8, 0, 1, 0, 3),
        "2004-03-01": (1, 9, 9, 0, 0, 0, 3),
    }
    names = [
        "deaths_last",
        "deaths_12m",
        "deaths_cumulative",
        "first_loss",
        "mass_casualty",
        "partner_deaths_last",
        "partner_deaths_cumulative",
    ]
    for month, values in expected.items():
        assert [row(panel, "ESP", month, name) for name in names] == list(values), month
        for name in ("deaths_last", "deaths_cumulative"):
            count = row(panel, "ESP", month, name)
            assert row(panel, "ESP", month, f"log_{name}") == pytest.approx(math.log1p(count))


def test_trends_by_hand(iraq, losses, row):
    panel = cm.add_casualties(
        iraq, trend_window=2, facts=facts_beside(iraq, deaths=losses, coverage=WHOLE)
    )
    # known in December: October and November against August and September
    assert row(panel, "ESP", "2003-12-01", "own_trend") == (6 - 2) / 2
    assert row(panel, "ESP", "2003-12-01", "coalition_trend") == (9 - 2) / 2
    # known in February: December and January (none) against October and November
    assert row(panel, "ESP", "2004-02-01", "own_trend") == -6 / 2
    assert row(panel, "ITA", "2004-02-01", "coalition_trend") == -9 / 2


def test_a_trend_over_less_than_a_year_is_refused_where_years_enter_in_january(iraq):
    with pytest.raises(cm.DataError, match="a window under 12 months"):
        cm.add_casualties(iraq, trend_window=2)
    assert "coalition_trend" in cm.add_casualties(iraq, trend_window=2, undated="spread")


def test_relative_to_inhabitants_by_hand(iraq, losses, row):
    people = pd.DataFrame(
        {"cow": [230, 230], "year": [2002, 2003], "population": [40_000_000, 45_000_000]}
    )
    panel = cm.add_casualties(
        iraq,
        per="population",
        facts=facts_beside(iraq, deaths=losses, coverage=WHOLE, states=people),
    )
    assert row(panel, "ESP", "2003-12-01", "relative_fatalities") == 8 / 40
    assert row(panel, "ESP", "2004-03-01", "relative_fatalities") == 9 / 45
    assert row(panel, "ESP", "2003-12-01", "deaths_12m_per_million") == 8 / 40
    assert np.isnan(row(panel, "ITA", "2003-12-01", "relative_fatalities"))


def test_relative_to_strength_by_hand(iraq, losses, row):
    strength = pd.DataFrame(
        {
            "coalition": "iraq",
            "cow": 230,
            "date": pd.to_datetime(["2003-09-01", "2003-11-01"]),
            "troops": [1000, 1300],
        }
    )
    panel = cm.add_casualties(
        iraq, per="troops", facts=facts_beside(iraq, deaths=losses, coverage=WHOLE, troops=strength)
    )
    # December knows three months of strength: 1,000, 1,000 and 1,300
    assert row(panel, "ESP", "2003-12-01", "deaths_12m_per_1000") == pytest.approx(8000 / 1100)
    assert np.isnan(row(panel, "ESP", "2003-09-01", "deaths_12m_per_1000"))
    assert np.isnan(row(panel, "ITA", "2003-12-01", "deaths_12m_per_1000"))


def test_italy_after_nasiriyah_and_spain_after_latifiya(iraq, row):
    panel = cm.add_casualties(iraq)
    assert row(panel, "ITA", "2003-12-01", "mass_casualty") == 1
    assert row(panel, "ITA", "2003-12-01", "first_loss") == 1
    assert row(panel, "ITA", "2004-03-01", "mass_casualty") == 0
    assert row(panel, "ESP", "2003-12-01", "mass_casualty") == 1  # seven on 29 November
    assert row(panel, "ESP", "2003-09-01", "first_loss") == 1  # 19 August, Canal Hotel
    strict = cm.add_casualties(iraq, mass_casualty=10)
    assert row(strict, "ESP", "2003-12-01", "mass_casualty") == 0


def test_spreading_keeps_the_sum_of_the_year_and_says_that_it_looks_ahead(iraq, row):
    plain = cm.add_casualties(iraq)
    spread = cm.add_casualties(iraq, undated="spread")
    january = iraq["period"].dt.month == 1
    np.testing.assert_allclose(
        spread.loc[january, "deaths_cumulative"], plain.loc[january, "deaths_cumulative"]
    )
    assert not record_of(plain).features["deaths_12m"]["look_ahead"]
    assert record_of(spread).features["deaths_12m"]["look_ahead"]
    toll = cm.load("fatalities").query("coalition == 'iraq' and state == 'GBR' and year == 2003")
    dated = cm.load("fatal_incidents").query("coalition == 'iraq' and state == 'GBR'")
    rest = toll["deaths"].sum() - dated.loc[dated["date"].dt.year == 2003, "deaths"].sum()
    assert rest > 0
    until_june = dated.loc[dated["date"] < "2003-07-01", "deaths"].sum()
    found = row(spread, "GBR", "2003-07-01", "deaths_cumulative")
    assert found == pytest.approx(until_june + rest / 2)


def test_dropping_leaves_the_dated_deaths(iraq, row):
    panel = cm.add_casualties(iraq, undated="drop")
    dated = cm.load("fatal_incidents").query("coalition == 'iraq' and state == 'POL'")
    expected = dated.loc[dated["date"] < "2005-01-01", "deaths"].sum()
    assert row(panel, "POL", "2005-01-01", "deaths_cumulative") == expected
    rsm = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    # no death there is dated, so nothing is known without the years
    assert cm.add_casualties(rsm, undated="drop")["deaths_12m"].isna().all()
    assert cm.add_casualties(rsm)["mass_casualty"].isna().all()


def test_fading_is_exact_for_any_half_life(iraq, losses, row):
    panel = cm.add_casualties(
        iraq, half_life=0.25, facts=facts_beside(iraq, deaths=losses, coverage=WHOLE)
    )
    # October: 2 deaths a month old at the end of September count fully, two months later 2^-8
    assert row(panel, "ESP", "2003-10-01", "deaths_weighted") == 2
    assert row(panel, "ESP", "2003-12-01", "deaths_weighted") == pytest.approx(6 + 2 * 2.0**-8)
    assert row(panel, "ESP", "2004-03-01", "deaths_weighted") == pytest.approx(
        1 + 6 * 2.0**-12 + 2 * 2.0**-20, rel=1e-12
    )


WINDOW = {"minusma": ("2013-07", "2019-12")}


def test_a_mission_of_the_united_nations(row):
    """Any coalition works with a table of its own."""
    spells = pd.DataFrame(
        {
            "coalition": "minusma",
            "state": ["NLD", "TCD"],
            "cow": [210, 483],
            "spell": 1,
            "entry": pd.to_datetime(["2014-03-01", "2013-07-01"]),
            "exit": pd.to_datetime(["2019-05-01", None]),
            "exit_kind": ["early", "ongoing"],
        }
    )
    missions = pd.DataFrame(
        {
            "coalition": ["minusma"],
            "start": pd.to_datetime(["2013-07-01"]),
            "mandate_end": pd.to_datetime(["2020-12-31"]),
            "lead_state": [None],
        }
    )
    panel = cm.build_panel(spells, coalitions=missions)
    deaths = pd.DataFrame(
        {
            "coalition": ["minusma", "minusma"],
            "cow": [210, 483],
            "date": pd.to_datetime(["2016-07-06", "2014-10-03"]),
            "deaths": [2, 9],
        }
    )
    out = cm.add_casualties(
        panel,
        facts=facts_beside(panel, deaths=deaths, coverage=WINDOW),
    )
    assert row(out, "NLD", "2016-08-01", "deaths_last") == 2
    assert row(out, "NLD", "2014-11-01", "partner_deaths_last") == 9
    assert row(out, "TCD", "2014-11-01", "mass_casualty") == 1
    assert np.isnan(row(out, "TCD", "2020-06-01", "deaths_12m"))
    for add in (cm.add_casualties, cm.add_risk):
        with pytest.raises(cm.DataError, match=r"needs deaths.*Facts\(\.\.\., deaths="):
            add(panel)
    risk = cm.add_risk(panel, facts=facts_beside(panel, deaths=deaths, coverage=WINDOW))
    assert risk.loc[risk["period"] > "2014-11-01", "fatality_rate_operation"].isna().all()
    assert row(risk, "NLD", "2015-03-01", "months_since_entry") == 12


def test_more_bad_options(iraq, losses):
    with pytest.raises(cm.DataError, match="per must be 'troops'"):
        cm.add_casualties(iraq, per="head")
    with pytest.raises(cm.DataError, match="undated must be 'january'"):
        cm.add_casualties(iraq, undated="july")
    with pytest.raises(cm.DataError, match="mass_casualty must be"):
        cm.add_casualties(iraq, mass_casualty=0)
    wrong = losses.assign(deaths=[2, 6, -1, 3])
    with pytest.raises(cm.DataError, match="missing or negative values of deaths in rows 2"):
        cm.add_casualties(iraq, facts=facts_beside(iraq, deaths=wrong, coverage=WHOLE))
