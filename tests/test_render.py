"""Tables show themselves in four forms, with everything escaped."""

from __future__ import annotations

from coalition_models.render import Table, format_number, format_p

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
    assert r"| 50 % \| <b> | -1.20 |" in TABLE.markdown()


def test_latex_escapes_what_would_break_a_document():
    text = TABLE.latex()
    assert r"log\_deaths\_12m & 0.50 \\" in text
    assert r"50 \% | \textless{}b\textgreater{}" in text
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
