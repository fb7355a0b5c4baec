"""Verbs for the discrete-time families beside the logit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.models.fit import Fit
from coalition_models.models.running import run
from coalition_models.models.specification import Specification

__all__ = ["cloglog", "probit"]


def probit(
    formula: str,
    data: pd.DataFrame,
    *,
    time: str | None = "cubic",
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    prior: str | Mapping[str, str] | None = None,
    population_share: float | None = None,
    correction: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Discrete-time probit of an event, one row per member and period.

    The link is the normal distribution's: a coefficient is a shift of the latent propensity to
    leave in its standard deviations, and its exponential is no ratio of anything.

    Parameters
    ----------
    formula, data, time, start, stop, id, cluster, weights, offset, prior, convention, small_sample
        As in :func:`logit`.
    population_share, correction
        As in :func:`logit`; here ``correction="weights"`` is the only one that is right.
    variance, allow_nonconvergence, trust
        As in :func:`logit`.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`logit`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> cm.probit("event ~ risk", panel).family.name
    'probit'
    """
    check_arguments(probit, locals())
    spec = Specification(
        "probit", formula, time=time, start=start, stop=stop, id=id, cluster=cluster,
        weights=weights, offset=offset, prior=prior, population_share=population_share,
        correction=correction, convention=convention, small_sample=small_sample,
        variance=variance, allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)


def cloglog(
    formula: str,
    data: pd.DataFrame,
    *,
    time: str | None = "cubic",
    start: str = "start",
    stop: str = "stop",
    id: str | Sequence[str] | None = None,
    cluster: str | Sequence[str] | None = None,
    weights: str | None = None,
    offset: str | None = None,
    prior: str | Mapping[str, str] | None = None,
    population_share: float | None = None,
    correction: str | None = None,
    convention: str = "R",
    small_sample: bool | None = None,
    variance: str | None = None,
    allow_nonconvergence: bool = False,
    trust: bool = False,
) -> Fit:
    """Discrete-time complementary log-log, one row per member and period.

    The grouped-data form of proportional hazards: exponentials of coefficients are hazard ratios,
    as in :func:`cox`, with the duration dependence estimated.

    Parameters
    ----------
    formula, data, time, start, stop, id, cluster, weights, offset, prior, convention, small_sample
        As in :func:`logit`.
    population_share, correction
        As in :func:`logit`; here ``correction="weights"`` is the only one that is right.
    variance, allow_nonconvergence, trust
        As in :func:`logit`.

    Returns
    -------
    Fit

    Raises
    ------
    FormulaError, DataError, FitError
        As :func:`logit`.

    Examples
    --------
    >>> import coalition_models as cm
    >>> panel = cm.simulate_panel(members=60, coefficients={"risk": 0.5}, seed=1)
    >>> cm.cloglog("event ~ risk", panel).family.name
    'cloglog'
    """
    check_arguments(cloglog, locals())
    spec = Specification(
        "cloglog", formula, time=time, start=start, stop=stop, id=id, cluster=cluster,
        weights=weights, offset=offset, prior=prior, population_share=population_share,
        correction=correction, convention=convention, small_sample=small_sample,
        variance=variance, allow_nonconvergence=allow_nonconvergence, trust=trust,
    )  # fmt: skip
    return run(spec, data)
