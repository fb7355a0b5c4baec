"""One small table model that can show itself as text, Markdown, LaTeX, HTML, Typst or in Word.

Results render through this module, so that a fit can print itself without the report room.
"""

from __future__ import annotations

import html as html_lib
import re
import typing
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from shutil import get_terminal_size
from textwrap import wrap

import numpy as np
import pandas as pd

from coalition_models.documents import pandoc
from coalition_models.typesetting import latex_table, one_line, typst_table

__all__ = [
    "InTables",
    "Table",
    "format_count",
    "format_number",
    "format_p",
    "frame_table",
    "listing",
]

#: columns with longer cells may wrap
_LONG = 40
#: letters of a line of notes in print, unless the table itself is wider
_LINE = 96
#: letters of a column of a listing in print, from which the first is taken that fits the screen
_CELLS = (44, 36, 28, 22)
#: a sign that opens a tag in Markdown; p-values such as <0.001 stay as they are
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
#: signs that would be markup there: code, formulas, the address of a link, words set off
_MARKUP = re.compile(r"[`$]|(?<=\])\(|(?<![\w*])\*+(?=\w)|(?<!\w)_(?=\w)")


def format_number(value: object, digits: int = 3) -> str:
    """Format a number for print; text passes through and a missing value is empty.

    Examples
    --------
    >>> format_number(0.123456), format_number(12), format_number(float("nan"))
    ('0.123', '12', '')
    """
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int) or not hasattr(value, "__float__"):
        return str(value)
    number = float(value)
    if number != number:
        return ""
    if number in (float("inf"), float("-inf")):
        return "inf" if number > 0 else "-inf"
    if number != 0 and (abs(number) >= 1e6 or abs(number) < 0.5 * 10**-digits):
        return f"{number:.{digits}g}"
    return f"{number:.{digits}f}"


def format_count(value: float) -> str:
    """Format a number of things, which may stand as a float beside missing ones.

    Examples
    --------
    >>> format_count(94.0), format_count(1296), format_count(float("nan"))
    ('94', '1,296', '')
    """
    return "" if value != value else f"{value:,.0f}"


def format_p(value: float, digits: int = 3) -> str:
    """Format a p-value; small ones as a bound.

    Examples
    --------
    >>> format_p(0.0412), format_p(1e-9)
    ('0.041', '<0.001')
    """
    if value != value:
        return ""
    floor = 10.0**-digits
    return f"<{floor:.{digits}f}" if value < floor else f"{value:.{digits}f}"


def _markdown(text: str) -> str:
    plain = _MARKUP.sub(lambda sign: "".join(f"\\{one}" for one in sign.group()), one_line(text))
    return _TAG.sub(r"\\<", plain)


