"""Logit with Firth's penalty: finite under separation, with profile-likelihood limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from coalition_models.errors import FitError
from coalition_models.kernels._newton import inverse
from coalition_models.kernels.binomial import log_likelihood
from coalition_models.kernels.standard import Standard, standardise

__all__ = ["FirthLogit", "firth_joint_test", "firth_limits", "firth_logit", "firth_p_values"]

Floats = npt.NDArray[np.float64]

#: longest change of a linear predictor in one step
_LONGEST = 5.0


@dataclass(frozen=True)
class FirthLogit:
    """Penalised maximum: estimate, inverse information and penalised log-likelihood."""

    coefficients: Floats
    covariance: Floats
    penalised: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class _State:
    score: Floats
    information: Floats
    penalised: float


@dataclass(frozen=True)
class _Top:
    """Where a climb on standardised columns ended."""

    beta: Floats
    at: _State
    iterations: int
    converged: bool


@dataclass(frozen=True)
class _Rows:
    """What is maximised, on standardised columns."""

    Z: Floats
    y: Floats
    case: Floats
    shift: Floats

    def state(self, beta: Floats) -> _State:
        """Penalised log-likelihood, its score, and the information."""
        eta = self.Z @ beta + self.shift
        p = special.expit(eta)
        weight = self.case * p * special.expit(-eta)
        scaled = self.Z * np.sqrt(weight)[:, None]
        information = np.asarray(scaled.T @ scaled, dtype=np.float64)
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return _State(np.zeros_like(beta), information, -np.inf)
        whitened = scaled @ np.linalg.inv(root).T
        leverage = np.einsum("ij,ij->i", whitened, whitened)
        pull = self.case * (self.y - p) + leverage * (0.5 - p)
        value = log_likelihood(self.y, eta, "logit", self.case)
        return _State(
            np.asarray(self.Z.T @ pull), information, value + float(np.log(np.diag(root)).sum())
        )

    def climb(
        self,
        start: Floats,
        free: Floats,
        *,
        max_iterations: int = 200,
        tolerance: float = 1e-10,
    ) -> _Top:
        """Newton's method from ``start`` along the columns of ``free`` (p, q)."""
        beta, here = start, self.state(start)
        converged, iterations = free.shape[1] == 0, 0
        while not converged and iterations < max_iterations and np.isfinite(here.penalised):
            iterations += 1
            score = free.T @ here.score
            step = free @ np.linalg.solve(free.T @ here.information @ free, score)
            longest = float(np.abs(self.Z @ step).max())
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
        return _Top(beta, here, iterations, converged)


def _rows(
    X: Floats, y: Floats, weights: Floats | None, offset: Floats | None
) -> tuple[Standard, _Rows]:
    standard = standardise(X)
    case = np.ones_like(y) if weights is None else weights
    shift = np.zeros_like(y) if offset is None else offset
    return standard, _Rows(standard.matrix(X), y, case, shift)


def firth_logit(
    X: Floats,
    y: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    max_iterations: int = 200,
    tolerance: float = 1e-10,
) -> FirthLogit:
    """Maximise the logit likelihood times the square root of the information's determinant.

    Firth (1993), Heinze and Schemper (2002). Column 0 of ``X`` is the intercept; the others are
    centred and scaled inside, so that their units and origins cost no digits. ``tolerance`` is the
    last step in standard errors.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> firth_logit(X, np.array([0.0, 0.0, 1.0, 1.0])).coefficients.round(4)
    array([-1.6094,  3.2189])
    """
    standard, rows = _rows(X, y, weights, offset)
    p = X.shape[1]
    top = rows.climb(np.zeros(p), np.eye(p), max_iterations=max_iterations, tolerance=tolerance)
    inside = inverse(top.at.information)
    return FirthLogit(
        coefficients=standard.outer(top.beta),
        covariance=np.full((p, p), np.nan) if inside is None else standard.covariance(inside),
        # the determinant is that of the columns as given
        penalised=top.at.penalised + float(np.log(standard.scale).sum()),
        iterations=top.iterations,
        converged=top.converged and inside is not None,
    )


class _Profile:
    """The penalised likelihood with one coefficient held, the others at their best.

    A coefficient of the columns as given is a sum ``way @ beta`` of those of the standardised
    columns (the intercept's takes all of them); the others are free along what it leaves.
    """

    def __init__(
        self, standard: Standard, rows: _Rows, best: FirthLogit, names: Sequence[str]
    ) -> None:
        self.rows, self.names = rows, names
        self.back = standard.back
        self.top = standard.inner(best.coefficients)
        self.here = rows.state(self.top)
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

    def at(self, j: int, distance: float, start: Floats | None = None) -> _Top:
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

    def drop(self, found: _Top) -> float:
        return max(2 * (self.here.penalised - found.at.penalised), 0.0)

    def slope(self, j: int, found: _Top) -> float:
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


def firth_limits(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    level: float,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    names: Sequence[str] | None = None,
) -> Floats:
    """Limits (p, 2) where the penalised profile has fallen by half the chi-squared quantile."""
    profile = _profile(X, y, best, weights, offset, names)
    root = float(np.sqrt(stats.chi2.ppf(level, 1)))
    count = len(best.coefficients)
    size = np.abs(profile.back).max(axis=1)
    moves = [[profile.bound(j, root, side) for side in (-1, 1)] for j in range(count)]
    return np.asarray(best.coefficients[:, None] + size[:, None] * np.array(moves))


def firth_p_values(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    names: Sequence[str] | None = None,
) -> Floats:
    """P-values (p,) of the penalised likelihood-ratio tests that each coefficient is zero."""
    profile = _profile(X, y, best, weights, offset, names)
    size = np.abs(profile.back).max(axis=1)
    held = [profile.at(j, -b / size[j]) for j, b in enumerate(best.coefficients)]
    return np.asarray(stats.chi2.sf([profile.drop(top) for top in held], 1), dtype=np.float64)


def firth_joint_test(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> tuple[float, int]:
    """Penalised likelihood ratio of all coefficients but the intercept, and its degrees.

    Their columns stay in the penalty, as in the tests of each.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.column_stack([np.ones(4), [0, 0, 1, 1]]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> statistic, df = firth_joint_test(X, y, firth_logit(X, y))
    >>> alone = firth_p_values(X, y, firth_logit(X, y))[1]
    >>> bool(abs(stats.chi2.sf(statistic, df) - alone) < 1e-6)
    True
    """
    profile = _profile(X, y, best, weights, offset, None)
    p = X.shape[1]
    held = profile.rows.climb(np.zeros(p), np.eye(p)[:, :1], tolerance=1e-7)
    if not held.converged:
        raise FitError("the penalised fit of the intercept alone does not settle")
    return profile.drop(held), p - 1


def _profile(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    weights: Floats | None,
    offset: Floats | None,
    names: Sequence[str] | None,
) -> _Profile:
    standard, rows = _rows(X, y, weights, offset)
    words = names or [f"coefficient {j}" for j in range(X.shape[1])]
    return _Profile(standard, rows, best, words)
