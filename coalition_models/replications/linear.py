"""Least squares, and R's ``glm`` with its stopping rule: what replications alone need."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit

from coalition_models.errors import DataError
from coalition_models.replications.numbers import Estimated

__all__ = ["complete", "glm_as_r", "least_squares"]

Floats = npt.NDArray[np.float64]
_INTERCEPT = "Intercept"


def complete(
    rows: pd.DataFrame, outcome: str, terms: Sequence[str]
) -> tuple[Floats, Floats, pd.Index]:
    """Outcome (n,) and columns (n, 1 + p), the first a constant, of the rows without a gap.

    Examples
    --------
    >>> rows = pd.DataFrame({"y": [1, 2, 3], "x": [4.0, None, 6.0]})
    >>> complete(rows, "y", ["x"])[1].tolist()
    [[1.0, 4.0], [1.0, 6.0]]
    """
    used = rows[[outcome, *terms]].astype("float64").dropna()
    X = np.column_stack([np.ones(len(used)), used[list(terms)].to_numpy()])
    return used[outcome].to_numpy(), X, used.index


def least_squares(
    rows: pd.DataFrame, *, outcome: str, terms: Sequence[str], cluster: str = ""
) -> Estimated:
    """Least squares on the complete rows, with the numbers that R's ``lm`` and ``glm`` print.

    The likelihood is the normal's with the variance counted as a parameter. Standard errors are the
    model's, or clustered with Stata's factor G/(G-1) (n-1)/(n-p).

    Examples
    --------
    >>> rows = pd.DataFrame({"y": [1.0, 2.0, 2.0, 4.0], "x": [0, 1, 2, 3]})
    >>> found = least_squares(rows, outcome="y", terms=["x"])
    >>> found.coefficients.round(3), round(found.model["r_squared"], 3)
    (array([0.9, 0.9]), 0.853)
    """
    y, X, index = complete(rows, outcome, terms)
    n, p = X.shape
    inverse = np.linalg.inv(X.T @ X)
    coefficients = inverse @ X.T @ y
    deviance = float(((y - X @ coefficients) ** 2).sum())
    variance = deviance / (n - p)
    covariance = inverse * variance
    if cluster:
        scores = pd.DataFrame(X * (y - X @ coefficients)[:, None], index=index)
        sums = scores.groupby(rows.loc[index, cluster].to_numpy()).sum().to_numpy()
        factor = len(sums) / (len(sums) - 1) * (n - 1) / (n - p)
        covariance = factor * inverse @ sums.T @ sums @ inverse
    errors = np.sqrt(np.diag(covariance))
    log_likelihood = -n / 2 * (np.log(2 * np.pi * deviance / n) + 1)
    share = 1 - deviance / float(((y - y.mean()) ** 2).sum())
    model = {
        "rows": n,
        "dropped": len(rows) - n,
        "deviance": deviance,
        "log_likelihood": log_likelihood,
        "aic": 2 * (p + 1) - 2 * log_likelihood,
        "bic": np.log(n) * (p + 1) - 2 * log_likelihood,
        "r_squared": share,
        "r_squared_adjusted": 1 - (1 - share) * (n - 1) / (n - p),
        "f_statistic": _f_statistic(coefficients[1:], covariance[1:, 1:]),
        "rmse": np.sqrt(deviance / n),
    }
    return Estimated((_INTERCEPT, *terms), coefficients, errors, model)


def _f_statistic(slopes: Floats, covariance: Floats) -> float:
    if not len(slopes):
        return float("nan")
    return float(slopes @ np.linalg.solve(covariance, slopes) / len(slopes))


def glm_as_r(
    rows: pd.DataFrame,
    *,
    outcome: str,
    terms: Sequence[str],
    family: str,
    tolerance: float = 1e-8,
) -> Estimated:
    """Reweighted least squares that start and stop where R's ``glm`` does.

    For printed numbers that are where R stopped and not the maximum; standard errors are those of
    the last step's weights, which belong to the estimates before it.

    Parameters
    ----------
    rows : DataFrame
    outcome, terms : str, sequence of str
    family : {"binomial", "poisson"}
    tolerance : float
        Relative change of the deviance at which R stops.

    Examples
    --------
    >>> rows = pd.DataFrame({"y": [0, 0, 1, 1], "x": [0, 1, 2, 3]})
    >>> apart = glm_as_r(rows, outcome="y", terms=["x"], family="binomial")
    >>> apart.model["iterations"] > 20  # separated: there is no maximum
    True
    """
    if family not in ("binomial", "poisson"):
        raise DataError(f"family must be 'binomial' or 'poisson', not {family!r}")
    y, X, _ = complete(rows, outcome, terms)
    binomial = family == "binomial"
    mu = (y + 0.5) / 2 if binomial else y + 0.1
    eta = np.log(mu / (1 - mu)) if binomial else np.log(mu)
    deviance = _deviance(y, mu, binomial)
    iterations = 0
    while iterations < _R_LIMIT:
        iterations += 1
        W = mu * (1 - mu) if binomial else mu
        inverse = np.linalg.inv(X.T @ (X * W[:, None]))
        coefficients = inverse @ X.T @ (W * (eta + (y - mu) / W))
        eta = X @ coefficients
        mu = expit(np.clip(eta, -_R_FAR, _R_FAR)) if binomial else np.exp(eta)
        before, deviance = deviance, _deviance(y, mu, binomial)
        if abs(deviance - before) / (abs(deviance) + 0.1) < tolerance:
            break
    mean = np.full(len(y), y.mean())
    log_likelihood = -deviance / 2 if binomial else _poisson(y, mu)
    model = {
        "rows": len(y),
        "dropped": len(rows) - len(y),
        "iterations": iterations,
        "deviance": deviance,
        "deviance_null": _deviance(y, mean, binomial),
        "residual_df": len(y) - X.shape[1],
        "residual_df_null": len(y) - 1,
        "log_likelihood": log_likelihood,
        "aic": 2 * X.shape[1] - 2 * log_likelihood,
    }
    return Estimated((_INTERCEPT, *terms), coefficients, np.sqrt(np.diag(inverse)), model)


#: steps after which R gives up, and the linear predictor beyond which its logit is flat
_R_LIMIT = 25
_R_FAR = 30.0


def _deviance(y: Floats, mu: Floats, binomial: bool) -> float:
    if binomial:
        return float(-2 * np.log(np.where(y == 1, mu, 1 - mu)).sum())
    ratio = np.log(np.where(y > 0, y, 1.0) / np.where(y > 0, mu, 1.0))
    return float(2 * (y * ratio - (y - mu)).sum())


def _poisson(y: Floats, mu: Floats) -> float:
    from scipy.stats import poisson

    return float(poisson.logpmf(y, mu).sum())
