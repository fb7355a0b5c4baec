"""From a TOML file to an analysis: the model asked for, the rows, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from coalition_models.analyses.checking import check_document
from coalition_models.analyses.toml_lines import Document, Place, read_toml
from coalition_models.errors import CoalitionError, FormulaError
from coalition_models.models.specification import Specification

__all__ = ["Analysis", "read_analysis"]

_QUOTED = re.compile(r"'([^']+)'")
_WORD = re.compile(r"\w+")
_SOURCES = ("set", "folder", "panel")
#: keys of [data] that go with one source only
_BELONG = {"variant": ("set",), "revision": ("set",), "build": ("set", "folder")}


@dataclass(frozen=True, eq=False)
class Analysis:
    """An analysis read from a file.

    Attributes
    ----------
    document : Document
        The file, whose lines errors name.
    spec : Specification
    data : mapping
        The table ``[data]``.
    sensitivity : mapping
        The table ``[sensitivity]``; empty where the file has none.
    """

    document: Document
    spec: Specification
    data: Mapping[str, Any]
    sensitivity: Mapping[str, Any]

    @property
    def folder(self) -> Path:
        """Where the file lies; paths in it are relative to that."""
        return self.document.path.parent

    @contextmanager
    def told_at(self, *place: str) -> Iterator[None]:
        """Name the line of a key in an error that is due to its value."""
        with _told_at(self.document, place):
            yield


def read_analysis(path: str | Path) -> Analysis:
    r"""Read an analysis and check all that can be checked without its data.

    Parameters
    ----------
    path : str or Path
        A TOML file, see ``docs/analysis-files.md``.

    Returns
    -------
    Analysis

    Raises
    ------
    DataError
        Naming the lines of the file and what to write there.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "a.toml")
    ...     _ = path.write_text('data.set = "iraq"\n[model]\nfamily = "cox"\n'
    ...                         'formula = "event ~ election_near"\n')
    ...     read_analysis(path).spec
    Specification('cox', 'event ~ election_near')
    """
    document = read_toml(Path(path))
    check_document(document)
    data = document.values["data"]
    given = [name for name in _SOURCES if name in data]
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none of them"
        raise document.refusal(
            ("data",), f"[data] needs one of {', '.join(_SOURCES)}, which tells the rows; {found}"
        )
    for name, sources in _BELONG.items():
        if name in data and given[0] not in sources:
            raise document.refusal(
                ("data", name),
                f"[data] {name} goes with {' or '.join(sources)}, not with {given[0]}",
            )
    model = document.values["model"]
    if "~" not in model["formula"]:
        raise document.refusal(
            ("model", "formula"), "[model] formula needs a response and terms: 'event ~ a + b'"
        )
    with _told_at(document, ("model",)):
        spec = Specification(**cast("dict[str, Any]", model))
    return Analysis(document, spec, data, document.values.get("sensitivity", {}))


@contextmanager
def _told_at(document: Document, place: Place) -> Iterator[None]:
    try:
        yield
    except CoalitionError as error:
        said = str(error)
        if said.startswith(f"{document.path}: line"):
            raise
        where = _blamed(document, place, said)
        if isinstance(error, FormulaError) and where == ("model",):
            where = ("model", "formula")
        raise type(error)(f"{document.path}: line {document.line_of(where)}: {said}") from error


def _blamed(document: Document, place: Place, said: str) -> Place:
    """Inside a table, the key whose value the message quotes, or that it names."""
    table: Any = document.values
    for name in place:
        table = table.get(name, {}) if isinstance(table, dict) else {}
    if not isinstance(table, dict):
        return place
    quoted = _QUOTED.search(said)
    for name, value in table.items():
        if quoted and quoted[1] in _WORD.findall(str(value)):
            return (*place, name)
    words = _WORD.findall(said)
    for name in table:
        if name in words:
            return (*place, name)
    return place
