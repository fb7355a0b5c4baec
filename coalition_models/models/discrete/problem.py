"""What a discrete-time model maximises: its rows, columns and link."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Problem"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Problem:
    """What is maximised: rows, columns and how they are linked. Column 0 is the intercept."""

    X: Floats
    y: Floats
    link: str
    weights: Floats | None
    offset: Floats | None

    def rows(self, keep: Flags) -> Problem:
        """The same on fewer rows."""
        return Problem(
            self.X[keep],
            self.y[keep],
            self.link,
            None if self.weights is None else self.weights[keep],
            None if self.offset is None else self.offset[keep],
        )

    def eta(self, beta: Floats) -> Floats:
        """Linear predictor."""
        eta: Floats = self.X @ beta
        return eta if self.offset is None else eta + self.offset
