"""What a Cox fit can tell afterwards: predictions, residuals, survival, tests, refits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few
from coalition_models.kernels import cox as kernel
from coalition_models.kernels import firth, residuals
from coalition_models.kernels._panel import Ties
from coalition_models.kernels.baseline import PathSurvival, path_survival
from coalition_models.kernels.batch import fit_many_weights
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.incidence import Steps, steps_for
from coalition_models.kernels.posterior import CoxPosterior
from coalition_models.kernels.score_map import ScoreMap
from coalition_models.models.cox.posterior import posterior_of
from coalition_models.models.cox.residuals import KINDS, deviance
from coalition_models.models.cox.residuals import residuals as residuals_of
from coalition_models.models.cox.restricted import null_map, null_scores
from coalition_models.models.engine import NullScores, Refits, Span
from coalition_models.models.estimates import Estimates
from coalition_models.models.family import Family
from coalition_models.models.pulled import Pulled
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample

__all__ = ["FAMILIES", "CoxEngine"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FAMILIES = (
    Family(
        name="cox",
        title="Cox proportional hazards",
        short="Cox",
        call="cox()",
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
                "averaged_survival",
                "batch_refits",
                "clusters",
                "continuous_time",
                "expected_duration",
                "firth",
                "free_baseline",
                "jackknife",
                "late_entry",
                "leave_one_out",
                "null_information",
                "null_scores",
                "offset",
                "ph_test",
                "prior",
                "residuals",
                "score_test",
                "strata",
                "survival_paths",
                "ties",
                "two_way",
                "weights",
            }
        ),
    ),
)


@dataclass(frozen=True, repr=False)
class CoxEngine:
    """What a Cox fit keeps for predictions, residuals and tests."""

    sample: Sample
    prepared: kernel.Prepared
    offset: str | None
    firth: firth.FirthFit | None = None
    pulled: Pulled | None = None
    known: dict[str, Floats] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<CoxEngine: {self.sample.size}>"

    @property
    def centre(self) -> Floats:
        """Means of the rows used; 0 for columns that hold only -1, 0 and 1, as R has it."""
        X, weights = self.sample.matrix, self.sample.weights
        means = np.average(X, axis=0, weights=weights)
        simple = np.isin(X, (-1.0, 0.0, 1.0)).all(axis=0)
        return np.where(simple, 0.0, means)

    def predict(self, estimates: Estimates, data: pd.DataFrame | None, kind: str) -> Floats:
        """Linear predictor or its exponential for new rows, or the rows used."""
        if kind not in ("linear", "ratio"):
            raise DataError(f"kind must be 'linear' or 'ratio', not {kind!r}")
        if data is None:
            X, shift = self.sample.matrix, self.sample.offset
        else:
            X = self.sample.design.matrix_for(data)
            shift = None
            if self.offset is not None:
                shift = numbers_of(data, self.offset, "offset=")
        eta = (X - self.centre) @ estimates.coefficients
        if shift is not None:
            eta = eta + shift
        return eta if kind == "linear" else np.exp(eta)

    def augment(self, estimates: Estimates, times: tuple[str, str]) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        event = self.sample.event
        expected = residuals.expected_events(self.prepared, estimates.coefficients)
        linear = self.predict(estimates, None, "linear")
        return self.sample.frame(*times).assign(
            linear_predictor=linear,
            relative_hazard=np.exp(linear),
            expected=expected,
            martingale=event - expected,
            deviance=deviance(event, expected),
        )

    @property
    def residual_kinds(self) -> Mapping[str, bool]:
        """Kind of residual -> whether it has one value per coefficient."""
        return KINDS

    def residuals(
        self, estimates: Estimates, model_covariance: Floats, kind: str
    ) -> tuple[Floats, Integers | None]:
        """Residuals of one kind, and the places of the rows where they are not all."""
        b = estimates.coefficients
        return residuals_of(self.prepared, self.sample.event, b, model_covariance, kind)

    def span(self, stratum: object | None) -> Span:
        """Where the baseline of a stratum is known."""
        sample, prepared = self.sample, self.prepared
        if sample.strata is None:
            if stratum is not None:
                raise DataError(f"the fit has no strata; leave out stratum={stratum!r}")
            return _span(None, prepared.event_times, prepared.start, prepared.stop)
        wanted = stratum if isinstance(stratum, tuple) else (stratum,)
        if wanted not in sample.strata_labels:
            shown = (label if len(label) > 1 else label[0] for label in sample.strata_labels)
            raise DataError(f"give stratum= one of {first_few(shown)}; found {stratum!r}")
        code = sample.strata_labels.index(wanted)
        place = int(np.searchsorted(prepared.stratum_values.astype(np.int64), code))
        mine = prepared.event_times[prepared.event_strata == place]
        if not len(mine):
            raise DataError(f"stratum {stratum!r} has no event, hence no baseline hazard")
        inside = sample.strata == code
        return _span(code, mine, prepared.start[inside], prepared.stop[inside])

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
    ) -> PathSurvival:
        """Accumulate the hazard along a path."""
        shift = None
        if self.offset is not None:
            shift = numbers_of(frame, self.offset, "the offset of a path")
        return path_survival(
            self.prepared,
            estimates.coefficients,
            estimates.covariance,
            start,
            stop,
            self.sample.design.matrix_for(frame),
            stratum=code,
            path_offset=shift,
        )

    def steps(self, estimates: Estimates, frame: pd.DataFrame, code: int | None) -> Steps:
        """Hazard at each event time for the covariates of a frame of one row."""
        shift = 0.0
        if self.offset is not None:
            shift = float(numbers_of(frame, self.offset, "the offset")[0])
        x = self.sample.design.matrix_for(frame)[0]
        return steps_for(self.prepared, estimates.coefficients, x, stratum=code, offset=shift)

    def concordance(self, estimates: Estimates) -> float:
        """Share of comparable pairs ordered as predicted."""
        return concordance(self.prepared, self.predict(estimates, None, "linear")).value

    def profile(self, estimates: Estimates, level: float) -> Floats | None:
        """Limits by penalised profile likelihood; None for Wald's."""
        key = f"{level:.12g}"
        if self.pulled is not None and key not in self.known:
            self.known[key] = self.pulled.limits(level)
        if self.pulled is not None:
            return self.known[key]
        if self.firth is None:
            return None
        if key not in self.known:
            self.known[key] = firth.profile_intervals(self.prepared, self.firth, level=level)
        return self.known[key]

    def p_values(self, estimates: Estimates, term: int | None = None) -> Floats | None:
        """Penalised likelihood-ratio p-values; None for Wald's."""
        if self.pulled is not None:
            found = self.pulled.p_values()
            return found if term is None else found[[term]]
        if self.firth is None:
            return None
        wanted = range(len(estimates.coefficients)) if term is None else [term]
        tests = [firth.penalised_test(self.prepared, self.firth, [j]) for j in wanted]
        from scipy import stats  # slow to import, and no fit needs it

        return np.array([stats.chi2.sf(statistic, df) for statistic, df in tests])

    def penalised_test(self, estimates: Estimates) -> tuple[float, int] | None:
        """Penalised likelihood ratio of all terms; None without the penalty."""
        if self.pulled is not None:
            return self.pulled.joint_test()
        if self.firth is None:
            return None
        every = [int(j) for j in np.flatnonzero(~self.firth.aliased)]
        return firth.penalised_test(self.prepared, self.firth, every)

    def score_test(self) -> tuple[float, int]:
        """Rao's statistic of all coefficients at zero."""
        null = kernel.evaluate(self.prepared, np.zeros(self.prepared.n_columns))
        statistic = null.score @ np.linalg.solve(null.information, null.score)
        return float(statistic), self.prepared.n_columns

    def null_information(self) -> Floats:
        """Spread of the terms within the risk sets, which does not depend on what was found."""
        return kernel.evaluate(self.prepared, np.zeros(self.prepared.n_columns)).information

    def null_scores(self, tested: Integers, groups: Integers) -> NullScores:
        """Scores by group and information at the maximum over the other coefficients."""
        return null_scores(self.prepared, self.sample.design.names, tested, groups)

    def null_map(self, tested: Integers, groups: Integers) -> ScoreMap:
        """Map values in place of a column to efficient scores."""
        return null_map(self.prepared, self.sample.design.names, tested, groups)

    def values_of(self, term: int) -> Floats:
        """A coefficient's column over the rows used."""
        return self.sample.matrix[:, term]

    def without(
        self, groups: Integers, estimates: Estimates, term: int, also: int | None = None
    ) -> Refits:
        """All fits without one group at once; under the penalty one after the other."""
        if self.firth is not None:
            return self._penalised_without(groups, term)
        if self.pulled is not None:
            return self._posterior_without(groups, term)
        count = int(groups.max()) + 1
        if also is not None:
            others = np.delete(np.arange(count), also)
            weights = np.ones((count - 1, count))
            weights[:, also] = 0.0
            weights[np.arange(count - 1), others] = 0.0
            found = fit_many_weights(self.prepared, weights, clusters=groups)
            again: Floats = np.where(found.converged, found.coefficients[:, term], np.nan)
            return Refits(again, np.full(count - 1, np.nan), float("nan"))
        weights = np.vstack([np.ones(count), 1.0 - np.eye(count)])
        found = fit_many_weights(
            self.prepared, weights, clusters=groups, start=estimates.coefficients, clustered=True
        )
        coefficient: Floats = np.where(found.converged, found.coefficients[:, term], np.nan)
        errors: Floats = np.sqrt(found.variance_cluster[:, term])
        return Refits(coefficient[1:], errors[1:], float(errors[0]))

    def _penalised_without(self, groups: Integers, term: int) -> Refits:
        from scipy import stats  # slow to import, and no fit needs it

        count = int(groups.max()) + 1
        coefficient, p_value = np.full(count, np.nan), np.full(count, np.nan)
        for group in range(count):
            keep = groups != group
            if not self.sample.event[keep].any():
                continue
            part = _part(self.sample, keep, self.prepared.ties)
            try:
                found = firth.fit_firth(part)
            except FitError:
                continue
            if found.aliased[term]:  # without this group the term does not vary
                continue
            statistic, df = firth.penalised_test(part, found, [term])
            coefficient[group] = found.coefficients[term]
            p_value[group] = stats.chi2.sf(statistic, df)
        return Refits(coefficient, np.full(count, np.nan), float("nan"), p_value)

    def _posterior_without(self, groups: Integers, term: int) -> Refits:
        """Modes without each group, under the priors of the whole."""
        count = int(groups.max()) + 1
        coefficient, p_value = np.full(count, np.nan), np.full(count, np.nan)
        priors = cast("CoxPosterior", cast("Pulled", self.pulled).objective).priors
        for group in range(count):
            keep = groups != group
            if not self.sample.event[keep].any():
                continue
            part = _part(self.sample, keep, self.prepared.ties)
            found = posterior_of(part, priors, self.sample.design.names, None)
            if found.settled:
                coefficient[group] = found.coefficients[term]
                p_value[group] = found.pulled.p_values()[term]
        return Refits(coefficient, np.full(count, np.nan), float("nan"), p_value)


def _part(sample: Sample, keep: Flags, ties: Ties) -> kernel.Prepared:
    """Some of the rows of a sample, sorted anew."""

    def kept(values: npt.NDArray[Any] | None) -> npt.NDArray[Any] | None:
        return None if values is None else values[keep]

    start, stop = kept(sample.start), kept(sample.stop)
    if start is None or stop is None:
        raise FitError("a Cox model needs the start and stop of each row")
    return kernel.prepare(
        start,
        stop,
        sample.event[keep],
        sample.matrix[keep],
        strata=kept(sample.strata),
        weights=kept(sample.weights),
        offset=kept(sample.offset),
        ties=ties,
    )


def _span(code: int | None, events: Floats, start: Floats, stop: Floats) -> Span:
    return Span(code, float(start.min()), float(events.max()), float(stop.max()))
