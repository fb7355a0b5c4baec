"""What an estimator keeps behind a fit, for predictions, residuals, tests and refits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.estimates import Estimates
from coalition_models.models.sample.draw import Sample

__all__ = ["Engine", "Hazards", "NoNullScores", "NullScores", "Refits", "Span", "Unfitted"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


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


@dataclass(frozen=True, eq=False)
class Refits:
    """One coefficient without each group in turn; NaN where there is no such fit.

    ``std_error`` is clustered by the groups, and ``whole_error`` is that of all rows, clustered in
    the same way. Under Firth's penalty there are p-values by penalised likelihood in their place.
    """

    coefficient: Floats
    std_error: Floats
    whole_error: float
    p_value: Floats | None = None


@dataclass(frozen=True, eq=False)
class NullScores:
    """Scores where some coefficients are zero and the others at their maximum.

    ``scores`` (G, p) are weighted and summed by group, ``information`` (p, p) is minus the
    derivative of their sum.
    """

    scores: Floats
    information: Floats


class Engine(Protocol):
    """What an estimator adds to the common result.

    What not every family can do (see :data:`~coalition_models.models.family.ABILITIES`) is asked
    for after :func:`~coalition_models.models.family.require`.
    """

    @property
    def sample(self) -> Sample:
        """The rows fitted to."""

    def span(self, stratum: object | None) -> Span:
        """Return where the baseline of a stratum is known."""

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """Return starts and stops of a path with fixed covariates."""

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Hazards:
        """Accumulate the hazard along a path."""

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Predict for the rows of ``data``, or for the rows used."""

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """Return the rows used, times under these names, with predictions and residuals."""

    def values_of(self, term: int) -> Floats:
        """Return a coefficient's column of the design over the rows used."""

    def concordance(self, estimates: Estimates) -> float:
        """Return what the family's record says that concordance is."""

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Return profile-likelihood limits (p, 2) and leave None to Wald's."""

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Return likelihood-ratio p-values, or that of one term; leave None to Wald's."""

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """Return the penalised likelihood-ratio statistic of all terms and its degrees."""

    def score_test(self) -> tuple[float, int]:
        """Return Rao's statistic of all terms at zero and its degrees of freedom."""

    def null_information(self) -> Floats:
        """Return the information (p, p) if no term had an effect."""

    def null_scores(self, tested: Integers, groups: Integers) -> NullScores:
        """Return scores by group where the coefficients ``tested`` are zero.

        Also where the model itself has no finite maximum; FitError where the one without them has
        none.
        """

    def null_map(self, tested: Integers, groups: Integers) -> ScoreMap:
        """Return what makes efficient scores of any values of a column.

        The values stand in place of the coefficient ``tested``, which is zero; the others are at
        their maximum. Errors as :meth:`null_scores`.
        """

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Refit without each group, or without each other one beside ``also``.

        With ``also`` there are coefficients only.
        """


@dataclass(frozen=True, eq=False)
class Unfitted:
    """A model and its rows before anything is maximised: for tests that need no estimate.

    ``terms`` gives the positions of each formula term's coefficients.
    """

    engine: Engine
    names: tuple[str, ...]
    terms: Mapping[str, tuple[int, ...]]


class NoNullScores:
    """Methods of engines whose family lacks the ability ``null_scores``; it is refused before."""

    def null_scores(self, tested: Integers, groups: Integers) -> NullScores:
        """Not offered."""
        raise DataError("this family has no scores at the null: use cox() or logit()")

    def null_map(self, tested: Integers, groups: Integers) -> ScoreMap:
        """Not offered."""
        raise DataError("this family has no scores at the null: use cox() or logit()")
