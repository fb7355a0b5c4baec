"""The catalogue: which tables there are, what they hold, where they come from."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Literal, cast

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import CoverageError, DataError
from coalition_models.record import record_of, with_notes
from coalition_models.render import listing
from coalition_models.sources._paths import data_dir
from coalition_models.sources.csv_tables import read_loosely, read_table
from coalition_models.sources.schema import Column, Contract, columns_from_descriptor, validate

__all__ = [
    "Entry",
    "contract_of",
    "datasets",
    "descriptor",
    "entry",
    "file_sha256",
    "load",
    "read_table_as",
    "tables",
]


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
    citation_key: str
    citation_text: str
    bibtex: str
    url: str = ""
    sha256: str = ""
    parts: tuple[str, ...] = ()
    made_from: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def _entries() -> dict[str, Entry]:
    package = _read_json(data_dir() / "datapackage.json")
    external = _read_json(data_dir() / "external.json")
    bundled = [_bundled(r) for r in cast(list[dict[str, object]], package["resources"])]
    outside = [_external(s) for s in cast(list[dict[str, object]], external["sources"])]
    return {item.name: item for item in [*bundled, *outside]}


def descriptor(file: str) -> dict[str, object]:
    """Read one of the files that describe the data, such as ``features.json``."""
    return _read_json(data_dir() / file)


def tables() -> dict[str, Entry]:
    """Every table of the catalogue by name."""
    return dict(_entries())


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
    citation = cast(dict[str, object], record.get("citation", {}))
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
        citation_key=_text(citation, "key"),
        citation_text=_text(citation, "text"),
        bibtex=_text(citation, "bibtex"),
        url=_text(record, "url"),
        sha256=_text(record, "sha256"),
        made_from=tuple(
            name
            for source in cast(list[dict[str, object]], record.get("sources", []))
            for name in cast(list[str], source.get("tables", []))
        ),
        parts=tuple(cast(list[str], record.get("parts", []))),
    )


def entry(name: str) -> Entry:
    """Look up one table of the catalogue.

    Raises
    ------
    DataError
        If there is no such table; the message lists the nearest names.
    """
    found = _entries().get(name)
    if found is None:
        near = get_close_matches(name, _entries(), n=5, cutoff=0.4)
        hint = f"nearest names: {', '.join(near)}" if near else "see datasets()"
        raise DataError(f"no table named {name!r}; {hint}")
    return found


def contract_of(name: str) -> Contract:
    """Return the column contract of a table of the catalogue."""
    item = entry(name)
    return Contract(item.name, item.columns, item.key)


def datasets() -> pd.DataFrame:
    """List every table: what a row is, what it covers, its licence, whether it is at hand.

    Returns
    -------
    DataFrame
        One row per table, indexed by ``name``: ``kind`` (bundled or external), ``title``,
        ``rows``, ``unit`` (what a row is), ``start``, ``end``, ``licence``, ``at_hand``.
        Bundled tables come with the package; an external one is downloaded on first ``load``,
        or read from the folder that COALITION_MODELS_MIRROR names.

    Examples
    --------
    >>> import coalition_models as cm
    >>> cm.datasets().loc[["participation"], ["kind", "rows", "at_hand"]]
                      kind  rows  at_hand
    name
    participation  bundled   176     True
    """
    from coalition_models.sources.fetch import at_hand

    rows = [
        {
            "name": item.name,
            "kind": item.kind,
            "title": item.title,
            "rows": item.rows,
            "unit": item.unit,
            "start": item.start,
            "end": item.end,
            "licence": item.licence,
            "at_hand": item.kind == "bundled"
            or all(at_hand(part) for part in item.parts or (item.name,)),
        }
        for item in _entries().values()
    ]
    frame = pd.DataFrame(rows).set_index("name")
    return listing(frame, ["kind", "title", "rows", "start", "end", "at_hand"])


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(name: str, *, extended: bool = False) -> pd.DataFrame:
    """Load a table as a validated tidy frame.

    Parameters
    ----------
    name : str
        A table of :func:`datasets`. A bundled table comes with the package. An external one is
        read from the folder that the variable COALITION_MODELS_MIRROR names, from the cache, or
        is downloaded once (its address and checksum are pinned).
    extended : bool
        Only for ``elections``, ``leaders`` and ``state_years``: add what the external sources
        know, flagged by source. ``war_participation`` gains the dates, deaths and outcomes of
        the Correlates of War project this way.

    Returns
    -------
    DataFrame
        Dates are ``datetime64``; ``record_of(...).notes["coalition_models"]`` holds the name,
        package version and checksum of the file.

    Raises
    ------
    DataError
        If the table is unknown or its file fails its contract.
    CoverageError
        If an external file is not at hand and cannot be downloaded.

    Examples
    --------
    >>> import coalition_models as cm
    >>> members = cm.load("participation").query("coalition == 'iraq'")
    >>> members["state"].nunique()
    40
    """
    check_arguments(load, locals())
    item = entry(name)
    frame = _load_external(item) if item.kind == "external" else _load_bundled(item)
    if extended:
        frame = _extend(name, frame)
    return frame


def _stamp(frame: pd.DataFrame, item: Entry, sha256: str) -> pd.DataFrame:
    from coalition_models import __version__

    with_notes(
        frame,
        table={
            "name": item.name,
            "version": __version__,
            "sha256": sha256,
        },
    )
    return frame


def _load_bundled(item: Entry) -> pd.DataFrame:
    path = data_dir() / item.path
    frame = read_table(path, item.columns)
    return _stamp(
        validate(frame, Contract(item.name, item.columns, item.key)), item, file_sha256(path)
    )


def read_table_as(path: Path, shape: str) -> pd.DataFrame:
    """Read your own CSV file in the shape of a bundled table and check it.

    Columns that the bundled table requires must be there; others may be, and extra ones are kept
    as text. A file without rows is refused: nothing in it has been checked.

    Examples
    --------
    >>> from coalition_models.sources._paths import data_dir
    >>> len(read_table_as(data_dir() / "coalitions.csv", "coalitions"))
    6
    """
    contract = contract_of(shape)
    frame = validate(read_loosely(path, contract.columns), shape)
    if frame.empty:
        raise DataError(f"{path.name} has no rows: it holds the names of the columns only")
    return frame


def _load_external(item: Entry) -> pd.DataFrame:
    from coalition_models.sources.fetch import fetch
    from coalition_models.sources.readers import READERS

    if item.parts:
        frames = [load(part) for part in item.parts]
        frame = pd.concat(frames, ignore_index=True)
        with_notes(
            frame,
            dropped=dict(
                sum((Counter(record_of(f).notes.get("dropped", {})) for f in frames), Counter())
            ),
        )
        return _stamp(frame, item, "+".join(entry(part).sha256[:12] for part in item.parts))
    path = fetch(item.name)
    frame = READERS[item.name](path)
    if item.columns:
        validate(frame, Contract(item.name, item.columns, item.key))
    return _stamp(frame, item, item.sha256)


def _extend(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    from coalition_models.sources import build, wars

    extenders: dict[str, Callable[[pd.DataFrame, Callable[[str], pd.DataFrame]], pd.DataFrame]] = {
        "elections": build.extended_elections,
        "leaders": build.extended_leaders,
        "state_years": build.extended_state_years,
        "war_participation": wars.with_cow_dates,
    }
    if name not in extenders:
        raise CoverageError(
            f"{name!r} has no extended form; those that have: {', '.join(sorted(extenders))}"
        )
    stamp = record_of(frame).notes.get("table", None)
    wide = extenders[name](frame, load)
    with_notes(wide, table=stamp)
    return wide
