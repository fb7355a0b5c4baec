"""Missions by their totals, by hand; simulated coalitions whose hollowing is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.hollow_rule import HollowRule
from coalition_models.designs.mission_hollowing import mission_hollowing
from coalition_models.errors import DataError

MONTHS = pd.date_range("2000-01-31", periods=60, freq="ME")


def mission(name, flags, troops):
    return pd.DataFrame(
        {"mission": name, "date": MONTHS[: len(flags)], "n_contributors": flags, "troops": troops}
    )


def test_hollow_collapsed_wound_up_and_renamed():
    table = pd.concat(
        [
            mission("hollow", [10] * 60, [1000] * 30 + [400] * 30),
            mission("fell", [12] * 40 + [4] * 20, [1000] * 60),
            mission("closed", [10] * 30, [1000] * 22 + [300] * 8),
            mission("small", [10] * 60, [50] * 30 + [10] * 30),
        ]
    )
    found = mission_hollowing(table).set_index("mission")
    assert f"{found.loc['hollow', 'hollow']:%Y-%m}" == "2002-07"
    assert f"{found.loc['fell', 'collapsed']:%Y-%m}" == "2003-05"
    # its fall lies within the last twelve months of a mission that ended
    assert found.loc["closed", "ended"]
    assert found.loc["closed", ["hollow", "collapsed"]].isna().all()
    assert not found.loc["small", "judged"]
    assert found.loc["small", "hollow"] is None
    two = pd.concat(
        [mission("old", [12] * 40, [1000] * 40), mission("new", [12] * 60, [1000] * 60)[40:]]
    )
    two.loc[two["mission"] == "new", "n_contributors"] = 4
    joined = mission_hollowing(two, renamed={"old": "new"})
    assert joined["renaming"].tolist() == [True]
    with pytest.raises(DataError, match="old is there twice in 2000-01"):
        mission_hollowing(pd.concat([two, two]))
    with pytest.raises(DataError, match="lacks troops"):
        mission_hollowing(two.drop(columns="troops"))


def coalition(seed, every):
    """Twelve partners of whom most cut in one month; lists of strength every so many months."""
    rng = np.random.default_rng(seed)
    months = pd.date_range("2010-01-01", "2015-12-01", freq="MS")
    cut = int(rng.integers(14, 50))
    states = ["USA", "GBR", "FRA", "POL", "ESP", "ITA", "NLD", "DNK", "NOR", "PRT", "HUN", "ROU"]
    sizes = rng.integers(200, 2000, len(states))
    left = np.where(rng.random(len(states)) < 0.85, 0.15, 1.0)
    rows = []
    for at, state in enumerate(states):
        begin = int(rng.integers(0, every))
        for month in sorted({0, *range(begin, len(months), every)}):
            share = left[at] if state != "USA" and month >= cut else 1.0
            rows.append((state, months[month], int(sizes[at] * share)))
    strength = sizes[1:].sum()
    hollow = (sizes[1:] * left[1:]).sum() <= 0.5 * strength
    members = pd.DataFrame({
        "coalition": "x", "state": states, "entry": "2010-01-01", "exit": "2016-12-31",
        "exit_kind": ["leader", *["mission_end"] * 11],
    })  # fmt: skip
    table = pd.DataFrame(rows, columns=["state", "date", "troops"]).assign(coalition="x")
    about = pd.DataFrame({
        "coalition": ["x"], "start": ["2010-01-01"], "mandate_end": ["2016-12-31"],
        "lead_state": ["USA"],
    })  # fmt: skip
    return cm.Facts(members=members, coalitions=about, troops=table), months[
        cut
    ] if hollow else None


@pytest.mark.slow
@pytest.mark.parametrize(("every", "least"), [(1, 0.99), (6, 0.9), (12, 0.9)])
def test_known_hollowing_lies_between_the_readings(every, least):
    """Share of 30 coalitions whose month lies between the earliest and the latest reading."""
    held, late, count = 0, [], 0
    for seed in range(30):
        facts, right = coalition(seed, every)
        if right is None:
            continue
        rows = cm.hollowing(facts, rule=HollowRule(lasting=1)).verdicts
        rows = rows[rows["rule"] == "as given"].set_index("strengths")["hollow"]
        known = [month for month in rows if month is not None]
        count += 1
        held += bool(known) and min(known) <= right <= max(known)
        if rows["last"] is not None:
            late.append((rows["last"].to_period("M") - right.to_period("M")).n)
    assert count > 20
    assert held / count >= least
    # strengths read as in the last list lag behind, never ahead
    assert min(late) >= 0
