"""Cox regression with Firth's penalty: finite estimates where the likelihood is monotone.

Half the log determinant of the information is added to the log-likelihood (Heinze and Schemper
2001), which takes away the first-order bias and keeps every coefficient finite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from coalition_models.errors import DataError, FitError
from coalition_models.kernels._newton import aliased_columns, inverse
from coalition_models.kernels._panel import Floats, Integers, Panel, Prepared
from coalition_models.kernels._sums import (
    bin_sums,
    derivatives,
    event_totals,
    log_terms,
    predictor,
    risk_totals,
)

__all__ = ["FirthFit", "fit_firth", "penalised_test", "profile_intervals"]

_LONGEST = 5.0  # longest step of a coefficient, in standard deviations of its covariate, inverted


@dataclass(frozen=True)
class FirthFit:
    """A penalised fit on the user's scale; aliased columns are NaN.

    ``covariance`` is the inverse information (of the plain likelihood) at the penalised estimate,
    as in R's ``coxphf``; intervals are better taken from ``profile_intervals``. ``gradient_norm``
    is the length of the next step in standard errors.
    """

    coefficients: Floats
    covariance: Floats
    penalised_log_likelihood: float
    penalised_log_likelihood_null: float
    log_likelihood: float
    iterations: int
    converged: bool
    gradient_norm: float
    aliased: NDArray[np.bool_]


@dataclass(frozen=True)
class _Point:
    """The penalised log-likelihood somewhere, standardised scale."""

    beta: Floats
    value: float
    score: Floats
    information: Floats
    log_likelihood: float


@dataclass(frozen=True)
class _Climb:
    top: _Point
    iterations: int
    decrement: float
    converged: bool


class _Penalised:
    """Evaluates the penalised log-likelihood of chosen columns."""

    def __init__(self, prepared: Prepared, cols: Integers) -> None:
        self.panel, self.cols = prepared.panel, cols
        self.efron = prepared.ties == "efron"
        self.terms = log_terms(self.panel, self.panel.weights, self.efron)
        self.X = np.ascontiguousarray(self.panel.columns[cols])

    def __call__(self, beta: Floats) -> _Point:
        panel = self.panel
        plain = derivatives(panel, self.cols, panel.weights, beta, self.efron)
        bread = inverse(plain.information)
        if bread is None or not np.isfinite(plain.log_likelihood):
            return _Point(beta, -np.inf, plain.score, plain.information, plain.log_likelihood)
        _, logdet = np.linalg.slogdet(plain.information)
        pull = _penalty_score(panel, self.cols, self.X, self.terms, beta, bread)
        return _Point(
            beta,
            plain.log_likelihood + 0.5 * float(logdet),
            plain.score + 0.5 * pull,
            plain.information,
            plain.log_likelihood,
        )


def _penalty_score(
    panel: Panel,
    cols: Integers,
    X: Floats,
    terms: tuple[Integers, Floats, Floats],
    beta: Floats,
    bread: Floats,
) -> Floats:
    """Derivative of log |I|: the trace of inverse information times its derivative.

    The derivative of a term's covariance matrix is its third central moment, so the trace needs
    only the moments of x and of the quadratic form q = x' I^-1 x, and of q x.
    """
    bins, w, f = terms
    p = beta.size
    risk = np.exp(predictor(panel, cols, beta))
    if panel.weights.size:
        risk *= panel.weights
    quadratic = risk * ((bread @ X) * X).sum(axis=0)
    total, tied = bin_sums(panel, cols, panel.weights, beta, full=True)
    extra = [quadratic, *(quadratic * line for line in X)]
    total = np.column_stack([total, *(risk_totals(panel, v) for v in extra)])
    tied = np.column_stack([tied, *(event_totals(panel, v) for v in extra)])
    moments = total[bins] - f[:, None] * tied[bins]
    moments /= moments[:, :1]
    mean = moments[:, 1 : 1 + p]
    i, j = np.tril_indices(p)
    second = np.zeros((bins.size, p, p))
    second[:, i, j] = second[:, j, i] = moments[:, 1 + p : 1 + p + i.size]
    q, qx = moments[:, -p - 1], moments[:, -p:]
    moved = mean @ bread
    third = qx - mean * q[:, None] - 2.0 * np.einsum("kij,kj->ki", second, moved)
    third += 2.0 * mean * np.einsum("ki,ki->k", mean, moved)[:, None]
    return np.asarray(w @ third)


def _climb(
    evaluate: _Penalised,
    start: Floats,
    free: Integers,
    *,
    tolerance: float,
    max_iterations: int,
    refine: bool,
) -> _Climb:
    """Maximise over the ``free`` coefficients; the information serves as curvature.

    Close to the top ``refine`` takes the exact curvature, by differences of the score, which makes
    the last steps quadratic.
    """
    here = evaluate(start)
    decrement, before, iteration = np.inf, np.inf, 0
    for iteration in range(1, max_iterations + 1):
        bread = inverse(here.information[np.ix_(free, free)])
        if bread is None or not np.isfinite(here.value):
            return _Climb(here, iteration, np.inf, False)
        score = here.score[free]
        step = bread @ score
        decrement = float(np.sqrt(max(float(score @ step), 0.0)))
        stalled = decrement <= 1e-6 and decrement > 0.5 * before
        if decrement <= tolerance or stalled:
            return _Climb(here, iteration, decrement, True)
        before = decrement
        if refine and decrement < 0.05:
            step = _exact_step(evaluate, here, free, step)
        there = _halve(evaluate, here, free, step)
        if there is None:
            return _Climb(here, iteration, decrement, decrement <= 1e-6)
        here = there
    return _Climb(here, iteration, decrement, False)


def _exact_step(evaluate: _Penalised, here: _Point, free: Integers, default: Floats) -> Floats:
    width = 1e-4
    curvature = np.empty((free.size, free.size))
    for at, j in enumerate(free):
        shift = np.zeros(here.beta.size)
        shift[j] = width
        up, down = evaluate(here.beta + shift), evaluate(here.beta - shift)
        curvature[:, at] = (down.score[free] - up.score[free]) / (2 * width)
    bread = inverse((curvature + curvature.T) / 2)
    return default if bread is None else np.asarray(bread @ here.score[free])


def _halve(evaluate: _Penalised, here: _Point, free: Integers, step: Floats) -> _Point | None:
    move = np.zeros(here.beta.size)
    longest = float(np.abs(step).max())
    move[free] = step * min(1.0, _LONGEST / longest) if longest > 0 else step
    slack = 1e-13 * (1.0 + abs(here.value))
    for _ in range(30):
        there = evaluate(here.beta + move)
        if np.isfinite(there.value) and there.value >= here.value - slack:
            return there
        move /= 2
    return None


def _active(prepared: Prepared) -> Integers:
    p = prepared.n_columns
    panel = prepared.panel
    null = derivatives(panel, np.arange(p), panel.weights, np.zeros(p), prepared.ties == "efron")
    mass = float(prepared.row_weights[panel.event_rows].sum())
    cols = np.flatnonzero(~aliased_columns(null.information, mass))
    if not cols.size:
        raise FitError(
            "Firth's penalty needs a covariate that differs within a risk set; found none among "
            f"{p} column(s). Add a covariate that varies among members at risk."
        )
    return cols


def fit_firth(
    prepared: Prepared, *, max_iterations: int = 200, tolerance: float = 1e-10
) -> FirthFit:
    """Maximise the likelihood with Firth's penalty.

    Late entry, strata, weights, offset and both tie rules are those of ``prepare``; the penalty is
    the determinant of the information of that same likelihood.

    Raises
    ------
    FitError
        If no column differs within any risk set.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0], [1, 2], [1, 1], [[1.0], [0.0]])  # separated: plain Cox is infinite
    >>> fit_firth(data).coefficients.round(4)  # log 3, by hand
    array([1.0986])
    """
    cols = _active(prepared)
    evaluate = _Penalised(prepared, cols)
    everything = np.arange(cols.size)
    climb = _climb(
        evaluate,
        np.zeros(cols.size),
        everything,
        tolerance=tolerance,
        max_iterations=max_iterations,
        refine=True,
    )
    bread = inverse(climb.top.information)
    unit = prepared.scale[cols]
    p = prepared.n_columns
    coefficients, covariance = np.full(p, np.nan), np.full((p, p), np.nan)
    coefficients[cols] = climb.top.beta / unit
    if bread is not None:
        covariance[np.ix_(cols, cols)] = bread / np.outer(unit, unit)
    aliased = np.ones(p, dtype=bool)
    aliased[cols] = False
    rescale = float(np.log(unit).sum())
    return FirthFit(
        coefficients=coefficients,
        covariance=covariance,
        penalised_log_likelihood=climb.top.value + rescale,
        penalised_log_likelihood_null=evaluate(np.zeros(cols.size)).value + rescale,
        log_likelihood=climb.top.log_likelihood,
        iterations=climb.iterations,
        converged=climb.converged,
        gradient_norm=climb.decrement,
        aliased=aliased,
    )


def profile_intervals(
    prepared: Prepared,
    firth: FirthFit,
    *,
    level: float = 0.95,
    columns: Sequence[int] | None = None,
) -> Floats:
    """Interval of each coefficient from the profile of the penalised likelihood, shape (p, 2).

    Bounds are where the profile has fallen by half the chi-square quantile; infinite where it never
    does, NaN for columns not asked for or aliased.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[1.0], [1.0], [0.0], [0.0]])
    >>> low, high = profile_intervals(data, fit_firth(data))[0]
    >>> bool(low < fit_firth(data).coefficients[0] < high)
    True
    """
    if not 0 < level < 1:
        raise DataError(f"level must lie between 0 and 1, found {level}.")
    cols = np.flatnonzero(~firth.aliased)
    wanted = set(range(prepared.n_columns) if columns is None else columns)
    evaluate = _Penalised(prepared, cols)
    top = evaluate(firth.coefficients[cols] * prepared.scale[cols])
    from scipy.special import chdtri  # slow to import, and few fits need it

    drop = float(np.sqrt(chdtri(1, 1 - level)))
    out = np.full((prepared.n_columns, 2), np.nan)
    for at, column in enumerate(cols):
        if int(column) in wanted:
            bounds = [_bound(evaluate, top, at, drop, side) for side in (-1, 1)]
            out[column] = np.array(bounds) / prepared.scale[column]
    return out


def _bound(evaluate: _Penalised, top: _Point, at: int, drop: float, side: int) -> float:
    """Where the signed root of the profile's fall reaches ``drop``: safeguarded Newton steps.

    That root is nearly a straight line in the coefficient, so that few steps are needed.
    """
    bread = inverse(top.information)
    if bread is None:
        return float("nan")
    error = float(np.sqrt(bread[at, at]))
    free = np.delete(np.arange(top.beta.size), at)
    inner, outer = 0.0, np.inf
    distance, warm = drop * error, top.beta
    for _ in range(100):
        here = _profile(evaluate, warm, at, free, top.beta[at] + side * distance)
        if here is None:  # too far out to be computed: certainly beyond the bound
            outer = distance
            distance = (inner + outer) / 2
            continue
        warm = here.beta
        root = float(np.sqrt(max(2 * (top.value - here.value), 0.0)))
        if abs(root - drop) <= 1e-9:
            return float(here.beta[at])
        inner, outer = (distance, outer) if root < drop else (inner, distance)
        slope = -side * float(here.score[at]) / root if root > 0 else 0.0
        guess = distance + (drop - root) / slope if slope > 0 else 2 * distance
        limit = min(4 * distance, outer)
        distance = guess if inner < guess < limit else (inner + limit) / 2
        if distance > 1e4 * error:
            return side * float("inf")
        if np.isfinite(outer) and outer - inner <= 1e-12 * outer:
            return float(here.beta[at])
    return float("nan")


def _profile(
    evaluate: _Penalised, warm: Floats, at: int, free: Integers, value: float
) -> _Point | None:
    """Maximum over the ``free`` coefficients with one held, or None where it cannot be reached."""
    start = warm.copy()
    start[at] = value
    if not free.size:
        here = evaluate(start)
        return here if np.isfinite(here.value) else None
    climb = _climb(evaluate, start, free, tolerance=1e-6, max_iterations=200, refine=False)
    return climb.top if climb.converged else None


def penalised_test(
    prepared: Prepared, firth: FirthFit, columns: Sequence[int]
) -> tuple[float, int]:
    """Penalised likelihood-ratio statistic of some coefficients being zero, and its df.

    Their columns stay in the penalty, as in ``coxphf``.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0] * 4, [1, 2, 3, 4], [1] * 4, [[1.0], [1.0], [0.0], [0.0]])
    >>> penalised_test(data, fit_firth(data), [0])[1]
    1
    """
    cols = np.flatnonzero(~firth.aliased)
    tested = np.isin(cols, np.asarray(columns, dtype=int))
    if not tested.any():
        raise DataError(
            f"Columns {list(columns)} are not in the penalised fit. Test columns it estimated."
        )
    evaluate = _Penalised(prepared, cols)
    beta = firth.coefficients[cols] * prepared.scale[cols]
    top = evaluate(beta)
    start, free = np.where(tested, 0.0, beta), np.flatnonzero(~tested)
    if free.size:
        restricted = _climb(
            evaluate, start, free, tolerance=1e-8, max_iterations=200, refine=True
        ).top
    else:
        restricted = evaluate(start)
    return 2 * (top.value - restricted.value), int(tested.sum())
