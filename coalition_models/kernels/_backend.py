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

__all__ = ["compiled", "has_numba", "strict"]

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
    """Compile a loop; sums may be reordered, the result is kept on disk for later processes."""
    import numba

    return cast(
        Callable[P, R],
        numba.njit(cache=True, nogil=True, fastmath=_FAST, error_model="numpy")(function),
    )


def strict(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop whose floating-point operations must stay in the written order."""
    import numba

    return cast(
        Callable[P, R],
        numba.njit(cache=True, nogil=True, fastmath={"contract"}, error_model="numpy")(function),
    )
