"""The whole analysis, part by part, with a manifest of what went in and came out."""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from tqdm.std import tqdm

from coalition_models.about import __version__
from coalition_models.designs.first_look import FORMULA
from coalition_models.files import staging_folder, write_file
from coalition_models.report.html import Card, Claim, front_page
from coalition_models.report.part import HEADINGS, Part, Run, write_part
from coalition_models.report.parts import find_parts
from coalition_models.sources._paths import data_dir
from coalition_models.sources.catalog import entry, file_sha256
from coalition_models.sources.fetch import at_hand, files_of
from coalition_models.sources.load import datasets, load
from coalition_models.sources.provenance import Provenance, chosen_sources, unusable_said_once

__all__ = ["reproduce"]

_LIBRARIES = (
    "formulaic",
    "lifelines",
    "matplotlib",
    "numpy",
    "pandas",
    "scipy",
    "statsmodels",
)
#: of the extra ``paper``, where it is installed
_PROGRAMS = ("pypandoc_binary", "typst")


_FOOT = (
    f"Made by coalition_models {__version__}; manifest.json lists inputs, versions and outputs "
    "with their checksums."
)


def reproduce(
    out: Path,
    *,
    progress: bool = False,
    sources: str = "at-hand",
    parts: Sequence[Part[Any]] | None = None,
) -> list[Path]:
    """Run every part of the analysis; write pages, tables, figures, manifest and log.

    The front page, ``report.html``, leads to the pages of the parts. Everything is made aside and
    moves into ``out`` at the end; an error or an interruption leaves ``out`` as it was. Equal
    inputs and versions give equal bytes for every file that ``manifest.json`` lists; times and
    the machine stand in ``log.json``.

    Parameters
    ----------
    out : Path
        Folder for the results; made if needed.
    progress : bool
        Show a progress bar.
    sources : {"at-hand", "bundled", "all"}
        Which external sources are used beside the bundled tables; ``manifest.json`` and the
        report say which they were.
    parts : sequence of Part, optional
        What to run; by default every part in ``report/parts``.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    DataError
        If a bundled table fails its contract, or ``out`` cannot be written.
    CoverageError
        ``sources="all"`` where one is not at hand.
    """
    with chosen_sources(sources) as made, unusable_said_once(made):
        return _reproduce(out, find_parts() if parts is None else parts, progress, made)


def _reproduce(
    out: Path, parts: Sequence[Part[Any]], progress: bool, made: Provenance
) -> list[Path]:
    # the tables are checked, each part is analysed and written, the front page ends it
    clock = _Clock(progress, steps=2 + 2 * len(parts))
    run = Run(workers=os.cpu_count() or 1)
    cards: list[Card] = []
    told: list[tuple[str, str | Claim]] = []
    used: list[str] = []
    makers: dict[str, str] = {}
    with staging_folder(out, _folders(parts)) as staging, clock:
        with clock.step("validate the bundled tables"):
            inputs = _validate_inputs()
        for part in parts:
            with clock.step(f"analyse: {part.name}"):
                analysis = part.analyse(run)
            with clock.step(f"write: {part.name}"):
                links = write_part(staging, part, analysis, _FOOT, str(made), run.workers)
                makers |= {name: part.name for name in _files_in(staging) if name not in makers}
            cards.append(Card(part.title, part.about(analysis), links))
            told += part.front_lines(analysis)
            used += part.sources(analysis)
        with clock.step("write the front page and the manifest"):
            write_file(staging / "report.html", _front_page(cards, made, told))
            inputs |= _external_inputs(used)
            _write_json(staging / "manifest.json", _manifest(staging, parts, inputs, made, makers))
        _write_json(staging / "log.json", _log(clock.seconds))
        names = sorted(p.relative_to(staging) for p in staging.rglob("*") if p.is_file())
    return [out / name for name in names]


def _folders(parts: Sequence[Part[Any]]) -> list[str]:
    """Folders that the parts write into."""
    places = [Path(part.folder) / kind for part in parts for kind in ("tables", "figures")]
    return list(dict.fromkeys(place.as_posix() for place in places))


def _front_page(
    cards: Sequence[Card], made: Provenance, told: Sequence[tuple[str, str | Claim]]
) -> str:
    groups = [(name, [text for heading, text in told if heading == name]) for name in HEADINGS]
    return front_page(
        "Why states leave military coalitions",
        "What the data show, part by part. Every page stands alone; the folders beside it have all "
        "numbers as tables.",
        cards,
        _FOOT,
        made=str(made),
        lines=[group for group in groups if group[1]],
    )


class _Clock:
    """Times the steps and shows how far the run has come."""

    def __init__(self, progress: bool, steps: int) -> None:
        self.seconds: dict[str, float] = {}
        self._bar = tqdm(total=steps, disable=not progress, unit="step")

    def __enter__(self) -> _Clock:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self._bar.set_description(name)
        begun = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begun, 3)
        self._bar.update()


def _validate_inputs() -> dict[str, str]:
    """Load every bundled table, which checks it; return the checksums."""
    checksums = {}
    for name in datasets().query("kind == 'bundled'").index:
        load(str(name))
        path = entry(str(name)).path
        checksums[path] = file_sha256(data_dir() / path)
    checksums["datapackage.json"] = file_sha256(data_dir() / "datapackage.json")
    return dict(sorted(checksums.items()))


def _external_inputs(names: Sequence[str]) -> dict[str, str]:
    """Checksums of the external tables that were used, because they were at hand."""
    found = {}
    for name in dict.fromkeys(names):
        item = entry(name)
        for part in files_of(name):
            if item.kind == "external" and at_hand(part):
                found[entry(part).path] = entry(part).sha256
    return dict(sorted(found.items()))


def _files_in(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def _manifest(
    folder: Path,
    parts: Sequence[Part[Any]],
    inputs: dict[str, str],
    made: Provenance,
    makers: dict[str, str],
) -> dict[str, object]:
    """What went in and came out, without anything that changes from run to run."""
    outputs = {
        name: {
            "sha256": file_sha256(folder / name),
            "bytes": (folder / name).stat().st_size,
            "part": makers.get(name, "front page"),
        }
        for name in _files_in(folder)
    }
    return {
        "parts": [part.name for part in parts],
        "formula": FORMULA,
        "seeds": [],
        "data": {"used": made.used, "external_at_hand": list(made.at_hand)},
        "commit": made.commit or None,
        "inputs": inputs,
        "versions": {
            "coalition_models": __version__,
            "python": platform.python_version(),
            **{name: metadata.version(name) for name in _LIBRARIES},
            **_programs(),
        },
        "outputs": outputs,
    }


def _programs() -> dict[str, str]:
    found = {}
    for name in _PROGRAMS:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _log(seconds: dict[str, float]) -> dict[str, object]:
    return {
        "finished": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "seconds": seconds,
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "platform": platform.platform(),
        "processors": os.cpu_count(),
        "peak_memory_mb": _peak_memory(),
    }


def _peak_memory() -> dict[str, int]:
    """Largest resident memory of this process and of its largest worker; empty where not told."""
    if sys.platform == "win32":
        return {}
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10  # there in bytes, elsewhere in kilobytes
    return {
        "main": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit,
        "largest_worker": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit,
    }


def _write_json(path: Path, content: dict[str, object]) -> None:
    write_file(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
