"""Small tables whose answers were worked out on paper."""

from __future__ import annotations

import time
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import coalition_models as cm
from coalition_models.errors import CoalitionWarning
from coalition_models.qca.models import all_models
from coalition_models.qca.primes import covers, prime_implicants

qca = cm.qca


@pytest.fixture
def four():
    return pd.DataFrame(
        {"A": [0.9, 0.7, 0.2, 0.1], "B": [0.8, 0.3, 0.6, 0.2], "Y": [0.9, 0.6, 0.3, 0.1]},
        index=list("wxyz"),
    )


def test_rows_of_a_truth_table(four):
    """Row A*B: min(A,B) = .8 .3 .2 .1, with Y .8 .3 .2 .1: 1.4/1.4.

    Row A*~B: .2 .7 .2 .1 (1.2), with Y .2 .6 .2 .1 (1.1); with not-Y too .1 .4 .2 .1 (.8): PRI
    (1.1 - .8) / (1.2 - .8).
    """
    table = qca.truth_table(four, "Y", consistency_cut=0.9).table
    assert table["n"].tolist() == [1, 1, 1, 1]
    assert table["cases"].tolist() == ["z", "y", "x", "w"]
    assert table.loc[3, "consistency"] == pytest.approx(1)
    assert table.loc[2, "consistency"] == pytest.approx(1.1 / 1.2)
    assert table.loc[2, "pri"] == pytest.approx(0.3 / 0.4)
    assert table["out"].tolist() == ["0", "0", "1", "1"]


def test_a_solution_and_its_parameters(four):
    """A: sum 1.9, with Y .9 .6 .2 .1 = 1.8; Y sums to 1.9."""
    found = qca.minimise(qca.truth_table(four, "Y", consistency_cut=0.9))
    assert found.models == (("A",),)
    row = found.parameters.iloc[0]
    assert row[["consistency", "raw_coverage", "unique_coverage"]].tolist() == pytest.approx(
        [1.8 / 1.9, 1.8 / 1.9, 1.8 / 1.9]
    )
    assert found.uncovered() == []


def test_negated_outcome(four):
    found = qca.minimise(qca.truth_table(four, "~Y", consistency_cut=0.9))
    assert found.table.outcome == "~Y"
    assert found.expression == "~A"


def test_easy_and_difficult_counterfactuals():
    """Seen are 111, positive, and 000, negative.

    Parsimonious: A, B or C alone (three models). With A expected, from 111 only what is *against*
    the expectation can be dropped: nothing, as A is present. With A expected absent, 011 is easy
    where A is not needed: in models B and C.
    """
    seen = pd.DataFrame({"A": [1, 0], "B": [1, 0], "C": [1, 0], "Y": [1, 0]})
    table = qca.truth_table(seen, "Y")
    assert qca.minimise(table).expressions == ["A*B*C"]
    short = qca.minimise(table, "parsimonious")
    assert sorted(short.expressions) == ["A", "B", "C"]
    one = qca.minimise(table, "intermediate", expectations={"A": 1, "B": 1, "C": 1})
    assert one.expressions == ["A*B*C"]
    other = qca.minimise(table, "intermediate", expectations={"A": 0})
    assert sorted(other.expressions) == ["A*B*C", "B*C"]
    easy = dict(zip(other.expressions, other.easy, strict=True))
    assert easy == {"A*B*C": (), "B*C": (3,)}
    barred = qca.minimise(table, "parsimonious", exclude=["A*~B"])
    assert barred.expressions == ["B"]
    assert sorted(qca.minimise(table, "parsimonious", exclude=[4]).expressions) == ["B", "C"]


def test_model_ambiguity_lists_every_model():
    """The ring of six rows: two models of three terms and more with none to spare."""
    rows = pd.DataFrame(
        [[0, 0, 0], [0, 0, 1], [0, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 1]],
        columns=list("ABC"),
    ).assign(Y=[1, 1, 1, 1, 1, 1, 0, 0])
    table = qca.truth_table(rows, "Y")
    found = qca.minimise(table)
    assert {frozenset(m) for m in found.models} == {
        frozenset({"~A*~B", "B*C", "A*~C"}),
        frozenset({"~A*C", "A*B", "~B*~C"}),
    }
    every = qca.minimise(table, fewest=False)
    assert len(every.models) == 5
    assert {len(model) for model in every.models} == {3, 4}
    assert "2 models" in str(found)


def test_contradictory_rows_are_read_as_asked():
    seen = pd.DataFrame({"A": [1, 1, 1, 0, 0], "B": [1, 0, 0, 1, 0], "Y": [1, 1, 0, 0, 0]})
    table = qca.truth_table(seen, "Y", contradiction_cut=0.3)
    assert table.table["out"].tolist() == ["0", "0", "C", "1"]
    assert table.rows("C") == [2]
    assert qca.minimise(table).expression == "A*B"
    assert qca.minimise(table, contradictory="positive").expression == "A"
    assert qca.minimise(table, "parsimonious", contradictory="remainder").expression == "A"
    strict = qca.truth_table(seen, "Y", consistency_cut=0.5)
    assert strict.table.loc[2, "deviant"] == "2"


