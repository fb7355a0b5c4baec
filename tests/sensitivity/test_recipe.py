"""The recipe for a new dimension does what it says."""

from __future__ import annotations

import re

import pytest


@pytest.mark.filterwarnings("ignore:[0-9]+ clusters")
def test_the_recipe_for_a_dimension_runs_as_printed(root):
    text = (root / "docs" / "developer" / "add-a-dimension.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    names = {}
    exec(compile(code, "add-a-dimension.md", "exec"), names)
    found = names["found"]
    assert found.table[["horizon", "ties"]].to_numpy().tolist() == [
        [12, "efron"], [12, "breslow"], [24, "efron"], [24, "breslow"],
    ]  # fmt: skip
    assert found.table["problem"].eq("").all()
    assert found.table["estimate"].notna().all()
    assert found.skipped["reason"].tolist() == ["nobody is followed for more than 9999 months"]
    assert found.moves()["dimension"].tolist() == ["horizon", "ties"]
