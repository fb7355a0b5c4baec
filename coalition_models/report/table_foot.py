"""The foot of a table of models: counts, measures of fit where they compare, rows of one's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from coalition_models.errors import DataError, first_few
from coalition_models.render import format_number
from coalition_models.report.columns import Column

__all__ = ["GLANCE", "foot", "own_rows", "stars_of"]

#: rows of the foot -> what they are called
GLANCE = {
    "events": "Events",
    "rows": "Rows",
    "members": "Members",
    "clusters": "Clusters",
    "time_at_risk": "Time at risk",
    "log_likelihood": "Log-likelihood",
    "aic": "AIC",
    "ties": "Ties",
    "variance": "Variance",
}
#: shown where the columns differ, and said in the notes otherwise
_WHERE_DIFFERENT = ("ties", "variance")
_LIKELIHOOD = ("log_likelihood", "aic")
_STARS = {"*": 0.05, "**": 0.01, "***": 0.001}


def stars_of(stars: bool | Mapping[str, float]) -> dict[str, float]:
    """Marks and their bounds.

    Raises
    ------
    DataError
        A bound that is no probability.

    Examples
    --------
    >>> stars_of(False), stars_of({"+": 0.1})
    ({}, {'+': 0.1})
    """
    if isinstance(stars, bool):
        return dict(_STARS) if stars else {}
    wrong = [f"{mark} {bound}" for mark, bound in stars.items() if not 0 < bound < 1]
    if wrong:
        raise DataError(f"bounds of stars must lie between 0 and 1; found {first_few(wrong)}")
    return dict(stars)


def own_rows(
    rows: Mapping[str, Sequence[object] | Mapping[str, object]], columns: Sequence[str]
) -> list[list[str]]:
    """Rows that the caller adds.

    Raises
    ------
    DataError
        A number of values that differs from that of columns, or values for none of them.
    """
    out = []
    for name, values in rows.items():
        if isinstance(values, (Mapping, pd.Series)):
            unknown = [str(key) for key in values.keys() if str(key) not in columns]  # noqa: SIM118
            if unknown:
                raise DataError(
                    f"row {name!r} has values for {first_few(unknown)}, and the columns are "
                    f"{first_few(columns)}"
                )
            cells = [values.get(column, "") for column in columns]
        else:
            cells = [values] if isinstance(values, str) else list(values)
            if len(cells) != len(columns):
                raise DataError(
                    f"row {name!r} needs {len(columns)} values, one per column; found {len(cells)}"
                )
        out.append([str(name), *[format_number(value) for value in cells]])
    return out


def foot(
    columns: Sequence[Column], glance: Sequence[str] | None, digits: int
) -> tuple[list[list[str]], str]:
    """Rows of the foot, and why measures of fit are left out, if they are.

    Raises
    ------
    DataError
        An unknown row.
    """
    asked = list(GLANCE if glance is None else glance)
    unknown = [name for name in asked if name not in GLANCE]
    if unknown:
        raise DataError(f"glance must be some of {', '.join(GLANCE)}; found {first_few(unknown)}")
    apart = _apart(columns) if set(_LIKELIHOOD) & set(asked) else ""
    out = []
    for name in asked:
        if name in _LIKELIHOOD:
            cells = [""] * len(columns) if apart else [_fit(c, name, digits) for c in columns]
        else:
            cells = [column.facts.get(name, "") for column in columns]
        shared = name in _WHERE_DIFFERENT and len(set(cells)) == 1 and glance is None
        if any(cells) and not shared:
            out.append([GLANCE[name], *cells])
    return out, apart


def _fit(column: Column, name: str, digits: int) -> str:
    if column.likelihood is None:
        return ""
    value, parameters, _ = column.likelihood
    return format_number(value if name == "log_likelihood" else 2 * (parameters - value), digits)


def _apart(columns: Sequence[Column]) -> str:
    """Why log-likelihoods cannot stand side by side."""
    known = [column.likelihood for column in columns if column.likelihood is not None]
    if any(not mark for _, _, mark in known):
        return "Log-likelihood and AIC are left out: they mean nothing under a penalty or a prior."
    if len({mark for _, _, mark in known}) <= 1:
        return ""
    rows = {column.facts.get("rows", "") for column in columns}
    why = (
        f"the columns have other rows ({', '.join(sorted(rows))})"
        if len(rows) > 1
        else "the columns' likelihoods are not of one kind, or not of the same rows"
    )
    return f"Log-likelihood and AIC are left out, since they cannot be compared: {why}."
