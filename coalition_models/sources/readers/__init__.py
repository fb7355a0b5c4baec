"""From upstream bytes to tidy frames: one reader per external source.

``READERS`` maps the name of a source to the function that reads its file. It is put together
when it is first asked for, so that one reader can be imported without the others.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

__all__ = ["READERS"]

Reader = Callable[[Path], pd.DataFrame]

#: one module per subject, each with its own READERS
_MODULES = (
    "un",
    "wars",
    "state_codes",
    "studies",
    "replication_data",
    "ties",
    "leaders",
    "elections",
    "regimes",
    "economy",
)

if TYPE_CHECKING:
    READERS: dict[str, Reader]


@lru_cache(maxsize=1)
def _collect() -> dict[str, Reader]:
    readers: dict[str, Reader] = {}
    for module in _MODULES:
        readers.update(import_module(f"{__name__}.{module}").READERS)
    return readers


def __getattr__(name: str) -> dict[str, Reader]:
    if name != "READERS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _collect()
