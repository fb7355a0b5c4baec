"""Whether a binary model's likelihood grows without end in some direction."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["NEXT_TO_NIL", "binary_direction", "kept_apart"]

Floats = npt.NDArray[np.float64]

_FEASIBLE = 1e-9
_ROUNDS = 100
#: a fitted chance this near to 0 or 1 is looked at twice
NEXT_TO_NIL = 1e-5
#: smallest share of the spread that shows that rows span all columns
_SPANS = 1e-6


def binary_direction(X: Floats, y: Floats) -> Floats | None:
    """Direction along which a binary model's likelihood never falls, or None if there is none.

    Exact, by linear programming (Albert and Anderson 1984): some d with x'd >= 0 in every row
    with the event and x'd <= 0 in every other, not all zero. Constraints are added as they are
    violated, so that the programme stays small however many rows there are.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> binary_direction(X, np.array([0.0, 0.0, 0.0, 1.0])).round(6)
    array([-1.,  1.])
    >>> binary_direction(X, np.array([0.0, 1.0, 0.0, 1.0])) is None
    True
    """
    from scipy.optimize import linprog  # slow to import, seldom needed

    scale = np.abs(X).max(axis=0)
    signed = np.where(y == 1, 1.0, -1.0)[:, None] * (X / np.where(scale > 0, scale, 1.0))
    size = np.abs(signed).max(axis=1)
    signed = signed[size > 0]
    gain = signed.sum(axis=0)
    active = np.zeros(len(signed), dtype=bool)
    active[:: max(1, len(signed) // 200)] = True
    for _ in range(_ROUNDS):
        answer = linprog(
            -gain / np.abs(gain).max(initial=1e-300),
            A_ub=-signed[active],
            b_ub=np.zeros(int(active.sum())),
            bounds=(-1.0, 1.0),
            method="highs",
            options={"primal_feasibility_tolerance": 1e-10},
        )
        if answer.status != 0 or gain @ answer.x <= 1e-7 * (1.0 + np.abs(gain).sum()):
            return None
        value = signed @ answer.x
        broken = np.flatnonzero((value < -_FEASIBLE) & ~active)
        if not len(broken):
            direction = np.asarray(answer.x) / np.where(scale > 0, scale, 1.0)
            return direction
        active[broken[np.argsort(value[broken])[:500]]] = True
    return None


def kept_apart(X: Floats, chance: Floats) -> bool:
    """Whether a maximum is finite for sure: rows with chances far from 0 and 1 span all columns.

    At a maximum the scores add up to nil. Along a direction in which the likelihood never falls
    no row's part of that sum is below nil, so that all parts are nil, and with them the move of
    each row whose score is not.

    Parameters
    ----------
    X : ndarray, shape (n, p)
        Of unit spread.
    chance : ndarray, shape (n,)
        The smaller of the chances of 0 and 1.

    Examples
    --------
    >>> X = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> kept_apart(X, np.array([0.5, 0.5, 0.4, 0.4])), kept_apart(X, np.array([0.5, 0.5, 0, 0]))
    (True, False)
    """
    inner = X[chance >= NEXT_TO_NIL]
    if len(inner) < X.shape[1]:
        return False
    least = float(np.linalg.eigvalsh(inner.T @ inner / len(X))[0])
    return least > _SPANS
