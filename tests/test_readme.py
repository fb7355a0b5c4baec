"""What the README shows runs as it stands, and what it states is so."""

from __future__ import annotations

import re

import pytest

import coalition_models as cm


def blocks(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_the_lines_of_jupyter_run(root):
    (code,) = blocks(root)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    fit = names["fit"]
    assert isinstance(fit, cm.Fit)
    assert fit.counts.events == 21


def test_stated_counts_are_those_of_the_data(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    tables = cm.datasets()
    external = tables[tables["kind"] == "external"]
    composite = [n for n in external.index if n == "ipi-contributions"]
    assert f"External sources ({len(external) - len(composite)}," in text
    second = cm.load("second_coder_sample")
    both = second.merge(
        cm.load("participation"), on=["coalition", "state", "spell"], suffixes=("_second", "")
    )
    agree = int((both["exit_kind"] == both["exit_kind_second"]).sum())
    assert f"{agree} of {len(both)} sampled spells" in text
    panel = cm.build_panel(cm.load("participation"), coalitions=["iraq"])
    assert f"Iraq has {panel['event'].sum()} early exits" in text


def test_files_that_the_readme_names_are_there(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    named = re.findall(
        r"`([\w./-]+\.(?:md|cff|lock|json)|notebooks/|data/LICENSE|tests/[\w/]+)`", text
    )
    assert named
    for name in named:
        assert (root / name).exists(), name
