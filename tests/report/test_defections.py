"""The part of the report on defection: what it shows equals what was computed."""

from __future__ import annotations

import pytest

from coalition_models.designs.compare import compare_rules
from coalition_models.designs.defections import analyse_defections
from coalition_models.errors import DataError
from coalition_models.report.defections import (
    defection_products,
    defection_sections,
    defection_sources,
    findings,
    plot_readings,
)
from coalition_models.report.html import page


@pytest.fixture(scope="module")
def analysis():
    return analyse_defections(un=False)


@pytest.fixture(scope="module")
def product(analysis):
    return defection_products(analysis)


def test_every_frame_comes_from_the_analysis(analysis, product):
    assert product.frames["defection_traced"].equals(analysis.traced)
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


def test_words_give_the_shares_as_found(analysis):
    said = findings(analysis)
    assert said[0].startswith("iraq: 35 of 63 yearly falls (56%) are below 200 persons")
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
