"""Common numbers for the keys of two tables, so that their rows can be matched by whole numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.timelines.calendar import Integers

__all__ = ["shared_codes"]

#: up to here a code and a month fit in one whole number of 64 bits
_DENSE = 10**9

Values = npt.NDArray[np.generic] | pd.Series


def shared_codes(some: Sequence[Values], others: Sequence[Values]) -> tuple[Integers, Integers]:
    """Number the combinations of values alike in two tables.

    No value is too large: whatever numbers a user gives states, spells of two states never share
    a code.

    Parameters
    ----------
    some, others : sequence of arrays
        The same key columns of one table and of another.

    Returns
    -------
    tuple of arrays
        One code for each row of the first table, and for each of the second.

    Examples
    --------
    >>> import numpy as np
    >>> shared_codes([np.array(["x", "y"], object), np.array([2500, 1500])],
    ...              [np.array(["y", "x"], object), np.array([1500, 1500])])
    (array([1, 2]), array([2, 0]))
    """
    first = len(some[0])
    code = np.zeros(first + len(others[0]), dtype=np.int64)
    for one, other in zip(some, others, strict=True):
        both = pd.concat([pd.Series(one), pd.Series(other)], ignore_index=True)
        ordered = pd.api.types.is_numeric_dtype(both)
        part, values = pd.factorize(both, sort=ordered, use_na_sentinel=False)
        code = code * len(values) + part
        if len(code) and code.max() > _DENSE:
            code = pd.factorize(code, sort=True)[0]
    code = code.astype(np.int64)
    return code[:first], code[first:]
