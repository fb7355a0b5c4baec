"""Estimation of Cox models: the kernel maximises, this module judges and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, first_few
from coalition_models.kernels import cox as kernel
from coalition_models.kernels import firth, residuals
from coalition_models.kernels._monotone import recession_direction
from coalition_models.kernels.baseline import PathSurvival, path_survival
from coalition_models.kernels.clusters import cluster_score_sums
from coalition_models.kernels.concordance import concordance
from coalition_models.kernels.jackknife import jackknife_by_cluster
from coalition_models.models.engine import Span
from coalition_models.models.fit import Fit
from coalition_models.models.sample.columns import numbers_of
from coalition_models.models.sample.draw import Sample
from coalition_models.models.separation import (
    Separation,
    describe_separation,
    involved,
    refuse_aliased,
)
from coalition_models.models.variance import Plan, few_clusters, refuse_lost, reported

__all__ = ["CoxEngine", "Estimate", "estimate_cox", "estimate_firth", "prepare_sample"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: an effect of one standard deviation beyond this (on the log scale) is looked at twice
_LARGE = 4.0
#: share of a log-likelihood that is rounding error
_ROUNDING = 1e-12


@dataclass(frozen=True, repr=False)
class CoxEngine:
    """What a Cox fit keeps for predictions, residuals and tests."""

    sample: Sample
    prepared: kernel.Prepared
    offset: str | None
    firth: firth.FirthFit | None = None
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

    def predict(self, fit: Fit, data: pd.DataFrame | None, kind: str) -> Floats:
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
        eta = (X - self.centre) @ fit.coefficients
        if shift is not None:
            eta = eta + shift
        return eta if kind == "linear" else np.exp(eta)

    def augment(self, fit: Fit) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        event = self.sample.event
        expected = residuals.expected_events(self.prepared, fit.coefficients)
        martingale = event - expected
        linear = self.predict(fit, None, "linear")
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(event > 0, event * np.log(expected), 0.0)
        deviance = np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + logs), 0.0))
        return self.sample.frame(fit.choices.start, fit.choices.stop).assign(
            linear_predictor=linear,
            relative_hazard=np.exp(linear),
            expected=expected,
            martingale=martingale,
            deviance=deviance,
        )

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
        self, fit: Fit, frame: pd.DataFrame, start: Floats, stop: Floats, code: int | None
    ) -> PathSurvival:
        """Accumulate the hazard along a path."""
        shift = None
        if self.offset is not None:
            shift = numbers_of(frame, self.offset, "the offset of a path")
        return path_survival(
            self.prepared,
            fit.coefficients,
            fit.covariance,
            start,
            stop,
            self.sample.design.matrix_for(frame),
            stratum=code,
            path_offset=shift,
        )

    def concordance(self, fit: Fit) -> float:
        """Share of comparable pairs ordered as predicted."""
        return concordance(self.prepared, self.predict(fit, None, "linear")).value

    def profile(self, fit: Fit, level: float) -> Floats | None:
        """Limits by penalised profile likelihood; None for Wald's."""
        if self.firth is None:
            return None
        key = f"{level:.12g}"
        if key not in self.known:
            self.known[key] = firth.profile_intervals(self.prepared, self.firth, level=level)
        return self.known[key]

    def p_values(self, fit: Fit) -> Floats | None:
        """Penalised likelihood-ratio p-values; None for Wald's."""
        if self.firth is None:
            return None
        from scipy import stats  # slow to import, and no fit needs it

        tests = [
            firth.penalised_test(self.prepared, self.firth, [j])
            for j in range(len(fit.coefficients))
        ]
        return np.array([stats.chi2.sf(statistic, df) for statistic, df in tests])


def _span(code: int | None, events: Floats, start: Floats, stop: Floats) -> Span:
    return Span(code, float(start.min()), float(events.max()), float(stop.max()))


@dataclass(frozen=True)
class Estimate:
    """What a maximisation found, and what must be said of it."""

    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    remarks: tuple[str, ...]
    firth: firth.FirthFit | None = None


