"""One self-contained page: headings, paragraphs, tables, figures. Same input, same bytes."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from coalition_models.render import Table
from coalition_models.report.figures.style import Plot, svg_text

__all__ = ["Card", "Listing", "Section", "Shown", "front_page", "page"]

_CSS = """
:root { --ink: #1f2328; --soft: #57606a; --line: #d8dee4; --accent: #0072b2; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, "DejaVu Sans", sans-serif; color: var(--ink);
  max-width: 56rem; margin: 2.5rem auto 4rem; padding: 0 1.25rem; }
body.wide { max-width: 84rem; }
body.wide p, body.wide ul.sources, body.wide figure { max-width: 60rem; }
body.wide table { font-size: .8rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .6rem; padding-top: .9rem;
  border-top: 1px solid var(--line); }
p { margin: .6rem 0; }
p.lead { font-size: 1.05rem; color: var(--soft); }
nav ol { margin: 1rem 0; padding-left: 1.3rem; color: var(--soft); }
nav a, a { color: var(--accent); }
p.home { font-size: .88rem; margin: 0 0 1rem; }
section.lines { max-width: 60rem; }
section.lines h2 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; padding-top: .6rem; }
section.lines p { margin: .35rem 0; }
ul.cards { list-style: none; padding: 0; margin: 2rem 0; display: grid; gap: 1.1rem;
  grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr)); }
ul.cards > li { border: 1px solid var(--line); border-top: 3px solid var(--accent);
  border-radius: 4px; padding: .9rem 1.1rem 1rem; }
