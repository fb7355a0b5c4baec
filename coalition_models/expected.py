"""Expected results kept in the repository, and how a run is compared with them.

Kept are the tables as CSV, the text of the pages without pictures, and checksums of the tables for
print. The panel, which holds facts of other people's sources, is kept as a summary of its columns.
"""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from coalition_models.errors import CoverageError, DataError
from coalition_models.files import staging_folder, write_file
from coalition_models.sources._paths import data_dir
from coalition_models.sources.provenance import Provenance

__all__ = ["condensed", "differences", "expected_folder", "write_expected"]

#: numbers that differ by less, relative to the larger, are equal; so are those both this small
_RELATIVE, _SMALL = 1e-9, 1e-12
_PANEL = "tables/panel.csv"
_SUMMARY = "tables/panel_columns.csv"
_CHECKSUMS = "checksums.csv"
#: made by programs outside Python where these are installed; the same text stands there as Markdown
_DOCUMENTS = "paper/"
#: kinds of file whose bytes are right or wrong as a whole, because a CSV holds their numbers
_PRINTED = (".md", ".tex")
#: how much of a text a line shows
_SHOWN = 60
_LINE_ENDS = re.compile(r"</(?:p|li|tr|h1|h2|caption|figcaption|title)>")
#: without pictures, style, scripts, the ways about, and what tells version and commit
_UNCOMPARED = re.compile(
    r'<(style|svg|script|nav|footer)\b.*?</\1>|<p class="(?:made|home)">.*?</p>'
    r'|<a class="skip".*?</a>',
    flags=re.DOTALL,
)


def expected_folder(made: Provenance, given: Path | None = None) -> Path:
    """Return the folder of expected results that fits what a run is made from.

    Raises
    ------
    CoverageError
        With some of the sources only: no results are kept for that.
    """
    if made.used == "some":
        raise CoverageError(
            f"results are kept for the bundled data alone and for all {len(made.at_hand)} and "
            f"{len(made.absent)} more sources, not for those at hand now: add --sources bundled, "
            "or get the others with: coalition-models data fetch --missing"
        )
    return (data_dir() / "expected" if given is None else given) / made.used


def condensed(out: Path) -> dict[str, str]:
    """Reduce the results in a folder to what is kept: name of a file -> its text.

    Parameters
    ----------
    out : Path
        As :func:`reproduce` wrote it.
    """
    kept: dict[str, str] = {}
    printed = []
    # what an earlier run left in the folder is not of this one
    made = json.loads(_text(out / "manifest.json"))["outputs"]
    for name in sorted(made):
        path = out / name
        if name == _PANEL:
            kept[_SUMMARY] = _summary(pd.read_csv(path, low_memory=False))
        elif path.suffix == ".csv":
            kept[name] = _text(path)
        elif path.suffix == ".html" and not name.startswith(_DOCUMENTS):
            kept[f"{name.removesuffix('.html')}.txt"] = _page_text(_text(path))
        elif path.suffix in _PRINTED:
            printed.append((name, hashlib.sha256(path.read_bytes()).hexdigest()[:16]))
    frame = pd.DataFrame(printed, columns=["file", "sha256"])
    kept[_CHECKSUMS] = frame.to_csv(index=False, lineterminator="\n")
    return kept


def write_expected(out: Path, folder: Path) -> list[str]:
    """Keep the results in ``out`` as the expected ones; return the names of the files kept.

    What was kept before and is not made any more is removed.
    """
    if data_dir().name == "_data" and folder.is_relative_to(data_dir()):
        raise DataError("expected results are kept in a checkout, not in an installed package")
    kept = condensed(out)
    with staging_folder(folder) as staging:
        for name, text in kept.items():
            (staging / name).parent.mkdir(parents=True, exist_ok=True)
            write_file(staging / name, text)
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        if path.relative_to(folder).as_posix() not in kept:
            path.unlink()
    return list(kept)


def differences(out: Path, folder: Path) -> list[str]:
    """Compare results with the expected ones: numbers to 1e-9, texts exactly, pictures not.

    Parameters
    ----------
    out : Path
        As :func:`reproduce` wrote it.
    folder : Path
        Expected results.

    Returns
    -------
    list of str
        One line per difference: file, row, column, expected and found.

    Raises
    ------
    CoverageError
        If no expected results are kept there.
    """
    names = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    if not names:
        raise CoverageError(
            f"no expected results in {folder}; make them with: coalition-models reproduce "
            "--write-expected"
        )
    found = condensed(out)
    lines = [f"{name}: expected, and not made" for name in names if name not in found]
    lines += [f"{name}: made, and not expected" for name in found if name not in names]
    for name in names:
        if name in found:
            lines += _compare(name, _text(folder / name), found[name])
    return lines


