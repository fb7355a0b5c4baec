"""Logit with Firth's penalty: finite under separation, with profile-likelihood limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from coalition_models.kernels._newton import inverse
from coalition_models.kernels.binomial import log_likelihood
from coalition_models.kernels.profile import Objective, Profile, State
from coalition_models.kernels.standard import Standard, standardise

__all__ = [
    "FirthLogit",
    "firth_joint_test",
    "firth_limits",
    "firth_logit",
    "firth_p_values",
    "firth_rows",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FirthLogit:
    """Penalised maximum: estimate, inverse information and penalised log-likelihood."""

    coefficients: Floats
    covariance: Floats
    penalised: float
    iterations: int
    converged: bool


@dataclass(frozen=True)
class _Rows(Objective):
    """What is maximised, on standardised columns."""

    Z: Floats
    y: Floats
    case: Floats
    shift: Floats

    def state(self, beta: Floats) -> State:
        """Penalised log-likelihood, its score, and the information."""
        eta = self.Z @ beta + self.shift
        p = special.expit(eta)
        weight = self.case * p * special.expit(-eta)
        scaled = self.Z * np.sqrt(weight)[:, None]
        information = np.asarray(scaled.T @ scaled, dtype=np.float64)
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return State(np.zeros_like(beta), information, -np.inf)
        whitened = scaled @ np.linalg.inv(root).T
        leverage = np.einsum("ij,ij->i", whitened, whitened)
        pull = self.case * (self.y - p) + leverage * (0.5 - p)
        value = log_likelihood(self.y, eta, "logit", self.case)
        return State(
            np.asarray(self.Z.T @ pull), information, value + float(np.log(np.diag(root)).sum())
        )

    def reach(self, step: Floats) -> float:
        """Longest change of a linear predictor that a step makes."""
        return float(np.abs(self.Z @ step).max())


def firth_rows(
    X: Floats, y: Floats, weights: Floats | None, offset: Floats | None
) -> tuple[Standard, _Rows]:
    """Standardised columns, and what is maximised on them."""
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
    standard, rows = firth_rows(X, y, weights, offset)
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
    return _profile(X, y, best, weights, offset, names).limits(level)


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
    return _profile(X, y, best, weights, offset, names).p_values()


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
    >>> from scipy import stats
    >>> X, y = np.column_stack([np.ones(4), [0, 0, 1, 1]]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> statistic, df = firth_joint_test(X, y, firth_logit(X, y))
    >>> alone = firth_p_values(X, y, firth_logit(X, y))[1]
    >>> bool(abs(stats.chi2.sf(statistic, df) - alone) < 1e-6)
    True
    """
    return _profile(X, y, best, weights, offset, None).joint_test([0])


def _profile(
    X: Floats,
    y: Floats,
    best: FirthLogit,
    weights: Floats | None,
    offset: Floats | None,
    names: Sequence[str] | None,
) -> Profile:
    standard, rows = firth_rows(X, y, weights, offset)
    words = names or [f"coefficient {j}" for j in range(X.shape[1])]
    return Profile(rows, standard.back, standard.inner(best.coefficients), words)
