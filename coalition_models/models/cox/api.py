"""Cox regression on (start, stop] rows, with every choice named and every trap refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.kernels.cox import Prepared, with_columns, with_weights
from coalition_models.models.assembly import assemble
from coalition_models.models.cox.engine import FAMILIES, CoxEngine
from coalition_models.models.cox.estimate import estimate_cox, estimate_firth, prepare_sample
from coalition_models.models.cox.posterior import cox_priors, estimate_posterior
from coalition_models.models.cox.time_varying import has_time_varying, with_time
from coalition_models.models.display import Background, Choices
from coalition_models.models.engine import Unfitted
from coalition_models.models.fit import Fit
from coalition_models.models.priors import pulled_by, read_priors
from coalition_models.models.pulled import refuse_pulled_variance
from coalition_models.models.running import run
from coalition_models.models.sample.checks import check_enough_events, default_id, names_of
from coalition_models.models.sample.draw import Sample, draw_sample
from coalition_models.models.sharing import Share
from coalition_models.models.specification import Specification
from coalition_models.models.variance import Plan, plan_variance, refuse_penalised_variance

__all__ = ["FAMILIES", "check", "cox", "draw", "estimate", "head_starts", "unfitted"]

_TIES = {"R": "efron", "stata": "breslow"}


def cox(
    formula: str,
    data: pd.DataFrame,
    *,
    start: str | None = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    strata: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    ties: str | None = None,
    penalty: str | None = None,
    prior: str | Mapping[str, str] | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Cox proportional hazards on rows at risk from ``start`` (open) to ``stop`` (closed).

    Parameters
    ----------
    formula : str
        ``"event ~ a + b + C(region)"``; the event column holds 0 and 1 (or False and True).
        Terms are columns (odd names in backticks), interactions ``a:b`` and ``a*b``, categories
        ``C(x)``, ``C(x, Treatment('b'))``, ``C(x, levels=['a', 'b'])``, computations ``I(x**2)``,
        ``I(x > 0)``, and calls of ``I C Q center scale standardize poly bs cr cs cc log log2
        log10 exp`` and ``np.`` with ``abs arcsinh ceil clip cos exp expm1 floor isin log log10
        log1p log2 maximum minimum power round sign sin sqrt square tanh where``. Everything else
        is refused: make the column in the data first. Numbers of every type count in double
        precision and truth values as 0 and 1, so that ``I(f1 + f2)`` is a sum. ``tt(x, 'log')``
        is an effect that changes with the logarithm of time (``'identity'``, ``'sqrt'``, or a
        time from which it is another): rows are split at the event times first.
    data : DataFrame
        One row per interval. Late entry, gaps and covariates that change between rows are fine.
    start, stop : str
        Columns with the interval's ends, in any unit of time since the chosen origin.
        ``start=None``: every row enters at 0, as in plain right-censored data.
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
    ties : {"efron", "breslow", "exact"}, optional
        Default: the convention's. ``"exact"``: events at one time are tied, not unordered, and
        the likelihood is that of so many leaving among those at risk (R's
        ``coxph(ties="exact")``, Stata's ``exactp``); the fit is of the family ``"cox_exact"``,
        without weights, penalty, priors, robust variance and curves, each refused by name.
    penalty : {None, "firth"}
        Firth's penalty, finite under separation, with profile-likelihood limits and p-values.
    prior : str or mapping, optional
        ``"log-F(1, 1)"``, ``"t(7, 2.5)"`` or ``"normal(2.5)"``, for all terms or by term, as in
        :func:`logit`; the standard deviation of a contrast is that within the risk sets.
    convention : {"R", "stata"}
        R: Efron ties, no small-sample factor, as ``survival::coxph``. Stata: Breslow ties and
        G/(G-1), as ``stcox``.
    small_sample : bool, optional
        Multiply robust and clustered variances by G/(G-1). Default: the convention's.
    variance : {"model", "robust", "cluster", "jackknife"}, optional
        ``"cluster"`` where ``cluster`` is given, otherwise ``"model"``. ``"robust"`` sums scores
        by ``id`` (by row without one). ``"jackknife"`` is CR3: refits without each cluster.
        Nothing turns robust by itself, as R's ``coxph`` does where there are case weights.
    allow_nonconvergence : bool
        Return a fit without a finite maximum instead of raising: its covariance is missing for
        the coefficients that run off, and a warning names them.
    trust : bool
        Evaluate any Python in the formula: methods (``x.clip(0, 1)``), subscripts, every function
        of NumPy. Such a formula is a program that can read, change and delete files, so never
        give ``trust=True`` to a formula that someone else wrote. Functions that look at the whole
        column (``x.mean()``) are then taken anew over the rows of each prediction.

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
    term  coef (log hazard ratio)  std. error     z      p  exp(coef)  95% low  95% high
    ...
    """
    check_arguments(cox, {"data": data})  # the others are checked by the specification
    spec = Specification(
        "cox", formula, start=start, stop=stop, id=id, cluster=cluster, strata=strata,
        weights=weights, offset=offset, ties=ties, penalty=penalty, prior=prior,
        convention=convention, small_sample=small_sample, variance=variance,
        allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def check(spec: Specification) -> None:
    """Refuse values of options, before the data are looked at."""
    _check_options(spec.ties, spec.penalty)
    refuse_penalised_variance(spec.penalty, _plan(spec))
    refuse_pulled_variance(spec.prior, spec.penalty, _plan(spec))


def draw(spec: Specification, data: pd.DataFrame) -> Sample:
    """Check the data and take the complete rows."""
    formula, start, note = spec.formula, spec.start, ""
    if has_time_varying(formula):
        _refuse_pieces_as_members(spec, data)
        formula, data, note = with_time(formula, data, start=start, stop=spec.stop)
        start = start or "start"
    sample = draw_sample(
        formula, data, intercept=False, start=start, stop=spec.stop, id=spec.id,
        cluster=spec.cluster, strata=spec.strata, weights=spec.weights, offset=spec.offset,
        trust=spec.trust,
    )  # fmt: skip
    return replace(sample, notes=(note, *sample.notes)) if note else sample


def _refuse_pieces_as_members(spec: Specification, data: pd.DataFrame) -> None:
    """A robust variance by row would take the pieces of a row for independent."""
    if spec.variance == "robust" and not default_id(data, spec.id):
        raise DataError(
            "tt() cuts rows at the event times, so variance='robust' must know whose rows they "
            "are: give id="
        )


def estimate(
    spec: Specification, sample: Sample, background: Background, start: object = None
) -> Fit:
    """Fit to these rows; ``start`` is one of :func:`head_starts`."""
    plan, names = _plan(spec), sample.design.names
    few = check_enough_events(sample.event, len(names), sample.design.response)
    prepared = start if isinstance(start, Prepared) else prepare_sample(sample, _ties(spec))
    engine = CoxEngine(sample, prepared, spec.offset)
    if spec.penalty:
        found, penalised = estimate_firth(prepared, names, spec.allow_nonconvergence)
        engine = replace(engine, firth=penalised)
    elif spec.prior is not None:
        priors = cox_priors(read_priors(spec.prior), sample, prepared)
        found, pulled = estimate_posterior(
            sample, prepared, plan, priors, spec.allow_nonconvergence
        )
        engine = replace(engine, pulled=pulled)
    else:
        found = estimate_cox(sample, prepared, plan, spec.allow_nonconvergence)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties=_ties(spec), penalty=pulled_by(spec.penalty, spec.prior), start=spec.start or "",
        stop=spec.stop, id=sample.id, cluster=plan.cluster, strata=names_of(spec.strata, "strata"),
        weights=spec.weights or "", offset=spec.offset or "",
    )  # fmt: skip
    return assemble(
        spec=spec,
        background=background,
        sample=sample,
        names=names,
        terms=sample.design.terms,
        estimate=found,
        choices=choices,
        engine=engine,
        remarks=tuple(text for text in (few, *found.remarks) if text),
        never_at_risk=len(sample.event) - prepared.n_at_risk_rows,
    )


