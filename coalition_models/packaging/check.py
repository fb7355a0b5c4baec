"""An archive rebuilt from nothing and compared with what it says."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coalition_models.errors import DataError, first_few
from coalition_models.packaging.archive import unpack

__all__ = ["CHECKSUMS", "ENVIRONMENTS", "Checked", "check_package"]

CHECKSUMS = "checksums.txt"
#: where the code is run: in an environment made from the lock, or with the packages of this one
ENVIRONMENTS = ("new", "this")
#: variables that would let anything from outside the archive in
_HIDDEN = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes
    ----------
    differences : tuple of str
        Numbers and lines that differ from what the archive expects.
    equal_bytes, outputs : int
        Files of the rerun that are the same to the byte, of those in the archive's manifest.
    sources : str
        What the rerun was made from.
    """

    differences: tuple[str, ...]
    equal_bytes: int
    outputs: int
    sources: str

    def __str__(self) -> str:
        same = f"{self.equal_bytes} of {self.outputs} files are the same to the byte"
        if not self.differences:
            return f"the archive gives its results again (sources: {self.sources}); {same}"
        return f"{len(self.differences)} lines differ; {same}"


def check_package(
    archive: Path, *, environment: str = "new", folder: Path | None = None
) -> Checked:
    """Unpack an archive into an empty folder, run it there, and compare.

    Parameters
    ----------
    archive : Path
    environment : {"new", "this"}
        ``"new"`` makes an environment from the archive's lock, which downloads packages;
        ``"this"`` runs the archive's code with the packages of this interpreter.
    folder : Path, optional
        Empty or absent; kept. By default a temporary one, removed at the end.

    Raises
    ------
    DataError
        An archive that is damaged or none of ours, a folder that is not empty, or a run that
        fails, with its last lines.
    """
    if environment not in ENVIRONMENTS:
        raise DataError(
            f"environment must be one of {', '.join(ENVIRONMENTS)}, not {environment!r}"
        )
    if folder is not None:
        if folder.exists() and any(folder.iterdir()):
            raise DataError(f"{folder} is not empty: give an empty folder, or none")
        folder.mkdir(parents=True, exist_ok=True)
        return _checked(archive, folder.resolve(), environment)
    with tempfile.TemporaryDirectory(prefix="coalition-models-check-") as temporary:
        return _checked(archive, Path(temporary).resolve(), environment)


def _checked(archive: Path, folder: Path, environment: str) -> Checked:
    names = unpack(archive, folder)
    _verify(folder, names)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    code = folder / "code"
    python = Path(sys.executable) if environment == "this" else _environment(folder, code)
    variables = {name: text for name, text in os.environ.items() if name not in _HIDDEN}
    if environment == "this":
        variables["PYTHONPATH"] = str(code)
    _refuse_other_code(python, code, variables)
    used = str(manifest["data"]["used"])
    said = _run(
        [str(python), "-m", "coalition_models", "reproduce", "--quiet", "--sources", used,
         "--out", str(folder / "rerun"), "--check", "--expected", str(folder / "expected")],
        code, variables, also=(1,),
    )  # fmt: skip
    lines = said.splitlines()
    if not lines or "from the expected results in" not in lines[-1]:
        raise DataError(f"the archive's run ended early: {_tail(said)}")
    again = json.loads((folder / "rerun" / "manifest.json").read_text(encoding="utf-8"))
    found = tuple(line for line in lines[:-1] if ": " in line and not line.startswith("Data: "))
    same = sum(
        again["outputs"].get(name, {}).get("sha256") == about["sha256"]
        for name, about in manifest["outputs"].items()
    )
    return Checked(found, same, len(manifest["outputs"]), used)


def _verify(folder: Path, names: Sequence[str]) -> None:
    """Refuse an archive whose files are not those of its own list."""
    if CHECKSUMS not in names or "manifest.json" not in names:
        raise DataError("this is no archive of coalition_models: it has no checksums of its files")
    listed = {}
    for line in (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines():
        mark, _, name = line.partition("  ")
        listed[name] = mark
    wrong = [
        name
        for name in names
        if name != CHECKSUMS
        and listed.get(name) != hashlib.sha256((folder / name).read_bytes()).hexdigest()
    ]
    wrong += [name for name in listed if name not in names]
    if wrong:
        raise DataError(
            f"files of the archive are changed, missing or too many: {first_few(wrong)}"
        )


def _environment(folder: Path, code: Path) -> Path:
    """Make an environment from the lock; return its interpreter."""
    place = folder / "environment"
    venv.create(place, with_pip=True)
    python = place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    variables = {name: text for name, text in os.environ.items() if name not in _HIDDEN}
    pip = [str(python), "-m", "pip", "install", "--quiet"]
    _run([*pip, "--require-hashes", "-r", "requirements.lock"], code, variables)
    _run([*pip, "--no-deps", "--no-build-isolation", "--editable", "."], code, variables)
    return python


def _refuse_other_code(python: Path, code: Path, variables: dict[str, str]) -> None:
    """Make sure that it is the archive's code that runs."""
    asked = "import coalition_models, os; print(os.path.realpath(coalition_models.__file__))"
    place = Path(_run([str(python), "-c", asked], code, variables).strip())
    if not place.is_relative_to(code.resolve()):
        raise DataError(f"another copy of the package would run, that in {place.parent}")


def _run(
    command: Sequence[str], folder: Path, variables: dict[str, str], also: Sequence[int] = ()
) -> str:
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, *also):
        what = " ".join(command[1:4])
        raise DataError(f"{what} failed in the unpacked archive: {_tail(done.stderr)}")
    return done.stdout if done.stdout else done.stderr


def _tail(text: str) -> str:
    return " | ".join(text.strip().splitlines()[-4:])[-600:]
