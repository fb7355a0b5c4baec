"""The paper is a part of every run: filled, written, and the same from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from coalition_models.errors import DataError
from coalition_models.report import paper as text_of
from coalition_models.report.part import Run
from coalition_models.report.parts.paper import PART, fill_paper, write_paper


def test_the_part_writes_what_the_command_writes(root, tmp_path):
    run = Run()
    paper = PART.analyse(run)
    write_paper(root / "paper" / "paper.md", tmp_path / "new" / "paper.md")
    assert PART.files(paper)["paper.md"] == (tmp_path / "new" / "paper.md").read_text("utf-8")
    assert "{{" not in paper.text
    assert "participation" in PART.sources(paper)
    assert f"A text of {len(paper.text.split())} words" in PART.about(paper)
    # the first look is shared with the part that shows it
    assert "first look iraq" in run._held


def test_what_cannot_be_filled_is_refused(tmp_path, monkeypatch):
    wrong, bytes_ = tmp_path / "wrong.md", tmp_path / "bytes.md"
    wrong.write_text("{{nothing}}", encoding="utf-8")
    bytes_.write_bytes(b"\xff\xfe")
    run = Run()
    for template, message in (
        (tmp_path / "no.md", "cannot read .*no.md"),
        (bytes_, "not UTF-8"),
        (wrong, "does not give: nothing; known: states"),
    ):
        with pytest.raises(DataError, match=message):
            fill_paper(template, run)
    monkeypatch.setattr(text_of, "__file__", str(Path(tmp_path) / "a" / "b" / "paper.py"))
    with pytest.raises(DataError, match="the paper's text is missing"):
        PART.analyse(run)
