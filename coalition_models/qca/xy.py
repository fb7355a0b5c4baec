"""Cases by their membership in a set and in the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coalition_models.arguments import check_arguments
from coalition_models.errors import DataError
from coalition_models.qca.cases import check_cases
from coalition_models.qca.expressions import read_expression, term_members
from coalition_models.qca.fits import necessity_of, sufficiency_of
from coalition_models.record import with_notes

__all__ = ["xy_data"]

#: what a case is called in both, in x alone, in y alone, in neither
_KINDS = {
    "sufficiency": ("typical", "deviant consistency", "deviant coverage", "irrelevant"),
    "necessity": ("typical", "irrelevant", "deviant consistency", "individually irrelevant"),
}


def xy_data(
    expression: str, data: pd.DataFrame, outcome: str, *, relation: str = "sufficiency"
) -> pd.DataFrame:
    """Place every case by its membership in an expression and in the outcome.

    Parameters
    ----------
    expression : str
        A condition, a path, or a whole solution, such as ``solution.expression``.
    data : DataFrame
        As for :func:`truth_table`.
    outcome : str
        With ``~`` for its absence.
    relation : {"sufficiency", "necessity"}

    Returns
    -------
    DataFrame
        By ``case``: ``x``, ``y``, ``kind``. Of a sufficient set: typical (x and y above .5),
        deviant consistency (x above, y below), deviant coverage (y above, x not), irrelevant. Of a
        necessary one: typical, deviant consistency (y above, x not), irrelevant (x above, y below),
        individually irrelevant. ``undecided`` where x or y is .5. ``record_of(...).notes["fit"]``
        holds the measures of fit.

    Raises
    ------
    DataError
        As :func:`truth_table`; an unknown relation.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> cases = pd.DataFrame({"A": [0.9, 0.7, 0.2, 0.1], "Y": [0.9, 0.4, 0.6, 0.1]}, list("wxyz"))
    >>> cm.plot.qca_xy_data("A", cases, "Y")["kind"].tolist()
    ['typical', 'deviant consistency', 'deviant coverage', 'irrelevant']
    """
    check_arguments(xy_data, locals())
    if relation not in _KINDS:
        raise DataError(f"relation must be one of {', '.join(_KINDS)}, not {relation!r}")
    terms = read_expression(expression)
    named = dict.fromkeys(name for term in terms for name, _, _ in term)
    cases = check_cases(data, outcome, list(named))
    x = np.maximum.reduce([term_members(cases.x, term) for term in terms])
    y = cases.y
    both, only_x, only_y, neither = _KINDS[relation]
    inside = x > 0.5
    kind = np.where(y > 0.5, np.where(inside, both, only_y), np.where(inside, only_x, neither))
    kind = np.where((x == 0.5) | (y == 0.5), "undecided", kind)
    out = pd.DataFrame({"x": x, "y": y, "kind": kind}, index=pd.Index(cases.names, name="case"))
    fit = sufficiency_of(x, y) if relation == "sufficiency" else necessity_of(x, y)
    said = {"relation": relation, "x": expression, "y": cases.outcome, "dropped": cases.dropped}
    return with_notes(out, fit={**vars(fit), **said})
