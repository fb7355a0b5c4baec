"""What a discrete-time fit can tell afterwards: predictions, residuals, survival, refits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, FormulaError, first_few
from coalition_models.kernels import binomial
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.kernels.standard import standardise
from coalition_models.models.discrete.duration import Duration
from coalition_models.models.discrete.estimate import eta_without
from coalition_models.models.discrete.problem import Problem
from coalition_models.models.discrete.refits import refits_without
from coalition_models.models.discrete.remedies import NO_REMEDY, Remedy, estimate_with
from coalition_models.models.discrete.residuals import KINDS
from coalition_models.models.discrete.residuals import residuals as residuals_of
from coalition_models.models.discrete.restricted import null_map, null_scores
from coalition_models.models.engine import NullScores, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.pulled import Pulled
from coalition_models.models.sample.checks import check_enough_events
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Plan

__all__ = ["FAMILIES", "Along", "DiscreteEngine"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

_CAN = frozenset(
    {
        "averaged_survival",
        "batch_refits",
        "clusters",
        "duration",
        "expected_duration",
        "jackknife",
        "late_entry",
        "leave_one_out",
        "null_information",
        "null_scores",
        "offset",
        "population_share",
        "prior",
        "residuals",
        "score_test",
        "survival_paths",
        "two_way",
        "weights",
    }
)


def _family(link: str, words: str, scale: str, ratio: str, *more: str) -> Family:
    return Family(
        name=link,
        title=f"Discrete-time {words}",
        short=words[0].upper() + words[1:],
        call=f"{link}()",
        scale=scale,
        ratio=ratio,
        bic_counts="rows",
        predictions=("probability", "linear"),
        concordance=(
            "area under the ROC curve: share of pairs of a row with and a row without the event "
            "in which the former has the higher predicted probability"
        ),
        can=_CAN | set(more),
        link=link,
        duration="cubic",
    )


FAMILIES = (
    _family("logit", "logit", "log odds", "odds ratio", "firth", "intercept_shift", "rare_events"),
    _family("probit", "probit", "probit", ""),
    _family("cloglog", "complementary log-log", "log hazard ratio", "hazard ratio"),
)

#: share of a period within which two times are one
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Along:
    """Survival along a path: minus its logarithm, and the variance of that."""

    times: Floats
    cumulative_hazard: Floats
    variance: Floats


@dataclass(frozen=True, repr=False)
class DiscreteEngine:
    """What a discrete-time fit keeps for predictions and residuals.

    ``observed`` is the sample with the periods that dummies leave out for want of an event.
    ``shift`` is what a sample chosen by the event adds to the intercept of its population.
    """

    sample: Sample
    observed: Sample
    duration: Duration
    problem: Problem
    offset: str | None
    pulled: Pulled | None
    remedy: Remedy = NO_REMEDY
    shift: float = 0.0
    known: dict[str, Floats] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<DiscreteEngine: {self.sample.size}>"

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Probability of the event in the period, or the linear predictor."""
        if kind not in ("probability", "linear"):
            raise DataError(f"kind must be 'probability' or 'linear', not {kind!r}")
        eta = (
            self.problem.eta(estimates.coefficients) - self.shift
            if data is None
            else self._matrix_for(data) @ estimates.coefficients
        )
        if data is not None and self.offset is not None:
            eta = eta + numbers_of(data, self.offset, "offset=")
        if kind == "linear":
            return np.asarray(eta)
        return np.asarray(binomial.LINKS[self.problem.link].probability(eta))

    def _matrix_for(self, data: pd.DataFrame) -> Floats:
        X = self.sample.design.matrix_for(data)
        if not self.duration.kind:
            return X
        times = numbers_of(data, self.duration.column, "time=")
        return np.hstack([X, self.duration.matrix(times, data.index)])

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        linear = self.predict(estimates, None, "linear")
        p = self.predict(estimates, None, "probability")
        chance = p if not self.shift else self._in_sample(estimates)
        residual = self.sample.event - chance
        return self.sample.frame(*times).assign(
            linear_predictor=linear,
            probability=p,
            residual=residual,
            pearson=self.residuals(estimates, estimates.covariance, "pearson")[0],
        )

    def _in_sample(self, estimates: Estimates) -> Floats:
        """Chances in a sample chosen by the event, with which its rows are compared."""
        eta = self.problem.eta(estimates.coefficients)
        return np.asarray(binomial.LINKS[self.problem.link].probability(eta))

    @property
    def residual_kinds(self) -> Mapping[str, bool]:
        """Kind of residual -> whether it has one value per coefficient."""
        return KINDS

    def residuals(
        self, estimates: Estimates, model_covariance: Floats, kind: str
    ) -> tuple[Floats, None]:
        """Residuals of one kind, over all rows."""
        p = self.problem
        eta = p.eta(estimates.coefficients)
        return residuals_of(p.X, p.y, eta, p.link, p.weights, model_covariance, kind), None

    def span(self, stratum: object | None) -> Span:
        """Where the hazard is known; a discrete-time fit has no strata."""
        if stratum is not None:
            raise DataError(f"the fit has no strata; leave out stratum={stratum!r}")
        start, stop = self.observed.start, self.observed.stop
        if start is None or stop is None:
            raise DataError("survival needs the start and stop of each row, which these data lack")
        last_event = float(stop[self.observed.event == 1].max())
        flat = self.duration.kind == "dummies"
        return Span(None, float(start.min()), last_event, float(stop.max()), flat)

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """One piece per period; with dummies, per period in which anyone was observed."""
        if self.observed.stop is None:
            return np.empty(0), np.empty(0)
        length = self._length()
        if self.duration.kind == "dummies":
            slack = _ROUNDING * length
            every = np.unique(self.observed.stop)
            stops = every[(every > begin + slack) & (every <= end + slack)]
        else:
            stops = begin + length * np.arange(1, np.floor((end - begin) / length + _ROUNDING) + 1)
        return stops - length, stops

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Along:
        """Multiply the periods' chances to stay, with the delta method for the logarithm.

        Under dummies a period that was observed without an event adds no hazard.
        """
        self._check_path(start, stop)
        clock, risky = self._clock(frame, stop)
        rows = frame.assign(**{self.duration.column: clock}) if self.duration.kind else frame
        X = np.zeros((len(stop), len(estimates.coefficients)))
        if risky.any():
            X[risky] = self._matrix_for(rows[risky])
        eta = X @ estimates.coefficients
        if self.offset is not None:
            eta = eta + numbers_of(frame, self.offset, "the offset of a path")
        link = binomial.LINKS[self.problem.link]
        stay = np.where(risky, link.complement(eta), 1.0)
        pull = np.cumsum((link.slope(eta) / stay)[:, None] * X, axis=0)
        return Along(
            times=stop,
            cumulative_hazard=-np.cumsum(np.log(stay)),
            variance=np.einsum("ki,ij,kj->k", pull, estimates.covariance, pull),
        )

    def _length(self) -> float:
        """Length of a period."""
        start, stop = self.observed.start, self.observed.stop
        return float("nan") if start is None or stop is None else float(np.median(stop - start))

    def _clock(self, frame: pd.DataFrame, stop: Floats) -> tuple[Floats, Flags]:
        """Time of each row as the duration terms know it, and whether an event can fall there."""
        if self.duration.kind != "dummies" or self.observed.stop is None:
            return stop, np.ones(len(stop), dtype=bool)
        every = np.unique(self.observed.stop)
        nearest = every[np.abs(stop[:, None] - every).argmin(axis=1)]
        strange = np.abs(nearest - stop) > _ROUNDING * self._length()
        if strange.any():
            raise FormulaError(
                f"time='dummies' knows the {len(every)} values of {self.duration.column} in the "
                f"data; others in rows {first_few(frame.index[strange])}"
            )
        return nearest, self.duration.places(nearest) >= 0

    def _check_path(self, start: Floats, stop: Floats) -> None:
        length = self._length()
        odd = np.abs(stop - start - length) > _ROUNDING * length
        if odd.any():
            shown = first_few(f"({a:g}, {b:g}]" for a, b in zip(start[odd], stop[odd], strict=True))
            raise DataError(
                f"in a discrete-time fit each row of a path is one period of length {length:g}; "
                f"found {shown}: split them"
            )

    def concordance(self, estimates: Estimates) -> float:
        """Area under the ROC curve: pairs of a row with and a row without the event."""
        from scipy import stats  # slow to import, and no fit needs it

        ranks = stats.rankdata(self.predict(estimates, None, "linear"))
        y = self.sample.event
        ones = float(y.sum())
        zeros = len(y) - ones
        if self.problem.weights is not None or zeros == 0:
            return float("nan")
        return float((ranks[y == 1].sum() - ones * (ones + 1) / 2) / (ones * zeros))

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Limits by penalised profile likelihood; None for Wald's."""
        if self.pulled is None:
            return None
        key = f"{level:.12g}"
        if key not in self.known:
            self.known[key] = self.pulled.limits(level)
        return self.known[key]

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Penalised likelihood-ratio p-values; None for Wald's."""
        if self.pulled is None:
            return None
        if "p" not in self.known:
            self.known["p"] = self.pulled.p_values()
        return self.known["p"] if term is None else self.known["p"][[term]]

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """Penalised likelihood ratio of all but the intercept; None without the penalty."""
        return None if self.pulled is None else self.pulled.joint_test()

    def score_test(self) -> tuple[float, int]:
        """Rao's statistic of all coefficients but the intercept at zero."""
        problem = self.problem
        eta, _ = eta_without(problem, [0])
        X = standardise(problem.X).matrix(problem.X)
        null = binomial.pieces(X, problem.y, eta, problem.link, problem.weights)
        score = null.scores.sum(axis=0)
        return float(score @ np.linalg.solve(null.expected, score)), X.shape[1] - 1

    def null_information(self) -> Floats:
        """Expected information where the hazard depends on the duration alone."""
        problem = self.problem
        own = len(self.sample.design.names)
        eta, _ = eta_without(problem, [0, *range(own, problem.X.shape[1])])
        return binomial.pieces(problem.X, problem.y, eta, problem.link, problem.weights).expected

    def null_scores(self, tested: Integers, groups: Integers) -> NullScores:
        """Scores by group and observed information at the maximum over the other coefficients."""
        names = (*self.sample.design.names, *self.duration.names)
        return null_scores(self.problem, names, tested, groups)

    def null_map(self, tested: Integers, groups: Integers) -> ScoreMap:
        """Map values in place of a column to efficient scores."""
        names = (*self.sample.design.names, *self.duration.names)
        return null_map(self.problem, names, tested, groups)

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return self.problem.X[:, term]

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Refit without each group, with the link, duration terms, weights and offset kept.

        All at once, but under a penalty, a prior or a correction one after the other.
        """
        if self.remedy == NO_REMEDY:
            return refits_without(self.problem, groups, estimates.coefficients, term, also)
        every = [group for group in range(int(groups.max()) + 1) if group != also]
        inside = np.ones(len(groups), dtype=bool) if also is None else groups != also
        found = [
            self._refit(inside & (groups != group), groups, estimates.names, term)
            for group in every
        ]
        whole = (
            self._refit(inside, groups, estimates.names, term)[1]
            if self.pulled is None
            else float("nan")
        )
        coefficient, error, p_value = (np.array(values) for values in zip(*found, strict=True))
        return Refits(coefficient, error, whole, None if self.pulled is None else p_value)

    def _refit(
        self, keep: Flags, groups: Integers, names: tuple[str, ...], term: int
    ) -> tuple[float, float, float]:
        """Estimate, standard error clustered by the groups, and penalised p-value."""
        codes = np.unique(groups[keep], return_inverse=True)[1].astype(np.int64)
        rows = replace(self.sample.subset(keep, "one group"), clusters=(codes,))
        rows = replace(rows, cluster_counts=(int(codes.max()) + 1,))
        penalised = self.pulled is not None
        plan = Plan("model" if penalised else "cluster", "R", not penalised, ("group",))
        part = self.problem.rows(keep)
        try:
            check_enough_events(part.y, len(names) - 1, rows.design.response)
            found, best = estimate_with(part, rows, names, plan, self.remedy, False)
            again = replace(self, sample=rows, problem=part, pulled=best, known={})
            own = Estimates(names, found.coefficients, found.covariance)
            exact = again.p_values(own, term)
        except FitError:
            return float("nan"), float("nan"), float("nan")
        error = float(np.sqrt(found.covariance[term, term]))
        p_value = float("nan") if exact is None else float(exact[0])
        return float(found.coefficients[term]), error, p_value
