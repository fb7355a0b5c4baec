"""Which choices move a result: its variance over the specifications, by choice and pair."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from coalition_models.arguments import listed
from coalition_models.errors import DataError, first_few

__all__ = ["variance_shares"]

Floats = npt.NDArray[np.float64]


def variance_shares(table: pd.DataFrame, dimensions: Sequence[str], value: str) -> pd.DataFrame:
    """Share of a result's variance that each choice, and each pair of choices, explains.

    Each share is what the fit gains when the choice is added to all other choices, or the pair to
    all choices alone (sums of squares of type II). In a full crossing they add up to one with the
    rest; where options do not apply everywhere they overlap, and the rest is what no pair explains.

    Parameters
    ----------
    table : DataFrame
        One row per specification; those without a result are left out.
    dimensions : sequence of str
    value : str

    Returns
    -------
    DataFrame
        ``choice, share``, largest first, ``a x b`` for a pair and ``rest`` last; none where
        there are fewer than three results, or they do not vary.

    Examples
    --------
    >>> import pandas as pd
    >>> import coalition_models as cm
    >>> found = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 0, 1], "estimate": [1.0, 2, 4, 5]})
    >>> cm.sensitivity.variance_shares(found, ["a", "b"], "estimate").round(2).values.tolist()
    [['a', 0.9], ['b', 0.1], ['a x b', 0.0], ['rest', 0.0]]
    """
    dimensions = listed(dimensions)
    absent = [name for name in (*dimensions, value) if name not in table.columns]
    if absent:
        raise DataError(f"the table has no column {first_few(absent)}")
    known = table[table[value].notna()]
    y = known[value].to_numpy(dtype=float)
    total = float(((y - y.mean()) ** 2).sum()) if len(y) else 0.0
    if len(y) < 3 or total == 0:
        return pd.DataFrame({"choice": [], "share": []})
    varied = [name for name in dimensions if len(known[name].unique()) > 1]
    blocks = {name: _indicators(known[[name]]) for name in varied}
    every = _explained(y, [*blocks.values()])
    shares = {
        name: every - _explained(y, [b for other, b in blocks.items() if other != name])
        for name in varied
    }
    whole = every
    pairs = {}
    for one, other in combinations(varied, 2):
        both = _indicators(known[[one, other]])
        pairs[f"{one} x {other}"] = both
        shares[f"{one} x {other}"] = _explained(y, [*blocks.values(), both]) - every
    if pairs:
        whole = _explained(y, [*blocks.values(), *pairs.values()])
    out = pd.DataFrame(
        {"choice": list(shares), "share": [max(0.0, s) / total for s in shares.values()]}
    ).sort_values("share", ascending=False, kind="stable", ignore_index=True)
    rest = pd.DataFrame({"choice": ["rest"], "share": [max(0.0, total - whole) / total]})
    return pd.concat([out, rest], ignore_index=True)


def _indicators(labels: pd.DataFrame) -> Floats:
    codes = labels.astype(str).agg(" / ".join, axis=1)
    return np.asarray(pd.get_dummies(codes).to_numpy(dtype=float))


def _explained(y: Floats, blocks: Sequence[Floats]) -> float:
    """Sum of squares that columns explain, the mean apart."""
    X = np.column_stack([np.ones(len(y)), *blocks])
    fitted = X @ np.linalg.lstsq(X, y, rcond=None)[0]
    return float(((fitted - y.mean()) ** 2).sum())
