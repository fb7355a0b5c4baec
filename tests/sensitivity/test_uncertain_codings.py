"""Kinds are drawn by spell; codings that are certain give the fit as coded."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.sensitivity import coding_uncertainty
from coalition_models.sensitivity.drawn_codings import (
    MISTAKEN_FOR,
    codings_of,
    measured_error,
)

SPEC = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")
KEY = ["coalition", "state", "spell"]


def elections(panel: pd.DataFrame) -> pd.DataFrame:
    return cm.add_elections(panel, window=2)


def fitted(facts: cm.Facts, **kinds: str) -> pd.Series:
    members = facts.members
    for state, kind in kinds.items():
        here = (members["state"] == state) & (members["spell"] == 1)
        members = members.assign(exit_kind=members["exit_kind"].mask(here, kind))
    panel = elections(cm.build_panel(facts.replace(members=members)))
    return cm.fit(SPEC, panel).tidy().set_index("term").loc["election_near"]


def test_certain_codings_give_the_fit_as_coded() -> None:
    facts = cm.facts("unosom2")
    sure = facts.members[facts.members["exit_kind"].ne("leader")]
    chances = sure[[*KEY, "exit_kind"]].assign(chance=1.0)
    found = coding_uncertainty(
        SPEC, "election_near", facts, features=elections, chances=chances, error=(0, 0), draws=4
    )
    own = fitted(facts)
    assert found.combined.between == 0
    assert found.combined.estimate == own["estimate"]
    assert found.combined.std_error == pytest.approx(own["std_error"], rel=1e-12)
    assert found.combined.p_value == pytest.approx(own["p_value"], rel=1e-9)
    assert found.draws["recoded"].tolist() == [0] * 4
    assert found.spells.empty
    assert found.cases["recoded"].tolist() == [0] * 4


def test_spells_have_their_two_codings_and_others_the_error_measured() -> None:
    facts = cm.facts("iraq")
    assert measured_error(facts, None) == (1, 30)
    coded = codings_of(facts, 0.5, None)
    alternatives = facts.members["exit_kind_alt"]
    assert set(coded.two) == set(np.flatnonzero(alternatives.notna()))
    rng = np.random.default_rng(1)
    drawn = np.array([coded.draw(rng, 1, 30) for _ in range(4000)])
    other = drawn != coded.kinds
    contested = alternatives.notna().to_numpy()
    assert other[:, contested].mean() == pytest.approx(0.5, abs=0.01)
    open_to_error = ~contested & np.isin(coded.kinds, list(MISTAKEN_FOR))
    # the mean of a Beta with 1.5 and 29.5
    assert other[:, open_to_error].mean() == pytest.approx(1.5 / 31, abs=0.005)
    assert not other[:, ~contested & ~open_to_error].any()
    for row in np.flatnonzero(contested):
        assert set(drawn[:, row]) == {coded.kinds[row], alternatives[row]}
    # one error per draw: spells of one draw are wrong together more often than by chance
    counts = other[:, open_to_error].sum(axis=1)
    share = counts.mean() / open_to_error.sum()
    assert counts.var() > 1.3 * open_to_error.sum() * share * (1 - share)


@pytest.mark.slow
def test_spells_alone_and_extreme_cases_are_refits_by_hand() -> None:
    facts = cm.facts("unosom2")
    found = coding_uncertainty(SPEC, "election_near", facts, features=elections, draws=2)
    row = found.spells.iloc[0]
    state, spell = row["spell"].split()[1].rsplit("-", 1)
    assert spell == "1"
    by_hand = fitted(facts, **{state: row["other"]})
    assert row["estimate"] == pytest.approx(by_hand["estimate"], rel=1e-9)
    cases = found.cases.set_index("case")
    assert cases.loc["as coded", "estimate"] == found.naive["estimate"]
    assert cases.loc["all other", "recoded"] == len(found.spells)
    assert not cases.loc["lowest", "estimate"] > found.naive["estimate"]
    assert not cases.loc["highest", "estimate"] < found.naive["estimate"]
    assert "two codings" in repr(found)


def test_the_tipping_point_turns_the_significance_and_one_fewer_does_not() -> None:
    facts = cm.facts("unosom2")
    found = coding_uncertainty(SPEC, "election_near", facts, features=elections, draws=2)
    assert found.naive["p_value"] < 0.05
    ways = found.tipping.set_index("way")
    assert list(ways.index) == ["early to scheduled", "scheduled to early"]
    for way, line in ways[ways["recoded"].notna()].iterrows():
        other = str(way).split(" to ")[1]
        named = [one.split()[1].rsplit("-", 1) for one in line["spells"].split(", ")]
        assert len(named) == line["recoded"]
        assert {spell for _, spell in named} == {"1"}
        states = [state for state, _ in named]
        assert fitted(facts, **dict.fromkeys(states, other))["p_value"] == pytest.approx(
            line["p_value"], rel=1e-6
        )
        assert line["p_value"] >= 0.05
        if len(states) > 1:
            assert fitted(facts, **dict.fromkeys(states[:-1], other))["p_value"] < 0.05


@pytest.mark.slow
def test_nothing_depends_on_the_workers_or_on_the_number_of_draws() -> None:
    arguments = {"features": elections, "seed": 2}
    facts = cm.facts("unosom2")
    one = coding_uncertainty(SPEC, "election_near", facts, draws=8, workers=1, **arguments)
    two = coding_uncertainty(SPEC, "election_near", facts, draws=5, workers=2, **arguments)
    pd.testing.assert_frame_equal(one.draws.head(5), two.draws, check_exact=True)


def test_what_cannot_be_a_chance_is_refused() -> None:
    facts = cm.facts("unosom2")
    base = facts.members.head(1)[KEY]
    own = facts.replace(members=facts.members.assign(exit=facts.members["exit"]))
    for arguments, words in [
        ({"contested": 1.2}, "chance between"),
        ({"error": (3, 2)}, "3 wrong of 2"),
        ({"chances": base}, "lacks the columns"),
        ({"chances": base.assign(exit_kind="early", chance=0.4)}, "sum to one"),
        ({"chances": base.assign(exit_kind="left", chance=1.0)}, "unknown kinds"),
        ({"chances": base.assign(state="XXX", exit_kind="early", chance=1.0)}, "do not hold"),
    ]:
        with pytest.raises(cm.DataError, match=words):
            coding_uncertainty(SPEC, "election_near", facts, **arguments)
    assert own is not facts
    with pytest.raises(cm.DataError, match="no members"):
        coding_uncertainty(SPEC, "election_near", cm.Facts())


def test_facts_of_ones_own_need_an_error() -> None:
    mine = cm.Facts(
        members=pd.DataFrame(
            {
                "coalition": "mali",
                "state": ["FRA", "TCD"],
                "entry": ["2013-01-11"] * 2,
                "exit": ["2014-07-31", "2013-05-15"],
                "exit_kind": ["leader", "early"],
            }
        ),
        coalitions=pd.DataFrame(
            {
                "coalition": ["mali"],
                "start": ["2013-01-11"],
                "mandate_end": ["2014-07-31"],
                "lead_state": ["FRA"],
            }
        ),
    )
    with pytest.raises(cm.DataError, match="error="):
        coding_uncertainty(SPEC, "election_near", mine)
