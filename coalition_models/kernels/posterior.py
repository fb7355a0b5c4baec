"""Likelihood times prior, on standardised columns, for binary and for Cox models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.kernels import binomial
from coalition_models.kernels._newton import inverse
from coalition_models.kernels._panel import Prepared
from coalition_models.kernels._sums import derivatives
from coalition_models.kernels.priors import Priors
from coalition_models.kernels.profile import Objective, State, Top

__all__ = ["BinaryPosterior", "CoxPosterior", "mode"]

Floats = npt.NDArray[np.float64]

#: two tops whose log densities differ by less are one
_SAME = 1e-8


def _with_prior(
    value: float, score: Floats, information: Floats, beta: Floats, back: Floats, priors: Priors
) -> State:
    """Add the priors of ``back @ beta``; a curvature that is not positive is replaced."""
    if not (np.isfinite(value) and np.isfinite(information).all()):
        return State(score, information, -np.inf)
    added, slope, bend, bound = priors.at(back @ beta)
    curved = information + back.T @ (bend[:, None] * back)
    if not priors.log_concave and inverse(curved) is None:
        curved = information + back.T @ (bound[:, None] * back)
    return State(score + back.T @ slope, curved, value + added)


@dataclass(frozen=True, eq=False)
class BinaryPosterior(Objective):
    """A binary model of standardised columns ``Z``; ``back`` leads to those given."""

    Z: Floats
    y: Floats
    link: str
    weights: Floats | None
    offset: Floats | None
    back: Floats
    priors: Priors

    def state(self, beta: Floats) -> State:
        """Log posterior (but for a constant), its score, and the observed information."""
        eta = self.Z @ beta if self.offset is None else self.Z @ beta + self.offset
        with np.errstate(all="ignore"):  # far out; seen just below
            at = binomial.pieces(self.Z, self.y, eta, self.link, self.weights)
        value = binomial.log_likelihood(self.y, eta, self.link, self.weights)
        return _with_prior(value, at.scores.sum(axis=0), at.observed, beta, self.back, self.priors)

    def reach(self, step: Floats) -> float:
        """Longest change of a linear predictor that a step makes."""
        return float(np.abs(self.Z @ step).max())


@dataclass(frozen=True, eq=False)
class CoxPosterior(Objective):
    """A Cox model; the standardised coefficients are those given times their scale."""

    prepared: Prepared
    priors: Priors

    @property
    def back(self) -> Floats:
        """The way to the coefficients of the columns given."""
        return np.diag(1 / self.prepared.scale)

    def state(self, beta: Floats) -> State:
        """Log posterior (but for a constant), its score, and the information."""
        panel, efron = self.prepared.panel, self.prepared.ties == "efron"
        at = derivatives(panel, np.arange(len(beta)), panel.weights, beta, efron)
        value = float(at.log_likelihood)
        return _with_prior(value, at.score, at.information, beta, self.back, self.priors)

    def reach(self, step: Floats) -> float:
        """Longest change of a linear predictor that a step makes."""
        return float(np.abs(step @ self.prepared.panel.columns).max())


def mode(objective: Objective, starts: list[Floats]) -> tuple[Top, bool]:
    """The highest of the tops reached from each start, and whether there are several.

    Under t a posterior can have two: one where the data put it, one about zero.
    """
    free = np.eye(len(starts[0]))
    tops = [objective.climb(start, free) for start in starts]
    best = max(tops, key=lambda top: (top.converged, top.at.penalised))
    lower = [top for top in tops if top.converged and best.at.penalised - top.at.penalised > _SAME]
    return best, bool(lower)
