"""Which remainders theory lets us count on: easy and difficult counterfactuals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from coalition_models.errors import DataError, first_few
from coalition_models.qca.cases import Cases

__all__ = ["Expected", "check_expectations", "easy_rows"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: what one condition is expected to be where the outcome is
Expected = int | Sequence[int] | None


def check_expectations(
    expectations: Mapping[str, Expected] | None, cases: Cases
) -> dict[str, frozenset[int]]:
    """Check directional expectations; conditions without any are left out.

    Raises
    ------
    DataError
        A condition that is not there, or a value that it does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> from coalition_models.qca.cases import check_cases
    >>> two = pd.DataFrame({"A": [0.9, 0.1], "B": [0.2, 0.8], "Y": [0.9, 0.1]})
    >>> check_expectations({"A": 1, "B": None}, check_cases(two, "Y", None))
    {'A': frozenset({1})}
    """
    found = {}
    sizes = dict(zip(cases.conditions, cases.sizes, strict=True))
    for name, value in (expectations or {}).items():
        if name not in sizes:
            raise DataError(
                f"an expectation of {name!r}, which is no condition; there are "
                f"{first_few(cases.conditions)}"
            )
        if value is None:
            continue
        values = [value] if isinstance(value, int | np.integer | float) else list(value)
        wrong = [one for one in values if one not in range(sizes[name])]
        if wrong or not values:
            raise DataError(
                f"an expectation of {name!r} must be one of 0 to {sizes[name] - 1}, or None for no "
                f"expectation, not {value!r}"
            )
        found[name] = frozenset(int(one) for one in values)
    return found


def easy_rows(
    observed: Ints,
    simple: Ints,
    expected: Mapping[str, frozenset[int]],
    grid: Ints,
    conditions: Sequence[str],
) -> Bools:
    """Rows that one may reach from an observed path by making it as theory expects it.

    Parameters
    ----------
    observed : array of int (terms, conditions)
        Terms of a conservative model, -1 where a condition does not matter.
    simple : array of int (terms, conditions)
        Terms of a parsimonious model.
    expected : mapping
        Condition -> the values expected where the outcome is.
    grid : array of int (rows, conditions)

    Returns
    -------
    array of bool (rows,)
        Rows that differ from some observed term only in conditions that have there an expected
        value, while the term and the row lie in one term of the parsimonious model.

    Examples
    --------
    >>> grid = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> easy_rows(np.array([[1, 0]]), np.array([[1, -1]]), {"B": frozenset({1})}, grid, ["A", "B"])
    array([False, False,  True,  True])
    """
    easy = np.zeros(len(grid), dtype=bool)
    for path in observed:
        for term in simple:
            if ((term == -1) | (term == path)).all():
                easy |= _reach(path, term, expected, grid, conditions)
    return easy


def _reach(
    path: Ints,
    term: Ints,
    expected: Mapping[str, frozenset[int]],
    grid: Ints,
    conditions: Sequence[str],
) -> Bools:
    """Rows within an observed term, or beside it in the expected direction."""
    fits = np.ones(len(grid), dtype=bool)
    for place in np.flatnonzero(path >= 0).tolist():
        one = grid[:, place] == path[place]
        if term[place] == -1:
            for value in expected.get(conditions[place], ()):
                one |= grid[:, place] == value
        fits &= one
    return fits
