"""Marginal likelihood of a binary model with a normal intercept by group."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from coalition_models.kernels import binomial

__all__ = ["Marginal", "RandomIntercept"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

_SMALLEST = 1e-300


@dataclass(frozen=True, eq=False)
class Marginal:
    """Log-likelihood and score by group, observed information, and mean intercept by group."""

    value: float
    scores: Floats
    information: Floats
    intercepts: Floats


@dataclass(frozen=True, eq=False)
class RandomIntercept:
    """Rows (n, p), their group, and how many nodes the integral of each group is taken at.

    Adaptive Gauss-Hermite quadrature (Pinheiro and Bates 1995): nodes about the mode of each
    group's intercept, spread by the curvature there. Derivatives are means over the nodes (Louis
    1982).
    """

    X: Floats
    y: Floats
    link: str
    offset: Floats
    groups: Integers
    nodes: int = 25

    @property
    def count(self) -> int:
        """Number of groups."""
        return int(self.groups.max()) + 1

    def _rows(self, eta: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood of each row, its slope, and minus its second derivative."""
        shape = binomial.LINKS[self.link]
        y = self.y.reshape(-1, *[1] * (eta.ndim - 1))
        p, q, slope = shape.probability(eta), shape.complement(eta), shape.slope(eta)
        ratio = slope / np.maximum(p * q, _SMALLEST)
        rest = np.where(y == 1, q, -p)
        bend = ratio * shape.curvature(eta) - ratio**2 * (1 - 2 * p)
        chance = np.log(np.maximum(np.where(y == 1, p, q), _SMALLEST))
        return chance, rest * ratio, slope * ratio - rest * bend

    def _sum(self, values: Floats) -> Floats:
        """Sums of rows (n, ...) by group (G, ...)."""
        return np.asarray(self._gather @ values)

    @cached_property
    def _gather(self) -> sparse.csr_array:
        """Matrix (G, n) that sums rows by group."""
        n = len(self.y)
        return sparse.csr_array((np.ones(n), (self.groups, np.arange(n))), shape=(self.count, n))

    def _modes(self, fixed: Floats, sd: float) -> tuple[Floats, Floats]:
        """Most likely standardised intercept of each group, and its standard deviation."""
        b = np.zeros(self.count)
        for _ in range(100):
            _, slope, bend = self._rows(fixed + sd * b[self.groups])
            curve = 1 + sd**2 * np.maximum(self._sum(bend), 0.0)
            step = (sd * self._sum(slope) - b) / curve
            b = b + np.clip(step, -1.0, 1.0)
            if np.abs(step).max() < 1e-10:
                break
        _, _, bend = self._rows(fixed + sd * b[self.groups])
        return b, 1 / np.sqrt(1 + sd**2 * np.maximum(self._sum(bend), 0.0))

    def at(self, theta: Floats) -> Marginal:
        """Evaluate at the coefficients and, last, the standard deviation of the intercept."""
        beta, sd = theta[:-1], float(theta[-1])
        fixed = self.X @ beta + self.offset
        mode, spread = self._modes(fixed, sd)
        points, weights = np.polynomial.hermite.hermgauss(self.nodes)
        b = mode[:, None] + np.sqrt(2) * spread[:, None] * points
        height, slope, bend = self._rows(fixed[:, None] + sd * b[self.groups])
        log = self._sum(height) - b**2 / 2 + np.log(weights) + points**2
        top = log.max(axis=1, keepdims=True)
        share = np.exp(log - top)
        total = share.sum(axis=1, keepdims=True)
        share /= total
        value = top[:, 0] + np.log(total[:, 0]) + np.log(spread) - 0.5 * np.log(np.pi)
        own = share[self.groups]
        along = self._sum(slope) * b  # (G, nodes): slope in the standard deviation
        parts = np.stack(
            [self._sum(slope * column[:, None]) for column in self.X.T] + [along], axis=2
        )
        scores = np.einsum("gq,gqj->gj", share, parts)
        information = self._curvature(own, bend, b[self.groups])
        information -= np.einsum("gq,gqj,gqk->jk", share, parts, parts)
        information += scores.T @ scores
        intercepts = sd * (share * b).sum(axis=1)
        return Marginal(float(value.sum()), scores, information, intercepts)

    def _curvature(self, share: Floats, bend: Floats, b: Floats) -> Floats:
        """Mean over the nodes of the information that would be had, were the intercepts known."""
        p = self.X.shape[1]
        flat, crossed = (share * bend).sum(axis=1), (share * bend * b).sum(axis=1)
        out = np.empty((p + 1, p + 1))
        out[:p, :p] = self.X.T @ (flat[:, None] * self.X)
        out[:p, p] = out[p, :p] = self.X.T @ crossed
        out[p, p] = float((share * bend * b**2).sum())
        return out