ul.cards h2 { font-size: 1.12rem; line-height: 1.3; margin: 0 0 .45rem; padding: 0; border: 0; }
ul.cards h2 a { text-decoration: none; }
ul.cards h2 a:hover, ul.cards h2 a:focus { text-decoration: underline; }
ul.cards p { margin: 0; overflow-wrap: anywhere; }
ul.cards p + p { margin-top: .5rem; font-size: .88rem; }
/* what is wider than the page scrolls; a shadow stands where there is more to see */
.scroll { overflow-x: auto; margin: 1.2rem 0;
  background:
    linear-gradient(to right, #fff 40%, #fff0) left / 3rem 100% no-repeat local,
    linear-gradient(to left, #fff 40%, #fff0) right / 3rem 100% no-repeat local,
    linear-gradient(to right, #0006, #0000) left / .9rem 100% no-repeat scroll,
    linear-gradient(to left, #0006, #0000) right / .9rem 100% no-repeat scroll; }
table { border-collapse: collapse; font-size: .86rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding-bottom: .4rem; }
th, td { padding: .22rem .7rem .22rem 0; vertical-align: top; white-space: nowrap; }
td.wrap { white-space: normal; overflow-wrap: anywhere; min-width: 8rem; }
body.wide td.wrap { min-width: 7rem; }
thead th { border-bottom: 1.5px solid var(--ink); font-weight: 600;
  white-space: normal; vertical-align: bottom; }
tbody tr:last-child td { border-bottom: 1px solid var(--ink); }
p.made { font-size: .88rem; color: var(--soft); }
p.note { font-size: .8rem; color: var(--soft); margin: .25rem 0; max-width: 52rem; }
figure { margin: 1.4rem 0; }
figure .scroll { margin: 0; }
figure svg { display: block; width: 100%; height: auto; mix-blend-mode: multiply; }
figcaption { font-size: .85rem; color: var(--soft); }
ul.sources { font-size: .88rem; padding-left: 1.2rem; }
ul.sources li { margin: .35rem 0; overflow-wrap: anywhere; }
@media (max-width: 48rem) { body td.wrap, body.wide td.wrap { min-width: 14rem; } }
@media print {
  body, body.wide { max-width: none; margin: 0; padding: 0; font-size: 10pt; }
  .scroll { overflow: visible; background: none; }
  table, body.wide table { font-size: 6.5pt; }
  th, td { padding-right: .35rem; }
  body td.wrap, body.wide td.wrap { min-width: 3.2rem; }
  figure svg { min-width: 0 !important; max-height: 20cm; }
  thead { display: table-header-group; }
  tr, figure { break-inside: avoid; }
}
"""

#: points to an inch; a picture shown with as many pixels has letters of 8 to 9 pixels
_POINTS = 72


@dataclass(frozen=True)
class Listing:
    """A bulleted list, for sources and notes."""

    items: tuple[str, ...]


#: what stands under a heading: text, a table, a list, a picture with its caption
Shown = str | Table | Listing | tuple[Plot, str]


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
    wide: bool = False,
    made: str = "",
    home: str = "",
) -> str:
    r"""Write the page as HTML with its style and pictures inside; wide for wide tables.

    ``home`` is the address of the front page, if there is one.

    Examples
    --------
    >>> text = page("Iraq", "A first look.", [Section("Who", ["Forty states."])], "end")
    >>> "<h2 id=\"s1\">Who</h2>" in text
    True
    """
    links = "".join(
        f'<li><a href="#s{i}">{html.escape(section.heading)}</a></li>'
        for i, section in enumerate(sections, start=1)
    )
    back = f'<p class="home"><a href="{html.escape(home)}">All parts</a></p>\n' if home else ""
    body = "".join(_section(i, section) for i, section in enumerate(sections, start=1))
    inner = f"<nav>{back}<ol>{links}</ol></nav>\n<main>{body}</main>\n"
    return _document(title, lead, inner, foot, wide=wide, made=made)


def front_page(
    title: str,
    lead: str,
    cards: Sequence[Card],
    foot: str,
    *,
    made: str = "",
    lines: Sequence[tuple[str, Sequence[str]]] = (),
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
        + "".join(f"<p>{html.escape(sentence)}</p>\n" for sentence in sentences)
        for heading, sentences in lines
    )
    first = f'<section class="lines">{told}</section>\n' if told else ""
    main = f'<main>{first}<ul class="cards">{inner}</ul></main>\n'
    return _document(title, lead, main, foot, wide=True, made=made)


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


def _document(title: str, lead: str, inner: str, foot: str, *, wide: bool, made: str) -> str:
    """The frame around what every page holds."""
    origin = f'<p class="made">{html.escape(made)}</p>' if made else ""
    return (
        "<!doctype html>\n"
        '<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title><style>{_CSS}</style></head>"
        f"<body{' class=wide' if wide else ''}>\n"
        f'<header><h1>{html.escape(title)}</h1><p class="lead">{html.escape(lead)}</p>'
        f"{origin}</header>\n{inner}"
        f'<footer><p class="note">{html.escape(foot)}</p></footer>\n</body></html>\n'
    )


def _section(number: int, section: Section) -> str:
    parts = "\n".join(_part(part) for part in section.parts)
    return f'<section><h2 id="s{number}">{html.escape(section.heading)}</h2>\n{parts}\n</section>\n'


def _part(part: Shown) -> str:
    if isinstance(part, str):
        return f"<p>{html.escape(part)}</p>"
    if isinstance(part, Table):
        grid, notes = _split_notes(part)
        return f"{_scroll(part.title, grid)}{notes}"
    if isinstance(part, Listing):
        items = "".join(f"<li>{html.escape(item)}</li>" for item in part.items)
        return f'<ul class="sources">{items}</ul>'
    plot, caption = part
    return (
        f'<figure role="img" aria-label="{html.escape(caption)}">{_picture(plot)}'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )


def _picture(plot: Plot) -> str:
    """The picture, never narrower than what keeps its letters at their own size in pixels."""
    least = round(_POINTS * float(plot.figure.get_figwidth()))
    svg = svg_text(plot).replace("<svg ", f'<svg style="min-width:{least}px" ', 1)
    return _scroll("figure", svg)


def _scroll(name: str, inner: str) -> str:
    """A frame that scrolls sideways, by the keyboard too."""
    label = html.escape(name or "table")
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{label}">{inner}</div>'


def _split_notes(table: Table) -> tuple[str, str]:
    """The table by itself, with headings that may break after an underscore; and its notes."""
    text = table.html()
    cut = text.index("</table>") + len("</table>")
    head = text.index("</thead>")
    return text[:head].replace("_", "_<wbr>") + text[head:cut], text[cut:]
