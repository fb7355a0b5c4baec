"""Build hook: the compiled loops are in every wheel and in every editable install.

With no C compiler on the machine zig's is fetched, pinned by checksum, for as long as the build
takes. With neither, the wheel is pure Python and says so when first used. See
docs/developer/kernels.md.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
ZIG = ROOT / "requirements-zig.lock"


def _builder() -> ModuleType:
    """The package's own builder, read by its path: the package is not installed yet."""
    path = ROOT / "coalition_models" / "kernels" / "_build.py"
    spec = importlib.util.spec_from_file_location("coalition_models_build", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot read {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class CustomBuildHook(BuildHookInterface):
    """Compiles the library and gives the wheel the tag of its platform."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before each wheel or editable install; an sdist needs only the sources."""
        if self.target_name != "wheel":
            return
        target = os.environ.get("COALITION_MODELS_TARGET", "")
        tag = os.environ.get("COALITION_MODELS_TAG", "")
        builder = _builder()
        into = builder.SOURCES
        if target:  # for another machine: not where this one would load it
            into = ROOT / "build" / "loops" / target
            into.mkdir(parents=True, exist_ok=True)
        made = self._compile(builder, into, target)
        if made is None:
            self.app.display_warning(
                "no C compiler, and zig's could not be fetched: fits will be computed by numpy"
            )
            return
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag or _platform()}"
        build_data["force_include"][str(made)] = f"coalition_models/kernels/c/{made.name}"

    def _compile(self, builder: ModuleType, into: Path, target: str) -> Path | None:
        try:
            return Path(builder.build(into, target=target))
        except builder.BuildError as trouble:
            self.app.display_info(f"{trouble}; fetching zig")
        with tempfile.TemporaryDirectory(prefix="zig-") as folder:
            command = fetch_zig(folder)
            if command is None:
                return None
            try:
                return Path(builder.build(into, commands=[command], target=target))
            except builder.BuildError as trouble:
                self.app.display_warning(str(trouble))
                return None


def fetch_zig(folder: str) -> list[str] | None:
    """Install zig into a folder by pip, its checksum checked; the command that compiles C."""
    # -I: the environment of an isolated build hides pip
    install = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--target", folder]
    options = ["--no-deps", "--only-binary=:all:", "--require-hashes", "-r", str(ZIG)]
    done = subprocess.run([*install, *options], check=False, capture_output=True, text=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)  # noqa: T201
        return None
    name = "zig.exe" if sys.platform == "win32" else "zig"
    return [str(Path(folder) / "ziglang" / name), "cc"]


def _platform() -> str:
    """Tag of this machine; that of a library built here, which promises no other (manylinux)."""
    from packaging import tags

    promises = ("manylinux", "musllinux")
    return next(tag for tag in tags.platform_tags() if not tag.startswith(promises))
