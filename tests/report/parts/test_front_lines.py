"""The front page's lines: from the numbers, by heading, and changed by a changed fact."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.contested import contest
from coalition_models.report.html import Claim, front_page
from coalition_models.report.part import HEADINGS
from coalition_models.report.parts._front_lines import (
    contested_lines,
    forms_line,
    hollow_line,
    often_line,
    widths_line,
)
from coalition_models.report.parts.questions import PART

OPTIONS = {"windows": [0, 2], "dates": ["announced", "main"], "draws": 19}


@pytest.fixture(scope="module")
def known():
    return {
        f"elections_{name}": contest(
            "elections", name, **OPTIONS, worlds=2 if name == "iraq" else 0
        )
        for name in ("iraq", "unosom2")
    }


def test_each_question_of_the_front_page_has_its_line(known):
    lines = contested_lines(known)
    assert [heading for heading, _ in lines] == list(HEADINGS)
    found, sure, depends, unknown, facts = (line.text for _, line in lines)
    assert "(8 of 21)" in found
    assert "Somalia (UNOSOM II)" in sure
    assert "falls once 2 of 19" in depends
    exits = sum(len(one.evidence.decisions) for one in known.values())
    assert f"Of {exits} early exits" in unknown
    assert facts.count(", departure ") == 10
    assert "Armenia's day of the decision, departure 6 October 2008" in facts
    assert all(line.links for _, line in lines)
    assert contested_lines({"elections_isaf": known["elections_iraq"]}) == []


def test_a_changed_fact_changes_the_lines(known):
    facts = cm.facts("iraq")
    spain = facts.members["state"].eq("ESP")
    moved = facts.members["announced"].mask(spain, pd.Timestamp("2003-08-20"))
    other = contest(
        "elections",
        facts.replace(members=facts.members.assign(announced=moved)),
        **OPTIONS,
    )
    before, after = contested_lines(known), contested_lines({**known, "elections_iraq": other})
    assert "(7 of 21)" in after[0][1].text
    assert before[2] != after[2]


@pytest.mark.slow
def test_a_fact_that_becomes_known_is_no_longer_wanted(known):
    facts = cm.facts("iraq")
    armenia = facts.members["state"].eq("ARM")
    told = {
        "announced": facts.members["announced"].mask(armenia, pd.Timestamp("2008-08-01")),
        "announced_precision": facts.members["announced_precision"].mask(armenia, "day"),
    }
    other = contest(
        "elections", facts.replace(members=facts.members.assign(**told)), **OPTIONS, worlds=2
    )
    said = contested_lines({**known, "elections_iraq": other})[4][1].text
    assert "Armenia's day of the decision" in contested_lines(known)[4][1].text
    assert "Armenia's day of the decision" not in said
    before, after = (one.evidence.wanted.split.set_index("source")["share"]
                     for one in (known["elections_iraq"], other))  # fmt: skip
    assert after["dates"] < before["dates"]


def test_the_facts_that_would_help_are_ranked_by_variance(known):
    wanted = known["elections_iraq"].evidence.wanted
    assert wanted.facts["reduction"].is_monotonic_decreasing
    assert (wanted.facts["reduction"] > 0).all()
    assert wanted.split["share"].sum() == pytest.approx(1)
    assert (wanted.facts["source"].str.len() > 5).all()
    armenia = wanted.facts.set_index(["state", "column"]).loc[("ARM", "announced")]
    assert armenia["known"] == "not at all"
    assert armenia["range"].endswith("to 2008-10-06")
    # one exposed exit is nothing that facts could make sure
    assert known["elections_unosom2"].evidence.wanted.facts.empty


def test_hollow_when():
    found = cm.hollowing(cm.facts("iraq")).verdicts
    said = hollow_line(found)[1].text
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
    assert "1.2 in Afghanistan (ISAF) (" in often_line(rates)[1].text
    assert widths_line(rates)[1].text.endswith("sampling 2.0, coding 1.0, dating 0.5.")
    moves = pd.DataFrame({"set": "iraq", "state": ["whole", "reduced"], "left": [17, 4]})
    said = forms_line(["Of 9 defections most are full: more."], moves)[1].text
    assert said.startswith("Which forms: of 9 defections most are full; 4 of 21 early exits")


def test_the_front_page_has_the_lines_before_the_parts():
    linked = Claim("Twenty.", [("table", "a.html#table-b")])
    text = front_page("All", "Lead.", [], "foot", lines=[(HEADINGS[0], ["Ten & more.", linked])])
    assert text.index("Ten &amp; more.") < text.index('<ul class="cards">')
    assert 'Twenty. <span class="proof">[<a href="a.html#table-b">table</a>]' in text


def test_links_of_lines_are_seen_from_the_front_page():
    part = replace(
        PART,
        folder="other",
        lines=lambda _: [(HEADINGS[0], Claim("A.", [("b", "c.html#d")])), (HEADINGS[1], "E.")],
    )
    assert part.front_lines(None) == [
        (HEADINGS[0], Claim("A.", [("b", "other/c.html#d")])), (HEADINGS[1], "E.")
    ]  # fmt: skip


def test_a_front_page_without_lines_has_none():
    assert '<section class="lines">' not in front_page("All", "Lead.", [], "foot")
