"""The pages of ``docs/``: their code runs, their links lead somewhere, and each has its place."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import re
import shlex
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path

import pytest

from coalition_models.cli import main

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
WRITTEN = sorted(DOCS.rglob("*.md"))
READ_BESIDE = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "data/README.md")]
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_FENCED = re.compile(r"^```.*?^```", flags=re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def site():
    """The module that makes pages and the table of contents."""
    found = importlib.util.spec_from_file_location("docs_pages", DOCS / "pages.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


# -- code -----------------------------------------------------------------------------------------


def blocks(path):
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


def typed(path):
    """What a reader types, in order, by language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(r"^```(python|sh)\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)


@cache
def other_tests():
    return "".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__).resolve()
    )


def shown(value):
    """A value as a page states it."""
    return value if isinstance(value, str) else repr(value)


def run(code, names, where):
    """Run a block; an expression followed by ``# ->`` must give what stands there."""
    lines = code.splitlines()
    for node in ast.parse(code).body:
        if not isinstance(node, ast.Expr):
            exec(compile(ast.Module([node], []), where, "exec"), names)
            continue
        value = eval(compile(ast.Expression(node.value), where, "eval"), names)
        stated = lines[node.end_lineno - 1].partition("# -> ")[2].strip()
        if stated:
            assert shown(value) == stated, f"{where}: {ast.unparse(node)}"


def own_pages():
    """Pages with code that no other test names, which is how those run their page."""
    return [path for path in WRITTEN if blocks(path) and f'"{path.name}"' not in other_tests()]


@pytest.mark.parametrize("path", own_pages(), ids=lambda path: path.stem)
def test_code_of_a_page_runs_as_it_stands_and_gives_what_it_says(path, tmp_path, capsys):
    names: dict[str, object] = {}
    with warnings.catch_warnings(), contextlib.chdir(tmp_path):
        warnings.simplefilter("error")
        for language, code in typed(path):
            if language == "python":
                run(code, names, path.name)
                continue
            for line in code.splitlines():
                if line.startswith("coalition-models data template"):
                    assert main(shlex.split(line, comments=True)[1:]) == 0


def test_a_wrong_number_on_a_page_is_seen():
    run("x = 2\nx + 1  # -> 3", {}, "page")
    with pytest.raises(AssertionError, match=r"page: x \+ 1"):
        run("x = 2\nx + 1  # -> 4", {}, "page")


# -- links ----------------------------------------------------------------------------------------


def anchors(text):
    """What headings of a page are called in links."""
    titles = re.findall(r"^#+ (.+)$", _FENCED.sub("", text), flags=re.MULTILINE)
    return {
        re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", title.lower()).strip()) for title in titles
    }


@pytest.mark.parametrize("path", [*WRITTEN, *READ_BESIDE], ids=lambda p: p.name)
def test_links_lead_to_files_and_headings_that_are_there(path):
    text = path.read_text(encoding="utf-8")
    lost = []
    for link in _LINK.findall(_FENCED.sub("", text)):
        target, _, anchor = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            continue
        other = (path.parent / target).resolve() if target else path
        if not other.exists() or (
            anchor and anchor not in anchors(other.read_text(encoding="utf-8"))
        ):
            lost.append(link)
    assert lost == []


def test_no_page_asks_for_anything_from_outside():
    asked = r"<(?:script|link|img|iframe)[^>]*https?://|!\[[^\]]*\]\(https?://"
    for path in [*WRITTEN, *READ_BESIDE]:
        assert not re.search(asked, path.read_text(encoding="utf-8")), path.name


# -- the table of contents ------------------------------------------------------------------------


def pages_in(items):
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            for held in item.values():
                yield from pages_in([held] if isinstance(held, str) else held)


def test_every_page_stands_in_the_contents_once(site):
    listed = list(pages_in(site.navigation()))
    assert sorted(listed) == sorted([*site.written(), *site.generated()])


def test_a_page_that_nothing_names_is_taken_up_too(site):
    assert site.section_of("qca.md") == "How to"
    assert site.section_of("something-new.md") == "More"
    assert site.section_of("how-to/something-new.md") == "How to"
    assert site.section_of("folder/something-new.md") == "More"


def test_every_table_has_a_sheet_with_its_columns(site):
    import coalition_models as cm

    pages = site.generated()
    for name, kind in cm.datasets()["kind"].items():
        sheet = pages[f"data/{kind}/{name}.md"]
        assert all(f"| {column} |" in sheet for column in cm.codebook(name).index)


def test_links_and_code_in_made_tables_are_no_plain_text(site):
    """A sign of Markdown behind a backslash is shown as it stands."""
    pages = site.generated()
    rows = [
        line
        for page, text in pages.items()
        if page.startswith("data/") and page != "data/about.md"
        for line in text.splitlines()
        if line.startswith("|")
    ]
    assert not [row for row in rows if re.search(r"\\[`\[(_]", row)]
    assert "| [troops](bundled/troops.md) |" in pages["data/index.md"]
    assert "| Key | `coalition`, " in pages["data/bundled/troops.md"]
    assert site.on_post_template("<html>", "404.html") == ""


def test_lines_of_code_fit_into_the_page():
    """The column of reading holds some 100 letters of code; what is longer is cut at its edge."""
    long = [
        f"{path.name}: {line}"
        for path in WRITTEN
        if path.name != "architecture.md"  # its rooms stand in one line
        for block in _FENCED.findall(path.read_text(encoding="utf-8"))
        for line in block.splitlines()
        if len(line) > 102
    ]
    assert long == []


def test_every_public_name_is_in_the_reference(site):
    import coalition_models as cm

    text = "".join(page for path, page in site.generated().items() if "reference/" in path)
    asked = set(re.findall(r"heading: (cm\.[\w.]+)$", text, flags=re.MULTILINE))
    public = set(cm.__all__) - {*cm._NAMESPACES, "__version__"}
    assert {f"cm.{name}" for name in public} <= asked


def test_links_between_made_pages_lead_somewhere(site):
    """Links are followed as mkdocs will: after those to the repository were replaced."""
    made, there = site.generated(), {*site.written(), *site.generated()}
    texts = {page: (DOCS / page).read_text(encoding="utf-8") for page in site.written()} | made
    lost = []
    for page, text in texts.items():
        for link in _LINK.findall(_FENCED.sub("", site.site_links(text, page))):
            target = link.partition("#")[0]
            if not target or "://" in link or link.startswith("mailto:"):
                continue
            found = (DOCS / page).parent.joinpath(target).resolve().relative_to(DOCS).as_posix()
            if found not in there and not (DOCS / found).is_file():
                lost.append(f"{page}: {link}")
    assert lost == []


@pytest.mark.slow
def test_the_site_is_built_twice_with_the_same_bytes(tmp_path):
    built = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(folder)],
            check=True, cwd=ROOT, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"},
        )  # fmt: skip
        files = [path for path in folder.rglob("*") if path.is_file()]
        built.append({path.relative_to(folder): path.read_bytes() for path in files})
    assert built[0] == built[1]
    for path, data in built[0].items():
        if path.suffix == ".html":
            assert not re.search(rb"<(?:script|link|img)[^>]*(?:src|href)=.?https?://", data), path
