"""An example in a public docstring runs where it is pasted: it imports all that it uses."""

import ast
import builtins
import doctest
import inspect
from types import ModuleType

import pytest

import coalition_models as cm

ROOMS = (
    "plot", "sensitivity", "inference", "prediction", "qca", "kernels", "models", "designs",
)  # fmt: skip


def public():
    """Name and docstring of whatever a user can reach, methods among them."""
    for room in (cm, *(getattr(cm, name) for name in ROOMS)):
        for name in dir(room):
            value = getattr(room, name)
            own = str(getattr(value, "__module__", "")).startswith("coalition_models")
            if name.startswith("_") or isinstance(value, ModuleType) or not own:
                continue
            yield f"{room.__name__}.{name}", inspect.getdoc(value) or ""
            if inspect.isclass(value):
                for key, held in vars(value).items():
                    if not key.startswith("_"):
                        yield f"{room.__name__}.{name}.{key}", str(held.__doc__ or "")


def lacking(code):
    """Names that code reads and neither makes nor imports."""
    read, made = set(), set(dir(builtins))
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Name):
            (read if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.alias):
            made.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
    return read - made


def test_examples_import_what_they_use():
    lost = {}
    for name, text in public():
        if ">>>" not in text:
            continue
        code = "".join(one.source for one in doctest.DocTestParser().get_examples(text))
        if found := lacking(code):
            lost[name] = found
    assert lost == {}


@pytest.mark.parametrize(
    ("code", "names"),
    [("import numpy as np\nnp.array(x)", {"x"}), ("f = lambda s: s\nf(1)", set())],
)
def test_a_name_from_nowhere_is_seen(code, names):
    assert lacking(code) == names
