"""Cox regression on (start, stop] rows, with every choice named and every trap refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, warn
from coalition_models.models.assembly import assemble
from coalition_models.models.cox.estimate import (
    CoxEngine,
    estimate_cox,
    estimate_firth,
    prepare_sample,
)
from coalition_models.models.display import Choices
from coalition_models.models.fit import Fit
from coalition_models.models.sample.checks import check_enough_events, names_of
from coalition_models.models.sample.draw import draw_sample
from coalition_models.models.variance import Note, plan_variance, refuse_penalised_variance

__all__ = ["cox"]

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
        precision and truth values as 0 and 1, so that ``I(f1 + f2)`` is a sum.
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
    check_arguments(cox, locals())
    _check_options(ties, penalty, convention)
    by, layers = names_of(cluster, "cluster"), names_of(strata, "strata")
    plan = plan_variance(variance, by, convention, small_sample, factor_in_r=False)
    refuse_penalised_variance(penalty, plan)
    sample = draw_sample(
        formula, data, intercept=False, start=start, stop=stop, id=id, cluster=cluster,
        strata=strata, weights=weights, offset=offset, trust=trust,
    )  # fmt: skip
    few = check_enough_events(sample.event, len(sample.design.names), sample.design.response)
    method = ties or _TIES[convention]
    prepared = prepare_sample(sample, method)
    engine = CoxEngine(sample, prepared, offset)
    if penalty:
        estimate = estimate_firth(engine, allow_nonconvergence)
        engine = replace(engine, firth=estimate.firth)
    else:
        estimate = estimate_cox(engine, plan, allow_nonconvergence)
    remarks = [text for text in (few, *estimate.remarks) if text]
    for remark in remarks:
        if not isinstance(remark, Note):
            warn(remark)
    choices = Choices(
        convention=plan.convention, variance=plan.variance, small_sample=plan.small_sample,
        ties=method, penalty=penalty or "", start=start or "", stop=stop, id=sample.id,
        cluster=plan.cluster, strata=layers, weights=weights or "", offset=offset or "",
    )  # fmt: skip
    return assemble(
        estimator="cox",
        title="Cox proportional hazards",
        data=data,
        sample=sample,
        names=sample.design.names,
        terms=sample.design.terms,
        estimate=estimate,
        choices=choices,
        engine=engine,
        remarks=tuple(remarks),
        never_at_risk=len(sample.event) - prepared.n_at_risk_rows,
    )


def _check_options(ties: str | None, penalty: str | None, convention: str) -> None:
    if ties not in (None, "efron", "breslow"):
        cure = (
            "; the exact partial likelihood is not offered: 'efron' is nearest to it, and logit("
            "..., link='cloglog') is proportional hazards in whole periods"
        )
        raise DataError(
            f"ties must be 'efron' or 'breslow', not {ties!r}{cure if ties == 'exact' else ''}"
        )
    if penalty not in (None, "firth"):
        raise DataError(f"penalty must be None or 'firth', not {penalty!r}")
