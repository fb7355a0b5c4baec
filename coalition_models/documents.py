"""Documents made by programs outside Python: pandoc and Typst, from the extra ``paper``.

Pandoc is a program of its own (GPL, version 2 or later), which comes with ``pypandoc_binary`` (MIT)
and is only ever run, never linked or imported; ``typst`` (Apache 2.0) is a library. No system font,
clock or locale enters: equal inputs and versions give equal bytes.
"""

from __future__ import annotations

import calendar
import importlib.util
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from coalition_models.about import RELEASED
from coalition_models.errors import DataError

__all__ = ["can_make_documents", "document_date", "pandoc", "typst_pages", "typst_pdf"]

_CURE = "pip install 'coalition-models[paper]'"
#: of what pandoc says, as much as an error shows
_SHOWN = 400


def document_date() -> int:
    """Seconds since 1970 that documents are dated with.

    The variable ``SOURCE_DATE_EPOCH`` where it is set, otherwise the day of the package's release.

    Examples
    --------
    >>> document_date() > 0
    True
    """
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    if given:
        if not given.isdigit():
            raise DataError(f"SOURCE_DATE_EPOCH must be seconds since 1970, found {given!r}")
        return int(given)
    return calendar.timegm(time.strptime(RELEASED, "%Y-%m-%d"))


def can_make_documents() -> bool:
    """Whether the extra ``paper`` is installed."""
    return _pandoc_path() is not None and importlib.util.find_spec("typst") is not None


def _pandoc_path() -> Path | None:
    """The program inside ``pypandoc_binary``; no other pandoc, whose output may differ."""
    found = importlib.util.find_spec("pypandoc")
    places = list(found.submodule_search_locations or ()) if found else []
    files = [Path(place) / "files" / name for place in places for name in ("pandoc", "pandoc.exe")]
    return next((path for path in files if path.is_file()), None)


def pandoc(
    text: str,
    *,
    source: str,
    to: str,
    arguments: Sequence[str] = (),
    folder: Path | None = None,
) -> bytes:
    """Turn a text into another format.

    Parameters
    ----------
    text : str
    source, to : str
        Pandoc's names of the formats, such as ``"html"`` and ``"docx"``.
    arguments : sequence of str
        Further options. Warnings are errors, among them a citation without an entry.
    folder : Path, optional
        In which pictures are looked for.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        Pandoc is not installed, or refuses the text.
    """
    program = _pandoc_path()
    if program is None:
        raise DataError(f"making {to} documents needs the package pypandoc_binary: {_CURE}")
    asked = [str(program), "-f", source, "-t", to, "--standalone", "--fail-if-warnings"]
    if source == "html":
        asked += ["--metadata", "pagetitle=table"]
    said = subprocess.run(
        [*asked, *arguments, "-o", "-"],
        input=text.encode(),
        capture_output=True,
        check=False,
        cwd=folder,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(document_date()), "LC_ALL": "C.UTF-8"},
    )
    if said.returncode:
        words = " ".join(said.stderr.decode(errors="replace").split())
        raise DataError(f"pandoc cannot make {to}: {words[:_SHOWN]}")
    return said.stdout


def typst_pdf(folder: Path, name: str) -> bytes:
    """Set a Typst file and give the PDF.

    Parameters
    ----------
    folder : Path
        Holds the file and all pictures; nothing outside it is read.
    name : str

    Raises
    ------
    DataError
        Typst is not installed, or the file does not compile.
    """
    return _typst(folder, name, "pdf")[0]


def typst_pages(folder: Path, name: str) -> list[bytes]:
    """Set a Typst file and give each page as a PNG, to be looked at."""
    return _typst(folder, name, "png")


def _typst(folder: Path, name: str, kind: Literal["pdf", "png"]) -> list[bytes]:
    if importlib.util.find_spec("typst") is None:
        raise DataError(f"making PDF documents needs the package typst: {_CURE}")
    import typst

    compiler = typst.Compiler(folder / name, root=folder, ignore_system_fonts=True)
    try:
        made = compiler.compile(format=kind, ppi=110, timestamp=document_date())
    except typst.TypstError as error:
        raise DataError(f"typst cannot set {name}: {' '.join(str(error).split())[:_SHOWN]}") from (
            error
        )
    return [made] if isinstance(made, bytes) else list(made or [])
