"""Compiled algebra of small positive definite matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from coalition_models.kernels._backend import compiled, inlined
from coalition_models.kernels._panel import Floats

__all__ = ["invert", "mark_aliased", "subset_starts"]

_COLLINEAR = 1e-11


@inlined
def mark_aliased(information: Floats, mass: float, flags: NDArray[np.bool_]) -> int:
    """Mark columns that carry nothing beyond those before; returns how many are left."""
    p = information.shape[0]
    left = information.copy()
    kept = 0
    for j in range(p):
        flags[j] = not left[j, j] > max(_COLLINEAR * information[j, j], 1e-14 * mass)
        if flags[j]:
            continue
        kept += 1
        for a in range(j + 1, p):
            share = left[a, j] / left[j, j]
            for b in range(j + 1, a + 1):
                left[a, b] -= share * left[b, j]
    return kept


@inlined
def invert(information: Floats, out: Floats) -> bool:
    """Invert a positive definite matrix through its Cholesky root; False if it is singular."""
    p = information.shape[0]
    root = np.zeros((p, p))
    size = np.empty(p)
    for j in range(p):
        if not (information[j, j] > 0.0 and information[j, j] < np.inf):
            return False
        size[j] = np.sqrt(information[j, j])
    for j in range(p):
        for a in range(j, p):
            s = information[a, j] / (size[a] * size[j])
            for b in range(j):
                s -= root[a, b] * root[j, b]
            if a == j:
                if not s > 0.0:
                    return False
                root[j, j] = np.sqrt(s)
            else:
                root[a, j] = s / root[j, j]
    for j in range(p):  # invert the root in place
        root[j, j] = 1.0 / root[j, j]
        for a in range(j + 1, p):
            s = 0.0
            for b in range(j, a):
                s -= root[a, b] * root[b, j]
            root[a, j] = s / root[a, a]
    for j in range(p):
        for a in range(j + 1):
            s = 0.0
            for b in range(j, p):
                s += root[b, j] * root[b, a]
            out[j, a] = s / (size[j] * size[a])
            out[a, j] = out[j, a]
    return True


@compiled
def subset_starts(information: Floats, beta: Floats, masks: NDArray[np.bool_]) -> Floats:
    """Where each subset's maximum lies if the full log-likelihood is a parabola.

    With the left-out coefficients R held at zero: b_S + I_SS^-1 I_SR b_R.
    """
    starts = np.zeros(masks.shape)
    for b in range(masks.shape[0]):
        inside, outside = np.flatnonzero(masks[b]), np.flatnonzero(~masks[b])
        q = inside.shape[0]
        block, bread = np.empty((q, q)), np.empty((q, q))
        for j in range(q):
            for h in range(q):
                block[j, h] = information[inside[j], inside[h]]
        if q == 0 or not invert(block, bread):
            continue
        pull = np.zeros(q)
        for j in range(q):
            for r in outside:
                pull[j] += information[inside[j], r] * beta[r]
        for j in range(q):
            s = beta[inside[j]]
            for h in range(q):
                s += bread[j, h] * pull[h]
            starts[b, inside[j]] = s
    return starts
