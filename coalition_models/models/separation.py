"""Name what cannot be estimated: constant, collinear and separated terms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import FitError, first_few

__all__ = ["Separation", "describe_separation", "refuse_aliased", "separating_columns"]

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


def separating_columns(step: Floats) -> tuple[int, ...]:
    """Coefficients (of standardised columns) that still move in a step that will not end."""
    size = np.abs(step)
    return tuple(int(j) for j in np.flatnonzero(size > 1e-3 * size.max(initial=0.0)))


def describe_separation(
    columns: tuple[int, ...],
    step: Floats,
    matrix: Floats,
    event: Flags,
    names: Sequence[str],
    labels: pd.Index,
    compared: str,
) -> Separation:
    """Say which term separates events from the rows they are compared with, and how.

    Parameters
    ----------
    columns : tuple of int
        Coefficients that run to infinity.
    step : ndarray, shape (p,)
        The direction in which they run.
    matrix : ndarray, shape (n, p)
        Rows that carry information, on the user's scale.
    event : ndarray of bool, shape (n,)
    names : sequence of str
    labels : Index
        One label per row, to name rows in the message.
    compared : str
        "the rows at risk at the same time", "the rows without the event".
    """
    parts = [
        _describe_column(matrix[:, j], step[j], event, names[j], labels, compared) for j in columns
    ]
    if len(columns) > 1 and not all(found for found, _ in parts):
        listing = ", ".join(names[j] for j in columns)
        text = f"a combination of {listing} puts every event apart from {compared}"
        told = [words for found, words in parts if found]
        text = "; ".join([text, *told])
    else:
        text = "; ".join(words for _, words in parts)
    message = (
        f"monotone likelihood (separation): {text}. The estimate of "
        f"{first_few(names[j] for j in columns)} is infinite and any robust standard error "
        f"would look small. {_CURE}"
    )
    return Separation(columns, message)


def _describe_column(
    values: Floats,
    direction: float,
    event: Flags,
    name: str,
    labels: pd.Index,
    compared: str,
) -> tuple[bool, str]:
    """Return whether this column alone explains the separation, and the words."""
    levels = np.unique(values)
    if len(levels) == 2:
        for level in levels[::-1]:
            here = values == level
            events = int(np.count_nonzero(here & event))
            rows = f"{int(here.sum())} rows with {name} = {level:g}"
            shown = first_few((labels[int(i)] for i in np.flatnonzero(here)), 5)
            if events == 0:
                return True, f"no event among the {rows} (rows {shown})"
            if events == int(here.sum()):
                return True, f"every one of the {rows} has the event (rows {shown})"
    end = "highest" if direction > 0 else "lowest"
    shown = first_few((labels[int(i)] for i in np.flatnonzero(event)), 5)
    return (
        False,
        f"each of the {int(event.sum())} events has the {end} {name} among {compared} "
        f"(rows {shown})",
    )
