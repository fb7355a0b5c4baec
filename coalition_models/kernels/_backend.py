"""Choose between compiled loops (numba) and plain numpy, as late as possible.

Importing numba takes longer than importing the rest of the package, so nothing here imports it
until a kernel runs. ``COALITION_MODELS_NO_NUMBA=1`` asks for numpy throughout.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar, cast

__all__ = ["compiled", "has_numba", "inlined", "strict"]

P = ParamSpec("P")
R = TypeVar("R")

# What the compiler may do with sums: reorder them (needed to use vector units), but never assume
# that infinities and missing values do not occur.
_FAST = {"reassoc", "contract", "nsz"}


def has_numba() -> bool:
    """Tell whether compiled kernels are to be used.

    Examples
    --------
    >>> isinstance(has_numba(), bool)
    True
    """
    return os.environ.get("COALITION_MODELS_NO_NUMBA", "") in ("", "0") and _installed()


@cache
def _installed() -> bool:
    return importlib.util.find_spec("numba") is not None


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop that Python calls; sums may be reordered, the code is kept on disk.

    What such a loop calls must be :func:`inlined`: otherwise code just compiled and the same code
    read from disk differ in the last place.
    """
    return _compile(function, fastmath=_FAST)


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop into each of its callers; sums may be reordered.

    A loop compiled by itself would be optimised once in the process that compiles it and twice, as
    part of its caller, in the processes that read it from disk.
    """
    return _compile(function, fastmath=_FAST, forceinline=True)


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """Inline a loop whose floating-point operations must stay in the written order."""
    return _compile(function, fastmath={"contract"}, forceinline=True)


def _compile(function: Callable[P, R], **options: object) -> Callable[P, R]:
    import numba

    options |= {"nogil": True, "error_model": "numpy"}
    try:
        jitted = numba.njit(cache=True, **options)(function)
    except RuntimeError:  # nowhere to keep the code: neither the package nor a home can be written
        jitted = numba.njit(**options)(function)
    return cast(Callable[P, R], jitted)
