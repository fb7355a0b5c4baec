"""Log-likelihoods of durations on (start, stop] rows, with scores and information.

A row adds ``event * log h(stop) - (H(stop) - H(start))``, times its weight. Each parameter of the
distribution has its own design matrix: covariates for the predictor, columns of ones (or of
strata) for the ancillary ones, and in a split population covariates for the chance to be at risk.
Rows of which one is known to hold an event, but not which or when, add ``log(1 - exp(-H))`` of
the hazard H that they add up to.
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
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """What a likelihood is made of: times (n,), event, weights, offset, designs (n, k) each.

    ``group`` numbers the rows of which one holds an event (-1: none); their ``event`` is 0.
    """

    start: Floats
    stop: Floats
    event: Floats
    weights: Floats
    offset: Floats
    designs: tuple[Floats, ...]
    group: Integers | None = None

    @property
    def exits(self) -> Floats:
        """Events by row; one that may be in several is shared out among them."""
        if self.group is None:
            return self.event
        inside = self.group >= 0
        sizes = np.bincount(self.group[inside], minlength=1)
        out = self.event.copy()
        out[inside] = 1.0 / sizes[self.group[inside]]
        return out

    def some(self, keep: Flags | npt.NDArray[np.int64]) -> Rows:
        """Some of the rows."""
        return Rows(
            self.start[keep],
            self.stop[keep],
            self.event[keep],
            self.weights[keep],
            self.offset[keep],
            tuple(design[keep] for design in self.designs),
            None if self.group is None else self.group[keep],
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
        ended = rows.event == 1
        if life.log_density is not None and ended.any():
            return _by_density(life, life.log_density, rows, at, ended)
        stops, starts, late = _hazards(life, rows, at)
        log_hazard = life.log_hazard(at[:, ended], np.log(rows.stop[ended]))
        parts = []
        for name in ("value", "first", "second"):
            total = -getattr(stops, name)
            total[..., late] += getattr(starts, name)
            total[..., ended] += getattr(log_hazard, name)
            parts.append(total * rows.weights)
        return Varied(*parts)

    return likelihood


def _by_density(
    life: Lifetime,
    density: Callable[[Floats, Floats], Varied],
    rows: Rows,
    at: Floats,
    ended: Flags,
) -> Varied:
    """The same with the density where the event happened: no tail is computed there."""
    late, stays = rows.start > 0, ~ended
    starts = life.cumulative(at[:, late], np.log(rows.start[late]))
    stops = life.cumulative(at[:, stays], np.log(rows.stop[stays]))
    events = density(at[:, ended], np.log(rows.stop[ended]))
    parts = []
    for name in ("value", "first", "second"):
        own = getattr(events, name)
        total = np.zeros((*own.shape[:-1], len(ended)))
        total[..., ended] = own
        total[..., stays] = -getattr(stops, name)
        total[..., late] += getattr(starts, name)
        parts.append(total * rows.weights)
    return Varied(*parts)


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


@dataclass(frozen=True, eq=False)
class _Joined:
    """What the rows of one event share: the gradient of their hazard (G, k), and its bend (G,)."""

    gradient: Floats
    bend: Floats


def _join(rows: Rows, found: Varied) -> tuple[Varied, _Joined | None]:
    """Put the rows that may hold one event together: ``log(1 - exp(-H))`` in place of ``-H``."""
    if rows.group is None or not (rows.group >= 0).any():
        return found, None
    inside = np.flatnonzero(rows.group >= 0)
    codes = np.unique(rows.group[inside], return_inverse=True)[1]
    weight = rows.weights[inside]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        total = np.bincount(codes, -found.value[inside] / weight)
        rise = 1 / np.expm1(total)  # of log(1 - exp(-H)) in H
        bend = -rise - rise**2
        value = np.log(-np.expm1(-total))
    sizes = np.bincount(codes)
    parts = (found.value.copy(), found.first.copy(), found.second.copy())
    parts[0][inside] = weight * (value / sizes)[codes]
    own = [
        D[inside] * slope[inside, None] for D, slope in zip(rows.designs, found.first, strict=True)
    ]
    each = -np.hstack(own) / weight[:, None]
    gradient: Floats = np.column_stack(
        [np.bincount(codes, column).astype(np.float64) for column in each.T]
    )
    first = np.zeros(len(sizes), dtype=np.int64)
    first[codes] = inside
    for part in parts[1:]:
        part[..., inside] *= -rise[codes]
    return Varied(*parts), _Joined(gradient, bend * rows.weights[first])


def value_of(likelihood: Likelihood, rows: Rows, theta: Floats) -> float:
    """Log-likelihood."""
    return float(_join(rows, likelihood(rows, rows.predictors(theta)))[0].value.sum())


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
        found, joined = _join(rows, likelihood(rows, rows.predictors(theta)))
        score = np.concatenate(
            [D.T @ slope for D, slope in zip(rows.designs, found.first, strict=True)]
        )
        blocks = [
            [one.T @ (found.second[i, j][:, None] * two) for j, two in enumerate(rows.designs)]
            for i, one in enumerate(rows.designs)
        ]
        information = -np.block(blocks)
        if joined is not None:
            information -= joined.gradient.T @ (joined.bend[:, None] * joined.gradient)
        return Derivatives(float(found.value.sum()), score, information)


def scores(likelihood: Likelihood, rows: Rows, theta: Floats) -> Floats:
    """Each row's part of the score, shape (n, number of coefficients)."""
    found, _ = _join(rows, likelihood(rows, rows.predictors(theta)))
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
