"""The page on how often, which forms and hollow when: every number is made from the results."""

from __future__ import annotations

from dataclasses import replace

import pytest

import coalition_models as cm
from coalition_models.designs.frequency_readings import EVERY
from coalition_models.report.html import page
from coalition_models.report.parts.questions import (
    PART,
    Questions,
    composition_at_peak_and_end,
    questions_findings,
)


@pytest.fixture(scope="module")
def analysis():
    rates = cm.frequencies(["iraq", "rsm"], outcomes=["early", EVERY], draws=200)
    return Questions(
        rates, rates.regroup("framework"), rates.regroup("form"), cm.hollowing(cm.facts("iraq"))
    )


def test_sentences_are_made_from_the_numbers(analysis):
    text = " ".join(questions_findings(analysis))
    assert "Iraq 15.3 (" in text
    assert "from 1 operation against 1" in text
    assert "hollow from July 2007" in text
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
