"""The paper as a part of the report: its text, filled with what the other parts found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coalition_models.documents import can_make_documents
from coalition_models.errors import DataError
from coalition_models.files import output_folder, write_file
from coalition_models.report.paper import Filled, Material, template_path
from coalition_models.report.paper_files import file_name, filled_text, paper_document
from coalition_models.report.paper_material import material_for
from coalition_models.report.part import Part, Run
from coalition_models.report.product import Product

__all__ = ["PART", "Paper", "fill_paper", "write_paper"]

#: kinds of document that a run makes where the extra ``paper`` is installed
_DOCUMENTS = ("pdf", "html", "docx")


@dataclass(frozen=True)
class Paper:
    """The template, what fills it, and the filled text."""

    template: str
    material: Material
    filled: Filled

    @property
    def text(self) -> str:
        """As Markdown."""
        return self.filled.text

    @property
    def sources(self) -> Sequence[str]:
        """Tables that the text rests on."""
        return self.material.sources


def fill_paper(template: Path, run: Run) -> Paper:
    """Fill a template with the values, tables and figures of the run that it names.

    Raises
    ------
    DataError
        If the template cannot be read, or asks for a value, a table, a figure or a work that there
        is not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     template = Path(folder) / "short.md"
    ...     _ = template.write_text("{{iraq.events}} exits", encoding="utf-8")
    ...     fill_paper(template, Run()).text
    '21 exits'
    """
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {template}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"cannot read {template}: it is not UTF-8 text") from error
    material = material_for(text, run)
    return Paper(text, material, filled_text(text, material))


def write_paper(template: Path, outs: Sequence[Path]) -> None:
    """Write the paper; the ending of each name says as what. Errors as in :func:`fill_paper`.

    Pictures of a Markdown file go into a folder ``figures`` beside it.
    """
    paper = fill_paper(template, Run())
    made = {
        out: paper_document(paper.template, paper.material, out.suffix.lstrip(".")) for out in outs
    }
    for out, content in made.items():
        output_folder(out.parent)
        write_file(out, content)
        if out.suffix == ".md" and paper.filled.figures:
            output_folder(out.parent / "figures")
            for name, plot in paper.filled.figures.items():
                target = out.parent / "figures" / f"{file_name(name)}.png"
                write_file(target, plot.to_bytes("png"))


def _analyse(run: Run) -> Paper:
    return fill_paper(template_path(), run)


def _about(paper: Paper) -> str:
    return f"A text of {len(paper.text.split())} words, every number of which is this run's."


def _product(paper: Paper) -> Product:
    filled = paper.filled
    return Product(
        {file_name(name): table for name, table in filled.tables.items()},
        {file_name(name): table.to_frame() for name, table in filled.tables.items()},
        {file_name(name): plot for name, plot in filled.figures.items()},
    )


def _files(paper: Paper) -> Mapping[str, str | bytes]:
    kinds = _DOCUMENTS if can_make_documents() else ()
    return {
        "paper.md": paper.text,
        **{f"paper.{kind}": paper_document(paper.template, paper.material, kind) for kind in kinds},
    }


PART = Part(
    name="paper",
    title="The paper",
    order=60,
    analyse=_analyse,
    about=_about,
    product=_product,
    pages=lambda _, product: (),
    sources=lambda paper: paper.sources,
    files=_files,
    folder="paper",
)
