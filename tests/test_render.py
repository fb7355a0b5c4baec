"""Tables show themselves in four forms, with everything escaped."""

from __future__ import annotations

import pandas as pd
import pytest

from coalition_models.render import Table, format_number, format_p, frame_table, listing

TABLE = Table(
    ["term", "estimate"],
    [["log_deaths_12m", "0.50"], ["50 % | <b>", "-1.20"]],
    title="A & B",
    notes=["21 events_"],
)


def test_text_aligns_numbers_to_the_right():
    lines = TABLE.text().splitlines()
    assert lines[0] == "A & B"
    assert lines[3] == "log_deaths_12m      0.50"
    assert lines[-1] == "21 events_"


def test_markdown_escapes_bars():
    assert r"| 50 % \| \<b> | -1.20 |" in TABLE.markdown()


def test_latex_escapes_what_would_break_a_document():
    text = TABLE.latex()
    assert r"log\_deaths\_12m & 0.50 \\" in text
    assert r"50 \% \textbar{} \textless{}b\textgreater{}" in text
    assert r"21 events\_" in text


def test_html_escapes_tags():
    assert "50 % | &lt;b&gt;" in TABLE.html()
    assert "<caption>A &amp; B</caption>" in TABLE.html()


def test_numbers():
    assert format_number(float("nan")) == ""
    assert format_number(float("inf")) == "inf"
    assert format_number(1234567.0) == "1.23e+06"
    assert format_number(0.00001) == "1e-05"
    assert format_number(0.0) == "0.000"
    assert format_number(True) == "yes"
    assert format_p(float("nan")) == ""
    assert format_p(0.0004) == "<0.001"


BREAKS = ["a\nb", "a\r\nb", "a\u2028b", "a\x0bb", "a\n\nb"]


@pytest.mark.parametrize("text", BREAKS)
def test_a_line_break_in_a_name_breaks_no_table(text):
    table = Table(["term", "x"], [[text, "1"]], title=text, notes=[text])
    plain = Table(["term", "x"], [["a", "1"]], title="a", notes=["a"])
    for form in ("text", "markdown", "latex"):
        lines = getattr(table, form)().splitlines()
        assert len(lines) == len(getattr(plain, form)().splitlines()), form
    cells = [line for line in table.markdown().splitlines() if line.startswith("| a")]
    assert cells == [cells[0]]
    assert cells[0].endswith("b | 1 |")


@pytest.mark.parametrize("text", BREAKS)
def test_a_title_never_leaves_the_comment_of_latex(text):
    title = text.replace("b", r"\input{secret}")
    lines = Table(["term"], [["x"]], title=title).latex().splitlines()
    assert lines[0].startswith("% ")
    assert [line for line in lines if "secret" in line] == [lines[0]]


@pytest.mark.parametrize("cell", ["<script>", "</td>", "<!-- x", "<?php", "<a href=x>"])
def test_markdown_opens_no_tag(cell):
    text = Table([cell], [[cell]], title=cell, notes=[cell]).markdown()
    assert text.count("<") == text.count("\\<") == 4


def test_p_values_stay_as_they_are_in_markdown():
    assert "| <0.001 |" in Table(["p"], [["<0.001"]]).markdown()


@pytest.mark.parametrize("cell", ["[0.1]", "*", "[x"])
def test_a_first_cell_is_no_option_of_the_row_before_in_latex(cell):
    text = Table(["t", "x"], [["a", "1"], [cell, "2"]]).latex()
    assert f"\n{{{cell[0]}}}{cell[1:]} & 2" in text


def test_a_table_shows_itself_in_a_terminal_with_its_notes_wrapped():
    table = Table(["term"], [["x"]], notes=["word " * 60])
    assert repr(table) == str(table) == table.text()
    assert max(map(len, repr(table).splitlines())) <= 96


def test_a_listing_shows_every_row_and_names_the_other_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    frame = pd.DataFrame({"name": [f"n{i}" for i in range(70)], "text": "long words " * 12, "x": 1})
    shown = listing(frame.set_index("name"), ["text"])
    for i in range(70):
        assert f"n{i} " in repr(shown)
        assert f">n{i}<" in shown._repr_html_()
    assert repr(shown).splitlines()[-1] == "Other columns: x."
    assert max(map(len, repr(shown).splitlines())) <= 80
    assert type(shown.head(2)) is type(shown.copy()) is pd.DataFrame
    assert shown.loc["n3", "x"] == 1


def test_counts_with_gaps_have_no_decimals():
    frame = pd.DataFrame({"n": pd.array([2, None], dtype="Int64"), "share": [0.5, 0.25]})
    assert frame_table(frame, digits=2).rows == [["2", "0.50"], ["", "0.25"]]
