"""Shared frailty in a Cox model: an intercept by group under a penalty, and its variance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from coalition_models.errors import FitError
from coalition_models.kernels import cox as kernel
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.posterior import CoxPosterior
from coalition_models.kernels.priors import Priors

__all__ = ["Frailty", "fit_frailty"]

Floats = npt.NDArray[np.float64]

#: variances between which one is looked for
_LEAST, _MOST = 1e-5, 100.0


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
    prepared: kernel.Prepared
    p: int
    events: Floats
    gamma: bool
    # where the last climb ended, from which the next one begins
    last: list[Floats] = field(default_factory=list)

    def at(self, variance: float) -> tuple[Frailty, float]:
        """The best coefficients for a variance, and a number that is 0 at the best variance.

        Gamma: the slope of the marginal likelihood in the inverse of the variance. Gaussian: what
        the variance lacks of the mean square of the effects (REML, as R's ``coxph``).
        """
        groups = len(self.events)
        scale = np.full(self.p + groups, variance if self.gamma else np.sqrt(variance))
        kinds = ("",) * self.p + (("log-gamma" if self.gamma else "normal"),) * groups
        ones = np.ones(self.p + groups)
        rows = CoxPosterior(self.prepared, Priors(kinds, ones, scale, ones))
        begin = self.last[-1] if self.last else np.zeros(self.p + groups)
        top = rows.climb(begin, np.eye(self.p + groups), max_iterations=100)
        self.last[:] = [top.beta]
        inside = inverse(top.at.information)
        if inside is None or not top.converged:
            raise FitError("no convergence with a frailty; look at nearly collinear terms")
        covariance = rows.back @ inside @ rows.back
        theta = rows.back @ top.beta
        plain = float(kernel.evaluate(self.prepared, theta).log_likelihood)
        effects = theta[self.p :]
        own = covariance[self.p :, self.p :]
        if self.gamma:
            value, lack = _gamma(effects, self.events, 1 / variance)
        else:
            value, lack = _gaussian(effects, own, self._bend(top.at.information), variance)
        found = Frailty(
            theta[: self.p], covariance[: self.p, : self.p], effects, variance, plain + value
        )
        return found, lack

    def _bend(self, information: Floats) -> Floats:
        """Curvature in the effects, on their own scale."""
        unit = self.prepared.scale[self.p :]
        return np.asarray(information[self.p :, self.p :] * np.outer(unit, unit))


def _gamma(effects: Floats, events: Floats, inverse_variance: float) -> tuple[float, float]:
    v = inverse_variance
    value = v * (effects - np.exp(effects)) + v - (v + events) * np.log(v + events) + v * np.log(v)
    value = value + special.gammaln(v + events) - special.gammaln(v) + events
    slope = effects - np.exp(effects) + 1 - np.log(v + events) + np.log(v)
    slope = slope + special.digamma(v + events) - special.digamma(v)
    return float(value.sum()), float(slope.sum())


def _gaussian(
    effects: Floats, covariance: Floats, bend: Floats, variance: float
) -> tuple[float, float]:
    square = float(effects @ effects)
    _, logdet = np.linalg.slogdet(variance * bend)
    lack = len(effects) * variance - float(np.trace(covariance)) - square
    return -square / (2 * variance) - 0.5 * float(logdet), lack / variance


def fit_frailty(
    prepared: kernel.Prepared, p: int, events: Floats, gamma: bool, plain: float
) -> Frailty:
    """Fit the columns of ``prepared``: ``p`` terms, then one of 0 and 1 for each group.

    ``plain`` is the log-likelihood without a frailty, ``events`` (G,) counts events by group.
    """
    model = _Model(prepared, p, events, gamma)
    grid = np.exp(np.linspace(np.log(_LEAST), np.log(_MOST), 18))
    # in the variance the likelihood rises where its slope in the inverse is below 0, and where
    # the variance lacks something
    lacks = np.array([model.at(float(variance))[1] for variance in grid])
    turns = np.flatnonzero((lacks[:-1] < 0) & (lacks[1:] >= 0))
    if not len(turns):
        if lacks[-1] < 0:
            raise FitError("the variance of the frailty runs off: groups differ without end")
        found, _ = model.at(_LEAST)
        return Frailty(found.coefficients, found.covariance, 0 * found.effects, 0.0, plain)
    tops = []
    for turn in turns:
        root = optimize.brentq(
            lambda log: model.at(float(np.exp(log)))[1],
            np.log(grid[turn]), np.log(grid[turn + 1]), xtol=1e-11, rtol=1e-12,
        )  # fmt: skip
        tops.append(model.at(float(np.exp(root)))[0])
    return max(tops, key=lambda top: top.log_likelihood)