def prepare_sample(sample: Sample, ties: str) -> kernel.Prepared:
    """Sort the sample once for everything that follows."""
    if sample.start is None or sample.stop is None:
        raise FitError("a Cox model needs the start and stop of each row")
    return kernel.prepare(
        sample.start,
        sample.stop,
        sample.event,
        sample.matrix,
        strata=sample.strata,
        weights=sample.weights,
        offset=sample.offset,
        ties=cast("Literal['efron', 'breslow']", ties),
    )


def estimate_cox(engine: CoxEngine, plan: Plan, allowed: bool) -> Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    sample, prepared = engine.sample, engine.prepared
    names = sample.design.names
    _refuse_flat(prepared, names)
    found = kernel.fit(prepared)
    _refuse_aliased_within(found.aliased, names)
    remarks = [few_clusters(plan, sample.cluster_counts)]
    trouble = _judge(found, prepared, sample, allowed)
    if trouble is not None:
        remarks.append(trouble.message)
    covariance, said = _covariance(found, engine, plan, trouble)
    remarks += [said, "" if trouble is not None else _flat_top(found, prepared, names)]
    return Estimate(
        coefficients=found.coefficients,
        covariance=covariance,
        model_covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=found.log_likelihood_null,
        converged=trouble is None,
        iterations=found.iterations,
        remarks=tuple(remark for remark in remarks if remark),
    )


def estimate_firth(engine: CoxEngine, allowed: bool) -> Estimate:
    """Maximise the penalised likelihood, which has a finite maximum under separation too."""
    prepared, names = engine.prepared, engine.sample.design.names
    _refuse_flat(prepared, names)
    found = firth.fit_firth(prepared)
    _refuse_aliased_within(found.aliased, names)
    remarks = []
    if not found.converged:
        remarks.append(
            f"no convergence after {found.iterations} penalised iterations (last step "
            f"{found.gradient_norm:.2g} standard errors)"
        )
        if not allowed:
            raise FitError(remarks[0])
    null = kernel.evaluate(prepared, np.zeros(len(names)))
    return Estimate(
        coefficients=found.coefficients,
        covariance=found.covariance,
        model_covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=float(null.log_likelihood),
        converged=found.converged,
        iterations=found.iterations,
        remarks=tuple(remarks),
        firth=found,
    )


def _refuse_flat(prepared: kernel.Prepared, names: Sequence[str]) -> None:
    """Constant and collinear columns among the rows at risk at an event time."""
    columns = prepared.panel.columns
    gram = columns @ columns.T / columns.shape[1]
    centres = prepared.stratum_centres[prepared.event_strata]
    differs = np.ptp(centres, axis=0) > _ROUNDING * np.abs(centres).max(axis=0)
    _refuse_aliased_within((np.diag(gram) <= 0) & differs, names)
    where = f"in the {prepared.n_at_risk_rows} rows at risk at an event time"
    within = ", within their strata" if len(prepared.stratum_centres) > 1 else ""
    refuse_aliased(gram, names, where + within)


def _refuse_aliased_within(aliased: Flags, names: Sequence[str]) -> None:
    """Columns that vary, but never within a risk set."""
    if aliased.any():
        culprits = ", ".join(np.array(names)[aliased])
        raise FitError(
            f"no variation to use: {culprits}; within each set of rows at risk together (and "
            "within each stratum) it is constant or a linear combination of the other terms. "
            "Leave it out: a variable that makes the strata, or that is the same for all members "
            "at one time, is absorbed by the baseline hazard"
        )


