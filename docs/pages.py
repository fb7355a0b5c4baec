"""Pages of the site that are made from code and data, and the site's table of contents.

``mkdocs.yml`` names this module as a hook. ``generated()`` gives every made page as text and
``navigation()`` the order of all pages. A page that is put into ``docs/`` needs no line here: a
folder of ``FOLDERS`` or the last section takes it up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import coalition_models as cm
from coalition_models.sources.catalog import Entry, tables

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent

#: folders of written pages -> their section; pages stand in the order given first, then by name
FOLDERS = {
    "tutorial": "Tutorial",
    "how-to": "How to",
    "explanation": "Explanation",
    "developer": "For developers",
}
FIRST = (
    "how-to/own-coalition.md", "how-to/analysis-files.md", "explanation/defection.md",
    "explanation/start-stop.md", "explanation/few-events.md", "explanation/few-clusters.md",
    "developer/architecture.md", "developer/contributing.md",
)  # fmt: skip
#: other pages -> their section; a page of docs/ itself is not named stands under "More"
PLACES = {
    "developer/own-study.md": "How to",
    "developer/add-a-dimension.md": "How to",
    "explanation/specification-curve.md": "Explanation",
    "competing-exits.md": "Explanation",
    "verdicts.md": "Explanation",
    "reading-sensitivity.md": "Explanation",
    "qca.md": "How to",
    "published-tables.md": "Explanation",
    "not-known.md": "Explanation",
    "from-r-and-stata.md": "From elsewhere",
    "upgrading.md": "From elsewhere",
    "results-moved.md": "From elsewhere",
    "nomenclature.md": "Reference",
    "bad-inputs.md": "Measured",
    "families.md": "Measured",
    "sources-agree.md": "Measured",
    "revisions.md": "Measured",
}
SECTIONS = (
    "Tutorial", "How to", "Notebooks", "Explanation", "Reference", "Data", "Measured",
    "From elsewhere", "More", "For developers",
)  # fmt: skip
#: files of the repository that are pages too -> where
COPIES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "developer/contributing.md",
    "data/README.md": "data/about.md",
}


# -- the table of contents ------------------------------------------------------------------------


def written() -> list[str]:
    """Pages that stand in ``docs/``, by path."""
    return sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))


@cache
def generated() -> dict[str, str]:
    """Pages that are made from code and data: path -> text."""
    pages = dict(_copies())
    pages.update(_notebooks())
    pages.update(_reference())
    pages.update(_data())
    return pages


def section_of(page: str) -> str:
    """The section of the site that a page belongs to; empty for the first page."""
    folder = page.rpartition("/")[0]
    if page == "index.md":
        return ""
    if page in PLACES or not folder:
        return PLACES.get(page, "More")
    made = {"notebooks": "Notebooks", "reference": "Reference", "data": "Data"}
    made |= {"measured": "Measured"}
    return FOLDERS.get(folder) or made.get(folder.split("/")[0], "More")


def navigation() -> list[Any]:
    """Every page once, by section."""
    pages = [*written(), *generated()]
    held: dict[str, list[Any]] = {name: [] for name in SECTIONS}
    for page in sorted(pages, key=_order):
        if section_of(page):
            held[section_of(page)].append(page)
    held["Data"] = _data_sections(held["Data"])
    return [{"Home": "index.md"}, *({name: held[name]} for name in SECTIONS if held[name])]


def _order(page: str) -> tuple[int, int, str]:
    place = [*FIRST, *PLACES]
    rank = place.index(page) if page in place else len(place)
    return (0 if page.endswith("/index.md") else 1, rank, page)


def _data_sections(pages: list[str]) -> list[Any]:
    kinds = {"Bundled tables": "data/bundled/", "External sources": "data/external/"}
    plain = [page for page in pages if page.count("/") == 1]
    parts = [{name: [p for p in pages if p.startswith(at)]} for name, at in kinds.items()]
    return [*plain, *parts]


# -- copies and notebooks -------------------------------------------------------------------------


def _copies() -> Iterator[tuple[str, str]]:
    for name, page in COPIES.items():
        yield page, (ROOT / name).read_text(encoding="utf-8")
    for path in sorted((ROOT / "benchmarks").glob("*.md")):
        yield f"measured/{path.name}", path.read_text(encoding="utf-8")


def _notebooks() -> Iterator[tuple[str, str]]:
    folder = ROOT / "notebooks"
    for path in sorted(folder.rglob("*.ipynb")):
        yield (
            f"notebooks/{path.relative_to(folder).with_suffix('.md').as_posix()}",
            notebook_page(path),
        )


def notebook_page(path: Path) -> str:
    """Prose and code of a notebook; its results are seen by running it (``make notebook``)."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = []
    for cell in cells:
        text = "".join(cell["source"]).strip()
        parts.append(text if cell["cell_type"] == "markdown" else f"```python\n{text}\n```")
    name = path.relative_to(ROOT).as_posix()
    note = f"*`{name}`: `make notebook` opens it in Jupyter, with its results.*"
    parts.insert(1, note)
    return "\n\n".join(parts) + "\n"


