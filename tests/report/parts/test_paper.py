"""The paper is a part of every run: filled, written, and the same from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from coalition_models.errors import DataError
from coalition_models.report import paper as text_of
from coalition_models.report.part import Run
from coalition_models.report.parts.paper import PART, fill_paper, write_paper


def test_a_short_text_is_filled_by_what_it_names(tmp_path):
    template = tmp_path / "short.md"
    template.write_text("{{iraq.events}} exits, {{ref:table:iraq.power}}\n\n{{table:iraq.power}}")
    run = Run()
    paper = fill_paper(template, run)
    assert "21 exits, Table 1" in paper.text
    assert "participation" in PART.sources(paper)
    assert f"A text of {len(paper.text.split())} words" in PART.about(paper)
    # the first look is shared with the part that shows it, and nothing else is analysed
    assert set(run._held) == {"set iraq", "first look iraq"}
    assert list(PART.product(paper).tables) == ["iraq_power"]
    write_paper(template, [tmp_path / "new" / "paper.md"])
    assert (tmp_path / "new" / "paper.md").read_text("utf-8") == paper.text


def test_what_cannot_be_filled_is_refused(tmp_path, monkeypatch):
    wrong, bytes_ = tmp_path / "wrong.md", tmp_path / "bytes.md"
    wrong.write_text("{{nothing}}", encoding="utf-8")
    bytes_.write_bytes(b"\xff\xfe")
    run = Run()
    for template, message in (
        (tmp_path / "no.md", "cannot read .*no.md"),
        (bytes_, "not UTF-8"),
        (wrong, "does not give: nothing; known: version"),
    ):
        with pytest.raises(DataError, match=message):
            fill_paper(template, run)
    monkeypatch.setattr(text_of, "__file__", str(Path(tmp_path) / "a" / "b" / "paper.py"))
    with pytest.raises(DataError, match="the paper's text is missing"):
        PART.analyse(run)
