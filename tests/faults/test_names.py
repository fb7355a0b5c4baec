"""One thing has one name, and what is looked up under another is found or refused in words."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

import coalition_models as cm


@pytest.mark.parametrize("column", ["election_near", "deaths_12m", "exit_kind", "event"])
def test_the_codebook_knows_a_column(column):
    book = cm.codebook(column)
    assert column in set(book.index) | set(book.get("column", []))


@pytest.mark.parametrize("more", ["add_elections", "add_leadership", "add_contagion"])
def test_the_codebook_describes_every_column_of_a_panel(iraq, more):
    panel = getattr(cm, more)(iraq)
    book = cm.codebook(panel)
    assert list(book.index) == list(panel.columns)
    assert book["description"].str.len().gt(5).all()


@pytest.mark.parametrize(
    ("name", "code"), [("Spain", "ESP"), ("Poland", "POL"), ("United Kingdom", "GBR")]
)
def test_states_of_a_panel_are_found_by_name(iraq, name, code):
    by_name, by_code = iraq.query("name == @name"), iraq.query("state == @code")
    pd.testing.assert_frame_equal(by_name, by_code)
    assert len(by_name) > 0


@pytest.mark.parametrize(
    ("old", "new"), [("lenient", "both: each coding"), ("strict", "either: one coding")]
)
def test_old_words_that_meant_their_opposite_are_refused_with_the_new(old, new):
    word, meaning = new.split(": ")
    with pytest.raises(cm.DataError, match=f"'{old}' is now called '{word}': {meaning}"):
        cm.DefectionRule(contested=old)


@pytest.mark.parametrize("contested", ["alternative", "either", "both"])
def test_words_for_contested_exits_count_what_they_say(contested):
    facts = cm.facts("iraq")
    rule = cm.DefectionRule("x", kinds=("full",), exits="coded", cuts="none", contested=contested)
    spells = facts.members[facts.members["exit_kind"] != "leader"]
    main = spells["exit_kind"] == "early"
    other = spells["exit_kind_alt"].fillna(spells["exit_kind"]) == "early"
    right = {"main": main, "alternative": other, "either": main | other, "both": main & other}
    assert len(cm.code_defections(facts, rule=rule)) == right[contested].sum()


@pytest.mark.parametrize(("date", "code"), [("1980-06-01", 260), ("1995-06-01", 255)])
def test_both_code_books_take_dates(date, code):
    assert list(inspect.signature(cm.to_cow).parameters)[1] == "dates"
    assert list(inspect.signature(cm.from_cow).parameters)[1:2] == ["dates"] or (
        "dates" in inspect.signature(cm.from_cow).parameters
    )
    assert cm.to_cow(["Germany"], dates=date).tolist() == [code]
    assert cm.from_cow([code], dates=date).tolist() == ["DEU"]


@pytest.mark.parametrize("listing", [cm.datasets, cm.list_claims, cm.list_rules])
def test_a_list_shows_all_of_its_rows(listing):
    table = listing()
    page = table._repr_html_()
    assert all(f">{name}<" in page for name in table.index)
    assert "..." not in repr(table).replace("…", "...").split("Other columns")[0][-10:]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"period": "Q"}, "period must be one of month, quarter, year, not 'Q'"),
        ({"period": "M"}, "not 'M'"),
        ({"clock": "start"}, "clock must be 'entry' or 'coalition', not 'start'"),
        ({"exit_date": "first"}, "exit_date must be one of main, announced, last"),
    ],
)
def test_unknown_words_are_refused_with_the_list(options, words):
    with pytest.raises(cm.DataError, match=words):
        cm.build_panel(cm.facts("iraq"), **options)


@pytest.mark.parametrize("kinds", ["early", ["early"], ("early",)])
def test_one_kind_of_exit_needs_no_list(kinds):
    assert cm.build_panel(cm.facts("iraq"), exit_kinds=kinds)["event"].sum() == 21


@pytest.mark.parametrize("variable", ["state", "name", "months"])
def test_a_prediction_for_what_the_model_has_not_is_refused_with_what_it_has(iraq, variable):
    fit = cm.cox("event ~ leader_change", cm.add_leadership(iraq))
    with pytest.raises(cm.FormulaError, match=f"no variable '{variable}'.*it has leader_change"):
        cm.predict_survival(fit, {variable: "ITA"})
