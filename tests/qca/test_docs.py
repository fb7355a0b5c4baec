"""The page docs/qca.md runs, and says what its code finds."""

from __future__ import annotations

import re
import warnings

import pytest

from coalition_models.sources.fetch import MIRROR_VARIABLE

BLOCK = re.compile(r"(<!-- needs: [\w-]+ -->\n)?```python\n(.*?)```", re.DOTALL)


def run(root, names, external):
    text = (root / "docs" / "qca.md").read_text(encoding="utf-8")
    found = [code for needs, code in BLOCK.findall(text) if bool(needs) == external]
    assert found
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for code in found:
            exec(compile(code, "docs/qca.md", "exec"), names)
    return names


def test_the_page_runs(root):
    names = run(root, {}, external=False)
    assert names["solution"].expression == "F"


def test_the_leaders_are_as_the_page_says(root, mirror, monkeypatch):
    monkeypatch.setenv(MIRROR_VARIABLE, str(mirror))
    names = run(root, {"cm": __import__("coalition_models")}, external=True)
    leaders, his, mandate = names["leaders"], names["his"], names["mandate"]
    assert (len(leaders), len(names["left_out"])) == (28, 53)
    assert (leaders["E"] == 0).sum() == 27
    assert his.loc["L*~E*P", "consistency"] == pytest.approx(0.649, abs=5e-4)
    assert (his["consistency"].drop(["L*~E*P"]) < 0.4).all()
    assert names["ours"].expressions == ["L*~E*P*C*F"]
    assert names["no_election"]
    assert (names["ended"]["W"] == 0).sum() == 3
    assert (mandate["consistency"] > his["consistency"]).all()