# -- the reference --------------------------------------------------------------------------------


def groups() -> dict[str, list[str]]:
    """The package's table of contents: the headings of ``__init__.py`` and the names below."""
    source = (ROOT / "coalition_models" / "__init__.py").read_text(encoding="utf-8")
    block = source.split("_WHERE = {", 1)[1].split("\n}", 1)[0]
    found: dict[str, list[str]] = {}
    for heading, name in re.findall(r'^    (?:# (.+)|"(\w+)": ".+",)$', block, flags=re.MULTILINE):
        if heading:
            found[heading] = last = []
        else:
            last.append(name)
    return found


def _reference() -> Iterator[tuple[str, str]]:
    lines = ["# Reference", "", "Every public name, by room, made from the docstrings.", ""]
    for title, names in groups().items():
        page = f"{_slug(title)}.md"
        text = [f"# {title[0].upper()}{title[1:]}", ""]
        for name in sorted(names, key=lambda n: (n[0].isupper(), n.lower())):
            text += _entry(f"cm.{name}", getattr(cm, name))
        yield f"reference/{page}", "\n".join(text)
        lines.append(f"- [{title[0].upper()}{title[1:]}]({page}): {_ticked(names)}")
    for room in cm._NAMESPACES:
        module = import_module(f"coalition_models.{room}")
        page = f"{room}.md"
        text = [f"# cm.{room}", "", str(module.__doc__).split("\n")[0].rstrip("."), ""]
        for name in sorted(module.__all__):
            text += _entry(f"cm.{room}.{name}", getattr(module, name))
        yield f"reference/{page}", "\n".join(text)
        lines.append(f"- [cm.{room}]({page}): {_ticked(module.__all__)}")
    yield "reference/index.md", "\n".join(lines) + "\n"


def _entry(shown: str, thing: Any) -> list[str]:
    """What mkdocstrings is asked for; a value without a docstring of its own is left out."""
    module, name = getattr(thing, "__module__", ""), getattr(thing, "__qualname__", "")
    if not str(module).startswith("coalition_models") or not name:
        return []
    return [f"::: {module}.{name}", "    options:", f"      heading: {shown}", ""]


