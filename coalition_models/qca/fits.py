"""How well one set is a subset of another: consistency, coverage, PRI, RoN."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Necessity", "Sufficiency", "necessity_of", "sufficiency_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Sufficiency:
    """``consistency`` and ``coverage`` of a set as a subset of the outcome, and ``pri``."""

    consistency: float
    pri: float
    coverage: float


@dataclass(frozen=True)
class Necessity:
    """``consistency`` and ``coverage`` of a set as a superset of the outcome, and ``ron``."""

    consistency: float
    coverage: float
    ron: float


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else float("nan")


def sufficiency_of(x: Floats, y: Floats) -> Sufficiency:
    """Fit of "whoever is in x is in y".

    ``consistency`` = sum min(x, y) / sum x; ``coverage`` = sum min(x, y) / sum y; ``pri``
    (proportional reduction in inconsistency) takes from both sums of the consistency what is in y
    and in not-y alike. Missing where the sum below is 0.

    Examples
    --------
    >>> fit = sufficiency_of(np.array([0.8, 0.4, 0.2]), np.array([0.6, 0.9, 0.1]))
    >>> round(fit.consistency, 4), round(fit.coverage, 4), round(fit.pri, 4)
    (0.7857, 0.6875, 0.625)
    """
    both = float(np.minimum(x, y).sum())
    split = float(np.minimum(np.minimum(x, y), 1 - y).sum())
    pri = _ratio(both - split, float(x.sum()) - split)
    return Sufficiency(_ratio(both, float(x.sum())), pri, _ratio(both, float(y.sum())))


def necessity_of(x: Floats, y: Floats) -> Necessity:
    """Fit of "whoever is in y is in x", with the relevance of necessity.

    ``consistency`` = sum min(x, y) / sum y; ``coverage`` = sum min(x, y) / sum x; ``ron`` = sum
    (1 - x) / sum (1 - min(x, y)) (Schneider and Wagemann 2012): low where x is near 1 for all.

    Examples
    --------
    >>> fit = necessity_of(np.array([0.9, 0.9, 0.8]), np.array([0.6, 0.9, 0.1]))
    >>> round(fit.consistency, 4), round(fit.coverage, 4), round(fit.ron, 4)
    (1.0, 0.6154, 0.2857)
    """
    both = np.minimum(x, y)
    total = float(both.sum())
    return Necessity(
        _ratio(total, float(y.sum())),
        _ratio(total, float(x.sum())),
        _ratio(float((1 - x).sum()), float((1 - both).sum())),
    )
