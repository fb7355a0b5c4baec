"""How each row ended: in no exit, or in one of several kinds of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.errors import DataError, counted, first_few
from coalition_models.models.sample.checks import check_event, names_of, raise_all
from coalition_models.models.sample.columns import (
    as_numbers,
    plain_value,
    refuse_repeated_columns,
    require_columns,
)
from coalition_models.models.sample.labels import distinct_labels

__all__ = ["Kinds", "chosen_kinds", "kinds_of_values", "read_kinds", "worded"]

Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Kinds:
    """Kinds of exit by row.

    ``codes`` (n,) is 0 where nothing happened, otherwise one more than the place of the kind among
    ``labels``. A kind that never happened, such as a category without rows, has a label too.
    ``exposed`` (n, K) tells who can leave in which way; None where everyone can in every way.
    """

    codes: Integers
    labels: tuple[str, ...]
    exposed: Flags | None = None

    @property
    def counts(self) -> Integers:
        """Exits of each kind."""
        return np.bincount(self.codes, minlength=len(self.labels) + 1)[1:]

    @property
    def empty(self) -> tuple[str, ...]:
        """Kinds that never happened."""
        return tuple(
            label for label, count in zip(self.labels, self.counts, strict=True) if count == 0
        )

    def inside(self, keep: Flags | None) -> Kinds:
        """Fewer rows."""
        if keep is None:
            return self
        exposed = None if self.exposed is None else self.exposed[keep]
        return replace(self, codes=self.codes[keep], exposed=exposed)


def read_kinds(data: pd.DataFrame, event: str | Sequence[str], none: object = None) -> Kinds:
    """Read one column of kinds, or several columns of 0 and 1 of which each is a kind.

    Parameters
    ----------
    data : DataFrame
    event : str or sequence of str
    none : object, optional
        Value of a column of kinds that means no exit. Default: 0 in a column of numbers; words
        have no default.

    Raises
    ------
    DataError
        Missing values, rows with two kinds, words without ``none``, no exit at all.

    Examples
    --------
    >>> df = pd.DataFrame({"exit": ["stays", "early", "mission end", "early"]})
    >>> kinds = read_kinds(df, "exit", none="stays")
    >>> kinds.codes.tolist(), kinds.labels
    ([0, 1, 2, 1], ('early', 'mission end'))
    """
    names = names_of(event, "event")
    refuse_repeated_columns(data)
    require_columns(data, names, f"event={event!r}")
    if data.empty:
        raise DataError("the data have no rows")
    kinds = _several(data, names, none) if len(names) > 1 else _one(data, names[0], none)
    if not kinds.labels or not kinds.codes.any():
        raise DataError(
            f"no exit of any kind in column {', '.join(map(repr, names))}: every one of the "
            f"{counted(len(data), 'row')} says that nothing happened"
        )
    return kinds


def chosen_kinds(kinds: Kinds, wanted: Sequence[str] | None) -> tuple[int, ...]:
    """Codes of the kinds asked for, by label; all that happened where none are named.

    Examples
    --------
    >>> chosen_kinds(Kinds(np.array([0, 1, 2]), ("early", "late")), ["late"])
    (2,)
    """
    if wanted is None:
        return tuple(int(place) + 1 for place in np.flatnonzero(kinds.counts))
    unknown = [label for label in wanted if label not in kinds.labels]
    if unknown:
        raise DataError(
            f"no such kind of exit: {first_few(unknown)}; there are {first_few(kinds.labels)}"
        )
    nil = [label for label in wanted if label in kinds.empty]
    if nil:
        raise DataError(f"kind {first_few(nil)} never happened in these rows; leave it out")
    return tuple(kinds.labels.index(label) + 1 for label in dict.fromkeys(wanted))


def _several(data: pd.DataFrame, names: tuple[str, ...], none: object) -> Kinds:
    if none is not None:
        raise DataError("none= is a value of one column of kinds; columns of 0 and 1 need none")
    codes = np.zeros(len(data), dtype=np.int64)
    problems: list[str] = []
    for place, name in enumerate(names, start=1):
        happened, wrong, _ = check_event(data, name)
        problems += wrong
        twice = (codes > 0) & (happened == 1)
        if not wrong and twice.any():
            other = names[int(codes[twice][0]) - 1]
            problems.append(
                f"{counted(twice.sum(), 'row')} end in two kinds of exit, such as {other!r} and "
                f"{name!r} in row {data.index[int(np.flatnonzero(twice)[0])]}; one row ends once"
            )
        codes[happened == 1] = place
    raise_all(problems)
    return Kinds(codes, names)


def _one(data: pd.DataFrame, name: str, none: object) -> Kinds:
    return kinds_of_values(data[name], name, none)


def kinds_of_values(column: pd.Series, name: str, none: object) -> Kinds:
    """Number the values of a column of kinds, in the order of its categories or sorted."""
    gaps = column.isna().to_numpy()
    if gaps.any():
        raise DataError(
            f"column {name!r} is missing in {counted(gaps.sum(), 'row')} "
            f"({first_few(column.index[gaps])}): how a row ended must be known; code rows that "
            f"ended in no exit, for instance df[{name!r}].fillna('none') with none='none'"
        )
    values = _values(column)
    silent = _silent(values, column, name, none)
    found = [value for value in values if value != silent]
    labels = tuple(distinct_labels([(worded(value),) for value in found]))
    number = {value: place for place, value in enumerate(found, start=1)}
    codes = column.astype(object).map(lambda value: number.get(value, 0))
    return Kinds(codes.to_numpy(dtype=np.int64), labels)


def worded(value: object) -> object:
    """Give a value as labels have it: whole numbers of any type without a fraction.

    Examples
    --------
    >>> worded(np.float64(1.0)), worded("early")
    (1, 'early')
    """
    plain = plain_value(value)
    return int(plain) if isinstance(plain, float) and plain.is_integer() else plain


def _values(column: pd.Series) -> list[object]:
    """All values that a column may hold."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.cat.categories)
    found = list(column.astype(object).unique())
    try:
        return sorted(found)
    except TypeError:
        return sorted(found, key=str)


def _silent(values: list[object], column: pd.Series, name: str, none: object) -> object:
    """The value that means no exit."""
    if none is not None:
        if none not in values:
            raise DataError(
                f"none={none!r} is no value of column {name!r}, which holds "
                f"{first_few(repr(plain_value(v)) for v in values)}"
            )
        return none
    if as_numbers(column) is None:
        raise DataError(
            f"column {name!r} holds words ({first_few(repr(plain_value(v)) for v in values)}): "
            "say which of them means that nothing happened, with none='...'"
        )
    return 0
