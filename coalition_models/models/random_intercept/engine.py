"""What a fit with a random intercept can tell afterwards."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from coalition_models.errors import DataError
from coalition_models.kernels import binomial
from coalition_models.kernels.random_intercept import RandomIntercept
from coalition_models.models.discrete.duration import Duration
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.no_curves import NoCurves
from coalition_models.models.random_intercept.estimate import Boundary
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "LINKS", "RandomInterceptEngine"]

Floats = npt.NDArray[np.float64]

_KINDS = ("probability", "linear", "marginal")
#: family -> link
LINKS = {f"random_{link}": link for link in binomial.LINKS}


def _family(link: str, words: str, scale: str, ratio: str) -> Family:
    call = "random_intercept()" if link == "logit" else f"random_intercept(link={link!r})"
    return Family(
        name=f"random_{link}",
        title=f"Discrete-time {words} with a random intercept",
        short=f"Random-intercept {words}",
        call=call,
        scale=f"{scale} within a group",
        ratio=ratio,
        bic_counts="rows",
        predictions=_KINDS,
        concordance=(
            "area under the ROC curve of the terms alone, without the groups' intercepts: share "
            "of pairs of a row with and a row without the event in which the former has the "
            "higher linear predictor"
        ),
        can=frozenset({"clusters", "duration", "group", "jackknife", "late_entry", "offset"}),
        duration="cubic",
    )


FAMILIES = (
    _family("logit", "logit", "log odds", "odds ratio"),
    _family("probit", "probit", "probit", ""),
    _family("cloglog", "complementary log-log", "log hazard ratio", "hazard ratio"),
)


@dataclass(frozen=True, repr=False)
class RandomInterceptEngine(NoCurves):
    """Rows, duration terms, the test of the variance, and the mean intercept of each group.

    ``plain`` says that the covariance reported is the inverse information.
    """

    sample: Sample
    duration: Duration
    rows: RandomIntercept
    offset: str | None
    edge: Boundary
    intercepts: Floats
    plain: bool

    def __repr__(self) -> str:
        return f"<RandomInterceptEngine: {self.sample.size}>"

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Of a group whose intercept is the mean one, or averaged over groups (``marginal``)."""
        if kind not in _KINDS:
            raise DataError(f"kind must be one of {', '.join(_KINDS)}; found {kind!r}")
        beta, sd = estimates.coefficients[:-1], float(estimates.coefficients[-1])
        if data is None:
            eta = self.rows.X @ beta + self.rows.offset
        else:
            eta = self._matrix_for(data) @ beta
            if self.offset is not None:
                eta = eta + numbers_of(data, self.offset, "offset=")
        if kind == "linear":
            return np.asarray(eta)
        shape = binomial.LINKS[self.rows.link]
        if kind == "probability":
            return np.asarray(shape.probability(eta))
        points, weights = np.polynomial.hermite.hermgauss(50)
        chances = shape.probability(eta[:, None] + np.sqrt(2) * sd * points)
        return np.asarray(chances @ weights / np.sqrt(np.pi))

    def _matrix_for(self, data: pd.DataFrame) -> Floats:
        X = self.sample.design.matrix_for(data)
        if not self.duration.kind:
            return X
        times = numbers_of(data, self.duration.column, "time=")
        return np.hstack([X, self.duration.matrix(times, data.index)])

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used, with the mean intercept of their group given its rows."""
        return self.sample.frame(*times).assign(
            linear_predictor=self.predict(estimates, None, "linear"),
            group_intercept=self.intercepts[self.rows.groups],
            marginal=self.predict(estimates, None, "marginal"),
        )

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        if term == self.rows.X.shape[1]:
            raise DataError("the standard deviation of the random intercept has no column")
        return np.asarray(self.rows.X[:, term])

    def concordance(self, estimates: Estimates) -> float:
        """Area under the ROC curve of the fixed part."""
        ranks = stats.rankdata(self.predict(estimates, None, "linear"))
        y = self.rows.y
        ones, zeros = float(y.sum()), float((1 - y).sum())
        return float((ranks[y == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Wald's limits, those of the standard deviation on its logarithm."""
        if not self.plain:
            return None
        b, reach = estimates.coefficients, float(stats.norm.ppf(0.5 + level / 2))
        errors = np.sqrt(np.diag(estimates.covariance))
        out = b[:, None] + reach * np.outer(errors, [-1.0, 1.0])
        if b[-1] > 0:
            out[-1] = b[-1] * np.exp(reach * errors[-1] / b[-1] * np.array([-1.0, 1.0]))
        return out

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Wald's, and the likelihood-ratio test on the boundary for the standard deviation."""
        if not self.plain:
            return None
        errors = np.sqrt(np.diag(estimates.covariance))
        found: Floats = 2 * stats.norm.sf(np.abs(estimates.coefficients / errors))
        found[-1] = self.edge.p_value
        return found if term is None else found[[term]]
