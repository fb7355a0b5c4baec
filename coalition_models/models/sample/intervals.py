"""Rows that may hold one event, whose date is known to lie between two times only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Intervals"]


@dataclass(frozen=True, eq=False)
class Intervals:
    """For each row the number of the event that it may hold (-1: none), and since when it may."""

    group: npt.NDArray[np.int64]
    seen: npt.NDArray[np.float64]

    def inside(self, keep: npt.NDArray[np.bool_]) -> Intervals:
        """Fewer rows."""
        return Intervals(self.group[keep], self.seen[keep])
