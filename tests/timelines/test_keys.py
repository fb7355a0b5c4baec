"""Large state and spell numbers: two states never share a key."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.record import with_panel
from coalition_models.timelines.given import facts_beside
from coalition_models.timelines.keys import shared_codes
from coalition_models.timelines.roster import roster


def test_codes_are_alike_where_all_values_are():
    some, others = shared_codes(
        [pd.Series(["x", "y", "y"]), np.array([2500, 1500, 10**12])],
        [pd.Series(["y", "x", "x", "y"]), np.array([1500, 1500, 2500, 10**12])],
    )
    equal = some[:, None] == others[None, :]
    np.testing.assert_array_equal(equal, [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]])


def test_codes_stay_apart_and_small_with_many_keys():
    rng = np.random.default_rng(1)
    columns = [rng.integers(0, 10**15, 2000) for _ in range(4)]
    some, others = shared_codes([c[:1000] for c in columns], [c[1000:] for c in columns])
    assert len(np.unique(np.concatenate([some, others]))) == 2000
    assert max(some.max(), others.max()) < 10**12
    again = shared_codes(columns, columns)
    np.testing.assert_array_equal(*again)


def _panel(numbers):
    rows = pd.DataFrame(
        {
            "coalition": np.repeat(list("xy"), 4),
            "state": np.repeat(["A", "B"], 4),
            "cow": np.repeat(numbers, 4),
            "spell": 1,
            "period": list(pd.date_range("2004-01-01", periods=4, freq="MS")) * 2,
            "entry": pd.Timestamp("2004-01-01"),
            "start": list(range(4)) * 2,
        }
    )
    with_panel(rows, {"period": "month", "clock": "entry"})
    return rows


# with a thousand numbers per coalition x/1500 and y/2500 were one state
@pytest.mark.parametrize("numbers", [(1500, 2500), (2500, 1500), (1001, 2001)])
def test_deaths_of_one_state_are_not_another_s(numbers):
    losses = pd.DataFrame(
        {
            "coalition": ["y"],
            "cow": [numbers[1]],
            "date": [pd.Timestamp("2004-01-10")],
            "deaths": [7],
        }
    )
    months = dict.fromkeys("xy", ("2004-01", "2004-12"))
    panel = _panel(numbers)
    out = cm.add_casualties(panel, facts=facts_beside(panel, deaths=losses, coverage=months))
    assert out["deaths_12m"].tolist() == [0, 0, 0, 0, 0, 7, 7, 7]
    assert out["partner_deaths_cumulative"].tolist() == [0] * 8
    assert out["coalition_trend"].tolist() == [0] * 5 + [7 / 12] * 3
    spells = panel[["coalition", "cow", "spell"]].drop_duplicates()
    spells = spells.assign(entry=panel["period"].min(), exit=pd.NaT, exit_kind="ongoing")
    known = facts_beside(panel, deaths=losses, coverage=months, members=spells)
    risk = cm.add_risk(panel, facts=known)
    assert risk["partner_deaths_12m"].tolist() == [0] * 8


@pytest.mark.parametrize("step", [100_000, 1_000_000])
def test_exits_of_one_state_are_not_another_s(step):
    """Members of two coalitions whose numbers differ by a round number."""
    members = pd.DataFrame(
        {
            "coalition": ["x", "x", "y"],
            "cow": [325, 2 * step + 325, step + 325],
            "spell": 1,
            "entry": pd.Timestamp("2003-01-01"),
            "exit": pd.to_datetime(["2003-06-01", "2005-06-01", "2003-05-01"]),
            "exit_kind": "early",
            "peak_troops": 100.0,
        }
    )
    panel = _panel((2 * step + 325, step + 325))
    troops = pd.DataFrame(
        {
            "coalition": ["x"],
            "cow": [2 * step + 325],
            "date": pd.to_datetime(["2003-02-01"]),
            "troops": [9],
        }
    )
    out = cm.add_contagion(panel, facts=facts_beside(panel, members=members, troops=troops))
    assert out["earlier_defectors"].tolist() == [1] * 4 + [0] * 4
    strengths = cm.add_commitment(panel, facts=facts_beside(panel, troops=troops, members=members))[
        "troops"
    ]
    assert strengths.tolist()[:4] == [9] * 4
    assert strengths[4:].isna().all()


def test_the_position_of_a_spell_with_a_large_number():
    members = pd.DataFrame(
        {
            "coalition": "x",
            "cow": [2, 1],
            "spell": [1, 1001],
            "entry": pd.Timestamp("2003-01-01"),
            "exit": pd.Timestamp("2005-01-01"),
            "exit_kind": "early",
        }
    )
    rows = pd.DataFrame({"coalition": "x", "cow": [1, 2, 1], "spell": [1001, 1, 1]})
    assert roster(members, {"one"}).positions(rows).tolist() == [1, 0, -1]
