"""Name what cannot be estimated: constant, collinear and separated terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FitError, counted, first_few

__all__ = [
    "Separation",
    "describe_separation",
    "involved",
    "refuse_aliased",
    "refuse_endless_null",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: directions whose share of the total spread is below this cannot be told from none
_RANK_TOLERANCE = 1e-13
_CURE = "Leave the term out, join categories, or use penalty='firth', which stays finite"


@dataclass(frozen=True)
class Separation:
    """Coefficients without a finite maximum, and the reason in words."""

    columns: tuple[int, ...]
    message: str


def refuse_aliased(gram: Floats, names: Sequence[str], where: str) -> None:
    """Refuse columns that are constant or linear combinations of others.

    Parameters
    ----------
    gram : ndarray, shape (p, p)
        Cross-product of the centred columns; of unit diagonal where they vary, 0 where not.
    names : sequence of str
    where : str
        Which rows: "in the 913 rows at risk at an event time".

    Raises
    ------
    FitError
        Names the constant columns, or the columns of each exact combination.

    Examples
    --------
    >>> import numpy as np
    >>> refuse_aliased(np.array([[1.0, 0.2], [0.2, 1.0]]), ["risk", "cost"], "in 9 rows")
    """
    flat = np.diag(gram) <= 0
    if flat.any():
        culprits = first_few(np.array(names)[flat])
        raise FitError(
            f"constant {where}: {culprits}; a term that does not vary there has no effect to "
            "estimate, so leave it out"
        )
    values, vectors = np.linalg.eigh(gram)
    null = values <= _RANK_TOLERANCE * len(names)
    if not null.any():
        return
    # Rows of the null space's projector that vanish belong to columns that are not involved.
    involved = (np.abs(vectors[:, null]) > 1e-5).any(axis=1)
    culprits = first_few(np.array(names)[involved], 20)
    raise FitError(
        f"collinear {where}: {culprits}; each is an exact linear combination of the others, so "
        "their effects cannot be told apart. Leave one of them out"
        + (f" for each of the {int(null.sum())} combinations" if null.sum() > 1 else "")
    )


def refuse_endless_null(others: Sequence[str], tested: Sequence[str]) -> None:
    """Refuse a test of some terms where the model without them has no finite maximum.

    Examples
    --------
    >>> refuse_endless_null(["wall"], ["risk"])
    Traceback (most recent call last):
    coalition_models.errors.FitError: without risk the model has no finite maximum in wall...
    """
    raise FitError(
        f"without {first_few(tested)} the model has no finite maximum in {first_few(others)}, so "
        f"there is no null to test {first_few(tested)} under: leave {first_few(others)} out, or "
        "join categories"
    )


def involved(direction: Floats, spread: Floats) -> tuple[int, ...]:
    """Coefficients that a direction moves, each judged on the spread of its column."""
    size = np.abs(direction) * spread
    return tuple(int(j) for j in np.flatnonzero(size > 1e-6 * size.max(initial=0.0)))


def describe_separation(
    columns: tuple[int, ...],
    alone: Callable[[int], float],
    matrix: Floats,
    event: Flags,
    names: Sequence[str],
    labels: pd.Index,
    compared: str,
    cure: str = _CURE,
) -> Separation:
    """Say which term separates events from the rows they are compared with, and how.

    Parameters
    ----------
    columns : tuple of int
        Coefficients that run to infinity together.
    alone : callable
        Sign (1 or -1) in which one column separates by itself, or 0.
    matrix : ndarray, shape (n, p)
        Rows that carry information, on the user's scale.
    event : ndarray of bool, shape (n,)
    names : sequence of str
    labels : Index
        One label per row, to name rows in the message.
    compared : str
        "the rows at risk at the same time", "the rows without the event".
    cure : str
        What to do about it.
    """
    signs = {j: alone(j) for j in columns}
    single = [j for j in columns if signs[j]]
    if single:
        culprits = single
        text = "; ".join(
            _describe_column(matrix[:, j], signs[j], event, names[j], labels, compared)
            for j in single
        )
    else:
        culprits = list(columns)
        shown = first_few((labels[int(i)] for i in np.flatnonzero(event)), 5)
        text = (
            f"no single term, but a combination of {first_few(names[j] for j in columns)} sets "
            f"the events (rows {shown}) apart from {compared}"
        )
    plural = "estimates" if len(culprits) > 1 else "estimate"
    verb = "are" if len(culprits) > 1 else "is"
    message = (
        f"monotone likelihood (separation): {text}. The {plural} of "
        f"{first_few(names[j] for j in culprits)} {verb} infinite, and a robust standard error "
        f"would look small. {cure}"
    )
    return Separation(columns, message)


def _describe_column(
    values: Floats,
    sign: float,
    event: Flags,
    name: str,
    labels: pd.Index,
    compared: str,
) -> str:
    levels = np.unique(values)
    if len(levels) == 2:
        for level in levels[::-1]:
            here = values == level
            events = int(np.count_nonzero(here & event))
            rows = f"{counted(here.sum(), 'row')} with {name} = {level:g}"
            shown = first_few((labels[int(i)] for i in np.flatnonzero(here)), 5)
            if events == 0:
                return f"no event among the {rows} (rows {shown})"
            if events == int(here.sum()):
                return f"every one of the {rows} has the event (rows {shown})"
    end = "highest" if sign > 0 else "lowest"
    shown = first_few((labels[int(i)] for i in np.flatnonzero(event)), 5)
    return (
        f"each of the {int(event.sum())} events has the {end} {name} among {compared} "
        f"(rows {shown})"
    )
