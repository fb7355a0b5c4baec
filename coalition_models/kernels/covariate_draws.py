"""Models of a covariate given others, drawn anew with every completion of its gaps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["CovariateModel", "accepted", "draw_model"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: candidates looked at together, and the most rounds of them
_BATCH, _ROUNDS = 64, 60


@dataclass(frozen=True, eq=False)
class CovariateModel:
    """Mean of each row (n,), spread around it, and the groups' own part in the mean.

    ``binary`` says that the covariate is one where a normal variable of that mean is above zero.
    """

    mean: Floats
    spread: float
    own: Floats
    between: float
    binary: bool

    def draw(self, rows: Integers, rng: np.random.Generator) -> Floats:
        """Values of some rows."""
        latent = self.mean[rows] + self.spread * rng.normal(size=len(rows))
        return (latent > 0).astype(float) if self.binary else latent


def draw_model(
    x: Floats,
    Z: Floats,
    group: Integers | None,
    last: CovariateModel | None,
    rng: np.random.Generator,
    *,
    binary: bool = False,
) -> CovariateModel:
    """Draw a regression of a covariate on others from its posterior: one step of a Gibbs sampler.

    Linear with normal errors, or probit by latent variables; with an intercept of every group
    where groups are given. Priors are flat for coefficients, and as weak as one observation for the
    variance between groups.

    Parameters
    ----------
    x : array, shape (n,)
        As completed so far.
    Z : array, shape (n, k)
        Others, with a column of ones.
    group : array of int, shape (n,), optional
    last : CovariateModel, optional
        Of the step before.
    rng : Generator
    binary : bool

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> Z = np.column_stack([np.ones(500), rng.normal(size=500)])
    >>> found = draw_model(Z @ [1.0, 2.0] + rng.normal(size=500), Z, None, None, rng)
    >>> bool(abs(found.spread - 1) < 0.15), bool(np.abs(found.mean - Z @ [1.0, 2.0]).max() < 0.6)
    (True, True)
    """
    count = 0 if group is None else int(group.max()) + 1
    own = np.zeros(count) if last is None else last.own
    shift = np.zeros(len(x)) if group is None else own[group]
    target = _latent(x, np.zeros(len(x)) if last is None else last.mean, rng) if binary else x
    coefficients, spread = _regression(target - shift, Z, rng, unit=binary)
    mean = Z @ coefficients
    between = 0.0
    if group is not None:
        rest = target - mean
        scale = 1.0 if last is None else max(last.between, 1e-6)
        size = np.bincount(group, minlength=count)
        precision = size / spread**2 + 1 / scale**2
        centre = np.bincount(group, rest, minlength=count) / spread**2 / precision
        own = centre + rng.normal(size=count) / np.sqrt(precision)
        weak = 1.0 if binary else float(np.var(target))
        between = float(np.sqrt((weak * 0.1 + (own**2).sum()) / rng.chisquare(count + 1)))
        mean = mean + own[group]
    return CovariateModel(mean, spread, own, between, binary)


def _regression(
    target: Floats, Z: Floats, rng: np.random.Generator, *, unit: bool
) -> tuple[Floats, float]:
    """Coefficients and spread from their posterior; a ridge of a millionth keeps them finite."""
    gram = Z.T @ Z
    gram = gram + 1e-6 * np.trace(gram) / len(gram) * np.eye(len(gram))
    middle = np.linalg.solve(gram, Z.T @ target)
    rest = target - Z @ middle
    free = max(len(target) - Z.shape[1], 1)
    spread = 1.0 if unit else float(np.sqrt((rest @ rest + 1e-12) / rng.chisquare(free)))
    root = np.linalg.cholesky(np.linalg.inv(gram))
    return middle + spread * root @ rng.normal(size=len(middle)), spread


def _latent(x: Floats, mean: Floats, rng: np.random.Generator) -> Floats:
    """Normal variables of a mean, above zero where x is one and below where it is not."""
    edge = special.ndtr(-mean)
    u = rng.random(len(x))
    place = np.where(x > 0, edge + u * (1 - edge), u * edge)
    found: Floats = mean + special.ndtri(np.clip(place, 1e-12, 1 - 1e-12))
    return found


def accepted(
    count: int,
    propose: Callable[[Integers, int], Floats],
    likelihood: Callable[[Integers, Floats], Floats],
    rng: np.random.Generator,
) -> tuple[Floats, Integers]:
    """Draw values by rejection: a candidate is kept with the likelihood of what followed it.

    Parameters
    ----------
    count : int
        Units that need a value.
    propose : callable
        Units (k,) and a number b to candidates (k, b).
    likelihood : callable
        Units (k,) and candidates (k, b) to chances (k, b), one at most.
    rng : Generator

    Returns
    -------
    array, shape (count,)
        The first candidate that was kept.
    array of int
        Units for which none was, in some thousands.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> found, left = accepted(2000, lambda k, b: rng.random((len(k), b)),
    ...                        lambda k, c: c, rng)
    >>> round(float(found.mean()), 1), len(left)  # density 2x
    (0.7, 0)
    """
    found = np.full(count, np.nan)
    open_ = np.arange(count)
    size = 1
    for _ in range(_ROUNDS):
        if not len(open_):
            break
        candidates = propose(open_, size)
        kept = rng.random(candidates.shape) < likelihood(open_, candidates)
        hit = kept.any(axis=1)
        first = kept.argmax(axis=1)
        found[open_[hit]] = candidates[hit, first[hit]]
        open_ = open_[~hit]
        size = min(size * 4, _BATCH)
    return found, open_
