"""A Cox model with a normal frailty, as R's ``coxph`` fits it by default."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FitError
from coalition_models.kernels import cox as kernel
from coalition_models.kernels.posterior import CoxPosterior
from coalition_models.kernels.priors import Priors
from coalition_models.replications.linear import complete
from coalition_models.replications.numbers import Estimated

__all__ = ["normal_frailty"]

Floats = npt.NDArray[np.float64]
#: what the variance may lack where R's loop ends, and where it begins
_ENOUGH, _FIRST = 1e-9**0.5, 1.0
_STEPS = 10


def normal_frailty(
    rows: pd.DataFrame, *, terms: Sequence[str], group: str = "cow", strata: str = "contender"
) -> Estimated:
    """Fit with the curvature of the frailties taken as a diagonal matrix.

    That is R's default from six groups on (``sparse=TRUE``). The coefficients given the variance
    are those of :func:`~coalition_models.frailty`, the variance and the standard errors are a
    little others.

    Parameters
    ----------
    rows : DataFrame
        With ``start``, ``stop`` and ``emerged``.
    terms : sequence of str
    group, strata : str

    Returns
    -------
    Estimated
        Of the whole model: ``rows``, ``variance``.
    """
    event, X, index = complete(rows, "emerged", terms)
    used = rows.loc[index]
    codes, groups = pd.factorize(used[group])
    columns = np.hstack([X[:, 1:], np.eye(len(groups))[codes]])
    prepared = kernel.prepare(
        used["start"], used["stop"], event, columns, strata=pd.factorize(used[strata])[0]
    )
    variance = _variance(lambda trial: _given(prepared, len(terms), trial).lack)
    found = _given(prepared, len(terms), variance)
    model = {"rows": float(len(used)), "variance": variance}
    return Estimated(tuple(terms), found.coefficients, found.errors, model)


@dataclass(frozen=True)
class _Given:
    """Coefficients and errors given the variance, and by how much that is too small."""

    coefficients: Floats
    errors: Floats
    lack: float


def _given(prepared: kernel.Prepared, p: int, variance: float) -> _Given:
    size = len(prepared.scale)
    kinds = ("",) * p + ("normal",) * (size - p)
    ones, width = np.ones(size), np.full(size, np.sqrt(variance))
    rows = CoxPosterior(prepared, Priors(kinds, ones, width, ones))
    top = rows.climb(np.zeros(size), np.eye(size), max_iterations=100)
    if not top.converged:
        raise FitError(f"no convergence at a variance of {variance:.4g}")
    bend = top.at.information * np.outer(prepared.scale, prepared.scale)
    inside, share = 1 / np.diag(bend)[p:], bend[p:, :p] / np.diag(bend)[p:, None]
    covariance = np.linalg.inv(bend[:p, :p] - bend[:p, p:] @ share)
    trace = inside.sum() + np.einsum("gi,ij,gj->", share, covariance, share)
    at = rows.back @ top.beta
    effects = at[p:]
    lack = effects @ effects / (len(effects) - trace / variance) - variance
    return _Given(at[:p], np.sqrt(np.diag(covariance)), float(lack))


def _variance(lack: Callable[[float], float]) -> float:
    """The variance that lacks next to nothing, by the steps of R's loop and where that ends.

    Halved or doubled until two trials lie on either side, then where the curve through the last
    trial and its neighbours crosses nought; ten trials at most. The end is early enough to be
    seen in a third decimal.
    """
    tried: dict[float, float] = {}
    trial = _FIRST
    for step in range(_STEPS):
        tried[trial] = lack(trial)
        if step > 1 and abs(tried[trial]) < _ENOUGH:
            return trial
        at = sorted(tried)
        if all(value > 0 for value in tried.values()):
            trial = at[-1] * (2.0 if step else 3.0)
        elif all(value < 0 for value in tried.values()):
            trial = at[0] / (2.0 if step else 3.0)
        elif step == 1:
            trial = sum(at) / 2
        else:
            trial = _crossing(at, [tried[one] for one in at], at.index(trial))
    return list(tried)[-1]


def _crossing(at: list[float], lacks: list[float], last: int) -> float:
    """Where the parabola (trial by lack) through three trials is at lack nought, kept between."""
    middle = min(max(last, 1), len(at) - 2)
    near = slice(middle - 1, middle + 2)
    x, y = np.array(at[near]), np.array(lacks[near])
    found = float(
        sum(
            x[one] * np.prod([y[two] / (y[two] - y[one]) for two in range(3) if two != one])
            for one in range(3)
        )
    )
    low, high = (x[0] + x[1]) / 2, (x[1] + x[2]) / 2
    return float(low if found < x[0] else high if found > x[2] else found)
