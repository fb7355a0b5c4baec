"""Randomised calendars: exact p-values, what is held, what is refused, size and its failure."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.errors import DataError
from coalition_models.inference.null_score import score_at_null
from coalition_models.sensitivity import randomise
from coalition_models.sensitivity.calendar_worlds import Moves, score_worlds
from coalition_models.sensitivity.calendars import calendars_of
from coalition_models.sensitivity.rebuilding import Rebuild

SPEC = cm.Specification("cox", "event ~ election_near", cluster="state")
MakeFacts = Callable[..., cm.Facts]


def near(panel: pd.DataFrame) -> pd.DataFrame:
    return cm.add_elections(panel, window=1)


@pytest.mark.parametrize("term", [6, pytest.param(12, marks=pytest.mark.slow)])
def test_every_world_is_looked_at_where_there_are_few(made_facts: MakeFacts, term: int) -> None:
    facts = made_facts([9, 14, 20], [9, 1, 0], term=term)
    kept = {"ESP": term, "PRT": term}
    some = facts.elections
    assert some is not None
    # the third state has one vote alone, so that no term is known of it
    some = pd.concat([some[some["cow"] != 290], some[some["cow"] == 290].tail(1)])
    found = randomise(
        SPEC, "election_near", facts.replace(elections=some), features=near, terms=kept, draws=200
    )
    assert found.exact
    assert len(found.draws) == term**2
    assert found.states.set_index("state")["held"].to_dict() == {
        "ESP": "", "PRT": "", "POL": "no term is known",
    }  # fmt: skip
    # by hand: worlds whose statistic is not smaller, the observed one among them
    size = found.draws["z"].fillna(0).abs()
    assert found.p_value == (size >= abs(found.z) - 1e-9).mean()
    assert (np.isclose(found.draws["z"], found.z)).any()


def test_the_worlds_of_a_shifted_world_are_the_same_worlds(made_facts: MakeFacts) -> None:
    """So that the p-value is exact: the observed world is one of equals."""
    facts = made_facts([10, 17], [2, 5], term=12)
    rebuild = Rebuild(SPEC, "election_near", near)
    calendars = calendars_of(facts, leaders=False)
    moves = Moves(np.array([230, 235]), np.array([12, 12]), np.zeros(2, dtype=np.int64), False)
    every = [np.array([a, b]) for a in range(12) for b in range(12)]
    here = score_worlds(rebuild, calendars, moves, every)
    other = calendars_of(calendars.shifted({230: 5, 235: 11}), leaders=False)
    there = score_worlds(rebuild, other, moves, every)
    assert here.put_together
    assert there.put_together
    assert np.allclose(np.sort(here.z), np.sort(there.z), equal_nan=True)
    assert np.array_equal(np.sort(here.exposed_events), np.sort(there.exposed_events))


@pytest.mark.parametrize("how", ["shift", "permute"])
def test_worlds_put_together_are_those_made_from_their_facts(voting: cm.Facts, how: str) -> None:
    rebuild = Rebuild(SPEC, "election_near", near)
    calendars = calendars_of(voting, leaders=False)
    states = calendars.states
    swap = how == "permute"
    group = np.arange(len(states)) % 2
    ways = np.full(len(states), 12) if not swap else np.bincount(group)[group]
    moves = Moves(states, ways, group, swap)
    rng = np.random.default_rng(1)
    draws = [moves.draw(rng) for _ in range(6)]
    scored = score_worlds(rebuild, calendars, moves, draws)
    for taken, z, exposed in zip(draws, scored.z, scored.exposed_events, strict=True):
        panel = rebuild.panel(moves.facts(calendars, taken))
        numbers = score_at_null(SPEC, "election_near", panel).numbers
        assert z == pytest.approx(numbers["z"], rel=1e-9)
        assert exposed == numbers["exposed_events"]


def test_what_moves_beside_the_term_is_made_anew(voting: cm.Facts) -> None:
    spec = cm.Specification("cloglog", "event ~ election_near + months_to_election",
                            cluster="state")  # fmt: skip
    found = randomise(spec, "election_near", voting, features=near, draws=8, leaders=False)
    calendars = calendars_of(voting, leaders=False)
    moves = Moves(calendars.states, np.full(12, 12), np.zeros(12, dtype=np.int64), False)
    order = [int(c) for c in found.states["cow"]]
    first = np.random.default_rng(np.random.SeedSequence(1).spawn(8)[0]).integers(0, 12, 12)
    taken = np.array([first[order.index(int(c))] for c in calendars.states])
    panel = Rebuild(spec, "election_near", near).panel(moves.facts(calendars, taken))
    z = score_at_null(spec, "election_near", panel).numbers["z"]
    assert found.draws["z"].iloc[0] == pytest.approx(z, rel=1e-9)


def test_the_result_says_what_it_rests_on() -> None:
    facts = cm.facts("iraq")
    one = randomise(SPEC, "election_near", facts, features=cm.add_elections, draws=30)
    held = one.states.set_index("state")["held"]
    assert held["GBR"] == "a snap vote"
    assert held["USA":"USA"].empty
    assert held["ESP"] == ""
    assert one.moved_exposed_events <= one.exposed_events == 3
    assert one.p_value >= 1 / 31
    assert "left as it is, a snap vote" in str(one)
    assert "exposed events" in one._repr_html_()
    assert f"{one.exposed_events} of 21" in one.summary


def test_exchanged_calendars_stay_in_their_group(voting: cm.Facts) -> None:
    groups = {"ESP": "a", "PRT": "a", "POL": "b"}
    found = randomise(SPEC, "election_near", voting, features=near, draws=9, how="permute",
                      groups=groups, leaders=False)  # fmt: skip
    held = found.states.set_index("state")["held"]
    assert held[["ESP", "PRT", "POL", "HUN"]].tolist() == [
        "", "", "alone in its group", "in no group",
    ]  # fmt: skip
    # two worlds are all there are
    assert found.exact
    assert len(found.draws) == 2
    assert any("leaders left as they are" in note for note in found.notes)


def test_misuse_names_the_culprit(voting: cm.Facts) -> None:
    cases = [
        ({"features": lambda p: p.assign(election_near=(p["stop"] > 4).astype(float))},
         "same under every calendar"),
        ({"features": near, "terms": {"XXX": 12}}, "XXX"),
        ({"features": near, "how": "both"}, "how must be one of"),
        ({"features": near, "groups": {"ESP": "a"}, "how": "permute"}, "no state's calendar"),
        ({"features": lambda p: cm.add_elections(p, facts=cm.Facts(
            elections=voting.elections.assign(date=lambda e: e["date"] + pd.Timedelta(days=99))))},
         "is not what the calendars of these facts give|same under every"),
    ]  # fmt: skip
    for given, words in cases:
        with pytest.raises(DataError, match=words):
            randomise(SPEC, "election_near", voting, draws=3, **given)


def _simulated(
    made_facts: MakeFacts, rng: np.random.Generator, *, effect: float = 0.0, follow: bool = False
) -> cm.Facts:
    """States that leave at random, or more often near a vote, or call a vote as they leave."""
    count, term = 14, 12
    phases = rng.integers(0, term, count)
    ahead = (phases[:, None] - np.arange(60)) % term
    leaves = rng.random((count, 60)) < 0.05 * np.exp(effect * (ahead <= 1))
    stay = np.where(leaves.any(axis=1), leaves.argmax(axis=1) + 1, 60)
    if follow:
        phases = np.where(rng.random(count) < 0.6, stay % term, phases)
    return made_facts(stay.tolist(), phases.tolist(), term, leaves=leaves.any(axis=1).tolist())


@pytest.mark.slow
def test_size_is_exact_on_simulated_phases_and_fails_where_exits_bring_elections(
    made_facts: MakeFacts,
) -> None:
    rates = {}
    for name, given in {"null": {}, "effect": {"effect": 2.0}, "follow": {"follow": True}}.items():
        rng = np.random.default_rng(7)
        runs = 120 if name == "null" else 25
        hits = []
        for _ in range(runs):
            facts = _simulated(made_facts, rng, **given)
            found = randomise(SPEC, "election_near", facts, features=near, draws=39,
                              leaders=False)  # fmt: skip
            hits.append(found.p_value <= 0.1)
        rates[name] = np.mean(hits)
    assert rates["null"] <= 0.1 + 3 * np.sqrt(0.1 * 0.9 / 120)
    assert rates["effect"] > 0.6
    assert rates["follow"] > 0.4
