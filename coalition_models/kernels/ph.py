"""Tests of proportional hazards: the score test, and the older one found in much print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coalition_models.errors import DataError
from coalition_models.kernels._newton import inverse
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import bin_sums, tie_terms
from coalition_models.kernels.residuals import schoenfeld
from coalition_models.kernels.wald import joint_test

__all__ = [
    "GrambschTherneau",
    "PHTest",
    "TimeTransform",
    "grambsch_therneau",
    "ph_score_test",
    "transform_times",
]

TimeTransform = Literal["km", "rank", "identity", "log"]

#: transformed times that differ from their mean by less than this share are the same
_SAME_TIME = 1e-13


@dataclass(frozen=True)
class PHTest:
    """Score tests of coefficients that drift with g(time): one per term and a global one.

    ``statistic``, ``df`` and ``p_value`` have one value per term; ``global_*`` one for all. ``df``
    is the rank of the information on the drift: nil, and the rest NaN, where g(time) is the same
    wherever the term differs within a risk set.
    """

    statistic: Floats
    df: Integers
    p_value: Floats
    global_statistic: float
    global_df: int
    global_p_value: float


@dataclass(frozen=True)
class GrambschTherneau:
    """Correlation of scaled Schoenfeld residuals with g(time), and its tests, per covariate."""

    rho: Floats
    statistic: Floats
    p_value: Floats
    global_statistic: float
    global_df: int
    global_p_value: float


def transform_times(prepared: Prepared, transform: TimeTransform = "km") -> Floats:
    """g(time) of each event time bin (K,), as R's ``cox.zph`` forms it.

    ``km`` is one less the Kaplan-Meier estimate just before the time, from all rows, unweighted and
    without regard to strata; ``rank`` the mid-rank among all rows' stop times.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 0], [[1.0], [0.0], [1.0]])
    >>> transform_times(data, "km").round(4).tolist(), transform_times(data, "rank").tolist()
    ([0.0, 0.3333], [1.0, 2.0])
    """
    makers: dict[str, Callable[[Prepared], Floats]] = {
        "km": _before_km,
        "rank": _ranks,
        "identity": lambda data: data.event_times,
        "log": _logs,
    }
    if transform not in makers:
        raise DataError(
            f"transform must be one of {', '.join(map(repr, makers))}; found {transform!r}."
        )
    return makers[transform](prepared)


def _logs(prepared: Prepared) -> Floats:
    if (prepared.event_times <= 0).any():
        raise DataError(
            "The log transform needs event times above zero; found "
            f"{prepared.event_times.min():g}. Use another transform or another origin."
        )
    return np.asarray(np.log(prepared.event_times))


def _real_rows(prepared: Prepared) -> Integers:
    if prepared.weights.size:
        return np.flatnonzero(prepared.weights > 0)
    return np.arange(prepared.n_rows)


def _ranks(prepared: Prepared) -> Floats:
    stops = prepared.stop[_real_rows(prepared)]
    distinct, counts = np.unique(stops, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.asarray(middle[np.searchsorted(distinct, prepared.event_times)])


def _before_km(prepared: Prepared) -> Floats:
    rows = _real_rows(prepared)
    start, stop = np.sort(prepared.start[rows]), np.sort(prepared.stop[rows])
    times, events = np.unique(prepared.stop[rows][prepared.event[rows]], return_counts=True)
    at_risk = np.searchsorted(start, times) - np.searchsorted(stop, times)
    survival = np.concatenate([[1.0], np.cumprod(1.0 - events / at_risk)])
    return np.asarray(1.0 - survival[np.searchsorted(times, prepared.event_times)])


def _chi2_p(statistic: ArrayLike, df: ArrayLike) -> Floats:
    from scipy.special import chdtrc  # slow to import, and no fit needs it

    return np.asarray(chdtrc(np.asarray(df), np.asarray(statistic)))


def ph_score_test(
    prepared: Prepared,
    beta: ArrayLike,
    times: ArrayLike,
    *,
    terms: Sequence[Sequence[int]] | None = None,
    penalised: bool = False,
) -> PHTest:
    """Score test of proportional hazards, as ``cox.zph`` of R's survival 3.

    Each covariate x is joined by x g(time); the test is Rao's, at zero effect of the latter. R
    refuses an information without full rank; here its rank is the degrees of freedom.

    Parameters
    ----------
    prepared, beta
        The data and the fitted coefficients; those that are NaN (aliased) take no part.
    times : array-like, shape (K,)
        g(time) of each event time, e.g. from ``transform_times``.
    terms : sequence of column lists, optional
        Columns that make one term (the dummies of a factor); by default each column is a term.
    penalised : bool
        Whether ``beta`` is no maximum of the plain likelihood, whose score there then counts
        (Neyman's C(alpha) test).

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0] * 5, [1, 2, 3, 4, 5], [1] * 5, [[0.0], [1.0], [1.0], [0.0], [1.0]])
    >>> ph_score_test(data, fit(data).coefficients, data.event_times).df
    array([1])
    """
    b = np.asarray(beta, dtype=float)
    cols = np.flatnonzero(~np.isnan(b))
    p = cols.size
    score, information = _bin_contributions(prepared, b, cols)
    g = _bin_values(prepared, times)
    mass = np.bincount(_event_bins(prepared), minlength=prepared.n_bins)
    level = float(np.abs(g).max())
    g = g - (g @ mass) / mass.sum()
    g[np.abs(g) <= _SAME_TIME * level] = 0.0
    plain, once, twice = (
        np.einsum("k,kij->ij", v, information) for v in (np.ones(g.size), g, g * g)
    )
    bread = inverse(plain)
    pull = np.full((p, p), np.nan) if bread is None else once @ bread
    u = g @ score - (pull @ score.sum(axis=0) if penalised else 0.0)
    drift = twice - pull @ once
    groups = [[j] for j in range(b.size)] if terms is None else [list(term) for term in terms]
    place = {int(column): at for at, column in enumerate(cols)}
    inside = [[place[j] for j in group if j in place] for group in groups]
    size = np.diag(twice)
    tests = [joint_test(u[at], drift[np.ix_(at, at)], size=size[at]) for at in inside]
    total = joint_test(u, drift, size=size)
    statistic = np.array([test.statistic for test in tests])
    df = np.array([test.df for test in tests], dtype=np.int64)
    p_total = float(_chi2_p(total.statistic, total.df))
    return PHTest(statistic, df, _chi2_p(statistic, df), total.statistic, total.df, p_total)


def _event_bins(prepared: Prepared) -> Integers:
    return np.repeat(np.arange(prepared.n_bins), np.diff(prepared.panel.event_ptr))


def _bin_values(prepared: Prepared, times: ArrayLike) -> Floats:
    g = np.asarray(times, dtype=float)
    if g.shape != (prepared.n_bins,) or not np.isfinite(g).all():
        raise DataError(
            f"Expected one finite transformed time per event time ({prepared.n_bins}), found shape "
            f"{g.shape}. Pass the result of transform_times."
        )
    return g


def _bin_contributions(prepared: Prepared, b: Floats, cols: Integers) -> tuple[Floats, Floats]:
    """Score (K, p) and information (K, p, p) that each event time contributes (standardised)."""
    panel = prepared.panel
    p = cols.size
    unit = b[cols] * prepared.scale[cols]
    total, tied = bin_sums(panel, cols, panel.weights, unit, full=True)
    t = tie_terms(panel, panel.weights, total[:, 0], tied[:, 0], prepared.ties == "efron")
    a, d = total[:, 1 : 1 + p], tied[:, 1 : 1 + p]
    rows = panel.event_rows
    weighted = panel.columns[np.ix_(cols, rows)] * prepared.row_weights[rows]
    bins = _event_bins(prepared)
    score: Floats = np.stack(
        [np.bincount(bins, line, minlength=prepared.n_bins) for line in weighted], 1
    ).astype(float)
    score -= a * t.c1[:, None] - d * t.c2[:, None]
    second = np.zeros((prepared.n_bins, p, p))
    i, j = np.tril_indices(p)
    second[:, i, j] = total[:, 1 + p :] * t.c1[:, None] - tied[:, 1 + p :] * t.c2[:, None]
    second[:, j, i] = second[:, i, j]
    cross = np.einsum("k,ki,kj->kij", t.e2, a, d)
    second -= np.einsum("k,ki,kj->kij", t.e1, a, a) - cross - cross.transpose(0, 2, 1)
    second -= np.einsum("k,ki,kj->kij", t.e3, d, d)
    return score, second


def _same_time(g: Floats, residuals: Floats) -> NDArray[np.bool_]:
    """Columns whose residuals are nil but where g(time) is the same: nothing is tested there."""
    size = np.abs(residuals)
    tells = size > 1e-12 * size.max(axis=0, initial=0.0)
    high = np.where(tells, g[:, None], -np.inf).max(axis=0)
    low = np.where(tells, g[:, None], np.inf).min(axis=0)
    return np.asarray(~(high > low))


def grambsch_therneau(
    prepared: Prepared,
    beta: ArrayLike,
    covariance: ArrayLike,
    times: ArrayLike,
    *,
    at_most: float = np.inf,
) -> GrambschTherneau:
    """Grambsch and Therneau's (1994) test with average information, as printed before survival 3.

    With the robust (clustered) covariance it is what Stata's ``estat phtest`` and R's older
    ``cox.zph`` gave and what Box-Steffensmeier and Zorn (2001) print.

    Parameters
    ----------
    prepared, beta
        The data and the fitted coefficients; those that are NaN (aliased) give NaN.
    covariance : array-like, shape (p, p)
        The covariance that scales the residuals, model-based or robust with its factor.
    times : array-like, shape (K,)
        g(time) of each event time.
    at_most : float
        Highest rank that the covariance can have; its rank is the global test's degrees.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare, fit
    >>> data = prepare([0] * 5, [1, 2, 3, 4, 5], [1] * 5, [[0.0], [1.0], [1.0], [0.0], [1.0]])
    >>> result = fit(data)
    >>> test = grambsch_therneau(data, result.coefficients, result.covariance, data.event_times)
    >>> bool(-1 <= test.rho[0] <= 1)
    True
    """
    b = np.asarray(beta, dtype=float)
    cols = np.flatnonzero(~np.isnan(b))
    V = np.asarray(covariance, dtype=float)[np.ix_(cols, cols)]
    g = _bin_values(prepared, times)[_event_bins(prepared)]
    level = float(np.abs(g).max())
    g = g - g.mean()
    g[np.abs(g) <= _SAME_TIME * level] = 0.0
    plain = schoenfeld(prepared, b).residuals[:, cols]
    d = g.size
    scaled = d * plain @ V
    rho, statistic = np.full(b.size, np.nan), np.full(b.size, np.nan)
    centred = scaled - scaled.mean(axis=0)
    rank = joint_test(np.zeros(cols.size), V, at_most=at_most)
    u = g @ plain
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.sqrt((centred**2).sum(axis=0) * (g @ g))
        rho[cols] = (g @ centred) / spread
        statistic[cols] = (g @ scaled) ** 2 / (d * np.diag(V) * (g @ g))
        total = float(d * u @ V @ u / (g @ g)) if rank.df and rank.positive else float("nan")
    moot = ~(np.diag(V) > 0) | _same_time(g, plain)
    rho[cols[moot]] = statistic[cols[moot]] = np.nan
    if moot.all():
        total = float("nan")
    return GrambschTherneau(
        rho, statistic, _chi2_p(statistic, 1), total, rank.df, float(_chi2_p(total, rank.df))
    )
