"""Shared frailty in a Cox model: an intercept by group under a penalty, and its variance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from coalition_models.errors import FitError
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.grouped_cox import GroupedCox, GroupedPosterior
from coalition_models.kernels.profile import Top

__all__ = ["Frailty", "fit_frailty"]

Floats = npt.NDArray[np.float64]

#: variances between which one is looked for
_LEAST, _MOST = 1e-5, 100.0
_LOST = "no convergence with a frailty; look at nearly collinear terms"


@dataclass(frozen=True, eq=False)
class Frailty:
    """Coefficients (p,), their covariance given the variance, log frailties (G,).

    ``log_likelihood`` is the marginal one: exact for gamma (Therneau, Grambsch and Pankratz 2003),
    Laplace's for Gaussian. ``variance`` 0 means that none was found.
    """

    coefficients: Floats
    covariance: Floats
    effects: Floats
    variance: float
    log_likelihood: float


@dataclass(frozen=True, eq=False)
class _Model:
    rows: GroupedCox
    events: Floats
    gamma: bool
    # where the last climb ended, from which the next one begins
    last: list[Floats] = field(default_factory=list)

    def lack(self, variance: float) -> float:
        """A number that is 0 at the best variance.

        Gamma: the slope of the marginal likelihood in the inverse of the variance. Gaussian: what
        the variance lacks of the mean square of the effects (REML, as R's ``coxph``).
        """
        top, p = self._top(variance), self.rows.prepared.n_columns
        effects = top.beta[p:]
        if self.gamma:
            return _gamma(effects, self.events, 1 / variance)[1]
        spread = float(np.trace(_inverse(top.at.information)[p:, p:]))
        return (len(effects) * variance - spread - float(effects @ effects)) / variance

    def at(self, variance: float) -> Frailty:
        """The best coefficients for a variance."""
        top, p = self._top(variance), self.rows.prepared.n_columns
        effects, scale = top.beta[p:], self.rows.prepared.scale
        plain = self.rows.derivatives(top.beta).log_likelihood
        if self.gamma:
            value = _gamma(effects, self.events, 1 / variance)[0]
        else:
            bend = top.at.information[p:, p:]
            value = -float(effects @ effects) / (2 * variance)
            value -= 0.5 * float(np.linalg.slogdet(variance * bend)[1])
        covariance = _inverse(top.at.information)[:p, :p] / np.outer(scale, scale)
        return Frailty(top.beta[:p] / scale, covariance, effects, variance, plain + value)

    def _top(self, variance: float) -> Top:
        rows = GroupedPosterior(self.rows, self.gamma, variance)
        size = self.rows.prepared.n_columns + self.rows.count
        begin = self.last[-1] if self.last else np.zeros(size)
        top = rows.climb(begin, None, max_iterations=100)
        self.last[:] = [top.beta]
        if not top.converged:
            raise FitError(_LOST)
        return top


def _inverse(information: Floats) -> Floats:
    found = inverse(information)
    if found is None:
        raise FitError(_LOST)
    return found


def _gamma(effects: Floats, events: Floats, inverse_variance: float) -> tuple[float, float]:
    v = inverse_variance
    value = v * (effects - np.exp(effects)) + v - (v + events) * np.log(v + events) + v * np.log(v)
    value = value + special.gammaln(v + events) - special.gammaln(v) + events
    slope = effects - np.exp(effects) + 1 - np.log(v + events) + np.log(v)
    slope = slope + special.digamma(v + events) - special.digamma(v)
    return float(value.sum()), float(slope.sum())


def fit_frailty(rows: GroupedCox, events: Floats, gamma: bool, plain: float) -> Frailty:
    """Fit the terms of ``rows`` with a frailty for each group.

    ``plain`` is the log-likelihood without a frailty, ``events`` (G,) counts events by group.
    """
    model = _Model(rows, events, gamma)
    grid = np.exp(np.linspace(np.log(_LEAST), np.log(_MOST), 18))
    # in the variance the likelihood rises where its slope in the inverse is below 0, and where
    # the variance lacks something
    lacks = np.array([model.lack(float(variance)) for variance in grid])
    turns = np.flatnonzero((lacks[:-1] < 0) & (lacks[1:] >= 0))
    if not len(turns):
        if lacks[-1] < 0:
            raise FitError("the variance of the frailty runs off: groups differ without end")
        found = model.at(_LEAST)
        return Frailty(found.coefficients, found.covariance, 0 * found.effects, 0.0, plain)
    tops = []
    for turn in turns:
        root = optimize.brentq(
            lambda log: model.lack(float(np.exp(log))),
            np.log(grid[turn]), np.log(grid[turn + 1]), xtol=1e-11, rtol=1e-12,
        )  # fmt: skip
        tops.append(model.at(float(np.exp(root))))
    return max(tops, key=lambda top: top.log_likelihood)
