"""The archive made from a checkout and the results of a run."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coalition_models.about import __version__
from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.files import output_folder, write_file
from coalition_models.packaging.archive import zipped
from coalition_models.packaging.check import CHECKSUMS
from coalition_models.packaging.contents import (
    checkout,
    code_files,
    codebooks,
    external_sheet,
    refuse_external,
    results,
)
from coalition_models.packaging.program_map import paper_map, program_map, seeds
from coalition_models.packaging.readme import readme
from coalition_models.sources.catalog import file_sha256, tables
from coalition_models.sources.citations import cite

__all__ = ["archive_files", "write_package"]


def refuse_name(out: Path) -> None:
    """DataError for the name of an archive that does not say what it is."""
    if out.suffix != ".zip":
        raise DataError(f"the archive's name must end in .zip, found {out}")


def write_package(out: Path, run: Path) -> dict[str, bytes]:
    """Write the archive; return its files by name.

    Parameters
    ----------
    out : Path
        A name that ends in ``.zip``.
    run : Path
        Results of ``coalition-models reproduce``, of this version of code and data.

    Raises
    ------
    DataError
        No results there, results of other code or data or changed since, or no checkout.
    CoverageError
        Results from some of the external sources only, which nobody could make again; and files of
        external sources among those that would be packed.
    """
    refuse_name(out)
    files = archive_files(checkout(), run)
    output_folder(out.parent)
    write_file(out, zipped(files))
    return files


def archive_files(root: Path, run: Path) -> dict[str, bytes]:
    """Everything that the archive holds; equal for equal code, data and results.

    The README is written last, since it tells the size.
    """
    manifest, log = _read(run, "manifest.json"), _read(run, "log.json")
    _refuse_other_run(manifest, root)
    shown, compared = results(run, manifest)
    code = code_files(root)
    used = manifest["data"]["used"]
    files = {f"code/{name}": content for name, content in code.items()}
    files |= {f"results/{name}": content for name, content in shown.items()}
    files |= {f"expected/{used}/{name}": content for name, content in compared.items()}
    files |= {f"codebooks/{name}": content for name, content in codebooks().items()}
    paper = paper_map()
    files |= {
        "data-citations.bib": _citations(),
        "external-data.md": external_sheet(manifest["inputs"]).encode(),
        "map.csv": program_map(manifest).to_csv(index=False, lineterminator="\n").encode(),
        "paper-map.csv": paper.to_csv(index=False, lineterminator="\n").encode(),
        "log.txt": _log(manifest, log).encode(),
        "manifest.json": (run / "manifest.json").read_bytes(),
    }
    size = sum(map(len, files.values()))
    files["README.md"] = readme(manifest, log, paper, seeds(code), size).encode()
    refuse_external(files)
    sums = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    return {**files, CHECKSUMS: "".join(sums).encode()}


def _read(run: Path, name: str) -> dict[str, Any]:
    try:
        return dict(json.loads((run / name).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise DataError(
            f"no results of a run in {run} ({name}): make them with coalition-models reproduce "
            f"--out {run}"
        ) from error


def _refuse_other_run(manifest: Mapping[str, Any], root: Path) -> None:
    used = manifest["data"]["used"]
    if used == "some":
        raise CoverageError(
            "these results use some of the external sources, so that they depend on what one had; "
            "make them with --sources bundled, or with all: coalition-models data fetch --missing"
        )
    made_by = manifest["versions"]["coalition_models"]
    if made_by != __version__:
        raise DataError(f"these results are of version {made_by}, this is {__version__}")
    sums = {name: mark for name, mark in manifest["inputs"].items() if _bundled(name, root)}
    changed = [name for name, mark in sums.items() if file_sha256(root / "data" / name) != mark]
    if changed:
        raise DataError(
            f"data were changed after the run: {first_few(changed)}; make the results again"
        )


def _bundled(name: str, root: Path) -> bool:
    return (root / "data" / name).is_file()


def _citations() -> bytes:
    return f"{cite(*tables()).bibtex}\n".encode()


def _log(manifest: Mapping[str, Any], log: Mapping[str, Any]) -> str:
    """The run as it went, without times, which differ from one run to the next."""
    lines = [
        f"coalition_models {__version__}, commit {manifest.get('commit') or 'none'}",
        f"data: {manifest['data']['used']}; external sources at hand: "
        f"{len(manifest['data']['external_at_hand'])}",
        "versions: " + ", ".join(f"{k} {v}" for k, v in manifest["versions"].items()),
        "",
        *[f"done: {step}" for step in log["seconds"]],
        "",
        *[f"read: {name}  sha256 {mark}" for name, mark in manifest["inputs"].items()],
        "",
        *[
            f"wrote: {name}  sha256 {about['sha256']}  {about['bytes']} bytes"
            for name, about in manifest["outputs"].items()
        ],
    ]
    return "\n".join(lines) + "\n"
