"""A part of the report: what a run shares, where its files and its way back stand."""

from __future__ import annotations

import pandas as pd

from coalition_models.render import frame_table
from coalition_models.report.html import Card, Section, front_page
from coalition_models.report.part import Page, Part, Run, write_part
from coalition_models.report.product import Product


def toy(folder):
    frame = pd.DataFrame({"state": ["ESP"]})
    return Part(
        name="toy",
        title="A toy",
        order=1,
        analyse=lambda _: frame,
        about=lambda _: "",
        product=lambda found: Product({"toy": frame_table(found, title="Toy")}, {"toy": found}, {}),
        pages=lambda _, product: [Page("toy.html", "Toy", "", [Section("A", ["b"])])],
        folder=folder,
        files=lambda found: {"notes.md": f"{len(found)} row"},
    )


def test_what_parts_share_is_made_once():
    run, made = Run(), []
    for _ in range(3):
        assert run.once("set", lambda: made.append(1) or len(made)) == 1
    assert run.once("other", lambda: 5) == 5


def test_files_and_the_way_back_follow_the_folder(tmp_path):
    for folder, home in (
        ("", "report.html"),
        ("a", "../report.html"),
        ("a/b", "../../report.html"),
    ):
        out = tmp_path / (folder.replace("/", "-") or "top")
        part = toy(folder)
        links = write_part(out, part, part.analyse(Run()), "foot", "made")
        inside = f"{folder}/" if folder else ""
        assert links == [("Toy", f"{inside}toy.html"), ("A toy (md)", f"{inside}notes.md")]
        assert (out / folder / "notes.md").read_text(encoding="utf-8") == "1 row"
        text = (out / links[0][1]).read_text(encoding="utf-8")
        assert f'href="{home}"' in text
        assert (out / folder / "tables" / "toy.csv").exists()
        # without sources there is no such section
        assert "Sources" not in text


def test_a_card_escapes_what_it_shows_and_lists_pages_where_there_are_several():
    cards = [
        Card("A < B", "1 & 2.", [("One", "a.html"), ("Two", "b.html")]),
        Card("Alone", "", []),
    ]
    text = front_page("All", "", cards, "")
    assert '<h2><a href="a.html">A &lt; B</a></h2>' in text
    assert "<p>1 &amp; 2.</p>" in text
    assert text.count('href="b.html"') == 1
    assert "<h2>Alone</h2>" in text
