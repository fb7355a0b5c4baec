"""The package as a whole: quick to import, complete when installed, honest about its names."""

from __future__ import annotations

import ast
import importlib
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import frictionless
import pytest

import coalition_models as cm
from coalition_models.errors import gathered
from coalition_models.record import record_of


def python(code, *, cwd, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_takes_less_than_three_tenths_of_a_second(root):
    code = (
        "import time; t = time.perf_counter(); import coalition_models; "
        "print(time.perf_counter() - t)"
    )
    seconds = min(float(python(code, cwd=root).stdout) for _ in range(3))
    assert seconds < 0.3


def test_import_loads_no_heavy_library(root):
    code = (
        "import sys, coalition_models; "
        "print([m for m in ('pandas', 'numpy', 'numba', 'matplotlib') if m in sys.modules])"
    )
    assert python(code, cwd=root).stdout.strip() == "[]"


def test_every_public_name_is_there_and_documented():
    for name in cm.__all__:
        value = getattr(cm, name)
        assert name in dir(cm)
        if name != "__version__":
            assert (value.__doc__ or "").strip(), name


def test_no_public_name_is_a_subpackage(root):
    rooms = {p.name for p in (root / "coalition_models").iterdir() if p.is_dir()}
    # these rooms are namespaces themselves
    assert rooms & set(cm.__all__) == {"inference", "prediction", "qca", "sensitivity"}


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'coxx'"):
        _ = cm.coxx


def test_versions_agree(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    where = project["tool"]["hatch"]["version"]["path"]
    assert f'__version__ = "{cm.__version__}"' in (root / where).read_text(encoding="utf-8")
    assert f"version: {cm.__version__}" in (root / "CITATION.cff").read_text(encoding="utf-8")


def test_the_wheel_carries_the_data_and_works_elsewhere(root, tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=root,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    code = (
        "import coalition_models as cm; print(cm.__file__); "
        "print(len(cm.load('participation')), len(cm.datasets()))"
    )
    done = python(code, cwd=elsewhere, PYTHONPATH=str(site))
    assert done.stderr == ""
    where, counts = done.stdout.splitlines()
    assert Path(where).is_relative_to(site)
    assert counts == f"{len(cm.load('participation'))} {len(cm.datasets())}"


def test_the_data_package_is_valid(root):
    report = frictionless.validate(str(root / "data" / "datapackage.json"))
    problems = report.flatten(["title", "message"])
    assert report.valid, problems[:5]


def test_every_file_in_data_is_described(root):
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    described = {resource["path"] for resource in package["resources"]}
    earlier = [then for r in package["resources"] for then in r.get("revisions", ())]
    described |= {then["path"] for then in earlier}
    found = {str(p.relative_to(root / "data").as_posix()) for p in (root / "data").rglob("*.csv")}
    # results that runs are compared with are no data
    assert {name for name in found if not name.startswith("expected/")} == described


def test_every_feature_column_is_in_the_codebook(root):
    from coalition_models.features.registry import registered
    from coalition_models.sources.fetch import at_hand

    panel = cm.build_panel(cm.facts("iraq"))
    with gathered():
        for item in registered().values():
            if item.reads_facts and all(at_hand(name) for name in item.must_read):
                panel = item.function(panel)
    book = cm.codebook("features")
    assert not book.index.duplicated().any()
    assert set(record_of(panel).features) - set(book.index) == set()
    declared = {c for item in registered().values() for c in item.columns if "<" not in c}
    assert declared - set(book.index) == set()


def test_every_builder_is_a_public_name(root):
    from coalition_models.features.registry import registered

    held = {name: f"coalition_models.{module}" for name, module in cm._WHERE.items()}
    for name, item in registered().items():
        assert held[name] == item.function.__module__


def test_optional_libraries_are_named_with_their_extra(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "rdata", None)
    frames = importlib.import_module("coalition_models.sources.readers._frames")
    with pytest.raises(cm.CoverageError, match=r"pip install 'coalition-models\[fetch\]'"):
        frames.read_r(tmp_path / "x.rda")


def test_editors_and_type_checkers_see_every_name(root):
    tree = ast.parse((root / "coalition_models" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    seen = {
        alias.asname: statement.module
        for statement in block.body
        if isinstance(statement, ast.ImportFrom) and statement.module != "coalition_models"
        for alias in statement.names
    }
    assert seen == {name: f"coalition_models.{module}" for name, module in cm._WHERE.items()}


@pytest.mark.parametrize("room", ["inference", "qca", "sensitivity"])
def test_rooms_that_are_namespaces_list_their_names_and_load_them_when_used(root, room):
    names = importlib.import_module(f"coalition_models.{room}")
    assert getattr(cm, room) is names
    assert room in dir(cm)
    files = {path.stem for path in (root / "coalition_models" / room).glob("*.py")}
    # a name that is a file's too would be the file as soon as that is imported
    assert not files & set(names.__all__)
    for name in names.__all__:
        assert name in dir(names)
        assert (getattr(names, name).__doc__ or "").strip(), name
    with pytest.raises(AttributeError, match="no attribute 'cautius'"):
        _ = names.cautius
    code = (
        f"import sys, coalition_models.{room}; "
        "print([m for m in ('pandas', 'numpy') if m in sys.modules])"
    )
    assert python(code, cwd=root).stdout.strip() == "[]"
