"""Valleys in strength: falls that are soon made good are rotations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["filled_valleys", "without_dips"]

Floats = npt.NDArray[np.float64]


def without_dips(rows: pd.DataFrame, dip: int) -> pd.DataFrame:
    """Fill valleys of at most ``dip`` periods within a spell.

    Parameters
    ----------
    rows : DataFrame
        ``coalition, state, spell, present, ended, troops``, in order of time.
    dip : int
    """
    if dip == 0:
        return rows
    there = (rows["present"].astype(bool) & ~rows["ended"].astype(bool)).to_numpy(dtype=bool)
    troops = rows["troops"].to_numpy(dtype=np.float64, copy=True)
    inside = np.flatnonzero(there)
    keys = [
        rows[name].iloc[inside].reset_index(drop=True) for name in ("coalition", "state", "spell")
    ]
    for places in pd.Series(inside).groupby(keys).indices.values():
        at = inside[np.asarray(places)]
        troops[at] = filled_valleys(troops[at], dip)
    return rows.assign(troops=troops)


def filled_valleys(strength: Floats, dip: int) -> Floats:
    """Fill the valleys of one spell; what is not known stays so and bounds no valley.

    Examples
    --------
    >>> filled_valleys(np.array([5.0, 2.0, 4.0, 1.0, 1.0, 3.0]), 1).tolist()
    [5.0, 4.0, 4.0, 1.0, 1.0, 3.0]
    """
    known = ~np.isnan(strength)
    # a window longer than the spell is the spell
    size = min(dip, len(strength) - 1) + 1
    low = np.full(size - 1, -np.inf)
    padded = np.concatenate([low, np.where(known, strength, -np.inf), low])
    # the highest of every window of dip + 1 periods; a window that sticks out of the spell has
    # no neighbour to be filled up to
    highest = sliding_window_view(padded, size).max(axis=1)
    lowest = sliding_window_view(highest, size).min(axis=1)
    return np.where(known & np.isfinite(lowest), lowest, strength)
