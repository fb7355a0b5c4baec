"""The namespace of the pictures, and the names of the last release."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import coalition_models as cm


def test_every_picture_is_there_and_documented():
    for name in cm.plot.__all__:
        assert name in dir(cm.plot)
        assert (getattr(cm.plot, name).__doc__ or "").strip(), name
    assert cm.plot.__all__ == sorted(cm.plot._WHERE)


def test_an_unknown_picture_names_those_there_are():
    with pytest.raises(AttributeError, match=r"no attribute 'pie'; there are .*survival"):
        _ = cm.plot.pie


def test_the_old_names_warn_once_and_are_the_same_functions(monkeypatch):
    for old, new in cm._MOVED.items():
        monkeypatch.delitem(vars(cm), old, raising=False)
        with pytest.warns(FutureWarning, match=rf"cm\.{old} is now called cm\.{new};"):
            first = getattr(cm, old)
        assert getattr(cm, old) is first is getattr(cm.plot, new.removeprefix("plot."))
        assert old not in cm.__all__
        monkeypatch.delitem(vars(cm), old)


def test_the_namespace_loads_no_picture_before_it_is_used(root):
    code = "import sys, coalition_models as cm; cm.plot; print('matplotlib' in sys.modules, "
    code += "'pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "False"]


def test_editors_and_type_checkers_see_every_picture(root):
    tree = ast.parse((root / "coalition_models" / "plot.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.asname: (statement.module.rpartition(".")[2], alias.name)
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }
    assert seen == cm.plot._WHERE
