"""The front page's lines: from the numbers, by heading, and changed by a changed fact."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.hypotheses.contested import contest
from coalition_models.hypotheses.contested_wanted import FactsWanted
from coalition_models.report.html import Claim, front_page
from coalition_models.report.part import HEADINGS
from coalition_models.report.parts._contested_tables import fact_pages
from coalition_models.report.parts._democracy_lines import democracy_lines
from coalition_models.report.parts._front_lines import (
    contested_lines,
    forms_line,
    hollow_line,
    often_line,
)
from coalition_models.report.parts.questions import PART

OPTIONS = {"windows": [0, 2], "dates": ["announced", "main"], "draws": 19}


#: as :func:`facts_wanted` gives them; made for real in a slow test
WANTED = FactsWanted(
    pd.DataFrame(
        {
            "coalition": "iraq", "state": ["KAZ", "ARM"], "spell": "1",
            "column": ["exit_kind", "announced"], "present": ["mission_end", ""],
            "known": ["in two readings", "not at all"],
            "range": ["mission_end or early", "2008-03-20 to 2008-10-06"],
            "lowest": [1.6, 1.7], "highest": [1.7, 1.9], "share": [0.031, 0.029],
            "departed": pd.to_datetime(["2008-10-21", "2008-10-06"]),
            "source": ["https://example.org/a ; https://example.com/b", "a book"],
        }
    ),
    pd.DataFrame({"source": ["sampling", "dates", "coding"], "share": [0.8, 0.05, 0.15]}),
    lead=200,
    draws=10,
)  # fmt: skip


@pytest.fixture(scope="module")
def known():
    found = {
        f"elections_{name}": contest("elections", name, **OPTIONS) for name in ("iraq", "unosom2")
    }
    iraq = found["elections_iraq"]
    assert iraq.evidence.wanted.facts.empty
    found["elections_iraq"] = replace(iraq, evidence=replace(iraq.evidence, wanted=WANTED))
    return found


@pytest.fixture(scope="module")
def drawn():
    return {name: contest("elections", name, **OPTIONS, worlds=2) for name in ("iraq", "unosom2")}


def test_each_question_of_the_front_page_has_its_line(known):
    lines = contested_lines(known)
    assert [heading for heading, _ in lines] == list(HEADINGS)
    found, sure, depends, unknown, facts = (line.text for _, line in lines)
    listed = lines[-1][1].items
    assert "(8 of 21, over " in found
    assert "Somalia (UNOSOM II)" in sure
    assert "falls once 2 of 19" in depends
    exits = sum(len(one.evidence.decisions) for one in known.values())
    assert f"Of {exits} early exits" in unknown
    assert "is known of 0 whether they were called early" in unknown
    assert "80% is sampling, which no fact lowers" in facts
    assert len(listed) == 2
    assert listed[-1] == (
        "Armenia, day of the decision (departure 6 October 2008; known not at all): 2008-03-20 to "
        "2008-10-06 (2.9%)"
    )
    assert found.startswith("Did elections matter in Iraq: yes, for when decisions fall, but ahead")
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
    assert "(7 of 21, over " in after[0][1].text
    assert before[2] != after[2]


def test_a_changed_fact_changes_the_rates():
    """Spain left when the mandate ended, and not early."""
    facts = cm.facts("iraq")
    spain = facts.members["state"].eq("ESP")
    kinds = facts.members["exit_kind"].mask(spain, "mission_end")
    other = facts.replace(members=facts.members.assign(exit_kind=kinds))
    said = [
        often_line(cm.frequencies(one, outcomes=["early"]).table)[1].text for one in (facts, other)
    ]
    assert said[0] != said[1]


def test_a_changed_fact_changes_the_month_of_hollowness():
    """Poland's contingent is always as large as the largest."""
    facts = cm.facts("iraq")
    strong = facts.troops["troops"].mask(facts.troops["state"].eq("POL"), 9000.0)
    said = [
        hollow_line(cm.hollowing(one))[1].text
        for one in (facts, facts.replace(troops=facts.troops.assign(troops=strong)))
    ]
    assert "Iraq hollow from July 2007" in said[0]
    assert said[0] != said[1]


