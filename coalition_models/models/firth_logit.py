"""Logit with Firth's penalty: finite under separation, with profile-likelihood limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from coalition_models.errors import FitError
from coalition_models.models.binomial import log_likelihood

__all__ = ["FirthLogit", "firth_limits", "firth_logit", "firth_p_values"]

Floats = npt.NDArray[np.float64]

#: longest change of a linear predictor in one step
_LONGEST = 5.0


@dataclass(frozen=True)
class FirthLogit:
    """Penalised maximum: estimate, inverse information, penalised log-likelihood and its slope."""

    coefficients: Floats
    covariance: Floats
    penalised: float
    score: Floats
    iterations: int
    converged: bool


@dataclass(frozen=True)
class _State:
    score: Floats
    information: Floats
    penalised: float


def firth_logit(
    X: Floats,
    y: Floats,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
    start: Floats | None = None,
    fixed: int | None = None,
    max_iterations: int = 200,
    tolerance: float = 1e-10,
) -> FirthLogit:
    """Maximise the logit likelihood times the square root of the information's determinant.

    Firth (1993), Heinze and Schemper (2002). ``fixed`` holds one coefficient at its ``start``,
    with the determinant of the full information, for profiles. ``tolerance`` is the last step in
    standard errors.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(4), [0, 0, 1, 1]])
    >>> firth_logit(X, np.array([0.0, 0.0, 1.0, 1.0])).coefficients.round(4)
    array([-1.6094,  3.2189])
    """
    case = np.ones_like(y) if weights is None else weights
    shift = np.zeros_like(y) if offset is None else offset
    beta = np.zeros(X.shape[1]) if start is None else start.copy()
    free = np.array([j for j in range(X.shape[1]) if j != fixed], dtype=np.int64)
    here = _state(X, y, case, shift, beta)
    converged = not len(free)
    iterations = 0
    while not converged and iterations < max_iterations and np.isfinite(here.penalised):
        iterations += 1
        step = np.zeros_like(beta)
        step[free] = np.linalg.solve(here.information[np.ix_(free, free)], here.score[free])
        longest = float(np.abs(X @ step).max())
        step *= min(1.0, _LONGEST / longest) if longest > 0 else 1.0
        if float(np.abs(here.score[free] @ step[free])) < tolerance**2:
            converged = True
            continue
        for _ in range(40):
            there = _state(X, y, case, shift, beta + step)
            if there.penalised >= here.penalised - 1e-12 * (1 + abs(here.penalised)):
                break
            step /= 2
        beta, here = beta + step, there
    covariance = np.asarray(np.linalg.pinv(here.information), dtype=np.float64)
    return FirthLogit(beta, covariance, here.penalised, here.score, iterations, converged)


def _state(X: Floats, y: Floats, case: Floats, shift: Floats, beta: Floats) -> _State:
    eta = X @ beta + shift
    p = special.expit(eta)
    weight = case * p * special.expit(-eta)
    scaled = X * np.sqrt(weight)[:, None]
    information = np.asarray(scaled.T @ scaled, dtype=np.float64)
    try:
        root = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return _State(np.zeros_like(beta), information, -np.inf)
    whitened = scaled @ np.linalg.inv(root).T
    leverage = np.einsum("ij,ij->i", whitened, whitened)
    score = np.asarray(X.T @ (case * (y - p) + leverage * (0.5 - p)), dtype=np.float64)
    value = log_likelihood(y, eta, "logit", case) + float(np.log(np.diag(root)).sum())
    return _State(score, information, value)


@dataclass(frozen=True)
class _Profile:
    """The penalised likelihood with one coefficient held, the others at their best."""

    X: Floats
    y: Floats
    best: FirthLogit
    weights: Floats | None
    offset: Floats | None

    def at(self, j: int, value: float, start: Floats | None = None) -> FirthLogit:
        covariance, top = self.best.covariance, self.best.coefficients
        if start is None:
            start = top + (value - top[j]) * covariance[:, j] / covariance[j, j]
        start = start.copy()
        start[j] = value
        found = firth_logit(
            self.X,
            self.y,
            weights=self.weights,
            offset=self.offset,
            start=start,
            fixed=j,
            tolerance=1e-7,
        )
        if not found.converged:
            raise FitError(
                f"the penalised profile of coefficient {j} does not settle at {value:g}; look at "
                "nearly collinear terms"
            )
        return found

    def drop(self, found: FirthLogit) -> float:
        return max(2 * (self.best.penalised - found.penalised), 0.0)

    def bound(self, j: int, root: float, side: int) -> float:
        """Where the signed root of the fall reaches ``root``: Newton steps within a bracket.

        That root is nearly a straight line in the coefficient, so that few steps are needed.
        """
        top = float(self.best.coefficients[j])
        error = float(np.sqrt(self.best.covariance[j, j]))
        inner, outer, distance = 0.0, np.inf, root * error
        start: Floats | None = None
        for _ in range(100):
            found = self.at(j, top + side * distance, start)
            start = found.coefficients
            fall = float(np.sqrt(self.drop(found)))
            bracketed = np.isfinite(outer) and outer - inner <= 1e-12 * outer
            if abs(fall - root) <= 1e-8 or bracketed:
                return top + side * distance
            inner, outer = (distance, outer) if fall < root else (inner, distance)
            slope = -side * float(found.score[j]) / fall if fall > 0 else 0.0
            guess = distance + (root - fall) / slope if slope > 0 else np.inf
            limit = min(4 * distance, outer)
            distance = guess if inner < guess < limit else (inner + limit) / 2
            if distance > 1e4 * error:
                return side * float("inf")
        raise FitError(f"no profile limit found for coefficient {j} after 100 steps")


def firth_limits(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    level: float,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    """Limits (p, 2) where the penalised profile has fallen by half the chi-squared quantile."""
    profile = _Profile(X, y, best, weights, offset)
    root = float(np.sqrt(stats.chi2.ppf(level, 1)))
    count = len(best.coefficients)
    return np.array([[profile.bound(j, root, side) for side in (-1, 1)] for j in range(count)])


def firth_p_values(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    *,
    weights: Floats | None = None,
    offset: Floats | None = None,
) -> Floats:
    """P-values (p,) of the penalised likelihood-ratio tests that each coefficient is zero."""
    profile = _Profile(X, y, best, weights, offset)
    drops = [profile.drop(profile.at(j, 0.0)) for j in range(len(best.coefficients))]
    return np.asarray(stats.chi2.sf(drops, 1), dtype=np.float64)
