"""Logarithms of the gamma distribution's tails, far out too, and derivatives in the shape."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import special

__all__ = ["growth", "in_shape", "log_lower", "log_upper", "stirling"]

Floats = npt.NDArray[np.float64]

#: below this a tail is computed by its own series
_TINY = 1e-290
#: central differences of sixth order: offsets 1, 2, 3
_FIRST = (3 / 4, -3 / 20, 1 / 60)
_SECOND = (3 / 2, -3 / 20, 1 / 90)
_CENTRE = -49 / 18
#: Bernoulli's terms of Stirling's series
_SERIES = (1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360)


def log_upper(shape: Floats, x: Floats) -> Floats:
    """Logarithm of the chance that a gamma variable exceeds ``x``.

    Examples
    --------
    >>> log_upper(np.array([1.0, 1.0]), np.array([2.0, 2000.0]))
    array([   -2., -2000.])
    """
    upper = special.gammaincc(shape, x)
    with np.errstate(divide="ignore"):
        out: Floats = np.log(upper)
    near = upper > 0.5
    out[near] = np.log1p(-special.gammainc(shape[near], x[near]))
    far = upper < _TINY
    if far.any():
        k, z = shape[far], x[far]
        out[far] = k * np.log(z) - z - special.gammaln(k) - np.log(_fraction(k, z))
    return out


def log_lower(shape: Floats, x: Floats) -> Floats:
    """Logarithm of the chance that a gamma variable is at most ``x``.

    Examples
    --------
    >>> log_lower(np.array([1.0, 2.0]), np.array([1.0, 1e-200])).round(6).tolist()
    [-0.458675, -921.727184]
    """
    lower = special.gammainc(shape, x)
    with np.errstate(divide="ignore"):
        out: Floats = np.log(lower)
    near = lower > 0.5
    out[near] = np.log1p(-special.gammaincc(shape[near], x[near]))
    far = lower < _TINY
    if far.any():
        k, z = shape[far], np.maximum(x[far], 1e-308)
        ratio, term = np.ones(len(k)), np.ones(len(k))
        for step in range(1, 400):
            term = term * z / (k + step)
            ratio += term
        out[far] = k * np.log(z) - z - special.gammaln(k + 1) + np.log(ratio)
    return out


def _fraction(shape: Floats, x: Floats) -> Floats:
    """Continued fraction whose inverse is the upper tail over its leading factor."""
    value = x + 401 - shape
    for step in range(200, 0, -1):
        value = x + 2 * step - 1 - shape - step * (step - shape) / value
    return value


def stirling(shape: Floats) -> Floats:
    """What Stirling's formula leaves of log gamma: lgamma(k) - (k - 1/2) log k + k - log(2 pi)/2.

    Examples
    --------
    >>> stirling(np.array([1.0, 1e6])).round(9)
    array([8.1061467e-02, 8.3000000e-08])
    """
    big = shape > 20
    safe = np.clip(shape, 20.0, 1e12)
    series = sum(c / safe ** (2 * i + 1) for i, c in enumerate(_SERIES))
    near = np.minimum(shape, 20.0)
    plain = special.gammaln(near) - (near - 0.5) * np.log(near) + near - 0.5 * np.log(2 * np.pi)
    return np.asarray(np.where(big, series, plain))


def growth(x: Floats, order: int) -> Floats:
    """``(exp(x) - 1) / x`` for order 1 and ``(exp(x) - 1 - x) / x^2`` for order 2, also at 0.

    Examples
    --------
    >>> growth(np.array([0.0, 1.0]), 1).round(6), growth(np.array([0.0, 1.0]), 2).round(6)
    (array([1.      , 1.718282]), array([0.5     , 0.718282]))
    """
    small = np.abs(x) < 0.5
    near, far = np.where(small, x, 0.0), np.where(small, 1.0, x)
    term = np.full_like(x, 1.0 if order == 1 else 0.5)
    total = term.copy()
    for step in range(1, 18):
        term = term * near / (step + order)
        total += term
    exact = np.expm1(far) / far if order == 1 else (np.expm1(far) - far) / far**2
    return np.asarray(np.where(small, total, exact))


def in_shape(
    function: Callable[[Floats], Floats], shape: Floats, step: float
) -> tuple[Floats, Floats, Floats]:
    """Value, first and second derivative by central differences of sixth order.

    Examples
    --------
    >>> [v.round(9).item() for v in in_shape(np.exp, np.array([0.0]), 0.02)]
    [1.0, 1.0, 1.0]
    """
    value = function(shape)
    first, second = np.zeros_like(value), _CENTRE * value
    for place, (a, b) in enumerate(zip(_FIRST, _SECOND, strict=True), start=1):
        up, down = function(shape + place * step), function(shape - place * step)
        first += a * (up - down)
        second += b * (up + down)
    return value, first / step, second / step**2
