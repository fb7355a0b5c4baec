"""An idea that two parts of the package need has one implementation, and one answer."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import coalition_models as cm
from coalition_models.features.from_table import add_from_table
from coalition_models.features.regime import REGIME_SOURCES
from coalition_models.inference.detection import detectable_ratio
from coalition_models.record import made_of
from coalition_models.timelines.calendar import no_less_than_a_period


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
@pytest.mark.parametrize("before", ["2005-01-01"])
def test_the_grid_on_another_clock_is_that_of_a_panel_built_with_it(before):
    """On the panel cut at 2005 a cell read 1.23 (p 0.065) where 1.09 (p 0.155) was right."""
    grids = []
    for clock in ("entry", "coalition"):
        panel = cm.build_panel(cm.facts("iraq"), clock=clock, truncate_before=before)
        found = cm.test_hypotheses({"mine": cm.add_leadership(panel)}, ["H02"], robust=True)
        keys = ["peak_at_least", "measure", "clock", "controls", "estimator"]
        grids.append(found.robustness["H02", "mine"].grid.set_index(keys).sort_index())
    columns = ["estimate", "p_value"]
    shared = grids[0].index.intersection(grids[1].index)
    grids = [grid.loc[shared] for grid in grids]
    assert set(grids[0].index.get_level_values("clock")) == {"entry", "coalition"}
    pd.testing.assert_frame_equal(grids[0][columns], grids[1][columns], rtol=1e-7)


@pytest.mark.parametrize(
    ("name", "date"), [("iraq", "last"), ("iraq", "announced"), ("isaf", "last"), ("rsm", "last")]
)
def test_rules_and_panels_date_exits_alike(name, date):
    """A state whose people stayed into its next spell left when the panel says so."""
    facts = cm.facts(name)
    rule = cm.DefectionRule("x", kinds=("full",), exits="coded", cuts="none", exit_date=date)
    coded = cm.code_defections(facts, rule=rule)
    panel = cm.build_panel(facts, exit_date=date)
    out = cm.panel_events(panel, coded)
    assert out["event"].tolist() == panel["event"].tolist()
    assert panel["event"].sum() > 0
    if (name, date) == ("iraq", "last"):
        day = coded.loc[coded["state"] == "LTU", "date"].min()
        assert str(day)[:10] == "2007-08-02"


@pytest.mark.parametrize("error", [0.1, 0.37, 2.0])
@pytest.mark.parametrize("degrees", [np.inf, 5.0, 37.0])
def test_detectable_effects_have_one_formula(error, degrees):
    normal = np.isinf(degrees)
    quantile = stats.norm.ppf if normal else lambda q: stats.t.ppf(q, degrees)
    right = np.exp((quantile(0.975) + quantile(0.8)) * error)
    assert detectable_ratio(error**2, degrees=degrees) == pytest.approx(right)


def test_detectable_effects_of_a_fit_are_that_formula_on_its_errors(iraq):
    fit = cm.cox("event ~ leader_change", cm.add_leadership(iraq))
    table = cm.detectable_effects(fit)
    assert table["ratio_up"][0] == pytest.approx(detectable_ratio(fit.std_errors[0] ** 2))


RULES = pd.DataFrame(
    {
        "cow": [230, 230, 290],
        "start": pd.to_datetime(["1978-12-29", "2004-04-17", "2003-01-01"]),
        "end": pd.to_datetime(["2004-04-16", None, "2005-06-30"]),
        "war_powers": [1.0, 2.0, 0.5],
    }
)


@pytest.mark.filterwarnings("ignore:add_war_powers. nothing is known")
@pytest.mark.parametrize(
    "table",
    [RULES, RULES.iloc[::-1], RULES.iloc[:1], RULES.assign(end=pd.NaT).iloc[1:]],
    ids=["three", "reversed", "one that ended", "without ends"],
)
def test_a_value_in_force_is_the_same_for_features_and_claims(iraq, table):
    built = cm.add_war_powers(iraq, table)["war_powers"]
    looked_up = add_from_table(iraq, table, "war_powers", "cow, start, end, war_powers")
    pd.testing.assert_series_equal(built, looked_up)
    day = iraq["period"] - pd.Timedelta(days=1)
    by_hand = np.full(len(iraq), np.nan)
    for row in table.itertuples():
        until = pd.Timestamp("2100-01-01") if pd.isna(row.end) else row.end
        inside = (iraq["cow"] == row.cow) & (day >= row.start) & (day <= until)
        by_hand[inside] = row.war_powers
    np.testing.assert_array_equal(built, by_hand)


@pytest.mark.parametrize(
    "wrong",
    [
        RULES.assign(end=pd.Timestamp("2010-01-01")),
        RULES.drop(columns="start"),
        RULES.assign(end=pd.Timestamp("1970-01-01")),
    ],
    ids=["overlap", "no start", "ends before it starts"],
)
def test_a_table_in_force_is_refused_alike(iraq, wrong):
    for call in (
        lambda: cm.add_war_powers(iraq, wrong),
        lambda: add_from_table(iraq, wrong, "war_powers", "cow, start, end, war_powers"),
    ):
        with pytest.raises(cm.DataError):
            call()


@pytest.mark.filterwarnings("ignore:the set of iraq")
@pytest.mark.parametrize(("period", "months"), [("month", 6), ("quarter", 6), ("year", 12)])
def test_half_a_year_is_no_less_than_a_period_everywhere(period, months):
    panel = cm.build_panel(cm.facts("iraq"), period=period)
    assert no_less_than_a_period(panel, 6) == months
    own = cm.analysis_set(
        cm.facts("iraq"), period=period, features=["elections", "leadership"]
    ).panel
    for column in ("election_near", "leader_change"):
        assert made_of(own, column)["window"] == months


def test_sources_of_regimes_are_those_that_the_builder_reads():
    named = cm.datasets().index
    assert set(REGIME_SOURCES) <= set(named)
    assert len(set(REGIME_SOURCES)) == 3
