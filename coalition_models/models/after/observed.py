"""Rows at risk as they were observed, read and checked for curves and tests without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, FitError, counted, first_few
from coalition_models.kernels._times import snap_times
from coalition_models.models.sample.checks import (
    Histories,
    check_event,
    check_history,
    check_numbers,
    check_times,
    default_id,
    histories_of,
    raise_all,
)
from coalition_models.models.sample.clock import check_pace, note_of_gaps
from coalition_models.models.sample.columns import (
    refuse_repeated_columns,
    require_columns,
    require_times,
)
from coalition_models.models.sample.labels import distinct_labels, times_given
from coalition_models.record import remembers
from coalition_models.tables.plain import in_native_order

__all__ = ["Observed", "count_at_risk", "members_of", "numbered", "read_observed", "refuse_gaps"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Observed:
    """Rows with times, events and weights; ``members`` where the panel tells whose they are."""

    panel: pd.DataFrame
    start: Floats
    stop: Floats
    event: Floats
    weights: Floats | None
    members: Integers | None
    notes: tuple[str, ...]


def read_observed(
    panel: pd.DataFrame,
    names: Sequence[str],
    where: str,
    *,
    event: str,
    start: str | None,
    stop: str,
    weights: str | None = None,
) -> Observed:
    """Check rows, times, events and histories as before a fit.

    Rows of weight 0 count as absent, which a note says.

    Raises
    ------
    FormulaError, DataError
        Absent columns; wrong event coding, reversed, empty or overlapping rows, wrong weights.
    FitError
        No event at all.
    """
    refuse_repeated_columns(panel)
    panel = in_native_order(panel)
    own = [] if weights is None else [weights]
    require_columns(panel, [event, *names, *own], where)
    require_times(panel, start, stop, where)
    if panel.empty:
        raise DataError("the data have no rows")
    told: list[str] = []
    if weights is not None:
        panel, told = _with_weight(panel, weights)
    happened, problems, _ = check_event(panel, event)
    first, last, wrong = check_times(panel, start, stop)
    who = members_of(panel)
    if who is not None and not problems and not wrong:
        wrong = check_history(panel, who, first, last)
    raise_all([*problems, *wrong])
    members = None if who is None else who.codes
    if not remembers(panel):
        check_pace(panel, members, first)
    told += note_of_gaps(members, first, last)
    first, last = snap_times(first, last)
    if not happened.any():
        raise FitError(f"no event: column {event!r} is 0 in all {counted(len(panel), 'row')}")
    mass = None if weights is None else panel[weights].to_numpy(dtype=float)
    return Observed(panel, first, last, happened, mass, members, tuple(told))


def _with_weight(panel: pd.DataFrame, name: str) -> tuple[pd.DataFrame, list[str]]:
    refuse_gaps(panel, [name])
    values, problems = check_numbers(panel, name, "weights", negative=False)
    raise_all(problems)
    inside = values > 0
    if not inside.any():
        raise DataError(f"every row has weight 0 in column {name!r}")
    if inside.all():
        return panel, []
    return panel[inside], [f"left out {counted(int((~inside).sum()), 'row')} of weight 0 in {name}"]


def members_of(panel: pd.DataFrame) -> Histories | None:
    """Whose rows are whose, where the panel says so."""
    member = default_id(panel, None)
    if not member or panel[list(member)].isna().any(axis=None):
        return None
    return histories_of(panel, member)


def refuse_gaps(panel: pd.DataFrame, names: Sequence[str]) -> None:
    """Raise where a column that divides the rows is missing."""
    gaps = panel[list(names)].isna().any(axis=1).to_numpy()
    if gaps.any():
        raise DataError(
            f"column {', '.join(names)} is missing in rows {first_few(panel.index[gaps])}; fill "
            "it or leave these rows out"
        )


def numbered(panel: pd.DataFrame, names: Sequence[str]) -> tuple[Integers, list[str]]:
    """Number the combinations of columns in their own order, and word each.

    Without columns all rows are one group without a name.

    Examples
    --------
    >>> numbered(pd.DataFrame({"region": ["b", "a", "b"]}), ["region"])
    (array([1, 0, 1]), ['a', 'b'])
    """
    if not names:
        return np.zeros(len(panel), dtype=np.int64), [""]
    refuse_gaps(panel, names)
    keys = panel[list(names)].reset_index(drop=True)
    found = keys.groupby(list(names), sort=True, observed=True).indices
    parts = [key if isinstance(key, tuple) and len(names) > 1 else (key,) for key in found]
    codes = np.empty(len(panel), dtype=np.int64)
    for number, at in enumerate(found.values()):
        codes[at] = number
    return codes, distinct_labels(parts)


def count_at_risk(
    spans: Mapping[str, tuple[Floats, Floats]], times: Sequence[float]
) -> pd.DataFrame:
    """Rows at risk at given times, one column per group.

    ``spans`` gives the starts and the stops of each group's rows, each sorted.
    """
    when = times_given(times)
    if when is None:
        raise DataError("at_risk() takes the times to count at")
    first = min(starts[0] for starts, _ in spans.values())
    counts = {}
    for group, (starts, stops) in spans.items():
        before = np.searchsorted(starts, when) - np.searchsorted(stops, when)
        entering = np.searchsorted(starts, first, side="right")
        counts[group] = np.where(when == first, entering, before)
    return pd.DataFrame(counts, index=pd.Index(when, name="time"))
