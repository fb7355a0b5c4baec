"""The paper holds no number typed by hand."""

from __future__ import annotations

import re


def test_the_template_has_no_number_of_its_own(root):
    text = (root / "paper" / "paper.md").read_text(encoding="utf-8")
    bare = re.sub(r"\{\{[^}]*\}\}", "", text)
    years = re.findall(r"\((\d{4})\)", bare)
    assert years  # the works named
    bare = re.sub(r"\(\d{4}\)", "", bare).replace("80 % power", "")
    assert re.findall(r"\d+", bare) == []
