"""One small table model that can show itself as text, Markdown, LaTeX or HTML.

Results render through this module, so that a fit can print itself without the report room.
"""

from __future__ import annotations

import html as html_lib
import re
import typing
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from shutil import get_terminal_size
from textwrap import wrap

import pandas as pd

__all__ = ["Table", "format_number", "format_p", "frame_table", "listing"]

#: columns with longer cells may wrap
_LONG = 40
#: letters of a line of notes in print, unless the table itself is wider
_LINE = 96
#: letters of a column of a listing in print, from which the first is taken that fits the screen
_CELLS = (44, 36, 28, 22)
#: a sign that opens a tag in Markdown; p-values such as <0.001 stay as they are
_TAG = re.compile(r"<(?=[A-Za-z/!?])")

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
}


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


def _one_line(text: str) -> str:
    """Text without line breaks, which would end a row, a comment or a paragraph."""
    lines = text.splitlines()
    return text if lines == [text] or not lines else " ".join(line.strip() for line in lines)


def _latex(text: str) -> str:
    return "".join(_LATEX_ESCAPES.get(character, character) for character in _one_line(text))


def _markdown(text: str) -> str:
    return _TAG.sub(r"\\<", _one_line(text))


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

    def _alignment(self) -> str:
        return self.align or "l" + "r" * (len(self.header) - 1)

    def _wraps(self) -> list[bool]:
        """Whether each column has a long cell, so that all its cells may wrap."""
        return [any(len(row[j]) > _LONG for row in self.rows) for j in range(len(self.header))]

    def text(self) -> str:
        """Plain text with aligned columns."""
        grid = [[_one_line(cell) for cell in row] for row in [self.header, *self.rows]]
        widths = [max(len(row[j]) for row in grid) for j in range(len(self.header))]
        marks = self._alignment()

        def line(row: Sequence[str]) -> str:
            cells = [
                cell.ljust(width) if mark == "l" else cell.rjust(width)
                for cell, width, mark in zip(row, widths, marks, strict=True)
            ]
            return "  ".join(cells).rstrip()

        head = [_one_line(self.title)] if self.title else []
        rule = "  ".join("-" * width for width in widths)
        body = [line(row) for row in grid[1:]]
        notes = [part for note in self.notes for part in _wrapped(note, max(_LINE, len(rule)))]
        return "\n".join([*head, line(grid[0]), rule, *body, *notes])

    def markdown(self) -> str:
        """GitHub-flavoured Markdown, notes as a paragraph each."""
        marks = [":---" if mark == "l" else "---:" for mark in self._alignment()]

        def line(cells: Sequence[str]) -> str:
            return "| " + " | ".join(_markdown(cell).replace("|", "\\|") for cell in cells) + " |"

        head = [f"**{_markdown(self.title)}**", ""] if self.title else []
        notes = [part for note in self.notes for part in ("", _markdown(note))]
        body = [line(row) for row in self.rows]
        return "\n".join([*head, line(self.header), line(marks), *body, *notes]) + "\n"

    def latex(self) -> str:
        """A ``tabular`` with rules of the package booktabs; notes follow as small paragraphs.

        Columns with cells of more than 40 characters wrap, which needs the package array.
        """

        def line(cells: Sequence[str]) -> str:
            first, *others = (_latex(cell) for cell in cells)
            if first[:1] in ("[", "*"):
                first = f"{{{first[0]}}}{first[1:]}"  # else an option of the row before
            return " & ".join([first, *others]) + r" \\"

        caption = [f"% {_one_line(self.title)}"] if self.title else []
        notes = [r"{\par\smallskip\footnotesize " + _latex(note) + r"\par}" for note in self.notes]
        return (
            "\n".join(
                [
                    *caption,
                    rf"\begin{{tabular}}{{{self._latex_columns()}}}",
                    r"\toprule",
                    line(self.header),
                    r"\midrule",
                    *[line(row) for row in self.rows],
                    r"\bottomrule",
                    r"\end{tabular}",
                    *notes,
                ]
            )
            + "\n"
        )

    def _latex_columns(self) -> str:
        """Column types; columns with long cells share the width that is left."""
        wraps = self._wraps()
        share = 0.8 / max(sum(wraps), 1)
        width = rf">{{\raggedright\arraybackslash}}p{{{share:.2g}\linewidth}}"
        return "".join(
            width if wrap else mark for wrap, mark in zip(wraps, self._alignment(), strict=True)
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return self.html()

    def html(self) -> str:
        """An HTML table with caption and notes, no style of its own."""
        wraps = self._wraps()

        def cells(row: Sequence[str], tag: str) -> str:
            parts = [
                f"<{tag}{' class=wrap' if wrap and tag == 'td' else ''} "
                f'style="text-align:{"left" if mark == "l" else "right"}">'
                f"{html_lib.escape(cell)}</{tag}>"
                for cell, mark, wrap in zip(row, self._alignment(), wraps, strict=True)
            ]
            return "<tr>" + "".join(parts) + "</tr>"

        caption = f"<caption>{html_lib.escape(self.title)}</caption>" if self.title else ""
        body = "".join(cells(row, "td") for row in self.rows)
        notes = "".join(f'<p class="note">{html_lib.escape(note)}</p>' for note in self.notes)
        return (
            f'<table class="coalition-table">{caption}<thead>{cells(self.header, "th")}</thead>'
            f"<tbody>{body}</tbody></table>{notes}"
        )


def _wrapped(note: str, width: int) -> list[str]:
    return wrap(
        _one_line(note), width, subsequent_indent="  ", break_long_words=False,
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