@dataclass(frozen=True, repr=False)
class Table:
    """A table of ready-made strings: header, rows, title above and notes below.

    Parameters
    ----------
    header : sequence of str
    rows : sequence of sequences of str
    title : str
    notes : sequence of str
    align : str, optional
        One letter per column, ``l`` or ``r``; the first is ``l`` and the others ``r`` by default.
    heads, breaks : sequence of int
        Rows that are headings of those below, with a first cell only; rows above which there is a
        rule.
    data : DataFrame, optional
        The numbers behind the strings.

    Examples
    --------
    >>> print(Table(["term", "estimate"], [["risk", "0.50"]], notes=["9 events"]).text())
    term  estimate
    ----  --------
    risk      0.50
    9 events
    """

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    notes: Sequence[str] = field(default_factory=tuple)
    align: str = ""
    heads: Sequence[int] = ()
    breaks: Sequence[int] = ()
    data: pd.DataFrame | None = None

    def alignment(self) -> str:
        """One letter per column."""
        return self.align or "l" + "r" * (len(self.header) - 1)

    def wraps(self) -> list[bool]:
        """Whether each column has a long cell, so that all its cells may wrap."""
        return [any(len(row[j]) > _LONG for row in self.rows) for j in range(len(self.header))]

    def ruled(
        self,
        line: Callable[[Sequence[str]], str],
        rows: Sequence[Sequence[str]],
        rule: str,
        head: Callable[[str], str] | None = None,
    ) -> list[str]:
        """The rows as lines, with rules between them, headings written by ``head``."""
        lines = []
        for place, row in enumerate(rows):
            lines += [rule] if place in self.breaks and rule else []
            lines.append(head(row[0]) if head and place in self.heads else line(row))
        return lines

    def to_frame(self) -> pd.DataFrame:
        """The numbers behind the table where they are kept, otherwise its cells; a copy."""
        if self.data is not None:
            return self.data.copy()
        return pd.DataFrame([list(row) for row in self.rows], columns=list(self.header))

    def text(self) -> str:
        """Plain text with aligned columns."""
        grid = [[one_line(cell) for cell in row] for row in [self.header, *self.rows]]
        widths = [max(len(row[j]) for row in grid) for j in range(len(self.header))]
        marks = self.alignment()

        def line(row: Sequence[str]) -> str:
            cells = [
                cell.ljust(width) if mark == "l" else cell.rjust(width)
                for cell, width, mark in zip(row, widths, marks, strict=True)
            ]
            return "  ".join(cells).rstrip()

        head = [one_line(self.title)] if self.title else []
        rule = "  ".join("-" * width for width in widths)
        body = self.ruled(line, grid[1:], rule)
        notes = [part for note in self.notes for part in _wrapped(note, max(_LINE, len(rule)))]
        return "\n".join([*head, line(grid[0]), rule, *body, *notes])

    def markdown(self) -> str:
        """GitHub-flavoured Markdown, notes as a paragraph each."""
        marks = [":---" if mark == "l" else "---:" for mark in self.alignment()]

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(_markdown(cell).replace("|", "\\|") for cell in cells) + " |"

        head = [f"**{_markdown(self.title)}**", ""] if self.title else []
        notes = [part for note in self.notes for part in ("", _markdown(note))]
        body = self.ruled(
            line, self.rows, "", lambda text: line([f"*{text}*", *[""] * (len(self.header) - 1)])
        )
        return "\n".join([*head, line(self.header), line(marks), *body, *notes]) + "\n"

    def latex(self) -> str:
        """A ``tabular`` with rules of the package booktabs; notes follow as small paragraphs.

        Columns with cells of more than 40 characters wrap, which needs the package array.
        """
        return latex_table(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """An HTML table with caption and notes, no style of its own."""
        wraps = self.wraps()

        def head(text: str) -> str:
            wide = f'colspan="{len(self.header)}" style="text-align:left"'
            return f'<tr class="head"><th scope="rowgroup" {wide}>{html_lib.escape(text)}</th></tr>'

        def cells(row: Sequence[str], tag: str) -> str:
            parts = [
                f"<{tag}{' class=wrap' if wrap and tag == 'td' else ''} "
                f'style="text-align:{"left" if mark == "l" else "right"}">'
                f"{html_lib.escape(cell)}</{tag}>"
                for cell, mark, wrap in zip(row, self.alignment(), wraps, strict=True)
            ]
            return "<tr>" + "".join(parts) + "</tr>"

        caption = f"<caption>{html_lib.escape(self.title)}</caption>" if self.title else ""
        lines = self.ruled(lambda row: cells(row, "td"), self.rows, "", head)
        body = "".join(
            line.replace("<tr", '<tr style="border-top:1px solid"', 1)
            if place in self.breaks
            else line
            for place, line in enumerate(lines)
        )
        notes = "".join(f'<p class="note">{html_lib.escape(note)}</p>' for note in self.notes)
        return (
            f'<table class="coalition-table">{caption}<thead>{cells(self.header, "th")}</thead>'
            f"<tbody>{body}</tbody></table>{notes}"
        )

    def typst(self) -> str:
        """A Typst figure of kind table: caption above, rules as in print, notes below.

        Every cell is a string, so that no sign of it is markup.
        """
        return typst_table(self)

    def word(self, path: str | Path | None = None) -> bytes:
        """A Word document (docx) that holds the table; equal tables give equal bytes.

        Parameters
        ----------
        path : str or path, optional
            Written to as well.

        Raises
        ------
        DataError
            The extra ``paper`` is not installed.
        """
        made = pandoc(self.html(), source="html", to="docx")
        if path is not None:
            Path(path).write_bytes(made)
        return made


def _wrapped(note: str, width: int) -> list[str]:
    return wrap(
        one_line(note), width, subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def frame_table(
    frame: pd.DataFrame, *, title: str = "", notes: Sequence[str] = (), digits: int = 3
) -> Table:
    """Turn a frame into a table for print: numbers rounded, dates as days, text to the left.

    Examples
    --------
    >>> import pandas as pd
    >>> print(frame_table(pd.DataFrame({"state": ["ESP"], "share": [0.25]})).text())
    state  share
    -----  -----
    ESP    0.250
    """
    align = "".join(
        "r" if pd.api.types.is_numeric_dtype(frame[name]) else "l" for name in frame.columns
    )
    rows = [[_cell(value, digits) for value in row] for row in frame.itertuples(index=False)]
    return Table([str(c) for c in frame.columns], rows, title, tuple(notes), align)


def _cell(value: object, digits: int) -> str:
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    if value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, np.integer):  # counts of a column with gaps
        return str(value)
    return format_number(value, digits)


class _Listing(pd.DataFrame):
    """A frame that shows all of its rows; what is made from it is an ordinary frame."""

    _metadata: typing.ClassVar[list[str]] = ["_shown"]
    _shown: tuple[str, ...] = ()

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def to_table(self) -> Table:
        """The columns shown, ready for print; the note names the others."""
        index = [str(name) for name in self.index.names if name is not None]
        plain = self.reset_index() if index else pd.DataFrame(self)
        shown = [name for name in (*index, *self._shown) if name in plain.columns]
        others = [str(name) for name in plain.columns if name not in shown]
        notes = [f"Other columns: {', '.join(others)}."] if others else []
        return frame_table(plain[shown], notes=notes)

    def __repr__(self) -> str:
        table = self.to_table()
        room = get_terminal_size(fallback=(120, 24)).columns
        for letters in _CELLS:
            rows = _broken(table.rows, letters)
            text = Table(table.header, rows, notes=table.notes, align=table.align).text()
            if max(map(len, text.splitlines()[:2])) <= room:
                break
        return text

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        return self.to_table().html()


def _broken(rows: Sequence[Sequence[str]], letters: int) -> list[list[str]]:
    """Rows with long cells carried on in further rows."""
    out = []
    for row in rows:
        parts = [wrap(cell, letters, break_on_hyphens=False) or [""] for cell in row]
        out += [list(line) for line in zip_longest(*parts, fillvalue="")]
    return out


def listing(frame: pd.DataFrame, shown: Sequence[str] = ()) -> pd.DataFrame:
    """Let a frame show itself whole, in a terminal and in a notebook, where pandas would cut it.

    Parameters
    ----------
    frame : DataFrame
    shown : sequence of str
        Columns to show beside the index, all by default; the others are named below.

    Returns
    -------
    DataFrame
        The same values. Selecting, copying and joining it give ordinary frames.

    Examples
    --------
    >>> import pandas as pd
    >>> listing(pd.DataFrame({"name": ["iraq"], "title": ["A coalition"], "n": [3]}), ["name"])
    name
    ----
    iraq
    Other columns: title, n.
    """
    out = _Listing(frame)
    object.__setattr__(out, "_shown", tuple(shown) or tuple(str(name) for name in frame.columns))
    out.attrs = dict(frame.attrs)
    return out


class InTables(ABC):
    """Shows itself as its tables, one below the other."""

    @abstractmethod
    def to_tables(self) -> list[Table]:
        """The tables, in the order in which they are read."""

    def __repr__(self) -> str:
        return "\n\n".join(table.text() for table in self.to_tables())

    def _repr_html_(self) -> str:
        return "".join(table.html() for table in self.to_tables())