def _text(path: Path) -> str:
    # as it stands: a line break inside a cell is part of the table
    return path.read_bytes().decode("utf-8")


def _compare(name: str, expected: str, found: str) -> Iterator[str]:
    if expected == found:
        return iter(())
    if name.endswith(".csv"):
        return _table_differences(name, expected, found)
    return _line_differences(name, expected.splitlines(), found.splitlines())


def _line_differences(name: str, expected: list[str], found: list[str]) -> Iterator[str]:
    if len(expected) != len(found):
        yield f"{name}: expected {len(expected)} lines, found {len(found)}"
    for number, (old, new) in enumerate(zip(expected, found, strict=False), start=1):
        if old != new:
            yield f"{name}, line {number}: expected {_around(old, new)}, found {_around(new, old)}"


def _table_differences(name: str, expected: str, found: str) -> Iterator[str]:
    old, new = _cells(expected), _cells(found)
    absent = [column for column in old.columns if column not in new.columns]
    extra = [column for column in new.columns if column not in old.columns]
    if absent:
        yield f"{name}: expected the columns {', '.join(absent)}, not found"
    if extra:
        yield f"{name}: columns {', '.join(extra)} found, not expected"
    if len(old) != len(new):
        yield f"{name}: expected {len(old)} rows, found {len(new)}"
    many = min(len(old), len(new))
    for column in old.columns.intersection(new.columns, sort=False):
        before, after = old[column].head(many), new[column].head(many)
        for row in map(int, np.flatnonzero((before != after).to_numpy())):
            one, other = str(before.iloc[row]), str(after.iloc[row])
            if not _equal(one, other):
                yield (
                    f"{name}, row {row + 1} ({old.iloc[row, 0]!s}), column {column}: expected "
                    f"{_around(one, other)}, found {_around(other, one)}"
                )


def _cells(text: str) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_filter=False)


def _equal(one: str, other: str) -> bool:
    try:
        first, second = float(one), float(other)
    except ValueError:
        return one == other
    size = max(abs(first), abs(second))
    return first == second or abs(first - second) <= max(_RELATIVE * size, _SMALL)


def _around(text: str, other: str) -> str:
    """A text, or the part of a long one where it differs from the other."""
    if len(text) <= _SHOWN:
        return repr(text)
    pairs = zip(text, other, strict=False)
    first = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(text), len(other)))
    begin = max(0, min(first - _SHOWN // 3, len(text) - _SHOWN))
    part = text[begin : begin + _SHOWN]
    return repr(f"{'...' if begin else ''}{part}{'...' if begin + _SHOWN < len(text) else ''}")


def _page_text(page: str) -> str:
    """The words of a page, one line per paragraph, row or heading."""
    bare = _UNCOMPARED.sub("", page).replace("<wbr>", "")
    bare = re.sub(r"\s*\n\s*", " ", bare)
    bare = re.sub(r"</t[dh]>(?=<t[dh])", " | ", bare)
    bare = re.sub(r"<[^>]*>", "", _LINE_ENDS.sub("\n", bare))
    lines = [" ".join(line.split()) for line in html.unescape(bare).split("\n")]
    return "".join(f"{line}\n" for line in lines if line)


def _summary(panel: pd.DataFrame) -> str:
    """What a panel's columns hold, without the values: counts, moments, a sum by row number."""
    rows = [_column(str(name), panel[name]) for name in panel.columns]
    return pd.DataFrame(rows).to_csv(index=False, lineterminator="\n")


def _column(name: str, values: pd.Series) -> dict[str, object]:
    about: dict[str, object] = {"column": name, "rows": len(values), "known": values.count()}
    if not pd.api.types.is_numeric_dtype(values):
        joined = "\n".join(values.fillna("").astype(str))
        return {
            **about,
            "distinct": values.nunique(),
            "digest": f"{zlib.crc32(joined.encode()):08x}",
        }
    numbers = values.astype(float)
    place = np.arange(1, len(numbers) + 1)
    return {
        **about,
        "mean": numbers.mean(),
        "sd": numbers.std(),
        "smallest": numbers.min(),
        "largest": numbers.max(),
        # changes when values trade places
        "mean_by_row": (numbers * place).mean() / max(len(numbers), 1),
    }
