"""What a reader sees of a page: its words, without code, formulas and addresses."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

_UNREAD = ("script", "style", "code", "pre", "title")
_BLOCKS = ("td", "th", "p", "li", "h1", "h2", "h3", "tr", "figcaption", "caption", "text", "div")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.inside, self.said = [], []

    def handle_starttag(self, tag, attrs):
        if tag in _UNREAD:
            self.inside.append(tag)
        if tag in _BLOCKS:
            self.said.append("\n")

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.said.append(data)


def lines_of(path: Path) -> list[str]:
    """Each cell, heading and sentence of a page."""
    reader = _Reader()
    reader.feed(path.read_text(encoding="utf-8"))
    lines = (" ".join(line.split()) for line in "".join(reader.said).split("\n"))
    return [line for line in lines if line]


#: what a reader is not to see -> where it is
FAULTS = {
    "a missing or infinite number": re.compile(r"(?<![\w.'])(?:nan|NaN|NaT|None|-?inf)(?![\w'])"),
    "one of many": re.compile(r"(?<![\w.,/:-])1 (?:(?:un)?exposed )?(?:events|clusters|states|rows|"
                              r"spells|members|months|exits|draws|coalitions)\b"),
    "an empty item": re.compile(r"; ;|: \.|\.\.(?!\.)(?:$| )|\( ?\)"),
    "a code": re.compile(r"(?<![\w'.])(?:re_role|partial_cut|mission_end|post_mandate|left_office|"
                         r"ad_hoc|conf_low|conf_high|p_value|std_error)(?![\w'=])"),
    "a Python object": re.compile(r"\{'|\['|<coalition_models|np\.float|dtype"),
}  # fmt: skip


def faults_in(path: Path) -> list[str]:
    """What is wrong with the words of a page, each with the line it stands in."""
    return [
        f"{what}: {line[max(0, found.start() - 60) : found.end() + 60]}"
        for line in lines_of(path)
        for what, sign in FAULTS.items()
        for found in [sign.search(line)]
        if found
    ]
