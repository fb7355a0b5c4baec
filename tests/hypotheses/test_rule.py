"""The rule of verdicts: two tests, events enough, little effect, outright or not, counted once."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.cells import ORDER
from coalition_models.hypotheses.counting import Reach, counted_once, reach_of, share_events
from coalition_models.hypotheses.rule import judge, strength, verdict_rule
from coalition_models.inference.exposure import Exposure, exposure_of, too_few

NAN = float("nan")


@pytest.mark.parametrize(
    ("sign", "estimate", "p_values", "verdict"),
    [
        ("+", 0.7, (0.049, 0.049), "supported"),
        ("+", -0.7, (0.049, 0.049), "contradicted"),
        ("-", -0.7, (0.049, 0.049), "supported"),
        ("-", 0.7, (0.049, 0.049), "contradicted"),
        ("any", 0.7, (0.049, 0.049), "supported"),
        ("any", -0.7, (0.049, 0.049), "supported"),
        ("+", 0.7, (0.05, 0.01), "inconclusive"),
        ("+", 0.7, (0.01, 0.05), "inconclusive"),
        ("+", 0.7, (NAN, 0.01), "inconclusive"),
        ("+", 0.7, (0.01, NAN), "inconclusive"),
        ("+", 0.7, (), "inconclusive"),
    ],
)
def test_both_tests_must_be_small(sign, estimate, p_values, verdict):
    wide = (estimate - 2, estimate + 2)
    assert judge(sign, estimate, p_values, wide, undecided="", level=0.95) == verdict
    few = judge(sign, estimate, p_values, wide, undecided="9 events", level=0.95)
    assert few == "inconclusive"


def test_little_effect_is_an_interval_within_its_bounds():
    def given(low, high, p=0.4, undecided=""):
        return judge("+", 0.0, [p, p], (np.log(low), np.log(high)), undecided=undecided, level=0.95)

    assert given(0.67, 1.49) == "little effect"
    assert given(0.66, 1.49) == given(0.67, 1.51) == "inconclusive"
    assert given(0.9, 1.1, undecided="8 events") == "inconclusive"
    # a small effect that both tests find is found
    assert judge("+", 0.2, [0.01, 0.01], (0.1, 0.3), undecided="", level=0.95) == "supported"
    assert given(NAN, NAN) == "inconclusive"


def test_the_rule_follows_the_level():
    wide = (-1.0, 2.0)
    assert judge("+", 0.7, [0.08, 0.08], wide, undecided="", level=0.9) == "supported"
    assert judge("+", 0.7, [0.04, 0.04], wide, undecided="", level=0.99) == "inconclusive"
    assert "both tests have p < 0.1;" in verdict_rule(0.9)


def test_the_rule_stands_in_the_documentation(root):
    page = (root / "docs" / "verdicts.md").read_text(encoding="utf-8").replace("\n> ", "\n")
    assert " ".join(verdict_rule().split()) in " ".join(page.split())


def test_events_enough_on_either_side():
    assert too_few(9, None) == "9 events are fewer than 10"
    assert too_few(10, None) == ""
    assert too_few(400, Exposure(5, 5, 395, 20)) == ""
    assert too_few(400, Exposure(9, 4, 391, 20)).startswith("9 exposed events in 4 clusters")
    assert too_few(9, Exposure(5, 5, 4, 4)).startswith("4 unexposed events in 4 clusters")
    assert exposure_of(np.array([0.0, 1, 2]), np.ones(3), np.arange(3)) is None
    assert exposure_of(np.array([1.0, 1, 1]), np.ones(3), np.arange(3)) is None


def table(*rows):
    """Lines of the table with what is counted by."""
    given = [
        {"formula": f"event ~ {term}", "term": term, "estimate": estimate, **more}
        for term, estimate, more in rows
    ]
    frame = pd.DataFrame(given).assign(reason="", own_cases=lambda d: d.get("own_cases", ""))
    frame["own_cases"] = frame["own_cases"].fillna("")
    for name in ORDER:
        if name not in frame.columns:
            frame[name] = np.nan
    return frame


def line(claim, data_set, p, verdict="supported", **more):
    return {"claim": claim, "data_set": data_set, "p_value": p, "verdict": verdict, **more}


IRAQ = Reach(frozenset({"230"}), frozenset({("230", 2004)}))
WARS = Reach(frozenset({"230"}), frozenset({("230", 1939)}))
NEAR = Reach(frozenset({"230"}), frozenset({("230", 2005)}))


def test_outright_by_q_or_by_two_sets_that_share_no_events():
    rows = table(
        ("x", 0.5, line("H02", "iraq", 0.04)),
        ("y", 0.1, line("H09", "iraq", 0.6, "inconclusive")),
        ("x", 0.4, line("H02", "wars", 0.03)),
        ("z", 0.3, line("H01", "wars", 0.045)),
    )
    found, family = counted_once(rows, 0.05, {"iraq": IRAQ, "wars": WARS})
    assert family == {"iraq": 2, "wars": 2}
    assert found["q_value"].round(3).tolist() == [0.08, 0.6, 0.045, 0.045]
    assert found["discovery"].tolist() == [False, False, True, True]
    assert found["strength"].tolist() == ["outright", "", "outright", "outright"]
    shared, _ = counted_once(rows, 0.01, {"iraq": IRAQ, "wars": NEAR})
    assert shared["strength"].tolist() == ["p only", "", "p only", "p only"]
    apart, _ = counted_once(rows, 0.01, {"iraq": IRAQ, "wars": WARS})
    assert apart["strength"].tolist() == ["outright", "", "outright", "p only"]
    unknown, _ = counted_once(rows, 0.01, {"iraq": IRAQ, "wars": Reach(frozenset(), None)})
    assert set(unknown["strength"]) == {"p only", ""}


def test_a_verdict_the_other_way_bears_nothing_out():
    rows = table(
        ("x", 0.5, line("H02", "iraq", 0.04)),
        ("x", -0.4, line("H02", "wars", 0.04, "contradicted")),
    )
    found, _ = counted_once(rows, 0.01, {"iraq": IRAQ, "wars": WARS})
    assert found["strength"].tolist() == ["p only", "p only"]
    assert strength("inconclusive", discovery=True, elsewhere=True) == ""


def test_own_cases_are_not_counted_and_bear_nothing_out():
    own = {"own_cases": "an article"}
    rows = table(
        ("x", 0.5, line("H02", "iraq", 0.04)),
        ("x", 0.4, line("H02", "wars", 0.001, **own)),
    )
    found, _ = counted_once(rows, 0.01, {"iraq": IRAQ, "wars": WARS})
    assert found["counted"].tolist() == [True, False]
    assert found["strength"].tolist() == ["p only", "outright"]


def test_one_coefficient_of_one_set_counts_once():
    rows = table(
        ("x", 0.5, line("H17", "wars", 0.04, "contradicted")),
        ("x", 0.5, line("H18", "wars", 0.04)),
        ("x", 0.5, line("H18", "iraq", 0.04)),
        ("y", 0.5, line("H19", "wars", 0.02)),
    )
    found, family = counted_once(rows, 0.05, {"iraq": IRAQ, "wars": WARS})
    assert found["same_as"].tolist() == ["", "H17", "", ""]
    assert found["counted"].tolist() == [True, False, True, True]
    assert family == {"wars": 2, "iraq": 1}
    assert found["q_value"].tolist() == pytest.approx([0.04, 0.04, 0.04, 0.04])


def test_events_in_common_are_of_one_state_within_a_year(iraq, isaf):
    assert share_events(IRAQ, NEAR)
    assert not share_events(IRAQ, WARS)
    reach = reach_of(iraq)
    assert len(reach.events) == iraq["event"].sum()
    assert len(reach.states) == iraq["cow"].nunique()
    assert share_events(reach, reach)
    assert reach_of(iraq.drop(columns="period")).events is None
    assert reach_of(pd.DataFrame({"event": [1]})) == Reach(frozenset(), None)


def test_both_p_values_stand_in_the_table(pulses):
    panel = pulses(60, effect=1.2)
    found = cm.test_hypotheses(panel, "H02", robust=False)
    (row,) = found.table.to_dict("records")
    fit = cm.cox("event ~ leader_change", panel, cluster="state", variance="jackknife")
    side = cm.inference.few_clusters(fit).table.iloc[0]
    assert row["p_jackknife"] == pytest.approx(side["p_jackknife"])
    assert row["p_wild"] == side["p_wild"]
    assert row["largest_share"] == side["largest_share"]
    assert row["exposed_events"] == side["exposed_events"]
    text = str(found)
    assert "CR3" in text
    assert "a tool for planning" in " ".join(text.split())
    with pytest.raises(cm.DataError, match="draws must be 0 or more"):
        cm.test_hypotheses(panel, "H02", draws=-1)


def test_of_two_ways_to_cluster_the_larger_p_counts(pulses):
    panel = pulses(60, effect=1.2)
    panel = panel.assign(coalition="c" + panel["state"].str[-1])
    both = cm.test_hypotheses(panel, "H02", robust=False, cluster=["state", "coalition"]).table
    single = [
        cm.test_hypotheses(panel, "H02", robust=False, cluster=name).table
        for name in ("state", "coalition")
    ]
    for name in ("p_jackknife", "p_wild"):
        assert both[name].item() == pytest.approx(max(one[name].item() for one in single))
