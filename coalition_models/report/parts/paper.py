"""The paper as a part of the report: its text, filled with the first look at Iraq."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from coalition_models.errors import DataError
from coalition_models.files import output_folder, write_file
from coalition_models.record import sources_of
from coalition_models.report.paper import paper_text, template_path
from coalition_models.report.part import Part, Run
from coalition_models.report.parts.first_look import PART as FIRST_LOOK
from coalition_models.report.product import Product

__all__ = ["PART", "Paper", "fill_paper", "write_paper"]


@dataclass(frozen=True)
class Paper:
    """The filled text, and the tables that it rests on."""

    text: str
    sources: Sequence[str]


def fill_paper(template: Path, run: Run) -> Paper:
    """Fill a template with the values and tables of the first look at Iraq.

    Raises
    ------
    DataError
        If the template cannot be read, or asks for a value that the analysis does not give.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     template = Path(folder) / "short.md"
    ...     _ = template.write_text("{{events}} exits", encoding="utf-8")
    ...     fill_paper(template, Run()).text
    '21 exits'
    """
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot read {template}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"cannot read {template}: it is not UTF-8 text") from error
    analysis = FIRST_LOOK.analyse(run)
    filled = paper_text(text, analysis, FIRST_LOOK.product(analysis))
    return Paper(filled, sources_of(analysis.panel))


def write_paper(template: Path, out: Path) -> None:
    """Write the filled text; errors as in :func:`fill_paper`."""
    filled = fill_paper(template, Run()).text
    output_folder(out.parent)
    write_file(out, filled)


def _analyse(run: Run) -> Paper:
    return fill_paper(template_path(), run)


def _about(paper: Paper) -> str:
    return f"A text of {len(paper.text.split())} words, every number of which is this run's."


def _files(paper: Paper) -> Mapping[str, str]:
    return {"paper.md": paper.text}


PART = Part(
    name="paper",
    title="The paper",
    order=60,
    analyse=_analyse,
    about=_about,
    product=lambda _: Product({}, {}, {}),
    pages=lambda _, product: (),
    sources=lambda paper: paper.sources,
    files=_files,
)
