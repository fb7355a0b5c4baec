"""A study as a page, and the notebooks that show every study so."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pandas as pd
import pytest

from coalition_models.errors import ReplicationError
from coalition_models.replications import page
from coalition_models.replications.page import study_page
from coalition_models.replications.registry import known_studies
from coalition_models.replications.words import comment, covariance_in_words

RIGHT = "Table 1,all,spells,coefficient,0.50,p. 1,"
WRONG = "Table 1,all,spells,std_error,0.24,p. 1,printer"
FOLDER = Path(__file__).resolve().parents[2] / "notebooks" / "replications"
BOOKS = sorted(FOLDER.glob("*.ipynb"))


def code_of(book: Path) -> list[str]:
    cells = json.loads(book.read_text("utf-8"))["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def shown(code: list[str], place: dict[str, object]) -> list[object]:
    """What the cells end in, as a notebook shows it."""
    found = []
    for cell in code:
        parts = ast.parse(cell).body
        last = parts.pop().value if isinstance(parts[-1], ast.Expr) else None
        exec(compile(ast.Module(parts, []), "notebook", "exec"), place)
        found.append(last and eval(compile(ast.Expression(last), "notebook", "eval"), place))
    return found


def test_a_page_has_the_tables_and_a_comment(toy):
    made = study_page(toy(RIGHT, WRONG))
    assert made.comment[1:] == (
        "1 of 1 printed coefficient with a standard error is told from nought at the five per "
        "cent level, and the same ones, with the same signs, by ours.",
        "1 number of Table 1 differs by one in the last digit: the printer's error.",
    )
    html = made._repr_html_()
    assert '<p class="title">Table 1: spells</p>' in html
    assert 'font-weight:bold">0.24 / 0.25 *</td>' in html
    assert 'bold">0.50 / 0.50' not in html
    assert "| spells | coefficient | 0.50 / 0.50 |" in made.markdown()
    assert "0.24 / 0.25 *" in made.latex()
    assert repr(made).startswith(made.study.title)


def test_a_term_is_named_once(toy):
    rows = study_page(toy(RIGHT, WRONG))._shown()[0].rows
    assert [row[0] for row in rows] == ["spells", ""]


def test_notes_are_read_as_paragraphs_and_lists(toy):
    folder = toy(RIGHT)
    (folder / "notes.md").write_text("# Toy\n\nTwo\nlines of `code`.\n\n- one\n- two\n", "utf-8")
    made = study_page(folder)
    assert made.head[-3:] == ("Two lines of `code`.", "- one", "- two")
    assert "<p>Two lines of <code>code</code>.</p><ul><li>one</li><li>two</li></ul>" in made.html()


def test_what_is_told_otherwise_is_named(toy):
    lines = ["Table 1,all,spells,coefficient,0.50,p. 1,", "Table 1,all,spells,std_error,0.28,p. 1,"]
    said = comment(study_page(toy(*lines)).result)
    assert said[1].endswith("by ours it is otherwise for Table 1, all, spells.")
    assert said[2].endswith("no reason is listed.")


def test_many_tables_of_one_covariance_are_told_together():
    tables = [f"Table {number}" for number in range(1, 8)]
    errors = pd.DataFrame({"table": tables, "variance": "model", "numbers": 2, "exact": 2})
    assert covariance_in_words(errors) == [
        "7 tables from Table 1 to Table 7: model gives 14 of 14 printed standard errors exactly."
    ]


def test_a_table_that_it_has_not_is_refused(toy):
    with pytest.raises(ReplicationError, match="has the tables Table 1; found Table 9"):
        study_page(toy(RIGHT), ["Table 9"])


def test_without_data_a_page_says_how_to_get_them(no_sources):
    made = study_page("martin-1992")
    assert made.result is None
    assert "coalition-models data fetch" in made.comment[0]
    assert made.study.citation in made.html()
    assert "Cost of sanctions" not in made.summary()


def test_every_study_is_in_one_notebook_and_none_has_outputs():
    cells = [cell for book in BOOKS for cell in json.loads(book.read_text("utf-8"))["cells"]]
    assert not any(cell.get("outputs") for cell in cells)
    code = "\n".join(line for book in BOOKS for line in code_of(book))
    named = dict.fromkeys(re.findall(r'study_page\(\s*"([^"]+)"', code))
    assert sorted(named) == known_studies()


@pytest.mark.parametrize("book", BOOKS, ids=lambda book: book.stem)
def test_a_notebook_without_data_says_what_is_missing(book, no_sources):
    pages = [one for one in shown(code_of(book), {}) if isinstance(one, page.StudyPage)]
    assert pages
    assert all("data fetch" in one.comment[0] for one in pages if one.result is None)


#: these take long, and what they show is tested elsewhere too
LONG = ("conflict", "in_spirit")
SHOWN = [
    pytest.param(book, marks=[pytest.mark.slow] if book.stem in LONG else []) for book in BOOKS
]


@pytest.mark.mirror
@pytest.mark.parametrize("book", SHOWN, ids=lambda book: book.stem)
def test_a_notebook_shows_its_studies(book, mirror, replicated, monkeypatch, capsys):
    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    monkeypatch.setattr(page, "replicate", lambda name, data=None: replicated(name))
    pages = [one for one in shown(code_of(book), {}) if isinstance(one, page.StudyPage)]
    assert pages
    for one in pages:
        assert one.result is not None
        assert one.comment[0] == f"{one.result.verdict}."
        assert f"{one.study.title}" in one.markdown()
    if book.stem == "conflict":
        printed = capsys.readouterr().out
        allies = next(line for line in printed.splitlines() if line.startswith("allies"))
        assert allies.split() == ["allies", "-0.414", "0.110", "-0.229"]
        assert re.search(r"log likelihood\s+-319.8\d+\s+-319.1\d+", printed)
