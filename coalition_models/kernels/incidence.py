"""Incidence that hazards of several kinds predict for given covariates, with its variance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from coalition_models.kernels._panel import Floats, Prepared
from coalition_models.kernels.baseline import hazard_steps

__all__ = ["Predicted", "Steps", "predicted_incidence", "steps_for"]


@dataclass(frozen=True, eq=False)
class Steps:
    """Hazard of one kind at its event times (K,), for one set of covariates.

    ``variance`` (K,) is its own with the coefficients held fixed; ``pull`` (K, p) its derivative by
    the coefficients.
    """

    times: Floats
    hazard: Floats
    variance: Floats
    pull: Floats


@dataclass(frozen=True, eq=False)
class Predicted:
    """Incidence of one kind at the event times of all kinds, and its standard error."""

    times: Floats
    incidence: Floats
    std_error: Floats


def steps_for(
    prepared: Prepared, beta: ArrayLike, x: ArrayLike, *, stratum: object | None, offset: float
) -> Steps:
    """Steps of a Cox model's hazard for covariates ``x`` (p,).

    Examples
    --------
    >>> from coalition_models.kernels.cox import prepare
    >>> data = prepare([0, 0, 0], [1, 2, 3], [1, 1, 1], [[1.0], [0.0], [1.0]])
    >>> steps_for(data, [0.0], [1.0], stratum=None, offset=0.0).hazard.round(4).tolist()
    [0.3333, 0.5, 1.0]
    """
    b = np.asarray(beta, dtype=float)
    found = hazard_steps(prepared, b, np.asarray(x, dtype=float), stratum)
    risk = np.exp(found.shift @ b + offset)
    pull = risk * (found.shift * found.hazard[:, None] - found.drift)
    return Steps(found.times, risk * found.hazard, risk**2 * found.variance, pull)


def predicted_incidence(kinds: Sequence[Steps], covariance: Floats, which: int) -> Predicted:
    """Add up the shares that leave in one way at each time, among those still there.

    Those still there are the exponential of minus all hazards; of those who leave at one time each
    kind has a share in proportion to its hazard, as in R's ``survfit`` of a multi-state Cox model.
    The variance is the delta method's, from the coefficients of all kinds (``covariance``, in their
    order) and from the baselines.

    Examples
    --------
    >>> one = Steps(np.array([1.0]), np.array([0.2]), np.array([0.01]), np.zeros((1, 1)))
    >>> two = Steps(np.array([2.0]), np.array([0.1]), np.array([0.01]), np.zeros((1, 1)))
    >>> found = predicted_incidence([one, two], np.eye(2), 1)
    >>> found.incidence.round(4).tolist()  # exp(-0.2) (1 - exp(-0.1)) at 2
    [0.0, 0.0779]
    """
    times = np.unique(np.concatenate([kind.times for kind in kinds]))
    at = [np.searchsorted(times, kind.times) for kind in kinds]
    hazards = np.zeros((len(kinds), len(times)))
    for row, kind, places in zip(hazards, kinds, at, strict=True):
        row[places] = kind.hazard
    total = hazards.sum(axis=0)
    left = np.exp(-np.concatenate([[0.0], np.cumsum(total)[:-1]]))
    mean = -np.expm1(-total) / total
    share = np.cumsum(left * hazards[which] * mean)
    bend = np.where(total > 1e-4, (np.exp(-total) * (1 + total) - 1) / total**2, total / 3 - 0.5)
    own = np.zeros(len(times))
    drift = []
    for place, (kind, places) in enumerate(zip(kinds, at, strict=True)):
        # later shares shrink with every exit before them: the last term, up to each time in turn
        gain = left * (float(place == which) * mean + hazards[which] * bend) + share
        noise, pull = np.zeros(len(times)), np.zeros((len(times), kind.pull.shape[1]))
        noise[places], pull[places] = kind.variance, kind.pull
        own += (
            np.cumsum(noise * gain**2)
            - 2 * share * np.cumsum(noise * gain)
            + share**2 * np.cumsum(noise)
        )
        moved = np.cumsum(pull * gain[:, None], axis=0)
        drift.append(moved - share[:, None] * np.cumsum(pull, axis=0))
    move = np.hstack(drift)
    variance = own + np.einsum("ki,ij,kj->k", move, covariance, move)
    return Predicted(times, share, np.sqrt(np.maximum(variance, 0.0)))
