"""What a Cox fit with exact ties can tell afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.kernels.exact_ties import ExactTies
from coalition_models.models.cox.engine import CoxEngine
from coalition_models.models.cox.residuals import KINDS
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "ExactEngine"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

FAMILIES = (
    Family(
        name="cox_exact",
        title="Cox proportional hazards, exact ties",
        short="Cox, exact ties",
        call="cox(ties='exact')",
        scale="log hazard ratio",
        ratio="hazard ratio",
        bic_counts="events",
        predictions=("linear", "ratio"),
        concordance=(
            "share of comparable pairs of members at risk together of whom the one with the "
            "higher predicted hazard left first"
        ),
        can=frozenset(
            {
                "clusters",
                "continuous_time",
                "free_baseline",
                "jackknife",
                "late_entry",
                "null_information",
                "offset",
                "residuals",
                "score_test",
                "strata",
            }
        ),
    ),
)


@dataclass(frozen=True, repr=False)
class ExactEngine(NoCurves):
    """The likelihood, and a Cox engine for what does not depend on ties.

    Martingale and deviance residuals take Breslow's baseline, as R's ``coxph`` does here.
    """

    cox: CoxEngine
    likelihood: ExactTies

    def __repr__(self) -> str:
        return f"<ExactEngine: {self.sample.size}>"

    @property
    def sample(self) -> Sample:
        """The rows fitted to."""
        return self.cox.sample

    @property
    def residual_kinds(self) -> Mapping[str, bool]:
        """Kinds that do not need a score by row."""
        return {kind: KINDS[kind] for kind in ("martingale", "deviance")}

    def residuals(
        self, estimates: Estimates, model_covariance: Floats, kind: str
    ) -> tuple[Floats, Integers | None]:
        """Residuals of one kind."""
        return self.cox.residuals(estimates, model_covariance, kind)

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor or its exponential."""
        return self.cox.predict(estimates, data, kind)

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        return self.cox.augment(estimates, times)

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return self.cox.values_of(term)

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as predicted."""
        return self.cox.concordance(estimates)

    def score_test(self) -> tuple[float, int]:
        """Rao's statistic of all coefficients at zero: the log-rank test of groups."""
        null = self.likelihood.at(np.zeros(self.cox.prepared.n_columns))
        statistic = null.score @ np.linalg.solve(null.information, null.score)
        return float(statistic), len(null.score)

    def null_information(self) -> Floats:
        """Spread of the terms among those who could have left at the same times."""
        scale = self.cox.prepared.scale
        null = self.likelihood.at(np.zeros(len(scale)))
        return np.asarray(null.information * np.outer(scale, scale))
