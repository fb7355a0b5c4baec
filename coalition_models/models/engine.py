"""What an estimator keeps behind a fit, for predictions, residuals and survival."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.models.sample.draw import Sample

if TYPE_CHECKING:
    from coalition_models.models.fit import Fit

__all__ = ["Engine", "Hazards", "Span"]

Floats = npt.NDArray[np.float64]


class Hazards(Protocol):
    """Hazard accumulated along a path: times, cumulative hazard and its variance."""

    @property
    def times(self) -> Floats:
        """Times at which it grows."""

    @property
    def cumulative_hazard(self) -> Floats:
        """Minus the logarithm of survival."""

    @property
    def variance(self) -> Floats:
        """Of the cumulative hazard."""


@dataclass(frozen=True)
class Span:
    """Where a baseline is known: when anyone was at risk, and the last event.

    ``code`` is the stratum's number. ``flat`` says that the hazard after the last event counts as
    zero, as it does where the data alone shape the baseline.
    """

    code: int | None
    first: float
    last_event: float
    last: float
    flat: bool = True


class Engine(Protocol):
    """What an estimator adds to the common result."""

    @property
    def sample(self) -> Sample:
        """The rows fitted to."""

    def span(self, stratum: object | None) -> Span:
        """Return where the baseline of a stratum is known."""

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """Return starts and stops of a path with fixed covariates."""

    def follow(
        self, fit: Fit, frame: pd.DataFrame, start: Floats, stop: Floats, code: int | None
    ) -> Hazards:
        """Accumulate the hazard along a path."""

    def predict(self, fit: Fit, data: pd.DataFrame | None, kind: str) -> Floats:
        """Predict for the rows of ``data``, or for the rows used."""

    def augment(self, fit: Fit) -> pd.DataFrame:
        """Return the rows used with predictions and residuals."""

    def concordance(self, fit: Fit) -> float:
        """Return the share of comparable pairs ordered as predicted."""

    def profile(self, fit: Fit, level: float) -> Floats | None:
        """Return profile-likelihood limits (p, 2) and leave None to Wald's."""

    def p_values(self, fit: Fit) -> Floats | None:
        """Return likelihood-ratio p-values and leave None to Wald's."""
