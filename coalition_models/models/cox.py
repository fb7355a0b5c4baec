"""Cox regression on (start, stop] rows, with every choice named and every trap refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FitError, warn
from coalition_models.kernels import cox as kernel
from coalition_models.kernels import residuals
from coalition_models.models.checks import check_enough_events
from coalition_models.models.display import Choices, Counts, describe_data, sources_of
from coalition_models.models.fit import Fit
from coalition_models.models.formula import require_columns
from coalition_models.models.sample import Sample, draw_sample
from coalition_models.models.separation import describe_separation, refuse_aliased
from coalition_models.models.variance import Plan, clustered, few_clusters, plan_variance

__all__ = ["CoxEngine", "cox"]

Floats = npt.NDArray[np.float64]

_TIES = {"R": "efron", "stata": "breslow"}


@dataclass(frozen=True)
class CoxEngine:
    """What a Cox fit keeps for predictions, residuals and tests."""

    sample: Sample
    prepared: kernel.Prepared
    offset: str | None

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
            raise ValueError(f"kind must be 'linear' or 'ratio', not {kind!r}")
        if data is None:
            X, shift = self.sample.matrix, self.sample.offset
        else:
            X = self.sample.design.matrix_for(data)
            shift = None
            if self.offset is not None:
                require_columns(data, [self.offset], "offset=")
                shift = data[self.offset].to_numpy(dtype=float)
        eta = (X - self.centre) @ fit.coefficients
        if shift is not None:
            eta = eta + shift
        return eta if kind == "linear" else np.exp(eta)

    def augment(self, fit: Fit) -> pd.DataFrame:
        """The rows used with predictions and residuals."""
        event = self.sample.event
        martingale = residuals.martingale(self.prepared, fit.coefficients)
        expected = event - martingale
        linear = self.predict(fit, None, "linear")
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.where(event > 0, event * np.log(expected), 0.0)
        deviance = np.sign(martingale) * np.sqrt(np.maximum(-2 * (martingale + logs), 0.0))
        return self.sample.carried.assign(
            linear_predictor=linear,
            relative_hazard=np.exp(linear),
            expected=expected,
            martingale=martingale,
            deviance=deviance,
        )

    def concordance(self, fit: Fit) -> float:
        """Share of comparable pairs ordered as predicted."""
        return float("nan")

    def profile(self, fit: Fit, level: float) -> Floats | None:
        """Limits by penalised profile likelihood; None for Wald's."""
        return None

    def p_values(self, fit: Fit) -> Floats | None:
        """Penalised likelihood-ratio p-values; None for Wald's."""
        return None


