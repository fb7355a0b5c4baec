"""Log-likelihoods of durations on (start, stop] rows, with scores and information.

A row adds ``event * log h(stop) - (H(stop) - H(start))``, times its weight. Each parameter of the
distribution has its own design matrix: covariates for the predictor, columns of ones (or of
strata) for the ancillary ones, and in a split population covariates for the chance to be at risk.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import special

from coalition_models.kernels._sums import Derivatives
from coalition_models.kernels.lifetimes import Lifetime, Varied

__all__ = ["Rows", "derivatives", "hazard_along", "scores", "split", "value_of", "whole"]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rows:
    """What a likelihood is made of: times (n,), event, weights, offset, designs (n, k) each."""

    start: Floats
    stop: Floats
    event: Floats
    weights: Floats
    offset: Floats
    designs: tuple[Floats, ...]

    def some(self, keep: Flags | npt.NDArray[np.int64]) -> Rows:
        """Some of the rows."""
        return Rows(
            self.start[keep],
            self.stop[keep],
            self.event[keep],
            self.weights[keep],
            self.offset[keep],
            tuple(design[keep] for design in self.designs),
        )

    def with_designs(self, *designs: Floats) -> Rows:
        """The same rows with other columns."""
        return replace(self, designs=designs)

    def predictors(self, theta: Floats) -> Floats:
        """The value of each parameter in each row, shape (q, n)."""
        at, place = [], 0
        for design in self.designs:
            width = design.shape[1]
            at.append(design @ theta[place : place + width])
            place += width
        at[0] = at[0] + self.offset
        return np.array(at)


#: from rows and predictors (q, n) to the weighted log-likelihood of each row
Likelihood = Callable[[Rows, Floats], Varied]


def _hazards(life: Lifetime, rows: Rows, at: Floats) -> tuple[Varied, Varied, Flags]:
    """Cumulative hazard at all stops, and at the starts above 0."""
    late = rows.start > 0
    stops = life.cumulative(at, np.log(rows.stop))
    starts = life.cumulative(at[:, late], np.log(rows.start[late]))
    return stops, starts, late


def whole(life: Lifetime) -> Likelihood:
    """Likelihood in which every member leaves in the end."""

    def likelihood(rows: Rows, at: Floats) -> Varied:
        stops, starts, late = _hazards(life, rows, at)
        ended = rows.event == 1
        log_hazard = life.log_hazard(at[:, ended], np.log(rows.stop[ended]))
        parts = []
        for name in ("value", "first", "second"):
            total = -getattr(stops, name)
            total[..., late] += getattr(starts, name)
            total[..., ended] += getattr(log_hazard, name)
            parts.append(total * rows.weights)
        return Varied(*parts)

    return likelihood


def split(life: Lifetime) -> Likelihood:
    """Likelihood in which a part of the members is never at risk (the last predictor's logit)."""

    def likelihood(rows: Rows, at: Floats) -> Varied:
        own, zeta = at[:-1], at[-1]
        stops, starts, late = _hazards(life, rows, own)
        ended = rows.event == 1
        total = _survival(stops, zeta)
        if ended.any():
            log_hazard = life.log_hazard(own[:, ended], np.log(rows.stop[ended]))
            _put_density(total, ended, stops, log_hazard, zeta[ended])
        before = _survival(starts, zeta[late])
        parts = []
        for name in ("value", "first", "second"):
            sum_ = getattr(total, name)
            sum_[..., late] -= getattr(before, name)
            parts.append(sum_ * rows.weights)
        return Varied(*parts)

    return likelihood


def _survival(hazard: Varied, zeta: Floats) -> Varied:
    """Log of ``1 - p + p exp(-H)``; r is the chance to be at risk still, given survival."""
    q = len(hazard.first)
    stay = np.exp(-hazard.value)
    p = special.expit(zeta)
    value = np.log(special.expit(-zeta) + p * stay)
    r = np.exp(special.log_expit(zeta) - hazard.value - value)
    first, second = np.empty((q + 1, len(p))), np.empty((q + 1, q + 1, len(p)))
    both = r * (1 - r)
    first[:q], first[q] = -r * hazard.first, r - p
    second[:q, :q] = both * hazard.first[:, None] * hazard.first[None] - r * hazard.second
    second[:q, q] = second[q, :q] = -both * hazard.first
    second[q, q] = both - p * (1 - p)
    return Varied(value, first, second)


def _put_density(
    total: Varied, ended: Flags, stops: Varied, log_hazard: Varied, zeta: Floats
) -> None:
    """Rows with the event: log of ``p h exp(-H)``."""
    q = len(log_hazard.first)
    p = special.expit(zeta)
    total.value[ended] = special.log_expit(zeta) + log_hazard.value - stops.value[ended]
    total.first[:q, ended] = log_hazard.first - stops.first[:, ended]
    total.first[q, ended] = 1 - p
    total.second[:, :, ended] = 0.0
    total.second[:q, :q, ended] = log_hazard.second - stops.second[:, :, ended]
    total.second[q, q, ended] = -p * (1 - p)


def value_of(likelihood: Likelihood, rows: Rows, theta: Floats) -> float:
    """Log-likelihood."""
    return float(likelihood(rows, rows.predictors(theta)).value.sum())


def derivatives(likelihood: Likelihood, rows: Rows, theta: Floats) -> Derivatives:
    """Log-likelihood, score and observed information in all coefficients.

    Examples
    --------
    Two of three members leave in 9 units of time: the log of the rate is log(2/9).

    >>> from coalition_models.kernels.lifetimes import LIFETIMES
    >>> one = np.ones(3)
    >>> rows = Rows(np.zeros(3), np.array([2.0, 3.0, 4.0]), np.array([1.0, 1.0, 0.0]), one,
    ...             np.zeros(3), (one[:, None],))
    >>> at = derivatives(whole(LIFETIMES["exponential"]), rows, np.array([np.log(2 / 9)]))
    >>> at.score.round(12), at.information.round(12)
    (array([0.]), array([[2.]]))
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = likelihood(rows, rows.predictors(theta))
        score = np.concatenate(
            [D.T @ slope for D, slope in zip(rows.designs, found.first, strict=True)]
        )
        blocks = [
            [one.T @ (found.second[i, j][:, None] * two) for j, two in enumerate(rows.designs)]
            for i, one in enumerate(rows.designs)
        ]
        return Derivatives(float(found.value.sum()), score, -np.block(blocks))


def scores(likelihood: Likelihood, rows: Rows, theta: Floats) -> Floats:
    """Each row's part of the score, shape (n, number of coefficients)."""
    found = likelihood(rows, rows.predictors(theta))
    return np.hstack(
        [D * slope[:, None] for D, slope in zip(rows.designs, found.first, strict=True)]
    )


def hazard_along(life: Lifetime, rows: Rows, theta: Floats, cured: bool) -> tuple[Floats, Floats]:
    """Cumulative hazard that each row adds (n,), and its gradient in the coefficients (n, k)."""
    likelihood = split(life) if cured else whole(life)
    quiet = replace(rows, event=np.zeros(len(rows.stop)), weights=np.ones(len(rows.stop)))
    found = likelihood(quiet, quiet.predictors(theta))
    gradient = np.hstack(
        [D * slope[:, None] for D, slope in zip(rows.designs, found.first, strict=True)]
    )
    return -found.value, -gradient
