"""What a conditional logit can tell afterwards: linear predictors within groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError
from coalition_models.models.conditional.estimate import Conditional
from coalition_models.models.discrete.duration import Duration
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "ConditionalEngine"]

Floats = npt.NDArray[np.float64]

FAMILIES = (
    Family(
        name="conditional_logit",
        title="Conditional logit",
        short="Conditional logit",
        call="conditional_logit()",
        scale="log odds within a group",
        ratio="odds ratio",
        bic_counts="events",
        predictions=("linear",),
        concordance=(
            "share of pairs of a row with and a row without the event in one group in which the "
            "former has the higher linear predictor"
        ),
        can=frozenset({"clusters", "duration", "jackknife", "late_entry", "offset", "strata"}),
    ),
)


@dataclass(frozen=True, repr=False)
class ConditionalEngine(NoCurves):
    """Rows, their groups, and the duration terms."""

    sample: Sample
    duration: Duration
    problem: Conditional
    offset: str | None

    def __repr__(self) -> str:
        return f"<ConditionalEngine: {self.sample.size}>"

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor, but for the constant of a group, which is not estimated."""
        if kind != "linear":
            raise DataError(
                f"kind must be 'linear', not {kind!r}: the constants of the groups, and so "
                "chances, are not estimated"
            )
        if data is None:
            return np.asarray(self.problem.X @ estimates.coefficients + self.problem.offset)
        X = self.sample.design.matrix_for(data)[:, 1:]
        if self.duration.kind:
            times = numbers_of(data, self.duration.column, "time=")
            X = np.hstack([X, self.duration.matrix(times, data.index)])
        eta = X @ estimates.coefficients
        return eta if self.offset is None else eta + numbers_of(data, self.offset, "offset=")

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with their linear predictors."""
        linear = self.predict(estimates, None, "linear")
        return self.sample.frame(*times).assign(linear_predictor=linear)

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return np.asarray(self.problem.X[:, term])

    def concordance(self, estimates: Estimates) -> float:
        """Share of pairs within groups that are ordered as predicted."""
        eta, y = self.predict(estimates, None, "linear"), self.problem.y
        right = pairs = 0.0
        for group in np.unique(self.problem.groups):
            mine = self.problem.groups == group
            one, other = eta[mine & (y == 1)], eta[mine & (y == 0)]
            less = one[:, None] - other[None]
            right += float((less > 0).sum()) + 0.5 * float((less == 0).sum())
            pairs += less.size
        return right / pairs if pairs else float("nan")
