"""Baseline hazard, and the hazard a member accumulates along a path of covariates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.errors import DataError, first_few
from coalition_models.kernels._panel import Floats, Integers, Prepared
from coalition_models.kernels._sums import bin_sums, tie_terms

__all__ = [
    "BaselineHazard",
    "HazardSteps",
    "PathSurvival",
    "baseline_hazard",
    "hazard_steps",
    "path_survival",
]

#: times that differ by no more than this share of themselves differ by rounding only
_ROUNDING = 1.5e-8


@dataclass(frozen=True)
class BaselineHazard:
    """Increments of the baseline hazard at each event time of each stratum (K,).

    ``hazard`` and its running sum ``cumulative`` hold at covariates ``reference`` and offset zero;
    ``variance`` is the increments' own variance with the coefficients held fixed.
    """

    times: Floats
    strata: Integers
    hazard: Floats
    cumulative: Floats
    variance: Floats
    reference: Floats


@dataclass(frozen=True)
class PathSurvival:
    """Predicted cumulative hazard along a path, at each event time it passes.

    ``variance`` is that of the cumulative hazard, hence of -log survival, from the coefficients and
    the baseline together.
    """

    times: Floats
    cumulative_hazard: Floats
    variance: Floats

    @property
    def survival(self) -> Floats:
        """Probability of no event yet."""
        return np.asarray(np.exp(-self.cumulative_hazard))


@dataclass(frozen=True)
class _Increments:
    """Per bin, at the centre of its stratum: hazard, its variance, its pull on the mean."""

    hazard: Floats
    variance: Floats
    drift: Floats  # (K, p) on the user's scale, centred


def _increments(prepared: Prepared, b: Floats) -> _Increments:
    panel = prepared.panel
    cols = np.arange(prepared.n_columns)
    total, tied = bin_sums(panel, cols, panel.weights, b * prepared.scale, full=False)
    t = tie_terms(panel, panel.weights, total[:, 0], tied[:, 0], prepared.ties == "efron")
    drift = total[:, 1:] * t.e1[:, None] - tied[:, 1:] * t.e2[:, None]
    shift = np.exp(-prepared.offset_centre)
    return _Increments(t.c1 * shift, t.e1 * shift**2, drift * prepared.scale * shift)


def baseline_hazard(
    prepared: Prepared, beta: ArrayLike, *, at: ArrayLike | None = None
) -> BaselineHazard:
    """Baseline hazard by stratum and event time, with the fit's own rule for ties.

    Breslow's estimator under Breslow ties, Efron's under Efron ties, as R's ``basehaz``.

    Parameters
    ----------
    prepared, beta
        The data and the fitted coefficients; those that are NaN (aliased) count as zero.
    at : array-like, shape (p,), optional
        Covariates of the baseline; the mean of the rows at risk by default. R centres at the mean
        of all rows (``centered = TRUE``) or at zero (``centered = FALSE``), and at the mean offset;
        here the offset is zero.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> baseline_hazard(data, [0.0]).cumulative.round(4).tolist()
    [0.3333, 0.8333, 1.8333]
    """
    b = np.nan_to_num(np.asarray(beta, dtype=float), nan=0.0)
    reference = prepared.centre if at is None else np.asarray(at, dtype=float)
    if reference.shape != (prepared.n_columns,):
        raise DataError(
            f"Expected {prepared.n_columns} covariate values for the baseline, found shape "
            f"{reference.shape}. Pass one per column."
        )
    found = _increments(prepared, b)
    away = np.array([(reference - centre) @ b for centre in prepared.stratum_centres])
    with np.errstate(over="ignore"):  # strata so far apart that a hazard is beyond all numbers
        risk = np.exp(away)[prepared.event_strata]
        hazard = found.hazard * risk
        variance = found.variance * risk**2
    # Anew in each stratum: a difference of sums over all would lose the digits of small hazards.
    opens = np.flatnonzero(np.diff(prepared.event_strata)) + 1
    cumulative = np.concatenate([np.cumsum(part) for part in np.split(hazard, opens)])
    return BaselineHazard(
        times=prepared.event_times,
        strata=prepared.event_strata,
        hazard=hazard,
        cumulative=cumulative,
        variance=variance,
        reference=reference,
    )


def path_survival(
    prepared: Prepared,
    beta: ArrayLike,
    covariance: ArrayLike,
    path_start: ArrayLike,
    path_stop: ArrayLike,
    path_X: ArrayLike,
    *,
    stratum: object | None = None,
    path_offset: ArrayLike | None = None,
) -> PathSurvival:
    """Cumulative hazard of a member whose covariates change along a path, with variance.

    The hazard is that of R's ``survfit(fit, newdata, id = )``. The variance is the delta method's:
    each piece of the path pulls with its own covariates over its own time. R (survival 3.5) lets
    the covariates of the latest piece pull from time zero on, so its standard errors agree with
    these where the covariates stay constant from time zero, and not where they change.

    Parameters
    ----------
    prepared, beta
        The data and the fitted coefficients; those that are NaN (aliased) count as zero.
    covariance : array-like, shape (p, p)
        Of the coefficients, model-based or robust.
    path_start, path_stop : array-like, shape (m,)
        Pieces of the path, on the clock of the fit, in order; gaps add no hazard, as in R. Whether
        that is meant is for the caller to say: ``predict_survival`` refuses them.
    path_X : array-like, shape (m, p)
        Covariates in each piece.
    stratum : label, optional
        Whose baseline to use; needed where the fit has strata.
    path_offset : array-like, shape (m,), optional
        Offset in each piece, zero by default.

    Raises
    ------
    DataError
        If pieces overlap or run backwards, or the stratum is unknown or has no event.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> path = path_survival(data, [0.0], [[1.0]], [0, 1], [1, 2], [[0.0], [1.0]])
    >>> path.times.tolist(), path.cumulative_hazard.round(4).tolist()
    ([1.0, 2.0], [0.3333, 0.8333])
    """
    b = np.nan_to_num(np.asarray(beta, dtype=float), nan=0.0)
    V = np.nan_to_num(np.asarray(covariance, dtype=float), nan=0.0)
    X = np.asarray(path_X, dtype=float)
    begin, end = np.asarray(path_start, dtype=float), np.asarray(path_stop, dtype=float)
    offset = np.zeros(begin.size) if path_offset is None else np.asarray(path_offset, dtype=float)
    _check_path(begin, end, X, offset, prepared.n_columns)
    bins = _stratum_bins(prepared, stratum)
    times = prepared.event_times[bins]
    # Times that differ from an event time by rounding only count as equal to it.
    slack = _ROUNDING * max(1.0, float(np.abs(times).mean()))
    low = np.searchsorted(times, begin + slack, side="right")
    high = np.searchsorted(times, end + slack, side="right")
    piece = np.repeat(np.arange(begin.size), high - low)
    passed = np.concatenate([np.arange(i, j) for i, j in zip(low, high, strict=True)] or [low[:0]])
    found = _increments(prepared, b)
    at = bins[passed.astype(np.int64)]
    centred = X - prepared.stratum_centres[prepared.event_strata[bins[0]]]
    risk = np.exp(centred @ b + offset)[piece]
    pull = risk[:, None] * (centred[piece] * found.hazard[at][:, None] - found.drift[at])
    pull = np.cumsum(pull, axis=0)
    own = np.cumsum(risk**2 * found.variance[at])
    return PathSurvival(
        times=prepared.event_times[at],
        cumulative_hazard=np.cumsum(risk * found.hazard[at]),
        variance=own + np.einsum("ki,ij,kj->k", pull, V, pull),
    )


@dataclass(frozen=True)
class HazardSteps:
    """Event times of one stratum (K,), and the hazard there at the stratum's centre.

    ``variance`` (K,) is the hazard's own, ``drift`` (K, p) the hazard times the mean of the rows at
    risk less the centre, ``shift`` (p,) the covariates asked for less the centre.
    """

    times: Floats
    hazard: Floats
    variance: Floats
    drift: Floats
    shift: Floats


def hazard_steps(
    prepared: Prepared, beta: Floats, x: Floats, stratum: object | None
) -> HazardSteps:
    """Steps of the hazard from which that of covariates ``x`` (p,) is made.

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> hazard_steps(data, np.zeros(1), np.ones(1), None).hazard.round(4).tolist()
    [0.3333, 0.5, 1.0]
    """
    bins = _stratum_bins(prepared, stratum)
    found = _increments(prepared, np.nan_to_num(beta, nan=0.0))
    centre = prepared.stratum_centres[prepared.event_strata[bins[0]]]
    return HazardSteps(
        prepared.event_times[bins],
        found.hazard[bins],
        found.variance[bins],
        found.drift[bins],
        x - centre,
    )


def _check_path(begin: Floats, end: Floats, X: Floats, offset: Floats, p: int) -> None:
    n = begin.size
    if not (end.shape == offset.shape == (n,) and X.shape == (n, p)):
        raise DataError(
            f"Expected one start, stop and offset and {p} covariates per piece of the path; found "
            f"shapes {begin.shape}, {end.shape}, {offset.shape} and {X.shape}."
        )
    if not (np.isfinite(begin).all() and np.isfinite(end).all() and np.isfinite(X).all()):
        raise DataError("A path needs finite times and covariates; complete or drop its pieces.")
    reverse = np.flatnonzero(begin >= end)
    meet = end[:-1] - _ROUNDING * np.maximum(np.abs(end[:-1]), 1.0)
    overlap = np.flatnonzero(begin[1:] < meet) + 1
    if reverse.size or overlap.size:
        raise DataError(
            "A path's pieces must each run forwards and follow one another; found start not before "
            f"stop in piece(s) [{first_few(reverse)}], overlap at piece(s) [{first_few(overlap)}]. "
            "Sort the pieces by time and split them where they overlap."
        )


def _stratum_bins(prepared: Prepared, stratum: object | None) -> Integers:
    if not prepared.stratum_codes.size:
        if stratum is not None:
            raise DataError(f"The fit has no strata, found stratum {stratum!r}; leave it out.")
        return np.arange(prepared.n_bins)
    known = prepared.stratum_values.tolist()
    if stratum not in known:
        raise DataError(
            f"Expected one of the fit's strata ({first_few(known)}), found {stratum!r}. "
            "Name the stratum whose baseline is to be used."
        )
    bins = np.flatnonzero(prepared.event_strata == known.index(stratum))
    if not bins.size:
        raise DataError(f"Stratum {stratum!r} has no event, hence no baseline. Choose another.")
    return bins
