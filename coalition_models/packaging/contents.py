"""What goes into the archive: code, results without other people's data, codebooks, citations."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path

from coalition_models.errors import CoverageError, DataError, first_few
from coalition_models.expected import condensed
from coalition_models.sources._paths import data_dir
from coalition_models.sources.catalog import Entry, entry, tables
from coalition_models.sources.citations import cite
from coalition_models.sources.codebook import codebook

__all__ = [
    "bundled_sources",
    "checkout",
    "code_files",
    "codebooks",
    "external_sheet",
    "refuse_external",
    "results",
]

#: made by the machine, or in the way of equal bytes
_MADE = (".pyc", ".so", ".pyd", ".dylib", ".dll")
_FOLDERS = ("__pycache__", ".git", ".venv", "build", "dist", ".pytest_cache", ".mypy_cache",
            ".ruff_cache", ".hypothesis")  # fmt: skip
#: results that hold values of other people's sources row by row
_HELD_BACK = ("tables/panel.csv",)
_UNPORTABLE = ("log.json",)


def checkout() -> Path:
    """The folder of the repository, which has the lock files that an installed package lacks.

    Raises
    ------
    DataError
        The package is installed and no checkout.
    """
    root = data_dir().parent
    if not (root / "pyproject.toml").is_file() or not (root / "requirements.lock").is_file():
        raise DataError(
            "an archive is made from a checkout, which has the locks and the tests; this is an "
            "installed package: clone the repository, and run make and this command there"
        )
    return root


def code_files(root: Path) -> dict[str, bytes]:
    """Files of the repository: those that git follows, or all but what machines make."""
    followed = _followed(root)
    if followed is None:
        followed = [
            path.relative_to(root).as_posix()
            for path in sorted(root.rglob("*"))
            if path.is_file() and not set(path.relative_to(root).parts) & set(_FOLDERS)
        ]
    return {
        name: (root / name).read_bytes()
        for name in followed
        if not name.endswith(_MADE) and (root / name).is_file()
    }


def _followed(root: Path) -> list[str] | None:
    try:
        said = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z"], capture_output=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    names = [name for name in said.stdout.decode().split("\0") if name]
    return names if said.returncode == 0 and names else None


def results(out: Path, manifest: Mapping[str, object]) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Results of a run as files, and reduced to what a later run is compared with.

    The panel, which holds values of other people's sources, is held back; a summary of its columns
    is among what is compared. Times and machine stand in no file.
    """
    made = manifest["outputs"]
    names = sorted(made) if isinstance(made, Mapping) else []
    wrong = [
        name
        for name in names
        if hashlib.sha256((out / name).read_bytes()).hexdigest() != made[name]["sha256"]  # type: ignore[index]
    ]
    if wrong:
        raise DataError(f"results were changed after the run: {first_few(wrong)}; make them again")
    shown = {n: (out / n).read_bytes() for n in names if n not in (*_HELD_BACK, *_UNPORTABLE)}
    return shown, {name: text.encode() for name, text in condensed(out).items()}


def codebooks() -> dict[str, bytes]:
    """A CSV per bundled table and one for the features."""
    names = [name for name, one in tables().items() if one.kind == "bundled"]
    return {
        f"{name}.csv": codebook(name).to_csv(lineterminator="\n").encode()
        for name in [*names, "features"]
    }


def _external() -> list[Entry]:
    return [one for one in tables().values() if one.kind == "external" and one.sha256]


def refuse_external(files: Mapping[str, bytes]) -> None:
    """Refuse an archive that holds a file of an external source.

    Raises
    ------
    CoverageError
        Naming the files.
    """
    known = {one.sha256: one.name for one in _external()}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    held = [f"{name} ({known[mark]})" for name, mark in sums.items() if mark in known]
    if held:
        raise CoverageError(
            f"external data must not be passed on: {first_few(held)}; take them out of the folder"
        )


def external_sheet(used: Mapping[str, str]) -> str:
    """How to get each external source, and whether the results use it.

    Parameters
    ----------
    used : mapping
        Files of external sources that the run read -> their checksum.
    """
    lines = [
        "# External data",
        "",
        "None of these files is in this archive: each stays with its owner and under its terms. "
        "`coalition-models data fetch --missing` downloads them from the addresses below and "
        "refuses any whose checksum differs; `coalition-models data fetch NAME` gets one. Files "
        "that you have already are read from the folder that the variable COALITION_MODELS_MIRROR "
        "names.",
        "",
    ]
    for one in sorted(_external(), key=lambda item: item.name):
        cited = cite(one.name).text.splitlines()[1:]
        lines += [
            f"## {one.name}: {one.title}",
            "",
            f"- used for the results: {'yes' if one.path in used else 'no'}",
            f"- address: {one.url}",
            f"- file: {one.path}, sha256 {one.sha256}",
            f"- terms: {one.licence}",
            *[f"- cite: {line}" for line in cited],
            "",
        ]
    return "\n".join(lines)


def bundled_sources() -> list[Entry]:
    """Tables that the archive holds."""
    return [entry(name) for name, one in tables().items() if one.kind == "bundled"]
