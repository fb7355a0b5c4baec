"""A feature of which nothing is known is told, with a cure, or refused; never empty in silence."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import coalition_models as cm

#: builder -> words of the warning, where it gives columns all the same
TOLD = {
    "add_elections": "missing in every row: .*election_near.*(fetch|Facts)",
    "add_leadership": "missing in every row: .*leader_change.*(fetch|Facts)",
    "add_contagion": r"missing in every row: lead_below_peak.*Facts\(troops=",
    "add_alliance": "missing in every row: lead_defence_pact.*fetch",
    "add_capability": "missing in every row: .*cinc.*fetch cow-capabilities",
    "add_preferences": r"missing in every row: ideal_point.*Facts\(states=",
}
REFUSED = {
    "add_casualties": r"hold none.*Facts\(\.\.\., deaths=",
    "add_risk": r"hold none.*Facts\(\.\.\., deaths=",
    "add_commitment": r"hold none.*Facts\(\.\.\., troops=",
}


@pytest.mark.parametrize("name", TOLD)
def test_columns_missing_in_every_row_are_one_warning(africans, nothing, name):
    panel = cm.build_panel(africans())
    with pytest.warns(cm.CoalitionWarning) as told:
        out = getattr(cm, name)(panel)
    (text,) = [str(w.message) for w in told]
    assert re.search(f"{name}: {TOLD[name]}", text, flags=re.DOTALL)
    new = [column for column in out.columns if column not in panel.columns]
    empty = {column for column in new if out[column].isna().all()}
    listed = re.search(r"missing in every row: ([\w, ]+?)( \(|\.|;)", text)
    assert listed
    assert set(listed.group(1).split(", ")) == empty
    reasons = re.findall(r"[\w-]+ not at hand", text)
    assert len(reasons) == len(set(reasons))


@pytest.mark.parametrize("name", REFUSED)
def test_facts_that_a_builder_cannot_do_without_are_asked_for(africans, nothing, name):
    panel = cm.build_panel(africans())
    with pytest.raises(cm.CoalitionError, match=re.compile(REFUSED[name], re.DOTALL)):
        getattr(cm, name)(panel)


@pytest.mark.parametrize("model", [cm.cox, cm.logit])
def test_a_model_of_an_empty_column_names_it_and_the_cure(africans, nothing, model):
    panel = cm.build_panel(africans())
    with pytest.warns(cm.CoalitionWarning):
        panel = panel.pipe(cm.add_elections).pipe(cm.add_leadership)
    for formula, cure in (
        ("event ~ election_near", "nothing is known of election_near: leave it out"),
        ("event ~ election_near + leader_change", "of election_near, leader_change: leave them"),
        ("event ~ leader_change + cow", "nothing is known of leader_change: leave it out"),
    ):
        with pytest.raises(cm.DataError, match=cure):
            model(formula, panel)


def test_columns_that_never_meet_are_told_apart_from_empty_ones():
    rows = pd.DataFrame(
        {"start": 0, "stop": [1, 2, 3, 4], "event": 1, "x": [1.0, 2, None, None],
         "z": [None, None, 1.0, 2]}
    )  # fmt: skip
    with pytest.raises(cm.DataError, match="x 2, z 2; no row has all of them, so leave one out"):
        cm.cox("event ~ x + z", rows)


@pytest.mark.parametrize("given", ["deaths", "troops", "role", "members"])
def test_what_is_given_is_used(africans, nothing, given):
    deaths = pd.DataFrame(
        {"coalition": ["amisom"], "state": ["BDI"], "date": ["2009-02-22"], "deaths": [11]}
    )
    troops = pd.DataFrame(
        {"coalition": "amisom", "state": ["UGA", "BDI"], "date": "2009-01-01", "troops": 1700}
    )
    window = {"amisom": ("2007-03", "2013-12")}
    facts = africans(deaths=deaths, troops=troops, coverage=window)
    if given == "role":
        facts = facts.replace(members=facts.members.assign(role="combat"))
    panel = cm.build_panel(facts)
    add, column, state, when, value = {
        "deaths": (cm.add_casualties, "deaths_12m", "BDI", "2009-03-01", 11),
        "troops": (cm.add_commitment, "troops", "BDI", "2009-02-01", 1700),
        "role": (cm.add_risk, "combat_role", "KEN", "2009-02-01", 1),
        "members": (cm.add_contagion, "earlier_defectors", "KEN", "2009-02-01", 0),
    }[given]
    with pytest.warns(cm.CoalitionWarning):
        out = add(panel).set_index(["state", "period"])
    assert out.loc[(state, pd.Timestamp(when)), column] == value
