"""Priors of coefficients: logarithm, slope and curvature of their densities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coalition_models.lazy import lazy_module

if TYPE_CHECKING:
    from scipy import special
else:
    special = lazy_module("scipy.special")

__all__ = ["KINDS", "Priors"]

Floats = npt.NDArray[np.float64]
_Density = Callable[[Floats, float, float], tuple[Floats, Floats, Floats, Floats]]


def _normal(u: Floats, _: float, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    bend = np.full_like(u, 1 / scale**2)
    value = -0.5 * u**2 * bend - np.log(scale) - 0.5 * np.log(2 * np.pi)
    return value, -u * bend, bend, bend


def _student(u: Floats, df: float, scale: float) -> tuple[Floats, Floats, Floats, Floats]:
    spread = df * scale**2
    constant = special.gammaln((df + 1) / 2) - special.gammaln(df / 2) - 0.5 * np.log(np.pi * df)
    value = constant - np.log(scale) - (df + 1) / 2 * np.log1p(u**2 / spread)
    bound = (df + 1) / (spread + u**2)
    return value, -u * bound, bound * (spread - u**2) / (spread + u**2), bound


def _log_f(u: Floats, m: float, _: float) -> tuple[Floats, Floats, Floats, Floats]:
    value = m / 2 * u - m * np.logaddexp(0, u) - special.betaln(m / 2, m / 2)
    bend = m * special.expit(u) * special.expit(-u)
    return value, m / 2 - m * special.expit(u), bend, bend


def _log_gamma(u: Floats, _: float, variance: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Logarithm of a gamma variate of mean 1, but for a constant: a frailty, on its own scale."""
    bend = np.exp(u) / variance
    return (u - np.exp(u)) / variance, 1 / variance - bend, bend, bend


#: kind -> log density, its slope, minus its second derivative, and a positive stand-in for that
KINDS: dict[str, _Density] = {
    "log-F": _log_f,
    "log-gamma": _log_gamma,
    "normal": _normal,
    "t": _student,
}


@dataclass(frozen=True)
class Priors:
    """Independent priors about zero; an empty kind is a flat one.

    Each is on ``contrast`` times the coefficient. ``shape`` is m of log-F(m, m) or the degrees of
    freedom of t; ``scale`` that of normal and t. log-F(m, m) is what m / 2 events in m trials add,
    in which nothing but the contrast acts (Greenland and Mansournia 2015).

    Examples
    --------
    >>> one = Priors(("log-F",), np.array([2.0]), np.array([1.0]), np.array([1.0]))
    >>> value, slope, bend, _ = one.at(np.zeros(1))
    >>> float(np.exp(value)), slope, bend  # the logistic distribution
    (0.25, array([0.]), array([0.5]))
    """

    kinds: tuple[str, ...]
    shape: Floats
    scale: Floats
    contrast: Floats

    def at(self, coefficients: Floats) -> tuple[float, Floats, Floats, Floats]:
        """Log density, its slope (p,), minus its second derivative (p,), and a positive bound.

        The last is what t's curvature, which is negative far out, is replaced with in a step.
        """
        value, p = 0.0, len(self.kinds)
        slope, bend, bound = np.zeros(p), np.zeros(p), np.zeros(p)
        for j, kind in enumerate(self.kinds):
            if not kind:
                continue
            times = float(self.contrast[j])
            u = np.array([times * coefficients[j]])
            found = KINDS[kind](u, float(self.shape[j]), float(self.scale[j]))
            value += float(found[0][0])
            slope[j] = times * found[1][0]
            bend[j], bound[j] = times**2 * found[2][0], times**2 * found[3][0]
        return value, slope, bend, bound

    @property
    def flat(self) -> npt.NDArray[np.bool_]:
        """Coefficients without a prior."""
        return np.array([not kind for kind in self.kinds], dtype=bool)

    @property
    def log_concave(self) -> bool:
        """Whether a posterior can have one top only."""
        return "t" not in self.kinds
