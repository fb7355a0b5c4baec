"""How tables of published numbers look in HTML: they scroll, and what differs is bold."""

from __future__ import annotations

import re

__all__ = ["STYLE", "scrolling"]

#: a cell of a printed number that ours does not meet
_DIFFERS = re.compile(r'<td style="([^"]*)">([^<]* / [^<]* \*)</td>')
_CAPTION = re.compile(r"(<table[^>]*)><caption>(.*?)</caption>")
#: a narrow screen keeps the terms in sight while the models are moved
STYLE = (
    "<style>.study-page table{border-collapse:collapse;margin:0 0 .2em}"
    ".study-page .title{font-weight:bold;margin:1em 0 .3em}"
    ".study-page td,.study-page th{padding:.1em .6em;white-space:nowrap;vertical-align:top}"
    ".study-page td.wrap{white-space:normal;min-width:16em}"
    ".study-page thead th{border-bottom:1px solid;vertical-align:bottom;white-space:normal}"
    ".study-page .across{overflow-x:auto}.study-page p,.study-page ul{margin:.3em 0}"
    ".study-page .note{font-size:90%}"
    "@media(max-width:600px){.study-page td,.study-page th{padding:.1em .3em;font-size:85%}"
    ".study-page td:first-child,.study-page th:first-child{position:sticky;left:0;min-width:7em;"
    "max-width:9em;white-space:normal;overflow-wrap:break-word;background:var(--jp-layout-color0,Canvas)}}</style>"
)


def scrolling(html: str) -> str:
    """A table that scrolls below its title, with the numbers that differ in bold.

    Examples
    --------
    >>> scrolling("<table><caption>One</caption></table>")
    '<p class="title">One</p><div class="across"><table aria-label="One"></table></div>'
    """
    title = _CAPTION.search(html)
    marked = _DIFFERS.sub(r'<td style="\1;font-weight:bold">\2</td>', html)
    across = f'<div class="across">{_CAPTION.sub(_labelled, marked)}</div>'
    return (f'<p class="title">{title[2]}</p>' if title else "") + across


def _labelled(found: re.Match[str]) -> str:
    label = found[2].replace('"', "&quot;")
    return f'{found[1]} aria-label="{label}">'
