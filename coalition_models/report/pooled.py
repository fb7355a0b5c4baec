"""Estimates combined over data sets as columns of a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from coalition_models.record import with_notes

__all__ = ["POOLED", "pooled_columns"]

#: columns by which the result of ``inference.combine`` is known
POOLED = frozenset(("claim", "fixed", "random", "random_p", "i_squared", "heterogeneity_p"))
_KINDS = {"fixed": "Fixed effects", "random": "Random effects"}


def pooled_columns(given: object) -> object:
    """Put a column each for fixed and random effects in the place of a pooled result.

    Anything else, and mappings and lists without one, are given back as they are.
    """
    if _is_pooled(given):
        return _columns(given, "")
    if isinstance(given, (Mapping, pd.Series)):
        out: dict[str, object] = {}
        for name, value in given.items():
            out |= _columns(value, f"{name}, ") if _is_pooled(value) else {str(name): value}
        return out if any(map(_is_pooled, given.values if isinstance(given, pd.Series)
                              else given.values())) else given  # fmt: skip
    return given


def _is_pooled(value: object) -> bool:
    return isinstance(value, pd.DataFrame) and set(value.columns) >= POOLED


def _columns(pooled: object, prefix: str) -> dict[str, object]:
    frame = pd.DataFrame(pooled)  # type: ignore[call-overload]
    return {f"{prefix}{title}": _tidy(frame, kind) for kind, title in _KINDS.items()}


def _tidy(frame: pd.DataFrame, kind: str) -> pd.DataFrame:
    out = pd.DataFrame(
        {
            "term": frame["claim"].astype(str),
            "estimate": frame[kind],
            "std_error": np.nan,
            "p_value": frame[f"{kind}_p"],
            "conf_low": frame[f"{kind}_low"],
            "conf_high": frame[f"{kind}_high"],
        }
    )
    notes = (
        "Per step of the term: from 0 to 1 where it has two values, else one standard deviation in "
        "its data set.",
        *(
            f"{row['claim']}: {row['data_sets']}; I squared {100 * row['i_squared']:.0f}%, p of Q "
            f"{row['heterogeneity_p']:.3f}."
            for row in frame.to_dict("records")
        ),
    )
    return with_notes(out, table=notes)
