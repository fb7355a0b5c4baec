"""Build the C library of the compiled loops. Standard library only: it runs before any install.

``python coalition_models/kernels/_build.py`` builds it in place. See docs/developer/kernels.md.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["BuildError", "build", "checksum", "compilers", "library_name"]

HERE = Path(__file__).resolve().parent
SOURCES = HERE / "c"
# Sums are in a written order, so that no flag may change it; a product and a sum may be one step.
FLAGS = (
    "-std=gnu11", "-O3", "-fPIC", "-fvisibility=hidden", "-fno-math-errno", "-fno-trapping-math",
    "-ffp-contract=fast", "-Wall", "-Wextra", "-Wno-psabi",
)  # fmt: skip
VARIANTS = {"base": (), "avx2": ("-mavx2", "-mfma")}


class BuildError(RuntimeError):
    """No compiler built the library; holds what each of them said."""


def checksum() -> str:
    """Checksum of the C sources and of how they are built."""
    total = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted(SOURCES.glob("*.[ch]")):
        total.update(path.name.encode() + path.read_bytes())
    return total.hexdigest()[:16]


def library_name(system: str = sys.platform) -> str:
    """File name of the library on a system as ``sys.platform`` names it."""
    endings = {"win32": "dll", "darwin": "dylib"}
    return f"loops.{endings.get(system, 'so')}"


def compilers() -> list[list[str]]:
    """Commands that may compile C here, the best first: CC, cc, gcc, clang, zig."""
    named = shlex.split(os.environ.get("CC", ""))
    found = [named] if named and shutil.which(named[0]) else []
    found += [[name] for name in ("cc", "gcc", "clang") if shutil.which(name)]
    if importlib.util.find_spec("ziglang"):
        found.append([sys.executable, "-m", "ziglang", "cc"])
    return found


def build(
    into: Path = SOURCES,
    *,
    commands: Sequence[Sequence[str]] | None = None,
    target: str = "",
    extra: Sequence[str] = (),
) -> Path:
    """Compile the library into a folder with the first command that can; returns its path.

    ``target`` is one of zig's (``aarch64-macos``); without it the library is for this machine.
    The library has its name only once it is whole.

    Raises
    ------
    BuildError
        If no command built it.
    """
    said = []
    for command in compilers() if commands is None else commands:
        try:
            return _build_with(list(command), into, target, tuple(extra))
        except (OSError, subprocess.CalledProcessError) as trouble:
            output = getattr(trouble, "stderr", "") or str(trouble)
            said.append(f"{' '.join(command)}: {output.strip()[-2000:]}")
    raise BuildError("; ".join(said) or "no C compiler found (CC, cc, gcc, clang)")


def _build_with(command: list[str], into: Path, target: str, extra: tuple[str, ...]) -> Path:
    if target:
        command = [*command, "-target", target]
    elif Path(command[-2:][0]).stem in ("zig", "ziglang"):  # zig's default is this very processor
        command = [*command, "-mcpu=baseline"]
    name = library_name(_system(target))
    with tempfile.TemporaryDirectory(dir=into, prefix=".build-") as folder:
        objects = []
        for variant in VARIANTS if _is_x86(target) else ("base",):
            objects.append(f"{folder}/{variant}.o")
            flags = (*FLAGS, *VARIANTS[variant], *extra, f"-DVARIANT={variant}")
            _run([*command, *flags, "-c", str(SOURCES / "variant.c"), "-o", objects[-1]])
        objects.append(f"{folder}/dispatch.o")
        flags = (*FLAGS, *extra, f'-DSOURCES="{checksum()}"')
        _run([*command, *flags, "-c", str(SOURCES / "dispatch.c"), "-o", objects[-1]])
        made = f"{folder}/{name}"
        libraries = () if _system(target) == "win32" else ("-lm",)
        _run([*command, *extra, "-shared", "-o", made, *objects, *libraries])
        Path(made).replace(into / name)
    return into / name


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _system(target: str) -> str:
    systems = {"macos": "darwin", "windows": "win32", "linux": "linux"}
    return next((systems[word] for word in systems if word in target), sys.platform)


def _is_x86(target: str) -> bool:
    import platform

    machine = target.split("-")[0] if target else platform.machine().lower()
    return machine in ("x86_64", "amd64")


if __name__ == "__main__":
    print(build())  # noqa: T201
