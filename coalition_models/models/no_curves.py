"""What engines of fits without a baseline hazard answer, where they cannot."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.models.engine import Hazards, NoNullScores, Refits, Span
from coalition_models.models.estimates import Estimates

__all__ = ["NoCurves"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


class NoCurves(NoNullScores):
    """Methods of engines whose family lacks the abilities behind them; refused before."""

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Wald's limits."""
        return None

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Wald's p-values."""
        return None

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """There is no penalty."""
        return None

    def score_test(self) -> tuple[float, int]:
        """Not offered."""
        raise DataError("this family has no score test: use logit()")

    def null_information(self) -> Floats:
        """Not offered."""
        raise DataError("power is not known for this family: use logit()")

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Not offered."""
        raise DataError("fits without each cluster are not known for this family: use logit()")

    def span(self, stratum: object | None) -> Span:
        """Refused."""
        raise DataError("this family has no survival curves: use logit() or cox()")

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """None: see :meth:`span`."""
        return np.empty(0), np.empty(0)

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Hazards:
        """Refused."""
        raise DataError("this family has no survival curves: use logit() or cox()")
