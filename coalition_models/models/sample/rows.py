"""The rows that a model uses, as columns that are taken when they are asked for."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api.extensions import ExtensionArray

from coalition_models.tables.plain import native

__all__ = ["Frame", "Rows", "Values", "values_of"]

Values: TypeAlias = "npt.NDArray[Any] | ExtensionArray"


class Rows:
    """Some rows of a frame. Making a frame of them would cost more than most fits.

    Columns come in this machine's byte order and without attributes.

    Parameters
    ----------
    data : DataFrame
    at : array of int, optional
        Positions of the rows, in their order. Default: all of them.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = Rows(pd.DataFrame({"state": ["ESP", "POL", "ITA"]}), [0, 2])
    >>> len(rows), rows["state"].tolist()
    (2, ['ESP', 'ITA'])
    """

    def __init__(self, data: pd.DataFrame, at: npt.ArrayLike | None = None) -> None:
        self._data = data
        self._at = None if at is None else np.asarray(at, dtype=np.intp)
        self._taken: dict[str, Values] = {}

    @property
    def columns(self) -> pd.Index:
        """Names of all columns."""
        return self._data.columns

    @cached_property
    def index(self) -> pd.Index:
        """Labels of the rows."""
        return self._data.index if self._at is None else self._data.index[self._at]

    def __len__(self) -> int:
        return len(self._data) if self._at is None else len(self._at)

    def __getitem__(self, name: str) -> pd.Series:
        return pd.Series(self.array(name), index=self.index, name=name, copy=False)

    def array(self, name: str) -> Values:
        """Values of a column, without its index; not to be written to."""
        if name not in self._taken:
            column = native(self._data[name])
            plain = isinstance(column.dtype, np.dtype)
            values: Values = column.to_numpy() if plain else column.array
            self._taken[name] = values if self._at is None else values[self._at]
        return self._taken[name]

    def copied(self, name: str) -> Values:
        """Values of a column that nothing done to the frame afterwards changes."""
        values = self.array(name)
        return values.copy() if self._at is None else values

    def inside(self, keep: npt.NDArray[np.bool_]) -> Rows:
        """Fewer of these rows."""
        own = np.flatnonzero(keep)
        return Rows(self._data, own if self._at is None else self._at[own])


Frame: TypeAlias = pd.DataFrame | Rows


def values_of(data: Frame, name: str) -> Values:
    """Values of a column, without its index; not to be written to.

    Examples
    --------
    >>> values_of(pd.DataFrame({"cow": [2, 20]}), "cow").tolist()
    [2, 20]
    """
    if isinstance(data, Rows):
        return data.array(name)
    column = data[name]
    return column.to_numpy() if isinstance(column.dtype, np.dtype) else column.array
