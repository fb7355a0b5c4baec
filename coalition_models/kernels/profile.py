"""A penalised log-likelihood on standardised columns: its maximum, its profiles, its tests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coalition_models.errors import FitError
from coalition_models.kernels._newton import inverse
from coalition_models.lazy import lazy_module

if TYPE_CHECKING:
    from scipy import stats
else:
    stats = lazy_module("scipy.stats")

__all__ = ["Objective", "Profile", "State", "Top"]

Floats = npt.NDArray[np.float64]

#: longest change of a linear predictor in one step
_LONGEST = 5.0


@dataclass(frozen=True)
class State:
    """The penalised log-likelihood somewhere: score, information and value."""

    score: Floats
    information: Floats
    penalised: float


@dataclass(frozen=True)
class Top:
    """Where a climb on standardised columns ended."""

    beta: Floats
    at: State
    iterations: int
    converged: bool


class Objective(ABC):
    """What is maximised, on standardised columns."""

    @abstractmethod
    def state(self, beta: Floats) -> State:
        """Value, score and a positive information; a value of -inf where there is none."""

    @abstractmethod
    def reach(self, step: Floats) -> float:
        """Longest change of a linear predictor that a step makes."""

    def climb(
        self,
        start: Floats,
        free: Floats | None,
        *,
        max_iterations: int = 200,
        tolerance: float = 1e-10,
    ) -> Top:
        """Newton's method from ``start`` along the columns of ``free`` (p, q), or along all."""
        beta, here = start, self.state(start)
        converged, iterations = free is not None and free.shape[1] == 0, 0
        while not converged and iterations < max_iterations and np.isfinite(here.penalised):
            iterations += 1
            step: Floats
            if free is None:
                step = np.asarray(np.linalg.solve(here.information, here.score), dtype=float)
            else:
                score = free.T @ here.score
                step = np.asarray(
                    free @ np.linalg.solve(free.T @ here.information @ free, score), dtype=float
                )
            longest = self.reach(step)
            step *= min(1.0, _LONGEST / longest) if longest > 0 else 1.0
            if float(np.abs(here.score @ step)) < tolerance**2:
                converged = True
                continue
            for _ in range(40):
                there = self.state(beta + step)
                if there.penalised >= here.penalised - 1e-12 * (1 + abs(here.penalised)):
                    break
                step /= 2
            beta, here = beta + step, there
        return Top(beta, here, iterations, converged)


class Profile:
    """The penalised likelihood with one coefficient held, the others at their best.

    A coefficient of the columns as given is a sum ``way @ beta`` of those of the standardised
    columns (the intercept's takes all of them); the others are free along what it leaves.
    """

    def __init__(self, rows: Objective, back: Floats, top: Floats, names: Sequence[str]) -> None:
        self.rows, self.names = rows, names
        self.back = back
        self.top = top
        self.here = rows.state(top)
        inside = inverse(self.here.information)
        if inside is None:
            raise FitError("the penalised fit has no covariance, hence no profile limits")
        self.inside: Floats = inside

    def way(self, j: int) -> Floats:
        """Row of the way back, at most 1."""
        way = self.back[j]
        return np.asarray(way / np.abs(way).max())

    def free(self, way: Floats) -> Floats:
        """Directions (p, p - 1) that leave ``way @ beta`` as it is."""
        lone = np.flatnonzero(way)
        if lone.size == 1:
            return np.delete(np.eye(way.size), lone[0], axis=1)
        return np.asarray(np.linalg.qr(way[:, None], mode="complete")[0][:, 1:])

    def error(self, j: int) -> float:
        """Standard error of ``way @ beta``."""
        way = self.way(j)
        return float(np.sqrt(way @ self.inside @ way))

    def at(self, j: int, distance: float, start: Floats | None = None) -> Top:
        """Best with ``way @ beta`` moved by ``distance`` from the top."""
        way = self.way(j)
        pull = self.inside @ way / float(way @ self.inside @ way)
        begin = self.top + distance * pull
        if start is not None:  # from the last place, put where it must be
            begin = start + (float(way @ self.top) + distance - float(way @ start)) * pull
        found = self.rows.climb(begin, self.free(way), tolerance=1e-7)
        if not found.converged:
            raise FitError(
                f"the penalised profile of {self.names[j]} does not settle "
                f"{abs(distance) / self.error(j):.3g} standard errors from its estimate; look at "
                "nearly collinear terms"
            )
        return found

    def drop(self, found: Top) -> float:
        """Twice the fall from the top."""
        return max(2 * (self.here.penalised - found.at.penalised), 0.0)

    def slope(self, j: int, found: Top) -> float:
        """How fast the profile grows with ``way @ beta``."""
        way = self.way(j)
        return float(found.at.score @ way) / float(way @ way)

    def bound(self, j: int, root: float, side: int) -> float:
        """Where the signed root of the fall reaches ``root``: Newton steps within a bracket.

        That root is nearly a straight line in the coefficient, so that few steps are needed.
        """
        error = self.error(j)
        inner, outer, distance = 0.0, np.inf, root * error
        start: Floats | None = None
        for _ in range(100):
            found = self.at(j, side * distance, start)
            start = found.beta
            fall = float(np.sqrt(self.drop(found)))
            bracketed = np.isfinite(outer) and outer - inner <= 1e-12 * outer
            if abs(fall - root) <= 1e-8 or bracketed:
                return side * distance
            inner, outer = (distance, outer) if fall < root else (inner, distance)
            slope = -side * self.slope(j, found) / fall if fall > 0 else 0.0
            guess = distance + (root - fall) / slope if slope > 0 else np.inf
            limit = min(4 * distance, outer)
            distance = guess if inner < guess < limit else (inner + limit) / 2
            if distance > 1e4 * error:
                return side * float("inf")
        raise FitError(f"no profile limit found for {self.names[j]} after 100 steps")

    def limits(self, level: float) -> Floats:
        """Limits (p, 2) where the profile has fallen by half the chi-squared quantile."""
        root = float(np.sqrt(stats.chi2.ppf(level, 1)))
        moves = [[self.bound(j, root, side) for side in (-1, 1)] for j in range(len(self.top))]
        return np.asarray(self.outer[:, None] + self.size[:, None] * np.array(moves))

    def p_values(self) -> Floats:
        """P-values (p,) of the likelihood-ratio tests that each coefficient is zero."""
        moves = -self.outer / self.size
        falls = [self.drop(self.at(j, float(move))) for j, move in enumerate(moves)]
        return np.asarray(stats.chi2.sf(falls, 1), dtype=np.float64)

    def joint_test(self, kept: Sequence[int]) -> tuple[float, int]:
        """Likelihood ratio of all coefficients but those ``kept``, and its degrees of freedom.

        Those kept are left free as standardised coefficients, so that an intercept is one too.
        """
        p = len(self.top)
        held = self.rows.climb(np.zeros(p), np.eye(p)[:, list(kept)], tolerance=1e-7)
        if not held.converged:
            raise FitError("the penalised fit without the terms does not settle")
        return self.drop(held), p - len(kept)

    @property
    def outer(self) -> Floats:
        """Coefficients of the columns as given."""
        return np.asarray(self.back @ self.top)

    @property
    def size(self) -> Floats:
        """Largest part of each coefficient that one standardised coefficient has."""
        return np.asarray(np.abs(self.back).max(axis=1))
