"""Chances of members whose group's intercept nobody knows, given that they are still there."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.kernels.binomial import LINKS
from coalition_models.models.fit import Fit

__all__ = ["chances_of_unseen"]

Floats = npt.NDArray[np.float64]

#: standard deviations to each side over which the intercept is averaged, and at how many points
_REACH, _POINTS = 8.0, 161


def chances_of_unseen(
    fit: Fit, earlier: pd.DataFrame, rows: pd.DataFrame, member: tuple[str, ...], stop: str
) -> Floats:
    """Chance of the event in each row, averaged over the intercept of its group.

    Those with a high intercept leave first, so that the intercepts of who is still there are lower
    than those of all: each row's average is over the intercepts given that its member had no event
    in its rows before, of ``earlier`` and of ``rows``. Outcomes are not looked at. Without columns
    of a member each row stands alone.
    """
    told = rows
    if member and len(earlier):
        keys = pd.MultiIndex.from_frame(rows[list(member)])
        same = pd.MultiIndex.from_frame(earlier[list(member)]).isin(keys)
        told = pd.concat([earlier[same], rows], ignore_index=True)
    eta = np.asarray(fit.predict(told, kind="linear"), dtype=float)
    points = np.linspace(-_REACH, _REACH, _POINTS)
    shape = LINKS[fit.choices.link]
    eta = eta[:, None] + float(fit.coefficients[-1]) * points
    weight = np.broadcast_to(-(points**2) / 2, eta.shape)
    if member:
        stay = np.log(np.maximum(shape.complement(eta), 1e-300))
        weight = weight + _before(told, member, stop, stay)
    weight = np.exp(weight - weight.max(axis=1, keepdims=True))
    found = (shape.probability(eta) * weight).sum(axis=1) / weight.sum(axis=1)
    return np.asarray(found[len(told) - len(rows) :])


def _before(rows: pd.DataFrame, member: tuple[str, ...], stop: str, value: Floats) -> Floats:
    """Sum over the rows of the same member that end before each row does."""
    codes = rows.groupby(list(member), sort=False).ngroup().to_numpy()
    order = np.lexsort((rows[stop].to_numpy(dtype=float), codes))
    sums = np.cumsum(value[order], axis=0) - value[order]
    first = np.flatnonzero(np.diff(codes[order], prepend=-1))
    length = np.diff(np.append(first, len(order)))
    out = np.empty_like(value)
    out[order] = sums - np.repeat(sums[first], length, axis=0)
    return out
