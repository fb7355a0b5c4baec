"""Build a wheel for every platform by cross-compiling with zig, and look into each.

Only the wheel of the machine at hand can be run; of the others the format of the library, its
exported names and the wheel's tag are checked.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# target of zig -> tag of the wheel, first bytes of its library
WHEELS = {
    "x86_64-linux-gnu.2.17": ("manylinux_2_17_x86_64.manylinux2014_x86_64", b"\x7fELF"),
    "aarch64-linux-gnu.2.17": ("manylinux_2_17_aarch64.manylinux2014_aarch64", b"\x7fELF"),
    "x86_64-macos.11.0": ("macosx_11_0_x86_64", b"\xcf\xfa\xed\xfe"),
    "aarch64-macos.11.0": ("macosx_11_0_arm64", b"\xcf\xfa\xed\xfe"),
    "x86_64-windows-gnu": ("win_amd64", b"MZ"),
    "aarch64-windows-gnu": ("win_arm64", b"MZ"),
}
EXPORTED = (b"coalition_kernels", b"coalition_sources")


def check(wheel: Path, tag: str, magic: bytes) -> None:
    """Refuse a wheel whose tag, library or exported names are not what they should be."""
    with zipfile.ZipFile(wheel) as archive:
        libraries = [name for name in archive.namelist() if "/kernels/c/loops." in name]
        if len(libraries) != 1:
            raise SystemExit(f"{wheel.name} holds {libraries or 'no library'}")
        code = archive.read(libraries[0])
        wheel_file = next(name for name in archive.namelist() if name.endswith("/WHEEL"))
        text = archive.read(wheel_file).decode()
    missing = [name.decode() for name in EXPORTED if name not in code]
    if not code.startswith(magic) or missing:
        raise SystemExit(f"{wheel.name}: {libraries[0]} lacks {missing or 'its format'}")
    wanted = [f"Tag: py3-none-{part}" for part in tag.split(".")]
    if any(line not in text for line in wanted) or "Root-Is-Purelib: false" not in text:
        raise SystemExit(f"{wheel.name}: WHEEL says {text!r}")
    print(f"{wheel.name}: {libraries[0]}, {len(code) // 1024} kB")


def main(targets: list[str]) -> None:
    """Build and check the wheels of some of zig's targets, or of all."""
    sys.path.insert(0, str(ROOT))
    from hatch_build import fetch_zig

    with tempfile.TemporaryDirectory(prefix="zig-") as folder:
        command = fetch_zig(folder)
        if command is None:
            raise SystemExit("zig could not be fetched")
        for target in targets or WHEELS:
            tag, magic = WHEELS[target]
            environment = os.environ | {
                "CC": shlex.join(command),
                "COALITION_MODELS_TARGET": target,
                "COALITION_MODELS_TAG": tag,
            }
            build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
            subprocess.run(build, cwd=ROOT, env=environment, check=True, capture_output=True)
            made = max(
                (ROOT / "dist").glob(f"*py3-none-{tag}.whl"), key=lambda p: p.stat().st_mtime
            )
            check(made, tag, magic)


if __name__ == "__main__":
    main(sys.argv[1:])
