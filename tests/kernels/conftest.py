"""Small panels and a direct, slow likelihood to hold the kernels against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    start: Floats
    stop: Floats
    event: NDArray[np.int64]
    X: Floats
    clusters: NDArray[np.int64]
    strata: NDArray[np.int64]
    weights: Floats
    offset: Floats


def make_rows(seed: int, n: int = 120, p: int = 2, longest: int = 6, rate: float = 0.25) -> Rows:
    """Late entry, long and one-period rows, heavy ties."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 12, n).astype(float)
    X = rng.normal(size=(n, p))
    event = (rng.random(n) < rate * np.exp(0.4 * X[:, 0])).astype(np.int64)
    event[0] = 1
    return Rows(
        start=start,
        stop=start + rng.choice([1, 1, 1, longest // 2, longest], n),
        event=event,
        X=X,
        clusters=rng.integers(0, 15, n),
        strata=rng.integers(0, 3, n),
        weights=rng.choice([0.5, 1.0, 2.0], n),
        offset=rng.normal(size=n) * 0.3,
    )


def slow_log_likelihood(
    rows: Rows,
    beta: Floats,
    ties: str,
    *,
    weights: Floats | None = None,
    strata: NDArray[np.int64] | None = None,
    offset: Floats | None = None,
) -> float:
    """The definition: one event time after the other, one row after the other."""
    n = rows.start.size
    w = np.ones(n) if weights is None else weights
    group = np.zeros(n) if strata is None else strata
    eta = rows.X @ beta + (0.0 if offset is None else offset)
    total = 0.0
    for g in np.unique(group):
        for t in np.unique(rows.stop[(rows.event == 1) & (group == g) & (w > 0)]):
            at_risk = (rows.start < t) & (rows.stop >= t) & (group == g) & (w > 0)
            here = at_risk & (rows.event == 1) & (rows.stop == t)
            risk, tied = (w * np.exp(eta))[at_risk].sum(), (w * np.exp(eta))[here].sum()
            d = int(here.sum())
            total += (w * eta)[here].sum()
            for place in range(d):
                share = place / d if ties == "efron" else 0.0
                total -= w[here].mean() * np.log(risk - share * tied)
    return float(total)


def gradient(function: object, at: Floats, width: float = 1e-5) -> Floats:
    """Central differences."""
    assert callable(function)
    out = np.empty((at.size, *np.shape(function(at))))
    for j in range(at.size):
        step = np.zeros(at.size)
        step[j] = width
        out[j] = (np.asarray(function(at + step)) - np.asarray(function(at - step))) / (2 * width)
    return out


@pytest.fixture(scope="session", name="make_rows")
def _make_rows() -> Callable[..., Rows]:
    return make_rows


@pytest.fixture(scope="session", name="slow_log_likelihood")
def _slow_log_likelihood() -> Callable[..., float]:
    return slow_log_likelihood


@pytest.fixture(scope="session", name="gradient")
def _gradient() -> Callable[..., Floats]:
    return gradient
