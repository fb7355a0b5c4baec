"""Events by time at risk: exact limits, ratios of two rates, groups drawn anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["drawn_limits", "exact_limits", "ratio_limits"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def exact_limits(events: npt.ArrayLike, level: float) -> tuple[Floats, Floats]:
    """Limits of the mean of a Poisson count (Garwood 1936).

    Parameters
    ----------
    events : array-like
        Whole numbers of 0 or more.
    level : float

    Examples
    --------
    >>> low, high = exact_limits([0, 3], 0.95)
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.6187], [3.6889, 8.7673])
    """
    count = np.asarray(events, dtype=float)
    tail = (1 - level) / 2
    low = np.where(count > 0, special.gammaincinv(np.maximum(count, 1), tail), 0.0)
    return low, special.gammaincinv(count + 1, 1 - tail)


def ratio_limits(
    events: tuple[int, int], time: tuple[float, float], level: float
) -> tuple[float, float, float]:
    """Ratio of the first rate to the second, with exact limits given the sum of events.

    Given their sum the first count is binomial, so that limits of its share (Clopper and Pearson
    1934) are limits of the ratio. A ratio to a rate of 0 is infinite; of two there is none.

    Examples
    --------
    >>> [round(float(x), 4) for x in ratio_limits((11, 3), (800.0, 1083.0), 0.95)]
    [4.9638, 1.3112, 27.7096]
    """
    first, second = events
    if first + second == 0:
        return np.nan, 0.0, np.inf
    scale = time[1] / time[0]
    tail = (1 - level) / 2
    low = special.betaincinv(first, second + 1, tail) if first else 0.0
    high = special.betaincinv(first + 1, second, 1 - tail) if second else 1.0
    ratio = first / second * scale if second else np.inf
    return ratio, low / (1 - low) * scale, high / (1 - high) * scale if high < 1 else np.inf


def drawn_limits(
    events: Floats, time: Floats, draws: int, level: float, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Percentile limits of rates when whole clusters are drawn with replacement.

    Parameters
    ----------
    events, time : array, shape (clusters, groups)
        What each cluster brings to each group; a cluster may be in several.
    draws : int
    level : float
    rng : Generator

    Returns
    -------
    tuple of array, shape (groups,)
        Missing for a group with fewer than two clusters that have an event: its draws say nothing.

    Examples
    --------
    >>> events = np.array([[1.0], [0.0], [2.0]])
    >>> low, high = drawn_limits(events, np.full((3, 1), 10.0), 500, 0.95, np.random.default_rng(1))
    >>> low.tolist(), high.tolist()
    ([0.0], [0.2])
    """
    clusters = len(events)
    weights = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = (weights @ events) / (weights @ time)
    tail = (1 - level) / 2
    out = np.full((2, events.shape[1]), np.nan)
    for at in np.flatnonzero((events > 0).sum(axis=0) >= 2):
        seen = rates[np.isfinite(rates[:, at]), at]
        out[:, at] = np.quantile(seen, [tail, 1 - tail])
    return out[0], out[1]
