"""The house keeps its plan: no circles, no imports of the root from inside, small modules."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "coalition_models"
MODULES = sorted((ROOT / PACKAGE).rglob("*.py"))

#: circles that are left, each as the modules on it; a mended one is struck out here
LAZY_CIRCLES: set[frozenset[str]] = set()
#: a fit names its engine's type and an engine its fit's: for the type checker alone
TYPING_CIRCLES: set[frozenset[str]] = {
    frozenset({"models.engine", "models.fit"}),
    frozenset({"models.engine", "models.fit", "models.fit_table"}),
    frozenset({"models.fit", "models.fit_table"}),
}
#: functions longer than 60 lines: each is one list of steps that has not yet found its cut
LONG_FUNCTIONS = {"models/sample/draw.py:draw_sample"}


@cache
def imports(kind: str) -> grimp.ImportGraph:
    """Who imports whom: ``module`` at import, ``lazy`` at run time, ``typing`` for types too."""
    graph = grimp.build_graph(
        PACKAGE,
        exclude_type_checking_imports=kind != "typing",
        include_external_packages=True,
        cache_dir=None,
    )
    if kind == "module":
        for importer in graph.modules:
            for imported in list(graph.find_modules_directly_imported_by(importer)):
                if all(inside_a_function(one) for one in details(graph, importer, imported)):
                    graph.remove_import(importer=importer, imported=imported)
    return graph


def details(graph: grimp.ImportGraph, importer: str, imported: str) -> list[tuple[str, int]]:
    found = graph.get_import_details(importer=importer, imported=imported)
    return [(importer, one["line_number"]) for one in found]


@cache
def functions_of(module: str) -> list[tuple[int, int]]:
    base = ROOT / Path(*module.split("."))
    path = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
    return [
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]


def inside_a_function(place: tuple[str, int]) -> bool:
    module, line = place
    return any(first <= line <= last for first, last in functions_of(module))


def circles(kind: str) -> set[frozenset[str]]:
    graph = imports(kind)
    found = set()
    for importer in sorted(m for m in graph.modules if m.startswith(f"{PACKAGE}.")):
        for imported in graph.find_modules_directly_imported_by(importer):
            back = graph.find_shortest_chain(importer=imported, imported=importer)
            # the table of contents names everything to the type checker, and nobody imports it
            if back is not None and PACKAGE not in back:
                found.add(frozenset(name.removeprefix(f"{PACKAGE}.") for name in back))
    return found


def test_no_two_modules_import_each_other():
    assert circles("module") == set()


def test_no_two_modules_import_each_other_inside_functions():
    assert circles("lazy") - LAZY_CIRCLES == set()


def test_no_two_modules_import_each_other_for_types():
    assert circles("typing") - TYPING_CIRCLES - LAZY_CIRCLES == set()


def test_nothing_inside_imports_the_package_root():
    assert imports("typing").find_modules_that_directly_import(PACKAGE) == set()


def test_kernels_do_without_pandas():
    graph = imports("typing")
    chain = graph.find_shortest_chain(
        importer=f"{PACKAGE}.kernels", imported="pandas", as_packages=True
    )
    assert chain is None


def test_a_lazy_import_is_told_from_one_at_import():
    """The graphs differ, so that a circle of either kind would be found."""
    whole, early = imports("lazy"), imports("module")
    registry, reader = f"{PACKAGE}.cli_data", f"{PACKAGE}.sources.citations"
    assert reader in whole.find_modules_directly_imported_by(registry)
    assert reader not in early.find_modules_directly_imported_by(registry)
    assert f"{PACKAGE}.errors" in early.find_modules_directly_imported_by(reader)


def test_modules_stay_small():
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in MODULES
        if (lines := path.read_text(encoding="utf-8").count("\n")) > 400
    }
    assert long == {}


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(getattr(first.value, "value", None), str)
    words = (first.end_lineno or 0) - first.lineno + 1 if told else 0
    return (node.end_lineno or 0) - node.lineno + 1 - words


def test_functions_stay_short():
    long = {
        f"{path.relative_to(ROOT / PACKAGE).as_posix()}:{node.name}"
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and length(node) > 60
    }
    assert long - LONG_FUNCTIONS == set()


@pytest.mark.parametrize("word", ['simplefilter("ignore"', "simplefilter('ignore'"])
def test_no_warning_is_silenced_wholesale(word):
    """A filter by message or a record says what is held back; ``ignore`` alone does not."""
    silent = {
        path.relative_to(ROOT / PACKAGE).as_posix()
        for path in MODULES
        if word in path.read_text(encoding="utf-8")
    }
    assert silent == set()
