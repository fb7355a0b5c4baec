"""One self-contained page: headings, paragraphs, tables, figures. Same input, same bytes."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from coalition_models.errors import DataError, first_few
from coalition_models.render import Table
from coalition_models.report.assets import asset
from coalition_models.report.figures.style import Plot, svg_text
from coalition_models.report.in_words import table_in_words, values_in_words
from coalition_models.report.product import Sheet

__all__ = [
    "SOURCES",
    "Card",
    "Claim",
    "Listing",
    "Section",
    "Shown",
    "document",
    "front_page",
    "page",
]

#: points to an inch; a picture shown with as many pixels has letters of 8 to 9 pixels
_POINTS = 72
#: how much larger it is shown where there is room
_LARGEST = 1.85
#: pages with more sections than these have their contents beside them
_FEW = 2
#: where the sources of a page stand
SOURCES = "Sources"


@dataclass(frozen=True)
class Claim:
    """A sentence with where it comes from.

    Attributes
    ----------
    text : str
    links : sequence of (str, str)
        Title and address of each table, figure or section behind it; ``#table-name`` and
        ``#figure-name`` are those of the same page by the name of their file, ``#sources`` its
        sources, ``part.html#table-name`` those of another page.
    items : sequence of str
        What the sentence lists, numbered, below it.
    """

    text: str
    links: Sequence[tuple[str, str]] = ()
    items: Sequence[str] = ()


@dataclass(frozen=True)
class Listing:
    """A bulleted list, for sources, notes and claims."""

    items: Sequence[str | Claim]


#: what stands under a heading: text, a table, a list, a picture with its caption
Shown = str | Claim | Table | Listing | tuple[Plot, str]


@dataclass(frozen=True)
class Section:
    """A heading with what stands under it: text, tables, (figure, caption) pairs, listings."""

    heading: str
    parts: Sequence[Shown]


@dataclass(frozen=True)
class Card:
    """What the front page says of one part: title, a sentence, and (title, address) of its pages.

    The first page is where the title leads.
    """

    title: str
    about: str
    pages: Sequence[tuple[str, str]]


def page(
    title: str,
    lead: str,
    sections: Sequence[Section],
    foot: str,
    *,
    wide: bool = True,
    made: str = "",
    home: str = "",
    sheets: Mapping[int, Sheet] | None = None,
) -> str:
    r"""Write the page as HTML with its style, script and pictures inside.

    Parameters
    ----------
    title, lead : str
    sections : sequence of Section
    foot, made : str
        Below everything, and below the title.
    wide : bool
        Whether tables may take the whole width of the screen.
    home : str
        Address of the front page, if there is one.
    sheets : mapping, optional
        By ``id`` of a table or picture: name, data and line of code; see ``sheets_of``.

    Raises
    ------
    DataError
        A claim whose link leads to nothing on the page, where ``sheets`` name what there is.

    Examples
    --------
    >>> text = page("Iraq", "A first look.", [Section("Who", ["Forty states."])], "end")
    >>> "<h2 id=\"s1\">Who</h2>" in text
    True
    """
    links = "".join(
        f'<li><a href="#{_identity(i, section)}">{html.escape(section.heading)}</a></li>'
        for i, section in enumerate(sections, start=1)
    )
    writer = _Writer(sheets or {}, any(section.heading == SOURCES for section in sections))
    body = "".join(writer.section(i, section) for i, section in enumerate(sections, start=1))
    contents = f"<details open><summary>On this page</summary><ol>{links}</ol></details>"
    # few headings leave the whole width to the tables
    frame = "frame long" if len(sections) > _FEW else "frame"
    inner = (
        f'<div class="{frame}"><nav class="toc" aria-label="On this page">{_back(home)}{contents}'
        f'</nav>\n<main id="main"{"" if wide else " class=narrow"}>{body}</main></div>\n'
    )
    if sheets is not None:
        _refuse_loose_ends(title, inner)
    return document(title, lead, inner, foot, made=made)


def _refuse_loose_ends(title: str, inner: str) -> None:
    asked = dict.fromkeys(re.findall(r'href="#([^"]+)"', inner))
    loose = [name for name in asked if f'id="{name}"' not in inner]
    if loose:
        raise DataError(
            f"the page {title!r} has links to {first_few(loose)}, which it does not show: leave "
            "out the link, or show the table (table-<name>), figure (figure-<name>) or sources"
        )


def front_page(
    title: str,
    lead: str,
    cards: Sequence[Card],
    foot: str,
    *,
    made: str = "",
    lines: Sequence[tuple[str, Sequence[str | Claim]]] = (),
) -> str:
    """Write the page that leads to all others: a few lines by heading, then one card per part.

    Examples
    --------
    >>> text = front_page("All", "What is here.", [Card("Who", "21.", [("Who", "a.html")])], "")
    >>> '<h2><a href="a.html">Who</a></h2>' in text
    True
    """
    inner = "".join(_card(card) for card in cards)
    told = "".join(
        f"<h2>{html.escape(heading)}</h2>\n"
        + "".join(f"<p>{_claim(sentence)}</p>{_items(sentence)}\n" for sentence in sentences)
        for heading, sentences in lines
    )
    first = f'<section class="lines">{told}</section>\n' if told else ""
    main = f'<main id="main">{first}<ul class="cards">{inner}</ul></main>\n'
    return document(title, lead, main, foot, made=made)


def document(
    title: str,
    lead: str,
    inner: str,
    foot: str,
    *,
    made: str = "",
    home: str = "",
    styles: Sequence[str] = ("page.css",),
    scripts: Sequence[str] = ("page.js",),
) -> str:
    """Write the frame around what a page holds, with the styles and scripts that it needs.

    Examples
    --------
    >>> document("Iraq", "", "<main></main>", "").startswith("<!doctype html>")
    True
    """
    origin = f'<p class="made">{html.escape(made)}</p>' if made else ""
    style = "".join(asset(name) for name in styles)
    script = "".join(f"<script>{asset(name)}</script>\n" for name in scripts)
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{html.escape(title)}</title><style>{style}</style></head><body>\n"
        f'<a class="skip" href="#main">To the content</a>\n{_back(home)}'
        f'<header><h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f"{origin}</header>\n{inner}"
        f'<footer><p class="note">{html.escape(foot)}</p></footer>\n{script}</body></html>\n'
    )


def _back(home: str) -> str:
    return f'<p class="home"><a href="{html.escape(home)}">All parts</a></p>\n' if home else ""


def _card(card: Card) -> str:
    links = [
        f'<a href="{html.escape(address)}">{html.escape(title)}</a>'
        for title, address in card.pages
    ]
    title = html.escape(card.title)
    if links:
        title = f'<a href="{html.escape(card.pages[0][1])}">{title}</a>'
    more = f"<p>{' · '.join(links)}</p>" if len(links) > 1 else ""
    return f"<li><h2>{title}</h2>\n<p>{html.escape(card.about)}</p>\n{more}</li>\n"


def _identity(number: int, section: Section) -> str:
    return "sources" if section.heading == SOURCES else f"s{number}"


def _claim(claim: str | Claim) -> str:
    if isinstance(claim, str):
        return html.escape(values_in_words(claim))
    return f"{html.escape(values_in_words(claim.text))}{_proof(claim.links)}"


def _items(claim: str | Claim) -> str:
    if isinstance(claim, str) or not claim.items:
        return ""
    inner = "".join(f"<li>{html.escape(values_in_words(item))}</li>" for item in claim.items)
    return f'<ol class="items">{inner}</ol>'


def _proof(links: Sequence[tuple[str, str]]) -> str:
    if not links:
        return ""
    shown = " · ".join(
        f'<a href="{html.escape(address)}">{html.escape(title)}</a>' for title, address in links
    )
    return f' <span class="proof">[{shown}]</span>'


@dataclass
class _Writer:
    """Writes the sections of a page, numbering tables and pictures that have no name."""

    sheets: Mapping[int, Sheet]
    sourced: bool
    unnamed: int = field(default=0)

    def section(self, number: int, section: Section) -> str:
        """A heading with what stands under it, and where the rows of its lists are."""
        shown = [(self._part(part), part) for part in section.parts]
        tables = [part for part in section.parts if isinstance(part, Table)]
        plain = [
            part
            for part in section.parts
            if isinstance(part, Listing) and all(isinstance(item, str) for item in part.items)
        ]
        inner = "\n".join(text for text, _ in shown)
        if plain and tables and section.heading != SOURCES:
            inner += (
                f'\n<p class="tools">Rows behind this section:{_proof(self._links(tables))}</p>'
            )
        identity = _identity(number, section)
        return (
            f'<section><h2 id="{identity}">{html.escape(section.heading)}</h2>\n{inner}\n'
            "</section>\n"
        )

    def _links(self, tables: Sequence[Table]) -> list[tuple[str, str]]:
        named = [(one, self.sheets[id(one)]) for one in tables if id(one) in self.sheets]
        links = [(one.title or sheet.name, f"#table-{sheet.name}") for one, sheet in named]
        return [*links, *([("sources", "#sources")] if self.sourced else [])]

    def _part(self, part: Shown) -> str:
        if isinstance(part, str | Claim):
            return f"<p>{_claim(part)}</p>{_items(part)}"
        if isinstance(part, Table):
            return self._table(part)
        if isinstance(part, Listing):
            items = "".join(f"<li>{_claim(item)}{_items(item)}</li>" for item in part.items)
            linked = any(isinstance(item, Claim) for item in part.items)
            return f'<ul class="{"found" if linked else "sources"}">{items}</ul>'
        return self._figure(*part)

    def _table(self, table: Table) -> str:
        sheet = self._sheet(table)
        grid, notes = _split_notes(table_in_words(table))
        data = (
            f'<a href="{html.escape(sheet.data)}" download>All digits (CSV)</a>'
            if sheet.data
            else ""
        )
        tools = f'<p class="tools" data-name="{html.escape(sheet.name)}">{data}</p>'
        return (
            f'<div class="table" id="table-{html.escape(sheet.name)}">'
            f"{_scroll(table.title, grid)}{tools}{notes}</div>"
        )

    def _figure(self, plot: Plot, caption: str) -> str:
        sheet = self._sheet(plot)
        name = html.escape(sheet.name)
        text = quote(str(plot.data.to_csv(index=False, lineterminator="\n")))
        data = (
            f'<a download="{name}.csv" href="data:text/csv;charset=utf-8,{text}">Its data (CSV)</a>'
        )
        code = f" · made by <code>{html.escape(sheet.code)}</code>" if sheet.code else ""
        return (
            f'<figure id="figure-{name}">{_picture(plot, caption)}'
            f"<figcaption>{html.escape(caption)}"
            f'<p class="tools">{data}{code}</p></figcaption></figure>'
        )

    def _sheet(self, shown: Table | Plot) -> Sheet:
        if id(shown) in self.sheets:
            return self.sheets[id(shown)]
        self.unnamed += 1
        return Sheet(f"{self.unnamed}")


def _picture(plot: Plot, caption: str) -> str:
    """The picture, never narrower than what keeps its letters at their own size in pixels."""
    least = round(_POINTS * float(plot.figure.get_figwidth()))
    most = round(_LARGEST * least)
    told = (
        f'<svg role="img" aria-label="{html.escape(caption)}" '
        f'style="min-width:{least}px;max-width:{most}px" '
    )
    svg = svg_text(plot).replace("<svg ", told, 1)
    return _scroll("figure", svg)


def _scroll(name: str, inner: str) -> str:
    """A frame that scrolls sideways, by the keyboard too."""
    label = html.escape(name or "table")
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">{inner}</div>'


def _split_notes(table: Table) -> tuple[str, str]:
    """The table by itself, and its notes."""
    text = table.html()
    cut = text.index("</table>") + len("</table>")
    return text[:cut], text[cut:]
