"""Quine and McCluskey's step: the shortest terms that hold nothing that is forbidden."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError

__all__ = ["LARGEST", "covers", "prime_implicants"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: terms that are looked at at most: 14 conditions of two values
LARGEST = 5_000_000


def prime_implicants(wanted: Bools, forbidden: Bools) -> Ints:
    """Terms that hold a wanted row and no forbidden one, from which no literal can be dropped.

    Every term is counted at once: along each condition the tables of counts get one more place,
    the sum over its values, for terms that leave the condition out.

    Parameters
    ----------
    wanted, forbidden : array of bool, one axis per condition and one place per value
        Rows to be explained, and rows that no term may hold; the others are free.

    Returns
    -------
    array of int (terms, conditions)
        The value of each condition, -1 where it does not matter; in the order of the values.

    Raises
    ------
    DataError
        More terms than :data:`LARGEST`.

    Examples
    --------
    >>> wanted = np.array([[False, False], [True, True]])
    >>> prime_implicants(wanted, ~wanted).tolist()
    [[1, -1]]
    """
    terms = int(np.prod([size + 1.0 for size in wanted.shape]))
    if terms > LARGEST:
        raise DataError(
            f"{wanted.ndim} conditions make {terms} terms, more than {LARGEST}: take fewer"
        )
    held, hit = _with_sums(wanted), _with_sums(forbidden)
    fine = (held > 0) & (hit == 0)
    prime = fine.copy()
    for axis, size in enumerate(wanted.shape):
        without = np.take(fine, [size], axis=axis)
        named = [slice(None)] * wanted.ndim
        named[axis] = slice(0, size)
        prime[tuple(named)] &= ~without
    found = np.argwhere(prime).astype(np.int64)
    sizes = np.array(wanted.shape)
    return np.where(found == sizes, -1, found)


def _with_sums(table: Bools) -> npt.NDArray[np.int32]:
    counts = table.astype(np.int32)
    for axis in range(table.ndim):
        counts = np.concatenate([counts, counts.sum(axis=axis, keepdims=True)], axis=axis)
    return np.asarray(counts, dtype=np.int32)


def covers(terms: Ints, rows: Ints) -> Bools:
    """Which term holds which row.

    Examples
    --------
    >>> covers(np.array([[1, -1], [-1, 0]]), np.array([[1, 1], [0, 0]])).tolist()
    [[True, False], [False, True]]
    """
    match = (terms[:, None, :] == rows[None, :, :]) | (terms[:, None, :] == -1)
    return np.asarray(match.all(axis=2))
