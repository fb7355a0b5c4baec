"""A user's story: three CSV files of one's own, from the facts to a table of estimates."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.facts import facts_of

STATES = (
    "BEL", "CAN", "CZE", "DNK", "DEU", "ESP", "EST", "FIN", "GBR", "HUN", "IRL", "ITA", "LTU",
    "LVA", "NLD", "NOR", "POL", "PRT", "ROU", "SVK", "SVN", "SWE", "TCD", "NER",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    """Spells, mandate and losses as somebody would type them; every other state leaves early."""
    members = ["coalition,state,entry,exit,exit_kind,role", "sahel,FRA,2013-01-11,,leader,combat"]
    deaths = ["coalition,state,date,deaths"]
    for number, state in enumerate(STATES):
        early = number % 2 == 0
        month = 3 + (7 * (number // 2)) % 10
        left = f"2014-{month:02d}-10,early" if early else ",ongoing"
        members.append(f"sahel,{state},2013-{2 + number % 5:02d}-01,{left},training")
        if number % 3 != 1:
            day = f"2013-{12 - number % 4}-05" if early else f"2014-{4 + number % 9:02d}-20"
            deaths.append(f"sahel,{state},{day},{1 + number % 4}")
    coalitions = ["coalition,start,mandate_end,lead_state", "sahel,2013-01-11,2015-12-31,France"]
    for name, lines in (("members", members), ("deaths", deaths), ("coalitions", coalitions)):
        (tmp_path / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_three_calls_to_a_panel_with_features_then_a_table(folder):
    members, coalitions, deaths = (
        pd.read_csv(folder / f"{name}.csv") for name in ("members", "coalitions", "deaths")
    )
    facts = cm.Facts(
        members=members, coalitions=coalitions, deaths=deaths,
        coverage={"sahel": ("2013-01", "2015-12")},
    )  # fmt: skip
    panel = cm.build_panel(facts)
    with pytest.warns(cm.CoalitionWarning, match=r"Strengths need Facts\(troops="):
        panel = panel.pipe(cm.add_casualties, half_life=6).pipe(cm.add_contagion)

    assert facts_of(panel) is facts
    assert set(panel["state"]) == set(STATES)  # the lead state is not at risk
    assert panel["event"].sum() == members["exit_kind"].eq("early").sum() == 12
    exits = panel[panel["event"] == 1].set_index("state")["period"]
    assert exits["BEL"] == pd.Timestamp("2014-03-01")
    # one soldier of Belgium died in December 2013, and nothing is known of it in that month
    belgium = panel[panel["state"] == "BEL"].set_index("period")["deaths_12m"]
    assert belgium["2013-12-01"] == 0
    assert belgium["2014-01-01"] == belgium["2014-03-01"] == 1
    # nobody of Canada died, and the losses of all are known
    assert panel.loc[panel["state"] == "CAN", "deaths_12m"].eq(0).all()

    fit = cm.cox(
        "event ~ log_deaths_12m + recent_exits_6m", panel, cluster="state", variance="jackknife"
    )
    assert (fit.counts.events, fit.counts.clusters[0]) == (12, len(STATES))
    text = cm.table({"sahel": fit}).text()
    assert "log_deaths_12m" in text
    assert "recent_exits_6m" in text


def test_the_folder_is_read_as_a_whole(folder):
    facts = cm.Facts.read(folder)
    assert len(facts.members) == 1 + len(STATES)
    assert facts.coalitions["lead_state"].tolist() == ["FRA"]


def test_what_is_wrong_with_the_files_is_told_at_once(folder):
    members = pd.read_csv(folder / "members.csv").replace({"early": "eearly", "TCD": "Tschad?"})
    coalitions = pd.read_csv(folder / "coalitions.csv").drop(columns="start")
    with pytest.raises(cm.DataError) as found:
        cm.Facts(members=members, coalitions=coalitions)
    assert "Tschad?" in str(found.value)
    assert "start" in str(found.value)
