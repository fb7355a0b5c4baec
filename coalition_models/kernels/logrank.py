"""Events of each group against those expected if all had the same hazard."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalition_models.kernels._panel import Floats, Integers

__all__ = ["Differences", "group_differences"]


@dataclass(frozen=True)
class Differences:
    """Events observed and expected by group (K,), and the covariance of their difference (K, K)."""

    observed: Floats
    expected: Floats
    covariance: Floats


def group_differences(
    start: Floats,
    stop: Floats,
    event: Floats,
    groups: Integers,
    strata: Integers | None = None,
) -> Differences:
    """Sum observed less expected events over event times, with the hypergeometric covariance.

    At a time with d events among n at risk, of whom n_k are of group k, d n_k / n are expected,
    with covariance d (n - d) / (n - 1) times that of one draw. This is the score, and its
    information, at zero of the exact partial likelihood with a column per group.

    Examples
    --------
    >>> stop, event = np.array([1.0, 2.0, 3.0, 4.0]), np.ones(4)
    >>> found = group_differences(np.zeros(4), stop, event, np.array([0, 1, 0, 1]))
    >>> found.observed.tolist(), found.expected.round(3).tolist()
    ([2.0, 2.0], [1.333, 2.667])
    """
    count = int(groups.max()) + 1
    layers = np.zeros(len(stop), dtype=np.int64) if strata is None else strata
    observed = np.bincount(groups, event, count).astype(float)
    expected, covariance = np.zeros(count), np.zeros((count, count))
    for layer in np.unique(layers[event == 1]):
        mine = layers == layer
        times, d = np.unique(stop[mine & (event == 1)], return_counts=True)
        n_k = np.empty((len(times), count))
        for group in range(count):
            own = mine & (groups == group)
            begun = np.searchsorted(np.sort(start[own]), times)
            n_k[:, group] = begun - np.searchsorted(np.sort(stop[own]), times)
        n = n_k.sum(axis=1)
        share = n_k / n[:, None]
        expected += d @ share
        spread = np.where(n > 1, d * (n - d) / np.maximum(n - 1, 1), 0.0)
        covariance += np.diag(spread @ share) - (share * spread[:, None]).T @ share
    return Differences(observed, expected, covariance)
