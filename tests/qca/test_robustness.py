"""Ranges and the robust core, on tables worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm

qca = cm.qca


@pytest.fixture
def plan():
    """A leads to Y; A is raw. Above the crossover are 7 and 9, below it 1 and 3."""
    data = pd.DataFrame({"A": [9.0, 7.0, 3.0, 1.0], "B": [1, 0, 1, 0], "Y": [1, 1, 0, 0]})
    return qca.Analysis(data, "Y", ["A", "B"], anchors={"A": [5]}, consistency_cut=0.8)


def test_ranges_of_a_crisp_condition(plan):
    """A crisp A is the same for any anchor above 3 and up to 7; step .25.

    Every row is of one case and wholly consistent: any consistency cut gives A, and a second case
    in each row there is not.
    """
    found = qca.robust_ranges(plan, step=1 / 32, cut_step=0.05)
    row = found.loc["A crossover"]
    assert row[["value", "lower", "upper", "step"]].tolist() == [5, 3.25, 7, 0.25]
    assert row[["below", "above"]].tolist() == ["another solution", "another solution"]
    cut = found.loc["consistency cut"]
    assert cut[["lower", "upper"]].tolist() == pytest.approx([0.05, 1.0])
    assert cut[["below", "above"]].tolist() == ["end of the scale", "end of the scale"]
    frequency = found.loc["frequency cut"]
    assert frequency[["lower", "upper"]].tolist() == [1, 1]
    assert frequency["above"] == "no solution"


def test_the_consistency_range_ends_where_a_row_changes(plan):
    """Two cases in row A*~B, one without the outcome: consistency .5 up to and with that cut."""
    more = pd.concat([plan.data, pd.DataFrame({"A": [8.0], "B": [0], "Y": [0]}, index=["n"])])
    other = plan.change(data=more.set_axis(list("abcde")))
    assert other.solve().expression == "A*B"
    found = qca.robust_ranges(other, cut_step=0.1).loc["consistency cut"]
    assert found["lower"] == pytest.approx(0.6)
    assert found["below"] == "another solution"


def test_anchors_do_not_cross(plan):
    three = plan.change(anchors={"A": [2, 5, 8]})
    found = qca.robust_ranges(three, step=1 / 8, most=5)
    assert found.loc["A exclusion", "upper"] < 5
    assert found.loc["A inclusion", "lower"] > 5
    assert found.loc["A crossover", "below"] == "another solution"


def members(x, y, names="abcd"):
    """The solution X of one condition, whatever its consistency."""
    data = pd.DataFrame({"X": x, "Y": y}, index=list(names))
    table = qca.truth_table(data, "Y", consistency_cut=0.2, contradiction_cut=0.0)
    return qca.Solution("conservative", (("X",),), ((),), table)


def test_the_robust_core_by_hand():
    """Initial X .9 .8 .3 .6; alternatives .9 .4 .3 .7 and .8 .6 .6 .2; Y 1 1 1 0.

    Least .8 .4 .3 .2, most .9 .6 .6 .7, core .8 .4 .3 .2 (sum 1.7, in Y 1.5).
    Consistency: 2.0/2.6 of X over 1.5/1.7; coverage 1.5 over 2.0. Overlap with least 1.7/2.6; with
    most (.9 + .6 + .3 + .6) / (.9 + .8 + .6 + .7).
    Case a is robust; b shaky (.8, least .4); c possible (.3, most .6); d shaky.
    """
    y = [1, 1, 1, 0]
    start = members([0.9, 0.8, 0.3, 0.6], y)
    others = [members([0.9, 0.4, 0.3, 0.7], y), members([0.8, 0.6, 0.6, 0.2], y)]
    core = qca.robust_core(start, others)
    assert core.fit == pytest.approx(
        {
            "consistency": (2.0 / 2.6) / (1.5 / 1.7),
            "coverage": 1.5 / 2.0,
            "overlap_least": 1.7 / 2.6,
            "overlap_most": 2.4 / 3.0,
        }
    )
    assert core.cases["kind"].tolist() == ["robust", "shaky", "possible", "shaky"]
    assert (core.typical, core.deviant, core.rank) == (pytest.approx(1 / 3), 0.0, 4)
    assert "1 robust, 2 shaky, 1 possible; rank 4 of 4" in str(core)


def test_every_alternative_counts():
    """The middle one of three alone is different: the core must show it."""
    y = [1, 1, 1, 0]
    same, other = members([0.9, 0.8, 0.3, 0.1], y), members([0.2, 0.8, 0.9, 0.1], y)
    assert qca.robust_core(same, [same, same]).rank == 1
    found = qca.robust_core(same, [same, other, same])
    assert found.fit["overlap_least"] == pytest.approx((0.2 + 0.8 + 0.3 + 0.1) / 2.1)
    assert found.rank == 4


def test_alternatives_of_other_cases_are_refused():
    y = [1, 1, 1, 0]
    one, other = members([0.9, 0.8, 0.3, 0.1], y), members([0.9, 0.8, 0.3, 0.1], y, "abce")
    with pytest.raises(cm.DataError, match="alternative 0 is of other cases"):
        qca.robust_core(one, [other])
    with pytest.raises(cm.DataError, match="needs one alternative"):
        qca.robust_core(one, [])
