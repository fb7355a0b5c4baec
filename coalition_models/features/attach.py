"""New columns on a panel: how they were made is remembered, what is missing is told."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import first_few, warn
from coalition_models.record import made_of, record_of, with_features, with_record
from coalition_models.tables.plain import in_native_order

__all__ = ["attach"]


def attach(
    panel: pd.DataFrame,
    columns: Mapping[str, npt.NDArray[np.generic] | pd.Series],
    *,
    sources: Sequence[str],
    choices: Mapping[str, object],
    notes: Mapping[str, str] | None = None,
    not_covered: Collection[str] = (),
    builder: str = "",
    cure: str = "",
) -> pd.DataFrame:
    """Return a copy of the panel with the new columns, remembering sources and choices.

    Parameters
    ----------
    panel : DataFrame
    columns : mapping
        Name to values, one per row.
    sources : sequence of str
        Tables to cite.
    choices : mapping
        The builder's arguments.
    notes : mapping, optional
        Column to what must be told of it, such as why it is missing.
    not_covered : collection of str
        States of which the data say themselves that their source does not cover them: told in the
        record, without a warning.
    builder, cure : str
        Name of the builder, and what to do about missing values, for the warning on columns that
        are missing in every row and on states of which nothing is known.
    """
    values = {
        name: pd.Series(np.asarray(column), index=panel.index, name=name)
        if not isinstance(column, pd.Series)
        else column.set_axis(panel.index)
        for name, column in columns.items()
    }
    taken = [name for name in values if name in panel.columns]
    own = [name for name in taken if made_of(panel, name) is None]
    if own:
        warn(
            f"the panel had {'columns' if len(own) > 1 else 'a column'} {', '.join(own)} that no "
            "builder is known to have made; replaced. Rename yours to keep it."
        )
    rows = in_native_order(panel)
    out = (rows.drop(columns=taken) if taken else rows).assign(**values)
    with_record(out, record_of(panel))
    told = notes or {}
    by = "state" if "state" in panel.columns else "cow"
    gaps = {"not_covered": sorted(set(not_covered) & set(panel[by]))} if not_covered else {}
    made = {
        name: {**choices, **gaps, **({"note": told[name]} if name in told else {})}
        for name in values
    }
    with_features(out, made, sources)
    if len(out):
        _warn_of_missing(out, values, told, not_covered, f"{builder}: " if builder else "", cure)
    return out


def _warn_of_missing(
    panel: pd.DataFrame,
    columns: Mapping[str, pd.Series],
    notes: Mapping[str, str],
    not_covered: Collection[str],
    who: str,
    cure: str,
) -> None:
    """Say, once, which columns no row knows, and of which states no column is known."""
    absent = [name for name, column in columns.items() if column.isna().all()]
    problems = []
    if absent:
        parts = (part for name in absent if name in notes for part in notes[name].split("; "))
        why = dict.fromkeys(parts)  # a column made of several has the reasons of each
        reason = f" ({'; '.join(why)})" if why else ""
        problems.append(f"missing in every row: {', '.join(absent)}{reason}")
    known = [name for name in columns if name not in absent]
    if known:
        by = "state" if "state" in panel.columns else "cow"
        nothing = pd.Series(
            np.logical_and.reduce([columns[name].isna().to_numpy() for name in known]),
            index=panel.index,
        )
        states = nothing.groupby(panel[by].to_numpy()).all()
        unknown = [state for state in states.index[states] if state not in not_covered]
        if unknown:
            problems.append(f"nothing is known of {first_few(unknown)}")
    if problems:
        warn(f"{who}{'; '.join(problems)}{f'. {cure}' if cure else ''}")