def cox(
    formula: str,
    data: pd.DataFrame,
    *,
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    ties: str | None = None,
    penalty: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
) -> Fit:
    """Cox proportional hazards on rows at risk from ``start`` (open) to ``stop`` (closed).

    Parameters
    ----------
    formula : str
        ``"event ~ a + b + C(region)"``; the event column holds 0 and 1 (or False and True).
    data : DataFrame
        One row per interval. Late entry, gaps and covariates that change between rows are fine.
    start, stop : str
        Columns with the interval's ends, in any unit of time since the chosen origin.
    id : str or sequence of str, optional
        Columns that make one member's history, for the overlap check, the robust variance and the
        count of members; ``coalition, state, spell`` where all three are present. Without any,
        each row stands alone and a note says that overlaps were not checked.
    cluster : str or sequence of str, optional
        One column, or two for two-way clustering (Cameron, Gelbach and Miller 2011).
    strata : str or sequence of str, optional
        Each combination has its own baseline hazard.
    weights : str, optional
        Case weights, 0 or more. A row of weight 0 counts as absent, before ties are formed.
    offset : str, optional
        Column added to the linear predictor.
    ties : {"efron", "breslow"}, optional
        Default: the convention's.
    penalty : {None, "firth"}
        Firth's penalty, finite under separation, with profile-likelihood limits and p-values.
    convention : {"R", "stata"}
        R: Efron ties, no small-sample factor, as ``survival::coxph``. Stata: Breslow ties and
        G/(G-1), as ``stcox``.
    small_sample : bool, optional
        Multiply robust and clustered variances by G/(G-1). Default: the convention's.
    variance : {"model", "robust", "cluster", "jackknife"}, optional
        ``"cluster"`` where ``cluster`` is given, otherwise ``"model"``. ``"robust"`` sums scores
        by ``id`` (by row without one). ``"jackknife"`` is CR3: refits without each cluster.
    allow_nonconvergence : bool
        Return a fit without a finite maximum instead of raising: its covariance is missing for
        the coefficients that run off, and a warning names them.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError
        A column that is not there, a term with one category only.
    DataError
        Wrong event coding, reversed, empty, overlapping or repeated rows, infinite values: all
        that is wrong, in one message.
    FitError
        No events; constant, collinear or separated terms, each named; no convergence.

    Examples
    --------
    >>> import pandas as pd, coalition_models as cm
    >>> df = pd.DataFrame({"state": list("ABCDEF"), "start": [0, 0, 1, 0, 2, 0],
    ...                    "stop": [1, 2, 3, 4, 5, 6], "event": [1, 1, 0, 1, 1, 0],
    ...                    "risk": [2.0, 1.0, 2.0, 1.0, 0.0, 0.0]})
    >>> print(cm.cox("event ~ risk", df, id="state"))
    Cox proportional hazards: event ~ risk
    term  estimate  std. error     z      p  95% low  95% high
    ...
    """
    _check_options(ties, penalty, convention)
    plan = plan_variance(variance, _columns(cluster), convention, small_sample, factor_in_r=False)
    sample = draw_sample(
        formula, data, intercept=False, start=start, stop=stop, id=id, cluster=cluster,
        strata=strata, weights=weights, offset=offset,
    )  # fmt: skip
    few = check_enough_events(
        int(sample.event.sum()), len(sample.design.names), len(sample.event),
        sample.design.response,
    )  # fmt: skip
    method = ties or _TIES[convention]
    prepared = _prepare(sample, method)
    engine = CoxEngine(sample, prepared, offset)
    estimate = _estimate(engine, plan, allow_nonconvergence)
    remarks = [*([few] if few else []), *estimate.remarks]
    for remark in remarks:
        warn(remark)
    notes = [*sample.notes, *remarks]
    if not sample.id:
        notes.append("no id columns, so overlapping rows of one member were not looked for")
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties=method, penalty=penalty or "", start=start, stop=stop, id=sample.id,
        cluster=plan.cluster, strata=_columns(strata), weights=weights or "", offset=offset or "",
    )  # fmt: skip
    return Fit(
        estimator="cox",
        title="Cox proportional hazards",
        formula=formula,
        names=sample.design.names,
        terms=sample.design.terms,
        coefficients=estimate.coefficients,
        covariance=estimate.covariance,
        model_covariance=estimate.model_covariance,
        choices=choices,
        counts=_count(sample, prepared),
        log_likelihood=estimate.log_likelihood,
        log_likelihood_null=estimate.log_likelihood_null,
        converged=estimate.converged,
        iterations=estimate.iterations,
        engine=engine,
        data_choices=describe_data(data, sample.design.variables),
        sources=sources_of(data),
        remarks=tuple(notes),
    )


@dataclass(frozen=True)
class _Estimate:
    coefficients: Floats
    covariance: Floats
    model_covariance: Floats
    log_likelihood: float
    log_likelihood_null: float
    converged: bool
    iterations: int
    remarks: tuple[str, ...]


def _prepare(sample: Sample, ties: str) -> kernel.Prepared:
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


