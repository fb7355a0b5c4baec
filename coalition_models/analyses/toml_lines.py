"""A TOML file with the line on which each of its values stands."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalition_models.errors import DataError

__all__ = ["Document", "read_toml"]

Place = tuple[str | int, ...]

_HEADER = re.compile(r"^\s*\[(?!\[)(.+?)\]\s*(#.*)?$")
#: failures that one message tells
_SHOWN = 10
_AT = re.compile(r"\s*\(at line (\d+), column \d+\)$")
#: how a failure of the reader begins -> what to do
_CURES = {
    "Cannot overwrite": "The key stands twice in its table: leave one of them",
    "Cannot declare": "The table stands twice: put its keys under one heading",
    "Illegal character '\\n'": "A text that begins with a quote must end with one on the same line",
}
_FORM = "TOML has text in quotes, true and false in small letters, lists in []"


@dataclass(frozen=True)
class Document:
    """What a file says, and where.

    Attributes
    ----------
    path : Path
    values : dict
    lines : dict
        Key -> number of its line, from 1; a key is a tuple of names.
    text : tuple of str
    """

    path: Path
    values: dict[str, Any]
    lines: dict[Place, int]
    text: tuple[str, ...]

    def line_of(self, place: Place) -> int:
        """Line of a key, or of the nearest one that it belongs to; 1 for the whole."""
        names = [one for one in place if isinstance(one, str)]
        for size in range(len(names), 0, -1):
            line = self.lines.get(tuple(names[:size]))
            if line is not None:
                return self._item_line(line, place)
        return 1

    def _item_line(self, line: int, place: Place) -> int:
        """Of an item of a list on several lines, the line that the item itself stands on."""
        if not place or not isinstance(place[-1], int):
            return line
        value: Any = self.values
        for one in place:
            value = value[one]
        for at in range(line, len(self.text) + 1):
            if f'"{value}"' in self.text[at - 1] or f"'{value}'" in self.text[at - 1]:
                return at
            if at > line and self.text[at - 1].lstrip().startswith("]"):
                break
        return line

    def refusal(self, place: Place, text: str) -> DataError:
        """An error that names the file and the line."""
        return self.refusals([(place, text)])

    def refusals(self, found: list[tuple[Place, str]]) -> DataError:
        """One error for all that is wrong, in the order of the lines."""
        told = sorted((self.line_of(place), text) for place, text in found)
        shown = "; ".join(f"line {line}: {text}" for line, text in told[:_SHOWN])
        more = f" (+{len(told) - _SHOWN} more)" if len(told) > _SHOWN else ""
        return DataError(f"{self.path}: {shown}{more}")


def read_toml(path: Path) -> Document:
    r"""Read a TOML file.

    Raises
    ------
    DataError
        A file that cannot be read, or is no TOML; with the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.toml")
    ...     _ = path.write_text("[model]\nties = 'efron'\n")
    ...     read_toml(path).lines
    {('model',): 1, ('model', 'ties'): 2}
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not in UTF-8: save it so") from error
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror or error}") from error
    lines = tuple(text.splitlines())
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        at = _AT.search(said)
        line = int(at[1]) if at else max(len(lines), 1)
        cure = next((words for begin, words in _CURES.items() if said.startswith(begin)), _FORM)
        raise DataError(f"{path}: line {line}: {_AT.sub('', said)}. {cure}") from error
    return Document(path, values, dict(_places(lines)), lines)


def _places(lines: tuple[str, ...]) -> Iterator[tuple[Place, int]]:
    """Every key with its line: headers, and assignments whatever number of lines they take."""
    table: Place = ()
    at = 0
    while at < len(lines):
        head = _HEADER.match(lines[at])
        if head is not None:
            table = _names(f"{head[1]} = 0")[-1]
            yield from ((table[:size], at + 1) for size in range(1, len(table) + 1))
        elif lines[at].strip() and not lines[at].lstrip().startswith("#"):
            end = _end(lines, at)
            for names in _names("\n".join(lines[at:end])):
                yield (*table, *names), at + 1
            at = end - 1
        at += 1


def _end(lines: tuple[str, ...], start: int) -> int:
    """Line after an assignment."""
    for end in range(start + 1, len(lines) + 1):
        try:
            tomllib.loads("\n".join(lines[start:end]))
        except tomllib.TOMLDecodeError:
            continue
        return end
    return start + 1


def _names(text: str) -> list[Place]:
    try:
        return list(_nested(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return []


def _nested(values: dict[str, Any], above: Place = ()) -> Iterator[Place]:
    for name, value in values.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from _nested(value, (*above, name))
