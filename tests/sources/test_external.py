"""The description of the external sources against the files it describes."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pytest

from coalition_models.record import record_of
from coalition_models.sources.catalog import contract_of, entry
from coalition_models.sources.load import validate
from coalition_models.sources.readers import READERS

_FOLDER = Path(__file__).parents[2] / "data" / "external"
SOURCES: dict[str, dict[str, object]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8"))
    for path in sorted(_FOLDER.glob("*.json"))
}
FILES = [name for name, source in SOURCES.items() if "parts" not in source]


@lru_cache(maxsize=len(FILES))
def _read(path: Path, name: str) -> pd.DataFrame:
    return READERS[name](path)


def test_every_reader_has_a_description_and_every_file_a_reader() -> None:
    assert sorted(READERS) == sorted(FILES)


@pytest.mark.parametrize("name", SOURCES)
def test_description_is_complete(name: str) -> None:
    source = SOURCES[name]
    for part in ("title", "unit", "licence"):
        assert str(source[part]).strip(), part
    assert source["traps"]
    assert source["columns"]
    assert source["key"]
    assert source["name"] == name
    cited = entry(name)
    assert re.fullmatch(r"[a-z0-9_]+", cited.citation_key)
    assert cited.bibtex.startswith("@")
    assert "{" + cited.citation_key + "," in cited.bibtex
    assert cited.bibtex.count("{") == cited.bibtex.count("}")
    assert re.search(r"\(\d{4}\)\.", cited.citation_text)
    coverage = source["coverage"]
    assert isinstance(coverage, dict)
    assert pd.Timestamp(coverage["start"]) <= pd.Timestamp(coverage["end"])


@pytest.mark.parametrize("name", SOURCES)
def test_columns_are_described(name: str) -> None:
    columns = SOURCES[name]["columns"]
    assert isinstance(columns, list)
    names = [column["name"] for column in columns]
    assert len(set(names)) == len(names)
    for column in columns:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", column["name"]), column["name"]
        assert column["type"] in ("string", "integer", "number", "date", "boolean"), column
        assert len(column["description"]) > 8, column["name"]
    key = SOURCES[name]["key"]
    assert isinstance(key, list)
    assert set(key) <= set(names)


@pytest.mark.parametrize("name", FILES)
def test_address_is_pinned(name: str) -> None:
    url, sha256 = str(SOURCES[name]["url"]), str(SOURCES[name]["sha256"])
    assert re.fullmatch(r"https://raw\.githubusercontent\.com/[^/]+/[^/]+/[0-9a-f]{40}/.+", url)
    assert re.fullmatch(r"[0-9a-f]{64}", sha256)


@pytest.mark.mirror
def test_the_list_is_that_of_the_mirror(mirror: Path) -> None:
    with (mirror / "sources.csv").open(encoding="utf-8", newline="") as lines:
        listed = {row["name"]: row for row in csv.DictReader(lines)}
    assert set(FILES) <= set(listed)
    for name in FILES:
        row = listed[name]
        source = SOURCES[name]
        assert (source["file"], source["url"], source["sha256"], source["bytes"]) == (
            row["file"],
            row["url"],
            row["sha256"],
            int(row["bytes"]),
        )


@pytest.mark.mirror
@pytest.mark.parametrize("name", FILES)
def test_reader_gives_what_the_description_says(mirror: Path, name: str) -> None:
    source = SOURCES[name]
    path = mirror / str(source["file"])
    assert hashlib.sha256(path.read_bytes()).hexdigest() == source["sha256"]
    frame = _read(path, name)
    contract = contract_of(name)
    assert list(frame.columns) == [column.name for column in contract.columns]
    validate(frame, contract)
    assert len(frame) == source["rows"]
    assert isinstance(record_of(frame).notes["dropped"], dict)
    for column in contract.columns:
        if column.kind == "date":
            assert pd.api.types.is_datetime64_any_dtype(frame[column.name]), column.name


#: rows whose years the coverage leaves out on purpose
_BEYOND = {
    "polity5": "after 2018 only the United States",
    "us-military-aid": "fiscal years begin in the calendar year before",
}
_YEARLY = [
    name
    for name in FILES
    if name not in _BEYOND and '"name": "year"' in json.dumps(SOURCES[name]["columns"])
]


@pytest.mark.mirror
@pytest.mark.parametrize("name", _YEARLY)
def test_coverage_is_that_of_the_rows(mirror: Path, name: str) -> None:
    source = SOURCES[name]
    frame = _read(mirror / str(source["file"]), name)
    coverage = source["coverage"]
    assert isinstance(coverage, dict)
    assert int(coverage["start"][:4]) == frame["year"].min()
    assert int(coverage["end"][:4]) == frame["year"].max()


@pytest.mark.mirror
def test_the_composite_is_the_sum_of_its_parts(
    mirror: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coalition_models.sources.load import load

    monkeypatch.setenv("COALITION_MODELS_MIRROR", str(mirror))
    frame = load("ipi-contributions")
    validate(frame, "ipi-contributions")
    assert len(frame) == SOURCES["ipi-contributions"]["rows"]
    parts = SOURCES["ipi-contributions"]["parts"]
    assert isinstance(parts, list)
    assert len(frame) == sum(int(str(SOURCES[part]["rows"])) for part in parts)
    months = frame["date"].drop_duplicates().sort_values()
    assert months.tolist() == pd.date_range("2009-11-30", "2014-08-31", freq="ME").tolist()