@pytest.mark.mirror
@pytest.mark.filterwarnings("ignore:add_regime")
@pytest.mark.slow
def test_a_changed_fact_changes_what_is_said_of_democracies(mirror, monkeypatch):
    """Azerbaijan decides to leave early; by each measure it is no democracy."""
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    facts = cm.facts("iraq")
    baku = facts.members["state"].eq("AZE")
    changed = facts.members.assign(
        announced=facts.members["announced"].mask(baku, pd.Timestamp("2006-08-20")),
        exit=facts.members["exit"].mask(baku, pd.Timestamp("2006-10-20")),
        exit_kind=facts.members["exit_kind"].mask(baku, "early"),
    )
    options = {"dates": ["announced"], "draws": 19}
    said = []
    for one in (facts, facts.replace(members=changed)):
        lines = democracy_lines({"democracy_iraq": contest("democracy", one, **options)})
        assert [heading for heading, _ in lines] == list(HEADINGS[:3])
        assert all(line.links for _, line in lines)
        said.append([line.text for _, line in lines])
    assert "20 of 21 early exits are those of democracies" in said[0][0]
    assert "20 of 22 early exits are those of democracies" in said[1][0]
    assert all(one != other for one, other in zip(*said, strict=True))


def test_pages_behind_the_facts_are_links():
    one, other = fact_pages(WANTED.facts)
    assert one.links == [
        ("example.org", "https://example.org/a"), ("example.com", "https://example.com/b")
    ]  # fmt: skip
    assert (other.text, other.links) == ("Armenia, day of the decision: a book", [])


@pytest.mark.slow
def test_a_fact_that_becomes_known_is_no_longer_wanted(known, drawn):
    facts = cm.facts("iraq")
    armenia = facts.members["state"].eq("ARM")
    told = {
        "announced": facts.members["announced"].mask(armenia, pd.Timestamp("2008-08-01")),
        "announced_precision": facts.members["announced_precision"].mask(armenia, "day"),
    }
    other = contest(
        "elections", facts.replace(members=facts.members.assign(**told)), **OPTIONS, worlds=2
    )
    before, after = (
        "; ".join(contested_lines({**known, "elections_iraq": one})[4][1].items)
        for one in (drawn["iraq"], other)
    )
    assert before.count("(departure ") == 10
    assert "Armenia, day of the decision" in before
    assert "Armenia, day of the decision" not in after
    shares = [
        one.evidence.wanted.split.set_index("source")["share"] for one in (drawn["iraq"], other)
    ]
    assert shares[1]["dates"] < shares[0]["dates"]


@pytest.mark.slow
def test_the_facts_that_would_help_are_ranked_by_variance(drawn):
    wanted = drawn["iraq"].evidence.wanted
    assert wanted.facts["reduction"].is_monotonic_decreasing
    assert (wanted.facts["reduction"] > 0).all()
    assert wanted.split["share"].sum() == pytest.approx(1)
    assert (wanted.facts["source"].str.len() > 5).all()
    armenia = wanted.facts.query("state == 'ARM' and column == 'announced'").iloc[0]
    assert armenia["known"] == "not at all"
    assert armenia["range"].endswith("to 2008-10-06")
    # one exposed exit is nothing that facts could make sure
    assert drawn["unosom2"].evidence.wanted.facts.empty


def test_hollow_when():
    found = cm.hollowing(cm.facts("iraq"))
    said = hollow_line(found)[1].text
    months = found.verdicts["hollow"].dropna()
    words = f"(in {len(months)} of {len(found.verdicts)} variants, from {min(months):%B %Y} at the"
    assert f"Iraq hollow from July 2007 {words} earliest)" in said
    assert "collapsed in no month" in said
    assert str(found.rule) in said


def test_rates_and_forms():
    rates = pd.DataFrame(
        {"outcome": "early", "coalition": ["iraq", "isaf"], "rate": [15.3, 1.2],
         **{f"{what}_{end}": [low, low + wide] for what, wide in
            (("conf", 9), ("sampling", 4), ("coding", 2), ("dating", 1))
            for end, low, wide in (("low", 0.0, 0.0), ("high", 0.0, wide))}}
    )  # fmt: skip
    assert "1.2 in Afghanistan (ISAF) (" in often_line(rates)[1].text
    assert often_line(rates)[1].text.endswith("sampling 2.0, coding 1.0, dating 0.5.")
    moves = pd.DataFrame({"set": "iraq", "state": ["whole", "reduced"], "left": [17, 4]})
    said = forms_line(["Of 9 defections most are full: more."], moves)[1].text
    assert said.startswith("Which forms: of 9 defections most are full; 4 of 21 early exits")


def test_the_front_page_has_the_lines_before_the_parts():
    linked = Claim("Twenty.", [("table", "a.html#table-b")], ["one", "two"])
    text = front_page("All", "Lead.", [], "foot", lines=[(HEADINGS[0], ["Ten & more.", linked])])
    assert text.index("Ten &amp; more.") < text.index('<ul class="cards">')
    assert 'Twenty. <span class="proof">[<a href="a.html#table-b">table</a>]' in text
    assert '</p><ol class="items"><li>one</li><li>two</li></ol>' in text


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
