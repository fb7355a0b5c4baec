"""Families say what they are and can do; the rest of the package asks them, not their names."""

from __future__ import annotations

import ast
import re
import sys
from textwrap import dedent

import pytest

import coalition_models as cm
import coalition_models.models as room
from coalition_models.errors import DataError
from coalition_models.models.family import (
    ABILITIES,
    Family,
    abilities_table,
    families,
    family_named,
    require,
)


def test_the_page_is_made_from_the_records(root):
    page = (root / "docs" / "families.md").read_text(encoding="utf-8")
    assert page == abilities_table(), "write it anew: models/family.py abilities_table()"


def test_every_ability_is_one_of_some_family():
    able = {ability for family in families().values() for ability in family.can}
    assert able == set(ABILITIES)


def test_no_module_compares_the_name_of_a_family(root):
    names = set(families())
    found = []
    for path in (root / "coalition_models").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Compare) or "kernels" in path.parts:
                continue
            own = {n.value for n in ast.walk(node) if isinstance(n, ast.Constant)} & names
            # links inside the family of links are numbers, not families
            if own and path.name not in ("estimate.py", "engine.py"):
                found.append(f"{path.relative_to(root)}:{node.lineno} {ast.unparse(node)}")
            if "Engine)" in ast.unparse(node):
                found.append(f"{path.relative_to(root)}:{node.lineno}")
    assert found == []


def test_engines_are_reached_from_models_and_inference_only(root):
    package = root / "coalition_models"
    found = [
        str(path.relative_to(root))
        for path in package.rglob("*.py")
        if path.relative_to(package).parts[0] not in ("models", "inference")
        and re.search(
            r"\bfit\.engine\b|(?<!sensitivity)\.engine\.", path.read_text(encoding="utf-8")
        )
    ]
    assert found == []


def test_every_estimator_has_its_three_files(root):
    for folder in {"cox", "cure", "discrete", "parametric"}:
        files = {p.name for p in (root / "coalition_models" / "models" / folder).glob("*.py")}
        assert files >= {"api.py", "estimate.py", "engine.py"}


def test_no_circle_among_the_modules_of_models(root):
    """Imports at the top of a module, by whatever name."""
    package = root / "coalition_models" / "models"
    imports: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        name = ".".join(path.relative_to(root).with_suffix("").parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        imports[name] = {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node in tree.body and node.module
        }
    done: set[str] = set()
    while ready := {
        n for n, own in imports.items() if n not in done and not own & (set(imports) - done)
    }:
        done |= ready
    assert set(imports) - done == set()


def test_a_refusal_names_what_who_and_who_can(months):
    with pytest.raises(DataError) as caught:
        require(family_named("probit"), "firth", "penalty='firth'")
    assert str(caught.value) == (
        "penalty='firth' is for cox, logit fits, not for probit (Discrete-time probit knows no "
        "Firth's penalty): use cox() or logit()"
    )
    fit = cm.logit("event ~ x", months(), link="cloglog")
    with pytest.raises(DataError, match=r"check_ph\(\) is for cox fits, not for cloglog"):
        cm.check_ph(fit)


@pytest.mark.parametrize("link", ["logit", "probit", "cloglog"])
def test_each_link_is_a_family_of_its_own(months, link):
    fit = cm.logit("event ~ x", months(), link=link)
    assert repr(fit).startswith(f"<Fit {link} 'event ~ x'")
    assert fit.family is family_named(link)
    with pytest.warns(FutureWarning, match=r"Fit\.family\.name"):
        assert fit.estimator == "logit"
    heading = str(fit).splitlines()[1]
    assert fit.family.scale in heading


def test_an_unknown_family_and_an_unknown_ability():
    with pytest.raises(DataError, match=r"family must be one of .*cox, .*logit, probit, cloglog"):
        family_named("pareto")
    known = family_named("cox")
    with pytest.raises(DataError, match="abilities that are none: flying"):
        Family(**{**vars(known), "can": frozenset({"flying"})})


TOY = """
from dataclasses import replace
from coalition_models.models.cox import api as cox
from coalition_models.models.family import family_named

FAMILIES = (
    replace(family_named("cox"), name="toy", title="Toy", call="toy()", can=frozenset({"ties"})),
)
check, draw, estimate = cox.check, cox.draw, cox.estimate
"""


def test_a_new_family_is_a_folder(tmp_path, monkeypatch, months):
    folder = tmp_path / "toy"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "api.py").write_text(dedent(TOY))
    monkeypatch.setattr(room, "__path__", [*room.__path__, str(tmp_path)])
    try:
        assert list(families())[-1] == "toy" or "toy" in families()
        fit = cm.fit(cm.Specification("toy", "event ~ x", ties="breslow"), months())
        assert repr(fit).startswith("<Fit toy ")
        assert "| `toy` |" in abilities_table()
        with pytest.raises(DataError, match=r"strata=.* is for .*cox.* fits, not for toy"):
            cm.Specification("toy", "event ~ x", strata="region")
    finally:
        for name in ("toy.api", "toy"):
            sys.modules.pop(f"coalition_models.models.{name}", None)
    monkeypatch.undo()
    assert "toy" not in families()
