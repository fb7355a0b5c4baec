"""The page on how often, which forms and hollow when: every number is made from the results."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.form_effects import form_effects
from coalition_models.designs.form_moves import form_moves
from coalition_models.designs.frequency_readings import EVERY
from coalition_models.designs.mission_hollowing import mission_hollowing
from coalition_models.report.html import page
from coalition_models.report.parts._forms_and_missions import mission_findings, missions_table
from coalition_models.report.parts._hollow_years import hollow_years
from coalition_models.report.parts.questions import (
    PART,
    Questions,
    composition_at_peak_and_end,
    questions_findings,
)


@pytest.fixture(scope="module")
def analysis():
    iraq = cm.analysis_set("iraq")
    rates = cm.frequencies(["iraq", "rsm"], outcomes=["early", EVERY], draws=200)
    return Questions(
        rates,
        rates.regroup("framework"),
        rates.regroup("form"),
        cm.hollowing(cm.facts("iraq")),
        form_moves([iraq]),
        form_effects([iraq], {"risk": "log_deaths_12m", "pressure": "nato_member"}),
        None,
    )


def test_sentences_are_made_from_the_numbers(analysis):
    text = " ".join(questions_findings(analysis))
    assert "Iraq 15.3 (" in text
    assert "from 1 operation against 1" in text
    assert "hollow from July 2007" in text
    assert "4 of 21 early exits come after that" in text
    # another fact, another sentence: Spain's exit is no longer early
    iraq = cm.facts("iraq")
    late = (iraq.members["state"] == "ESP") & (iraq.members["exit_kind"] == "early")
    assert late.sum() == 1
    members = iraq.members.assign(exit_kind=iraq.members["exit_kind"].mask(late, "mission_end"))
    other = cm.frequencies(iraq.replace(members=members), outcomes=["early", EVERY], draws=200)
    changed = replace(analysis, rates=other, frameworks=other.regroup("framework"))
    assert "Iraq 14.6 (" in " ".join(questions_findings(changed))


def test_the_page_shows_tables_and_figures(analysis):
    product = PART.product(analysis)
    (shown,) = PART.pages(analysis, product)
    text = page(shown.title, shown.lead, shown.sections, "foot")
    assert text.count("<svg") == 3
    assert "effective partners" in text
    assert PART.about(analysis).endswith("hollow: Iraq; collapsed: none.")
    assert set(product.tables) <= set(product.frames)


def test_peak_and_end(analysis):
    table = composition_at_peak_and_end(analysis.hollow)
    assert len(table) == 2
    assert table["without_lead"].iloc[0] > table["without_lead"].iloc[1]


def test_hollow_in_a_year_is_said_with_its_shares(analysis):
    """The question of a reader: was it hollow in 2006, in 2007?"""
    text = " ".join(questions_findings(analysis))
    assert "Iraq was hollow in 2007 (6 of 12 months)." in text
    years = hollow_years(analysis.hollow).set_index("year")
    row = years.loc[2006]
    assert (
        f"2006 {100 * row['flags_left']:.0f}% of the flags and {100 * row['partners_left']:.0f}% "
        "of the partners' troops" in text
    )
    assert (years["partners_left_low"] <= years["partners_left"]).all()
    # another fact, another sentence: nobody's troops fall
    facts = cm.facts("iraq")
    full = facts.replace(
        troops=facts.troops.assign(troops=facts.troops.groupby("state")["troops"].transform("max"))
    )
    other = " ".join(questions_findings(replace(analysis, hollow=cm.hollowing(full))))
    assert "Iraq was hollow in no year." in other


def test_whether_and_how_are_told_with_what_they_carry(analysis):
    text = " ".join(questions_findings(analysis))
    rows = analysis.effects.set_index(["about", "move"])
    how = rows.loc[("pressure", "full against in part")]
    assert f"leaving against defecting in part, ratio {how['ratio']:.2f}" in text
    assert "Iraq: whole to reduced 8, reduced to out 4" in text
    assert "un-mission-totals is not at hand" in text
    missions = mission_hollowing(TOTALS)
    told = mission_findings(missions)[0]
    assert "1 of 2 ever had a battalion" in told
    assert "1 were hollow before their wind-up (X 2001-09)" in told
    assert "X" in missions_table(missions).text()


MONTHS = pd.date_range("2000-01-01", periods=60, freq="MS")
TOTALS = pd.concat(
    pd.DataFrame({"mission": name, "date": MONTHS, "n_contributors": 10, "troops": troops})
    for name, troops in (("X", [900] * 20 + [300] * 40), ("Y", [90] * 60))
)
