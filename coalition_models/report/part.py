"""One part of the report: what it analyses, what it shows, on which pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from coalition_models.files import write_file
from coalition_models.report.html import SOURCES, Claim, Listing, Section, page
from coalition_models.report.product import Product, Sheet, sheets_of, write_product
from coalition_models.sources.citations import cite

__all__ = ["HEADINGS", "Page", "Part", "Run", "write_pages", "write_part"]

T = TypeVar("T")

#: what the front page answers first, in this order
HEADINGS = (
    "What is found",
    "How sure it is",
    "What it depends on, and what would change it",
    "What could not be known",
    "Which facts would help most",
)


@dataclass(frozen=True)
class Run:
    """What the parts of one run share.

    Attributes
    ----------
    workers : int
        Processes that an analysis may use.
    """

    workers: int = 1
    _held: dict[str, Any] = field(default_factory=dict, repr=False)

    def once(self, name: str, make: Callable[[], T]) -> T:
        """What several parts rest on, made by the first that asks for it.

        Examples
        --------
        >>> run = Run()
        >>> run.once("set", lambda: [1]) is run.once("set", lambda: [1])
        True
        """
        if name not in self._held:
            self._held[name] = make()
        return cast(T, self._held[name])


@dataclass(frozen=True)
class Page:
    """A page of a part.

    ``file`` is its name inside the part's folder; ``sources`` are cited in a last section.
    """

    file: str
    title: str
    lead: str
    sections: Sequence[Section]
    sources: Sequence[str] = ()
    wide: bool = True


@dataclass(frozen=True)
class Part(Generic[T]):
    """A part of the report; a module in ``report/parts`` holds one as ``PART``.

    Attributes
    ----------
    name : str
    title : str
        On the front page.
    order : int
        Parts run, and stand on the front page, from the smallest to the largest.
    analyse : callable
        From a :class:`Run` to whatever the other functions take.
    about : callable
        One sentence for the front page on what the part found.
    product : callable
        Tables and figures. Their names are those of files, so no two parts with one folder may
        share one.
    pages : callable
        From analysis and product to the part's pages, the first of which the front page leads to.
    sources : callable
        Names of the tables that the analysis rests on.
    files : callable
        Texts and documents to write beside the pages, by the name of their file.
    folder : str
        Inside the results; the results themselves by default.
    lines : callable
        What the front page says first: pairs of a heading among :data:`HEADINGS` and a sentence
        made from the numbers, with links as seen from the part's own pages.
    """

    name: str
    title: str
    order: int
    analyse: Callable[[Run], T]
    about: Callable[[T], str]
    product: Callable[[T], Product]
    pages: Callable[[T, Product], Sequence[Page]]
    sources: Callable[[T], Sequence[str]] = lambda _: ()
    files: Callable[[T], Mapping[str, str | bytes]] = lambda _: {}
    folder: str = ""
    lines: Callable[[T], Sequence[tuple[str, str | Claim]]] = lambda _: ()

    def front_lines(self, analysis: T) -> list[tuple[str, str | Claim]]:
        """The lines with their links as seen from the front page."""
        return [
            (
                heading,
                line
                if isinstance(line, str)
                else replace(
                    line,
                    links=[
                        (title, (Path(self.folder) / to).as_posix()) for title, to in line.links
                    ],
                ),
            )
            for heading, line in self.lines(analysis)
        ]


def write_part(
    out: Path, part: Part[T], analysis: T, foot: str, made: str, workers: int = 1
) -> list[tuple[str, str]]:
    """Write a part's tables, figures, pages and texts into the results.

    ``workers`` processes draw the figures; the bytes do not depend on it.

    Returns
    -------
    list of tuple
        Title and address, seen from the front page, of each page and text.
    """
    product = part.product(analysis)
    folder = out / part.folder
    write_product(folder, product, workers)
    pages = part.pages(analysis, product)
    depth = len(Path(part.folder).parts)
    home = "../" * depth + "report.html"
    write_pages(folder, pages, foot, made, home, sheets_of(product, _module(part)))
    texts = part.files(analysis)
    for name, text in texts.items():
        write_file(folder / name, text)
    shown = [(page.title, page.file) for page in pages]
    shown += [(f"{part.title} ({name.rpartition('.')[2]})", name) for name in texts]
    return [(title, (Path(part.folder) / file).as_posix()) for title, file in shown]


def _module(part: Part[T]) -> str:
    """The file in which a part's figures are made."""
    return f"{part.product.__module__.replace('.', '/')}.py"


def write_pages(
    folder: Path,
    pages: Sequence[Page],
    foot: str,
    made: str = "",
    home: str = "",
    sheets: Mapping[int, Sheet] | None = None,
) -> None:
    """Write pages into a folder that exists, each with its sources at the end."""
    for one in pages:
        sections = list(one.sections)
        if one.sources:
            cited = cite(*dict.fromkeys(one.sources)).text.splitlines()
            sections.append(Section(SOURCES, [Listing(tuple(cited))]))
        text = page(
            one.title, one.lead, sections, foot, wide=one.wide, made=made, home=home, sheets=sheets
        )
        write_file(folder / one.file, text)
