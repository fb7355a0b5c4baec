"""What a fit of the subdistribution hazard can tell afterwards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.incidence import Predicted, predicted_incidence
from coalition_models.kernels.residuals import expected_events
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.engine import Hazards, NoNullScores, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import family_named
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "FineGrayEngine"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NO_CURVES = (
    "a subdistribution hazard adds up to incidence, not to survival: see cumulative_incidence()"
)

FAMILIES = (
    replace(
        family_named("cox"),
        name="fine_gray",
        title="Subdistribution hazard (Fine and Gray)",
        short="Fine-Gray",
        call="fine_gray()",
        scale="log subdistribution hazard ratio",
        ratio="subdistribution hazard ratio",
        concordance=(
            "share of comparable pairs, weighted, in which the member with the higher predicted "
            "subdistribution hazard left first in the way in question"
        ),
        can=frozenset(
            {
                "causes",
                "clusters",
                "continuous_time",
                "free_baseline",
                "held_covariates",
                "incidence",
                "jackknife",
                "late_entry",
                "null_information",
                "offset",
                "score_test",
                "strata",
                "ties",
                "two_way",
                "weights",
            }
        ),
    ),
)


@dataclass(frozen=True, repr=False)
class FineGrayEngine(NoNullScores):
    """The rows used, and the Cox engine of these and the weighted rows made of them.

    ``rows`` is the place among the rows used of each of the latter.
    """

    sample: Sample
    weighted: CoxEngine
    rows: Integers
    kinds: tuple[str, ...]
    cause: str

    def __repr__(self) -> str:
        return f"<FineGrayEngine: {self.sample.size}, {len(self.rows)} weighted rows>"

    @property
    def _own(self) -> CoxEngine:
        """For what needs the covariates of the rows used alone."""
        return replace(self.weighted, sample=self.sample)

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor or its exponential for new rows, or the rows used."""
        return self._own.predict(estimates, data, kind)

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used; what was expected includes the time kept at risk after another exit."""
        prepared = self.weighted.prepared
        expected = expected_events(prepared, estimates.coefficients) * prepared.weights
        count = len(self.sample.event)
        case = np.ones(count) if self.sample.weights is None else self.sample.weights
        summed = np.bincount(self.rows, expected, minlength=count) / case
        linear = self.predict(estimates, None, "linear")
        return self.sample.frame(*times).assign(
            linear_predictor=linear,
            relative_hazard=np.exp(linear),
            expected=summed,
            martingale=self.sample.event - summed,
        )

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return self.sample.matrix[:, term]

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as predicted."""
        score = self.predict(estimates, None, "linear")[self.rows]
        return concordance(self.weighted.prepared, score).value

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
        """Rao's statistic, with the weights taken for known."""
        return self.weighted.score_test()

    def null_information(self) -> Floats:
        """Spread of the terms within the weighted risk sets."""
        return self.weighted.null_information()

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Not offered: each refit would need weights of its own."""
        raise DataError("fits without each cluster: use variance='jackknife'")

    def span(self, stratum: object | None) -> Span:
        """Where the baseline of a stratum is known."""
        return self.weighted.span(stratum)

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """One piece from begin to end."""
        return self.weighted.pieces(begin, end)

    def incidence(
        self, estimates: Estimates, frame: pd.DataFrame, code: int | None
    ) -> dict[str, Predicted]:
        """Incidence of the kind in question for the covariates of a frame of one row."""
        steps = self.weighted.steps(estimates, frame, code)
        return {self.cause: predicted_incidence([steps], estimates.covariance, 0)}

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Hazards:
        """Refused."""
        raise DataError(_NO_CURVES)
