"""Runs: failures are rows, order and numbers do not depend on the number of workers."""

from __future__ import annotations

from functools import partial

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import coalition_models as cm
from coalition_models.errors import CoverageError, DataError, FitError, FormulaError, warn
from coalition_models.inference.caution import estimate_term
from coalition_models.sensitivity.choices import Dimension, Setting, Skip
from coalition_models.sensitivity.running import run

TIES = Dimension.of("ties", ["efron", "breslow"])


def until(months, setting):
    return setting.replace(panel=setting.rows[setting.rows["stop"] <= months])


def nothing(setting):
    return setting.replace(panel=setting.rows.assign(event=0))


def small(setting):
    return Skip("as large as all") if setting.chosen["rows"] == "all" else setting


ROWS = Dimension("rows", {"all": lambda s: s, "two years": partial(until, 24), "no exit": nothing})


def estimate(setting):
    found = estimate_term(setting.rows, "risk", ties=setting["ties"], limits=False)
    return {"estimate": found.estimate, "p_value": found.p_value, "events": found.events}


@pytest.fixture(scope="module")
def panel():
    return cm.simulate_panel(members=50, hazard=0.02, coefficients={"risk": 0.8}, seed=4)


def test_every_combination_is_a_row_and_failures_say_why(panel):
    found = run(Setting(panel=panel), [ROWS, TIES], estimate, blank={"events": 0})
    table = found.table
    assert list(table.columns) == ["rows", "ties", "estimate", "p_value", "events", "problem"]
    assert table["rows"].tolist() == ["all"] * 2 + ["two years"] * 2 + ["no exit"] * 2
    assert table["problem"].ne("").tolist() == [False] * 4 + [True] * 2
    assert table["problem"].iloc[-1].startswith("no event in the rows")
    assert table["events"].tolist()[-2:] == [0, 0]
    assert table["estimate"].isna().tolist() == [False] * 4 + [True] * 2
    by_hand = estimate_term(panel.query("stop <= 24"), "risk", ties="breslow")
    assert table.loc[3, "estimate"] == pytest.approx(by_hand.estimate)
    assert "2 without a result" in repr(found)


@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_nothing(panel, workers):
    size = Dimension("size", {"all": lambda s: s, "small": small})
    base, dimensions = Setting(panel=panel), [ROWS, size, TIES]
    one = run(base, dimensions, estimate)
    many = run(base, dimensions, estimate, workers=workers)
    assert_frame_equal(one.table, many.table, check_exact=True)
    assert_frame_equal(one.skipped, many.skipped)
    assert one.skipped[["rows", "size", "reason"]].to_numpy().tolist() == [
        ["all", "small", "as large as all"]
    ]
    assert len(one.table) == 10


def test_a_new_dimension_is_one_function(panel):
    """The recipe: whatever can be said of a setting is a dimension."""

    def without(state, setting):
        rows = setting.rows
        return setting.replace(panel=rows[rows["state"] != state])

    states = list(dict.fromkeys(panel["state"]))[:3]
    left_out = Dimension("left out", {state: partial(without, state) for state in states})
    found = run(Setting(panel=panel), [left_out, TIES], estimate)
    assert found.table["left out"].tolist() == [state for state in states for _ in range(2)]
    for state in states:
        by_hand = estimate_term(panel[panel["state"] != state], "risk")
        row = found.table.query("`left out` == @state and ties == 'efron'")
        assert row["estimate"].tolist() == pytest.approx([by_hand.estimate])
    moved = found.moves().set_index("dimension")
    assert moved.loc["left out", "pairs"] == 6
    assert moved.loc["ties", "pairs"] == 3
    assert found.pairs().query("choice == 'ties'")["flips"].tolist() == [0]


def test_an_estimate_with_several_rows_keeps_them_together(panel):
    found = run(Setting(panel=panel), [TIES], both_terms)
    assert found.table[["ties", "term"]].to_numpy().tolist() == [
        ["efron", "risk"], ["efron", "age"], ["breslow", "risk"], ["breslow", "age"],
    ]  # fmt: skip
    assert found.span(by="term")["combinations"].tolist() == [2, 2]
    assert found.pairs(by=["term"])["pairs"].tolist() == [2]


def both_terms(setting):
    frame = setting.rows.assign(age=pd.factorize(setting.rows["state"])[0] % 5)
    return cm.cox("event ~ risk + age", frame, ties=setting["ties"]).tidy()


@pytest.mark.parametrize("error", [DataError, FormulaError, ValueError, CoverageError])
def test_mistakes_are_raised_and_named_and_only_the_failures_stated_are_rows(error):
    def fails(setting):
        raise error("wrong")

    if error is CoverageError:
        assert run(Setting(), [TIES], fails).table["problem"].tolist() == ["wrong"] * 2
    with pytest.raises(error, match="wrong") as caught:
        run(Setting(), [TIES], fails, failures=(FitError,))
    assert caught.value.__notes__ == ["in the combination ties efron"]


def test_a_combination_is_never_lost():
    empty = run(Setting(), [TIES], lambda setting: pd.DataFrame({"term": []}))
    assert empty.table["problem"].tolist() == ["the estimate has no row"] * 2
    own = run(Setting(), [TIES], lambda setting: {"n": 3, "problem": "does not vary"})
    assert own.table["n"].tolist() == [3, 3]
    assert own.table["problem"].tolist() == ["does not vary"] * 2


def test_warnings_are_given_once():
    def told(setting):
        warn("the window is short")
        return {"n": 1}

    with pytest.warns(cm.CoalitionWarning, match="the window is short") as caught:
        found = run(Setting(), [TIES], told)
    assert len(caught) == 1
    assert found.notes == ("the window is short",)


def test_wrong_estimates_are_refused():
    with pytest.raises(DataError, match="called like dimensions: ties"):
        run(Setting(), [TIES], lambda setting: {"ties": 1})
    with pytest.raises(DataError, match="mapping of names to results"):
        run(Setting(), [TIES], lambda setting: 3)
