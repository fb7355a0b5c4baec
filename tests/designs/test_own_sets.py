"""Analysis sets, comparisons of rules and contested claims on facts of one's own."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.analysis_sets import analysis_set
from coalition_models.designs.leader_cases import cases_of_each, leader_cases
from coalition_models.designs.set_features import add_set_features
from coalition_models.designs.sets import set_record
from coalition_models.errors import CoalitionWarning, DataError
from coalition_models.features.elections import add_elections
from coalition_models.sensitivity.rules import compare_rules

# six contribute to no bundled coalition
STATES = ["ETH", "KEN", "RWA", "TZA", "ZMB", "ZAF", "ITA", "POL", "DNK", "ESP", "NLD", "SWE"]
LEFT = ["2013-09-15", "2014-12-31", "2013-12-10", "2014-12-31", "2014-06-10", "2014-12-31"] * 2
MEMBERS = pd.DataFrame({
    "coalition": "mali", "state": ["FRA", *STATES], "entry": "2013-02-01",
    "exit": ["2014-12-31", *LEFT],
    "exit_kind": ["leader", *(["early", "mission_end"] * 6)],
    "announced": [None, *(["2013-06-01", None] * 6)],
})  # fmt: skip
COALITIONS = pd.DataFrame({
    "coalition": ["mali"], "start": ["2013-01-11"], "mandate_end": ["2014-12-31"],
    "lead_state": ["FRA"],
})  # fmt: skip
# half of the force goes in 2014, and nearly all of those who leave in 2013
TROOPS = pd.concat([
    pd.DataFrame({"coalition": "mali", "state": MEMBERS["state"], "date": "2013-03-01",
                  "troops": np.arange(1, 14) * 100}),
    pd.DataFrame({"coalition": "mali", "state": ["FRA", "SWE", "KEN"], "date": "2014-03-01",
                  "troops": [90, 300, 100]}),
], ignore_index=True)  # fmt: skip
MINE = cm.Facts(members=MEMBERS, coalitions=COALITIONS)
STRONG = MINE.replace(troops=TROOPS)


def quiet(call, *given, **choices):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CoalitionWarning)
        return call(*given, **choices)


def test_the_brief_call_counts_the_coalitions_own_defections():
    found = cm.compare_rules(["tago-2009"], MINE)
    assert found.counts.loc["tago-2009", ["defections", "events", "rows"]].tolist() == [
        6, 6, len(cm.build_panel(MINE)),
    ]  # fmt: skip
    assert compare_rules(["tago-2009"], analysis_set(MINE, features=False)).counts.equals(
        found.counts
    )


def test_a_rule_with_another_date_rebuilds_the_panel_from_the_facts():
    rules = ["tago-2009", cm.DefectionRule(name="said", exits="coded", cuts="none",
                                           kinds=("full",), exit_date="announced")]  # fmt: skip
    found = cm.compare_rules(rules, MINE)
    said = cm.build_panel(MINE, exit_date="announced")
    assert found.counts.loc["said", ["events", "rows"]].tolist() == [6, len(said)]
    assert found.counts.loc["said", "rows"] < found.counts.loc["tago-2009", "rows"]
    dated = analysis_set(MINE, features=False).dated("announced")
    pd.testing.assert_frame_equal(dated, said)
    assert cm.facts_of(dated) is MINE


def test_estimates_are_those_of_the_model_fitted_by_hand():
    own = MINE.replace(elections=pd.DataFrame({
        "state": np.repeat([*STATES, "FRA"], 2), "kind": "legislative",
        "date": pd.to_datetime([f"2013-{m:02d}-05" for m in range(1, 13)] * 2 + ["2012-06-10"] * 2)
        + pd.to_timedelta(np.tile([0, 400], 13), "D"),
    }))  # fmt: skip
    formula = "event ~ election_near"
    found = quiet(cm.compare_rules, ["tago-2009"], own, formula=formula)
    panel = quiet(add_elections, cm.build_panel(own), window=6)
    by_hand = quiet(cm.cox, formula, panel, cluster="state").tidy(exponentiate=True)
    assert found.estimates["hazard_ratio"].tolist() == pytest.approx(by_hand["estimate"].tolist())
    assert found.estimates["p_value"].tolist() == pytest.approx(by_hand["p_value"].tolist())


def test_several_coalitions_of_one_object():
    two = cm.Facts(
        members=pd.concat([MEMBERS, MEMBERS.assign(coalition="car")]),
        coalitions=pd.concat([COALITIONS, COALITIONS.assign(coalition="car")]),
    )
    found = cm.compare_rules(["tago-2009"], two)
    assert found.counts.loc["tago-2009", ["defections", "events"]].tolist() == [12, 12]
    assert repr(analysis_set(two, features=False)).startswith("<AnalysisSet mali, car (own): ")
    both = quiet(cases_of_each, two, [2])[0][0]
    one = quiet(cases_of_each, MINE, [2])[0][0]
    assert len(both) == 2 * len(one)
    assert both["coalition"].value_counts().to_dict() == {"mali": len(one), "car": len(one)}


def test_what_the_facts_lack_is_refused_by_name():
    for rules, facts, text in (
        (["tago-2009", "mcinnis"], MINE, r"'mcinnis' looks at the size of falls.*troops="),
        (["tago-2009"], cm.Facts(members=MEMBERS), r"hold no coalitions: Facts\(coalitions="),
        (["tago-2009"], cm.Facts(troops=TROOPS), "hold no members and no coalitions"),
        (["mello-2020"], MINE.replace(members=MEMBERS.drop(columns="announced")), "'announced'"),
    ):
        with pytest.raises(DataError, match=text):
            cm.compare_rules(rules, facts)
    with pytest.raises(DataError, match="strengths of members of 'mali' are not known"):
        analysis_set(MINE, peak_at_least=100)


def test_kinds_that_only_changes_show_are_warned_of():
    with pytest.warns(CoalitionWarning, match=r"no changes, so that 1 of 2 rules \(mcinnis\)"):
        found = cm.compare_rules(["tago-2009", "mcinnis"], STRONG)
    assert found.counts.loc["mcinnis", "re_role"] == 0


def test_features_that_the_facts_lack_are_left_out_with_a_count_and_a_reason():
    with pytest.warns(CoalitionWarning, match=r"\d+ kinds of feature left out: .*deaths=") as told:
        found = analysis_set(MINE)
    assert len(told) == 1
    assert "missing in some rows, which no model with it uses: " in str(told[0].message)
    sheet = found.sheet.set_index("item")["value"]
    assert sheet["no casualties"].startswith("the facts hold no deaths")
    assert sheet["no commitment"].startswith("the facts hold no troops")
    # nothing of another coalition
    assert not {"deaths_total", "log_deaths_12m", "troops"} & set(found.panel.columns)
    assert "participation" not in sheet["sources"]
    strong = quiet(analysis_set, STRONG)
    assert strong.panel["troops"].max() <= TROOPS["troops"].max()


def test_features_asked_for_by_name():
    found = quiet(analysis_set, MINE, features=["contagion"])
    assert "earlier_defectors" in found.panel.columns
    assert "election_near" not in found.panel.columns
    assert not [item for item in found.sheet["item"] if item.startswith("no casualties")]
    with pytest.raises(DataError, match=r"cannot be added: casualties \(the facts hold no deaths"):
        analysis_set(MINE, features=["casualties"])
    with pytest.raises(DataError, match=r"features must be of elections, .*found weather"):
        analysis_set(MINE, features=["weather"])
    with pytest.raises(DataError, match="the facts hold no deaths"):
        cm.compare_rules(["tago-2009"], MINE, formula="event ~ log_deaths_12m")
    with pytest.raises(DataError, match=r"alliance \(a UN mission has no lead state"):
        add_set_features(cm.build_panel(MINE), set_record("un"), {}, ["alliance"])


def test_ready_sets_keep_their_own_choices():
    with pytest.raises(DataError, match="'iraq' has its own period; give facts"):
        analysis_set("iraq", period="year")
    with pytest.raises(DataError, match="variant= belongs to ready sets"):
        analysis_set(MINE, variant="wide")
    yearly = analysis_set(MINE, period="year", clock="coalition", features=False)
    assert len(yearly.panel) < len(cm.build_panel(MINE))
    open_end = MINE.replace(coalitions=COALITIONS.drop(columns="mandate_end"))
    early = analysis_set(open_end, until="2014-01-31", features=False)
    assert early.panel["period"].max() == pd.Timestamp("2014-01-01")


def test_bundled_facts_give_the_bundled_counts():
    ours = cm.compare_rules(["tago-2009", "weisiger-2016"], cm.facts("iraq"))
    theirs = cm.compare_rules(["tago-2009", "weisiger-2016"], "iraq")
    pd.testing.assert_frame_equal(ours.counts, theirs.counts)


class TestContest:
    def test_bundled_facts_are_the_bundled_coalition(self):
        for name in ("iraq", "isaf"):
            options = {"windows": [2], "dates": ["main"], "outcomes": ["early"], "draws": 9}
            ours = cm.contest("elections", cm.facts(name), **options)
            theirs = cm.contest("elections", name, **options)
            pd.testing.assert_frame_equal(ours.table, theirs.table)
        assert ours.own
        assert not theirs.own

    @pytest.mark.usefixtures("no_sources")
    def test_own_facts(self):
        with pytest.warns(CoalitionWarning) as told:
            found = cm.contest("elections", MINE, windows=[2], dates=["main"], draws=9)
        texts = " ".join(str(one.message) for one in told)
        assert "of 6 spells no leader is on record" in texts
        assert "add_elections: nothing is known of ETH, KEN" in texts
        assert found.coalition == "mali"
        cases = found.table[found.table["unit"].str.startswith("leader")]
        assert (cases["n"] > 0).all()

    def test_a_coalition_that_is_called_iraq_is_not_compared_with_mello(self):
        called = cm.Facts(
            members=MEMBERS.assign(coalition="iraq"), coalitions=COALITIONS.assign(coalition="iraq")
        )
        found = quiet(cm.contest, "elections", called, windows=[2], dates=["main"])
        assert found.compare_mello() == []

    @pytest.mark.usefixtures("no_sources")
    def test_nobody_on_record(self):
        few = MINE.replace(members=MEMBERS[MEMBERS["state"].isin(["FRA", "ETH", "KEN", "ZMB"])])
        found = quiet(cm.contest, "elections", few, windows=[2], dates=["main"])
        leaders = found.table[found.table["unit"].str.startswith("leader")]
        assert leaders["problem"].str.contains("no leader is on record").all()

    def test_columns_that_dates_need(self):
        with pytest.raises(DataError, match=r"lack the columns last_personnel.*\['announced', 'ma"):
            cm.contest("elections", MINE)
        with pytest.raises(DataError, match="hold no members, coalitions"):
            cm.contest("elections", cm.Facts(), dates=["main"])

    def test_democracy_of_ones_own(self):
        states = pd.DataFrame([
            (state, year, (-1) ** at * at) for at, state in enumerate(MEMBERS["state"])
            for year in range(2011, 2016)
        ], columns=["state", "year", "polity2"])  # fmt: skip
        own = MINE.replace(states=states.assign(democracy_bmr=states["polity2"].gt(0) * 1))
        found = quiet(cm.contest, "democracy", own, dates=["main"]).table
        assert set(found["measure"]) == {"polity", "bmr"}
        assert found.loc[found["unit"] == "state-month", "n"].eq(len(cm.build_panel(own))).all()


def test_sizes_can_be_left_out_of_cases():
    (cases,), without = cases_of_each(cm.facts("iraq"), [2])
    right = leader_cases("iraq", window=2)
    assert without == 0
    pd.testing.assert_frame_equal(cases, right[cases.columns])
    assert not {"deaths", "relative_commitment"} & set(cases.columns)
