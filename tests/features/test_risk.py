"""Role of the contingent and losses of the partners."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.timelines.given import facts_beside


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
    with pytest.warns(cm.CoalitionWarning, match="give role as a column of members"):
        panel = cm.add_risk(iraq, data=mine)
    assert set(panel.loc[panel["state"] == "ESP", "combat_role"]) == {1.0}
    assert panel.loc[panel["state"] != "ESP", "combat_role"].isna().all()
    spells = cm.facts("iraq").members
    roles = spells.assign(role=spells["role"].where(spells["state"] != "ESP", "combat"))
    same = cm.add_risk(iraq, facts=cm.facts("iraq").replace(members=roles))
    assert set(same.loc[same["state"] == "ESP", "combat_role"]) == {1.0}


@pytest.fixture(scope="module")
def small():
    """A lead state and three members in two sectors, with deaths and strengths by month."""
    spells = pd.DataFrame(
        {
            "coalition": "one",
            "state": ["USA", "ESP", "ITA", "POL"],
            "cow": [2, 230, 325, 290],
            "spell": 1,
            "entry": pd.to_datetime(["2003-01-01", "2003-02-01", "2003-02-01", "2004-06-01"]),
            "exit": pd.to_datetime(["2005-12-01", "2005-06-01", "2004-03-10", "2005-09-01"]),
            "exit_kind": ["leader", "early", "early", "early"],
            "sector": ["leader", "south (lead)", "north; west", "south"],
        }
    )
    coalitions = pd.DataFrame(
        {
            "coalition": ["one"],
            "start": pd.to_datetime(["2003-01-01"]),
            "mandate_end": pd.to_datetime(["2005-12-31"]),
            "lead_state": ["USA"],
        }
    )
    troops = pd.DataFrame(
        {
            "coalition": "one",
            "cow": [2, 230, 325, 230, 290],
            "date": pd.to_datetime(
                ["2003-01-01", "2003-02-01", "2003-02-01", "2003-08-01", "2004-06-01"]
            ),
            "troops": [90_000, 1000, 500, 2000, 800],
        }
    )
    losses = pd.DataFrame(
        {
            "coalition": "one",
            "cow": [2, 230, 325, 230],
            "date": pd.to_datetime(["2003-03-01", "2003-03-10", "2003-05-01", "2004-07-01"]),
            "deaths": [50, 3, 4, 5],
        }
    )
    return {
        "panel": cm.build_panel(spells, coalitions=coalitions),
        "options": {
            "members": spells,
            "troops": troops,
            "losses": losses,
            "coverage": {"one": ("2003-01", "2005-12")},
        },
    }


def test_rates_per_troop_month_by_hand(small, row):
    panel = cm.add_risk(small["panel"], **small["options"])
    # before anybody but the lead state served
    assert row(panel, "ESP", "2003-02-01", "fatality_rate_operation") == 0
    # by the end of March: two months of 1,000 and 500 men, three Spanish deaths
    assert row(panel, "ITA", "2003-04-01", "fatality_rate_operation") == pytest.approx(
        1000 * 3 / 3000
    )
    assert row(panel, "ESP", "2003-04-01", "fatality_rate_sector") == pytest.approx(1000 * 3 / 2000)
    assert row(panel, "ITA", "2003-04-01", "fatality_rate_sector") == 0
    # August 2004 looks back on August 2003 to July 2004: Spain 12 x 2,000, Italy 8 x 500 to the
    # month of its exit, Poland 2 x 800; five deaths in July
    served = 24_000 + 4_000 + 1_600
    assert row(panel, "POL", "2004-08-01", "fatality_rate_operation") == pytest.approx(
        1000 * 5 / served
    )
    # the southern sector is that of Spain and of Poland
    assert row(panel, "POL", "2004-08-01", "fatality_rate_sector") == pytest.approx(
        1000 * 5 / 25_600
    )


def test_a_rate_needs_enough_known_strengths(small, row):
    options = dict(small["options"])
    options["troops"] = options["troops"][options["troops"]["cow"] == 230]
    half = cm.add_risk(small["panel"], **options, min_known=0.5)
    assert row(half, "ITA", "2003-04-01", "fatality_rate_operation") == pytest.approx(
        1000 * 3 / 2000
    )
    most = cm.add_risk(small["panel"], **options, min_known=0.6)
    assert np.isnan(row(most, "ITA", "2003-04-01", "fatality_rate_operation"))


def test_deviations_from_the_level_at_entry_by_hand(small, row):
    panel = cm.add_risk(small["panel"], **small["options"])
    # Spain came before the first death: every later level is above
    assert row(panel, "ESP", "2003-06-01", "risk_above_entry") == pytest.approx(math.log1p(54))
    assert row(panel, "ESP", "2003-06-01", "risk_below_entry") == 0
    # Poland came in June 2004, when none had died within 12 months; Spain's five come in July
    assert row(panel, "POL", "2004-06-01", "risk_above_entry") == 0
    assert row(panel, "POL", "2004-08-01", "risk_above_entry") == pytest.approx(math.log1p(5))
    # by the rate: 2004-02 to 2005-01 in the south and the north
    rate = cm.add_risk(small["panel"], **small["options"], level="fatality_rate")
    at_entry = row(rate, "POL", "2004-06-01", "fatality_rate_operation")
    now = row(rate, "POL", "2004-08-01", "fatality_rate_operation")
    assert row(rate, "POL", "2004-08-01", "risk_above_entry") == pytest.approx(now - at_entry)


def test_a_level_below_the_one_at_entry(small, row):
    options = dict(small["options"])
    options["losses"] = options["losses"].assign(
        date=pd.to_datetime(["2004-01-01", "2003-03-10", "2003-05-01", "2003-07-01"])
    )
    panel = cm.add_risk(small["panel"], **options)
    # June 2004 knows of 50 and 5, a year later of none
    assert row(panel, "POL", "2004-06-01", "partner_deaths_12m") == 55
    assert row(panel, "POL", "2005-06-01", "partner_deaths_12m") == 0
    assert row(panel, "POL", "2005-06-01", "risk_below_entry") == pytest.approx(math.log1p(55))
    assert row(panel, "POL", "2005-06-01", "risk_above_entry") == 0


def test_fatigue_counts_from_the_entry(iraq, row):
    panel = cm.add_risk(iraq)
    assert row(panel, "ESP", "2003-08-01", "months_since_entry") == 0
    assert row(panel, "ESP", "2004-04-01", "months_since_entry") == 8
    years = cm.build_panel(cm.load("participation"), coalitions=["iraq"], period="year")
    assert row(cm.add_risk(years), "ITA", "2005-01-01", "months_since_entry") == 24


def test_own_theatre_by_hand(iraq, row):
    theatre = pd.DataFrame({"coalition": "iraq", "year": [2003, 2004], "intensity": [3.5, 7.0]})
    panel = cm.add_risk(iraq, theatre=theatre)
    # the last completed year
    assert row(panel, "ITA", "2004-12-01", "theatre_intensity") == 3.5
    assert row(panel, "ITA", "2005-01-01", "theatre_intensity") == 7.0
    assert np.isnan(row(panel, "ITA", "2006-01-01", "theatre_intensity"))
    at_end = cm.add_risk(iraq, theatre=theatre, as_of="end")
    assert row(at_end, "ITA", "2004-12-01", "theatre_intensity") == 7.0
    twice = pd.concat([theatre, theatre], ignore_index=True)
    with pytest.raises(cm.DataError, match="table of intensity must have one row"):
        cm.add_risk(iraq, theatre=twice)


@pytest.mark.mirror
def test_the_war_in_iraq_after_ucdp(iraq, mirror, monkeypatch, row):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    panel = cm.add_risk(iraq, external="require")
    conflicts = cm.load("ucdp-conflicts").query("iso3 == 'IRQ' and role == 'primary'")
    for year in (2003, 2004, 2006):
        levels = set(conflicts.loc[conflicts["year"] == year, "intensity"])
        expected = 2 if "war" in levels else 1 if levels else 0
        assert row(panel, "GBR", f"{year + 1}-06-01", "theatre_intensity") == expected
    assert row(panel, "GBR", "2005-06-01", "theatre_intensity") == 2


def test_bad_options(iraq):
    with pytest.raises(cm.DataError, match="level must be one of partner_deaths"):
        cm.add_risk(iraq, level="fear")
    with pytest.raises(cm.DataError, match="min_known must be a share"):
        cm.add_risk(iraq, min_known=50)
    losses = cm.load("fatal_incidents")
    with pytest.raises(cm.CoverageError, match="coverage="):
        cm.add_risk(iraq, facts=facts_beside(iraq, deaths=losses))
