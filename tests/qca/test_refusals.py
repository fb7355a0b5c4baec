"""What is no set is refused by name, and what must be known of a result is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import CoalitionWarning

qca = cm.qca


@pytest.fixture
def cases():
    return pd.DataFrame(
        {"A": [0.9, 0.7, 0.2, 0.1], "B": [0.8, 0.3, 0.6, 0.2], "Y": [0.9, 0.6, 0.3, 0.1]},
        index=list("wxyz"),
    )


def test_tables_that_are_no_sets(cases, not_refused):
    one = {
        "outside": cases.assign(A=[1.2, 0.7, 0.2, 0.1]),
        "below": cases.assign(A=[-0.2, 0.7, 0.2, 0.1]),
        "outcome": cases.assign(Y=[1.9, 0.7, 0.2, 0.1]),
        "many": cases.assign(A=[250, 3, 17, 40]),
        "constant": cases.assign(A=0.9),
        "nothing": cases.assign(Y=[0.1, 0.2, 0.3, 0.1]),
        "everything": cases.assign(Y=[0.6, 0.7, 0.8, 0.9]),
        "text": cases.assign(A=list("abcd")),
        "twice": cases.set_axis(list("wxxz")),
        "name": cases.rename(columns={"A": "A b"}),
        "few": cases.head(1),
        "endless": cases.assign(A=[np.inf, 0.2, 0.3, 0.4]),
    }
    told = {
        "outside": "'A' must be membership between 0 and 1.*w 1.2",
        "below": "'A' must be membership.*w -0.2",
        "outcome": "'Y' must be membership.*w 1.9",
        "many": "'A' reaches 250.*calibrate",
        "constant": "'A' is 0.9 for every case.*leave it out",
        "nothing": "outcome 'Y' is above .5 for none",
        "everything": "outcome 'Y' is below .5 for none",
        "text": "'A' does not hold numbers",
        "twice": "x stands more than once",
        "name": "cannot stand in an expression.*A b",
        "few": "1 case without a missing value",
        "endless": "'A' (must be membership|reaches inf)",
    }
    assert not_refused(told, lambda name: qca.truth_table(one[name], "Y"), cm.DataError) == []


def test_choices_that_make_no_sense(cases, not_refused):
    table = qca.truth_table(cases, "Y")
    calls = {
        "no column 'Z'": lambda: qca.truth_table(cases, "Z"),
        "named more than once": lambda: qca.truth_table(cases, "Y", ["A", "A"]),
        "not the string 'A'": lambda: qca.truth_table(cases, "Y", "A"),
        "consistency_cut must be": lambda: qca.truth_table(cases, "Y", consistency_cut=1.2),
        "contradiction_cut must be": lambda: qca.truth_table(cases, "Y", contradiction_cut=0.9),
        "pri_cut must be": lambda: qca.truth_table(cases, "Y", pri_cut=2.0),
        "frequency_cut must be": lambda: qca.truth_table(cases, "Y", frequency_cut=0),
        "needs expectations": lambda: qca.minimise(table, "intermediate"),
        "no use in a conservative": lambda: qca.minimise(table, expectations={"A": 1}),
        "'Z', which is no condition": lambda: qca.minimise(
            table, "intermediate", expectations={"Z": 1}
        ),
        "must be one of 0 to 1": lambda: qca.minimise(table, "intermediate", expectations={"A": 2}),
        "there is no row 9": lambda: qca.minimise(table, exclude=[9]),
        "are no remainders: 3": lambda: qca.minimise(table, exclude=[3]),
        "is no set": lambda: qca.membership("A*(B+C)", cases),
        "no condition 'Q'": lambda: qca.membership("Q", cases),
        "kind must be one of": lambda: qca.minimise(table, "complex"),
        "contradictory must be one of": lambda: qca.minimise(table, contradictory="drop"),
        "relation must be": lambda: qca.xy_data("A", cases, "Y", relation="cause"),
        "one, three or six": lambda: qca.calibrate([1.0, 2.0], [1, 2]),
        "must all rise or all fall": lambda: qca.calibrate([1.0, 2.0], [1, 3, 2]),
        "six anchors must rise": lambda: qca.calibrate([1.0, 2.0], [1, 3, 2, 4, 5, 6]),
        "needs six anchors": lambda: qca.calibrate([1.0, 2.0], [1, 2, 3], ends=True),
        "inclusion must be": lambda: qca.calibrate([1.0, 2.0], [0, 2.5, 3], inclusion=0.4),
        "infinite values": lambda: qca.calibrate(pd.Series([1, np.inf]), [0, 2.5, 3]),
    }
    assert not_refused({key: key for key in calls}, lambda key: calls[key](), cm.DataError) == []


def test_cases_on_the_crossover_are_named(cases):
    with pytest.warns(CoalitionWarning, match=r"1 case has membership .5 exactly"):
        qca.calibrate([20, 50, 80], [20, 50, 80])
    with pytest.warns(CoalitionWarning, match=r"in no row of the truth table: x \(A\)"):
        table = qca.truth_table(cases.assign(A=[0.9, 0.5, 0.2, 0.1]), "Y")
    assert table.table["n"].sum() == 3


def test_missing_values_are_counted_and_kept_in_the_result(cases):
    with pytest.warns(CoalitionWarning, match="1 case is left out for a missing value in B: z"):
        table = qca.truth_table(cases.assign(B=[0.8, 0.3, 0.6, np.nan]), "Y")
    assert table.dropped == ("z",)
    assert "1 left out for missing values" in str(table)
    assert qca.membership("A*B", cases.assign(B=[0.8, 0.3, 0.6, np.nan])).isna().tolist() == [
        False, False, False, True,
    ]  # fmt: skip


def test_a_condition_on_one_side_is_told(cases):
    with pytest.warns(CoalitionWarning, match="'A' is never below .5"):
        qca.truth_table(cases.assign(A=[0.9, 0.7, 0.8, 0.6]), "Y")


def test_remainders_explain_nothing_where_nothing_is_negative(cases):
    rows = cases.assign(Y=[0.9, 0.8, 0.6, 0.3])
    table = qca.truth_table(rows, "Y", consistency_cut=0.5)
    with pytest.raises(cm.DataError, match="every row of the truth table is positive"):
        qca.minimise(table)
    some = qca.truth_table(cases.drop("z"), "Y", consistency_cut=0.6)
    assert set(some.table["out"]) == {"1", "R"}
    assert qca.minimise(some).expressions == ["A + B"]
    with pytest.raises(cm.DataError, match="no row of the truth table is negative"):
        qca.minimise(some, "parsimonious")
