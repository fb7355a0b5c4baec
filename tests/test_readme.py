"""What the README shows runs as it stands, and what it states is so."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import warnings

import pandas as pd
import pytest

import coalition_models as cm
from coalition_models.members.templates import write_templates


def blocks(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    return re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)


def inline(root):
    """Complete calls in the prose, as they stand between backticks."""
    text = (root / "README.md").read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    calls = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose)]
    return [code for code in calls if re.fullmatch(r"\w[\w.]*\(.*\)", code)]


@pytest.fixture(scope="module")
def shown(root, tmp_path_factory):
    """Names after the blocks have run; warnings are errors, so none of them gives one."""
    names: dict[str, object] = {
        "polls": pd.DataFrame({"state": ["ESP"], "against": [0.91]}),
        "df": pd.DataFrame(
            {
                "start": [0, 0, 0, 1, 0, 2, 0, 0],
                "stop": [3, 4, 5, 6, 7, 8, 9, 2],
                "dispute": [1, 0, 1, 1, 0, 1, 0, 1],
                "allies": [0, 1, 0, 1, 1, 0, 1, 1],
                "trade": [0.2, 0.1, 0.4, 0.3, 0.9, 0.5, 0.7, 0.6],
                "dyadid": range(8),
            }
        ),
    }
    folder = tmp_path_factory.mktemp("reader")
    write_templates(folder / "mine")
    with warnings.catch_warnings(), contextlib.chdir(folder):
        warnings.simplefilter("error")
        for code in blocks(root):
            exec(compile(code, "README.md", "exec"), names)
    return names


def test_the_lines_of_jupyter_run_without_a_warning(shown):
    fit = shown["fit"]
    assert isinstance(fit, cm.Fit)
    assert fit.counts.events == 21
    # what is not worth a warning is still said below the fit
    assert "38 clusters in state: below 40" in str(fit)


@pytest.mark.filterwarnings("ignore::coalition_models.errors.CoalitionWarning")
def test_calls_in_the_prose_run(root, shown):
    calls = inline(root)
    assert 'cm.table({"Cox": fit})' in calls
    for code in calls:
        if code in _ELSEWHERE:
            continue
        assert eval(compile(code, "README.md", "eval"), shown) is not shown, code


#: needs a download, or stands for any table
_ELSEWHERE = ('cm.replicate("box-steffensmeier-zorn-2001")', "cm.load(name)")


def test_stated_counts_are_those_of_the_data(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    tables = cm.datasets()
    external = tables[tables["kind"] == "external"]
    assert f"External sources ({len(external)}," in text
    assert f"# {len(cm.list_claims())} claims, each with its registered test" in text
    found = cm.coder_agreement().set_index(["what", "round"])["agree"]
    assert f"on the kind of exit in {found['kind', '1']} of 30 spells drawn at random" in text
    assert f"on its month in {found['exit month', '1']}" in text
    assert f"the same day in {found['announced day', 'all']} of 13" in text
    spells = cm.load("participation")
    recalled = spells["entry_source"].str.contains("recalled", na=False)
    recalled |= spells["exit_source"].str.contains("recalled", na=False)
    for name, place in (
        ("iraq", "in Iraq"),
        ("isaf", "in ISAF"),
        ("rsm", "in Resolute Support"),
    ):
        part = spells["coalition"] == name
        found = rf"{(recalled & part).sum()} of the {part.sum()}\s+(spells )?{place}"
        assert re.search(found, text), found
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


def test_the_picture_is_drawn_by_code_and_the_same_every_time(root):
    found = importlib.util.spec_from_file_location("docs_picture", root / "docs" / "picture.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    drawn = module.draw()
    assert drawn == module.draw()
    assert drawn[:4] == module.TARGET.read_bytes()[:4] == b"\x89PNG"
    assert module.TARGET.stat().st_size < 200_000
    text = (root / "README.md").read_text(encoding="utf-8")
    members = cm.facts("iraq").members
    assert f"Bars of {members['state'].nunique()} states in Iraq" in text
    assert f"with the {(members['exit_kind'] == 'early').sum()} early exits marked" in text


def test_what_the_first_lines_say_is_so(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    panel = cm.add_leadership(cm.build_panel(cm.facts("iraq")))
    assert f"{panel['event'].sum()} early exits in {len(panel):,} months at risk" in text
    ratio = cm.cox("event ~ leader_change", panel, cluster="state").tidy(exponentiate=True)
    assert f"a ratio of {ratio['estimate'].iloc[0]:.1f}," in text
