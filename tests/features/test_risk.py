"""Role of the contingent and losses of the partners."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm


def test_combat_role_follows_the_spell(iraq):
    panel = cm.add_risk(iraq)
    roles = cm.load("participation").set_index(["coalition", "state", "spell"])["role"]
    for key, group in panel.groupby(["coalition", "state", "spell"]):
        assert set(group["combat_role"]) == {float(roles[key] == "combat")}


def test_partners_are_everybody_else_the_lead_state_included(iraq):
    panel = cm.add_casualties(cm.add_risk(iraq))
    toll = cm.load("fatalities").query("coalition == 'iraq'")
    january = panel[(panel["period"] == "2005-01-01")]
    everyone = toll.loc[toll["year"] == 2004, "deaths"].sum()
    # on 1 January the whole toll of the year before is known, dated or not
    total = january["partner_deaths_12m"] + january["deaths_12m"]
    assert (total == everyone).all()


def test_partner_deaths_leave_out_the_own(iraq, row):
    own = cm.add_casualties(iraq)
    partners = cm.add_risk(iraq)
    for month in ("2004-03-01", "2005-06-01"):
        whole = {
            row(own, state, month, "deaths_12m") + row(partners, state, month, "partner_deaths_12m")
            for state in ("ITA", "POL", "GBR", "DNK")
        }
        assert len(whole) == 1


def test_missing_outside_the_coverage():
    rsm = cm.build_panel(cm.load("participation"), coalitions=["rsm"])
    panel = cm.add_risk(rsm)
    assert panel.loc[panel["period"] > "2018-01-01", "partner_deaths_12m"].isna().all()


def test_own_roles(iraq):
    mine = pd.DataFrame({"coalition": "iraq", "state": ["ESP"], "spell": [1], "role": ["combat"]})
    panel = cm.add_risk(iraq, data=mine)
    assert set(panel.loc[panel["state"] == "ESP", "combat_role"]) == {1.0}
    assert panel.loc[panel["state"] != "ESP", "combat_role"].isna().all()
    with pytest.raises(cm.DataError, match="lacks the columns role"):
        cm.add_risk(iraq, data=mine.drop(columns="role"))
