"""The catalogue: which tables there are, what they hold, where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal, cast

from coalition_models.errors import DataError
from coalition_models.sources._paths import data_dir
from coalition_models.sources.literature import article
from coalition_models.tables.contract import Column, Contract, columns_from_descriptor

__all__ = [
    "NEWEST",
    "Earlier",
    "Entry",
    "contract_of",
    "descriptor",
    "entry",
    "file_sha256",
    "revised_tables",
    "tables",
]


@dataclass(frozen=True)
class Earlier:
    """A table as it stood in an earlier revision: its file, rows and columns."""

    path: str
    rows: int
    columns: tuple[str, ...]


#: the facts as they stand now; earlier ones are named in ``datapackage.json``
NEWEST = 2


@dataclass(frozen=True)
class Entry:
    """What the catalogue knows of one table."""

    name: str
    kind: Literal["bundled", "external"]
    title: str
    unit: str
    rows: int
    start: str
    end: str
    coverage_note: str
    licence: str
    path: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    traps: tuple[str, ...]
    citation: str | Mapping[str, object]
    url: str = ""
    sha256: str = ""
    parts: tuple[str, ...] = ()
    made_from: tuple[str, ...] = ()
    #: earlier revision -> the table as it stood then
    earlier: Mapping[int, Earlier] = field(default_factory=dict)

    def at(self, revision: int | None) -> Entry:
        """The table as it stood in a revision; None is the newest.

        Raises
        ------
        DataError
            If there is no such revision, or the table has one form only.
        """
        if revision is None or (revision == NEWEST and self.earlier):
            return self
        if not self.earlier:
            raise DataError(
                f"{self.name} has no revisions: drop revision=. Tables that have: "
                f"{', '.join(revised_tables())}"
            )
        if isinstance(revision, bool) or revision not in self.earlier:
            known = " and ".join(str(number) for number in (*sorted(self.earlier), NEWEST))
            raise DataError(f"{self.name} has the revisions {known}, not {revision!r:.40}")
        then = self.earlier[revision]
        held = {column.name: column for column in self.columns}
        columns = tuple(held[name] for name in then.columns)
        return replace(self, path=then.path, rows=then.rows, columns=columns, earlier={})

    @property
    def citation_key(self) -> str:
        """Key of the work to cite."""
        return self.citation if isinstance(self.citation, str) else _text(self.citation, "key")

    @property
    def citation_text(self) -> str:
        """The work to cite, for people."""
        if isinstance(self.citation, str):
            return article(self.citation).text
        return _text(self.citation, "text")

    @property
    def bibtex(self) -> str:
        """The work to cite, for a bibliography."""
        if isinstance(self.citation, str):
            return article(self.citation).bibtex(doi=False)
        return _text(self.citation, "bibtex")


@lru_cache(maxsize=1)
def _bundled_entries() -> dict[str, Entry]:
    package = _read_json(data_dir() / "datapackage.json")
    bundled = [_bundled(r) for r in cast(list[dict[str, object]], package["resources"])]
    return {item.name: item for item in bundled}


@lru_cache(maxsize=1)
def _external_files() -> dict[str, Path]:
    """Name of each external source -> the file that describes it."""
    return {path.stem: path for path in sorted((data_dir() / "external").glob("*.json"))}


@cache
def _external_entry(name: str) -> Entry:
    path = _external_files()[name]
    item = _external(_read_json(path))
    if item.name != name:
        raise DataError(
            f"external/{path.name} must describe the source {name!r}, found {item.name!r}; "
            "the file bears the source's name"
        )
    return item


def descriptor(file: str) -> dict[str, object]:
    """Read one of the files that describe the data, such as ``features.json``."""
    return _read_json(data_dir() / file)


def tables() -> dict[str, Entry]:
    """Every table of the catalogue by name: the bundled ones, then the external in order."""
    return {**_bundled_entries(), **{name: _external_entry(name) for name in _external_files()}}


def _read_json(path: Path) -> dict[str, object]:
    try:
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise DataError(f"cannot read the catalogue file {path.name}: {error}") from error
    return found


def _text(record: Mapping[str, object], name: str) -> str:
    value = record.get(name, "")
    return "" if value is None else str(value)


def _bundled(record: Mapping[str, object]) -> Entry:
    schema = cast(dict[str, object], record["schema"])
    licences = cast(list[dict[str, object]], record["licenses"])
    return _entry(
        record,
        kind="bundled",
        licence=", ".join(_text(item, "name") for item in licences),
        path=_text(record, "path"),
        fields=cast(list[dict[str, object]], schema["fields"]),
        key=tuple(cast(list[str], schema["primaryKey"])),
    )


def _external(record: Mapping[str, object]) -> Entry:
    return _entry(
        record,
        kind="external",
        licence=_text(record, "licence"),
        path=_text(record, "file"),
        fields=cast(list[dict[str, object]], record.get("columns", [])),
        key=tuple(cast(list[str], record.get("key", []))),
    )


def _entry(
    record: Mapping[str, object],
    *,
    kind: Literal["bundled", "external"],
    licence: str,
    path: str,
    fields: list[dict[str, object]],
    key: tuple[str, ...],
) -> Entry:
    coverage = cast(dict[str, object], record.get("coverage", {}))
    citation = record.get("citation", "")  # a work's key, or a record of its own
    return Entry(
        name=_text(record, "name"),
        kind=kind,
        title=_text(record, "title"),
        unit=_text(record, "unit"),
        rows=int(str(record.get("rows", 0) or 0)),
        start=_text(coverage, "start"),
        end=_text(coverage, "end"),
        coverage_note=_text(coverage, "note"),
        licence=licence,
        path=path,
        columns=columns_from_descriptor(fields),
        key=key,
        traps=tuple(cast(list[str], record.get("traps", []))),
        citation=citation if isinstance(citation, dict) else str(citation),
        url=_text(record, "url"),
        sha256=_text(record, "sha256"),
        made_from=tuple(
            name
            for source in cast(list[dict[str, object]], record.get("sources", []))
            for name in cast(list[str], source.get("tables", []))
        ),
        parts=tuple(cast(list[str], record.get("parts", []))),
        earlier={
            int(str(then["revision"])): Earlier(
                path=_text(then, "path"),
                rows=int(str(then["rows"])),
                columns=tuple(cast(list[str], then["fields"])),
            )
            for then in cast(list[dict[str, object]], record.get("revisions", []))
        },
    )


def entry(name: str) -> Entry:
    """Look up one table of the catalogue.

    Raises
    ------
    DataError
        If there is no such table; the message lists the nearest names.
    """
    if name in _bundled_entries():
        return _bundled_entries()[name]
    if name in _external_files():
        return _external_entry(name)
    near = get_close_matches(name, [*_bundled_entries(), *_external_files()], n=5, cutoff=0.4)
    hint = f"nearest names: {', '.join(near)}" if near else "see datasets()"
    raise DataError(f"no table named {name!r}; {hint}")


def revised_tables() -> tuple[str, ...]:
    """Names of the bundled tables of which an earlier revision is kept.

    Examples
    --------
    >>> "participation" in revised_tables(), "elections" in revised_tables()
    (True, False)
    """
    return tuple(name for name, item in _bundled_entries().items() if item.earlier)


def contract_of(name: str) -> Contract:
    """Return the column contract of a table of the catalogue."""
    item = entry(name)
    return Contract(item.name, item.columns, item.key)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
