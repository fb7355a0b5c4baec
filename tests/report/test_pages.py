"""Pages in a browser: tables that sort and can be kept, figures with their data, no loose ends."""

from __future__ import annotations

from urllib.parse import unquote

import pandas as pd
import pytest

from coalition_models.errors import DataError
from coalition_models.render import Table, frame_table
from coalition_models.report.figures.plots import plot_participation
from coalition_models.report.html import Card, Claim, Listing, Section, front_page, page
from coalition_models.report.product import Product, sheets_of

MEMBERS = pd.DataFrame(
    {
        "coalition": "iraq", "state": ["AAA", "BBB", "CCC"], "name": ["A", "B", "C"], "spell": 1,
        "entry": pd.Timestamp("2003-05-01"),
        "exit": pd.to_datetime(["2004-05-01", "2005-02-01", "2006-01-01"]),
        "exit_kind": ["early", "mission_end", "early"],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def product():
    exits = pd.DataFrame(
        {"state": ["Spain", "Italy", "Poland"], "persons": [1300.5, 90.25, 2500.125],
         "p": ["<0.001", "0.250", ""]}
    )  # fmt: skip
    wide = pd.DataFrame({f"column_{i}": ["a value", "another"] for i in range(30)})
    fits = Table(["", "Cox"], [["risk", "0.5"], ["", "[0.1, 0.9]"]], "Fits")
    return Product(
        {
            "exits": frame_table(exits, title="Exits"),
            "wide": frame_table(wide, title="Wide"),
            "fits": fits,
        },
        {"exits": exits},
        {"participation": plot_participation(MEMBERS, title="Who"), "other": plot_participation(
            MEMBERS)},
    )  # fmt: skip


@pytest.fixture(scope="module")
def file(product, tmp_path_factory):
    claim = Claim("Three left.", [("exits", "#table-exits"), ("sources", "#sources")])
    tables, figures = product.tables, product.figures
    sections = [
        Section("What was found", [Listing([claim]), tables["exits"], tables["wide"]]),
        Section("Who took part", [(figures["participation"], "Lines <of> three."),
                                  (figures["other"], "Again.")]),
        Section("Models", [Listing(["A sentence."]), tables["fits"]]),
        Section("Sources", [Listing(["A. Author. https://example.org/" + "a" * 90])]),
    ]  # fmt: skip
    text = page(
        "A part", "What it is.", sections, "end", made="made", home="report.html",
        sheets=sheets_of(product, "parts/toy.py"),
    )  # fmt: skip
    place = tmp_path_factory.mktemp("page") / "part.html"
    place.write_text(text, encoding="utf-8")
    return place


def cells(browser, table: str, column: int):
    return browser.run(
        f"[...document.querySelectorAll('#table-{table} tbody tr')]"
        f".map(row => row.cells[{column}].textContent)"
    )


@pytest.mark.parametrize("width", [400, 1400])
def test_nothing_sticks_out_is_pale_or_asks_for_anything(browser, file, width):
    browser.open(file.as_uri(), width)
    assert browser.audit() == {"pale": [], "wide": [], "nameless": [], "twice": []}
    assert browser.complaints == browser.requests == []


def test_a_heading_sorts_numbers_as_numbers_and_back(browser, file):
    browser.open(file.as_uri())
    heads = "document.querySelectorAll('#table-exits th')"
    browser.run(f"{heads}[1].querySelector('button').click()")
    assert cells(browser, "exits", 0) == ["Italy", "Spain", "Poland"]
    assert browser.run(f"{heads}[1].getAttribute('aria-sort')") == "ascending"
    browser.run(f"{heads}[1].querySelector('button').click()")
    assert cells(browser, "exits", 0) == ["Poland", "Spain", "Italy"]
    browser.run(f"{heads}[2].querySelector('button').click()")
    assert cells(browser, "exits", 2) == ["<0.001", "0.250", ""]
    # rows that belong to the one above them are not torn apart
    assert browser.run("document.querySelectorAll('#table-fits th button').length") == 0


def test_a_table_is_kept_as_it_is_shown_and_leads_to_all_digits(browser, file):
    browser.open(file.as_uri())
    browser.run("URL.createObjectURL = blob => { window.kept = blob; return 'data:,'; }")
    browser.run("document.querySelector('#table-exits .tools button').click()")
    text = browser.run("kept.text()")
    assert text.splitlines() == [
        "state,persons,p", "Spain,1300.500,<0.001", "Italy,90.250,0.250", "Poland,2500.125,",
    ]  # fmt: skip
    link = "document.querySelector('#table-exits .tools a').getAttribute('href')"
    assert browser.run(link) == "tables/exits.csv"


def test_a_figure_has_its_data_and_its_line(browser, file, product):
    browser.open(file.as_uri())
    link = browser.run("document.querySelector('#figure-participation a').getAttribute('href')")
    data = product.figures["participation"].data.to_csv(index=False, lineterminator="\n")
    assert unquote(link.partition(",")[2]) == data
    code = "[...document.querySelectorAll('figure code')].map(one => one.textContent)"
    lines = browser.run(code)
    assert lines[0].startswith("cm.plot.participation(")
    assert lines[1] == "parts/toy.py"


def test_claims_lead_to_rows_and_sources_that_are_there(browser, file):
    browser.open(file.as_uri())
    lost = (
        "[...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href').slice(1))"
        ".filter(id => !document.getElementById(id))"
    )
    assert browser.run(lost) == []
    assert browser.run("document.querySelectorAll('.proof a').length") == 4


def test_a_link_to_nothing_is_refused():
    sections = [Section("One", [Claim("Three left.", [("rows", "#table-exits")])])]
    with pytest.raises(DataError, match="links to table-exits, which it does not show"):
        page("A part", "", sections, "", sheets={})


def test_the_contents_stay_in_sight_and_a_key_reaches_everything(browser, file):
    browser.open(file.as_uri())
    browser.run("scrollTo(0, 900)")
    top = "document.querySelector('nav.toc').getBoundingClientRect().top"
    assert browser.run(f"new Promise(d => setTimeout(() => d({top}), 50))") >= 0
    unseen = []
    for _ in range(25):
        browser.press("Tab", 9)
        found = browser.run(
            "(e => [e.outerHTML.slice(0, 60), getComputedStyle(e).outlineStyle])"
            "(document.activeElement)"
        )
        if found[1] == "none":
            unseen.append(found[0])
    assert [one for one in unseen if not one.startswith("<body")] == []
    browser.open(file.as_uri(), 400)
    assert browser.run("document.querySelector('nav.toc details').open") is False


def test_in_print_there_is_no_frame_around_it(browser, file):
    browser.open(file.as_uri(), 720)
    browser.ask("Emulation.setEmulatedMedia", media="print")
    shown = (
        "[...document.querySelectorAll('nav.toc, .tools, .skip')].filter(e => e.checkVisibility())"
    )
    assert browser.run(f"{shown}.length") == 0
    browser.ask("Emulation.setEmulatedMedia", media="")


def test_the_front_page_begins_with_what_was_found(browser, tmp_path):
    text = front_page(
        "All", "What is here.", [Card("Who left", "21 of 51.", [("Who", "first_look.html")])],
        "end", lines=[("What was found", ["Few left early."])],
    )  # fmt: skip
    assert text.index("Few left early") < text.index("Who left")
    file = tmp_path / "report.html"
    file.write_text(text, encoding="utf-8")
    for width in (400, 1400):
        browser.open(file.as_uri(), width)
        assert browser.audit() == {"pale": [], "wide": [], "nameless": [], "twice": []}
