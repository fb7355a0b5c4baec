"""What claims can be tested on: names, panels, facts, and sets that were made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.analysis_sets import absent_set, analysis_set
from coalition_models.designs.sets import set_record
from coalition_models.errors import DataError
from coalition_models.hypotheses.data_sets import asked

CLAIMS = ["H01", "H02", "H08"]


@pytest.fixture(scope="module")
def iraq():
    return analysis_set("iraq")


@pytest.fixture(scope="module")
def named():
    return cm.test_hypotheses("iraq", CLAIMS, robust=False)


def test_a_set_that_was_made_says_what_its_name_says(iraq, named):
    found = cm.test_hypotheses(iraq, CLAIMS, robust=False)
    pd.testing.assert_frame_equal(found.table, named.table)
    pd.testing.assert_frame_equal(found.data_sets, named.data_sets)
    # the set's other features rest on more
    assert set(named.sources) < set(found.sources)


def test_facts_say_what_the_set_made_of_them_says(named):
    facts = cm.facts("iraq")
    alone = cm.test_hypotheses(facts, CLAIMS, robust=False)
    pd.testing.assert_frame_equal(alone.table, named.table)
    both = cm.test_hypotheses({"mine": facts, "yours": facts}, "H02", robust=False).table
    assert both["data_set"].tolist() == ["mine", "yours"]
    h02 = named.table.query("claim == 'H02'")
    assert both["estimate"].tolist() == [h02["estimate"].item()] * 2


@pytest.mark.slow
def test_a_grid_is_run_on_facts_too():
    found = cm.test_hypotheses(cm.facts("iraq"), "H02").table
    known = cm.test_hypotheses("iraq", "H02").table
    pd.testing.assert_frame_equal(found, known)
    assert found["robust_specifications"].item() > 1


def test_what_facts_lack_is_said_of_each_claim():
    lean = cm.facts("iraq").replace(deaths=None, coverage=None)
    found = cm.test_hypotheses(lean, ["H02", "H05"], robust=False).table.set_index("claim")
    assert found.loc["H02", "verdict"] != "untestable"
    assert found.loc["H05", "verdict"] == "untestable"
    assert "add_casualties needs deaths" in found.loc["H05", "reason"]


def test_clusters_of_facts_may_be_chosen():
    found = cm.test_hypotheses(cm.facts("iraq"), "H02", robust=False, cluster=["state", "cow"])
    assert found.data_sets["clustered_by"].item() == "state, cow"


def test_own_rows_of_a_set_are_tested_as_they_stand(iraq):
    early = replace(iraq, panel=iraq.panel[iraq.panel["period"] < "2006-01-01"])
    found = cm.test_hypotheses(early, "H02", robust=False)
    assert found.data_sets["rows"].item() == (iraq.panel["period"] < "2006-01-01").sum()
    large = analysis_set("iraq", peak_at_least=500)
    said = cm.test_hypotheses(large, "H02", robust=False).data_sets["about"].item()
    assert said.endswith("; contingents that reached 500 persons only")


def test_columns_of_an_own_set_are_taken_as_they_stand():
    with pytest.warns(UserWarning, match="the set of iraq"):
        mine = analysis_set(cm.facts("iraq"))
    panel = mine.panel.assign(leader_change=np.arange(len(mine.panel)) % 2)
    found = cm.test_hypotheses(replace(mine, panel=panel), "H02", robust=False).table
    assert "taken from the panel as given: leader_change" in found["deviations"].item()


def test_sets_and_names_stand_in_one_order(iraq):
    order = asked([iraq, "leaders", "isaf"], outcome="early exit", cluster="state")
    assert [one if isinstance(one, str) else one.name for one in order] == [
        "iraq", "isaf", "leaders",
    ]  # fmt: skip


def test_a_set_that_cannot_be_had_is_untestable_for_its_reason():
    lost = absent_set(set_record("un"), "needs ipi-peacekeeping, not at hand")
    found = cm.test_hypotheses(lost, "H02", robust=False).table
    assert found["reason"].tolist() == ["needs ipi-peacekeeping, not at hand"]


def test_what_cannot_be_tested_is_refused_with_the_cure(iraq):
    facts = cm.facts("iraq")
    brings = replace(iraq, record=replace(iraq.record, given=True, name="un"),
                     choices=replace(iraq.choices, features=False))  # fmt: skip
    cases = [
        (facts.replace(members=None), {}, "the facts hold no members"),
        (cm.Facts(), {}, "no members and no coalitions"),
        (facts, {"outcome": "violation"}, "the event of facts is early exit"),
        (facts, {"outcome": "nonsense"}, "outcome must be one of early exit"),
        (facts, {"cluster": "region"}, "lacks the columns region"),
        (iraq, {"outcome": "violation"}, "its own outcome .early exit. and clusters .state."),
        (iraq, {"cluster": "coalition"}, "drop outcome= and cluster="),
        ([iraq, "iraq"], {}, "two sets are named iraq"),
        ([iraq, iraq], {}, "two sets are named iraq"),
        ([facts], {}, "a list of strings or AnalysisSets or a mapping .*, not list"),
        ({"mine": iraq}, {}, "a mapping .dict. of strings to pandas DataFrames or Facts"),
        (brings, {}, "analysis_set.'un'. has them"),
        ([], {}, "no data set named at all"),
    ]
    for given, options, message in cases:
        with pytest.raises(DataError, match=message):
            cm.test_hypotheses(given, "H02", robust=False, **options)
