"""Joint tests by a covariance that need not have full rank: few clusters, constant times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

__all__ = ["JointTest", "joint_test", "variances_along"]

#: a variance below this share of its own size, given those before it, is rounding error
_ROUNDING = 1e-12
#: a sum holds a coefficient whose weight is not below this share of its largest
_NOTHING = 1e-8


@dataclass(frozen=True)
class JointTest:
    """``statistic`` on ``df`` degrees of freedom, the rank of the covariance.

    ``positive`` tells whether the covariance is one: without a negative variance in any direction.
    The statistic is NaN where it is not, where a value is missing and where the rank is nil.
    """

    statistic: float
    df: int
    positive: bool


def joint_test(
    values: ArrayLike,
    covariance: ArrayLike,
    *,
    size: ArrayLike | None = None,
    at_most: float = np.inf,
) -> JointTest:
    """Quadratic form of ``values`` in the inverse of their covariance, of whatever rank.

    Where the covariance has no full rank, values that depend on those before them are left out,
    as in R's ``coxph.wtest``; the statistic is then that of the others.

    Parameters
    ----------
    values : array-like, shape (q,)
    covariance : array-like, shape (q, q)
    size : array-like, shape (q,), optional
        What each variance is small against; itself by default.
    at_most : float
        Highest rank that the covariance can have for what it was made of.

    Examples
    --------
    >>> joint_test([1.0, 2.0], [[1.0, 0.0], [0.0, 2.0]])
    JointTest(statistic=3.0, df=2, positive=True)
    >>> joint_test([1.0, 2.0], [[1.0, 1.0], [1.0, 1.0]])
    JointTest(statistic=1.0, df=1, positive=True)
    """
    b, V = np.asarray(values, dtype=float), np.asarray(covariance, dtype=float)
    if not (np.isfinite(b).all() and np.isfinite(V).all()):
        return JointTest(float("nan"), 0, False)
    own = np.diag(V).copy()
    against = np.abs(own) if size is None else np.asarray(size, dtype=float)
    unit = np.sqrt(np.where(own > 0, own, 1.0))
    left, b = V / np.outer(unit, unit), b / unit
    floor = _ROUNDING * against / unit**2
    statistic, rank, positive = 0.0, 0, True
    for j in range(b.size):
        pivot = left[j, j]
        if not pivot > floor[j] or rank >= at_most:
            positive = positive and bool(pivot >= -1e3 * floor[j])
            continue
        rank += 1
        statistic += b[j] ** 2 / pivot
        share = left[j + 1 :, j] / pivot
        b[j + 1 :] -= share * b[j]
        left[j + 1 :, j + 1 :] -= np.outer(share, left[j, j + 1 :])
    if not positive or not rank:
        return JointTest(float("nan"), 0, positive)
    return JointTest(float(statistic), rank, True)


def variances_along(pull: ArrayLike, covariance: ArrayLike) -> npt.NDArray[np.float64]:
    """Variances of sums of coefficients, with weights ``pull`` (n, p).

    Where a coefficient has no variance, as that of a frailty, sums without it have one all the
    same, and only those that hold it are NaN.

    Examples
    --------
    >>> nan = float("nan")
    >>> variances_along([[1.0, 0.0], [1.0, 1.0]], [[4.0, nan], [nan, nan]]).tolist()
    [4.0, nan]
    """
    weights, V = np.asarray(pull, dtype=float), np.asarray(covariance, dtype=float)
    unknown = np.isnan(V)
    found = np.einsum("ij,jk,ik->i", weights, np.where(unknown, 0.0, V), weights)
    if unknown.any():
        size = np.abs(weights)
        held = (size > _NOTHING * size.max(axis=1, keepdims=True)).astype(float)
        lost = np.einsum("ij,jk,ik->i", held, unknown.astype(float), held) > 0
        found = np.where(lost, np.nan, found)
    return np.asarray(found)
