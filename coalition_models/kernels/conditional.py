"""Conditional logit: which rows of a group have the event, given how many have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from coalition_models.kernels._backend import has_compiled

__all__ = ["Groups", "group_rows"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: rounds in search of a factor that need not be exact
_TURNS = 12


@dataclass(frozen=True, eq=False)
class Groups:
    """Rows of the groups that inform, side by side: S groups of at most L rows.

    ``X`` (L, S, p), ``shift`` and ``there`` (L, S); ``events`` (S,) counts those conditioned on and
    ``chosen`` (S, p + 1) sums their columns and offsets. Where more than half of a group's rows
    have the event, the rows without it are counted in their place: that is the same likelihood.
    """

    X: Floats
    shift: Floats
    there: npt.NDArray[np.bool_]
    events: Integers
    chosen: Floats
    sign: Floats

    def pieces(self, beta: Floats) -> tuple[Floats, Floats, Floats]:
        """Log-likelihood (S,), score (S, p) and information (p, p).

        The sum over all choices of d rows is built up row by row (Gail, Lubin and Rubinstein
        1981), together with its two derivatives: as chances that so many of independent rows are
        chosen, which stay in range however many choices there are.
        """
        p = self.X.shape[2]
        eta = np.where(self.there, self.X @ beta + self.shift, 0.0) * self.sign
        top = np.where(self.there, eta, -np.inf).max(axis=0)
        risk = np.where(self.there, np.exp(eta - top), 0.0)
        tilt = _tilt(risk, self.events)
        odds = risk * tilt
        taken, left = odds / (1 + odds), 1 / (1 + odds)
        X = self.X * self.sign[:, None]
        total, mean, spread = _choices(X, taken, left, self.events)
        value = self.chosen[:, :p] @ beta + self.chosen[:, p]
        choices = np.log(total) + np.log1p(odds).sum(axis=0) - self.events * np.log(tilt)
        value = value - choices - self.events * top
        return value, self.chosen[:, :p] - mean, spread


def _choices(
    X: Floats, taken: Floats, left: Floats, events: Integers
) -> tuple[Floats, Floats, Floats]:
    """Chance that so many rows are chosen (S,), mean of their sums (S, p), total spread (p, p)."""
    if has_compiled():
        from coalition_models.kernels import _compiled

        return _compiled.choices(np.ascontiguousarray(X), taken, left, events)
    size, count, p = X.shape
    most = int(events.max())
    sums = np.zeros((most + 1, count))
    sums[0] = 1.0
    first = np.zeros((most + 1, count, p))
    second = np.zeros((most + 1, count, p, p))
    for row in range(size):
        r, stay, x = taken[row], left[row], X[row]
        before, slope, bend = sums[:-1], first[:-1], second[:-1]
        turned = slope[..., :, None] * x[:, None, :]
        bend = bend + turned + np.swapaxes(turned, -1, -2)
        bend = bend + before[..., None, None] * (x[:, :, None] * x[:, None, :])
        slope = slope + before[..., None] * x
        more = r * before
        second *= stay[:, None, None]
        first *= stay[:, None]
        sums *= stay
        second[1:] += r[:, None, None] * bend
        first[1:] += r[:, None] * slope
        sums[1:] += more
    at = np.arange(count)
    total = sums[events, at]
    mean = first[events, at] / total[:, None]
    spread = second[events, at] / total[:, None, None] - mean[:, :, None] * mean[:, None]
    return total, mean, spread.sum(axis=0)


def _tilt(risk: Floats, events: Integers) -> Floats:
    """Factor of the odds at which about as many rows as there are events are expected."""
    tilt = events / risk.sum(axis=0)
    for _ in range(_TURNS):
        odds = risk * tilt
        tilt = tilt * (events / (odds / (1 + odds)).sum(axis=0))
    return np.asarray(tilt)


def group_rows(
    X: Floats, y: Floats, offset: Floats, codes: Integers
) -> tuple[Groups, npt.NDArray[np.bool_], Integers]:
    """Arrange the rows; also which are used, and the number of each group that is.

    Groups in which all rows or none have the event say nothing.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.array([[1.0], [0.0], [3.0]])
    >>> groups, used, _ = group_rows(X, np.array([1.0, 0, 0]), np.zeros(3), np.array([0, 0, 1]))
    >>> used, groups.pieces(np.zeros(1))[0].round(4)  # one of two rows: log 1/2
    (array([ True,  True, False]), array([-0.6931]))
    """
    every = np.bincount(codes)
    ones = np.bincount(codes, weights=y).astype(np.int64)
    informs = (ones > 0) & (ones < every)
    used = informs[codes]
    found, own = np.unique(codes[used], return_inverse=True)
    order = np.argsort(own, kind="stable")
    own, Z, z, shift = own[order], X[used][order], y[used][order], offset[used][order]
    sizes = np.bincount(own, minlength=len(found))
    place = np.arange(len(own)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    size, p = int(sizes.max(initial=0)), X.shape[1]
    there = np.zeros((size, len(found)), dtype=bool)
    there[place, own] = True
    columns, shifts = np.zeros((size, len(found), p)), np.zeros((size, len(found)))
    columns[place, own], shifts[place, own] = Z, shift
    most = 2 * ones[found] > sizes
    sign = np.where(most, -1.0, 1.0)
    picked = np.where(most[own], 1 - z, z) * sign[own]
    chosen = np.zeros((len(found), p + 1))
    np.add.at(chosen, own, picked[:, None] * np.column_stack([Z, shift]))
    events = np.where(most, sizes - ones[found], ones[found])
    groups = Groups(columns, shifts, there, events.astype(np.int64), chosen, sign)
    return groups, used, found.astype(np.int64)
