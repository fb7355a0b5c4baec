"""A table of strings as LaTeX and as Typst set it, every sign of a cell escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Protocol

__all__ = ["latex_table", "latex_text", "one_line", "typst_table", "typst_text"]

_LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "\u00d7": r"$\times$",
}
#: a hyphen before a number, which print sets as a minus
_MINUS = re.compile(r"(?<![\w.)-])-(?=\.?\d)")

#: rows that a table may have to be kept on one page
_ON_A_PAGE = 32
#: lines of notes beyond these count as rows, each of so many letters
_NOTES, _ON_A_LINE = 14, 110
#: tables with more columns are set smaller
_MANY = 8


class Printed(Protocol):
    """What of a table is set."""

    @property
    def header(self) -> Sequence[str]:
        """Above the columns."""

    @property
    def title(self) -> str:
        """Of the table."""

    @property
    def rows(self) -> Sequence[Sequence[str]]:
        """Cells."""

    @property
    def notes(self) -> Sequence[str]:
        """Below it."""

    def alignment(self) -> str:
        """One letter per column, ``l`` or ``r``."""

    def wraps(self) -> list[bool]:
        """Whether each column has a long cell."""

    def ruled(
        self,
        line: Callable[[Sequence[str]], str],
        rows: Sequence[Sequence[str]],
        rule: str,
        head: Callable[[str], str] | None = None,
    ) -> list[str]:
        """The rows as lines, with rules and headings."""


def one_line(text: str) -> str:
    """Text without line breaks, which would end a row, a comment or a paragraph."""
    lines = text.splitlines()
    return text if lines == [text] or not lines else " ".join(line.strip() for line in lines)


def latex_text(text: str) -> str:
    r"""Text whose signs LaTeX does not read as commands.

    Examples
    --------
    >>> latex_text("50 % of R&D_1")
    '50 \\% of R\\&D\\_1'
    """
    return "".join(_LATEX_ESCAPES.get(character, character) for character in one_line(text))


def typst_text(text: str) -> str:
    r"""A string of Typst, in which no sign is markup.

    Examples
    --------
    >>> print(typst_text('a "b" #c'))
    "a \"b\" #c"
    """
    escaped = one_line(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_MINUS.sub(chr(0x2212), escaped)}"'


def latex_table(table: Printed) -> str:
    """A ``tabular`` with rules of the package booktabs; notes follow as small paragraphs."""

    def line(cells: Sequence[str]) -> str:
        first, *others = (latex_text(cell) for cell in cells)
        if first[:1] in ("[", "*"):
            first = f"{{{first[0]}}}{first[1:]}"  # else an option of the row before
        return " & ".join([first, *others]) + r" \\"

    def head(text: str) -> str:
        wide = rf"\multicolumn{{{len(table.header)}}}{{l}}"
        return rf"{wide}{{\textit{{{latex_text(text)}}}}} \\"

    caption = [f"% {one_line(table.title)}"] if table.title else []
    notes = [r"{\par\smallskip\footnotesize " + latex_text(note) + r"\par}" for note in table.notes]
    parts = [
        *caption,
        rf"\begin{{tabular}}{{{_latex_columns(table)}}}",
        r"\toprule",
        line(table.header),
        r"\midrule",
        *table.ruled(line, table.rows, r"\midrule", head),
        r"\bottomrule",
        r"\end{tabular}",
        *notes,
    ]
    return "\n".join(parts) + "\n"


def _latex_columns(table: Printed) -> str:
    """Column types; columns with long cells share the width that is left."""
    wraps = table.wraps()
    share = _room(wraps) / max(sum(wraps), 1)
    width = rf">{{\raggedright\arraybackslash}}p{{{share:.2g}\linewidth}}"
    return "".join(
        width if wrap else mark for wrap, mark in zip(wraps, table.alignment(), strict=True)
    )


def _room(wraps: Sequence[bool]) -> float:
    """Share of the width that columns with long cells have, beside the others."""
    beside = len(wraps) - sum(wraps)
    return max(0.8 - 0.1 * max(beside - 2, 0), 0.2)


def typst_table(table: Printed) -> str:
    """A Typst figure of kind table: caption, rules as in print, notes below."""
    marks = {"l": "left", "r": "right"}
    align = ", ".join(marks[mark] for mark in table.alignment())
    wraps = table.wraps()
    many = len(wraps) > _MANY
    # what is left may be nothing beside many columns
    long = f"{100 * _room(wraps) / max(sum(wraps), 1):.0f}%" if many else "1fr"
    columns = ", ".join(long if wrap else "auto" for wrap in wraps)

    def line(row: Sequence[str]) -> str:
        return f"    {', '.join(map(typst_text, row))},"

    def head(text: str) -> str:
        return f"    table.cell(colspan: {len(table.header)}, emph({typst_text(text)})),"

    lines = len(table.rows) + sum(len(note) for note in table.notes) // _ON_A_LINE
    breakable = "false" if max(len(table.rows), lines - _NOTES) <= _ON_A_PAGE else "true"
    notes = [
        f"#block(width: 100%, below: 0.5em)[#text(size: 0.8em, {typst_text(note)})]"
        for note in table.notes
    ]
    parts = [
        # a short table stays on one page, with its notes
        f"#block(width: 100%, above: 1.3em, below: 1.3em, breakable: {breakable})[",
        *(["#set text(size: 0.75em)"] if many else []),
        "#figure(",
        "  kind: table, placement: none,",
        *([f"  caption: {typst_text(table.title)},"] if table.title else []),
        "  table(",
        f"    columns: ({columns},), align: ({align},), stroke: none,",
        "    table.hline(stroke: 0.8pt),",
        f"    table.header({', '.join(map(typst_text, table.header))}),",
        "    table.hline(stroke: 0.4pt),",
        *table.ruled(line, table.rows, "    table.hline(stroke: 0.4pt),", head),
        "    table.hline(stroke: 0.8pt),",
        "  )",
        ")",
        *notes,
        "]",
    ]
    return "\n".join(parts) + "\n"
