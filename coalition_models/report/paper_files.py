"""The filled paper as Markdown, PDF (by Typst), HTML, Word and LaTeX."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from coalition_models.documents import document_date, pandoc, typst_pdf
from coalition_models.errors import DataError, first_few
from coalition_models.render import Table
from coalition_models.report.paper import (
    Filled,
    Form,
    Material,
    cited_works,
    fill,
    template_path,
)
from coalition_models.sources.literature import article

__all__ = ["KINDS", "bibliography", "file_name", "filled_text", "paper_document"]

#: signs that pandoc's Markdown may read as markup
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>$~^@\"':])")
#: figures that are taller than wide take less of the line
_WIDTHS = {"iraq.participation": 76, "contested.elections_iraq": 88}
_READS = "markdown+pipe_tables+implicit_figures+raw_attribute+citations"
_REFERENCES = "refs.bib"


def file_name(name: str) -> str:
    """What the file of a table or figure is called, without its ending.

    Examples
    --------
    >>> file_name("iraq.models")
    'iraq_models'
    """
    return name.replace(".", "_")


def _github_figure(name: str, words: str) -> str:
    return f"![{words}](figures/{file_name(name)}.png)\n\n{words}"


def _figure(kind: str) -> Callable[[str, str], str]:
    def figure(name: str, words: str) -> str:
        place = f"figures/{file_name(name)}.{kind}"
        return f"![{_plain(words)}]({place}){{width={_WIDTHS.get(name, 100)}%}}"

    return figure


def _plain(text: str) -> str:
    """Text in which pandoc's Markdown finds no markup."""
    return _MARKUP.sub(r"\\\1", text)


def _typst_table(table: Table) -> str:
    return f"```{{=typst}}\n{table.typst()}```"


def _pandoc_table(table: Table) -> str:
    """A pipe table of pandoc's Markdown with caption; notes follow as a paragraph."""

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(_plain(cell) or " " for cell in cells) + " |"

    marks = [":---" if mark == "l" else "---:" for mark in table.alignment()]
    body = [
        f"| *{_plain(row[0])}* |" + " |" * (len(row) - 1) if place in table.heads else line(row)
        for place, row in enumerate(table.rows)
    ]
    notes = [f"\n*Note.* {_plain(' '.join(table.notes))}"] if table.notes else []
    head = [line(table.header), "|" + "|".join(marks) + "|"]
    return "\n".join([*head, *body, "", f": {_plain(table.title)}", *notes])


#: kind of document -> how tables and figures stand in its text
_FORMS = {
    "md": Form(table=lambda table: table.markdown(), figure=_github_figure),
    "pdf": Form(table=_typst_table, figure=_figure("svg")),
    "html": Form(table=_pandoc_table, figure=_figure("svg")),
    "docx": Form(table=_pandoc_table, figure=_figure("png")),
    "tex": Form(table=_pandoc_table, figure=_figure("png"), numbered=False),
}
KINDS = tuple(_FORMS)


def bibliography(text: str) -> str:
    """The works that a text cites as BibTeX, from the list of works of this project.

    Raises
    ------
    DataError
        A work that is not on that list.
    """
    return "\n\n".join(article(key).bibtex() for key in sorted(cited_works(text))) + "\n"


def filled_text(template: str, material: Material, kind: str = "md") -> Filled:
    """Fill a template for a kind of document.

    Raises
    ------
    DataError
        A kind that is none, and what :func:`fill` refuses.

    Examples
    --------
    >>> filled_text("{{n}} exits", Material({"n": "21"})).text
    '21 exits'
    """
    if kind not in _FORMS:
        raise DataError(f"a paper is made as one of {first_few(KINDS)}; found {kind!r}")
    for key in cited_works(template):
        article(key)  # refuses what is not on the list of works
    return fill(template, material, _FORMS[kind])


def paper_document(template: str, material: Material, kind: str) -> bytes:
    """Make the paper.

    Parameters
    ----------
    template : str
        As in ``paper/paper.md``.
    material : Material
    kind : {"md", "pdf", "html", "docx", "tex"}
        All but the first need the extra ``paper``.

    Returns
    -------
    bytes
        Equal for equal inputs and versions: dated by :func:`document_date`, no system fonts.

    Raises
    ------
    DataError
        As :func:`filled_text`; the extra is not installed, or the text cannot be set.
    """
    filled = filled_text(template, material, kind)
    if kind == "md":
        return filled.text.encode()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _lay_out(folder, template, filled)
        if kind != "pdf":
            return _pandoc(filled.text, kind, folder, _OPTIONS[kind])
        options = ["--template", str(template_path("template.typ"))]
        (folder / "paper.typ").write_bytes(_pandoc(filled.text, "typst", folder, options))
        return typst_pdf(folder, "paper.typ")


#: columns of a page as wide as what they hold, not by the length of lines in Markdown
_COLUMNS = "header-includes=<style>col { width: auto !important; }</style>"
_OPTIONS = {
    "html": ["--embed-resources", "--variable", "maxwidth=54em", "--variable", _COLUMNS],
    "docx": [],
    "tex": ["--variable", "geometry:margin=25mm"],
}
_WRITERS = {"html": "html5", "docx": "docx", "tex": "latex", "typst": "typst"}


def _pandoc(text: str, kind: str, folder: Path, options: Sequence[str]) -> bytes:
    day = time.strftime("%d %B %Y", time.gmtime(document_date())).lstrip("0")
    shared = ["--citeproc", "--bibliography", _REFERENCES, "--metadata", f"date={day}"]
    return pandoc(
        text, source=_READS, to=_WRITERS[kind], arguments=[*shared, *options], folder=folder
    )


def _lay_out(folder: Path, template: str, filled: Filled) -> None:
    """Put the pictures and the works where pandoc and Typst look for them."""
    (folder / "figures").mkdir()
    (folder / _REFERENCES).write_text(bibliography(template), encoding="utf-8")
    for name, plot in filled.figures.items():
        for kind in ("svg", "png"):
            if f"figures/{file_name(name)}.{kind}" in filled.text:
                (folder / "figures" / f"{file_name(name)}.{kind}").write_bytes(plot.to_bytes(kind))
