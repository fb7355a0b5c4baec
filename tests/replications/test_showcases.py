"""The page of two showcases: its code runs and gives the numbers of its text."""

from __future__ import annotations

import re

import pytest

import coalition_models as cm


@pytest.mark.mirror
def test_the_page_says_what_its_code_gives(root, study_frames, monkeypatch):
    frames = study_frames("box-steffensmeier-zorn-2001") | study_frames("powell-thyne-2011")
    monkeypatch.setattr(cm, "load", lambda source: frames[source].copy())
    text = (root / "docs" / "published-tables.md").read_text("utf-8")
    place: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        exec(compile(block, "published-tables.md", "exec"), place)
    assert place["allies"] == [0.110, -0.229]
    assert place["likelihoods"] == [-319.81, -319.14]
    for number in ("0.110", "-0.229", "-319.81", "-319.14"):
        assert number in text
    trade = [fit.coefficients[fit.place_of("trade")] for fit in (place["printed"], place["lagged"])]
    assert [round(value, 1) for value in trade] == [11.5, -4.1]
