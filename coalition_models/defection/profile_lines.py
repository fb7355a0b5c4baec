"""Straight lines between observed strengths, for pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["interpolated"]

_KEY = ["coalition", "state"]


def interpolated(profile: pd.DataFrame, points: pd.DataFrame) -> pd.DataFrame:
    """Straight lines between the observations of one spell, in place of steps."""
    out = profile.copy()
    days = out["day"].to_numpy()
    troops, basis = out["troops"].to_numpy(copy=True), out["basis"].to_numpy(copy=True)
    points = points.reset_index(drop=True)
    known = points.groupby(_KEY).indices
    date, mark = points["date"].to_numpy(), points["mark"].to_numpy()
    value = points["troops"].to_numpy()
    for key, found in out.groupby(_KEY).indices.items():
        rows, block = np.asarray(found), np.asarray(known[key])
        place = np.searchsorted(date[block], days[rows], side="right")
        use = (place > 0) & (place < len(block))
        rows, after, before = rows[use], block[place[use]], block[place[use] - 1]
        both = (mark[after] == "observed") & (mark[before] == "observed")
        rows, after, before = rows[both], after[both], before[both]
        share = (days[rows] - date[before]) / (date[after] - date[before])
        troops[rows] = value[before] + share * (value[after] - value[before])
        basis[rows] = np.where(share > 0, "interpolated", basis[rows])
    return out.assign(troops=troops, basis=basis)
