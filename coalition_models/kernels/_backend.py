"""Choose between the compiled loops and plain numpy, as late as possible.

``COALITION_MODELS_NO_COMPILED=1`` asks for numpy throughout (``COALITION_MODELS_NO_NUMBA``, the
name of old, still works). ``COALITION_MODELS_INSTRUCTIONS=base`` leaves vector units unused that
not every processor has.
"""

from __future__ import annotations

import ctypes
import os
import warnings
from functools import cache
from pathlib import Path

from coalition_models.errors import CoalitionWarning
from coalition_models.kernels import _build

__all__ = ["has_compiled", "instructions", "table"]

_SWITCHES = ("COALITION_MODELS_NO_COMPILED", "COALITION_MODELS_NO_NUMBA")
LEVELS = {"base": 0, "avx2": 1}
_FUNCTIONS = 15


def has_compiled() -> bool:
    """Tell whether compiled loops are to be used.

    Examples
    --------
    >>> isinstance(has_compiled(), bool)
    True
    """
    for switch in _SWITCHES:
        if os.environ.get(switch, "") not in ("", "0"):
            return False
    return table() is not None


def instructions() -> str:
    """Name the instruction set of the loops in use; ``numpy`` where none are compiled.

    Examples
    --------
    >>> instructions() in ("avx2", "base", "numpy")
    True
    """
    found = _chosen() if has_compiled() else None
    return "numpy" if found is None else found[0]


def table() -> tuple[int, ...] | None:
    """Addresses of the compiled loops for this processor, or None where there is no library."""
    found = _chosen()
    return None if found is None else found[1]


@cache
def _chosen() -> tuple[str, tuple[int, ...]] | None:
    """The best set of instructions that this processor has, and the addresses of its loops."""
    path = _build.SOURCES / _build.library_name()
    library = _load(path)
    if _is_checkout() and (library is None or _checksum(library) != _build.checksum()):
        library = _rebuilt(path, library)
    if library is None:
        warnings.warn(
            f"the compiled loops are not at hand ({path.name} is not in {path.parent}): fits are "
            "computed by numpy, several times slower. Install from a wheel, or with a C compiler",
            CoalitionWarning,
            stacklevel=2,
        )
        return None
    best = LEVELS.get(os.environ.get("COALITION_MODELS_INSTRUCTIONS", ""), max(LEVELS.values()))
    library.coalition_kernels.restype = ctypes.c_void_p
    found = ((level, library.coalition_kernels(level)) for level in range(best, -1, -1))
    level, start = next(pair for pair in found if pair[1])
    name = next(name for name, number in LEVELS.items() if number == level)
    return name, tuple((ctypes.c_void_p * _FUNCTIONS).from_address(start))


def _load(path: Path) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(str(path))
    except OSError:
        return None


def _checksum(library: ctypes.CDLL) -> str:
    library.coalition_sources.restype = ctypes.c_char_p
    return str(library.coalition_sources().decode())


def _is_checkout() -> bool:
    """Whether the sources stand beside, so that the library may be older than they."""
    return (_build.HERE.parent.parent / "pyproject.toml").is_file()


def _rebuilt(path: Path, old: ctypes.CDLL | None) -> ctypes.CDLL | None:
    """Build where sources were changed, or never built; an old library stands in only for none."""
    try:
        made = _build.build(path.parent)
    except (_build.BuildError, OSError):
        return None
    if old is None:
        return _load(made)
    # The old one is loaded under this name already: read the new one under another.
    other = made.with_name(f".{os.getpid()}-{made.name}")
    try:
        other.write_bytes(made.read_bytes())
        return _load(other)
    except OSError:
        return None
    finally:
        other.unlink(missing_ok=True)