def _endless(found: kernel.CoxFit, prepared: kernel.Prepared) -> Floats | None:
    """Direction of a likelihood that grows without end, or None.

    The kernel looks for one when its climb takes suspiciously long. Where the estimates are
    suspiciously large it is looked for here too, since a climb can end early on a flat top.
    """
    if found.diverging.any():
        return found.direction
    spread = prepared.scale
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0))
    large = np.abs(found.coefficients) * spread > _LARGE
    if found.converged and not (large | (errors * spread > _LARGE / 2)).any():
        return None
    columns = np.arange(prepared.n_columns)
    direction = recession_direction(prepared.panel, columns, prepared.panel.weights)
    return None if direction is None else direction / spread


def _flat_top(found: kernel.CoxFit, prepared: kernel.Prepared, names: Sequence[str]) -> str:
    """Say so where the log-likelihood is the same, to rounding, far about its maximum.

    Looked for where an effect is large: one standardised unit either way, the other coefficients
    following, changes nothing that can be computed.
    """
    errors = np.sqrt(np.maximum(np.diag(found.covariance), 0.0)) * prepared.scale
    flat = []
    for j in np.flatnonzero(errors > _LARGE):
        move = found.covariance[:, j] / (errors[j] ** 2) * prepared.scale[j]
        nearby = (
            kernel.evaluate(prepared, found.coefficients + side * move).log_likelihood
            for side in (-1.0, 1.0)
        )
        top = found.log_likelihood
        if all(abs(value - top) <= _ROUNDING * (1.0 + abs(top)) for value in nearby):
            flat.append(names[int(j)])
    if not flat:
        return ""
    return (
        f"the likelihood is flat about its maximum: other values of {first_few(flat)} fit equally "
        "well to the last digit, so the estimate says only that the effect is large; "
        "penalty='firth' gives limits"
    )


def _judge(
    found: kernel.CoxFit, prepared: kernel.Prepared, sample: Sample, allowed: bool
) -> Separation | None:
    """Refuse, or word, a fit without a finite maximum."""
    direction = _endless(found, prepared)
    if direction is not None:
        panel, kept = prepared.panel, prepared.kept

        def alone(j: int) -> float:
            own = recession_direction(panel, np.array([j]), panel.weights)
            return 0.0 if own is None else float(np.sign(own[0]))

        trouble = describe_separation(
            involved(direction, prepared.scale),
            alone,
            sample.matrix[kept],
            sample.event[kept] == 1,
            sample.design.names,
            sample.index[kept],
            "the rows at risk at the same time",
        )
    elif found.converged:
        return None
    else:
        trouble = Separation(
            tuple(range(len(found.coefficients))),
            f"no convergence after {found.iterations} iterations (last step "
            f"{found.gradient_norm:.2g} standard errors); look at the scale of the covariates and "
            "at nearly collinear terms",
        )
    if not allowed:
        raise FitError(trouble.message)
    return trouble


def _covariance(
    found: kernel.CoxFit,
    engine: CoxEngine,
    plan: Plan,
    trouble: Separation | None,
) -> tuple[Floats, str]:
    """Covariance of the kind asked for, missing for coefficients that run off; and a remark."""
    sample, prepared, bread = engine.sample, engine.prepared, found.covariance
    if trouble is not None:
        blank = bread.copy()
        blank[list(trouble.columns), :] = np.nan
        blank[:, list(trouble.columns)] = np.nan
        return blank, ""
    if plan.variance == "model":
        return bread, ""
    if plan.variance == "jackknife":
        refits = jackknife_by_cluster(prepared, found.coefficients, sample.clusters[0])
        labels = sample.cluster_labels(plan.cluster[0])
        refuse_lost([labels[int(g)] for g in refits.labels[~refits.usable]])
        return refits.covariance, ""
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(sample.event)) if sample.members is None else sample.members
        groups = (own,)
    every = np.arange(prepared.n_columns)
    unit = prepared.scale

    def sum_scores(codes: npt.NDArray[np.int64], count: int) -> Floats:
        inside = codes[prepared.kept]
        beta = found.coefficients * unit
        return unit * cluster_score_sums(
            prepared, every, prepared.panel.weights, beta, inside, count
        )

    return reported(sum_scores, bread, groups, plan, sample.design.names)
