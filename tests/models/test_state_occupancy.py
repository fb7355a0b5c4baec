"""Shares of members by state: against R, by hand and by property."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.models.after.occupancy import state_occupancy

FIXTURE = json.loads(
    (Path(__file__).resolve().parent.parent / "fixtures" / "r" / "competing.json").read_text()
)
MOVES = pd.DataFrame(FIXTURE["moves"])
STATES = ["full", "reduced", "out"]


def ordered():
    return MOVES.assign(
        **{name: pd.Categorical(MOVES[name], categories=STATES) for name in ("from", "to")}
    )


@pytest.mark.parametrize(("case", "options"), [("own", {}), ("fixed", {"initial": {"full": 1.0}})])
def test_against_r(case, options):
    expected = FIXTURE["occupancy"][case]
    found = state_occupancy(ordered(), id="member", **options)
    assert list(found.states) == expected["states"] == STATES
    for place, (_, ours) in enumerate(found.table.groupby("state", sort=False)):
        theirs = {
            name: np.array([np.nan if row[place] == "NA" else row[place] for row in values])
            for name, values in expected.items()
            if name in ("share", "std_error", "low", "high", "at_risk")
        }
        np.testing.assert_allclose(ours["time"], expected["time"])
        np.testing.assert_allclose(ours["at_risk"], np.where(place == 2, 0, theirs["at_risk"]))
        np.testing.assert_allclose(ours["occupancy"], theirs["share"], rtol=1e-10)
        np.testing.assert_allclose(ours["std_error"], theirs["std_error"], rtol=1e-9)
        np.testing.assert_allclose(ours["conf_low"], theirs["low"].astype(float), rtol=1e-9)
        np.testing.assert_allclose(ours["conf_high"], theirs["high"].astype(float), rtol=1e-9)
    np.testing.assert_allclose(found.initial["occupancy"], expected["initial"])


@pytest.mark.parametrize("initial", [None, {"full": 1.0}])
@pytest.mark.parametrize("cluster", [None, "land"])
def test_errors_are_the_jackknife_of_the_weighted_shares(initial, cluster, jackknife_of_weights):
    """Each member or cluster gets a little more and a little less weight, also where all begin."""
    number = pd.factorize(MOVES["member"])[0]
    rows = MOVES.assign(weight=1 + number % 4 / 2, land=number % 7)
    options = {"id": "member", "weights": "weight", "initial": initial}

    def shares(data: pd.DataFrame) -> np.ndarray:
        return state_occupancy(data, **options).table["occupancy"].to_numpy()

    errors = jackknife_of_weights(rows, cluster or "member", shares)
    found = state_occupancy(rows, cluster=cluster, **options).table["std_error"]
    known = found.notna().to_numpy()
    np.testing.assert_allclose(found[known], errors[known], rtol=1e-5, atol=1e-9)
    assert known.sum() > len(found) / 2


def test_by_hand():
    # Four are full. At 1 one leaves (3/4 stay), at 2 one of three is reduced, at 3 that one comes
    # back: 1/2 full, 1/4 reduced, 1/4 out; then 3/4 full again.
    data = pd.DataFrame(
        [
            ("A", 0, 1, "full", "out"),
            ("B", 0, 2, "full", "less"),
            ("B", 2, 3, "less", "full"),
            ("B", 3, 4, "full", "full"),
            ("C", 0, 4, "full", "full"),
            ("D", 0, 4, "full", "full"),
        ],
        columns=["who", "start", "stop", "from", "to"],
    )
    found = state_occupancy(data, id="who")
    wide = found.table.pivot_table("occupancy", "time", "state")
    np.testing.assert_allclose(wide["full"], [3 / 4, 1 / 2, 3 / 4])
    np.testing.assert_allclose(wide["less"], [0, 1 / 4, 0])
    np.testing.assert_allclose(wide["out"], [1 / 4, 1 / 4, 1 / 4])
    error = found.table.query("state == 'out'")["std_error"]
    np.testing.assert_allclose(error, np.sqrt(3 / 4 * 1 / 4 / 4))  # a share of four
    assert found.moves["moves"].tolist() == [1, 1, 1]
    assert found.initial["occupancy"].tolist() == [1, 0, 0]
    assert repr(found) == "<StateOccupancy of full, less, out: 3 moves>"


def test_with_one_way_out_of_each_kind_it_is_cumulative_incidence():
    late = pd.DataFrame(FIXTURE["late"]).assign(now="in")
    late["to"] = late["kind"].map({0: "in", 1: "one", 2: "two"})
    options = {"id": "member", "weights": "weight", "cluster": "state", "by": "group"}
    states = state_occupancy(late, origin="now", **options).table
    curves = cm.cumulative_incidence(late, "kind", **options).table
    ours = states[states["state"] != "in"].reset_index(drop=True)
    np.testing.assert_allclose(ours["occupancy"], curves["incidence"], atol=1e-12)
    np.testing.assert_allclose(ours["std_error"], curves["std_error"], atol=1e-12)


def test_shares_add_up_in_any_order_of_rows_and_merged():
    found = state_occupancy(MOVES, id="member", cluster="state")
    total = found.table.groupby("time")["occupancy"].sum()
    np.testing.assert_allclose(total, 1.0, rtol=1e-12)
    again = state_occupancy(MOVES.sample(frac=1, random_state=2), id="member", cluster="state")
    pd.testing.assert_frame_equal(found.table, again.table)
    run = (MOVES["from"] != MOVES.groupby("member")["from"].shift()).cumsum()
    merged = (
        MOVES.assign(run=run)
        .groupby(["member", "run"], as_index=False)
        .agg({"start": "min", "stop": "max", "from": "first", "to": "last", "state": "first"})
    )
    pd.testing.assert_frame_equal(
        found.table,
        state_occupancy(merged, id="member", cluster="state").table,
        check_dtype=False,
    )


def test_at_chosen_times():
    found = state_occupancy(ordered(), id="member")
    at = found.at([0, 24])
    assert at["time"].tolist() == [0, 24] * 3
    np.testing.assert_allclose(at["occupancy"].iloc[::2], found.initial["occupancy"])
    grouped = state_occupancy(MOVES.assign(g=MOVES["state"] % 2), "g", id="member")
    assert len(grouped.at([0, 5])) == 2 * 2 * 3
    assert "<table" in grouped._repr_html_()


def test_a_group_without_moves_stays_as_it_began():
    still = MOVES.assign(g="moving")
    quiet = MOVES[MOVES["from"] == "full"].iloc[:1].assign(member=-1, to="full", g="still")
    found = state_occupancy(pd.concat([still, quiet]), "g", id="member")
    at = found.at([5]).query("group == 'still'")
    assert dict(zip(at["state"], at["occupancy"], strict=True)) == {
        "full": 1.0,
        "out": 0.0,
        "reduced": 0.0,
    }


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        ({"to": None}, {}, "of states is missing"),
        ({"to": "full", "from": "full"}, {}, "no move"),
        ({}, {"initial": {"full": 0.5}}, "add up to 1"),
        ({}, {"initial": {"gone": 1.0}}, "add up to 1 of the states full, out, reduced"),
        ({}, {"origin": "nothing"}, "no such column"),
        ({}, {"interval": "logit"}, "interval must be one of"),
    ],
)
def test_refusals(change, options, message):
    with pytest.raises((DataError, cm.FormulaError), match=message):
        state_occupancy(MOVES.assign(**change), id="member", **options)


def test_jumps_between_states_are_refused():
    wrong = MOVES.assign(**{"from": np.where(MOVES["start"] == 3, "reduced", MOVES["from"])})
    with pytest.raises(DataError, match="begin in another state"):
        state_occupancy(wrong, id="member")
