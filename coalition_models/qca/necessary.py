"""What the outcome cannot do without, and single combinations that suffice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, product

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.qca.cases import Cases, check_cases
from coalition_models.qca.expressions import read_expression, term_members, written
from coalition_models.qca.fits import necessity_of, sufficiency_of

__all__ = ["necessity", "subsets", "supersets"]

Floats = npt.NDArray[np.float64]
Literal = tuple[str, Floats]

#: expressions that are looked at, at most
_MOST = 200_000


def necessity(
    data: pd.DataFrame, outcome: str, expressions: Sequence[str] | None = None
) -> pd.DataFrame:
    """Say how necessary conditions are for the outcome.

    Parameters
    ----------
    data : DataFrame
        As for :func:`truth_table`.
    outcome : str
        With ``~`` for its absence.
    expressions : sequence of str, optional
        Such as ``["A", "A+~B"]``; every condition and its absence by default.

    Returns
    -------
    DataFrame
        By ``expression``: ``consistency``, ``coverage``, ``ron`` (relevance of necessity).

    Raises
    ------
    DataError
        As :func:`truth_table`.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.9, 0.3], "B": [0.8, 0.3, 0.6], "Y": [0.9, 0.6, 0.1]})
    >>> cm.qca.necessity(cases, "Y", ["A", "A+B"]).round(3).values.tolist()
    [[1.0, 0.762, 0.643], [1.0, 0.667, 0.429]]
    """
    check_arguments(necessity, locals())
    if expressions is None:
        cases = check_cases(data, outcome, None)
        chosen = [(name, x) for group in _literals(cases) for name, x in group]
    else:
        if isinstance(expressions, str) or not len(expressions):
            raise DataError("expressions must be a list such as ['A', 'A+~B']")
        terms = [read_expression(one) for one in expressions]
        named = dict.fromkeys(n for one in terms for term in one for n, _, _ in term)
        cases = check_cases(data, outcome, list(named))
        chosen = [
            (text, np.maximum.reduce([term_members(cases.x, term) for term in one]))
            for text, one in zip(expressions, terms, strict=True)
        ]
    return _necessities(chosen, cases)


def supersets(
    data: pd.DataFrame,
    outcome: str,
    conditions: Sequence[str] | None = None,
    *,
    consistency_cut: float = 0.9,
    coverage_cut: float = 0.0,
    ron_cut: float = 0.0,
    longest: int = 3,
) -> pd.DataFrame:
    """Find what is necessary: conjunctions, and the shortest disjunctions, that hold the outcome.

    Parameters
    ----------
    data, outcome, conditions
        As for :func:`truth_table`.
    consistency_cut, coverage_cut, ron_cut : float
        What an expression must reach.
    longest : int
        Conditions in a disjunction at most.

    Returns
    -------
    DataFrame
        As :func:`necessity`. Conjunctions come first, the longest of them above. A disjunction is
        listed if it is consistent and none of its parts is.

    Raises
    ------
    DataError
        As :func:`truth_table`; more expressions than can be looked at.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.9, 0.3], "B": [0.8, 0.3, 0.6], "Y": [0.9, 0.6, 0.1]})
    >>> cm.qca.supersets(cases, "Y").index.tolist()
    ['A']
    """
    check_arguments(supersets, locals())
    cases = check_cases(data, outcome, conditions)
    literals = _literals(cases)
    _check_size(literals, max(longest, len(literals)))
    enough: list[tuple[str, Floats]] = []
    alone = [
        (name, x)
        for group in literals
        for name, x in group
        if necessity_of(x, cases.y).consistency >= consistency_cut
    ]
    for size in range(len(alone), 0, -1):
        for some in combinations(alone, size):
            x = np.minimum.reduce([one for _, one in some])
            if necessity_of(x, cases.y).consistency >= consistency_cut:
                enough.append(("*".join(name for name, _ in some), x))
    enough += _disjunctions(literals, cases.y, consistency_cut, longest)
    found = _necessities(enough, cases)
    return found[(found["coverage"] >= coverage_cut) & (found["ron"] >= ron_cut)]


def subsets(
    data: pd.DataFrame,
    outcome: str,
    conditions: Sequence[str] | None = None,
    *,
    consistency_cut: float = 0.8,
    coverage_cut: float = 0.0,
    longest: int = 3,
) -> pd.DataFrame:
    """Find the shortest conjunctions that suffice for the outcome, whatever the truth table says.

    Parameters
    ----------
    data, outcome, conditions
        As for :func:`truth_table`.
    consistency_cut, coverage_cut : float
        What an expression must reach.
    longest : int
        Conditions in a conjunction at most.

    Returns
    -------
    DataFrame
        By ``expression``: ``consistency``, ``pri``, ``coverage``. A conjunction is listed if it is
        consistent and none of its parts is.

    Raises
    ------
    DataError
        As :func:`truth_table`; more expressions than can be looked at.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.9, 0.3], "B": [0.8, 0.3, 0.6], "Y": [0.9, 0.6, 0.1]})
    >>> cm.qca.subsets(cases, "Y", consistency_cut=0.75).index.tolist()
    ['A']
    """
    check_arguments(subsets, locals())
    cases = check_cases(data, outcome, conditions)
    literals = _literals(cases)
    _check_size(literals, longest)
    rows, kept = [], list[tuple[str, ...]]()
    for names, some in _crossed(literals, longest):
        if any(set(part) <= set(names) for part in kept):
            continue
        fit = sufficiency_of(np.minimum.reduce(some), cases.y)
        if fit.consistency >= consistency_cut:
            kept.append(names)
            rows.append(("*".join(names), fit.consistency, fit.pri, fit.coverage))
    found = pd.DataFrame(rows, columns=["expression", "consistency", "pri", "coverage"])
    return found[found["coverage"] >= coverage_cut].set_index("expression")


def _literals(cases: Cases) -> list[list[Literal]]:
    """Every value of every condition, with the membership of the cases."""
    out = []
    for name, size, several in zip(cases.conditions, cases.sizes, cases.many, strict=True):
        x = cases.x[name]
        values = range(size) if several else (1, 0)
        out.append(
            [
                (
                    written([name], [value], [several]),
                    (x == value).astype(np.float64) if several else x if value else 1 - x,
                )
                for value in values
            ]
        )
    return out


def _crossed(
    literals: Sequence[Sequence[Literal]], longest: int
) -> Iterator[tuple[tuple[str, ...], list[Floats]]]:
    """Combinations of values of different conditions, the short ones first."""
    for size in range(1, min(longest, len(literals)) + 1):
        for groups in combinations(literals, size):
            for some in product(*groups):
                yield tuple(name for name, _ in some), [x for _, x in some]


def _disjunctions(
    literals: Sequence[Sequence[Literal]], y: Floats, cut: float, longest: int
) -> list[Literal]:
    found: list[Literal] = []
    kept: list[set[str]] = []
    for names, some in _crossed(literals, longest):
        if any(part <= set(names) for part in kept):
            continue
        x = np.maximum.reduce(some)
        if necessity_of(x, y).consistency >= cut:
            kept.append(set(names))
            if len(names) > 1:
                found.append(("+".join(names), x))
    return found


def _necessities(chosen: Sequence[Literal], cases: Cases) -> pd.DataFrame:
    rows = []
    for text, x in chosen:
        fit = necessity_of(x, cases.y)
        rows.append((text, fit.consistency, fit.coverage, fit.ron))
    columns = ["expression", "consistency", "coverage", "ron"]
    return pd.DataFrame(rows, columns=columns).set_index("expression")


def _check_size(literals: Sequence[Sequence[Literal]], longest: int) -> None:
    if longest < 1:
        raise DataError(f"longest must be 1 or more, not {longest}")
    total = 0
    for size in range(1, min(longest, len(literals)) + 1):
        for groups in combinations(literals, size):
            total += int(np.prod([len(group) for group in groups]))
        if total > _MOST:
            raise DataError(
                f"more than {_MOST} expressions of {longest} conditions: take a lower longest="
            )