def _estimate(engine: CoxEngine, plan: Plan, allowed: bool) -> _Estimate:
    """Maximise, judge what was found, and only then report a variance."""
    sample, prepared = engine.sample, engine.prepared
    names = sample.design.names
    _refuse_flat(prepared, names)
    found = kernel.fit(prepared)
    _refuse_aliased_within(found, names)
    remarks = [
        few_clusters(plan, sample.cluster_counts),
        _judge(found, prepared, sample, allowed),
    ]
    return _Estimate(
        coefficients=found.coefficients,
        covariance=_covariance(found, prepared, plan, sample),
        model_covariance=found.covariance,
        log_likelihood=found.log_likelihood,
        log_likelihood_null=found.log_likelihood_null,
        converged=found.converged,
        iterations=found.iterations,
        remarks=tuple(remark for remark in remarks if remark),
    )


def _check_options(ties: str | None, penalty: str | None, convention: str) -> None:
    if ties not in (None, "efron", "breslow"):
        raise ValueError(f"ties must be 'efron' or 'breslow', not {ties!r}")
    if penalty not in (None, "firth"):
        raise ValueError(f"penalty must be None or 'firth', not {penalty!r}")


def _columns(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def _count(sample: Sample, prepared: kernel.Prepared) -> Counts:
    return Counts(
        rows_given=sample.rows_given,
        rows=len(sample.event),
        events=int(sample.event.sum()),
        time_at_risk=sample.time_at_risk,
        members=sample.member_count,
        clusters=sample.cluster_counts,
        never_at_risk=len(sample.event) - prepared.n_at_risk_rows,
        dropped=sample.design.dropped,
        left_out=sample.left_out,
    )


def _refuse_flat(prepared: kernel.Prepared, names: Sequence[str]) -> None:
    """Constant and collinear columns among the rows at risk at an event time."""
    columns = prepared.panel.columns
    gram = columns @ columns.T / columns.shape[1]
    refuse_aliased(gram, names, f"in the {prepared.n_at_risk_rows} rows at risk at an event time")


def _refuse_aliased_within(found: kernel.CoxFit, names: Sequence[str]) -> None:
    """Columns that vary, but never within a risk set."""
    if found.aliased.any():
        culprits = ", ".join(np.array(names)[found.aliased])
        raise FitError(
            f"no variation to use: {culprits}; within each set of rows at risk together (and "
            "within each stratum) it is constant or a linear combination of the other terms. "
            "Leave it out: a variable that makes the strata, or that is the same for all members "
            "at one time, is absorbed by the baseline hazard"
        )


def _judge(found: kernel.CoxFit, prepared: kernel.Prepared, sample: Sample, allowed: bool) -> str:
    """Refuse, or word, a fit without a finite maximum."""
    if found.converged:
        return ""
    if found.diverging.any() and found.direction is not None:
        at_risk = prepared.kept
        message = describe_separation(
            tuple(int(j) for j in np.flatnonzero(found.diverging)),
            found.direction,
            sample.matrix[at_risk],
            sample.event[at_risk] == 1,
            sample.design.names,
            sample.index[at_risk],
            "the rows at risk at the same time",
        ).message
    else:
        message = (
            f"no convergence after {found.iterations} iterations (last step "
            f"{found.gradient_norm:.2g} standard errors); look at the scale of the covariates and "
            "at nearly collinear terms"
        )
    if not allowed:
        raise FitError(message)
    return message


def _covariance(
    found: kernel.CoxFit, prepared: kernel.Prepared, plan: Plan, sample: Sample
) -> Floats:
    """Covariance of the kind asked for; missing for coefficients that run off."""
    bread = found.covariance
    if not found.converged:
        lost = found.diverging if found.diverging.any() else np.ones(len(bread), dtype=bool)
        blank = bread.copy()
        blank[lost, :] = np.nan
        blank[:, lost] = np.nan
        return blank
    if plan.variance == "model":
        return bread
    scores = residuals.score_residuals(prepared, found.coefficients)
    if sample.weights is not None:
        scores *= sample.weights[:, None]
    groups = sample.clusters
    if plan.variance == "robust":
        own = np.arange(len(scores)) if sample.members is None else sample.members
        groups = (own,)
    return clustered(scores, bread, groups, small_sample=plan.small_sample)
