"""Options beyond sense are refused with their range; what is overwritten or left out is told."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.defection.candidates import exit_dates
from coalition_models.defection.rules import DefectionRule
from coalition_models.defection.valleys import filled_valleys
from coalition_models.timelines.calendar import find_until, window_sum
from coalition_models.timelines.given import facts_beside

HUGE = [1201, 10**6, 10**12, 10**19]


@pytest.fixture(scope="module")
def spells():
    return cm.load("participation").query("coalition == 'iraq'")


@pytest.fixture(scope="module")
def panel(spells):
    return cm.build_panel(spells)


@pytest.mark.parametrize("huge", HUGE)
def test_windows_lags_and_years_have_a_range(panel, spells, huge):
    levels = pd.DataFrame({"coalition": "A", "state": "POL", "cow": 290, "troops": 5,
                           "date": pd.date_range("2008-01-31", periods=3, freq="ME")})  # fmt: skip
    calls = {
        "windows": lambda: cm.add_contagion(panel, windows=[huge]),
        "trend_window": lambda: cm.add_casualties(panel, trend_window=huge),
        "shock_window": lambda: cm.add_casualties(panel, shock_window=huge),
        "window": lambda: cm.add_leadership(panel, window=huge),
        "window ": lambda: cm.add_elections(panel, window=huge),
        "notice": lambda: cm.add_elections(panel, strict=True, notice=huge),
        "lag": lambda: cm.add_capability(panel, lag=huge),
        "lag ": lambda: cm.add_commitment(panel, lag=huge),
        "years": lambda: cm.add_regime(panel, years=huge),
        "wind_up": lambda: cm.build_panel(spells, wind_up=huge),
        "gap": lambda: cm.spells_from_levels(levels, gap=huge),
        "end_margin": lambda: cm.spells_from_levels(levels, end_margin=huge),
        "stale_after": lambda: cm.operational_profile(spells, stale_after=huge),
        "dip": lambda: cm.withdrawals(cm.operational_profile(spells), dip=huge),
    }
    for name, call in calls.items():
        with pytest.raises(
            cm.DataError, match=rf"{name.strip()} must be a whole number.* to 1\d\d0?"
        ):
            call()
    for field in ("dip", "drawdown_years"):
        with pytest.raises(cm.DataError, match=f"{field} must be a whole number from 0 to 1200"):
            DefectionRule(**{field: huge})


def test_a_lag_of_ages_takes_no_other_states_income(panel):
    with pytest.raises(cm.DataError, match=r"lag must be a whole number of years from 0 to 100"):
        cm.add_capability(panel, lag=10_000)
    with pytest.warns(cm.CoalitionWarning, match="missing in every row: gdp_per_capita"):
        assert cm.add_capability(panel, lag=100)["gdp_per_capita"].isna().all()


def test_the_longest_window_counts_the_own_coalition_only():
    both = cm.build_panel(cm.load("participation"), coalitions=["iraq", "isaf", "rsm"])
    out = cm.add_contagion(both, windows=[1200])
    alone = cm.add_contagion(both.query("coalition == 'rsm'"), windows=[1200])
    rows = out["coalition"] == "rsm"
    assert out.loc[rows, "recent_exits_1200m"].tolist() == alone["recent_exits_1200m"].tolist()
    assert (out["recent_exits_1200m"] >= 0).all()


def test_months_beyond_all_others_stay_in_their_group():
    group, month = np.array([1, 1, 2]), np.array([24_000, 24_010, 24_005])
    value = np.ones(3)
    far = np.array([-(10**7)]), np.array([10**9])
    assert window_sum(group, month, value, np.array([1]), *far).tolist() == [2.0]
    assert find_until(group, month, np.array([2]), far[0]).tolist() == [-1]


@pytest.mark.parametrize("kinds", ["early", ["early"], ("early",), (k for k in ["early"])])
def test_the_kinds_used_are_recorded(panel, kinds):
    out = cm.add_contagion(panel, exit_kinds=kinds)
    assert cm.record_of(out).features["earlier_defectors"]["exit_kinds"] == ("early",)
    assert out["earlier_defectors"].max() == cm.add_contagion(panel)["earlier_defectors"].max()


def test_deaths_outside_the_coverage_are_left_out_and_told(panel):
    days = pd.to_datetime(["2002-06-01", "2003-05-01", "2010-02-01"])
    dead = pd.DataFrame({"coalition": "iraq", "cow": 230, "deaths": [9, 2, 1], "date": days})
    cover = {"iraq": ("2003-01", "2009-12")}
    facts = cm.facts("iraq")
    out = cm.add_casualties(panel, facts=facts.replace(deaths=dead, coverage=cover))
    assert cm.record_of(out).features["deaths_cumulative"]["rows_outside_coverage"] == 2
    assert out["deaths_cumulative"].max() == 2
    alone = cm.add_casualties(panel, facts=facts.replace(deaths=dead.iloc[[1]], coverage=cover))
    assert out["deaths_cumulative"].equals(alone["deaths_cumulative"])


@pytest.mark.filterwarnings("ignore:add_commitment")  # soldiers need a source
@pytest.mark.parametrize(
    ("column", "add"),
    [
        ("troops", cm.add_commitment),
        ("deaths_12m", cm.add_casualties),
        ("earlier_defectors", cm.add_contagion),
        ("election_near", cm.add_elections),
    ],
)
def test_a_column_of_ones_own_is_not_replaced_without_a_word(panel, column, add):
    with pytest.warns(cm.CoalitionWarning, match=f"a column {column} that no builder"):
        add(panel.assign(**{column: 1.0}))
    again = add(add(panel))
    assert column in again.columns


@pytest.mark.parametrize(
    ("add", "option", "column"),
    [
        (cm.add_leadership, "window", "leader_change"),
        (cm.add_casualties, "shock_window", "first_loss"),
    ],
)
def test_a_window_of_nothing_is_told(panel, add, option, column):
    with pytest.warns(cm.CoalitionWarning, match="window of 0 months"):
        out = add(panel, **{option: 0})
    assert "window of 0 months" in cm.record_of(out).features[column]["note"]
    add(panel, **{option: 0}, as_of="end")
    near = cm.add_elections(panel, window=0)
    assert "post_election is 0" in cm.record_of(near).features["post_election"]["note"]


def test_points_and_coalitions_of_nothing_are_refused(panel, spells):
    scores = pd.DataFrame({"cow": 230, "year": [2002, 2003], "polity2": 10})
    with pytest.raises(cm.DataError, match="points must be a whole number of points from 1 to 20"):
        cm.add_regime(
            panel, measures=["polity"], points=0, facts=facts_beside(panel, states=scores)
        )
    for none in ([], (), np.array([], dtype=object)):
        with pytest.raises(cm.DataError, match="coalitions is an empty list"):
            cm.build_panel(spells, coalitions=none)


@pytest.mark.parametrize("attrs", [{"panel": None}, {"features": None}, {"made": None}])
def test_attrs_of_nothing_are_none(panel, attrs):
    bare = panel.copy()
    bare.attrs = attrs
    assert "earlier_defectors" in cm.add_contagion(bare, facts=cm.facts("iraq")).columns
    assert cm.describe_panel(bare).loc["total", "events"] == 21


def test_what_is_no_column_of_codes_and_no_source_is_named():
    for table in (np.array([["DEU", "FRA"]]), [["DEU", "FRA"]]):
        with pytest.raises(cm.DataError, match="one column"):
            cm.to_cow(table, 2005)
    for thing in (cm, object(), type):
        with pytest.raises(cm.DataError, match="cannot tell the sources of"):
            cm.cite(thing)
    for size in ({"members": 10**12}, {"coalitions": 10**9}, {"periods": 10**8}, {"spells": 10**9}):
        with pytest.raises(cm.DataError, match="at most"):
            cm.simulate_panel(**size, seed=1)


def test_long_valleys_are_filled_in_a_moment(spells):
    profile = cm.operational_profile(spells)
    began = time.perf_counter()
    falls = cm.withdrawals(profile, dip=1000)
    assert time.perf_counter() - began < 10
    assert len(falls) <= len(cm.withdrawals(profile))


@pytest.mark.parametrize("dip", [1, 2, 3, 7, 40])
def test_valleys_are_filled_as_by_hand(dip):
    rng = np.random.default_rng(dip)
    for length in (1, 2, 5, 12):
        strength = rng.integers(0, 9, length).astype(float)
        strength[rng.random(length) < 0.2] = np.nan
        known = np.where(np.isnan(strength), -np.inf, strength)
        by_hand = strength.copy()
        for t in np.flatnonzero(~np.isnan(strength)):
            windows = [known[max(s - dip, 0) : s + 1].max() for s in range(t, t + dip + 1)
                       if max(s - dip, 0) < length]  # fmt: skip
            by_hand[t] = min(windows)
        np.testing.assert_array_equal(filled_valleys(strength, dip), by_hand)


@pytest.mark.parametrize(
    ("old", "new"),
    [("lenient", "'both': each coding must count"), ("strict", "'either': one coding")],
)
def test_the_old_words_for_contested_are_refused_with_the_new_one(old, new):
    with pytest.raises(cm.DataError, match=f"'{old}' is now called {new}"):
        DefectionRule(contested=old)


def test_rules_that_need_a_column_say_so(spells):
    bare = spells.drop(columns=["exit_kind_alt", "announced", "last_personnel"])
    for rule, column in (
        (DefectionRule("x", exits="coded", cuts="none", contested="either"), "exit_kind_alt"),
        (DefectionRule("x", exits="coded", cuts="none", contested="alternative"), "exit_kind_alt"),
        (DefectionRule("x", exits="coded", cuts="none", exit_date="announced"), "announced"),
        (DefectionRule("x", exits="coded", cuts="none", exit_date="last"), "last_personnel"),
    ):
        with pytest.raises(cm.DataError, match=f"needs the column '{column}'"):
            cm.code_defections(bare, rule=rule)


def test_nobody_and_a_profile_of_others_are_refused(spells):
    with pytest.raises(cm.DataError, match="participation has no rows"):
        cm.code_defections(spells.head(0), rule="tago-2009")
    others = cm.operational_profile(cm.load("participation").query("coalition == 'rsm'"))
    with pytest.raises(cm.DataError, match="the profile has no row of iraq"):
        cm.code_defections(spells, others)


def test_defections_are_dated_as_the_panel_is(spells):
    """Lithuania's staff stayed into its next spell: in the first one they never left."""
    dated = exit_dates(spells, "last").query("state == 'LTU'")
    assert str(dated["date"].iloc[0])[:10] == "2007-08-02"
    rule = DefectionRule("last", kinds=("full",), exits="coded", cuts="none", exit_date="last")
    coded = cm.code_defections(spells, rule=rule)
    panel = cm.build_panel(spells, exit_date="last")
    out = cm.panel_events(panel, coded)
    # the last Australians left after the mandate, when nobody is at risk
    (lost,) = cm.record_of(out).notes["events"]["not_in_a_row"]
    assert lost["defection"] == "iraq AUS-1 full 2009-07-31"
    assert out["event"].tolist() == panel["event"].tolist()


@pytest.mark.parametrize("field", ["cut_persons", "cut_percent", "minimum", "peak_at_least"])
def test_numbers_beyond_double_precision_are_none(field, panel):
    with pytest.raises(cm.DataError, match=f"{field} must be a number"):
        DefectionRule(**{field: 10**400})
    with pytest.raises(cm.DataError, match="half_life must be a number"):
        cm.add_casualties(panel, half_life=10**400)
    with pytest.raises(cm.DataError, match="half_life must be a positive number"):
        cm.add_casualties(panel, half_life=0)
