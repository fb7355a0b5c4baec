"""Expressions of sets, such as ``A*~B + C[2]``: read, written, and who is in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError, first_few

__all__ = ["NAME", "Literal", "Term", "membership", "read_expression", "term_members", "written"]

Floats = npt.NDArray[np.float64]

#: what a condition may be called
NAME = re.compile(r"[A-Za-z_]\w*")
_LITERAL = re.compile(r"(~?)\s*([A-Za-z_]\w*)(?:\[(\d+)\])?")

#: a condition, the value asked of it (None: membership itself), whether it is negated
Literal = tuple[str, int | None, bool]
#: literals joined by AND
Term = tuple[Literal, ...]


def read_expression(text: str) -> list[Term]:
    """Read terms joined by ``+``, of literals joined by ``*``: ``A``, ``~A``, ``A[2]``.

    Raises
    ------
    DataError
        Anything else; brackets are to be multiplied out by hand.

    Examples
    --------
    >>> read_expression("DEV*~URB + regime[2]")
    [(('DEV', None, False), ('URB', None, True)), (('regime', 2, False),)]
    """
    terms = []
    for part in text.split("+"):
        literals: list[Literal] = []
        for piece in part.split("*"):
            found = _LITERAL.fullmatch(piece.strip())
            if found is None:
                raise DataError(
                    f"{piece.strip()!r} in {text!r} is no set: write terms joined by +, of "
                    "conditions joined by *, such as 'A*~B + C[2]'; brackets multiplied out"
                )
            tilde, name, value = found.groups()
            literals.append((name, None if value is None else int(value), bool(tilde)))
        terms.append(tuple(literals))
    return terms


def written(conditions: Sequence[str], values: Sequence[int], many: Sequence[bool]) -> str:
    """Write a term from values per condition, -1 where it does not matter.

    Examples
    --------
    >>> written(["A", "B", "C"], [1, 0, -1], [False, False, True]), written(["C"], [2], [True])
    ('A*~B', 'C[2]')
    """
    parts = []
    for name, value, several in zip(conditions, values, many, strict=True):
        if value >= 0:
            parts.append(f"{name}[{value}]" if several else name if value else f"~{name}")
    return "*".join(parts) if parts else "1"


def term_members(columns: Mapping[str, Floats], term: Term) -> Floats:
    """Membership in a term: the least of its literals."""
    parts = []
    for name, value, negated in term:
        if name not in columns:
            raise DataError(f"no condition {name!r}; there are {first_few(columns)}")
        x = columns[name]
        if value is not None:
            held = (x == value).astype(np.float64)
        elif np.nanmax(x, initial=0.0) > 1:
            raise DataError(f"{name!r} has several values: write {name}[2] for one of them")
        else:
            held = x
        parts.append(1 - held if negated else held)
    return np.asarray(np.minimum.reduce(parts))


def membership(expression: str, data: pd.DataFrame) -> pd.Series:
    """Membership of every case in an expression: the greatest of its terms.

    Parameters
    ----------
    expression : str
        Such as ``"A*~B + C[2]"``.
    data : DataFrame
        Memberships, or whole numbers of conditions with several values, a case per row.

    Returns
    -------
    Series
        Missing where a condition is.

    Raises
    ------
    DataError
        An expression that cannot be read; a condition that is not there or not between 0 and 1.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.2], "B": [0.4, 0.6]}, index=["x", "y"])
    >>> cm.qca.membership("A*~B + ~A*B", cases).tolist()
    [0.6, 0.6]
    """
    check_arguments(membership, locals())
    terms = read_expression(expression)
    columns = {}
    for name, value, _ in dict.fromkeys(literal for term in terms for literal in term):
        if name not in data.columns:
            raise DataError(
                f"no condition {name!r} in the data; there are {first_few(data.columns)}"
            )
        columns[name] = _column(data[name], name, value is not None)
    gaps = np.isnan(np.column_stack(list(columns.values()))).any(axis=1)
    found = np.maximum.reduce([term_members(columns, term) for term in terms])
    return pd.Series(np.where(gaps, np.nan, found), index=data.index, name=expression)


def _column(series: pd.Series, name: str, several: bool) -> Floats:
    try:
        x = series.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise DataError(f"condition {name!r} does not hold numbers: calibrate it first") from None
    wrong = (x < 0) | (x > 1) if not several else (x < 0) | (x != np.floor(x))
    wrong &= ~np.isnan(x)
    if wrong.any():
        raise DataError(
            f"condition {name!r} must be memberships between 0 and 1, or whole numbers asked for "
            f"as {name}[1]: {first_few(series[wrong].tolist())}"
        )
    return x
