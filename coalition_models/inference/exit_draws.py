"""Exits drawn on the rows of a panel, as many as were observed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["expected_hazard", "first_exits"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def expected_hazard(history: Integers, relative: Floats, events: int) -> Floats:
    """Hazard of each row, proportional to ``relative``, under which ``events`` exits are expected.

    Parameters
    ----------
    history : array of int, shape (n,)
        Number of the history that a row belongs to; it ends with its first exit.
    relative : array, shape (n,)
    events : int

    Examples
    --------
    >>> hazard = expected_hazard(np.array([0, 0, 1]), np.ones(3), 1)
    >>> round(float(2 - np.exp(-hazard[:2].sum()) - np.exp(-hazard[2])), 6)
    1.0
    """
    low, high = 1e-12, 1.0
    count = int(history.max()) + 1
    own = np.bincount(history, relative, count)
    for _ in range(60):
        middle = np.sqrt(low * high)
        low, high = (middle, high) if -np.expm1(-middle * own).sum() < events else (low, middle)
    hazard: Floats = np.sqrt(low * high) * relative
    return hazard


def first_exits(history: Integers, hazard: Floats, rng: np.random.Generator) -> tuple[Flags, Flags]:
    """Draw exits; return which rows end in one, and which rows are still at risk.

    Rows stand in order of time within a history, and histories one after the other.

    Examples
    --------
    >>> leaves, kept = first_exits(np.array([0, 0, 1]), np.array([9e9, 1.0, 1e-9]),
    ...                            np.random.default_rng(1))
    >>> leaves.tolist(), kept.tolist()
    ([True, False, False], [True, False, True])
    """
    hit = rng.exponential(size=len(history)) < hazard
    before: Integers = np.cumsum(hit) - hit
    opens = np.flatnonzero(np.diff(history, prepend=-1) != 0)
    earlier: Integers = before - np.repeat(before[opens], np.diff(np.append(opens, len(history))))
    kept: Flags = earlier == 0
    return hit & kept, kept