def unfitted(spec: Specification, sample: Sample) -> Unfitted:
    """The rows, sorted, before anything is maximised."""
    names = sample.design.names
    check_enough_events(sample.event, len(names), sample.design.response)
    engine = CoxEngine(sample, prepare_sample(sample, _ties(spec)), spec.offset)
    return Unfitted(engine, names, sample.design.terms)


def head_starts(whole: Sample, shares: Sequence[Share]) -> list[object]:
    """Sort the rows once for all fits: each takes its columns, and its weights.

    The climbs themselves are made one by one, since the batch routines give no covariance, and a
    climb that begins at their maximum gives one that differs in the ninth digit.
    """
    sorted_rows = {
        ties: prepare_sample(whole, ties)
        for ties in dict.fromkeys(_ties(share.spec) for share in shares)
    }
    heads: list[object] = []
    for share in shares:
        part = with_columns(sorted_rows[_ties(share.spec)], share.columns)
        heads.append(part if share.weights is None else with_weights(part, share.weights))
    return heads


def _plan(spec: Specification) -> Plan:
    by = names_of(spec.cluster, "cluster")
    return plan_variance(spec.variance, by, spec.convention, spec.small_sample, factor_in_r=False)


def _ties(spec: Specification) -> str:
    return spec.ties or _TIES[spec.convention]


def _check_options(ties: str | None, penalty: str | None) -> None:
    if ties not in (None, "efron", "breslow"):
        raise DataError(f"ties must be 'efron', 'breslow' or 'exact', not {ties!r}")
    if penalty not in (None, "firth"):
        raise DataError(f"penalty must be None or 'firth', not {penalty!r}")