def test_frequency_and_pri_cuts(four):
    assert qca.truth_table(four, "Y", frequency_cut=2).table["out"].tolist() == ["R"] * 4
    with pytest.raises(cm.DataError, match="no row of the truth table is positive"):
        qca.minimise(qca.truth_table(four, "Y", frequency_cut=2))
    rows = qca.truth_table(four, "Y", pri_cut=0.8).table["out"].tolist()
    assert rows == ["0", "0", "0", "1"]


def test_sets_of_the_middle_and_of_the_ends():
    """Straight lines: halfway to a crossover is .25, halfway on from it .75."""
    x = [0, 1, 1.5, 2.5, 3, 4, 5.5, 6.5, 9]
    middle = qca.calibrate(x, [1, 2, 3, 4, 5, 7])
    assert middle.tolist() == pytest.approx([0, 0, 0.25, 0.75, 1, 1, 0.375, 0.125, 0])
    ends = qca.calibrate(x, [1, 2, 3, 4, 5, 7], ends=True)
    assert ends.tolist() == pytest.approx([1, 1, 0.75, 0.25, 0, 0, 0.625, 0.875, 1])
    curved = qca.calibrate([1.5, 2.5], [1, 2, 3], logistic=False, below=2, above=2)
    assert curved.tolist() == pytest.approx([0.125, 0.875])
    assert qca.calibrate(pd.Series([1, 5, np.nan]), [5]).tolist()[:2] == [0.0, 1.0]


def test_what_is_necessary(four):
    """A+B holds Y: its greater is .9 .7 .6 .2, sum 2.4. So does A+~B; A alone misses."""
    found = qca.supersets(four, "Y", consistency_cut=0.99)
    assert found.index.tolist() == ["A+B", "A+~B"]
    assert found.iloc[0].tolist() == pytest.approx([1, 1.9 / 2.4, 1.6 / 2.1])
    both = qca.supersets(four, "Y", consistency_cut=0.7)
    assert both.index.tolist()[0] == "A*B"
    assert qca.subsets(four, "Y", consistency_cut=0.94).index.tolist() == ["A"]


def test_kinds_of_cases(four):
    found = qca.xy_data("B", four, "Y")
    assert found["kind"].tolist() == [
        "typical",
        "deviant coverage",
        "deviant consistency",
        "irrelevant",
    ]
    other = qca.xy_data("B", four, "Y", relation="necessity")
    assert other["kind"].tolist() == [
        "typical",
        "deviant consistency",
        "irrelevant",
        "individually irrelevant",
    ]
    drawn = cm.plot.qca_xy("B", four, "Y")
    assert drawn.data["kind"].tolist() == found["kind"].tolist()


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from("10R"), min_size=8, max_size=8))
@example(list("11R00111"))
def test_models_are_those_found_by_trying_everything(out):
    """Three conditions: every subset of the terms that hold nothing forbidden is tried."""
    out = np.array(out)
    wanted, forbidden = (out == "1").reshape(2, 2, 2), (out == "0").reshape(2, 2, 2)
    if not wanted.any():
        return
    grid = np.array(list(product([0, 1], repeat=3)))
    every = np.array(list(product([-1, 0, 1], repeat=3)))
    held = covers(every, grid)
    fine = held[:, wanted.ravel()].any(axis=1) & ~held[:, forbidden.ravel()].any(axis=1)
    allowed = every[fine]
    prime = [
        term
        for term in allowed
        if not any(
            (other != term).any() and ((other == -1) | (other == term)).all() for other in allowed
        )
    ]
    primes = prime_implicants(wanted, forbidden)
    assert sorted(map(tuple, primes.tolist())) == sorted(tuple(t.tolist()) for t in prime)
    chart = covers(primes, grid[wanted.ravel()])
    for size in range(1, len(primes) + 1):
        full = [c for c in combinations(range(len(primes)), size) if chart[list(c)].any(0).all()]
        if full:
            assert all_models(chart) == full
            break
    spare = [
        c
        for size in range(1, len(primes) + 1)
        for c in combinations(range(len(primes)), size)
        if chart[list(c)].any(0).all()
        and not any(chart[[t for t in c if t != one]].any(0).all() for one in c)
    ]
    assert sorted(all_models(chart, fewest=False)) == sorted(spare)


def test_more_models_than_can_be_listed_are_told():
    chart = np.kron(np.eye(11, dtype=bool), np.ones((2, 1), dtype=bool))
    with pytest.warns(CoalitionWarning, match="more than 1000 models"):
        assert len(all_models(chart)) == 1000


def eight(seed):
    rng = np.random.default_rng(seed)
    near = rng.uniform(0, 0.15, (100, 8))
    x = pd.DataFrame(np.where(rng.random((100, 8)) < 0.5, near, 1 - near), columns=list("ABCDEFGH"))
    return x.assign(Y=np.maximum(np.minimum(x.A, x.B), np.minimum(1 - x.C, x.D)))


def test_eight_conditions_and_a_hundred_cases_take_less_than_a_second():
    data = eight(3)
    started = time.process_time()
    table = qca.truth_table(data, "Y", consistency_cut=0.75)
    long, short = qca.minimise(table), qca.minimise(table, "parsimonious")
    qca.minimise(table, "intermediate", expectations={"A": 1, "B": 1, "C": 0, "D": 1})
    assert time.process_time() - started < 1
    assert len(table.table) == 256
    assert len(short.models[0]) <= len(long.models[0])