def _ticked(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _slug(title: str) -> str:
    return re.sub(r"\W+", "-", title.lower()).strip("-")


# -- data sheets ----------------------------------------------------------------------------------


def _data() -> Iterator[tuple[str, str]]:
    held = tables()
    for name, item in held.items():
        yield f"data/{item.kind}/{name}.md", data_sheet(item)
    lines = ["# Data", "", "One sheet for every table and source, made from their codebooks.", ""]
    for kind, title in (("bundled", "Bundled tables"), ("external", "External sources")):
        rows = [
            [f"[{name}]({kind}/{name}.md)", item.title, item.unit, _period(item), item.licence]
            for name, item in held.items()
            if item.kind == kind
        ]
        table = _table(["name", "title", "a row is", "covers", "licence"], rows)
        lines += [f"## {title}", "", table, ""]
    yield "data/index.md", "\n".join(lines)
    yield "data/features.md", _features()


def _features() -> str:
    """The columns of each builder, with what all of them share said once."""
    lines = ["# Columns that builders add", ""]
    for builder, part in cm.codebook("features").reset_index().groupby("builder", sort=False):
        alike = [one for one in ("source", "article", "missing") if part[one].nunique() == 1]
        shared = {one: str(part[one].iloc[0]) for one in alike}
        told = [f"{one.capitalize()}: {value}." for one, value in shared.items() if value]
        rest = part.drop(columns=["builder", *alike])
        lines += [f"## cm.{builder}", "", " ".join(told), "", _frame(rest), ""]
    return "\n".join(lines)


def data_sheet(item: Entry) -> str:
    """What the catalogue knows of one table, as a page."""
    facts = {
        "A row is": item.unit,
        "Rows": f"{item.rows:,}" if item.rows else "",
        "Covers": _period(item) + (f"; {item.coverage_note}" if item.coverage_note else ""),
        "Key": ", ".join(f"`{name}`" for name in item.key),
        "Licence": item.licence,
        "Made from": ", ".join(item.made_from),
        "Files": ", ".join(f"[{p}]({p}.md)" for p in item.parts),
        "Address": f"`{item.url}`" if item.url else "",
        "sha256": f"`{item.sha256}`" if item.sha256 else "",
        "Cite": item.citation_text,
    }
    told = _table(["what", "it is"], [[name, value] for name, value in facts.items() if value])
    lines = [f"# {item.name}", "", item.title, "", told, ""]
    if item.kind == "external":
        get = f"coalition-models data fetch {item.name}"
        lines += ["## Get it", "", f"```sh\n{get}\n```", "", f'Then `cm.load("{item.name}")`.', ""]
    if item.traps:
        lines += ["## What to mind", "", *(f"- {trap}" for trap in item.traps), ""]
    for number, then in item.earlier.items():
        lines += [
            f'Revision {number}: {then.rows:,} rows, `cm.load("{item.name}", revision={number})`.',
            "",
        ]
    lines += ["## Columns", "", _frame(cm.codebook(item.name).reset_index()), ""]
    lines += ["## BibTeX", "", f"```bibtex\n{item.bibtex}\n```", ""]
    return "\n".join(lines)


def _period(item: Entry) -> str:
    return " to ".join(part for part in (item.start, item.end) if part)


def _frame(frame: Any) -> str:
    alike = [c for c in ("source",) if c in frame and frame[c].nunique() == 1]
    frame = frame.drop(columns=alike)
    if "required" in frame:
        frame = frame.assign(required=frame["required"].map({True: "yes"}).fillna(""))
    kept = frame.loc[:, [c for c in frame.columns if frame[c].astype(str).str.len().any()]]
    return _table(list(kept.columns), kept.astype(str).to_numpy().tolist())


def _table(header: list[str], rows: list[list[str]]) -> str:
    """Cells are Markdown: their links and code stay what they are."""
    lines = [header, [":---"] * len(header), *([_cell(value) for value in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|")


# -- what mkdocs calls ----------------------------------------------------------------------------


def on_config(config: Any) -> Any:
    """Hand mkdocs the table of contents."""
    config.nav = navigation()
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the made pages to those on disk."""
    from mkdocs.structure.files import File

    for path, text in generated().items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Point links to files of the repository at the pages made from them."""
    return site_links(markdown, page.file.src_uri)


def on_page_content(html: str, **_: Any) -> str:
    """Show names that docstrings mark with a role (``:func:``) as plain code."""
    return re.sub(r":(?:func|class|meth|mod|attr|data|exc):(?=<code>)", "", html)


def on_post_template(output_content: str, template_name: str, **_: Any) -> str:
    """Leave out the page that only a server shows: the site is read from a folder."""
    return "" if template_name == "404.html" else output_content


def site_links(markdown: str, page: str) -> str:
    """Links of a page, with files of the repository replaced by the pages made from them."""
    origin = {made: name for name, made in COPIES.items()}.get(page)
    if page.startswith("measured/"):
        origin = f"benchmarks/{page.removeprefix('measured/')}"
    base = (ROOT / (origin or f"docs/{page}")).parent

    def moved(match: re.Match[str]) -> str:
        target, _, anchor = match[2].partition("#")
        if not target or "://" in target or target.startswith("mailto:"):
            return match[0]
        found = page_of((base / target).resolve())
        if found is None:  # a file of the repository that is no page: its name alone
            return match[1][1:-1] if (base / target).exists() else match[0]
        up = "../" * page.count("/")
        return f"{match[1]}({up}{found}{'#' + anchor if anchor else ''})"

    return re.sub(r"(\[[^\]]*\])\(([^)\s]+)\)", moved, markdown)


def page_of(path: Path) -> str | None:
    """The page that a file of the repository is on; None if it is on none."""
    if not path.is_relative_to(ROOT):
        return None
    name = path.relative_to(ROOT).as_posix()
    kinds: Mapping[str, str] = {"benchmarks/": "measured/", "notebooks/": "notebooks/"}
    if name in COPIES:
        return COPIES[name]
    if name == "README.md":
        return "index.md"
    for folder, made in kinds.items():
        if name.startswith(folder) and path.suffix in (".md", ".ipynb"):
            return f"{made}{Path(name.removeprefix(folder)).with_suffix('.md').as_posix()}"
    if name.startswith("docs/") and (path.suffix == ".md" or path.is_file()):
        return name.removeprefix("docs/")
    return None
