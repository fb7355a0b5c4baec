"""The front page's lines: from the numbers, by heading, and changed by a changed fact."""

from __future__ import annotations

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.contested import contest
from coalition_models.report.html import front_page
from coalition_models.report.part import HEADINGS
from coalition_models.report.parts._front_lines import (
    contested_lines,
    forms_line,
    hollow_line,
    often_line,
    wanted_facts,
    widths_line,
)

OPTIONS = {"windows": [0, 2], "dates": ["announced", "main"], "draws": 19}


@pytest.fixture(scope="module")
def known():
    return {
        f"elections_{name}": contest("elections", name, **OPTIONS) for name in ("iraq", "unosom2")
    }


def test_each_question_of_the_front_page_has_its_line(known):
    lines = contested_lines(known)
    assert [heading for heading, _ in lines] == list(HEADINGS)
    found, sure, depends, unknown, facts = (text for _, text in lines)
    assert "(8 of 21)" in found
    assert "Somalia (UNOSOM II)" in sure
    assert "falls once 2 of 19" in depends
    exits = sum(len(one.evidence.decisions) for one in known.values())
    assert f"Of {exits} early exits" in unknown
    assert facts.count(" in ") >= len(wanted_facts(known))
    assert contested_lines({"elections_isaf": known["elections_iraq"]}) == []


def test_a_changed_fact_changes_the_lines(known):
    facts = cm.facts("iraq")
    spain = facts.members["state"].eq("ESP")
    moved = facts.members["announced"].mask(spain, pd.Timestamp("2003-08-20"))
    other = contest(
        "elections", facts.replace(members=facts.members.assign(announced=moved)), **OPTIONS
    )
    before, after = contested_lines(known), contested_lines({**known, "elections_iraq": other})
    assert "(7 of 21)" in after[0][1]
    assert before[2] != after[2]


def test_the_facts_that_would_help_are_those_that_are_not_known(known):
    wanted = wanted_facts(known)
    assert 0 < len(wanted) <= 10
    assert wanted["swing"].is_monotonic_decreasing
    assert wanted["known"].isin(["not at all", "to the month", "to the year"]).all()


def test_hollow_when():
    found = cm.hollowing(cm.facts("iraq")).verdicts
    said = hollow_line(found)[1]
    never = int(found["hollow"].isna().sum())
    assert f"Iraq hollow from July 2007 (never in {never} of {len(found)} readings)" in said
    assert "collapsed never" in said


def test_rates_and_forms():
    rates = pd.DataFrame(
        {"outcome": "early", "coalition": ["iraq", "isaf"], "rate": [15.3, 1.2],
         **{f"{what}_{end}": [low, low + wide] for what, wide in
            (("conf", 9), ("sampling", 4), ("coding", 2), ("dating", 1))
            for end, low, wide in (("low", 0.0, 0.0), ("high", 0.0, wide))}}
    )  # fmt: skip
    assert "1.2 in Afghanistan (ISAF) (" in often_line(rates)[1]
    assert widths_line(rates)[1].endswith("sampling 2.0, coding 1.0, dating 0.5.")
    moves = pd.DataFrame({"set": "iraq", "state": ["whole", "reduced"], "left": [17, 4]})
    said = forms_line(["Of 9 defections most are full: more."], moves)[1]
    assert said.startswith("Which forms: of 9 defections most are full; 4 of 21 early exits")


def test_the_front_page_has_the_lines_before_the_parts():
    text = front_page("All", "Lead.", [], "foot", lines=[(HEADINGS[0], ["Ten & more."])])
    assert text.index("Ten &amp; more.") < text.index('<ul class="cards">')
    assert '<section class="lines">' not in front_page("All", "Lead.", [], "foot")
