"""Worlds of dates keep what is known; where every date is a day nothing is added."""

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.inference.imputed import rubin
from coalition_models.sensitivity import date_uncertainty
from coalition_models.sensitivity.drawn_dates import FIELDS, date_bounds
from coalition_models.sensitivity.rebuilding import Rebuild, _together

SPEC = cm.Specification("cox", "event ~ election_near", cluster="state", variance="jackknife")


def elections(panel: pd.DataFrame) -> pd.DataFrame:
    return cm.add_elections(panel, window=2)


def days_only(facts: cm.Facts) -> cm.Facts:
    members = facts.members.drop(columns=[f"{name}_precision" for name in FIELDS])
    return facts.replace(members=members.drop(columns=["entry_confidence", "exit_confidence"]))


def test_where_every_date_is_a_day_the_draws_add_nothing() -> None:
    found = date_uncertainty(
        SPEC, "election_near", days_only(cm.facts("unosom2")), features=elections, draws=5
    )
    fit = cm.fit(SPEC, elections(cm.build_panel(days_only(cm.facts("unosom2")))))
    own = fit.tidy().set_index("term").loc["election_near"]
    assert found.combined.between == 0
    assert found.combined.estimate == found.naive["estimate"] == own["estimate"]
    assert found.combined.std_error == pytest.approx(own["std_error"], rel=1e-12)
    assert found.combined.degrees == found.naive["clusters"] - 1
    assert found.dates.empty
    assert found.bounds.empty
    assert "0 dates" in found.notes[0]
    assert not any("towards none" in note for note in found.notes)


def test_the_estimate_over_the_draws_is_that_of_the_worlds_one_by_one() -> None:
    facts = cm.facts("unosom2")
    found = date_uncertainty(SPEC, "election_near", facts, features=elections, draws=6, seed=3)
    bounds = date_bounds(facts, cm.load("joint_exits"))
    estimates, errors = [], []
    for seed in np.random.SeedSequence(3).spawn(6):
        world = bounds.facts_at(bounds.draw(np.random.default_rng(seed)))
        own = cm.fit(SPEC, elections(cm.build_panel(world))).tidy().set_index("term")
        estimates.append(own.loc["election_near", "estimate"])
        errors.append(own.loc["election_near", "std_error"])
    panel = elections(cm.build_panel(facts))
    clusters = panel.loc[panel["election_near"].notna(), "state"].nunique()
    by_hand = rubin(estimates, errors, degrees=clusters - 1)
    assert found.draws["estimate"].tolist() == pytest.approx(estimates, rel=1e-12)
    assert found.combined.estimate == pytest.approx(by_hand.estimate, rel=1e-12)
    assert found.combined.p_value == pytest.approx(by_hand.p_value, rel=1e-9)
    assert found.verdicts.sum() == pytest.approx(1)
    assert any("towards none" in note for note in found.notes)


@pytest.mark.parametrize(
    "name",
    ["unosom2", *(pytest.param(n, marks=pytest.mark.slow) for n in ("iraq", "isaf", "sfor"))],
)
def test_worlds_keep_precision_order_and_what_was_decided_together(name: str) -> None:
    facts, joint = cm.facts(name), cm.load("joint_exits")
    bounds = date_bounds(facts, joint)
    assert (bounds.first <= bounds.last)[bounds.known].all()
    rng = np.random.default_rng(1)
    for _ in range(20):
        days = bounds.draw(rng)
        inside = (days >= bounds.first) & (days <= bounds.last)
        assert inside[bounds.known].all()
        assert (days[~bounds.uncertain] == bounds.main[~bounds.uncertain])[
            bounds.known[~bounds.uncertain]
        ].all()
        first = days[bounds.before[:, 0], bounds.before[:, 1]]
        assert (first <= days[bounds.after[:, 0], bounds.after[:, 1]]).all()
        world = bounds.facts_at(days)
        cm.build_panel(world, coalitions=[name])
    if name == "unosom2":
        west = world.members.set_index("state").loc[["NOR", "SWE", "TUN", "TUR"]]
        assert west["exit_precision"].eq("day").all()
        march = facts.members.set_index("state").loc[west.index, "exit"].dt.to_period("M")
        for month in march.unique():
            assert len(set(west.loc[march == month, "exit"])) == 1


def test_exits_stay_on_their_side_of_the_mandate() -> None:
    bounds = date_bounds(cm.facts("iraq"))
    end = cm.facts("iraq").coalitions["mandate_end"].iloc[0]
    last = bounds.last[:, 2].astype("datetime64[D]").astype("datetime64[ns]")
    before = (bounds.members["exit"] <= end).to_numpy() & bounds.known[:, 2]
    assert (last[before] <= end.to_numpy()).all()


