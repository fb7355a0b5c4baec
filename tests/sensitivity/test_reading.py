"""The page on reading a sensitivity analysis: its code runs, and its numbers are those it gives."""

from __future__ import annotations

import re

import numpy as np
import pytest

from coalition_models import sensitivity


@pytest.mark.filterwarnings("ignore:[0-9]+ clusters", "ignore:[0-9]+ events")
def test_the_picture_is_drawn_and_the_numbers_are_its_own(root, tmp_path, monkeypatch) -> None:
    page = (root / "docs" / "reading-sensitivity.md").read_text(encoding="utf-8")
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, "reading-sensitivity.md", "exec"), names)
    assert (tmp_path / "curve.png").stat().st_size > 5000
    report = names["found"]
    assert (tmp_path / "finding.html").read_text(encoding="utf-8") == report.html()
    assert {"dates", "codings"} <= set(report.absent)
    assert len(report.results["curve"].table) == 12
    curve = names["curve"]
    ratio = np.exp(curve.alike["estimate"])
    said = (f"{curve.summary['median_ratio']:.2f} of the {len(ratio)} hazard ratios here, which "
            f"lie between {ratio.min():.2f} and {ratio.max():.2f}")  # fmt: skip
    text = " ".join(page.split())
    assert said in text
    first = curve.variation.iloc[0]
    assert f"`{first['choice']}` has {first['share']:.0%}".replace("%", " per cent") in text
    assert (curve.table.nlargest(4, "estimate")["followed"] == 12).all()


def test_every_part_named_in_a_heading_is_there(root) -> None:
    page = (root / "docs" / "reading-sensitivity.md").read_text(encoding="utf-8")
    named = re.findall(r"`(\w+)`", " ".join(re.findall(r"^## (.*)$", page, re.MULTILINE)))
    assert len(named) > 12
    assert [name for name in named if not hasattr(sensitivity, name)] == []
