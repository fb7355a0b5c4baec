"""Iterate over the rows of a frame without a type for each cell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

__all__ = ["each_row"]


def each_row(frame: pd.DataFrame) -> Iterator[Any]:
    """Yield one named tuple per row, with its label as ``Index``."""
    yield from frame.itertuples()
