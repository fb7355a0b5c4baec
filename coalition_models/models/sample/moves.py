"""Moves between states, as rows tell them: the state during a row, and the state after it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.sample.columns import refuse_repeated_columns, require_columns
from coalition_models.models.sample.kinds import Kinds, worded
from coalition_models.models.sample.labels import distinct_labels

__all__ = ["read_moves", "read_states", "refuse_jumps"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def read_states(
    data: pd.DataFrame, origin: str, target: str
) -> tuple[Integers, Integers, tuple[str, ...]]:
    """Number the states during and after each row.

    Returns
    -------
    origin, target, labels
        Codes (n,) from 0, and the states' names: in the order of their categories, or sorted.

    Raises
    ------
    DataError
        Missing states; no move at all.

    Examples
    --------
    >>> df = pd.DataFrame({"from": ["full", "less"], "to": ["less", "out"]})
    >>> during, after, labels = read_states(df, "from", "to")
    >>> during.tolist(), after.tolist(), labels
    ([0, 1], [1, 2], ('full', 'less', 'out'))
    """
    refuse_repeated_columns(data)
    require_columns(data, [origin, target], "the states during and after each row")
    for name in (origin, target):
        gaps = data[name].isna().to_numpy()
        if gaps.any():
            raise DataError(
                f"column {name!r} of states is missing in {counted(gaps.sum(), 'row')} "
                f"({first_few(data.index[gaps])}); a row that ends in no move has the same state "
                "after it as during it"
            )
    values = _order(data[origin], data[target])
    labels = tuple(distinct_labels([(worded(value),) for value in values]))
    number = {value: place for place, value in enumerate(values)}
    during, after = (
        np.asarray(data[name].astype(object).map(number), dtype=np.int64)
        for name in (origin, target)
    )
    if (during == after).all():
        raise DataError(f"no move: {origin!r} and {target!r} are equal in all rows")
    return during, after, labels


def _order(one: pd.Series, two: pd.Series) -> list[object]:
    known: list[object] = []
    for column in (one, two):
        if isinstance(column.dtype, pd.CategoricalDtype):
            known += list(column.cat.categories)
        else:
            found = list(column.astype(object).unique())
            known += sorted(found, key=lambda value: (str(type(value)), value))
    used = {*one.astype(object), *two.astype(object)}
    ordered = [value for value in dict.fromkeys(known) if value in used]
    if all(isinstance(c.dtype, pd.CategoricalDtype) for c in (one, two)):
        return ordered
    return sorted(ordered, key=lambda value: (str(type(value)), value))


def read_moves(data: pd.DataFrame, origin: str, target: str) -> Kinds:
    """Kinds of move, of which only rows in the state that a move leaves are at risk.

    Examples
    --------
    >>> df = pd.DataFrame({"from": ["full", "less", "full"], "to": ["less", "out", "full"]})
    >>> moves = read_moves(df, "from", "to")
    >>> moves.codes.tolist(), moves.labels, moves.exposed[:, 0].tolist()
    ([1, 2, 0], ('full to less', 'less to out'), [True, False, True])
    """
    during, after, names = read_states(data, origin, target)
    moved = during != after
    pairs = during * len(names) + after
    kinds = np.unique(pairs[moved])
    codes = np.where(moved, np.searchsorted(kinds, pairs) + 1, 0)
    labels = tuple(f"{names[pair // len(names)]} to {names[pair % len(names)]}" for pair in kinds)
    exposed = during[:, None] == (kinds // len(names))[None, :]
    return Kinds(codes.astype(np.int64), labels, exposed)


def refuse_jumps(
    members: Integers,
    start: Floats,
    stop: Floats,
    states: tuple[Integers, Integers],
    index: pd.Index,
) -> None:
    """Refuse rows that begin in another state than that in which the row before them ended.

    ``states`` are those during and after each row. Nothing is asked of rows after a gap.
    """
    during, after = states
    order = np.lexsort((stop, start, members))
    here, before = order[1:], order[:-1]
    follows = (members[here] == members[before]) & (start[here] == stop[before])
    wrong = follows & (during[here] != after[before])
    if wrong.any():
        pairs = zip(index[before[wrong]], index[here[wrong]], strict=True)
        raise DataError(
            f"{counted(wrong.sum(), 'row')} begin in another state than that in which the row "
            f"before them ended (rows {first_few(f'{one} and {two}' for one, two in pairs)})"
        )
