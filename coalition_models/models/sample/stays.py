"""Rows of members' stays, for estimates without a formula: times, weights, whose is whose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.kernels._times import snap_times
from coalition_models.models.sample.checks import (
    Histories,
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
from coalition_models.record import remembers

__all__ = ["Stays", "ends_of", "read_stays", "refuse_rows_after"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Stays:
    """Rows at risk on (start, stop], numbered by member and by group of the variance."""

    start: Floats
    stop: Floats
    weights: Floats
    members: Integers
    groups: Integers
    notes: tuple[str, ...]

    def ends(self) -> tuple[Integers, Integers, bool]:
        """First and last row of each member, and whether any stay has a gap."""
        return ends_of(self.members, self.start, self.stop)

    def refuse_rows_after(self, ended: Flags, what: str, index: pd.Index) -> None:
        """Refuse members with rows after what ends a stay."""
        refuse_rows_after(self.members, self.start, self.stop, ended, what, index)


def ends_of(members: Integers, start: Floats, stop: Floats) -> tuple[Integers, Integers, bool]:
    """First and last row of each member (numbered from 0), and whether any stay has a gap.

    Examples
    --------
    >>> zero, one = np.array([0.0, 2.0, 0.0]), np.array([2.0, 3.0, 1.0])
    >>> first, last, gaps = ends_of(np.array([0, 0, 1]), zero, one)
    >>> first.tolist(), last.tolist(), gaps
    ([0, 2], [1, 2], False)
    """
    order = np.lexsort((stop, start, members))
    own = members[order]
    breaks = np.flatnonzero(np.diff(own)) + 1
    first = order[np.concatenate([[0], breaks])]
    last = order[np.concatenate([breaks - 1, [len(order) - 1]])]
    same = own[1:] == own[:-1]
    gaps = bool((same & (start[order[1:]] > stop[order[:-1]])).any())
    return first, last, gaps


def refuse_rows_after(
    members: Integers, start: Floats, stop: Floats, ended: Flags, what: str, index: pd.Index
) -> None:
    """Refuse members with rows after what ends a stay."""
    _, last, _ = ends_of(members, start, stop)
    early = ended.copy()
    early[last] = False
    if early.any():
        raise DataError(
            f"{counted(early.sum(), 'row')} with {what} are not the last of their member (rows "
            f"{first_few(index[early])}): who has left is at risk no more. Tell stays apart with "
            "id=, such as a column that counts them"
        )


def read_stays(
    data: pd.DataFrame,
    start: str | None,
    stop: str,
    *,
    id: str | Sequence[str] | None,
    weights: str | None,
    cluster: str | None,
) -> Stays:
    """Check times, histories, weights and clusters; all that is wrong in one message."""
    refuse_repeated_columns(data)
    asked = [name for name in (weights, cluster) if name is not None]
    require_columns(data, asked, "weights= and cluster=")
    require_times(data, start, stop, "start= and stop=")
    if data.empty:
        raise DataError("the data have no rows")
    first, last, problems = check_times(data, start, stop)
    case = np.ones(len(data))
    if weights is not None:
        case, wrong = check_numbers(data, weights, "weights", negative=False)
        problems += wrong or _gaps(data, weights)
    who = _histories(data, id)
    if who is not None and not problems:
        problems += check_history(data, who, first, last)
    problems += _gaps(data, cluster) if cluster is not None else []
    raise_all(problems)
    if not case.any():
        raise DataError(f"every row has weight 0 in column {weights!r}")
    members = None if who is None else who.codes
    if not remembers(data):
        check_pace(data, members, first)
    notes = [*note_of_gaps(members, first, last)]
    if who is None:
        notes.append("no id columns, so each row stands for a member of its own")
    first, last = snap_times(first, last)
    own = np.arange(len(data)) if members is None else members
    together = own if cluster is None else pd.factorize(data[cluster])[0].astype(np.int64)
    return Stays(first, last, case, own, together, tuple(notes))


def _histories(data: pd.DataFrame, id: str | Sequence[str] | None) -> Histories | None:
    member = default_id(data, id)
    if not member:
        return None
    gaps = data[list(member)].isna().any(axis=1).to_numpy()
    if gaps.any():
        raise DataError(
            f"id columns {', '.join(member)} are missing in rows {first_few(data.index[gaps])}; "
            "fill them"
        )
    return histories_of(data, member)


def _gaps(data: pd.DataFrame, name: str) -> list[str]:
    gaps = data[name].isna().to_numpy()
    if not gaps.any():
        return []
    return [f"column {name!r} is missing in rows {first_few(data.index[gaps])}; fill it"]
