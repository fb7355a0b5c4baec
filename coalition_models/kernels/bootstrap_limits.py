"""Influence values, acceleration and bootstrap limits of a statistic of weights.

BCa is of Efron (1987), ABC of DiCiccio and Efron (1992); several samples as in Davison and Hinkley
(1997, ch. 2 and 5). A statistic takes one weight per observation, which sum to one by sample.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from coalition_models.errors import DataError

__all__ = ["abc_limits", "acceleration", "bca_limits", "influence_values"]

Floats = npt.NDArray[np.float64]
Statistic = Callable[[Floats], float]

#: step of the numerical derivatives, as a share of one over the number of observations
_STEP = 0.001


def influence_values(statistic: Statistic, samples: npt.ArrayLike) -> Floats:
    """Empirical influence values: derivatives of a statistic towards each observation.

    Parameters
    ----------
    statistic : callable
        From weights, shape (n,), to a number.
    samples : array-like, shape (n,)
        Which sample each observation is of; one label for all where there is one sample.

    Returns
    -------
    array, shape (n,)

    Examples
    --------
    >>> values = np.array([1.0, 2.0, 6.0])
    >>> influence_values(lambda w: float(w @ values), [0, 0, 0]).round(6).tolist()
    [-2.0, -1.0, 3.0]
    """
    start, _ = _start(samples)
    base, step = statistic(start), _STEP / len(start)
    labels = np.asarray(samples)
    found = np.empty(len(start))
    for at in range(len(start)):
        found[at] = (statistic(_towards(start, labels, at, step)) - base) / step
    return found


def _start(samples: npt.ArrayLike) -> tuple[Floats, Floats]:
    labels = np.asarray(samples)
    if labels.ndim != 1 or len(labels) < 2:
        raise DataError("samples must be a list with a label for each of two observations or more")
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    sizes: Floats = counts[codes].astype(float)
    return 1 / sizes, sizes


def _towards(start: Floats, labels: npt.NDArray[np.generic], at: int, step: float) -> Floats:
    """Weights moved towards one observation of its sample, or away with a step below zero."""
    found = np.where(labels == labels[at], (1 - step) * start, start)
    found[at] += step
    return found


def acceleration(influence: npt.ArrayLike) -> float:
    """Skewness of influence values over six: ``sum L^3 / (6 (sum L^2)^1.5)``.

    Parameters
    ----------
    influence : array-like
        Influence values, or the mean of the estimates without each observation less each of them.

    Examples
    --------
    >>> acceleration([-1.0, 0.0, 1.0])
    0.0
    """
    values = np.asarray(influence, dtype=float)
    spread = float((values**2).sum())
    if not spread > 0:
        raise DataError("all influence values are zero or missing: nothing moves the statistic")
    return float((values**3).sum() / (6 * spread**1.5))


def bca_limits(
    estimate: float, draws: npt.ArrayLike, influence: npt.ArrayLike, *, level: float = 0.95
) -> tuple[float, float]:
    """Bias-corrected and accelerated limits from draws of an estimate.

    Draws may be infinite: only their order counts. Half of those equal to the estimate count as
    below it. Limits are missing where all draws lie on one side.

    Examples
    --------
    >>> draws = np.linspace(-1, 1, 2001)
    >>> low, high = bca_limits(0.0, draws, [-1.0, 0.0, 1.0])
    >>> round(low, 2), round(high, 2)
    (-0.95, 0.95)
    """
    values = np.asarray(draws, dtype=float)
    skew = acceleration(influence)
    below = float((values < estimate).mean() + (values == estimate).mean() / 2)
    if not 0 < below < 1:
        return float("nan"), float("nan")
    bias = stats.norm.ppf(below)
    reach = bias + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2])
    shares = stats.norm.cdf(bias + reach / (1 - skew * reach))
    low, high = np.quantile(values, shares, method="inverted_cdf")
    return float(low), float(high)


def abc_limits(
    statistic: Statistic, samples: npt.ArrayLike, *, level: float = 0.95
) -> tuple[float, float]:
    """Approximate bootstrap limits (ABC) of a smooth statistic, without a draw.

    Parameters
    ----------
    statistic : callable
        From weights, shape (n,), to a number.
    samples : array-like, shape (n,)
        As in :func:`influence_values`.
    level : float

    Examples
    --------
    >>> values = np.arange(10.0)
    >>> low, high = abc_limits(lambda w: float(w @ values), [0] * 10)
    >>> round(low, 2), round(high, 2)
    (2.72, 6.28)
    """
    start, sizes = _start(samples)
    labels = np.asarray(samples)
    base, step = statistic(start), _STEP / len(start)
    one, two = np.empty(len(start)), np.empty(len(start))
    for at in range(len(start)):
        up = statistic(_towards(start, labels, at, step))
        down = statistic(_towards(start, labels, at, -step))
        one[at], two[at] = (up - down) / (2 * step), (up - 2 * base + down) / step**2
    scaled = one / sizes
    sigma = float(np.sqrt((scaled**2).sum()))
    if not sigma > 0:
        raise DataError("nothing moves the statistic: its influence values are all zero")
    skew = float((scaled**3).sum() / (6 * sigma**3))
    curve = float((two / sizes**2).sum() / 2)
    along = scaled / (sizes * sigma)
    bend = statistic(start + step * along) - 2 * base + statistic(start - step * along)
    apart = curve / sigma - bend / (2 * step**2 * sigma)
    # the first-order form of the bias correction, which differs from the exact one in third order
    bias = skew - apart
    ends = []
    for reach in bias + stats.norm.ppf([(1 - level) / 2, (1 + level) / 2]):
        ends.append(statistic(start + reach / (1 - skew * reach) ** 2 * along))
    return float(ends[0]), float(ends[1])
