"""Counts and rates of the bundled coalitions that others have made."""

from __future__ import annotations

import numpy as np
import pytest

import coalition_models as cm


@pytest.fixture(scope="module")
def members():
    return cm.load("participation")


@pytest.mark.parametrize(
    ("name", "events", "states", "rate"),
    [("iraq", 21, 39, 15.3), ("isaf", 8, 50, 1.6), ("rsm", 4, 39, 1.7)],
)
def test_exits_per_hundred_years_of_membership(members, name, events, states, rate):
    panel = cm.build_panel(members, coalitions=[name])
    assert (panel["event"].sum(), panel["state"].nunique()) == (events, states)
    assert 1200 * events / len(panel) == pytest.approx(rate, abs=0.05)
    total = cm.describe_panel(panel).loc["total"]
    assert total["events"] == events


@pytest.mark.parametrize(
    ("name", "rule", "kinds", "states"),
    [
        ("iraq", "mcinnis-coded",
         {"full": 21, "partial_cut": 11, "caveat": 3, "relocation": 1}, 25),
        ("isaf", "mcinnis-coded", {"full": 8, "caveat": 3}, 9),
        ("iraq", "mcinnis", {"full": 16, "partial_cut": 2, "caveat": 3, "relocation": 1}, 19),
        ("isaf", "mcinnis", {"full": 5, "caveat": 3}, 6),
    ],
)  # fmt: skip
def test_defections_by_form(members, name, rule, kinds, states):
    both = members[members["coalition"].isin(["iraq", "isaf"])]
    profile = cm.operational_profile(both)
    coded = cm.code_defections(both, profile, cm.load("profile_changes"), rule=rule)
    mine = coded[coded["coalition"] == name]
    assert mine["kind"].value_counts().to_dict() == kinds
    assert mine["state"].nunique() == states


@pytest.mark.parametrize(
    ("month", "flags", "persons", "without_britain"),
    [("2004-07-01", 31, 24_936, 13_936), ("2008-07-01", 21, 10_892, 5_892)],
)
def test_flags_and_persons_of_a_month(members, month, flags, persons, without_britain):
    profile = cm.operational_profile(members.query("coalition == 'iraq'"))
    there = profile[(profile["period"] == month) & profile["present"]]
    there = there[there["state"] != "USA"].set_index("state")["troops"]
    assert (there.index.nunique(), there.sum()) == (flags, persons)
    assert there.drop("GBR").sum() == without_britain


@pytest.mark.parametrize("variance", ["jackknife", "cluster"])
def test_decisions_to_leave_around_elections(members, variance):
    """9 of 21 decisions fall in a tenth of member-months; the ratio of hazards is 6.1."""
    spells = members.query("coalition == 'iraq'")
    panel = cm.build_panel(spells, exit_date="announced")
    panel = cm.add_elections(panel, window=2, as_of="end")
    near = (panel["election_near"] == 1) | (panel["post_election"] == 1)
    panel["around"] = near.astype(float)
    assert panel.loc[panel["event"] == 1, "around"].sum() == 9
    assert panel["around"].mean() == pytest.approx(0.10, abs=0.015)
    fit = cm.cox("event ~ around", panel, cluster="state", variance=variance)
    assert np.exp(fit.coefficients[0]) == pytest.approx(6.1, abs=0.05)
    assert fit.tidy()["p_value"].iloc[0] < 0.002
    again = cm.cox("event ~ around", panel.sample(frac=1, random_state=2), cluster="state")
    np.testing.assert_allclose(again.coefficients, fit.coefficients, rtol=1e-9)


@pytest.mark.parametrize("left_out", ["AUS", "ESP", "UKR", "POL", "PRT"])
def test_decisions_around_elections_without_one_state(members, left_out):
    """Whoever is left out, z stays at 3.87 or more."""
    spells = members.query("coalition == 'iraq' and state != @left_out")
    panel = cm.build_panel(spells, exit_date="announced")
    panel = cm.add_elections(panel, window=2, as_of="end")
    near = (panel["election_near"] == 1) | (panel["post_election"] == 1)
    fit = cm.cox("event ~ around", panel.assign(around=near.astype(float)), cluster="state")
    assert fit.coefficients[0] / fit.std_errors[0] >= 3.87
