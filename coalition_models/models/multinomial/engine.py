"""What a multinomial fit can tell afterwards: chances of each kind of exit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.kernels.multinomial import chances
from coalition_models.models.discrete.duration import Duration
from coalition_models.models.engine import Hazards, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "MultinomialEngine"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_NO_CURVES = "curves of a fit of several kinds: see cumulative_incidence()"

FAMILIES = (
    Family(
        name="multinomial",
        title="Discrete-time multinomial logit",
        short="Multinomial",
        call="multinomial()",
        scale="log odds against no exit",
        ratio="odds ratio",
        bic_counts="rows",
        predictions=("probability <kind>", "linear <kind>"),
        concordance=(
            "area under the ROC curve of any exit: share of pairs of a row with and a row without "
            "an exit in which the former has the higher predicted probability of one"
        ),
        can=frozenset(
            {"causes", "clusters", "duration", "jackknife", "late_entry", "two_way", "weights"}
        ),
        duration="cubic",
    ),
)


@dataclass(frozen=True, repr=False)
class MultinomialEngine(NoCurves):
    """Rows, all columns (n, p) with those of duration, and the kinds in their order."""

    sample: Sample
    duration: Duration
    X: Floats
    codes: Integers
    kinds: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<MultinomialEngine: {self.sample.size}, {len(self.kinds)} kinds>"

    def _beta(self, estimates: Estimates) -> Floats:
        return estimates.coefficients.reshape(len(self.kinds), -1)

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Probability of one kind in the period, or its linear predictor."""
        what, _, label = kind.partition(" ")
        if what not in ("linear", "probability") or label not in self.kinds:
            words = ("probability", "linear")
            options = [f"{word} {label}" for label in self.kinds for word in words]
            raise DataError(
                f"there is a prediction for each kind of exit: give kind= one of "
                f"{first_few(map(repr, options), 20)}; found {kind!r}"
            )
        X = self.X if data is None else self._matrix_for(data)
        place, beta = self.kinds.index(label), self._beta(estimates)
        if what == "linear":
            return np.asarray(X @ beta[place])
        return np.asarray(chances(X, beta)[:, place + 1])

    def _matrix_for(self, data: pd.DataFrame) -> Floats:
        X = self.sample.design.matrix_for(data)
        if not self.duration.kind:
            return X
        times = numbers_of(data, self.duration.column, "time=")
        return np.hstack([X, self.duration.matrix(times, data.index)])

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with the chance of each kind, and what happened less that chance."""
        p = chances(self.X, self._beta(estimates))
        out = self.sample.frame(*times)
        out[self.sample.design.response] = np.array(["", *self.kinds], dtype=object)[self.codes]
        for place, label in enumerate(self.kinds, start=1):
            out[f"probability: {label}"] = p[:, place]
            out[f"residual: {label}"] = (self.codes == place) - p[:, place]
        return out

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return np.asarray(self.X[:, term % self.X.shape[1]])

    def concordance(self, estimates: Estimates) -> float:
        """Area under the ROC curve of any exit against none; missing with case weights."""
        from scipy import stats  # slow to import, and no fit needs it

        if self.sample.weights is not None:
            return float("nan")
        left = self.codes > 0
        ranks = stats.rankdata(1 - chances(self.X, self._beta(estimates))[:, 0])
        ones, zeros = int(left.sum()), int((~left).sum())
        return float((ranks[left].sum() - ones * (ones + 1) / 2) / (ones * zeros))

    def score_test(self) -> tuple[float, int]:
        """Not offered."""
        raise DataError("a multinomial fit has no score test")

    def null_information(self) -> Floats:
        """Not offered."""
        raise DataError("power is not known for a multinomial fit")

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Not offered."""
        raise DataError("fits without each cluster: use variance='jackknife'")

    def span(self, stratum: object | None) -> Span:
        """Refused."""
        raise DataError(_NO_CURVES)

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
