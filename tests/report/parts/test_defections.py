"""The part of the report on defection: what it shows equals what was computed."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.defection.named_rules import list_rules
from coalition_models.errors import DataError
from coalition_models.models.term_labels import general_label
from coalition_models.report.figures.readings import plot_readings
from coalition_models.report.html import page
from coalition_models.report.parts.defections import (
    defection_products,
    defection_sections,
    defection_sources,
    findings,
)
from coalition_models.sensitivity.defection_counts import analyse_defections
from coalition_models.sensitivity.rules import compare_rules


@pytest.fixture(scope="module")
def analysis():
    return analyse_defections(un=False)


@pytest.fixture(scope="module")
def product(analysis):
    return defection_products(analysis)


def test_every_frame_comes_from_the_analysis(analysis, product):
    assert product.frames["defection_traced"].drop(columns="dated_by").equals(analysis.traced)
    assert len(product.frames["defection_readings_iraq"]) >= 24
    failed = analysis.readings["iraq"].estimates["failed"].fillna("").ne("").sum()
    shown = product.frames["defection_readings_iraq"]["fitted"].eq("no").sum()
    assert shown == failed > 0
    assert all(name.startswith("defection_") for name in product.tables)
    assert all(name.startswith("defection_") for name in product.figures)


def test_the_page_names_every_source_of_every_defection(analysis, product):
    html = page("x", "y", defection_sections(analysis, product), "z")
    assert html.count("<section") >= 1 or html.count("<h2") >= 4
    text = product.tables["defection_traced"].text()
    for source in analysis.traced["source"]:
        assert source in text
    assert "left out on request" in html


def test_every_row_says_which_date_of_its_exit_it_has(analysis, product):
    traced = product.frames["defection_traced"]
    exits = traced[traced["kind"] == "full"]
    key = ["coalition", "state", "spell"]
    assert exits.duplicated(key).sum() > 0
    assert not exits.duplicated([*key, "dated_by"]).any()
    facts = pd.concat([one.members for one in analysis.sets.values()]).set_index(key)
    column = {"main": "exit", "announced": "announced", "last": "last_personnel"}
    for row in exits.to_dict("records"):
        named = row["dated_by"].split(" and ")
        spell = facts.loc[tuple(row[name] for name in key)]
        assert named
        assert all(spell[column[name]] == row["date"] for name in named)
    assert set(traced.loc[traced["kind"] != "full", "dated_by"]) == {"fall", "change"}
    assert "dated_by" in product.tables["defection_traced"].header


def test_rules_are_said_to_be_modelled_on_the_literature_with_what_was_seen(product):
    table = product.tables["defection_named"]
    assert table.title == "Iraq under rules modelled on the literature"
    for _, row in list_rules().iterrows():
        assert any(f"{row['article']} (seen: {row['seen']})" in note for note in table.notes)


def test_the_figure_of_readings_names_every_row_of_the_table(analysis, product):
    found = analysis.readings["iraq"]
    table = product.frames["defection_readings_iraq"]
    axes = product.figures["defection_readings_iraq"].figure.axes
    assert [label.get_text() for label in axes[0].get_yticklabels()] == table["rule"].tolist()
    unfitted = table.index[table["fitted"] == "no"].tolist()
    assert unfitted
    known = found.estimates[found.estimates["hazard_ratio"].notna()]
    terms = dict.fromkeys(known["term"])
    for term, axis in zip(terms, axes, strict=True):
        part = found.estimates[found.estimates["term"] == term]
        assert axis.get_title(loc="left").replace("\n", " ") == general_label(term)
        (marks,) = [line for line in axis.lines if line.get_marker() == "o"]
        shown = {table["rule"][y]: x for x, y in zip(*marks.get_data(), strict=True)}
        assert shown == dict(zip(part["rule"], part["hazard_ratio"], strict=True))
        said = [text.get_position()[1] for text in axis.texts]
        assert said == unfitted
        low, high = axis.get_xlim()
        assert sum(low <= tick <= high for tick in axis.get_xticks()) >= 3


def test_words_give_the_shares_as_found(analysis):
    said = findings(analysis)
    assert said[0].startswith("iraq: 36 of 64 yearly falls (56%) are below 200 persons")
    assert any("32 readings, Iraq: between" in text for text in said)


def test_hazard_ratios_in_print_are_those_of_the_comparison(analysis, product):
    row = analysis.named.estimates.query("rule == 'tago-2009' and term == 'log_deaths_12m'")
    ratio, low, high = row[["hazard_ratio", "conf_low", "conf_high"]].to_numpy(dtype=float)[0]
    text = product.tables["defection_named_estimates"].text()
    line = next(part for part in text.splitlines() if part.startswith("tago-2009"))
    assert f"{ratio:.2f} [{low:.2f}, {high:.2f}]" in line


def test_sources_are_those_of_the_sets(analysis):
    names = defection_sources(analysis)
    assert {"participation", "troops", "profile_changes", "elections"} <= set(names)
    assert len(names) == len(set(names))


def test_readings_without_a_model_cannot_be_drawn(analysis):
    found = compare_rules(["tago-2009"], analysis.sets["iraq"])
    with pytest.raises(DataError, match="no estimate to draw"):
        plot_readings(found)
