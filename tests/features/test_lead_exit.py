"""The lead state's announcement and exit: known from the month after, never in its own rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.features.lead_exit import add_lead_exit
from coalition_models.record import record_of

# the lead state says in October 1993 that it will go, goes in March 1994, and comes back
MEMBERS = pd.DataFrame(
    {
        "coalition": "one",
        "state": ["USA", "USA", "ITA", "PAK"],
        "cow": [2, 2, 325, 770],
        "spell": [1, 2, 1, 1],
        "entry": pd.to_datetime(["1993-05-04", "1995-01-10", "1993-05-04", "1993-05-04"]),
        "exit": pd.to_datetime(["1994-03-25", "1995-03-03", "1994-03-20", "1995-03-03"]),
        "exit_kind": ["leader", "leader", "early", "mission_end"],
        "announced": pd.to_datetime(["1993-10-07", None, None, None]),
    }
)
COALITIONS = pd.DataFrame(
    {
        "coalition": ["one"],
        "start": [pd.Timestamp("1993-05-04")],
        "mandate_end": [pd.Timestamp("1995-03-31")],
        "lead_state": ["USA"],
    }
)


def facts(members=MEMBERS, coalitions=COALITIONS):
    return cm.Facts(members=members, coalitions=coalitions)


def by_month(out, state="PAK"):
    return out[out["state"] == state].set_index("period")[["lead_announced", "lead_left"]]


def test_by_hand():
    out = by_month(add_lead_exit(cm.build_panel(facts())))
    assert out.loc["1993-10-01"].tolist() == [0, 0]
    assert out.loc["1993-11-01"].tolist() == [1, 0]
    assert out.loc["1994-03-01"].tolist() == [1, 0]
    assert out.loc["1994-04-01"].tolist() == [1, 1]
    # back since January 1995, and nothing said of the second stay
    assert out.loc["1995-01-01"].tolist() == [1, 1]
    assert out.loc["1995-02-01"].tolist() == [0, 0]
    end = by_month(add_lead_exit(cm.build_panel(facts()), as_of="end"))
    assert end.loc["1993-10-01"].tolist() == [1, 0]
    assert end.loc["1994-03-01"].tolist() == [1, 1]


def test_a_state_that_leads_in_fact():
    """At risk itself, in a mission without a lead state on paper."""
    kinds = MEMBERS.assign(exit_kind=MEMBERS["exit_kind"].replace("leader", "early"))
    without = COALITIONS.assign(lead_state=pd.Series([None], dtype=object))
    panel = cm.build_panel(facts(kinds, without))
    out = add_lead_exit(panel, lead="USA")
    assert by_month(out).equals(by_month(add_lead_exit(cm.build_panel(facts()))))
    assert out.loc[out["state"] == "USA", ["lead_announced", "lead_left"]].isna().all(axis=None)
    named = add_lead_exit(panel, lead="United States")
    assert named["lead_left"].equals(out["lead_left"])
    with pytest.warns(cm.CoalitionWarning, match=r"missing in every row.*lead='USA'"):
        nobody = add_lead_exit(panel)
    assert nobody["lead_left"].isna().all()
    with pytest.warns(cm.CoalitionWarning, match="missing in every row"):
        assert add_lead_exit(panel, lead="FRA")["lead_left"].isna().all()
    # what stands in coalitions is not overruled
    led = cm.build_panel(facts())
    assert add_lead_exit(led, lead="FRA").equals(add_lead_exit(led))
    with pytest.raises(cm.DataError, match=r"lead: (?s:.*)Atlantis"):
        add_lead_exit(panel, lead="Atlantis")


def test_announcements_that_nobody_coded_are_missing_until_the_exit():
    panel = cm.build_panel(facts(MEMBERS.drop(columns="announced")))
    out = by_month(add_lead_exit(panel))
    assert np.isnan(out.loc["1993-11-01", "lead_announced"])
    assert out.loc["1994-04-01"].tolist() == [1, 1]
    assert record_of(add_lead_exit(panel)).features["lead_left"]["as_of"] == "start"
