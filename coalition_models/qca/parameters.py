"""Parameters of fit of the terms and the whole of each model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.qca.cases import Cases, check_cases
from coalition_models.qca.expressions import read_expression, term_members
from coalition_models.qca.fits import sufficiency_of

__all__ = ["parameters_of", "sufficiency"]

Floats = npt.NDArray[np.float64]

_COLUMNS = [
    "model", "term", "consistency", "pri", "raw_coverage", "unique_coverage", "cases", "deviant",
]  # fmt: skip


def parameters_of(models: Sequence[Sequence[str]], cases: Cases) -> pd.DataFrame:
    """A row per term of each model and one for its whole, named "all"; see :func:`sufficiency`."""
    terms = list(dict.fromkeys(term for model in models for term in model))
    held = {term: _members(term, cases) for term in terms}
    known = {term: _row(term, held[term], cases) for term in terms}  # models share their terms
    rows: list[dict[str, object]] = []
    for number, model in enumerate(models):
        members = np.array([held[term] for term in model])
        rows += [
            {"model": number, **known[term], "unique_coverage": unique}
            for term, unique in zip(model, _unique(members, cases.y), strict=True)
        ]
        rows.append({"model": number, **_row("all", members.max(axis=0), cases)})
    return pd.DataFrame(rows, columns=_COLUMNS)


def _unique(members: Floats, y: Floats) -> Floats:
    """Coverage that is lost without each term."""
    largest = members.max(axis=0)
    if len(members) == 1:
        return np.array([sufficiency_of(largest, y).coverage])
    second = np.sort(members, axis=0)[-2]
    first = members.argmax(axis=0)
    without = np.where(first == np.arange(len(members))[:, None], second, largest)
    lost = np.minimum(largest, y).sum() - np.minimum(without, y).sum(axis=1)
    return np.asarray(lost / y.sum() if y.sum() > 0 else np.full(len(members), np.nan))


def _members(term: str, cases: Cases) -> Floats:
    parts = [term_members(cases.x, one) for one in read_expression(term)]
    return np.asarray(np.maximum.reduce(parts))


def _row(term: str, x: Floats, cases: Cases) -> dict[str, object]:
    fit = sufficiency_of(x, cases.y)
    inside = np.flatnonzero(x > 0.5)
    against = inside[cases.y[inside] < 0.5]
    return {
        "term": term,
        "consistency": fit.consistency,
        "pri": fit.pri,
        "raw_coverage": fit.coverage,
        "unique_coverage": float("nan"),
        "cases": ", ".join(cases.names[place] for place in inside),
        "deviant": ", ".join(cases.names[place] for place in against),
    }


def sufficiency(expression: str, data: pd.DataFrame, outcome: str) -> pd.DataFrame:
    """How well an expression of one's own, such as somebody's published paths, fits the cases.

    Parameters
    ----------
    expression : str
        Such as ``"A*~B + C"``.
    data : DataFrame
        As for :func:`truth_table`.
    outcome : str
        With ``~`` for its absence.

    Returns
    -------
    DataFrame
        A row per term, and one named "all": ``consistency``, ``pri``, ``raw_coverage``,
        ``unique_coverage`` (what no other term covers; the raw one where there is no other),
        ``cases``, ``deviant``.

    Raises
    ------
    DataError
        As :func:`truth_table`; an expression that cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.7, 0.2, 0.1], "B": [0.8, 0.3, 0.6, 0.2],
    ...                       "Y": [0.9, 0.6, 0.3, 0.1]}, index=list("wxyz"))
    >>> cm.qca.sufficiency("A", cases, "Y").set_index("term")["consistency"].round(3).to_dict()
    {'A': 0.947, 'all': 0.947}
    """
    check_arguments(sufficiency, locals())
    terms = [part.strip() for part in expression.split("+")]
    named = dict.fromkeys(name for term in read_expression(expression) for name, _, _ in term)
    cases = check_cases(data, outcome, list(named))
    return parameters_of([terms], cases).drop(columns="model")
