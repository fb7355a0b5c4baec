"""The part on one coalition: years from the facts, one period everywhere, any set."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.designs.first_look import first_look
from coalition_models.hypotheses.listing import list_amendments
from coalition_models.report.part import write_pages
from coalition_models.report.parts.contested import _heading
from coalition_models.report.parts.first_look import (
    PART,
    first_look_page,
    first_look_part,
    first_look_products,
)
from coalition_models.report.periods import coalition_years, in_words, last_out, mandate_end


@pytest.fixture(scope="module")
def analysis():
    return first_look("iraq")


def page_of(look, folder):
    one = first_look_page(look, first_look_products(look))
    write_pages(folder, [one], "0")
    return html.unescape((folder / one.file).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def text(analysis, tmp_path_factory):
    return page_of(analysis, tmp_path_factory.mktemp("page"))


def test_years_are_those_of_start_and_mandate():
    facts = cm.load("coalitions").set_index("coalition")
    assert coalition_years("iraq") == "2003-2008"
    for name in ("iraq", "isaf"):
        first, last = facts.loc[name, ["start", "mandate_end"]]
        assert coalition_years(name) == f"{pd.Timestamp(first).year}-{pd.Timestamp(last).year}"
        assert _heading(name).endswith(f", {coalition_years(name)}")


def test_last_out_is_by_partner_and_lead():
    members = pd.DataFrame(
        {
            "exit": pd.to_datetime(["2009-06-04", "2011-12-18", "2004-01-01"]),
            "exit_kind": ["post_mandate", "leader", "early"],
        }
    )
    assert last_out(members) == {
        "partner": pd.Timestamp("2009-06-04"),
        "lead": pd.Timestamp("2011-12-18"),
    }


def test_the_report_names_one_period_and_explains_what_is_drawn_after_it(analysis, text):
    words = re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
    assert set(re.findall(r"\b20\d\d-20\d\d\b", words.split("Sources</h2>")[0])) == {"2003-2008"}
    last = last_out(analysis.members)
    assert f"last partner's main force stayed until {in_words(last['partner'])}" in words
    assert last["partner"] > mandate_end()


def test_exits_are_among_the_states_at_risk_not_in_each(analysis, text, tmp_path):
    main = analysis.fits["Cox"]
    events, states = main.counts.events, main.counts.clusters[0]
    exits = analysis.panel.loc[analysis.panel["event"] == 1, "state"].nunique()
    assert exits < states
    assert f"All estimates rest on {events} exits among {states} states." in text
    fewer = replace(main, counts=replace(main.counts, clusters=(states - 1,)))
    other = replace(analysis, fits={**analysis.fits, "Cox": fewer})
    page = page_of(other, tmp_path)
    assert f"{events} exits among {states - 1} states." in page


def test_the_report_claims_no_more_about_its_terms_than_the_record_shows(text):
    assert "before they were run" not in text
    assert "no record shows that they were chosen before estimation" in text
    amended = list_amendments()
    about = amended[amended["change"].str.contains("no change of leader")]
    assert len(about) == 1
    assert "leader_change was amended later" in text


def test_the_report_is_wide(text):
    assert "class=narrow" not in text


def test_the_part_on_iraq_is_one_of_the_parts_on_sets():
    assert (PART.name, first_look_part("isaf").name) == ("first_look", "isaf_first_look")


def test_another_set_has_the_same_page_under_its_own_name(tmp_path):
    part = first_look_part("isaf")
    look = first_look("isaf")
    product = part.product(look)
    assert {"isaf_counts", "isaf_precision", "isaf_exits"} <= set(product.tables)
    assert {"isaf_participation", "isaf_survival"} <= set(product.figures)
    (page,) = part.pages(look, product)
    assert page.file == "isaf_first_look.html"
    write_pages(tmp_path, [page], "0")
    words = html.unescape((tmp_path / page.file).read_text(encoding="utf-8"))
    assert "50 states took part in 52 spells; 6 of these ended in an early exit" in words
    # nothing of what is told of Iraq, and what could not be had is told
    assert "Spain shows" not in words
    assert "Multi-National Force" not in words
    assert "Not made: Cox (monotone likelihood" in words
    assert part.about(look).startswith("52 spells of 50 states, 6 early exits")
