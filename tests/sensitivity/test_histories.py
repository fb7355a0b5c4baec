"""Exchanges keep whole histories, groups and what has gaps."""

import numpy as np
import pandas as pd

from coalition_models.sensitivity.histories import (
    Exchange,
    Worlds,
    complete_histories,
    worlds_of,
)

STATES = ["ESP", "ITA", "POL", "UKR"]
PERIODS = list(pd.date_range("2004-01-01", periods=5, freq="MS"))
GRID = pd.DataFrame(np.arange(20.0).reshape(4, 5), index=STATES, columns=PERIODS)


def test_permuted_histories_stay_whole_and_in_their_group() -> None:
    groups = {"ESP": "old", "ITA": "old", "POL": "new", "UKR": "new"}
    worlds = worlds_of(STATES, Exchange(groups=groups), draws=40, seed=1)
    rows = pd.DataFrame([(s, p) for s in STATES for p in PERIODS], columns=["state", "period"])
    found = worlds.exposures(GRID, rows["state"], rows["period"])
    for draw in found.T:
        lines = draw.reshape(4, 5)
        assert {tuple(line) for line in lines[:2]} == {tuple(x) for x in GRID.to_numpy()[:2]}
        assert {tuple(line) for line in lines[2:]} == {tuple(x) for x in GRID.to_numpy()[2:]}
    assert len({tuple(draw) for draw in found.T}) == 4


def test_shifted_histories_are_turned_round() -> None:
    worlds = worlds_of(STATES, Exchange("shift", {"ESP": "a", "POL": "a"}), draws=60, seed=1)
    found = worlds.exposures(GRID, np.repeat(STATES, 5), PERIODS * 4)
    for draw in found.T:
        lines = draw.reshape(4, 5)
        assert lines[1].tolist() == GRID.loc["ITA"].tolist()
        turned = [np.roll(GRID.loc["ESP"], -k).tolist() for k in range(5)]
        assert lines[0].tolist() in turned
    assert worlds.draws == 60


def test_incomplete_histories_keep_their_own() -> None:
    grid = GRID.copy()
    grid.iloc[1, 2] = np.nan
    groups = complete_histories(grid)
    assert sorted(groups) == ["ESP", "POL", "UKR"]
    assert complete_histories(grid, {"ESP": "x", "ITA": "x"}) == {"ESP": "x"}
    worlds = worlds_of(STATES, Exchange(groups=groups), draws=10, seed=1)
    found = worlds.exposures(grid, ["ITA"] * 5, PERIODS)
    assert all(np.isnan(found[2]))
    assert (found[0] == 5.0).all()


def test_a_world_of_ones_own() -> None:
    same = Worlds(tuple(STATES), np.arange(4)[None, :], None)
    assert same.exposures(GRID, ["POL"], [PERIODS[3]]).tolist() == [[13.0]]
