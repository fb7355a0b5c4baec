"""What a parametric fit can tell afterwards: predictions, residuals, survival, refits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few
from coalition_models.kernels import cox as cox_kernel
from coalition_models.kernels import lifetime_rows as kernel
from coalition_models.kernels.concordance import concordance
from coalition_models.models.engine import NoNullScores, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.parametric.estimate import climb_some, covariance_of
from coalition_models.models.parametric.layout import Layout
from coalition_models.models.parametric.problem import Problem
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.variance import Plan

__all__ = ["CONCORDANCE", "FAMILIES", "KINDS", "Along", "ParametricEngine", "medians"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

KINDS = ("linear", "hazard", "survival", "median")
CONCORDANCE = (
    "share of comparable pairs of members at risk together of whom the one with the higher "
    "predicted hazard (or the shorter predicted time) left first"
)
_CAN = frozenset(
    {
        "clusters",
        "continuous_time",
        "interval",
        "jackknife",
        "late_entry",
        "leave_one_out",
        "offset",
        "strata",
        "survival_paths",
        "two_way",
        "weights",
    }
)
#: halvings of the interval in which a median lies, on the log scale
_HALVINGS = 80


def _family(name: str, title: str, proportional: bool, *more: str) -> Family:
    return Family(
        name=name,
        title=title,
        short=title.removesuffix(" regression"),
        call=f"parametric(distribution={name!r})",
        scale="log hazard ratio" if proportional else "log time ratio",
        ratio="hazard ratio" if proportional else "time ratio",
        bic_counts="events",
        predictions=KINDS,
        concordance=CONCORDANCE,
        can=_CAN | set(more),
    )


FAMILIES = (
    _family("exponential", "Exponential regression", True),
    _family("weibull", "Weibull regression", True),
    _family("gompertz", "Gompertz regression", True),
    _family("piecewise", "Piecewise exponential regression", True, "pieces"),
    _family("lognormal", "Log-normal regression", False),
    _family("loglogistic", "Log-logistic regression", False),
    _family("gamma", "Gamma regression", False),
    _family("gengamma", "Generalised gamma regression", False),
)


@dataclass(frozen=True)
class Along:
    """Hazard accumulated along a path."""

    times: Floats
    cumulative_hazard: Floats
    variance: Floats


@dataclass(frozen=True, repr=False, eq=False)
class ParametricEngine(NoNullScores):
    """What a parametric fit keeps. ``theta`` are coefficients on the problem's own scale."""

    sample: Sample
    problem: Problem
    theta: Floats
    offset: str | None
    strata: tuple[str, ...]
    times: tuple[str, str]

    def __repr__(self) -> str:
        return f"<ParametricEngine: {self.sample.size}>"

    @property
    def layout(self) -> Layout:
        """Baselines."""
        return self.problem.layout

    def _plain(
        self, X: Floats, start: Floats, stop: Floats, shift: Floats, codes: Integers | None
    ) -> tuple[kernel.Rows, Integers]:
        """Rows on the user's scale, cut where hazards change, and whose part each is."""
        pieces = self.layout.pieces(start, stop, codes)
        own = self.layout.stratum_of(pieces.column)
        strata = np.zeros((len(own), len(self.layout.strata)))
        strata[np.arange(len(own)), own] = 1.0
        design = np.hstack([self.layout.matrix(pieces.column), X[pieces.origin]])
        zeros = np.zeros(len(own))
        rows = kernel.Rows(
            pieces.start, pieces.stop, zeros, zeros + 1.0, shift[pieces.origin],
            (design, *[strata] * len(self.problem.life.ancillary)),
        )  # fmt: skip
        return rows, pieces.origin

    def _added(
        self,
        estimates: Estimates,
        X: Floats,
        start: Floats,
        stop: Floats,
        shift: Floats,
        codes: Integers | None,
    ) -> tuple[Floats, Floats]:
        """Hazard that each row adds (n,), and its gradient (n, coefficients)."""
        rows, origin = self._plain(X, start, stop, shift, codes)
        added, pull = kernel.hazard_along(self.problem.life, rows, estimates.coefficients, False)
        if not self.layout.cuts:
            return added, pull
        total, pulls = np.zeros(len(stop)), np.zeros((len(stop), pull.shape[1]))
        np.add.at(total, origin, added)
        np.add.at(pulls, origin, pull)
        return total, pulls

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor; hazard at the row's stop; chance to stay through the row; median."""
        if kind not in KINDS:
            raise DataError(f"kind must be one of {', '.join(KINDS)}; found {kind!r}")
        X, shift, codes = self._inputs(data)
        timed = kind in ("hazard", "survival") or (kind == "linear" and self.layout.pieced)
        start, stop = self._ends(data, len(X), timed)
        if kind == "survival":
            added, _ = self._added(estimates, X, start, stop, shift, codes)
            return np.exp(-added)
        if kind == "median":
            return medians(
                lambda t: self._added(estimates, X, np.zeros(len(t)), t, shift, codes)[0],
                len(X), self.problem.unit,
            )  # fmt: skip
        rows, _ = self._plain(X, np.nextafter(stop, 0), stop, shift, codes)
        at = rows.predictors(estimates.coefficients)
        if kind == "linear":
            return np.asarray(at[0])
        return np.exp(self.problem.life.log_hazard(at, np.log(stop)).value)

    def _inputs(self, data: pd.DataFrame | None) -> tuple[Floats, Floats, Integers | None]:
        if data is None:
            own = self.sample.offset
            X = self.sample.matrix
            return X, np.zeros(len(X)) if own is None else own, self.sample.strata
        X = self.sample.design.matrix_for(data)
        shift = np.zeros(len(X))
        if self.offset is not None:
            shift = numbers_of(data, self.offset, "offset=")
        return X, shift, self._codes(data)

    def _codes(self, data: pd.DataFrame) -> Integers | None:
        if not self.strata:
            return None
        absent = [name for name in self.strata if name not in data.columns]
        if absent:
            raise DataError(f"the fit has strata: the data need {first_few(absent)}")
        known = {label: code for code, label in enumerate(self.sample.strata_labels)}
        labels = list(data[list(self.strata)].itertuples(index=False, name=None))
        strange = [label for label in dict.fromkeys(labels) if label not in known]
        if strange:
            raise DataError(
                f"no such stratum in the fit: {first_few(strange)}; it has {first_few(known)}"
            )
        return np.array([known[label] for label in labels], dtype=np.int64)

    def _ends(self, data: pd.DataFrame | None, n: int, timed: bool) -> tuple[Floats, Floats]:
        if data is None and self.sample.start is not None and self.sample.stop is not None:
            return self.sample.start, self.sample.stop
        if data is None or not timed:
            return np.zeros(n), np.ones(n)
        start, stop = self.times
        ends = numbers_of(data, stop, "stop=")
        begins = numbers_of(data, start, "start=") if start else np.zeros(n)
        wrong = ~((begins >= 0) & (ends > begins))
        if wrong.any():
            raise DataError(
                f"{stop} must lie after {start or '0'}, and no time below 0: not so in rows "
                f"{first_few(data.index[wrong])}"
            )
        return begins, ends

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        X, shift, codes = self._inputs(None)
        start, stop = self._ends(None, len(X), True)
        expected, _ = self._added(estimates, X, start, stop, shift, codes)
        event = self.sample.event
        martingale = event - expected
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(event > 0, np.log(expected), 0.0)
        deviance = np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + event * logs), 0.0))
        return self.sample.frame(*times).assign(
            linear_predictor=self.predict(estimates, None, "linear"),
            hazard=self.predict(estimates, None, "hazard"),
            expected=expected,
            martingale=martingale,
            deviance=deviance,
        )

    def span(self, stratum: object | None) -> Span:
        """Where a stratum was observed; its hazard has a shape beyond the last event too."""
        sample = self.sample
        start, stop = self._ends(None, len(sample.event), True)
        if sample.strata is None:
            if stratum is not None:
                raise DataError(f"the fit has no strata; leave out stratum={stratum!r}")
            return _span(None, start, stop, sample.event)
        wanted = stratum if isinstance(stratum, tuple) else (stratum,)
        if wanted not in sample.strata_labels:
            shown = (label if len(label) > 1 else label[0] for label in sample.strata_labels)
            raise DataError(f"give stratum= one of {first_few(shown)}; found {stratum!r}")
        code = sample.strata_labels.index(wanted)
        inside = sample.strata == code
        return _span(code, start[inside], stop[inside], sample.event[inside])

    def pieces(self, begin: float, end: float) -> tuple[Floats, Floats]:
        """One piece from begin to end."""
        return (np.array([begin]), np.array([end])) if begin < end else (np.empty(0), np.empty(0))

    def follow(
        self,
        estimates: Estimates,
        frame: pd.DataFrame,
        start: Floats,
        stop: Floats,
        code: int | None,
    ) -> Along:
        """Accumulate the hazard along a path, row by row, with the delta method."""
        X = self.sample.design.matrix_for(frame)
        shift = np.zeros(len(X))
        if self.offset is not None:
            shift = numbers_of(frame, self.offset, "the offset of a path")
        codes = None if code is None else np.full(len(X), code, dtype=np.int64)
        added, pull = self._added(estimates, X, start, stop, shift, codes)
        total = np.cumsum(pull, axis=0)
        variance = np.einsum("ki,ij,kj->k", total, estimates.covariance, total)
        return Along(stop, np.cumsum(added), variance)

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as predicted."""
        sample, base = self.sample, self.layout.columns
        own = estimates.coefficients[base : base + sample.matrix.shape[1]]
        score = sample.matrix @ own + (0.0 if sample.offset is None else sample.offset)
        return pair_share(sample, score if self.problem.life.proportional else -score)

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """None: limits are Wald's."""
        return None

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """None: p-values are Wald's."""
        return None

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """None: there is no penalty."""
        return None

    def score_test(self) -> tuple[float, int]:
        """Not offered."""
        raise DataError("parametric fits have no score test")

    def null_information(self) -> Floats:
        """Not offered."""
        raise DataError("parametric fits have no information without effects")

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used; that of its stratum where it is a baseline."""
        base, p = self.layout.columns, self.sample.matrix.shape[1]
        if base <= term < base + p:
            return self.sample.matrix[:, term - base]
        place = term if term < base else (term - base - p) % len(self.layout.strata)
        codes = np.zeros(len(self.sample.event), dtype=np.int64)
        codes = codes if self.sample.strata is None else self.sample.strata
        if term >= base:
            return np.asarray(codes == place, dtype=float)
        start, stop = self._ends(None, len(codes), True)
        found = self.layout.pieces(start, stop, codes)
        return np.asarray(found.column[found.last] == place, dtype=float)

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """Refit without each group, with distribution, strata, weights and offset kept."""
        inside = np.ones(len(groups), dtype=bool) if also is None else groups != also
        every = [group for group in range(int(groups.max()) + 1) if group != also]
        found = [self._refit(inside & (groups != g), groups, estimates, term) for g in every]
        whole = self._refit(inside, groups, estimates, term)[1]
        coefficient, error = (np.array(values) for values in zip(*found, strict=True))
        return Refits(coefficient, error, whole)

    def _refit(
        self, keep: Flags, groups: Integers, estimates: Estimates, term: int
    ) -> tuple[float, float]:
        """Estimate and its standard error clustered by the groups."""
        lost = float("nan"), float("nan")
        found = climb_some(self.problem, keep, self.theta)
        if found is None:
            return lost
        codes = np.unique(groups[keep], return_inverse=True)[1].astype(np.int64)
        rows = replace(self.sample.subset(keep, "one group"), clusters=(codes,))
        part = replace(self.problem.some(keep), origin=_renumbered(self.problem.origin, keep))
        plan = Plan("cluster", "R", True, ("group",))
        try:
            covariance, _ = covariance_of(part, found, rows, plan, estimates.names)
        except FitError:
            return lost
        coefficients, _ = part.outer(found.theta)
        return float(coefficients[term]), float(np.sqrt(covariance[term, term]))


def _renumbered(origin: Integers, keep: Flags) -> Integers:
    """The sample's rows that are kept, counted anew."""
    return (np.cumsum(keep) - 1)[origin[keep[origin]]].astype(np.int64)


def pair_share(sample: Sample, score: Floats) -> float:
    """Concordance of a score, higher for those expected earlier."""
    if sample.start is None or sample.stop is None:
        return float("nan")
    prepared = cox_kernel.prepare(
        sample.start, sample.stop, sample.event, sample.matrix,
        strata=sample.strata, weights=sample.weights,
    )  # fmt: skip
    return concordance(prepared, score).value


def medians(hazard: Callable[[Floats], Floats], n: int, unit: float) -> Floats:
    """Times by which the hazard reaches log 2, by halving; infinite where it never does."""
    low, high = np.full(n, np.log(unit) - 60.0), np.full(n, np.log(unit) + 60.0)
    with np.errstate(over="ignore", invalid="ignore"):
        never = ~(hazard(np.exp(high)) >= np.log(2))
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            reached = hazard(np.exp(middle)) >= np.log(2)
            low, high = np.where(reached, low, middle), np.where(reached, middle, high)
    return np.where(never, np.inf, np.exp(high))


def _span(code: int | None, start: Floats, stop: Floats, event: Floats) -> Span:
    last = float(stop[event == 1].max())
    return Span(code, float(start.min()), last, float(stop.max()), flat=False)