def test_panels_made_together_are_those_made_alone() -> None:
    bounds = date_bounds(cm.facts("isaf"), cm.load("joint_exits"))
    rng = np.random.default_rng(5)
    worlds = [bounds.facts_at(bounds.draw(rng)) for _ in range(5)]

    def features(panel: pd.DataFrame) -> pd.DataFrame:
        return panel.pipe(cm.add_elections).pipe(cm.add_contagion).pipe(cm.add_casualties)

    rebuild = Rebuild(SPEC, "election_near", features)
    together = _together(rebuild, worlds)
    assert together is not None
    for panel, world in zip(together, worlds, strict=True):
        pd.testing.assert_frame_equal(panel, rebuild.panel(world), check_dtype=False)
    named = Rebuild(SPEC, "x", lambda p: p.assign(x=(p["coalition"] == "isaf") * 1.0))
    assert _together(named, worlds) is None
    centred = Rebuild(SPEC, "x", lambda p: p.assign(x=p["stop"] - p["stop"].mean() + len(p)))
    assert _together(centred, worlds) is None


def test_low_confidence_is_bounds_and_the_widest_date_comes_first() -> None:
    found = date_uncertainty(
        SPEC, "election_near", cm.facts("unosom2"), features=elections, draws=2
    )
    assert found.bounds["world"].tolist() == ["all earliest", "all latest", "their spells left out"]
    assert found.bounds.loc[2, "events"] == found.naive["events"] - 1
    assert found.dates["swing"].is_monotonic_decreasing
    assert found.dates.loc[0, "spell"] == "unosom2 BWA-1"
    assert "unosom2 IRL-1" in found.dates.loc[0, "together"]
    text = repr(found)
    assert "Whose date matters most" in text
    assert "exposed events" in text


def test_nothing_depends_on_the_workers() -> None:
    arguments = {"features": elections, "draws": 4, "seed": 2, "whose": False}
    one, two = (
        date_uncertainty(SPEC, "election_near", cm.facts("unosom2"), workers=n, **arguments)
        for n in (1, 2)
    )
    pd.testing.assert_frame_equal(one.draws, two.draws, check_exact=True)


def test_worlds_without_an_estimate_are_counted() -> None:
    found = date_uncertainty(
        SPEC, "election_near", cm.facts("isaf"), features=elections, draws=2, whose=False
    )
    assert found.combined is None
    assert found.verdicts["not estimated"] == 1
    assert found.draws["problem"].str.contains("separation").all()
    assert (found.draws["z"] < 0).all()
    assert any("2 draws without an estimate" in note for note in found.notes)
    assert any("0 exposed events in 0 clusters" in note for note in found.notes)


def test_what_cannot_be_drawn_is_refused() -> None:
    facts = cm.facts("iraq")
    with pytest.raises(cm.DataError, match="draws"):
        date_uncertainty(SPEC, "election_near", facts, draws=1)
    with pytest.raises(cm.DataError, match="cluster"):
        date_uncertainty(cm.Specification("cox", "event ~ risk"), "risk", facts)
    with pytest.raises(cm.DataError, match="no members"):
        date_uncertainty(SPEC, "election_near", cm.Facts())


def test_a_decision_that_is_not_known_lies_before_the_departure():
    """One early exit in Iraq has no announcement: it is drawn, and else dated by departure."""
    facts = cm.facts("iraq")
    bounds = date_bounds(facts, lead=200)
    assert not date_bounds(facts).undated.any()
    members = bounds.members
    (at,) = np.flatnonzero(bounds.undated)
    assert members["state"].iloc[at] == "ARM"
    assert bounds.last[at, 1] - bounds.first[at, 1] == 200
    assert bounds.how_known(np.array([at]), 1) == "not at all"
    # as it stands: the same panel as without a range
    same = cm.build_panel(bounds.facts_at(bounds.main), exit_date="announced")
    plain = cm.build_panel(facts, exit_date="announced")
    pd.testing.assert_frame_equal(same[["state", "period", "event"]],
                                  plain[["state", "period", "event"]])  # fmt: skip
    rng = np.random.default_rng(1)
    days = np.array([bounds.draw(rng) for _ in range(20)])
    assert (days[:, at, 1] <= days[:, at, 2]).all()
    assert len(set(days[:, at, 1])) > 10
    # an earlier departure takes the decision that is not known with it
    where = np.zeros(bounds.known.shape, dtype=bool)
    where[at, 2] = True
    moved = bounds.moved(where, bounds.main - 30)
    assert moved[at].tolist()[1:] == [bounds.main[at, 2] - 30] * 2
