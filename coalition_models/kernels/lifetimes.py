"""Distributions of durations: cumulative hazard and log hazard, with their derivatives.

A distribution has a linear predictor and up to two ancillary parameters, each on a scale without
bounds. Proportional hazards: exponential (none), Weibull (log shape), Gompertz (the shape itself).
Accelerated failure time, ``w = (log t - predictor) / sigma``: Weibull, log-normal, log-logistic
(log sigma), generalised gamma (log sigma, Q; Prentice 1974), gamma (log shape, sigma = 1).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from coalition_models.kernels.gamma_tails import growth, in_shape, log_lower, log_upper, stirling

__all__ = ["LIFETIMES", "Lifetime", "Varied"]

Floats = npt.NDArray[np.float64]

#: steps of differences in the shape of gamma distributions
_STEP = 0.025
#: generalised gamma: nearer to the log-normal than this, tails come from their neighbours in Q
_NEARLY_NORMAL = 0.004
_HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class Varied:
    """A quantity (n,), its gradient (q, n) and second derivatives (q, q, n) in q parameters."""

    value: Floats
    first: Floats
    second: Floats


@dataclass(frozen=True)
class Lifetime:
    """A distribution: names of its ancillary parameters, and what it adds to a likelihood.

    ``cumulative(predictors, log_time)`` and ``log_hazard(predictors, log_time)`` take the
    predictors (q, n), the linear one first, and times above 0 as logarithms (n,). Where time is
    counted in another unit, the ancillary parameter is a ``power`` of it, a ``rate`` in it, or
    neither. ``accelerated`` tells that a distribution with proportional hazards has that form too.
    ``log_density``, the log hazard less the cumulative one, is there where tails are dear.
    """

    name: str
    ancillary: tuple[str, ...]
    proportional: bool
    cumulative: Callable[[Floats, Floats], Varied]
    log_hazard: Callable[[Floats, Floats], Varied]
    unit: Literal["power", "rate", ""] = ""
    accelerated: bool = True
    log_density: Callable[[Floats, Floats], Varied] | None = None


def _empty(q: int, n: int) -> tuple[Floats, Floats]:
    return np.zeros((q, n)), np.zeros((q, q, n))


def _exponential_sum(at: Floats, log_time: Floats) -> Varied:
    H = np.exp(at[0] + log_time)
    return Varied(H, H[None, :].copy(), H[None, None, :].copy())


def _exponential_log(at: Floats, log_time: Floats) -> Varied:
    first, second = _empty(1, len(log_time))
    first[0] = 1.0
    return Varied(at[0].copy(), first, second)


def _weibull_sum(at: Floats, log_time: Floats) -> Varied:
    power = np.exp(at[1]) * log_time
    H = np.exp(at[0] + power)
    first, second = _empty(2, len(H))
    first[0], first[1] = H, H * power
    second[0, 0] = H
    second[0, 1] = second[1, 0] = first[1]
    second[1, 1] = H * (power**2 + power)
    return Varied(H, first, second)


def _weibull_log(at: Floats, log_time: Floats) -> Varied:
    power = np.exp(at[1]) * log_time
    first, second = _empty(2, len(power))
    first[0], first[1] = 1.0, 1.0 + power
    second[1, 1] = power
    return Varied(at[0] + at[1] + power - log_time, first, second)


def _gompertz_sum(at: Floats, log_time: Floats) -> Varied:
    time = np.exp(log_time)
    x = at[1] * time
    grown = growth(x, 1)
    rise, bend = _growth_slopes(x, grown)
    level = np.exp(at[0]) * time
    first, second = _empty(2, len(time))
    H = level * grown
    first[0], first[1] = H, level * time * rise
    second[0, 0] = H
    second[0, 1] = second[1, 0] = first[1]
    second[1, 1] = level * time**2 * bend
    return Varied(H, first, second)


def _growth_slopes(x: Floats, grown: Floats) -> tuple[Floats, Floats]:
    """First and second derivative of ``(exp(x) - 1) / x``."""
    small = np.abs(x) < 1.0
    near, far = np.where(small, x, 0.0), np.where(small, 1.0, x)
    term = np.ones_like(x)  # near^k / k!
    rise, bend = np.zeros_like(x), np.zeros_like(x)
    for k in range(22):
        rise += term / (k + 2)
        bend += term / (k + 3)
        term = term * near / (k + 1)
    slope = (np.exp(far) - grown) / far
    curve = (np.exp(far) - 2 * slope) / far
    return np.where(small, rise, slope), np.where(small, bend, curve)


def _gompertz_log(at: Floats, log_time: Floats) -> Varied:
    time = np.exp(log_time)
    first, second = _empty(2, len(time))
    first[0], first[1] = 1.0, time
    return Varied(at[0] + at[1] * time, first, second)


#: of w: cumulative hazard and its slope and bend, log density and its slope and bend
Standard = tuple[Floats, Floats, Floats, Floats, Floats, Floats]


def _extreme(w: Floats) -> Standard:
    e = np.exp(w)
    return e, e, e, w - e, 1 - e, -e


def _normal(w: Floats) -> Standard:
    H = -special.log_ndtr(-w)
    log_density = -0.5 * w**2 - _HALF_LOG_TWO_PI
    slope = np.exp(log_density + H)
    return H, slope, slope * (slope - w), log_density, -w, np.full_like(w, -1.0)


def _logistic(w: Floats) -> Standard:
    H = np.logaddexp(0.0, w)
    p = special.expit(w)
    bend = p * (1 - p)
    return H, p, bend, w - 2 * H, 1 - 2 * p, -2 * bend


def _scaled_sum(standard: Callable[[Floats], Standard], at: Floats, log_time: Floats) -> Varied:
    w, sigma = _w(at, log_time)
    H, slope, bend, *_ = standard(w)
    return Varied(H, *_chain(w, sigma, slope, bend))


def _scaled_log(standard: Callable[[Floats], Standard], at: Floats, log_time: Floats) -> Varied:
    w, sigma = _w(at, log_time)
    H, slope, bend, f, df, ddf = standard(w)
    first, second = _chain(w, sigma, df + slope, ddf + bend)
    first[1] -= 1.0
    return Varied(f + H - at[1] - log_time, first, second)


def _w(at: Floats, log_time: Floats) -> tuple[Floats, Floats]:
    sigma = np.exp(at[1])
    return (log_time - at[0]) / sigma, sigma


def _chain(w: Floats, sigma: Floats, slope: Floats, bend: Floats) -> tuple[Floats, Floats]:
    """Derivatives in predictor and log sigma of a function of w."""
    first, second = _empty(2, len(w))
    first[0], first[1] = -slope / sigma, -w * slope
    second[0, 0] = bend / sigma**2
    second[0, 1] = second[1, 0] = (w * bend + slope) / sigma
    second[1, 1] = w**2 * bend + w * slope
    return first, second


def _scaled(name: str, standard: Callable[[Floats], Standard]) -> Lifetime:
    # not closures, so that fits can be pickled
    ends = partial(_scaled_sum, standard), partial(_scaled_log, standard)
    return Lifetime(name, ("log(sigma)",), False, *ends)


def _gamma_density(w: Floats, q: Floats) -> Floats:
    """Log density of w in the generalised gamma family; the normal at Q = 0."""
    with np.errstate(divide="ignore"):
        k = np.minimum(q**-2.0, 1e12)
    return np.asarray(-_HALF_LOG_TWO_PI - stirling(k) - w**2 * growth(q * w, 2))


def _gamma_tail(w: Floats, q: Floats) -> Floats:
    """Cumulative hazard of w; between the nearest computed Q where Q is almost 0."""
    out = np.empty_like(w)
    near = np.abs(q) < _NEARLY_NORMAL
    out[~near] = _gamma_tail_at(w[~near], q[~near])
    if near.any():
        nodes = _NEARLY_NORMAL * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
        values = [
            -special.log_ndtr(-w[near]) if node == 0 else
            _gamma_tail_at(w[near], np.full(int(near.sum()), node))
            for node in nodes
        ]  # fmt: skip
        out[near] = sum(
            value * np.prod([(q[near] - o) / (n - o) for o in nodes if o != n], axis=0)
            for n, value in zip(nodes, values, strict=True)
        )
    return out


def _gamma_tail_at(w: Floats, q: Floats) -> Floats:
    k = q**-2.0
    u = np.exp(np.minimum(q * w + np.log(k), 700.0))
    out = np.empty_like(w)
    up = q > 0
    out[up] = -log_upper(k[up], u[up])
    out[~up] = -log_lower(k[~up], u[~up])
    return out


@dataclass(frozen=True)
class _Gamma:
    """What differs by Q (or log k), at w: of H and of the log density with its slope in w."""

    H: tuple[Floats, Floats, Floats]
    slope: tuple[Floats, Floats, Floats]
    bend: Floats
    f: tuple[Floats, Floats, Floats]
    df: tuple[Floats, Floats, Floats]
    ddf: Floats


def _generalised(w: Floats, q: Floats) -> _Gamma:
    n = len(w)

    def pieces(shape: Floats) -> Floats:
        f, H = _gamma_density(w, shape), _gamma_tail(w, shape)
        return np.concatenate([H, np.exp(f + H), f, -w * growth(shape * w, 1)])

    value, one, two = in_shape(pieces, q, _STEP)
    H, slope, f, df = ((a[i : i + n], b[i : i + n], c[i : i + n]) for i, (a, b, c) in
                       ((j * n, (value, one, two)) for j in range(4)))  # fmt: skip
    ddf = -np.exp(q * w)
    return _Gamma(H, slope, slope[0] * (df[0] + slope[0]), f, df, ddf)


def _generalised_sum(at: Floats, log_time: Floats) -> Varied:
    w, sigma = _w(at[:2], log_time)
    g = _generalised(w, at[2])
    return Varied(g.H[0], *_with_shape(w, sigma, (g.slope[0], g.bend), g.H, g.slope[1]))


def _generalised_log(at: Floats, log_time: Floats) -> Varied:
    w, sigma = _w(at[:2], log_time)
    g = _generalised(w, at[2])
    whole = (g.f[0] + g.H[0], g.f[1] + g.H[1], g.f[2] + g.H[2])
    in_w = (g.df[0] + g.slope[0], g.ddf + g.bend)
    first, second = _with_shape(w, sigma, in_w, whole, g.df[1] + g.slope[1])
    first[1] -= 1.0
    return Varied(whole[0] - at[1] - log_time, first, second)


def _generalised_density(at: Floats, log_time: Floats) -> Varied:
    w, sigma = _w(at[:2], log_time)
    n, q = len(w), at[2]

    def pieces(shape: Floats) -> Floats:
        return np.concatenate([_gamma_density(w, shape), -w * growth(shape * w, 1)])

    parts = in_shape(pieces, q, _STEP)
    f, df = (tuple(part[s] for part in parts) for s in (slice(0, n), slice(n, 2 * n)))
    first, second = _with_shape(w, sigma, (df[0], -np.exp(q * w)), (f[0], f[1], f[2]), df[1])
    first[1] -= 1.0
    return Varied(f[0] - at[1] - log_time, first, second)


def _with_shape(
    w: Floats,
    sigma: Floats,
    in_w: tuple[Floats, Floats],
    in_q: tuple[Floats, Floats, Floats],
    mixed: Floats,
) -> tuple[Floats, Floats]:
    """Derivatives in predictor, log sigma and Q of a function of w and Q."""
    first, second = _empty(3, len(w))
    first[:2], second[:2, :2] = _chain(w, sigma, *in_w)
    first[2] = in_q[1]
    second[0, 2] = second[2, 0] = -mixed / sigma
    second[1, 2] = second[2, 1] = -w * mixed
    second[2, 2] = in_q[2]
    return first, second


def _plain_gamma(at: Floats, log_time: Floats) -> tuple[_Gamma, Floats]:
    w, n = log_time - at[0], len(log_time)
    x = np.exp(np.minimum(w, 700.0))

    def pieces(log_k: Floats) -> Floats:
        k = np.exp(log_k)
        f, H = k * w - x - special.gammaln(k), -log_upper(k, x)
        return np.concatenate([H, np.exp(f + H)])

    value, one, two = in_shape(pieces, at[1], _STEP)
    H, slope = ((value[s], one[s], two[s]) for s in (slice(0, n), slice(n, 2 * n)))
    f, df = _plain_density(at, w, x)
    return _Gamma(H, slope, slope[0] * (df[0] + slope[0]), f, df, -x), w


def _plain_density(
    at: Floats, w: Floats, x: Floats
) -> tuple[tuple[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]:
    """Log density of w and its slope in w, each with its derivatives in the log shape."""
    k = np.exp(at[1])
    step = k * (w - special.digamma(k))
    f = (k * w - x - special.gammaln(k), step, step - k**2 * special.polygamma(1, k))
    return f, (k - x, k, k)


def _gamma_log_density(at: Floats, log_time: Floats) -> Varied:
    w = log_time - at[0]
    x = np.exp(np.minimum(w, 700.0))
    f, df = _plain_density(at, w, x)
    return Varied(f[0] - log_time, *_shape_only((df[0], -x), f, df[1]))


def _gamma_sum(at: Floats, log_time: Floats) -> Varied:
    g, _ = _plain_gamma(at, log_time)
    return Varied(g.H[0], *_shape_only((g.slope[0], g.bend), g.H, g.slope[1]))


def _gamma_log(at: Floats, log_time: Floats) -> Varied:
    g, _ = _plain_gamma(at, log_time)
    whole = (g.f[0] + g.H[0], g.f[1] + g.H[1], g.f[2] + g.H[2])
    in_w = (g.df[0] + g.slope[0], g.ddf + g.bend)
    first, second = _shape_only(in_w, whole, g.df[1] + g.slope[1])
    return Varied(whole[0] - log_time, first, second)


def _shape_only(
    in_w: tuple[Floats, Floats], in_k: tuple[Floats, Floats, Floats], mixed: Floats
) -> tuple[Floats, Floats]:
    first, second = _empty(2, len(mixed))
    first[0], first[1] = -in_w[0], in_k[1]
    second[0, 0] = in_w[1]
    second[0, 1] = second[1, 0] = -mixed
    second[1, 1] = in_k[2]
    return first, second


LIFETIMES = {
    life.name: life
    for life in (
        Lifetime("exponential", (), True, _exponential_sum, _exponential_log),
        Lifetime("weibull", ("log(shape)",), True, _weibull_sum, _weibull_log, "power"),
        Lifetime("gompertz", ("shape",), True, _gompertz_sum, _gompertz_log, "rate", False),
        _scaled("weibull time", _extreme),
        _scaled("lognormal", _normal),
        _scaled("loglogistic", _logistic),
        Lifetime(
            "gamma", ("log(shape)",), False, _gamma_sum, _gamma_log,
            log_density=_gamma_log_density,
        ),
        Lifetime(
            "gengamma", ("log(sigma)", "Q"), False, _generalised_sum, _generalised_log,
            log_density=_generalised_density,
        ),
    )
}  # fmt: skip
